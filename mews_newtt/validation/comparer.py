"""One chunk of rows scored and compared with what a platform states; the lines and explanations of the rows that disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.arrow import readable_table
from mews_newtt.engines.base import COMPLETE, NO_POINTS, PARTIAL, REFUSED, Results
from mews_newtt.reading.columns import ColumnMap, rows_without_column
from mews_newtt.reading.rows import given_of_cell, given_of_row
from mews_newtt.reading.unread import Unread
from mews_newtt.reading.values import SKIP_PREFIX, read, read_reason
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables.table import score_columns
from mews_newtt.validation.expected import AGREED, BY_CODE, CODES, ExpectedColumn, Kinds, Numbers, Reader, columns_of, expected_columns
from mews_newtt.validation.mutants import Flags, distinct_values
from mews_newtt.validation.result import Disagreement, WrongCell
from mews_newtt.validation.row_order import person_and_time
from mews_newtt.validation.stated import STATUSES, computed_words, sum_words
from mews_newtt.validation.tally import Coded

LINE = ("row", "column", "kind", "expected", "computed")
OUTCOMES = ("score_status", "total_min", "total_max", "level", "level_max")
MOST_SHOWN = 200  # characters of a cell that go into a report


@dataclass
class Compared:
    """One chunk: its rows, the chart's results, what each expected column states, and the verdict on each cell."""

    frame: pl.DataFrame
    results: Results
    values: dict[str, Numbers]
    kinds: dict[str, Kinds]
    columns: dict[str, Coded]
    places: Numbers | None = None  # where each row is in its file, if rows of the file were left out or joined

    def numbers(self, rows: npt.NDArray[np.int64], before: int) -> npt.NDArray[Any]:
        """The numbers of some rows, as a person finds them in the file; `before` rows come before this chunk."""
        return rows + before + 1 if self.places is None else self.places[rows]


class Comparer:
    """Compares chunks of the same columns with one chart; safe on several threads at once."""

    def __init__(self, chart: Chart, names: Sequence[str], column_map: ColumnMap, blanks_disagree: bool, about: Sequence[str] = ()):
        self.chart, self.column_map = chart, column_map
        ours = columns_of(names, chart, column_map)
        self.expected = expected_columns(names, ours, chart, column_map)
        self.reader = Reader(chart, column_map, blanks_disagree)
        pairs = [pair for pair in zip(names, ours, strict=True) if pair[0] not in column_map.ignore]
        self.read = [(theirs, our) for theirs, our in pairs if our.removeprefix(SKIP_PREFIX) in chart.by_id]
        self.case_id = next((theirs for theirs, our in pairs if our == "case_id"), None)
        self.order = person_and_time([theirs for theirs, _ in pairs], [our for _, our in pairs])
        self.persons = frozenset(theirs for theirs, our in zip(names, ours, strict=True) if our in ("case_id", "patient_id"))
        self.unread = Unread(names, ours, chart, column_map, used=[*(column.theirs for column in self.expected), *about])
        self.without_column = tuple(p.id for p in rows_without_column(chart, [our for _, our in self.read]) if p.role == "scored")
        self.beside = _names_beside([*LINE, *OUTCOMES], names)
        self.points = any(column.holds == "points" for column in self.expected)

    def compare(self, frame: pl.DataFrame) -> Compared:
        """Score a chunk and compare it."""
        table: pa.Table = frame.select([theirs for theirs, _ in self.read]).rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        results = score_columns(self.chart, table, [our for _, our in self.read], self.column_map, self.points, 1)
        columns = {our: distinct_values(table.column(index)) for index, (_, our) in enumerate(self.read)}
        stated = frame.select([column.theirs for column in self.expected]).rechunk()
        answers = readable_table(stated.to_arrow(compat_level=pl.CompatLevel.newest()))
        values = {column.name: self.reader.read(column, answers.column(index)) for index, column in enumerate(self.expected)}
        bare = self._bare(results, columns)
        kinds = {column.name: self.reader.kinds(column, values, results, bare) for column in self.expected}
        return Compared(frame, results, values, kinds, columns)

    def _bare(self, results: Results, columns: dict[str, Coded]) -> Flags:
        """Rows that have neither a reading nor a reason for no reading of any scored parameter."""
        rows = np.flatnonzero(results.status == PARTIAL)
        for name, (raws, codes) in sorted(columns.items(), key=lambda column: len(column[1][0])):
            if not len(rows):
                break
            if self.chart.by_id[name.removeprefix(SKIP_PREFIX)].role != "recorded":
                found, here = np.unique(codes[rows], return_inverse=True)
                rows = rows[np.array([self._is_blank(name, raws[code]) for code in found.tolist()], np.bool_)[here]]
        bare = np.zeros(len(results.status), np.bool_)
        bare[rows] = True
        return bare

    def _is_blank(self, name: str, raw: Any) -> bool:
        parameter = name.removeprefix(SKIP_PREFIX)
        if name != parameter:
            return not read_reason(given_of_cell(name, raw, self.column_map))
        return read(self.chart.by_id[parameter].observation, given_of_cell(name, raw, self.column_map)) is None


