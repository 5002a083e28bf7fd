"""Where and when: a fault of one ward, one stretch of time or a part of the file is found there, and noise makes no place."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest

from mews_newtt import load_chart, score
from mews_newtt.reading.columns import read_map
from mews_newtt.validation import compare
from mews_newtt.validation.chance import chance_words, corrected, log_chance
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.diagnose.places import is_person, is_result, places_of
from mews_newtt.validation.result import Validation

NEWS2 = load_chart("news2")
WARDS = ("Delivery", "Postnatal", "Day unit", "Triage")
Row = dict[str, Any]


def file_of(faulty: Callable[[Row, int], bool], many: int = 900, seed: int = 1) -> pl.DataFrame:
    """A platform that gives one point too few from a heart rate of 111 /min on, in the rows that `faulty` says."""
    drawn, rows = random.Random(seed), []
    for number in range(many):
        given = {
            "respiratory_rate": drawn.choice([14, 18, 21]), "oxygen_saturation": drawn.choice([95, 98]), "spo2_scale": "1", "air_or_oxygen": "air",
            "systolic_bp": drawn.choice([108, 120]), "heart_rate": drawn.choice([70, 92, 109, *range(111, 131)]), "consciousness": "alert",
            "temperature": 36.6,
        }  # fmt: skip
        when = f"2026-01-{1 + number // 60:02d} {number % 24:02d}:00"
        row = {"patient": f"SYNTHETIC-{number % 7}", "ward": drawn.choice(WARDS), "observed_at": when, "device": f"MON-{drawn.randint(1, 3)}", **given}
        total = score(NEWS2, given).total
        assert total is not None
        row["expected_total"] = total - (1 if given["heart_rate"] >= 111 and faulty(row, number) else 0)
        rows.append(row)
    return pl.DataFrame(rows)


def found_in(frame: pl.DataFrame) -> Any:
    return diagnosed(validate(NEWS2, frame)).diagnosis


@pytest.mark.parametrize(
    ("faulty", "words", "column"),
    [
        (lambda row, _: row["ward"] == "Delivery", "ward Delivery", "ward"),
        (lambda row, _: row["ward"] in ("Delivery", "Triage"), "ward Delivery or Triage", "ward"),
        (lambda row, _: row["observed_at"] >= "2026-01-10", "the time from 2026-01-10", "observed_at"),
        (lambda row, _: "2026-01-06" <= row["observed_at"] < "2026-01-11", "the time from 2026-01-06", "observed_at"),
        (lambda row, _: row["observed_at"][11:13] in ("22", "23", "00", "01", "02"), "the hours of the day from 22:00 to 03:00", "observed_at"),
        (lambda row, _: row["device"] == "MON-2", "device MON-2", "device"),
        (lambda _, number: number % 2 == 1, "every second row (those with even numbers)", ""),
    ],
)
def test_a_fault_of_a_place_is_the_verdict_within_it(faulty: Callable[[Row, int], bool], words: str, column: str) -> None:
    found = found_in(file_of(faulty))
    assert found.within is not None and found.within.leads, found.words
    assert found.within.words.startswith(words) and found.within.column == column
    assert found.words.startswith(f"Within {words}") and found.within.disagreements_elsewhere == 0
    assert found.findings[0].faults[0].parameters == ("heart_rate",) and not found.findings[0].breaks
    assert found.findings[0].of == found.within.disagreements
    assert found.to_dict()["within"]["leads"] is True


def test_the_second_half_of_a_file_without_times() -> None:
    frame = file_of(lambda _, number: number >= 450).drop("observed_at", "ward", "patient", "device")
    found = found_in(frame)
    assert found.within is not None and found.within.leads and found.within.words.startswith("rows from 45")


def test_a_few_typing_mistakes_elsewhere_do_not_hide_the_place() -> None:
    frame = file_of(lambda row, _: row["ward"] == "Delivery")
    typed = [2 if number % 400 == 7 else 0 for number in range(frame.height)]
    found = found_in(frame.with_columns(expected_total=pl.col("expected_total") + pl.Series(typed)))
    assert found.within.leads and found.within.words == "ward Delivery" and not found.certain
    assert "elsewhere" in found.words and 0 < found.within.disagreements_elsewhere <= 3


def test_a_fault_everywhere_has_no_place() -> None:
    found = found_in(file_of(lambda *_: True))
    assert found.within is None and "Within" not in found.words


@pytest.mark.parametrize("seed", range(2))
def test_noise_makes_no_place(seed: int) -> None:
    drawn = random.Random(seed)
    frame = file_of(lambda *_: False, seed=seed)
    noise = pl.Series([drawn.choice([1, 2]) if drawn.random() < 0.02 else 0 for _ in range(frame.height)])
    found = found_in(frame.with_columns(expected_total=pl.col("expected_total") + noise))
    assert found.within is None


def test_persons_are_no_place_and_are_never_quoted() -> None:
    """A fault of the rows of one person: the column of persons is not looked at, whatever it is called."""
    frame = file_of(lambda row, _: row["patient"] == "SYNTHETIC-3")
    for name in ("patient", "NHS number", "Pt", "midwife", "Mother name", "MRN", "case_id"):
        around = validate(NEWS2, frame.rename({"patient": name})).around
        assert "ward" in around.columns.columns and name not in around.columns.columns
        assert not [place for place in places_of(around.columns, around.wrong, around.rows) if "SYNTHETIC" in place.words]
    mapped = validate(NEWS2, frame.rename({"patient": "ref"}), column_map=read_map(["ref=patient_id"])).around
    assert "ref" not in mapped.columns.columns
    assert is_person("patient_ward_id") and is_person("first name")
    assert not any(map(is_person, ("ward", "Ward name", "device id", "site", "monitor number", "unit_no", "shift")))
    assert is_result("NEWS score") and is_result("risk") and not is_result("ward")


def test_a_fault_of_the_search_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("SYNTHETIC-1")

    monkeypatch.setattr(compare, "with_place", broken)
    found: Validation = diagnosed(validate(NEWS2, file_of(lambda row, _: row["ward"] == "Delivery")))
    assert found.diagnosis is not None and not found.diagnosis.not_made and found.diagnosis.hypotheses
    assert "The search for places in the file failed (KeyError" in found.notes[-1] and "SYNTHETIC" not in found.notes[-1]


def test_the_probability_is_the_counted_one() -> None:
    """Against every way to draw the rows of a part."""
    for rows, wrong, part in ((8, 3, 4), (9, 4, 2), (7, 6, 3), (10, 5, 5)):
        drawn = [sum(one < wrong for one in chosen) for chosen in combinations(range(rows), part)]
        for inside in range(part + 1):
            if inside > part * wrong / rows:
                assert math.isclose(math.exp(log_chance(rows, wrong, part, inside)), sum(one >= inside for one in drawn) / len(drawn), abs_tol=1e-12)
            else:
                assert log_chance(rows, wrong, part, inside) == 0
    assert log_chance(10**6, 5000, 1000, 900) < -1000 and corrected(-5000, 10**9) == 0.0
    assert corrected(math.log(0.01), 1000) == 1.0
    assert (chance_words(0.3), chance_words(0.00042), chance_words(1e-30)) == ("30 in 100", "about 1 in 2,000", "less than 1 in a billion")


def test_columns_that_say_nothing_are_left() -> None:
    wrong = np.arange(100) < 20
    columns = pl.DataFrame({"bed": [f"B{n}" for n in range(100)], "barcode": [str(10**7 + n % 3) for n in range(100)], "list": [[1]] * 100})
    assert {place.column for place in places_of(columns, wrong, np.arange(100) + 2)} == {""}, "only the order of the file"
