"""Points stated of one row of the chart, and totals: a fault of the points must not pass for the reason of every wrong total."""

from __future__ import annotations

import random
from typing import Any

import polars as pl

from mews_newtt import load_chart, score
from mews_newtt.validation.compare import diagnosed, validate

NEWS2 = load_chart("news2")


def test_a_second_fault_in_a_row_without_stated_points_is_not_explained_away() -> None:
    """Heart rates from 111 on give one point too few, low temperatures two; points are stated of the heart rate alone."""
    drawn, rows = random.Random(3), []
    for _ in range(400):
        given: dict[str, Any] = {
            "respiratory_rate": 16, "oxygen_saturation": 97, "spo2_scale": "1", "air_or_oxygen": "air", "systolic_bp": 120,
            "heart_rate": drawn.randint(80, 130), "consciousness": "alert", "temperature": drawn.choice([34.9, 36.6, 36.8]),
        }  # fmt: skip
        right = score(NEWS2, given)
        pulse = next(each.points for each in right.parameters if each.id == "heart_rate")
        assert right.total is not None and pulse is not None
        less = int(given["heart_rate"] >= 111)
        cold = 2 if given["temperature"] < 35 else 0
        rows.append({**given, "expected_points_heart_rate": pulse - less, "expected_total": right.total - less - cold})
    found = diagnosed(validate(NEWS2, pl.DataFrame(rows))).diagnosis
    assert found is not None and not found.certain, found.words
    assert "emperature" in found.words and "eart rate" in found.words
