"""The rows of a planned source as numbers of texts: each distinct cell is read once, and rows hold the number of what it was read as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.compute as pc

from mews_newtt.engines.arrow import numbers_of
from mews_newtt.errors import Problem, short
from mews_newtt.reading.plan.cells import CellReader, Piece
from mews_newtt.reading.plan.model import OBSERVED, PERSON, Plan, Where
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.values import NOT_READ
from mews_newtt.tables.planned.layout import NOTES, Layout
from mews_newtt.tables.planned.newest import NO_VALUE, NOT_ORDERED, ORDER, orders_of
from mews_newtt.tables.planned.times import AMBIGUOUS, BLANK, LOCAL, NO_TIME, OFFSET, as_text, read_times

ROW, TIME, REFUSED, PERSON_KEY = "@row", "@time", "@refused", "@person"
CODED, LABEL, BORN, OTHER = "@c:", "@l:", "@b:", "@o:"  # columns of a frame while it is read: numbers of texts, labels, births, what travels
MOST_REMEMBERED = 1_000_000  # cells of one place
DENSE = 1 << 22  # combinations of cells that are numbered whether they occur or not

Numbers = npt.NDArray[np.uint32]
Found = tuple[tuple[Piece, ...], dict[str, int]]  # the pieces of a cell, and the number of the text of each column that is made


class Distinct:
    """The distinct cells of some columns taken together, in the order of their first rows.

    cells : of each; counts: how many rows have them; rows: the first of these; of_row: which of them each row has
    """

    def __init__(self, columns: Sequence[pl.Series], rows: npt.NDArray[np.int64]):
        key, size = np.zeros(len(rows), np.int64), 1
        words: list[list[Any]] = []
        for column in columns:
            texts, codes = _encoded(column)
            key, size = codes if size == 1 else key * len(texts) + codes, size * len(texts)
            words.append(texts)
            if size > DENSE:  # few of these pairs occur: number those that do
                occurring, key = np.unique(key, return_inverse=True)
                words = [list(_pairs(words, occurring.tolist()))]
                size = len(occurring)
        counts = np.bincount(key, minlength=size)
        first = np.full(size, -1, np.int64)
        first[key[::-1]] = np.arange(len(rows))[::-1]  # of equal places the last one written stays: the first row
        present = np.flatnonzero(counts)
        present = present[np.argsort(first[present], kind="stable")]
        self.cells: list[tuple[str | None, ...]] = _pairs(words, present.tolist())
        self.counts, self.rows = counts[present], rows[first[present]]
        place = np.zeros(size, np.int64)
        place[present] = np.arange(len(present))
        self.of_row = place[key]

    @classmethod
    def of_runs(cls, column: pl.Series, rows: npt.NDArray[np.int64]) -> Distinct:
        """The same of one column in which equal cells often follow each other: only the first cell of each run is looked at."""
        if len(column) < 2:
            return cls([column], rows)
        begins = np.ones(len(column), np.bool_)
        begins[1:] = column.slice(1).ne_missing(column.slice(0, len(column) - 1)).to_numpy()
        heads = np.flatnonzero(begins)
        if 2 * len(heads) > len(column):
            return cls([column], rows)
        found = cls([column.gather(heads)], rows[heads])
        lengths = np.diff(np.append(heads, len(column)))
        found.counts = np.bincount(found.of_row, weights=lengths, minlength=len(found.cells)).astype(np.int64)
        found.of_row = np.repeat(found.of_row, lengths)
        return found


def _encoded(column: pl.Series) -> tuple[list[Any], npt.NDArray[np.int64]]:
    """The texts of a column, then None; and which of them each row has."""
    coded = pc.dictionary_encode(column.to_arrow(compat_level=pl.CompatLevel.oldest()))
    texts = [*coded.dictionary.to_pylist(), None]
    return texts, numbers_of(coded.indices, len(texts) - 1).astype(np.int64, copy=False)


def _pairs(words: list[list[Any]], keys: list[int]) -> list[tuple[str | None, ...]]:
    """The cells that each key stands for; the last column counts fastest."""
    if len(words) == 1 and not (words[0] and isinstance(words[0][0], tuple)):
        return [(words[0][key],) for key in keys]
    found = []
    for key in keys:
        cells: tuple[Any, ...] = ()
        for texts in reversed(words):
            key, place = divmod(key, len(texts))
            cell = texts[place]
            cells = (*cell, *cells) if isinstance(cell, tuple) else (cell, *cells)
        found.append(cells)
    return found


class Texts:
    """The texts of one column that is made, each with a number from 1 on; a row without a text has 0."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._words: pl.Series | None = None

    def number(self, text: str | None) -> int:
        return 0 if text is None else self.numbers.setdefault(text, len(self.numbers) + 1)

    def of(self, numbers: pl.Series) -> pl.Series:
        if self._words is None or len(self._words) != len(self.numbers) + 1:
            self._words = pl.Series([None, *self.numbers], dtype=pl.String)
        return self._words.gather(numbers)

    def coded(self, cells: pl.Series) -> pl.Series:
        """A column of texts as numbers; 0 for none."""
        if cells.null_count() == len(cells):
            return pl.Series(cells.name, np.zeros(len(cells), np.uint32))
        coded = pc.dictionary_encode(cells.to_arrow(compat_level=pl.CompatLevel.oldest()))
        numbers = np.array([*map(self.number, coded.dictionary.to_pylist()), 0], np.uint32)
        return pl.Series(cells.name, numbers[numbers_of(coded.indices, len(numbers) - 1)])


