"""Platforms as people met them: what the diagnosis must name, and where it must not be certain."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.validation.compare import diagnosed, validate, validate_file
from mews_newtt.validation.diagnose import Diagnosis
from mews_newtt.validation.diagnose.certainty import partial_rows
from mews_newtt.validation.diagnosis import Finding
from mews_newtt.validation.faults import Fault, answer_faults_of, both, each_table, faults_of
from mews_newtt.validation.faults.ranges import changed_answers
from mews_newtt.validation.mutants import MutantScorer, sheet_of_sets
from mews_newtt.validation.wording import row_name
from tests.validation.platforms import NORMAL, content_of, one_set, right, table_with

CASES = Path(__file__).resolve().parents[1] / "vectors" / "cases"


def diagnosis_of(name: str) -> Diagnosis:
    found = diagnosed(validate_file(load_chart("news2"), CASES / name)).diagnosis
    assert found is not None
    return found


def test_a_band_that_gives_11_instead_of_1_is_named() -> None:
    found = diagnosis_of("r01_platform_typo_11_points.csv")
    assert found.words.startswith("Temperature, 38.1 to 39: seems to give 11 points instead of 1 point; explains 89 of 89")
    assert found.certain and found.findings[0].faults[0].id == "band:temperature.0.3:points=11"


def test_blanks_read_as_zero_are_named() -> None:
    found = diagnosis_of("r03_platform_blank_is_zero.csv")
    assert "issing readings seem to be counted as 0: partial sets get a plain total; explains 50 of 50" in found.words


@pytest.mark.parametrize("points", [7, 11, 30, 200])
def test_whatever_a_band_gives_is_named(points: int) -> None:
    chart, content, rng = load_chart("npews"), content_of("npews"), Random(points)
    row = next(p for p in content["parameters"] if p["id"] == "respiratory_distress")
    band = next(band for band in row["bands"] if band.get("points"))
    band["points"] = points
    sets = [one_set(content_of("npews"), rng, 0) for _ in range(600)]
    found = diagnosed(validate(chart, table_with(sets, [(right(content).answer(given)[0], None) for given in sets]))).diagnosis
    assert found is not None and f"seems to give {points} points " in found.words, found.words


def test_tables_with_different_numbers_of_bands_are_joined_without_a_crash() -> None:
    """On npews an age has more bands than another: two tables put in the place of a third."""
    chart = load_chart("npews")
    tables = [fault for fault in faults_of(chart, ()) if fault.kind == "wrong_table"]
    same = [pair for pair in combinations(tables, 2) if pair[0].parameters[0] == pair[1].parameters[0]]
    assert len(same) > 100
    joined = [both(*pair, chart) for pair in same]
    assert any(one is None for one in joined) and any(one is not None for one in joined)


def fine_rows(values: list[str]) -> pl.DataFrame:
    """Temperatures around 38.0; the platform takes the lower score where a reading lies between two printed bands."""
    chart = load_chart("news2")
    rows = []
    for value in values:
        low = str(int(float(value) * 10 + 1e-9) / 10)
        rows.append({**NORMAL, "temperature": value, "expected_total": str(score(chart, {**NORMAL, "temperature": low}).total)})
    return pl.DataFrame(rows)


def test_rivals_on_readings_finer_than_recorded_are_ties_where_the_file_holds_such_readings() -> None:
    """38.04 scored 0: cut off, rounded, or the lower band taken; three faults, none certain."""
    values = ["36.9", "38.0", "38.02", "38.03", "38.04", "38.2", "36.04", "36.03", "35.02", "39.04", "39.03"] * 4
    found = diagnosed(validate(load_chart("news2"), fine_rows(values))).diagnosis
    assert found is not None and found.findings and found.findings[0].explains == found.disagreements
    assert not found.certain and found.ties, found.words


@pytest.mark.parametrize("name", ["npews", "news2", "newtt2"])
def test_only_sets_that_lack_a_reading_lack_one(name: str) -> None:
    """On npews both amounts of oxygen are blank for a child on air: nothing is missing."""
    chart, content, rng = load_chart(name, "0.1" if name == "newtt2" else None), content_of(name), Random(4)
    sets = [{n: str(value) for n, value in one_set(content, rng, 0.03).items()} for _ in range(200)]
    scored = [score(chart, dict(given), raise_refused=False) for given in sets]
    triggers = {p.id for p in chart.parameters if p.role == "trigger" and p.required and p.assumed is None}
    right_ones = [one.status != "complete" or any(row.id in triggers and row.value is None for row in one.parameters) for one in scored]
    found = partial_rows(MutantScorer(chart, sheet_of_sets(sets, catalogue().observations)))
    assert found.tolist() == right_ones
    assert not all(right_ones) and any(right_ones)


def answers(name: str, sets: list[dict[str, Any]]) -> list[Any]:
    return [right(content_of(name)).answer(given) for given in sets]


def fault_of(chart: str, fault_id: str) -> Fault:
    return next(fault for fault in [*faults_of(load_chart(chart)), *answer_faults_of(load_chart(chart))] if fault.id == fault_id)


def test_several_faults_that_do_not_fit_every_row_are_said_as_perhaps() -> None:
    chart = load_chart("mews")
    pair = both(fault_of("mews", "copied:diastolic_bp:systolic_bp"), fault_of("mews", "taken:concern:none:present"), chart)
    assert pair is not None
    found = Diagnosis(200, 100, [Finding((pair,), 95, 100, 1)], ties=[fault_of("mews", "total:last-digit")])
    assert found.words == (
        "Perhaps 2 faults at once: (1) diastolic blood pressure seems to be scored by the reading of systolic blood pressure; "
        "(2) concern of the woman, her family or staff: none seems to be taken for present; "
        "together they explain 95 of 100 disagreements, but 1 row that agrees contradicts them. "
        "That is not certain: 5 disagreements stay unexplained, and 1 row that agrees would not. "
        "This table cannot tell it from one other fault: the total seems to be cut to its last digit, so that 12 is shown as 2."
    )
    found.findings = [Finding((pair,), 100, 100, 0)]
    assert found.words.startswith("2 faults at once: ") and "not certain" not in found.words


def test_answers_that_the_chart_counts_alike_can_differ() -> None:
    at = next(at for at in each_table(load_chart("news2")) if at.parameter.id == "consciousness")
    found = changed_answers(at, {"confusion": 1, "voice": 1, "pain": 2})
    assert found is not None and found.words == (
        "level of consciousness (ACVPU): the table seems to be another one: "
        "confusion and voice give 1 point instead of 3, pain gives 2 points instead of 3"
    )
    bands = found.chart.by_id["consciousness"].tables[0].bands
    assert {name: band.points for band in bands for name in band.categories} == {
        "alert": 0, "confusion": 1, "voice": 1, "pain": 2, "unresponsive": 3,
    }  # fmt: skip
    assert changed_answers(at, {"confusion": 3}) is None


def test_a_name_with_capitals_keeps_them() -> None:
    assert [row_name(load_chart("news2").by_id[name]) for name in ("spo2_scale", "heart_rate")] == ["SpO2 scale", "heart rate"]
