"""Every printed edge and every category of every chart, scored; what is expected comes from the second transcription, never from the chart file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mews_newtt import Chart, load_chart, score
from mews_newtt.scoring.result import ParameterScore
from tests.transcriptions import TABLES, Key, Row

NUMERIC = [pytest.param(key, rows, id=str(key)) for key, rows in TABLES.items() if not rows[0].category]
CATEGORICAL = [pytest.param(key, rows, id=str(key)) for key, rows in TABLES.items() if rows[0].category]


def _worse(chart: Chart, one: Row, other: Row) -> Row:
    zones, levels = chart.zone_rank, chart.level_rank
    return max(one, other, key=lambda row: (row.points or 0, zones[row.zone] if row.zone else 0, levels[row.level] if row.level else 0))


def _expected(chart: Chart, rows: list[Row], value: Decimal) -> Row:
    """The band that holds the value, or the worse of the two that it lies between."""
    for place, row in enumerate(rows):
        assert row.interval is not None
        if row.interval.contains(value):
            return row
        if row.interval.is_above(value):
            return _worse(chart, rows[place - 1], row)
    raise AssertionError(f"{value} is beyond the transcription")


def _scored(chart: Chart, key: Key, value: Any) -> ParameterScore:
    result = score(chart, {**key.given, key.parameter: value})
    return next(row for row in result.parameters if row.id == key.parameter)


def _gives(row: ParameterScore) -> tuple[int | None, str | None, str | None, str | None]:
    assert row.band is not None, f"{row.id} {row.given} found no band"
    return row.points, row.band.zone, row.band.level, row.band.prompt


@pytest.mark.parametrize(("key", "rows"), NUMERIC)
def test_both_sides_of_every_printed_edge_and_between_the_bands(key: Key, rows: list[Row]) -> None:
    chart = load_chart(key.chart, key.version)
    observation = chart.by_id[key.parameter].observation
    step = observation.step
    edges = {edge for row in rows if row.interval for edge in (row.interval.low, row.interval.high) if edge is not None}
    assert edges
    for edge in edges:
        for value in (edge - step, edge - step / 2, edge - step / 10, edge, edge + step / 10, edge + step / 2, edge + step):
            if observation.impossible.contains(value):
                for given in (value, str(value), float(value)):
                    assert _gives(_scored(chart, key, given)) == _expected(chart, rows, value).gives, (edge, given)


@pytest.mark.parametrize(("key", "rows"), CATEGORICAL)
def test_every_category(key: Key, rows: list[Row]) -> None:
    chart = load_chart(key.chart, key.version)
    for row in rows:
        assert _gives(_scored(chart, key, row.category)) == row.gives, row.category
    assert {row.category for row in rows} == set(chart.by_id[key.parameter].category_ids)
