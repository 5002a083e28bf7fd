"""The result of one set as cells of a table row, by the names of the result columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import POINTS_PREFIX
from mews_newtt.scoring.result import Score


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
