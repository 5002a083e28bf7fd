"""Observation sets from the rows of a text table, and results as the columns of one. Plain Python, one row at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.columns import POINTS_PREFIX, ColumnMap
from mews_newtt.scoring.observations import SKIP_PREFIX, is_nothing
from mews_newtt.scoring.result import Score


def given_of_row(row: Mapping[str, Any], column_map: ColumnMap, read: frozenset[str]) -> dict[str, Any]:
    """The cells of a row that a scorer reads, by our names: values translated, marks for missing left out, units declared."""
    given: dict[str, Any] = {}
    for ours, cell in row.items():
        name = ours.removeprefix(SKIP_PREFIX)
        if name not in read:
            continue
        if isinstance(cell, str):
            cell = cell.strip()
        translated = column_map.values.get(ours, {})
        meant = next((text for text in written(cell) if text in translated), None) if translated else None
        if meant is not None:  # a mark for missing is never stronger than what a value is said to mean
            cell = translated[meant]
        elif not column_map.marks(ours).isdisjoint(written(cell)):
            continue
        unit = column_map.units.get(ours)
        given[ours] = {"value": cell, "unit": unit} if unit else cell
    return given


def written(cell: Any) -> tuple[str, ...]:
    """How a cell may be named in a map: as it is written; 99.0, as columns with blanks become, also as 99; every way to give nothing also as ""."""
    text = "" if cell is None else str(cell)
    if is_nothing(cell):
        return (text, "")
    return (text, text.rstrip("0").rstrip(".")) if "." in text and not text.strip("+-.0123456789") else (text,)


def result_cells(score: Score, chart: Chart, points: bool = False) -> dict[str, Any]:
    """The result columns of one row, in their order; None is an empty cell."""
    cells: dict[str, Any] = {
        "score_status": score.status,
        "total": score.total,
        "total_min": score.total_min,
        "total_max": score.total_max,
        "level": score.level,
        "level_max": score.level_max,
        "level_rank": chart.level_rank.get(score.level or ""),
        "level_max_rank": chart.level_rank.get(score.level_max or ""),
        "missing": ";".join(score.missing),
        "flags": ";".join(score.flags),
        "error": "; ".join(f"{problem.where}: {problem.what}" for problem in score.problems),
    }
    if points:
        known = {row.id: row.points for row in score.parameters}
        cells |= {column: known.get(name) for column, name in zip(points_names(chart), points_columns(chart), strict=True)}
    return cells


def points_columns(chart: Chart) -> Sequence[str]:
    """The scored parameters of a chart that gives points."""
    return tuple(p.id for p in chart.parameters if p.role == "scored") if chart.has_points else ()


def points_names(chart: Chart) -> Sequence[str]:
    """The result columns that hold their points, in the same order."""
    return tuple(f"{POINTS_PREFIX}{name}" for name in points_columns(chart))
