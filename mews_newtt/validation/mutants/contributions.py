"""What each reading contributes on a chart, in arrays: points, zone and level of one parameter or group, and their packed sums.

These are the rules of the reference, for many readings at once. A contribution is an array [field, case]: whether the parameter counts at all
(COUNTS), its least points, zone rank and level rank, whether nothing is missing (SETTLED), and the points that a platform shows for it (SHOWN).
The greatest contribution of a missing reading is left out: no platform states it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Chart, Group, Parameter, Table
from mews_newtt.scoring.levels import level_rules
from mews_newtt.validation.mutants.sheet import MISSING, READ, SKIPPED, UNUSABLE, CellColumn, Codes

COUNTS, POINTS, ZONE, LEVEL, SETTLED, SHOWN = range(6)
NO_POINTS = -1
WORD = 62  # bits of an integer that are used
Contributions = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int64]
Columns = Mapping[str, CellColumn]


def nothing(cases: int) -> Contributions:
    """Parameters that do not count; nothing is missing from them."""
    found = np.zeros((6, cases), np.int16)
    found[SETTLED] = 1
    found[SHOWN] = NO_POINTS
    return found


def parameter_contributions(chart: Chart, parameter: Parameter, columns: Columns, codes: Mapping[str, Codes]) -> tuple[Contributions, Codes]:
    """What a parameter contributes in each case, and the index of the table that it was read in (-1: none)."""
    own = columns[parameter.id]
    cases = codes[parameter.id]
    chosen = chosen_tables(chart, parameter, columns, codes)
    found = np.empty((6, len(cases)), np.int16)
    for place in np.unique(chosen).tolist():
        here = chosen == place
        by_cell = cell_contributions(chart, parameter, None if place < 0 else parameter.tables[place], own)
        found[:, here] = by_cell[:, cases[here]]
    return found, chosen


def row_numbers(contributions: Contributions) -> npt.NDArray[np.int64]:
    """A number for each case; equal contributions have equal numbers, on every chart."""
    found = np.zeros(contributions.shape[1], np.int64)
    for row in contributions:
        found = found * 1024 + row + 1
    return found


def chosen_tables(chart: Chart, parameter: Parameter, columns: Columns, codes: Mapping[str, Codes]) -> Codes:
    """The index of the table that each case's contexts choose; -1 where none."""
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


def cell_contributions(chart: Chart, parameter: Parameter, table: Table | None, column: CellColumn) -> Contributions:
    """What each cell of a column contributes in one table."""
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


def _put_readings(chart: Chart, table: Table, column: CellColumn, found: Contributions) -> None:
    """Put in what readings contribute. A reading between two bands takes the worse of them."""
    contributions = [(1, *chart.severity(band), 1, NO_POINTS if band.points is None else band.points) for band in table.bands]
    by_rank = np.zeros((6, len(column.numbers)), np.int16)
    until, last = 0, -1
    for place, band in enumerate(table.bands):
        if band.interval is None:
            for name in band.categories:
                wanted = column.given(frozenset((name,))) & (column.kinds == READ)
                found[:, wanted] = np.array(contributions[place], np.int16)[:, None]
            continue
        first, stop = column.span(band.interval)
        if first > until:  # numbers between two printed bands
            worse = place if last < 0 or chart.severity(band) >= chart.severity(table.bands[last]) else last
            by_rank[:, until:first] = np.array(contributions[worse], np.int16)[:, None]
        by_rank[:, max(first, until) : stop] = np.array(contributions[place], np.int16)[:, None]
        until, last = max(until, stop), place
    if last >= 0 and until < len(column.numbers):
        by_rank[:, until:] = np.array(contributions[last], np.int16)[:, None]
    numbered = (column.ranks >= 0) & (column.kinds == READ)
    found[:, numbered] = by_rank[:, column.ranks[numbered]]


def _put_unread(chart: Chart, parameter: Parameter, table: Table, column: CellColumn, scores: Mapping[str, int], found: Contributions) -> None:
    """Put in what a required parameter without a reading contributes at least: the least of its table, or the band of a hypothetical context."""
    settled = int(parameter.role != "scored")
    widest = [chart.severity(band) for band in table.bands] or [(0, 0, 0)]
    least = tuple(min(column) for column in zip(*widest, strict=True))
    for place in np.flatnonzero((column.kinds == MISSING) | (column.kinds == SKIPPED)).tolist():
        cell = column.cells[place]
        if cell.kind == SKIPPED and cell.skip in scores:
            continue
        hypothetical = cell.hypothetical if cell.hypothetical is not None else parameter.assumed
        contribution = least if hypothetical is None else chart.severity(find_band(chart, table, hypothetical)[0])
        contribution = (0, 0, 0) if cell.nothing else contribution
        found[:, place] = (1, *contribution, settled, NO_POINTS)