# Rows that disagree


def line_columns(comparer: Comparer) -> list[str]:
    """The columns of disagreements.csv: ours, then every column of the file under its own name."""
    return [*LINE, *OUTCOMES, *comparer.beside.values()]


def lines_of(comparer: Comparer, chunk: Compared, rows: npt.NDArray[np.int64], before: int) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """The lines of disagreements.csv: one for each cell that disagrees in these rows, in their order; and the row of the chunk that each is of.

    `before` rows come before the chunk.
    """
    parts = []
    words = [BY_CODE.get(code, "") for code in range(max(CODES.values()) + 1)]
    for order, column in enumerate(comparer.expected):
        kinds = chunk.kinds[column.name][rows]
        wrong = rows[kinds > AGREED]
        parts.append(
            pl.DataFrame(
                [
                    pl.Series("row", chunk.numbers(wrong, before)),
                    pl.Series("index", wrong),
                    pl.Series("order", np.full(len(wrong), order)),
                    pl.Series("column", [column.name] * len(wrong), pl.String),
                    pl.Series("kind", words, pl.String)[kinds[kinds > AGREED]],
                    chunk.frame.get_column(column.theirs)[wrong].cast(pl.String).alias("expected"),
                    _computed(comparer, chunk.results, column, wrong),
                ]
            )
        )
    lines = pl.concat(parts).sort("index", "order")
    at = lines.get_column("index").to_numpy()
    own = [_text(chunk.frame.get_column(theirs)[at]).alias(name) for theirs, name in comparer.beside.items()]
    return pl.DataFrame([*lines.drop("index", "order").get_columns(), *_outcomes(comparer.chart, chunk.results, at), *own]), at


def _text(column: pl.Series) -> pl.Series:
    """A column of the file as text; lists and structures as they print."""
    if column.dtype.is_nested() or column.dtype == pl.Object:
        return pl.Series(column.name, [None if cell is None else str(cell) for cell in column.to_list()], pl.String)
    return column.cast(pl.String, strict=False)


