"""Faults of memory and of row order: a platform answers with the set before, fills gaps from it, or takes the mean of some readings.

They need rows in an order. `series_of` makes the orders of a table: its rows as they are, and the sets of each person. A single set shows none
of these faults, so no test pack of single sets is made against them; nor can a table that was sampled show them, since neighbours are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.faults.fault import Change, Example, Fault, Site
from mews_newtt.validation.mutants import COMPLETE, READ, Answers, Cell, CellColumn, Flags, MutantScorer, Rows, Sheet
from mews_newtt.validation.wording import row_name

KINDS = {
    "row_before": "a row gets the readings or the answers of the row before or after it, in the file or of the same person",
    "carried_forward": "a missing reading is filled with the last reading before it, in the file or of the same person",
    "averaged": "the mean of the person's last two or three readings is scored",
    "sorted": "the totals of the file are sorted by themselves, so that rows get the totals of others",
}
COLD = {"shell_warmth": "30"}
EXAMPLES = (
    Example("before:file:*:-1", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("before:person:shell_warmth:-1", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("carried:person:shell_warmth", {"shell_warmth": None}, "no total, level at least Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("sorted:file:up", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("averaged:person:shell_warmth", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
)


class Series(NamedTuple):
    """An order of the rows of a table.

    id, words : its name, and what a row before is in this order, in words
    order : the rows in this order
    first : of each place in the order, whether nothing is before it
    again : of each place, whether it has the person and the time of the one before it; None where no times are known
    """

    id: str
    words: str
    order: Rows
    first: Flags
    again: Flags | None = None

    def neighbour(self, by: int) -> Rows:
        """For each row the row before it (by -1) or after it (by 1); -1 where there is none."""
        found = np.full(len(self.order), -1, np.int64)
        linked = np.flatnonzero(~self.first)
        if by < 0:
            found[self.order[linked]] = self.order[linked - 1]
        else:
            found[self.order[linked - 1]] = self.order[linked]
        return found

    def last_with(self, present: Flags) -> Rows:
        """For each row the last row, at or before it, that is present; -1 where there is none."""
        places = np.arange(len(self.order))
        starts = np.maximum.accumulate(np.where(self.first, places, 0)) if len(places) else places
        last = np.maximum.accumulate(np.where(present[self.order], places, -1)) if len(places) else places
        found = np.full(len(self.order), -1, np.int64)
        found[self.order] = np.where(last >= starts, self.order[last], -1)
        return found


class RowOrder(NamedTuple):
    """What a table says of the order of its rows; the parameters of `series_of`."""

    rows: int
    people: Sequence[object] | None = None
    times: Sequence[object] | None = None
    after_gap: Flags | None = None

    def series(self, first: int | None = None) -> list[Series]:
        """The orders of the table, or of its first rows."""
        kept = slice(first)
        people = None if self.people is None else self.people[kept]
        times = None if self.times is None else self.times[kept]
        return series_of(min(self.rows, first or self.rows), people, times, None if self.after_gap is None else self.after_gap[kept])


def series_of(
    rows: int, people: Sequence[object] | None = None, times: Sequence[object] | None = None, after_gap: Flags | None = None
) -> list[Series]:
    """The orders of a table: its rows as they are and, where it says whose they are and holds all rows, the sets of each person.

    Parameters
    ----------
    people : whose set each row is; None or "" where that is not said
    times : when each set was taken, as text. Sets are ordered by it where every time is written as 2026-11-20 08:00; else as in the file
    after_gap : rows before which the file has others that are not in the table
    """
    every = np.arange(rows, dtype=np.int64)
    gaps = np.zeros(rows, np.bool_) if after_gap is None else after_gap
    found = [Series("file", "the row", every, (every == 0) | gaps)]
    named = people is not None and len({person for person in people if person not in (None, "")}) > 0
    if people is None or not named or gaps.any():
        return found
    texts = [str(time or "").replace("T", " ") for time in times] if times is not None else []
    sortable = bool(texts) and len({len(text) for text in texts}) == 1 and all(text[:4].isdigit() and text[4:5] == "-" for text in texts)
    by_time = np.argsort(np.array(texts), kind="stable") if sortable else every
    codes: dict[object, int] = {}
    person = np.array([codes.setdefault(one, len(codes)) if one not in (None, "") else -1 - row for row, one in enumerate(people)], np.int64)
    order = by_time[np.argsort(person[by_time], kind="stable")]
    first = np.concatenate([[True], person[order][1:] != person[order][:-1]])
    if first.all():
        return found
    again = None
    if sortable:
        ordered = np.array(texts)[order]
        again = np.concatenate([[False], ordered[1:] == ordered[:-1]]) & ~first
    return [*found, Series("person", "the same person's set", order, first, again)]


def faults_of_series(chart: Chart, orders: Sequence[Series]) -> Iterator[Fault]:
    """The faults of memory that the rows of a table can show."""
    read = [p for p in chart.parameters if p.role != "recorded" or p.id in chart.context_ids]
    numeric = [p for p in read if p.observation.numeric and p.role != "recorded"]
    for series in orders:
        for by, where in ((-1, "before"), (1, "after")):
            says = f"a row seems to get the answers of {series.words} {where} it"
            yield _fault(chart, "row_before", f"before:{series.id}:{{site}}:{{by:+d}}", says, (), None, by, answers=_answers_of(series, by))
        for by, where in ((-1, "before"), (1, "after")):
            for parameter in read:
                says = f"{row_name(parameter)}: the reading of {series.words} {where} it seems to be scored"
                change = _each_column(series, (parameter.id,), _neighbours(series, by))
                yield _fault(chart, "row_before", f"before:{series.id}:{{site}}:{{by:+d}}", says, (parameter.id,), parameter, by, change)
        for way, falling in (("up", False), ("down", True)) if series.id == "file" else ():
            says = f"the totals of the file seem to be sorted by themselves, {'highest' if falling else 'lowest'} first"
            yield Fault("sorted", f"sorted:{series.id}:{way}", says, (), chart, answers=_sorted(falling), column="total")
        for names, one in _one_or_all(read):
            where = "in the rows before" if series.id == "file" else "of the same person"
            says = f"a missing reading seems to be filled with the last one {where}"
            words, change = says if one is None else f"{row_name(one)}: {says}", _each_column(series, names, _carried(series))
            yield _fault(chart, "carried_forward", f"carried:{series.id}:{{site}}", words, names, one, change=change)
            if one is None:
                change = _each_column(series, [p.id for p in numeric], _carried(series))
                form = f"carried:{series.id}:{{site}}:numbers"
                yield _fault(chart, "carried_forward", form, f"{words}, in every row with numbers", (), None, change=change)
        for names, one in _one_or_all(numeric) if series.id == "person" else ():
            for many in (2, 3):
                says = f"the mean of the last {many} readings of the same person seems to be scored"
                words, change = says if one is None else f"{row_name(one)}: {says}", _each_column(series, names, _averaged(series, many))
                form = f"averaged:{series.id}:{{site}}" if many == 2 else f"averaged:{series.id}:{{site}}:{many}"
                yield _fault(chart, "averaged", form, words, names, one, change=change)


def _one_or_all(rows: Sequence[Parameter]) -> Iterator[tuple[tuple[str, ...], Parameter | None]]:
    yield tuple(p.id for p in rows), None
    for parameter in rows:
        yield (parameter.id,), parameter


def _fault(
    chart: Chart,
    kind: str,
    form: str,
    words: str,
    names: tuple[str, ...],
    one: Parameter | None,
    by: int = 0,
    change: Change | None = None,
    answers: Callable[[MutantScorer], Answers] | None = None,
) -> Fault:
    about = names if one is not None else ()
    return Fault(kind, form, words, about, chart, Site("*" if one is None else one.id), by=by, change=change, answers=answers)


def _each_column(series: Series, names: Sequence[str], change: Callable[[CellColumn], CellColumn]) -> Change:
    """A change of some columns of the table that the order is of. It does nothing to other tables."""

    def changed(sheet: Sheet) -> Sheet:
        if sheet.rows != len(series.order):
            return sheet
        return Sheet({**sheet.columns, **{name: change(sheet.column(name)) for name in names}}, sheet.rows)

    return changed


def _answers_of(series: Series, by: int) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        other = series.neighbour(by) if len(base.rows) == len(series.order) else np.full(len(base.rows), -1, np.int64)
        rows = np.flatnonzero(other >= 0)
        from_rows = other[rows]
        points = {name: given[from_rows] for name, given in base.points.items()}
        return Answers(base.rows[rows], base.status[from_rows], base.total[from_rows], base.level[from_rows], points)

    return answers


def _sorted(falling: bool) -> Callable[[MutantScorer], Answers]:
    """The totals of the complete sets in order; levels stay where they are."""

    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        rows = np.flatnonzero(base.status == COMPLETE)
        totals = np.sort(base.total[rows])
        return Answers(rows, base.status[rows], totals[::-1] if falling else totals, base.level[rows])

    return answers


def _neighbours(series: Series, by: int) -> Callable[[CellColumn], CellColumn]:
    """The readings of neighbours; the row's own where it has none."""

    def change(column: CellColumn) -> CellColumn:
        other = series.neighbour(by)
        return CellColumn(column.cells, np.where(other >= 0, column.codes[other], column.codes).astype(np.int32))

    return change


