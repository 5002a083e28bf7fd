"""A set without one of its contexts: score it under each possible context, and report what all of them agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from mews_newtt.chart.contexts import Value, can_occur, contexts_of, distinguishable_values, table_for
from mews_newtt.chart.model import Band, Chart, Table
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.scoring.result import ParameterScore


def possible_contexts(chart: Chart, values: dict[str, Value], unknown: Sequence[str]) -> list[dict[str, Value]]:
    """The readings with each possible combination of the unknown contexts. Combinations that the chart's scope refuses are left out."""
    choices = product(*(distinguishable_values(chart, name) for name in unknown))
    every = [values | dict(zip(unknown, chosen, strict=True)) for chosen in choices]
    return [context for context in every if can_occur(chart, context)] or every


def join_rows(views: list[list[ParameterScore]]) -> list[ParameterScore]:
    """One row from the rows of all possible contexts: a field that differs between them is unknown, and the points keep their bounds."""
    if len(views) == 1:
        return views[0]
    joined = []
    for rows in zip(*views, strict=True):
        if all(row == rows[0] for row in rows):
            joined.append(rows[0])
            continue
        known = [row for row in rows if row.points_min is not None]
        same_points = len(known) == len(rows) and len({row.points for row in rows}) == 1
        joined.append(
            replace(
                rows[0],
                points=rows[0].points if same_points else None,
                points_min=min((row.points_min or 0 for row in rows), default=None) if known else None,
                points_max=max((row.points_max or 0 for row in rows), default=None) if known else None,
                band=rows[0].band if all(row.band == rows[0].band for row in rows) else None,
                table=rows[0].table if all(row.table == rows[0].table for row in rows) else None,
                flags=tuple(flag for flag in rows[0].flags if all(flag in row.flags for row in rows)),
                missing=any(row.missing for row in rows),
                possible=_possible_tables(rows),
            )
        )
    return joined


def _possible_tables(rows: Sequence[ParameterScore]) -> tuple[tuple[Table, Band | None], ...]:
    """Each table that may apply to a reading, with the reading's band in it. Empty if there is no reading."""
    found = {id(row.table): (row.table, row.band) for row in rows if row.table is not None and row.value is not None}
    return tuple(found.values()) if len(found) > 1 else ()


def needed_contexts(
    chart: Chart, given: ObservationSet, possible: list[dict[str, Value]], views: list[list[ParameterScore]], unknown: list[str]
) -> tuple[set[str], bool]:
    """The contexts not given that a row needs, and whether any of those rows is scored.

    A row whose contexts are required needs them where they choose between its tables. A row whose contexts are all optional needs them
    only where they change what it counts for.
    """
    needed: set[str] = set()
    by_scored = False
    for index, parameter in enumerate(chart.parameters):
        counts = parameter.role != "recorded" and (parameter.required or parameter.id in given.readings)
        names = [name for name in unknown if name in contexts_of(parameter)]
        if not counts or not names:
            continue
        by_table = any(chart.by_id[name].required for name in contexts_of(parameter))
        found = [
            id(table_for(parameter, context)) if by_table else _contribution(chart, rows[index])
            for context, rows in zip(possible, views, strict=True)
        ]
        if all(one == found[0] for one in found):
            continue
        alone = [name for name in names if _changes(name, unknown, possible, found)]
        needed.update(alone or names)  # where only several together change the row, each of them is needed
        by_scored = by_scored or parameter.role == "scored"
    return needed, by_scored


def _changes(name: str, unknown: list[str], possible: list[dict[str, Value]], found: Sequence[Any]) -> bool:
    """Whether a change of this context alone, with the other unknown ones kept, changes what was found."""
    by_rest: dict[tuple[Value, ...], Any] = {}
    rests = [tuple(context[other] for other in unknown if other != name) for context in possible]
    return any(by_rest.setdefault(rest, one) != one for rest, one in zip(rests, found, strict=True))


def _contribution(chart: Chart, row: ParameterScore) -> tuple[Any, ...]:
    """What a row counts for in one context: the contribution of its reading, or the bounds of its table if it has none."""
    contributions = None
    if row.band is not None:
        contributions = [chart.severity(row.band)]
    elif row.missing or (row.skipped is not None and row.points is None and row.table is not None and row.table.applies):
        contributions = [chart.severity(band) for band in row.table.bands] if row.table else []
    bounds = contributions and tuple((min(column), max(column)) for column in zip(*contributions, strict=True))
    return row.points, bounds, row.missing, "not_read" in row.flags
