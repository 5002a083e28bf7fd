"""The contrast table: for each parameter and table, by reading, what a platform's points are more or less than the chart's.

Where a parameter's points are stated, it is exact. Else it is estimated from the totals of complete sets: a total differs by the sum of what
its readings differ by. The table with the clearest differences is taken out first, then the next one is looked for in what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart, number
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnosis import Stretch, TableContrast
from mews_newtt.validation.faults import TableAt, each_table
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, READ, Flags, MutantScorer, Rows, is_number

Numbers = npt.NDArray[np.int32]
WIDEST = 40  # points that a difference is counted up to; larger ones count as this one
ROWS_NEEDED = 2  # rows of a reading that must differ alike
CLEAR = 0.8  # share of a reading's rows that must differ alike
MOST_TABLES = 6  # tables that are taken out of the totals


@dataclass
class Contrast:
    """The rows of one table that can be compared, by reading: what the chart gives and what the platform gives more.

    values : the distinct readings, numbers in order; chart : the chart's points for each
    rows, wrong : rows that can be compared, and those that differ; difference : the most frequent difference; mean : their mean
    alike : rows that differ by the most frequent difference other than 0; clear : readings that nearly all differ alike, by `shift`
    """

    at: TableAt
    stated: bool
    values: list[Fraction | str]
    chart: Numbers
    rows: Rows
    wrong: Rows
    difference: Numbers
    mean: npt.NDArray[np.float64]
    shift: Numbers
    alike: Rows

    @property
    def clear(self) -> Flags:
        """Readings of which nearly all rows differ alike."""
        return np.asarray((self.alike >= ROWS_NEEDED) & (self.alike >= CLEAR * self.rows))

    @property
    def gain(self) -> int:
        """Rows that the clear differences explain, without those that they break."""
        clear = self.clear
        return int((2 * self.alike - self.rows)[clear].sum())

    def to_table(self) -> TableContrast:
        """For the report: stretches of neighbouring readings that differ by the same."""
        unit, found = self.at.parameter.observation.unit, list[Stretch]()
        start = 0
        for place in range(1, len(self.values) + 1):
            same = place < len(self.values) and self.chart[place] == self.chart[start] and self.difference[place] == self.difference[start]
            if same and not isinstance(self.values[start], str):
                continue
            here, rows = slice(start, place), int(self.rows[start:place].sum())
            mean = float((self.mean[here] * self.rows[here]).sum() / rows) if rows else 0.0
            low, high = _text(self.values[start]), _text(self.values[place - 1])
            points = None if self.chart[start] == NO_POINTS else int(self.chart[start])
            found.append(Stretch(low, high, points, int(self.difference[start]), round(mean, 3), rows, int(self.wrong[here].sum())))
            start = place
        title = self.at.parameter.title + (f" ({self.at.table.title})" if self.at.table.title else "")
        return TableContrast(self.at.parameter.id, self.at.number, title, "" if unit == "1" else unit, self.stated, found)


class _Column:
    """The rows of one table: which reading each has, and what the chart gives for it."""

    def __init__(self, at: TableAt, scorer: MutantScorer):
        self.at = at
        name = at.parameter.id
        column = scorer.sheet.column(name)
        read, _ = scorer.rows_read_in(name, at.table)
        distinct = {cell.value for cell in column.cells if cell.kind == READ and cell.value is not None}
        values: list[Fraction | str] = sorted(value for value in distinct if isinstance(value, Fraction))
        values += sorted(value for value in distinct if isinstance(value, str))
        place = {value: index for index, value in enumerate(values)}
        of_cell = np.array([place.get(cell.value, -1) if cell.kind == READ and cell.value is not None else -1 for cell in column.cells], np.int64)
        self.values = values
        self.of_row = of_cell[column.codes]
        self.read: Flags = read & (self.of_row >= 0)
        self.chart = np.full(len(values), NO_POINTS, np.int32)
        shown = scorer.base.points.get(name)
        if shown is not None:
            rows = np.flatnonzero(self.read & (shown != NO_POINTS))
            self.chart[self.of_row[rows]] = shown[rows]

    def contrast(self, more: Numbers, usable: Flags, stated: bool) -> Contrast:
        """How the usable rows differ, by reading; only readings that some row has."""
        rows = np.flatnonzero(self.read & usable)
        size, width = len(self.values), 2 * WIDEST + 1
        clipped = np.clip(more[rows], -WIDEST, WIDEST) + WIDEST
        times = np.bincount(self.of_row[rows] * width + clipped, minlength=size * width).reshape(size, width)
        many = times.sum(axis=1)
        seen = np.flatnonzero(many)
        times, many = times[seen], many[seen]
        differences = np.arange(-WIDEST, WIDEST + 1)
        others = times.copy()
        others[:, WIDEST] = 0
        shift = differences[np.argmax(others, axis=1)].astype(np.int32) if len(seen) else np.zeros(0, np.int32)
        mode = differences[np.argmax(times, axis=1)].astype(np.int32) if len(seen) else shift
        return Contrast(
            self.at,
            stated,
            [self.values[place] for place in seen.tolist()],
            self.chart[seen],
            many.astype(np.int64),
            (many - times[:, WIDEST]).astype(np.int64),
            mode,
            (times * differences).sum(axis=1) / np.maximum(many, 1),
            shift,
            others.max(axis=1, initial=0).astype(np.int64),
        )

    def shifts(self, found: Contrast) -> Numbers:
        """What the clear differences of this table add to each row."""
        by_value = np.zeros(len(self.values), np.int32)
        place = {value: index for index, value in enumerate(self.values)}
        for index in np.flatnonzero(found.clear).tolist():
            by_value[place[found.values[index]]] = found.shift[index]
        return np.where(self.read, by_value[self.of_row], 0).astype(np.int32)


def contrasts_of(chart: Chart, scorer: MutantScorer, claims: Claims) -> list[Contrast]:
    """The contrast of every table of every parameter with points that some row can show."""
    if not chart.has_points:
        return []
    columns = [_Column(at, scorer) for at in each_table(chart) if at.parameter.role == "scored"]
    columns = [column for column in columns if column.read.any()]
    found: list[Contrast] = []
    rest: list[_Column] = []
    for column in columns:
        claimed = claims.points.get(column.at.parameter.id)
        if claimed is None:
            rest.append(column)
            continue
        shown = scorer.base.points[column.at.parameter.id].astype(np.int32)
        usable = is_number(claimed) & (shown != NO_POINTS)
        found.append(column.contrast(np.where(usable, claimed - shown, 0).astype(np.int32), usable, True))
    usable = is_number(claims.total) & (scorer.base.status == COMPLETE)
    if rest and usable.any():
        stated = _stated_differences(chart, scorer, claims)
        found += _from_totals(rest, np.where(usable, claims.total - scorer.base.total - stated, 0).astype(np.int32), usable)
    order = {(p.id): place for place, p in enumerate(chart.parameters)}
    return sorted((one for one in found if len(one.values)), key=lambda one: (order[one.at.parameter.id], one.at.number))


def _stated_differences(chart: Chart, scorer: MutantScorer, claims: Claims) -> Numbers:
    """What the stated points differ from the chart's in sum: a total is compared without that."""
    found = np.zeros(claims.rows, np.int32)
    for name, claimed in claims.points.items():
        shown = scorer.base.points[name].astype(np.int32)
        found += np.where(is_number(claimed) & (shown != NO_POINTS), claimed - shown, 0).astype(np.int32)
    return found


def _from_totals(columns: list[_Column], more: Numbers, usable: Flags) -> list[Contrast]:
    """Contrasts estimated from totals: the clearest table first, then what is left without its differences."""
    wrong = int(((more != 0) & usable).sum())
    if not wrong:
        return [column.contrast(more, usable, False) for column in columns]
    needed = max(ROWS_NEEDED, wrong // 100)
    shifts = {}
    left = more.copy()
    for _ in range(MOST_TABLES):
        tried = [(column.contrast(left, usable, False), column) for column in columns if id(column) not in shifts]
        best, column = max(tried, key=lambda one: one[0].gain, default=(None, None))
        if best is None or column is None or best.gain < needed:
            break
        shifts[id(column)] = column.shifts(best)
        left = left - shifts[id(column)]
    own = [left if id(column) not in shifts else left + shifts[id(column)] for column in columns]
    return [column.contrast(each, usable, False) for column, each in zip(columns, own, strict=True)]


def _text(value: Fraction | str) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    return number(value)
