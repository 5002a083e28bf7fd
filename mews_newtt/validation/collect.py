"""Adds up what was found in chunks compared one by one, and makes the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import COMPLETE, NO_POINTS, REFUSED, Results
from mews_newtt.reading.column_names import is_about, meaning_of, words_of
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.unread import LOOKED_AT
from mews_newtt.validation.comparer import Compared, Comparer, explained
from mews_newtt.validation.diagnose.places import is_person, is_place, is_result
from mews_newtt.validation.diagnose.within import Around
from mews_newtt.validation.expected import AGREED, BY_CODE, CODES, EMPTY, ExpectedColumn, Kinds, Numbers
from mews_newtt.validation.file_side import FileSide
from mews_newtt.validation.mutants import Flags
from mews_newtt.validation.result import MOST_LISTED, ColumnCounts, Disagreement, Matrix, Origin, Validation, kinds_in_order
from mews_newtt.validation.returned import Returned
from mews_newtt.validation.stated import NONE, STATUSES, UNKNOWN, UNREADABLE
from mews_newtt.validation.tally import Tally
from mews_newtt.validation.unread_cells import UnreadCounter
from mews_newtt.validation.worst_rows import MOST_WRITTEN, WorstRows

WRONG_KEPT, RIGHT_KEPT = 50_000, 100_000  # rows that the diagnosis looks at


class Limits(NamedTuple):
    """How many rows are kept: with their reasons; for the diagnosis, those that disagree and agree; and for disagreements.csv."""

    listed: int
    wrong: int
    right: int
    written: int = MOST_WRITTEN


class Part(NamedTuple):
    """What was counted in a part of the rows. It can be sent from one process to another."""

    numbers: tuple[int, int, int, int]  # rows, compared, wrong, without readings
    counters: tuple[Counter[Any], ...]
    by_column: Mapping[str, ColumnCounts]
    exercised: list[tuple[int, int]]
    uncounted: set[str]
    doubts: Mapping[str, str]
    listed: list[Disagreement]
    file_side: FileSide
    samples: tuple[_Sample, _Sample]


class _Sample:
    """An even sample of no more than a number of rows: each time there are too many, every second one is dropped."""

    def __init__(self, most: int):
        self.most, self.stride, self.rows, self.frames = most, 1, 0, list[pl.DataFrame]()
        self.places = list[npt.NDArray[np.int64]]()  # of the kept rows, in all rows
        self.seen = 0
        self.whole = True  # it holds all rows that it was given

    def add(self, frame: pl.DataFrame, rows: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> None:
        """Add some rows of a frame, and where they are in all rows."""
        start = -self.seen % self.stride
        self.seen += len(rows)
        chosen = rows[start :: self.stride]
        if len(chosen):
            self.frames.append(frame[chosen])
            self.places.append(places[start :: self.stride])
            self.rows += len(chosen)
        while self.rows > self.most:
            half = pl.concat(self.frames)[::2]
            self.frames, self.rows, self.stride = [half], half.height, self.stride * 2
            self.places = [np.concatenate(self.places)[::2]]
            self.whole = False

    def join(self, other: _Sample, before: int) -> None:
        """Add the rows that another sample kept; `before` rows come before those."""
        for frame, places in zip(other.frames, other.places, strict=True):
            self.add(frame, np.arange(frame.height), places + before)
        self.whole = self.whole and other.whole


class Collector:
    """Adds up chunks, in their order."""

    def __init__(self, comparer: Comparer, before: int, limits: Limits | None = None, *, written: int = MOST_WRITTEN):
        self.limits = limits or Limits(MOST_LISTED, WRONG_KEPT, RIGHT_KEPT, written)
        self.comparer, self.chart, self.before = comparer, comparer.chart, before
        self.rows = self.compared = self.wrong = self.bare = 0
        self.status: Counter[str] = Counter()
        self.by_column = {column.name: ColumnCounts() for column in comparer.expected}
        self.blank: Counter[str] = Counter()  # cells that state nothing
        self.kinds: Counter[str] = Counter()
        self.totals: Counter[tuple[str, str]] = Counter()
        self.levels: Counter[tuple[str, str]] = Counter()
        self.tally = Tally(comparer.chart, comparer.column_map)
        self.tally.exercised.known = {column.parameter for column in comparer.expected if column.holds == "points"}
        self.listed: list[Disagreement] = []
        self.worst = WorstRows(comparer, self.limits.written) if self.limits.written else None
        self.kept_wrong, self.kept_right = _Sample(self.limits.wrong), _Sample(self.limits.right)
        self.unread = UnreadCounter(comparer)
        self.returned = Returned(comparer)

    def add(self, chunk: Compared) -> None:
        """Count a chunk."""
        results, rows = chunk.results, chunk.frame.height
        if not rows:
            return
        if not self.rows:
            unread = self.comparer.unread
            unread.look({name: chunk.frame.get_column(name).head(LOOKED_AT).to_list() for name in unread.screened})
        claims, wrong, states = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
        own_wrong: dict[str, Flags] = {}
        for column in self.comparer.expected:
            kinds = chunk.kinds[column.name]
            claims |= kinds != EMPTY
            filled = chunk.values[column.name] != NONE
            states |= filled
            self.blank[column.name] += int((~filled).sum())
            here = kinds > AGREED
            wrong |= here
            if column.holds == "points":
                own_wrong[column.parameter] = here
            self._count(column, chunk, kinds, here)
        counted = np.bincount(results.status, minlength=3).tolist()
        self.status.update(dict(zip(STATUSES, counted, strict=True)))
        self.tally.add(chunk.columns, results, claims, wrong, own_wrong)
        wrong_rows = np.flatnonzero(wrong)
        self.unread.add(chunk, wrong, self.before + self.rows)
        if len(wrong_rows):
            self._keep_wrong(chunk, wrong_rows)
        right_rows = np.flatnonzero(~wrong)  # with those that state nothing: the diagnosis needs the rows before a row
        self.kept_right.add(chunk.frame, right_rows, right_rows + self.rows)
        self.returned.add(chunk)
        self.rows += rows
        self.compared += int(claims.sum())
        self.bare += int((states & ~claims).sum())
        self.wrong += len(wrong_rows)

    def _count(self, column: ExpectedColumn, chunk: Compared, kinds: Kinds, wrong: Flags) -> None:
        """Count the cells of one column."""
        times = np.bincount(kinds, minlength=max(CODES.values()) + 1).tolist()
        counts = self.by_column[column.name]
        disagreed = sum(times[AGREED + 1 :])
        counts.blank += times[EMPTY]
        counts.agreed += times[AGREED]
        counts.disagreed += disagreed
        counts.compared += times[AGREED] + disagreed
        self.kinds.update({BY_CODE[code]: cells for code, cells in enumerate(times) if code > AGREED and cells})
        values, results = chunk.values[column.name], chunk.results
        right = self._right(column, results)
        if disagreed and right is not None:
            numbers = wrong & (values > UNKNOWN) & (results.status == COMPLETE) & (kinds != CODES["left_out"]) & (right != NO_POINTS)
            counts.lower += int((numbers & (values < right)).sum())
            counts.higher += int((numbers & (values > right)).sum())
        if column.holds == "total":
            self._pair(self.totals, values, np.where(results.status == COMPLETE, results.least, -1), results, self._stated_total, str)
        elif column.holds == "level":
            ids = [level.id for level in self.chart.levels]
            self._pair(self.levels, values, results.level, results, lambda rank: ids[rank], lambda rank: ids[rank])

    def _right(self, column: ExpectedColumn, results: Results) -> npt.NDArray[Any] | None:
        """The chart's numbers for a column; None for a status, or for a total on a chart without points."""
        if column.holds == "points":
            points: npt.NDArray[Any] = results.points[self.comparer.reader.scored.index(column.parameter)]
            return points
        if column.holds == "total":
            return results.least if self.chart.has_points else None
        return results.level if column.holds == "level" else None

    def _stated_total(self, value: int) -> str:
        return str(value) if 0 <= value <= 99 else "other"

    def _pair(self, into: Counter[tuple[str, str]], stated: Numbers, right: npt.NDArray[Any], results: Results, says: Any, right_says: Any) -> None:
        """Count pairs of a stated and a computed answer, for the matrix."""
        rows = stated != NONE
        if not rows.any():
            return
        own = right.astype(np.int64)
        own[results.status == REFUSED] = -2
        if into is self.totals:
            own[(results.status == COMPLETE) & (not self.chart.has_points)] = -3
        key = stated[rows].astype(np.int64) * 4096 + (own[rows] + 16)
        pairs, times = np.unique(key, return_counts=True)
        words = {-1: "partial", -2: "refused", -3: "no total"}
        for pair, number in zip(pairs.tolist(), times.tolist(), strict=True):
            left, computed = pair // 4096, pair % 4096 - 16
            label = "unreadable" if left in (UNREADABLE, UNKNOWN) else says(left)
            into[label, words.get(computed) or right_says(computed)] += number

    def _keep_wrong(self, chunk: Compared, wrong_rows: npt.NDArray[np.int64]) -> None:
        if self.worst is not None:
            self.worst.add(chunk, wrong_rows, self.before + self.rows)
        room = self.limits.listed - len(self.listed)
        for row in wrong_rows[:room].tolist() if room > 0 else ():
            self.listed.append(explained(self.comparer, chunk, row, self.before + self.rows))
        self.kept_wrong.add(chunk.frame, wrong_rows, wrong_rows + self.rows)

    def part(self) -> Part:
        """What was counted so far, for `join` of another collector over the same columns."""
        return Part(
            (self.rows, self.compared, self.wrong, self.bare),
            self._counters(),
            self.by_column,
            [(counts.rows, counts.disagreed) for counts in self.tally.exercised.every_count()],
            self.tally.uncounted,
            self.comparer.unread.doubts,
            self.listed,
            self.unread.finish({}),
            (self.kept_wrong, self.kept_right),
        )

    def join(self, part: Part) -> None:
        """Add what another collector counted in the rows that follow."""
        earlier, before = self.rows, self.before + self.rows
        rows, compared, wrong, bare = part.numbers
        self.rows, self.compared, self.wrong, self.bare = self.rows + rows, self.compared + compared, self.wrong + wrong, self.bare + bare
        for own, other in zip(self._counters(), part.counters, strict=True):
            own.update(other)
        for name, counts in part.by_column.items():
            self.by_column[name].add(counts)
        for counted, (seen, disagreed) in zip(self.tally.exercised.every_count(), part.exercised, strict=True):
            counted.add(seen, disagreed)
        self.tally.uncounted |= part.uncounted
        self.comparer.unread.doubts |= {name: why for name, why in part.doubts.items() if name not in self.comparer.unread.doubts}
        room = max(self.limits.listed - len(self.listed), 0)
        self.listed += [one._replace(row=before + one.row) for one in part.listed[:room]]
        self.unread.join(part.file_side, before)
        self.kept_wrong.join(part.samples[0], earlier)
        self.kept_right.join(part.samples[1], earlier)

    def _counters(self) -> tuple[Counter[Any], ...]:
        return self.status, self.blank, self.kinds, self.totals, self.levels

    def finish(self, source: Origin, notes: Sequence[str] = (), reading: ReadingReport | None = None) -> Validation:
        """The result. `notes` come after those that the counts give; `reading` is what a plan read of the file."""
        more, notes = (
            notes,
            [
                f"{name}: more than 50,000 different values in one chunk of rows; its bands and edges were not counted there"
                for name in sorted(self.tally.uncounted)
            ],
        )
        for name, blank in self.blank.items():
            if blank and name != "expected_status":
                cells = "1 cell is" if blank == 1 else f"{blank:,} cells are"
                notes.append(f"{name}: {cells} blank and state nothing; they were not compared")
        if self.bare:
            rows = "1 row states" if self.bare == 1 else f"{self.bare:,} rows state"
            notes.append(f"{rows} a score and {'has' if self.bare == 1 else 'have'} no reading: there is nothing to compare the score with")
        stated = {column.holds for column in self.comparer.expected}
        judged = self.returned.rows == self.rows and source.kind in ("file", "table")  # every row was looked at, and a person gave the file
        return Validation(
            self.chart,
            source,
            self.rows,
            self.compared,
            self.compared - self.wrong,
            self.status["complete"],
            self.status["partial"],
            self.status["refused"],
            self.by_column,
            kinds_in_order(self.kinds),
            _total_matrix(self.totals) if "total" in stated else None,
            _level_matrix(self.chart, self.levels) if "level" in stated else None,
            self.tally.exercised,
            tuple(self.listed),
            self.comparer.unread.names + tuple(reading.columns_left(self.comparer.unread.names) if reading else ()),
            self.comparer.without_column,
            self.bare,
            self.comparer.reader.blanks_disagree,
            (*notes, *more),
            file_side=self._file_side(judged and self.returned.of_pack),
            reading=reading,
            worst=self.worst,
            sample=self._sample() if self.wrong else None,
            around=self._around() if self.wrong else None,
            right_answers=judged and self.returned.own and not self.wrong,
            cases_of_pack=judged and self.returned.of_pack,
            unanswered=self.returned.unanswered if judged and not self.comparer.reader.blanks_disagree else 0,
        )

    def _file_side(self, of_pack: bool) -> FileSide:
        """What the file leaves open. A pack holds impossible readings on purpose: they are no fault of the file."""
        found = self.unread.finish(self.comparer.unread.doubts)
        return found._replace(cells=tuple(one for one in found.cells if one.code != "reading_impossible")) if of_pack else found

    def _sample(self) -> tuple[pa.Table, ColumnMap, bool]:
        """A sample of rows for the diagnosis in their order, with our column names; how their cells are read; whether it holds all rows."""
        comparer = self.comparer
        places = np.concatenate([*self.kept_wrong.places, *self.kept_right.places])
        frame = pl.concat([*self.kept_wrong.frames, *self.kept_right.frames])[np.argsort(places)]
        columns = [frame.get_column(theirs).alias(our) for theirs, our in comparer.read]
        columns += [frame.get_column(column.theirs).alias(column.name) for column in comparer.expected]
        read = {our for _, our in comparer.read}
        columns += [frame.get_column(theirs).alias(our) for our, theirs in comparer.order.items() if theirs in frame.columns and our not in read]
        own = comparer.column_map._replace(columns={}, ignore=frozenset())
        return pl.DataFrame(columns).to_arrow(), own, self.kept_wrong.whole and self.kept_right.whole

    def _around(self) -> Around:
        """What the file says of the rows of the sample beside readings and answers. Columns about persons are left out."""
        comparer, known = self.comparer, self.chart.observations

        def means(name: str) -> bool:
            meaning = meaning_of(name, known)
            return meaning is not None and not self.chart.by_id.keys().isdisjoint(meaning.parameters)

        places = np.concatenate([*self.kept_wrong.places, *self.kept_right.places])
        wrong = np.arange(len(places)) < self.kept_wrong.rows
        order = np.argsort(places)
        used = {theirs for theirs, _ in comparer.read} | {column.theirs for column in comparer.expected}
        used |= comparer.persons | {name for name in comparer.beside if is_person(name) or is_result(name)}
        frames = [*self.kept_wrong.frames, *self.kept_right.frames]
        left = [name for name in frames[0].columns if name not in used and (is_place(name) or is_about(words_of(name)) or not means(name))]
        columns = pl.concat([frame.select(left) for frame in frames])[order] if left else pl.DataFrame()
        of_wrong, of_right = self.wrong / max(1, self.kept_wrong.rows), (self.compared - self.wrong) / max(1, self.kept_right.rows)
        return Around(columns, wrong[order], places[order] + self.before + 1, of_wrong, of_right)


def _total_matrix(counts: Mapping[tuple[str, str], int]) -> Matrix:
    def order(label: str) -> tuple[int, int, str]:
        return (0, int(label), "") if label.isdigit() else (1, 0, label)

    stated, right = ({pair[side] for pair in counts} for side in (0, 1))
    return Matrix(tuple(sorted(stated, key=order)), tuple(sorted(right, key=order)), counts)


def _level_matrix(chart: Chart, counts: Mapping[tuple[str, str], int]) -> Matrix:
    ids = [level.id for level in chart.levels]
    stated, right = ({pair[side] for pair in counts} for side in (0, 1))
    return Matrix(
        (*(name for name in ids if name in stated), *sorted(stated - set(ids))),
        (*(name for name in ids if name in right), *sorted(right - set(ids))),
        counts,
    )
