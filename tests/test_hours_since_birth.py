"""Hours since birth choose the pulse table of `mews` 0.2, on every surface, and are never guessed."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import ObservationError, load_chart, score
from mews_newtt.chart.contexts import only_table
from mews_newtt.fhir.operations import ews_score
from mews_newtt.fhir.write import observations_bundle
from tests.cli.command import run
from tests.service.support import client

MEWS = load_chart("mews", "0.2")
WELL: dict[str, Any] = {
    "respiratory_rate": 16, "oxygen_saturation": 97, "air_or_oxygen": "air", "temperature": 36.7, "systolic_bp": 115, "diastolic_bp": 72,
    "consciousness": "alert", "concern": "none",
}  # fmt: skip
KNOWN = [(47.9, 1), (48, 2), (48.1, 2), ("2 d", 2), ("2879 min", 1)]  # hours, points of a pulse of 115


def both_possible(says: str) -> bool:
    return says == (
        "Heart rate 115 /min: 1 point (pregnancy and labour; less than 48 hours after birth) or "
        "2 points (exactly 48 hours after birth, the higher of the two tables; more than 48 hours after birth)"
    )


@pytest.mark.parametrize(("hours", "points"), KNOWN)
def test_the_library(hours: Any, points: int) -> None:
    result = score(MEWS, {**WELL, "heart_rate": 115, "hours_since_birth": hours})
    assert (result.status, result.total, result.missing) == ("complete", points, ())


def test_without_hours_and_group_both_tables_are_possible_in_words() -> None:
    result = score(MEWS, {**WELL, "heart_rate": 115})
    assert (result.status, result.total, result.total_min, result.total_max) == ("partial", None, 1, 2)
    row = next(row for row in result.parameters if row.id == "heart_rate")
    assert both_possible(row.says) and result.missing == ("hours_since_birth",)
    same = score(MEWS, {**WELL, "heart_rate": 130})
    assert (same.status, same.total, same.level, same.missing) == ("complete", 2, "escalate", ())


def test_the_first_table_stands_twice_with_the_same_bands_and_48_hours_take_the_higher_of_both() -> None:
    tables = MEWS.by_id["heart_rate"].tables
    assert len(tables) == 4 and tables[0].bands == tables[1].bands
    for pulse in range(1, 300):
        points = [score(MEWS, {"heart_rate": pulse, "hours_since_birth": hours}).points()["heart_rate"] for hours in (20, 48, 60)]
        assert points[1] == max(points[0], points[2]), pulse


def test_bad_hours_get_a_clear_answer() -> None:
    for given, words in (
        ({"hours_since_birth": -1}, "hours_since_birth: -1 is impossible; allowed: 0 or more h"),
        ({"hours_since_birth": 60, "patient_group": "pregnant"}, "hours_since_birth and patient_group: '60' and 'pregnant': the patient group"),
        ({"hours_since_birth": "two days"}, "'two days' is not a number"),
    ):
        with pytest.raises(ObservationError) as refused:
            score(MEWS, {**WELL, "heart_rate": 80, **given})
        assert words in str(refused.value)
    odd = score(MEWS, {**WELL, "heart_rate": 80, "patient_group": "pregnant", "hours_since_birth": 20})
    assert odd.status == "complete" and [says for says in odd.warnings if "check which of the two is right" in says]
    late = score(MEWS, {**WELL, "heart_rate": 80, "hours_since_birth": 700})
    assert set(late.flags) == {"implausible:hours_since_birth", "out_of_scope:hours_since_birth"}
    assert "this chart is for up to 4 weeks (672 hours) after birth" in late.warnings
    assert not [says for says in late.warnings if "pregnant" in says], "a rule that does not hold is not said"
    for name in ("newtt2", "news2"):
        other = score(load_chart(name), {"heart_rate": 80, "hours_since_birth": 60})
        assert "hours_since_birth is not on this chart and was left out" in other.warnings


def test_a_missing_trigger_never_makes_a_set_sound_complete() -> None:
    result = score(MEWS, {name: value for name, value in {**WELL, "heart_rate": 130}.items() if name != "consciousness"})
    assert "total complete; not given: level of consciousness; total 2" in result.says
    whole = score(MEWS, {**WELL, "heart_rate": 130})
    assert ": complete; total 2, level Escalate" in whole.says


def test_the_command_and_a_file(tmp_path: Path) -> None:
    one = run("score", "mews", "--json", "--obs", *(f"{name}={value}" for name, value in {**WELL, "heart_rate": 115, "hours_since_birth": "48"}.items()))
    assert one.code == 0 and json.loads(one.out)["total"] == 2
    table = tmp_path / "sets.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*WELL, "heart_rate", "hours_since_birth"])
        writer.writerows([*WELL.values(), 115, hours] for hours in (*(hours for hours, _ in KNOWN), ""))
    for name in ("scored.csv", "scored.parquet"):
        assert run("score", "mews", table, "-o", tmp_path / name).code == 0
    import polars as pl

    for frame in (pl.read_csv(tmp_path / "scored.csv"), pl.read_parquet(tmp_path / "scored.parquet")):
        assert frame["total"].to_list() == [*(points for _, points in KNOWN), None]
        assert frame["missing"].to_list()[-1] == "hours_since_birth"


def test_a_column_of_another_name_is_never_passed_over(tmp_path: Path) -> None:
    table = tmp_path / "sets.csv"
    table.write_text("heart_rate,hours_postpartum\n115,60\n", encoding="utf-8")
    ran = run("score", "mews", table)
    assert ran.code == 2 and "hours_postpartum" in ran.err and "hours_since_birth" in ran.err


def test_fhir_and_the_service(tmp_path: Path) -> None:
    given = {**WELL, "heart_rate": 115, "hours_since_birth": 48}
    bundle = observations_bundle(MEWS, given, subject={"reference": "Patient/mother"}, effective="2026-11-25T09:00:00Z")
    assert ews_score(bundle, load_chart, chart="mews").result.total == 2
    with client(tmp_path) as http:
        answer = http.post("/v1/charts/mews/score", json=given).json()
        assert (answer["total"], answer["chart"]["version"]) == (2, "0.2")
        open_ = http.post("/v1/charts/mews/score", json={**given, "hours_since_birth": None}).json()
        assert (open_["status"], open_["total_min"], open_["total_max"]) == ("partial", 1, 2)
        assert any(both_possible(row["says"]) for row in open_["parameters"])


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"hours_since_birth": 10}, "less than 48 hours after birth"),  # the table of pregnancy is the same: either way it is this one
        ({"hours_since_birth": 48}, "exactly 48 hours after birth, the higher of the two tables"),
        ({"patient_group": "in_labour"}, "pregnancy and labour"),
        ({"patient_group": "postnatal"}, None),
        ({}, None),
    ],
)
def test_a_context_that_makes_no_difference_leaves_one_table(given: dict[str, Any], title: str | None) -> None:
    values = {name: Decimal(value) if isinstance(value, int) else value for name, value in given.items()}
    table = only_table(MEWS, MEWS.by_id["heart_rate"], values)
    assert (table.title if table else None) == title
