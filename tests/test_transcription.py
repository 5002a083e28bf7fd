"""Every chart file held to the second transcription, cell by cell, and every printed edge scored from both sides.

Edges and expectations come from tests/spec/second_transcription.csv, never from the file under test.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mews_newtt import charts, load_chart, score
from mews_newtt.chart.model import Chart, Interval
from mews_newtt.scoring.result import ParameterScore

CSV = Path(__file__).parent / "spec" / "second_transcription.csv"
NOT_READ = object()

# What the `when` column says, as inputs. Words that name no input (a remark, "optional", "0-3") stand for none.
CONTEXTS: dict[str, dict[str, Any]] = {
    "age=0y": {"age_years": 0}, "age=1-4y": {"age_years": 3}, "age=5-12y": {"age_years": 8}, "age>=13y": {"age_years": 15},
    "spo2_scale=1": {"spo2_scale": "1"},
    "spo2_scale=2; air_or_oxygen=air": {"spo2_scale": "2", "air_or_oxygen": "air"},
    "spo2_scale=2; air_or_oxygen=oxygen": {"spo2_scale": "2", "air_or_oxygen": "oxygen"},
    "device scored by level": {"oxygen_device": "face_mask"},
}


class Row(NamedTuple):
    """One band of the second transcription."""

    interval: Interval | None
    category: str
    points: int | None
    zone: str | None
    level: str | None
    prompt: str | None

    @property
    def gives(self) -> tuple[int | None, str | None, str | None, str | None]:
        return self.points, self.zone, self.level, self.prompt


def _row(line: dict[str, str]) -> Row:
    numeric = bool(line["low"] or line["high"])
    interval = Interval(
        Decimal(line["low"]) if line["low"] else None, line["low_inclusive"] != "n",
        Decimal(line["high"]) if line["high"] else None, line["high_inclusive"] != "n",
    ) if numeric else None
    zone, level, prompt = line["zone"] or None, None, None
    if zone and zone.startswith("trigger: "):
        word = zone.removeprefix("trigger: ")
        zone, level, prompt = (None, None, word) if word == "think sepsis" else (None, word, None)
    points = int(line["points"]) if line["points"] else None
    if zone == "by level":  # the device adds nothing itself, its delivery level does
        zone, points = None, 0
    return Row(interval, line["value"], points, zone, level, prompt)


def _tables() -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    with CSV.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            found[line["chart"], line["parameter"], line["when"]].append(_row(line))
    # The one band that is not printed: for NPEWS temperature only the triggering ranges stand in the transcription.
    rows = found["npews", "temperature", ""]
    rows.insert(1, Row(Interval(rows[0].interval.high, True, rows[1].interval.low, False), "", None, None, None, None))  # type: ignore[union-attr]
    return found


TABLES = _tables()


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


def _scored(chart: Chart, parameter: str, when: str, value: Any) -> ParameterScore:
    result = score(chart, {**CONTEXTS.get(when, {}), parameter: value})
    return next(row for row in result.parameters if row.id == parameter)


def _gives(row: ParameterScore) -> tuple[int | None, str | None, str | None, str | None]:
    assert row.band is not None, f"{row.id} {row.given} found no band"
    return row.points, row.band.zone, row.band.level, row.band.prompt


def _numeric_tables() -> Iterator[Any]:
    for (chart, parameter, when), rows in TABLES.items():
        if rows[0].interval is not None:
            yield pytest.param(chart, parameter, when, rows, id=f"{chart} {parameter} {when}".strip())


@pytest.mark.parametrize(("chart_id", "parameter", "when", "rows"), list(_numeric_tables()))
def test_both_sides_of_every_printed_edge_and_between_the_bands(chart_id: str, parameter: str, when: str, rows: list[Row]) -> None:
    chart = load_chart(chart_id)
    step = chart.by_id[parameter].observation.step
    edges = {edge for row in rows if row.interval for edge in (row.interval.low, row.interval.high) if edge is not None}
    assert edges
    possible = chart.by_id[parameter].observation.impossible
    for edge in edges:
        for value in (edge - step, edge - step / 2, edge - step / 10, edge, edge + step / 10, edge + step / 2, edge + step):
            if possible.contains(value):
                for given in (value, str(value), float(value)):
                    assert _gives(_scored(chart, parameter, when, given)) == _expected(chart, rows, value).gives, (edge, given)


def _category_tables() -> Iterator[Any]:
    for (chart, parameter, when), rows in TABLES.items():
        if rows[0].interval is None:
            yield pytest.param(chart, parameter, rows, id=f"{chart} {parameter} {when}".strip())


@pytest.mark.parametrize(("chart_id", "parameter", "rows"), list(_category_tables()))
def test_every_category(chart_id: str, parameter: str, rows: list[Row]) -> None:
    chart = load_chart(chart_id)
    for row in rows:
        assert _gives(_scored(chart, parameter, "", row.category)) == row.gives, row.category
    extra = set(chart.by_id[parameter].category_ids) - {row.category for row in rows}
    assert not extra, "the chart reads categories that the transcription does not have"


def test_the_chart_files_hold_no_band_that_the_transcription_does_not() -> None:
    """The other direction: every printed range of the files stands in the transcription, with the same edges."""
    for chart in charts():
        for parameter in chart.parameters:
            rows = [row for (chart_id, name, _), found in TABLES.items() if (chart_id, name) == (chart.id, parameter.id) for row in found]
            for table in parameter.tables:
                for band in table.bands:
                    if band.interval is not None:
                        assert (band.interval, band.points, band.zone, band.level, band.prompt) in {(row.interval, *row.gives) for row in rows}, (
                            chart.id, parameter.id, str(band.interval))
                    elif rows:
                        assert set(band.categories) <= {row.category for row in rows}


def test_every_transcribed_row_belongs_to_a_chart() -> None:
    known = {(chart.id, parameter.id) for chart in charts() for parameter in chart.parameters}
    assert {(chart, parameter) for chart, parameter, _ in TABLES} <= known
    with CSV.open(encoding="utf-8") as stream:
        assert sum(map(len, TABLES.values())) == sum(1 for _ in stream)  # the header less, the one unprinted band more
