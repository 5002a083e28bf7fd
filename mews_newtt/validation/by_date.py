"""Compares a platform's answers with the version of a chart that was in force on the day of each row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from mews_newtt.chart.timeline import Timeline
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.plan import Plan
from mews_newtt.tables.by_date import day_column, places_by_version
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.validation.compare import validate
from mews_newtt.validation.result import Origin, Validation


def validate_file_by_date(
    timeline: Timeline,
    path: Path,
    *,
    column_map: ColumnMap | None = None,
    plan: Plan | None = None,
    format: str | None = None,
    blanks_disagree: bool = False,
) -> dict[str, Validation]:
    """One comparison for each version that the file's rows need, by version; the rows are held in memory.

    Raises
    ------
    FileError  a row without a day, or of a day on which no version is in force: it is named, and nothing is compared
    """
    parts: dict[str, list[pl.DataFrame]] = {}
    with open_planned(timeline.turns[-1][1], path, format, plan) as table:
        column_map = map_beside(column_map, plan, table)
        for chunk, frame in table.frames():
            days = frame.get_column(day_column(frame.columns, column_map)).to_list()
            rows, why = places_by_version(timeline, days)
            for place, says in why.items():
                mend = "correct the row; every row needs a day on which a version is in force"
                raise FileError(Problem("row_without_version", chunk.place_of(place), says, mend))
            for version, places in rows.items():
                parts.setdefault(str(version), []).append(frame[places])
    charts = {chart.version: chart for chart in timeline.charts}
    options: dict[str, Any] = {"column_map": column_map, "blanks_disagree": blanks_disagree}
    return {
        version: validate(charts[version], pl.concat(frames), source=Origin(f"{path} (rows of version {version})"), **options)
        for version, frames in sorted(parts.items())
    }