class Rows:
    """Reads frames of a source, one after another."""

    def __init__(self, plan: Plan, layout: Layout, reader: CellReader, report: ReadingReport):
        self.plan, self.layout, self.reader, self.report = plan, layout, reader, report
        self.texts: dict[str, Texts] = {}
        self.memo: dict[Where, dict[tuple[str | None, ...], Found]] = {}
        self.faults: dict[str, Problem] = {}
        self.hows: set[int] = set()  # how times were read
        self.order_kinds: set[str | int] = set()  # and cells that say how new a row is
        self.newest = plan.sets.newest if plan.sets else None
        self.zoned = plan.times is not None and plan.times.zone is not None
        self.needs_time = bool(plan.long or plan.sets or plan.born or plan.times)

    def read(self, frame: pl.DataFrame, rows: Sequence[int] | pl.Series) -> pl.DataFrame:
        """The columns of a frame that are needed, read. `rows`: where its rows are in the file."""
        frame = _text(frame).with_columns(pl.Series(ROW, rows, dtype=pl.Int64))
        self.report.rows += frame.height
        frame, why = self._counting(frame)
        if self.plan.long:
            frame, why = self._of_known_codes(frame, why)
        columns = [frame.get_column(ROW)]
        if self.plan.long:
            columns += self._long(frame)
        for where in dict.fromkeys([*self.layout.targets, *self.layout.outs]):
            if not where.is_code and where.name in frame.columns:
                columns += self._place(frame, where, [where.name], lambda cell, where=where: (where, cell, None))
        columns += self._labels(frame)
        times, no_time = self._times(frame) if self.needs_time else ([], why)
        columns += times
        order, no_order = self._orders(frame, why)
        columns += order
        why = np.where(why > 0, why, no_order)
        columns += [frame.get_column(name).alias(BORN + ours) for ours, name in self.layout.born.items()]
        if not self.plan.long:
            columns += [frame.get_column(name).alias(OTHER + name) for name in self.layout.other]
        columns.append(pl.Series(REFUSED, np.where(why > 0, why, no_time)))
        return pl.DataFrame({column.name: column for column in columns})  # two of one name: a fault of the plan, which is found elsewhere

    def _counting(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, Numbers]:
        """The rows that count, and the number of the text why some of these are refused all the same."""
        status = self.plan.status
        if status is None or status.column not in frame.columns:
            return frame, np.zeros(frame.height, np.uint32)
        word = frame.get_column(status.column).str.strip_chars().str.to_lowercase().fill_null("")
        void = word.is_in(list(status.void))
        left = frame.filter(void).group_by(status.column).agg(pl.len(), pl.col(ROW).min()).sort(ROW)
        for cell, number, row in left.iter_rows():
            self.report.leave_out(f"{status.column} is {short(cell or '')!r}", number, row, cell or "")
        frame, word = frame.filter(~void), word.filter(~void)
        why = np.zeros(frame.height, np.uint32)
        if status.counts:
            unknown = ~word.is_in(list(status.counts))
            for cell, number, row in frame.filter(unknown).group_by(status.column).agg(pl.len(), pl.col(ROW).min()).sort(ROW).iter_rows():
                reason = "the plan does not say whether rows of this word count"
                self.report.refuse(f"column {status.column}", reason, number, row, cell or "")
            cells = frame.get_column(status.column).fill_null("")
            column = status.column.replace("{", "{{").replace("}", "}}")
            form = f"{NOT_READ}column {column}: '{{}}': the plan does not say whether such a row counts"
            words = pl.DataFrame([cells]).select(pl.format(form, pl.all())).to_series()
            why = np.where(unknown.to_numpy(), self.texts.setdefault(REFUSED, Texts()).coded(words).to_numpy(), 0).astype(np.uint32)
        return frame, why

    def _place(self, frame: pl.DataFrame, where: Where, names: list[str], split: Callable[..., Any]) -> list[pl.Series]:
        """Read the distinct cells of some columns together, and give each row the numbers of what they were read as."""
        outs = [*self.reader.makes(where), *([f"{NOTES}@{where.name}"] if self.plan.numbers.ranges else [])]
        return self._coded(frame, where, names, outs, lambda *cells: self.reader.read(*split(*cells)), lambda *cells: split(*cells)[:2])

    def _coded(
        self,
        frame: pl.DataFrame,
        memory: Where,
        names: list[str],
        outs: list[str],
        read: Callable[..., tuple[Piece, ...]],
        place: Callable[..., tuple[Where, str | None]],
    ) -> list[pl.Series]:
        memo = self.memo.setdefault(memory, {})
        if len(memo) > MOST_REMEMBERED:
            memo.clear()
        distinct = Distinct([frame.get_column(name) for name in names], frame.get_column(ROW).to_numpy())
        found = {out: np.zeros(len(distinct.cells), np.uint32) for out in outs}
        for out in outs:
            self.texts.setdefault(out, Texts())
        for index, key in enumerate(distinct.cells):
            known = memo.get(key)
            if known is None:
                pieces = read(*key)
                known = memo[key] = (pieces, {piece.out: self._number(piece.out, self._kept(piece.text)) for piece in pieces})
                notes = [f"{piece.out.partition('@')[0]}: {place(*key)[1]} read as {piece.detail}" for piece in pieces if piece.how == "range"]
                if notes:
                    out = next(out for out in outs if out.startswith(NOTES + "@"))
                    known[1][out] = self._number(out, "; ".join(notes))
            at, cell = place(*key)
            self.report.count(at, cell, known[0], int(distinct.counts[index]), int(distinct.rows[index]))
            for out, number in known[1].items():
                if number:
                    found[out][index] = number
        return [pl.Series(CODED + out, numbers[distinct.of_row]) for out, numbers in found.items()]

    def _kept(self, text: str | None) -> str | None:
        return NO_VALUE if text is None and self.newest else text

    def _number(self, out: str, text: str | None) -> int:
        return self.texts.setdefault(out, Texts()).number(text)

    def _of_known_codes(self, frame: pl.DataFrame, why: Numbers) -> tuple[pl.DataFrame, Numbers]:
        """The rows whose code is read. The others are counted, and begin no set."""
        assert self.plan.long is not None
        column = frame.get_column(self.plan.long.code)
        codes = column.unique(maintain_order=True)
        if all(self.layout.code(code) is not None for code in codes):
            return frame, why
        distinct = Distinct([column], frame.get_column(ROW).to_numpy())
        is_read = np.zeros(len(distinct.cells), np.bool_)
        for index, (code,) in enumerate(distinct.cells):
            is_read[index] = self.layout.code(code) is not None
            if not is_read[index]:
                self.report.knows(Where((code or "").strip(), True)).cells += int(distinct.counts[index])
        rows = is_read[distinct.of_row]
        return frame.filter(rows), why[rows]

    def _long(self, frame: pl.DataFrame) -> list[pl.Series]:
        """The readings of rows with a code, a value and perhaps a unit."""
        long, layout = self.plan.long, self.layout
        assert long is not None
        names = [long.code, long.value, *([long.unit] if long.unit else [])]
        outs = self.long_outs()

        def read(code: str | None, value: str | None, unit: str | None = None) -> tuple[Piece, ...]:
            where = layout.code(code)
            if unit is not None:
                unit = long.units.get(unit.strip(), unit)
            return () if where is None else self.reader.read(where, value, unit)

        def place(code: str | None, value: str | None, _: str | None = None) -> tuple[Where, str | None]:
            return Where((code or "").strip(), True), value

        return self._coded(frame, Where("", True), names, outs, read, place)

    def long_outs(self) -> list[str]:
        codes = [where for where in dict.fromkeys([*self.layout.targets, *self.layout.outs]) if where.is_code]
        outs = dict.fromkeys(out for where in codes for out in self.reader.makes(where))
        return [*outs, *([f"{NOTES}@"] if self.plan.numbers.ranges else [])]

    def _labels(self, frame: pl.DataFrame) -> list[pl.Series]:
        found = []
        for ours, name in self.layout.labels.items():
            if ours == OBSERVED and self.needs_time:
                continue
            marks = self.plan.column_map.marks(ours)
            if ours == PERSON and (self.plan.long or self.plan.sets):
                found.append(self._people(frame.get_column(name), frame.get_column(ROW).to_numpy(), marks))
                continue
            text = frame.get_column(name).str.strip_chars()
            blank = text.is_in(["", *marks]).fill_null(value=True)
            found.append(text.set(blank, None).alias(LABEL + ours))
        return found

    def _people(self, column: pl.Series, rows: npt.NDArray[np.int64], marks: frozenset[str]) -> pl.Series:
        """People by number. A row of nobody is like no other."""
        texts, distinct = self.texts.setdefault(PERSON_KEY, Texts()), Distinct.of_runs(column, rows)
        people = [(cell or "").strip() for (cell,) in distinct.cells]
        numbers = np.array([texts.number(who) if who and who not in marks else 0 for who in people], np.uint32)[distinct.of_row]
        for place in np.flatnonzero(numbers == 0).tolist():
            numbers[place] = texts.number(f"\0{rows[place]}")
        return pl.Series(PERSON_KEY, numbers)

    def _times(self, frame: pl.DataFrame) -> tuple[list[pl.Series], Numbers]:
        """The time of each row, and the number of the text why a row has none that can be read."""
        times = self.plan.times
        parts = times.columns if times and len(times.columns) > 1 else ()
        if parts and all(name in frame.columns for name in parts):
            given = frame.select(pl.concat_str([pl.col(name).str.strip_chars() for name in parts], separator=" ")).to_series()
            name = " and ".join(parts)
        elif OBSERVED in self.layout.labels:
            name = self.layout.labels[OBSERVED]
            given = frame.get_column(name)
        else:
            return [], np.zeros(frame.height, np.uint32)
        distinct = Distinct.of_runs(given, frame.get_column(ROW).to_numpy())
        cells = pl.Series([cell for (cell,) in distinct.cells], dtype=pl.String)
        time, how = read_times(cells, times.formats if times else (), times.zone if times else None)
        self.hows |= set(how.unique().to_list())
        whys = {
            NO_TIME: "is not a time in a format of the plan" if times and times.formats else "is not a time written like 2026-11-20 08:00",
            AMBIGUOUS: "is more than one time: two formats of the plan, or the change of the clocks",
            BLANK: "no time is given",
        }
        needed = self.plan.long or self.plan.sets or self.plan.born
        why, kept = np.zeros((2, len(cells)), np.uint32)
        refusals, own = self.texts.setdefault(REFUSED, Texts()), self.texts.setdefault(LABEL + OBSERVED, Texts())
        for index in np.flatnonzero(how.to_numpy() > OFFSET).tolist():
            code = how[index]
            reason = whys[code]
            if code != BLANK or needed:
                quoted = f"{short(cells[index] or '')!r} " if code != BLANK else ""
                why[index] = refusals.number(f"{NOT_READ}column {name}: {quoted}{reason}")
                kept[index] = own.number(cells[index])  # a cell that is not a time stays in the output as it is
                self.report.refuse(f"column {name}", reason, int(distinct.counts[index]), int(distinct.rows[index]), cells[index] or "")
        columns = [time.gather(distinct.of_row).alias(TIME), pl.Series(LABEL + OBSERVED, kept[distinct.of_row])]
        return columns, why[distinct.of_row]

    def _orders(self, frame: pl.DataFrame, why: Numbers) -> tuple[list[pl.Series], Numbers]:
        """How new each row is, and the number of the text why that cannot be known."""
        if self.newest is None or self.newest not in frame.columns:
            return [], why
        distinct = Distinct([frame.get_column(self.newest)], frame.get_column(ROW).to_numpy())
        cells = pl.Series([cell for (cell,) in distinct.cells], dtype=pl.String)
        found = orders_of(cells, self.plan.times)
        self.order_kinds |= found.kinds
        refusals, unread = self.texts.setdefault(REFUSED, Texts()), np.zeros(len(cells), np.uint32)
        for index in np.flatnonzero(found.unread).tolist():
            unread[index] = refusals.number(f"{NOT_READ}column {self.newest}: {short(cells[index])!r} {NOT_ORDERED}")
            self.report.refuse(f"column {self.newest}", NOT_ORDERED, int(distinct.counts[index]), int(distinct.rows[index]), cells[index])
        return [pl.Series(ORDER, found.orders[distinct.of_row])], unread[distinct.of_row]

    @property
    def has_offsets(self) -> bool:
        return self.zoned or OFFSET in self.hows

    def times_fault(self) -> list[Problem]:
        """Times with and without an offset in one file: their order is not known. Nor is that of numbers and times."""
        if len(self.order_kinds) > 1 and not (self.zoned and "number" not in self.order_kinds):
            what = f"numbers and times, or times with and without an offset, are in the column {self.newest}: which is newer is not known"
            mend = "name a column with version numbers, or with times of one kind"
            return [Problem("newest_mixed", f"{self.plan.name}, [sets], newest", what, mend)]
        if not {LOCAL, OFFSET} <= self.hows or self.zoned:
            return []
        mend = 'say in which zone times without an offset are: [times] zone = "Europe/London"'
        return [Problem("time_without_offset", self.plan.name, "some times give an offset from UTC, and others do not", mend)]

    def observed(self) -> pl.Expr:
        """The text of the time in the output: the time as it was read, or the cell where it was not."""
        zone = self.plan.times.zone if self.plan.times else None
        unread = pl.col(LABEL + OBSERVED).map_batches(self.texts.setdefault(LABEL + OBSERVED, Texts()).of, return_dtype=pl.String)
        return pl.coalesce(as_text(pl.col(TIME), zone, self.has_offsets), unread).alias(LABEL + OBSERVED)


def _text(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as text. Lists and structures are left out; the layout has named them."""
    flat = frame.select(name for name, kind in frame.schema.items() if not kind.is_nested())
    other = [name for name, kind in flat.schema.items() if kind != pl.String]
    return flat.with_columns(pl.col(name).cast(pl.String, strict=False) for name in other) if other else flat
