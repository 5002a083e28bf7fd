"""A pressure that is not above the one it must be above is flagged: by the reference and by every way through the batch path alike."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from batch_support import assert_same

from mews_newtt import load_chart, score
from mews_newtt.engines.numba import engine
from mews_newtt.engines.packed import exact
from mews_newtt.tables.table import score_table
from tests.strategies import made_chart

PAIRS = [(72, 118), (118, 118), (119, 118), (118, 72), (None, 80), (120, None), (0, 0), (1, 0), (0, 1), (999, 998), (1000, 2000), (-1, 5)]
NEAR = ["118", "118.0000001", "117.9999999", "118.001", "117.999", "118.0010001", "117.9989999", "118.5", "117.5", "118.002", "118.0000000000001"]


def meows() -> Any:
    return load_chart("meows")


@pytest.mark.parametrize("high", ["float64", "float32", "int16", "int64", "text", "dictionary", "decimal", "unit", "float16"])
@pytest.mark.parametrize("low", ["float64", "text", "int32", "uint8", "dictionary"])
def test_every_pair_of_column_types(high: str, low: str) -> None:
    def column(kind: str, values: list[int | None]) -> tuple[pa.Array, list[Any]]:
        if kind == "uint8":
            values = [None if value is None or not 0 <= value < 256 else value for value in values]
        if kind in ("text", "dictionary", "unit"):
            texts = [None if value is None else f"{value} mmHg" if kind == "unit" else str(value) for value in values]
            return (pa.array(texts).dictionary_encode() if kind == "dictionary" else pa.array(texts)), texts
        if kind == "decimal":
            decimals = pa.array([None if value is None else Decimal(value) for value in values], pa.decimal128(20, 3))
            return decimals, decimals.to_pylist()
        cells = [None if value is None else np.dtype(kind).type(value) for value in values]
        return pa.array(cells, kind), cells

    rows = PAIRS * 3
    highs, high_cells = column(high, [one for one, _ in rows])
    lows, low_cells = column(low, [one for _, one in rows])
    cells = [{"systolic_bp": one, "diastolic_bp": other} for one, other in zip(high_cells, low_cells, strict=True)]
    assert_same(meows(), pa.table({"systolic_bp": highs, "diastolic_bp": lows}), cells)


@pytest.mark.parametrize("kind", ["float64", "float32", "text"])
def test_readings_a_whisker_apart(kind: str) -> None:
    """Float noise is read before the two are compared."""

    def column(texts: list[str]) -> tuple[pa.Array, list[Any]]:
        if kind == "text":
            return pa.array(texts), list(texts)
        numbers = [np.dtype(kind).type(text) for text in texts]
        return pa.array(numbers, kind), numbers

    highs, high_cells = column([high for high in NEAR for _ in NEAR])
    lows, low_cells = column([low for _ in NEAR for low in NEAR])
    cells = [{"systolic_bp": high, "diastolic_bp": low} for high, low in zip(high_cells, low_cells, strict=True)]
    assert_same(meows(), pa.table({"systolic_bp": highs, "diastolic_bp": lows}), cells)
    flags = score_table(meows(), pa.table({"systolic_bp": highs, "diastolic_bp": lows})).column("flags").to_pylist()
    found = sum("not_above:systolic_bp" in one for one in flags)
    assert len(NEAR) < found < len(flags)


def test_columns_of_swapped_pressures_slices_and_no_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SLICE", 64)
    monkeypatch.setattr(exact, "SLICE", 64)
    rng = Random(2)
    highs = [rng.choice([None, *range(60, 180)]) for _ in range(700)]
    lows = [rng.choice([None, *range(50, 140)]) for _ in range(700)]
    for high, low in ((highs, lows), (lows, [None if h is None else h + 150 for h in highs])):
        cells = [{"systolic_bp": one, "diastolic_bp": other} for one, other in zip(high, low, strict=True)]
        for start in (0, 13):
            table = pa.table({"systolic_bp": pa.array(high, pa.float64()), "diastolic_bp": pa.array(low, pa.int16())}).slice(start)
            assert_same(meows(), table, cells[start:], threads=3)
    assert_same(meows(), pa.table({"systolic_bp": [72.0, 118.0]}), [{"systolic_bp": 72.0}, {"systolic_bp": 118.0}])


def test_made_charts_meet_pairs_the_wrong_way_round() -> None:
    """The equality tests of made-up charts would prove little if no row of theirs were flagged."""
    found = 0
    for seed in range(20):
        chart = made_chart(Random(seed))
        found += len(chart.above_pairs) > 1
    assert found > 5


def test_the_words_name_both_readings_and_what_may_be() -> None:
    result = score(load_chart("mews", "0.1"), {"systolic_bp": 72, "diastolic_bp": "118"})
    assert result.flags == ("not_above:systolic_bp",)
    assert result.warnings == ["Systolic blood pressure: 72 mmHg is not above Diastolic blood pressure 118 mmHg; confirm both readings, they may be exchanged"]
    assert score(load_chart("mews", "0.1"), {"systolic_bp": 118, "diastolic_bp": 118}).flags == ("not_above:systolic_bp",)
    assert score(load_chart("mews", "0.1"), {"systolic_bp": "16 kPa", "diastolic_bp": 119}).flags == ("converted:systolic_bp", "finer_than_recorded:systolic_bp")
    assert "not_above:systolic_bp" in score(load_chart("mews", "0.1"), {"systolic_bp": "16 kPa", "diastolic_bp": 121}).flags
    assert score(load_chart("mews", "0.1"), {"systolic_bp": 118, "skip_diastolic_bp": "asleep"}).flags == ("skipped:diastolic_bp", "lone:systolic_bp")
    mean = score(load_chart("mewc"), {"systolic_bp": 90, "diastolic_bp": 60}).chart.above_pairs
    assert ("systolic_bp", "diastolic_bp") in mean
