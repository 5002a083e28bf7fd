"""What a stated score that disagrees is told, in words; and tables with more distinct cases than a small lookup can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mews_newtt import load_chart, score
from mews_newtt.validation import expected
from mews_newtt.validation.stated import Claim, verdict_on, without_readings

NEWS2 = load_chart("news2", "2017.1")
WHOLE: dict[str, Any] = {
    "respiratory_rate": 18, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 95, "consciousness": "alert",
    "temperature": 37.0, "spo2_scale": 1,
}  # fmt: skip
PART = {"heart_rate": 95}
BOUNDS = "the set is partial (Respiratory rate, Oxygen saturation, Air or oxygen, Systolic blood pressure, Level of consciousness (ACVPU), Temperature)"


@pytest.mark.parametrize(
    ("given", "holds", "raw", "kind", "says"),
    [
        (WHOLE, "total", 2, "total", "the total is stated as 2; the chart gives 1"),
        (WHOLE, "total", "two", "not_a_number", "two is stated, which is not a whole number; the chart gives 1"),
        (WHOLE, "level", "Purple", "unknown_level", "'Purple' is not a level of this chart; its levels: "),
        (WHOLE, "level", "High", "level", "the level is stated as High; the chart gives low"),
        (WHOLE, "points", 3, "points", "3 points stated; the chart gives 1: Heart rate 95 /min is in 91-110: 1 point"),
        (WHOLE, "points", 0, "points", "0 points stated; the chart gives 1: "),
        (PART, "total", 1, "total_of_partial", f"a total of 1 is stated, but {BOUNDS}: it has no total"),
        (PART, "total", 0, "outside_bounds", f"a total of 0 is stated, but {BOUNDS}: it has no total, and no total outside 1 to 18 is possible"),
    ],
)
def test_a_difference_in_one_sentence(given: dict[str, Any], holds: str, raw: Any, kind: str, says: str) -> None:
    claim = Claim(holds, raw, "here", ("heart_rate",) if holds == "points" else ())
    (found,) = verdict_on(score(NEWS2, given), [claim]).differences
    assert (found.kind, found.where, found.stated) == (kind, "here", raw)
    assert found.says.startswith(says), found.says


def test_points_without_readings_are_added_up_in_words() -> None:
    claims = [Claim("points", 3, "a", ("respiratory_rate",)), Claim("points", 2, "b", ("heart_rate",)), Claim("total", 4, "c")]
    verdict = verdict_on(score(NEWS2, {}), claims)
    (found,) = verdict.differences
    assert found.kind == "parts_do_not_add_up" and verdict.compared == 1 and verdict.not_compared == tuple(claims[:2])
    assert found.says == "a total of 4 is stated, and the stated points add up to 5 to 19; the readings are missing here"


@pytest.mark.parametrize(
    ("chart", "given", "together", "kinds"),
    [
        # A pulse of 104 gives 0 points or 1 while the time since birth is not known: the two together have no points yet.
        ("mews@0.2", {"heart_rate": 104, "temperature": 37, "patient_group": "postnatal"}, ("heart_rate", "temperature"), ["points_of_missing"]),
        # Of two ways to give oxygen only one is given: its points are those of both.
        ("npews@2023.1", {"oxygen_device": "face_mask", "oxygen_percent": 60, "age_years": 3}, ("oxygen_percent", "oxygen_flow"), []),
    ],
)
def test_points_that_are_stated_for_two_rows_together(chart: str, given: dict[str, Any], together: tuple[str, ...], kinds: list[str]) -> None:
    result = score(load_chart(*chart.split("@")), given)
    points = [row.points for row in result.parameters if row.id in together and row.points is not None]
    claim = Claim("points", sum(points), "here", together)
    assert [one.kind for one in verdict_on(result, [claim]).differences] == kinds


@pytest.mark.parametrize(("given", "bare"), [({}, True), ({"skip_heart_rate": "refused"}, False), ({"heart_rate": 95}, False), ({"age_years": 30}, True)])
def test_a_reason_for_no_reading_is_not_nothing(given: dict[str, Any], bare: bool) -> None:
    assert without_readings(score(NEWS2, given)) is bare


def test_a_set_with_more_cases_than_the_lookup_holds_is_grouped_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [np.random.default_rng(1).integers(0, 9, 500), np.random.default_rng(2).integers(-3, 90, 500)]
    found = []
    for most in (1 << 21, 0):
        monkeypatch.setattr(expected, "DENSE", most)
        rows, cases = expected._cases(parts)
        assert len(rows) == cases.max() + 1
        for part in parts:
            assert (part[rows][cases] == part).all()
        found.append(cases)
    assert (found[0] == found[1]).all()