def _names_beside(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
    """What each column of the file is called beside columns of ours: its own name, unless ours has that name."""
    taken = {*ours}
    found: dict[str, str] = {}
    for name in theirs:
        called = name if name not in taken else f"{name} (of the file)"
        while called in taken:
            called += "'"
        found[name] = called
        taken.add(called)
    return found


def _computed(comparer: Comparer, results: Results, column: ExpectedColumn, rows: npt.NDArray[np.int64]) -> pl.Series:
    """What the chart gives for expected cells; empty where it gives nothing."""
    chart, status = comparer.chart, results.status[rows]
    if not len(rows):
        return pl.Series("computed", [], pl.String)
    if column.holds == "status":
        return pl.Series("computed", STATUSES, pl.String)[status].alias("computed")
    if column.holds == "level":
        computed = pl.Series("computed", [level.id for level in chart.levels], pl.String)[results.level[rows]]
        none = status == REFUSED
    elif column.holds == "points":
        points = results.points[comparer.reader.scored.index(column.parameter)][rows]
        computed, none = pl.Series("computed", points).cast(pl.String), points == NO_POINTS
    else:
        computed = pl.Series("computed", results.least[rows]).cast(pl.String)
        none = (status != COMPLETE) | (not chart.has_points)
    return computed.set(pl.Series(none), None).alias("computed")


def _outcomes(chart: Chart, results: Results, rows: npt.NDArray[np.int64]) -> list[pl.Series]:
    """Status, bounds and levels of rows."""
    ids, status = [level.id for level in chart.levels], results.status[rows]
    none, no_total = pl.Series("", status == REFUSED, pl.Boolean), pl.Series("", (status == REFUSED) | (not chart.has_points), pl.Boolean)
    columns = (
        pl.Series(STATUSES, dtype=pl.String)[status],
        pl.Series(results.least[rows]).set(no_total, None),
        pl.Series(results.most[rows]).set(no_total, None),
        pl.Series(ids, dtype=pl.String)[results.level[rows]].set(none, None),
        pl.Series(ids, dtype=pl.String)[results.level_max[rows]].set(none, None),
    )
    return [column.alias(name) for name, column in zip(OUTCOMES, columns, strict=True)]


def explained(comparer: Comparer, chunk: Compared, row: int, before: int) -> Disagreement:
    """A row that disagrees, with the reasons of the reference scorer; `before` rows come before its chunk."""
    chart, frame = comparer.chart, chunk.frame
    cells = {our: _cell(frame.get_column(theirs), row) for theirs, our in comparer.read}
    result = score(chart, given_of_row(cells, comparer.column_map, frozenset(chart.by_id)), raise_refused=False)
    wrong = []
    for column in comparer.expected:
        kind = BY_CODE.get(int(chunk.kinds[column.name][row]))
        if kind is None:
            continue
        if kind == "parts_do_not_add_up":
            right = sum_words(chart, comparer.reader.points_of(chunk.values, row))
        else:
            right = computed_words(result, column.holds, (column.parameter,))
        wrong.append(WrongCell(column.name, kind, as_text(frame.get_column(column.theirs)[row]), right))
    counts = [p for p in result.parameters if p.role != "recorded" and (p.points or p.missing or p.skipped or (p.band and p.band.level))]
    why = [parameter.says for parameter in counts]
    why += [f"{reason.level}: {reason.says}" for reason in result.reasons]
    why += [f"{problem.where}: {problem.what}" for problem in result.problems]
    why += result.warnings
    case = None if comparer.case_id is None else as_text(frame.get_column(comparer.case_id)[row])
    given = {our: as_text(cell) for our, cell in cells.items() if as_text(cell)}
    read = _as_read(result, given)
    return Disagreement(int(chunk.numbers(np.array([row]), before)[0]), case, tuple(wrong), given, result.says, tuple(why), read)


def _as_read(result: Score, given: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row as the chart reads them. A cell that cannot be read stays as it is: scored again, it is refused again."""
    rows = {row.id: row for row in result.parameters}
    found = {}
    for name, text in given.items():
        row = rows.get(name)
        if row is not None and row.value is not None:
            found[name] = f"{row.value:f}" if isinstance(row.value, Decimal) else str(row.value)
        elif row is None or not row.missing:
            found[name] = text
    return found


def _cell(column: pl.Series, row: int) -> Any:
    """A value as `read` takes it: a float32 stays a float32, because as a float64 it would have another shortest decimal."""
    value = column[row]
    return np.float32(value) if column.dtype == pl.Float32 and value is not None else value


def as_text(raw: Any) -> str:
    """A cell as reports show it."""
    return "" if raw is None else str(raw).strip()[:MOST_SHOWN]