def group_contributions(group: Group, members: Sequence[Contributions], given: Sequence[npt.NDArray[np.bool_]]) -> Contributions:
    """What a group contributes, which counts once."""
    there = np.stack([member[COUNTS] > 0 for member in members])
    contribution = np.stack([member[POINTS : LEVEL + 1] for member in members])  # [member, points zone level, case]
    settled = np.stack([member[SETTLED] > 0 for member in members])
    found = nothing(there.shape[1])
    any_there = there.any(axis=0)
    worst = np.where(there[:, None, :], contribution, -1).max(axis=0)
    if group.kind == "either":
        counted, closed = worst, (settled | ~there).all(axis=0)
    else:
        read_here = there & settled & np.stack(list(given))
        answers = np.where(read_here.any(axis=0), read_here, there & settled)
        answered = answers.any(axis=0)
        least = np.where(there[:, None, :], contribution, np.iinfo(np.int16).max).min(axis=0)
        counted = np.where(answered, np.where(answers[:, None, :], contribution, -1).max(axis=0), least)
        closed = answered | (settled | ~there).all(axis=0)
    found[COUNTS] = any_there
    found[POINTS : LEVEL + 1] = np.where(any_there, counted, 0)
    found[SETTLED] = closed | ~any_there
    return found


def refused_cells(parameter: Parameter, column: CellColumn) -> npt.NDArray[np.bool_]:
    """Cells that refuse their set: unreadable, impossible, or a category that this chart does not have."""
    allowed = frozenset(parameter.category_ids)
    off = [cell.kind == UNUSABLE or (cell.kind == READ and isinstance(cell.value, str) and cell.value not in allowed) for cell in column.cells]
    return np.array(off, np.bool_)


class PackedSums:
    """Points and the counters of level rules as bit fields of integers, so that adding the integers adds every field at once."""

    def __init__(self, chart: Chart, most_points: int):
        rules = [count for level in chart.levels for count in level.counts]
        used = {count.points for count in rules if count.points is not None}
        thresholds = sorted(used | {near for at in used for near in (at - 1, at + 1)})
        width = len(chart.parameters).bit_length() + 1
        wanted = [(POINTS, 0, max(12, (most_points * len(chart.parameters)).bit_length() + 1))]
        wanted += [(POINTS, at, width) for at in thresholds if at > 0]
        wanted += [(ZONE, at, width) for at in range(1, len(chart.zones) + 1)]
        wanted += [(LEVEL, at, width) for at in range(1, len(chart.levels))]
        wanted.append((SETTLED, 0, width))
        self.fields: dict[tuple[int, int], tuple[int, int, int]] = {}
        word = used_bits = 0
        for kind, at, bits in wanted:
            if used_bits + bits > WORD:
                word, used_bits = word + 1, 0
            self.fields[kind, at] = (word, used_bits, (1 << bits) - 1)
            used_bits += bits
        self.words = word + 1
        self.shape = (len(chart.zones), len(chart.levels), tuple(thresholds), width)

    def pack(self, contributions: Contributions) -> Rows:
        """Contributions as integers, [word, case]."""
        packed = np.zeros((self.words, contributions.shape[1]), np.int64)
        for (kind, at), (word, shift, _) in self.fields.items():
            if kind == SETTLED:
                amount = 1 - contributions[SETTLED].astype(np.int64)
            elif at:
                amount = (contributions[kind] >= at).astype(np.int64)
            else:
                amount = contributions[kind].astype(np.int64)
            packed[word] += amount * (contributions[COUNTS] > 0) << shift
        return packed

    def of(self, packed: Rows, kind: int, at: int = 0) -> Rows:
        """One field of packed sums."""
        word, shift, mask = self.fields[kind, at]
        return np.asarray((packed[word] >> shift) & mask)

    def levels(self, chart: Chart, packed: Rows) -> npt.NDArray[np.int16]:
        """The rank of the level that packed sums reach."""
        reached = np.zeros(packed.shape[1], np.int16)
        total = self.of(packed, POINTS)
        for rank in range(1, len(chart.levels)):
            reached[self.of(packed, LEVEL, rank) > 0] = rank
        for rule in reversed(level_rules(chart)):
            hit = np.zeros(packed.shape[1], np.bool_)
            if rule.total is not None:
                hit |= total >= rule.total
            for place, threshold, at_least, _ in rule.counts:
                kind = (POINTS, ZONE)[place]
                hit |= (self.of(packed, kind, threshold) if threshold > 0 else _everything(packed)) >= at_least
            reached[hit] = np.maximum(reached[hit], rule.rank)
        return reached


def _everything(packed: Rows) -> Rows:
    return np.full(packed.shape[1], 1 << 20, np.int64)
