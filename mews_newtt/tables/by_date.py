"""Scores each row on the chart version that was in force on the day the row was observed: for files that span a change of versions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.chart.timeline import OBSERVED, Timeline
from mews_newtt.chart.timeline import charts_by_date as charts_by_date
from mews_newtt.errors import ChartNotFound, FileError, ObservationError, Problem
from mews_newtt.reading.columns import POINTS_PREFIX, ColumnMap
from mews_newtt.reading.plan import Plan
from mews_newtt.scoring.result_cells import points_names
from mews_newtt.tables.atomic import whole_path
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.tables.summary import OnBadRow
from mews_newtt.tables.table import as_table, score_table

VERSION = "chart_version"


def score_table_by_date(timeline: Timeline, data: Any, *, column_map: ColumnMap | None = None, **options: Any) -> Any:
    """`score_table` with each row on the version in force on its day; adds `chart_version`.

    A row whose `observed_at` names no day, or a day before the first version, is refused; `error` says why.
    """
    table = _takeable(as_table(data))
    column_map = column_map or ColumnMap()
    named = [day_column(table.column_names, column_map)]
    added = [VERSION, *(name for _, chart in timeline.turns for name in points_names(chart) if options.get("points"))]
    for name in added:
        if name in table.column_names:
            raise FileError(Problem("column_taken", name, "is a result column", "rename it in the input"))
    rows, why = places_by_version(timeline, table.column(named[0]).to_pylist())
    versions = {chart.version: chart for _, chart in timeline.turns}
    parts, order = [], []
    for version, places in rows.items() or [(timeline.turns[0][1].version, [])]:
        chart = versions[version] if version is not None else timeline.turns[0][1]
        part = score_table(chart, table.take(pa.array(places, pa.int64())), column_map=column_map, **options)
        part = _plain(part, table.num_columns)
        if version is None:
            part = _refused(part, table.num_columns, [why[place] for place in places])
        parts.append(part.append_column(VERSION, pa.array([version] * len(places), pa.string())))
        order += places
    whole = pa.concat_tables(parts, promote_options="default")
    whole = _in_order(whole, timeline, table.column_names)
    back = [0] * len(order)
    for now, place in enumerate(order):
        back[place] = now
    return whole.take(pa.array(back, pa.int64()))


def day_column(names: Iterable[str], column_map: ColumnMap) -> str:
    """The column that holds `observed_at`. Raises FileError if none or several do."""
    found = [name for name in names if column_map.ours(name) == OBSERVED]
    if len(found) != 1:
        raise FileError(
            Problem("observed_at_needed", OBSERVED, "is in no column" if not found else "is in several columns", "name the column, or map it")
        )
    return found[0]


def places_by_version(timeline: Timeline, days: Iterable[Any]) -> tuple[dict[str | None, list[int]], dict[int, str]]:
    """The places of rows by the version in force on their days (None: none is), and why a row has none."""
    rows: dict[str | None, list[int]] = {}
    why: dict[int, str] = {}
    memo: dict[Any, tuple[Chart | None, str]] = {}
    for place, raw in enumerate(days):
        if raw not in memo:
            memo[raw] = _chart_of(timeline, raw)
        chart, fault = memo[raw]
        rows.setdefault(chart.version if chart else None, []).append(place)
        if fault:
            why[place] = fault
    return rows, why


def _in_order(table: Any, timeline: Timeline, own: list[str]) -> Any:
    """The same columns in the same order, whichever versions the rows needed: the input's, the scores, the points of every version, the version."""
    given = set(own)
    scores = [name for name in table.column_names if name not in given and not name.startswith(POINTS_PREFIX) and name != VERSION]
    points = dict.fromkeys(name for _, chart in timeline.turns for name in points_names(chart))
    asked = any(name.startswith(POINTS_PREFIX) for name in table.column_names if name not in given)
    for name in points if asked else ():
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.int16()))
    return table.select([*own, *scores, *(points if asked else ()), VERSION])


def _takeable(table: Any) -> Any:
    """String views as plain text: Arrow cannot take rows of a view."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string_view(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.large_string()))
    return table


def _chart_of(timeline: Timeline, raw: Any) -> tuple[Chart | None, str]:
    try:
        return timeline.of(raw), ""
    except ObservationError as fault:
        problem = fault.problems[0]
        return None, f"{problem.where}: {problem.what}; {problem.mend}"


def _plain(table: Any, own: int) -> Any:
    """Dictionary columns as text, so that all versions have the same types."""
    for place in range(own, table.num_columns):
        field = table.schema.field(place)
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


def _refused(table: Any, own: int, why: list[str]) -> Any:
    """Rows without a version in force: status refused, with the reason in `error`."""
    for place in range(own, table.num_columns):
        field = table.schema.field(place)
        texts = {"score_status": ["refused"] * len(why), "error": why, "missing": [""] * len(why), "flags": [""] * len(why)}
        column = pa.array(texts[field.name], pa.string()) if field.name in texts else pa.nulls(len(why), field.type)
        table = table.set_column(place, field.name, column)
    return table


def score_file_by_date(
    timeline: Timeline,
    path: Path,
    output: Path,
    *,
    column_map: ColumnMap | None = None,
    plan: Plan | None = None,
    on_bad_row: OnBadRow = "error",
    **options: Any,
) -> dict[str, int]:
    """Score a file of sets by date into a CSV file, a chunk of rows at a time. Returns the number of rows by version (`refused` for none).

    A plan's times are taken: the day of a set is that of its own zone, as the plan says.

    The output appears under its name only when it is complete. With `on_bad_row="error"` the first row that cannot be scored stops it.
    """
    counts: dict[str, int] = {}
    with open_planned(timeline.turns[-1][1], path, None, plan) as table, whole_path(output) as beside, beside.open("wb") as out:
        first, column_map = True, map_beside(column_map, plan, table)
        for chunk, frame in table.frames():
            rows = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            scored = pl.DataFrame(pl.from_arrow(score_table_by_date(timeline, rows, column_map=column_map, **options)))
            bad = scored.with_row_index("place_").filter(pl.col("score_status") == "refused")
            if on_bad_row == "error" and bad.height:
                where = chunk.place_of(int(bad["place_"][0]))
                raise FileError(Problem("row_refused", where, str(bad["error"][0]), "correct the row, or use --on-bad-row report"))
            for version, number in scored.group_by(VERSION).len().iter_rows():
                counts[version or "refused"] = counts.get(version or "refused", 0) + number
            scored.with_columns(pl.col(pl.String).replace("", None)).write_csv(out, include_header=first)
            first = False
        if first:
            raise ChartNotFound(Problem("file_empty", str(path), "has no rows", "nothing was scored"))
    return counts
