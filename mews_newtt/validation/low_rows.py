"""Which rows that disagree could hide a person who needs help: how far their stated level and total are below the chart's, and the order of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.chart.words import count
from mews_newtt.validation.stated import NONE, UNKNOWN, UNREADABLE, level_names, read_stated


class Below(NamedTuple):
    """How far a row is stated below the chart: in levels, and in points of the total. 0 where it is not below, or where that is not known."""

    levels: int = 0
    points: int = 0

    @property
    def says(self) -> str:
        """In words; empty where the row is not below the chart."""
        parts = [count(self.levels, "level")] if self.levels else []
        parts += [count(self.points, "point")] if self.points else []
        return f"{' and '.join(parts)} lower than the chart" if parts else ""


def below(chart: Chart, cells: Sequence[Mapping[str, str]], levels: Mapping[str, int] | None = None) -> Below:
    """How far the wrong cells of one row are below the chart. cells : as the document of a validation lists them."""
    levels = level_names(chart) if levels is None else levels
    found = {"level": 0, "total": 0}
    for cell in cells:
        holds = cell["column"].removeprefix("expected_")
        if holds in found:
            stated, right = (read_stated(chart, holds, cell[side], levels) for side in ("expected", "computed"))
            if not {stated, right} & {NONE, UNKNOWN, UNREADABLE}:
                found[holds] = max(0, right - stated)
    return Below(found["level"], found["total"])


def dangerous(low: Below) -> tuple[int, int]:
    """Sorts rows: the lowest level first, then the lowest total."""
    return -low.levels, -low.points


def lowest_first(chart: Chart, rows: Sequence[Any]) -> list[tuple[Any, Below]]:
    """Listed rows with how far each is below the chart: the lowest level first, then the lowest total, then the order of the file."""
    levels = level_names(chart)
    return sorted(((row, below(chart, row.cells, levels)) for row in rows), key=lambda one: dangerous(one[1]))


def could_be_missed(by_column: Mapping[str, Mapping[str, int]], kinds: Mapping[str, int]) -> list[str]:
    """Sentences on rows that could hide a person who needs help; none where no row could.

    by_column : how many complete sets are stated lower than the chart, by column
    kinds : how many stated cells disagree, by kind; a total of a partial set may be too low
    """
    found = []
    for name, what in (("expected_level", "level"), ("expected_total", "total")):
        low = by_column.get(name, {}).get("lower", 0)
        if low:
            found.append(f"{low:,} {'row states' if low == 1 else 'rows state'} a lower {what} than the chart: a person could be missed.")
    partial = kinds.get("total_of_partial", 0) + kinds.get("outside_bounds", 0)
    if partial:
        rows = "1 row states" if partial == 1 else f"{partial:,} rows state"
        found.append(f"{rows} a total although a reading is missing: the true total is not known, and a person could be missed.")
    return found
