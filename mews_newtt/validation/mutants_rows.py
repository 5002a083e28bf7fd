"""What each cell of a parameter counts for on a chart, in arrays: the rules of the reference, one parameter or group at a time.

A result is an array [field, case]: whether the row counts at all, its least points, zone rank and level rank, whether nothing is open,
and the points it shows. The most it could count for is left out: no platform states it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Chart, Group, Parameter, Table
from mews_newtt.validation.mutants_sheet import MISSING, READ, REFUSED, SKIPPED, Codes, Column

COUNTS, POINTS, ZONE, LEVEL, SETTLED, SHOWN = range(6)
NO_POINTS = -1
Worths = npt.NDArray[np.int16]
Columns = Mapping[str, Column]


def nothing(cases: int) -> Worths:
    """Rows that count for nothing: they leave nothing open either."""
    found = np.zeros((6, cases), np.int16)
    found[SETTLED] = 1
    found[SHOWN] = NO_POINTS
    return found


def parameter_worths(chart: Chart, parameter: Parameter, columns: Columns, codes: Mapping[str, Codes]) -> tuple[Worths, Codes]:
    """What a parameter counts for in each case, and the place of the table it was read in (-1: none)."""
    own = columns[parameter.id]
    cases = codes[parameter.id]
    chosen = chosen_tables(chart, parameter, columns, codes)
    found = np.empty((6, len(cases)), np.int16)
    for place in np.unique(chosen).tolist():
        here = chosen == place
        by_cell = cell_worths(chart, parameter, None if place < 0 else parameter.tables[place], own)
        found[:, here] = by_cell[:, cases[here]]
    return found, chosen


def row_numbers(worths: Worths) -> npt.NDArray[np.int64]:
    """A number for each case: equal where what it counts for and shows is equal, on whichever chart."""
    found = np.zeros(worths.shape[1], np.int64)
    for row in worths:
        found = found * 1024 + row + 1
    return found


def chosen_tables(chart: Chart, parameter: Parameter, columns: Columns, codes: Mapping[str, Codes]) -> Codes:
    """The place of the table that each case's contexts choose; -1 where none."""
    cases = len(codes[parameter.id])
    if not parameter.tables:
        return np.full(cases, -1, np.int32)
    chosen = np.full(cases, -1, np.int32)
    for place in reversed(range(len(parameter.tables))):
        fits = np.ones(cases, np.bool_)
        for name, wanted in parameter.tables[place].when:
            context = chart.by_id.get(name)
            fits &= columns[name].chooses(wanted, context.assumed if context is not None else None)[codes[name]]
        chosen[fits] = place
    return chosen


def cell_worths(chart: Chart, parameter: Parameter, table: Table | None, column: Column) -> Worths:
    """What each cell of a column counts for in one table."""
    found = nothing(len(column.cells))
    scores = {skip.code.casefold(): skip.points for skip in parameter.skips if skip.points is not None}
    for place in np.flatnonzero(column.kinds == SKIPPED).tolist():
        points = scores.get(column.cells[place].skip)
        if points is not None:
            found[:, place] = (1, points, 0, 0, 1, points)
    if table is None or not table.applies:
        return found
    _put_readings(chart, table, column, found)
    if parameter.required:
        _put_unread(chart, parameter, table, column, scores, found)
    return found


def _put_readings(chart: Chart, table: Table, column: Column, found: Worths) -> None:
    """Bands by rank of number; between two bands the worse of them."""
    worths = [(1, *chart.severity(band), 1, NO_POINTS if band.points is None else band.points) for band in table.bands]
    by_rank = np.zeros((6, len(column.numbers)), np.int16)
    until, last = 0, -1
    for place, band in enumerate(table.bands):
        if band.interval is None:
            for name in band.categories:
                wanted = column.given(frozenset((name,))) & (column.kinds == READ)
                found[:, wanted] = np.array(worths[place], np.int16)[:, None]
            continue
        first, stop = column.span(band.interval)
        if first > until:  # nothing printed here
            worse = place if last < 0 or chart.severity(band) >= chart.severity(table.bands[last]) else last
            by_rank[:, until:first] = np.array(worths[worse], np.int16)[:, None]
        by_rank[:, max(first, until) : stop] = np.array(worths[place], np.int16)[:, None]
        until, last = max(until, stop), place
    if last >= 0 and until < len(column.numbers):
        by_rank[:, until:] = np.array(worths[last], np.int16)[:, None]
    numbered = (column.ranks >= 0) & (column.kinds == READ)
    found[:, numbered] = by_rank[:, column.ranks[numbered]]


def _put_unread(chart: Chart, parameter: Parameter, table: Table, column: Column, scores: Mapping[str, int], found: Worths) -> None:
    """A required row without a reading is open: as wide as its table, or one band where it is a context that is supposed."""
    settled = int(parameter.role != "scored")
    widest = [chart.severity(band) for band in table.bands] or [(0, 0, 0)]
    least = tuple(min(column) for column in zip(*widest, strict=True))
    for place in np.flatnonzero((column.kinds == MISSING) | (column.kinds == SKIPPED)).tolist():
        cell = column.cells[place]
        if cell.kind == SKIPPED and cell.skip in scores:
            continue
        supposed = cell.supposed if cell.supposed is not None else parameter.assumed
        worth = least if supposed is None else chart.severity(find_band(chart, table, supposed)[0])
        worth = (0, 0, 0) if cell.nothing else worth
        found[:, place] = (1, *worth, settled, NO_POINTS)


def group_worths(group: Group, members: Sequence[Worths], given: Sequence[npt.NDArray[np.bool_]]) -> Worths:
    """A group as the one row it counts for."""
    there = np.stack([member[COUNTS] > 0 for member in members])
    worth = np.stack([member[POINTS : LEVEL + 1] for member in members])  # [member, points zone level, case]
    settled = np.stack([member[SETTLED] > 0 for member in members])
    found = nothing(there.shape[1])
    any_there = there.any(axis=0)
    worst = np.where(there[:, None, :], worth, -1).max(axis=0)
    if group.kind == "either":
        counted, closed = worst, (settled | ~there).all(axis=0)
    else:
        read_here = there & settled & np.stack(list(given))
        answers = np.where(read_here.any(axis=0), read_here, there & settled)
        answered = answers.any(axis=0)
        least = np.where(there[:, None, :], worth, np.iinfo(np.int16).max).min(axis=0)
        counted = np.where(answered, np.where(answers[:, None, :], worth, -1).max(axis=0), least)
        closed = answered | (settled | ~there).all(axis=0)
    found[COUNTS] = any_there
    found[POINTS : LEVEL + 1] = np.where(any_there, counted, 0)
    found[SETTLED] = closed | ~any_there
    return found


def refused_cells(parameter: Parameter, column: Column) -> npt.NDArray[np.bool_]:
    """Cells that cannot be scored: unreadable, impossible, or a category this chart does not have."""
    allowed = frozenset(parameter.category_ids)
    off = [cell.kind == REFUSED or (cell.kind == READ and isinstance(cell.value, str) and cell.value not in allowed) for cell in column.cells]
    return np.array(off, np.bool_)