def _carried(series: Series) -> Callable[[CellColumn], CellColumn]:
    def change(column: CellColumn) -> CellColumn:
        last = series.last_with((column.kinds == READ)[column.codes])
        return CellColumn(column.cells, np.where(column.unread_rows & (last >= 0), column.codes[last], column.codes).astype(np.int32))

    return change


def _averaged(series: Series, many: int) -> Callable[[CellColumn], CellColumn]:
    """The mean of a reading and of those in the sets before it: of as many sets as there are, `many` at most."""

    def change(column: CellColumn) -> CellColumn:
        numbers = np.array([isinstance(cell.value, Fraction) and cell.kind == READ for cell in column.cells], np.bool_)
        before, rows = series.neighbour(-1), np.arange(len(column.codes))
        used = [np.where(numbers[column.codes], column.codes, -1)]
        for _ in range(many - 1):
            rows = np.where(rows >= 0, before[rows], -1)
            there = (rows >= 0) & numbers[column.codes[rows]]
            used.append(np.where(there, column.codes[rows], -1))
        changed = np.flatnonzero((used[0] >= 0) & (np.max(used[1:], axis=0) >= 0))
        together, places = np.unique(np.stack(used)[:, changed], axis=1, return_inverse=True)
        codes = column.codes.copy()
        codes[changed] = len(column.cells) + places.reshape(-1)
        means = [_mean([column.cells[code] for code in each if code >= 0]) for each in together.T.tolist()]
        return CellColumn([*column.cells, *means], codes)

    return change


def _mean(cells: Sequence[Cell]) -> Cell:
    values = [cell.value for cell in cells if isinstance(cell.value, Fraction)]
    return Cell(READ, sum(values, Fraction(0)) / len(values))
