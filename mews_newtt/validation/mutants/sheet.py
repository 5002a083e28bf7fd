"""A table of observation sets as distinct cells and codes, so that a fault is worked out once per distinct reading and not once per row."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.chart.model import Interval, Observation
from mews_newtt.compiled import Cut, ReadingClasses
from mews_newtt.engines.arrow import plain_text
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.values import SKIP_PREFIX, Reading, read, read_reason

READ, MISSING, SKIPPED, UNUSABLE = range(4)
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
_LEADING = re.compile(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class Cell(NamedTuple):
    """What one row gives for one parameter.

    kind : READ, MISSING, SKIPPED (missing with a reason) or UNUSABLE (unreadable or impossible: the set is refused)
    value : the reading; skip : the reason for no reading
    raw : the number as written, in whatever unit
    hypothetical : of a context that was not read, the place of the value that is tried among its hypothetical values; -1 for none
    nothing : a missing reading contributes zero
    """

    kind: int
    value: Fraction | str | None = None
    skip: str = ""
    raw: Fraction | None = None
    hypothetical: int = -1
    nothing: bool = False


NO_READING = Cell(MISSING)


class CellColumn:
    """The distinct cells of one parameter, and for each row the index of its cell (its code)."""

    def __init__(self, cells: Sequence[Cell], codes: Codes):
        self.cells = tuple(cells)
        self.codes = codes
        self._passed: dict[Cut, int] = {}
        self._last: tuple[ReadingClasses, Codes] | None = None

    def with_cells(self, change: Callable[[Cell], Cell]) -> CellColumn:
        """The same rows with each cell changed."""
        return CellColumn([change(cell) for cell in self.cells], self.codes)

    @cached_property
    def kinds(self) -> npt.NDArray[np.int8]:
        return np.array([cell.kind for cell in self.cells], np.int8)

    @cached_property
    def unread(self) -> Flags:
        """Which cells hold no reading: missing or skipped."""
        return np.isin(self.kinds, (MISSING, SKIPPED))

    @cached_property
    def unread_rows(self) -> Flags:
        found: Flags = self.unread[self.codes]
        return found

    @cached_property
    def nothing(self) -> bool:
        """Whether missing readings contribute zero."""
        return any(cell.nothing for cell in self.cells)

    @cached_property
    def _numbered(self) -> tuple[list[Fraction], Codes, Codes]:
        """The distinct numbers in order, the cells that hold one, and the index of their number."""
        found = [(place, cell.value) for place, cell in enumerate(self.cells) if cell.kind == READ and isinstance(cell.value, Fraction)]
        found.sort(key=lambda one: (_near(one[1]), one[1]))  # floats keep the order of fractions, and are compared much faster
        numbers: list[Fraction] = []
        ranks = []
        for _, value in found:
            if not numbers or (value is not numbers[-1] and value != numbers[-1]):
                numbers.append(value)
            ranks.append(len(numbers) - 1)
        return numbers, np.array([place for place, _ in found], np.int32), np.array(ranks, np.int32)

    @cached_property
    def _nearest(self) -> list[float]:
        """The distinct numbers in order, as floats."""
        return [_near(number) for number in self._numbered[0]]

    def classes(self, classes: ReadingClasses) -> Codes:
        """Each cell's class."""
        if self._last is not None and self._last[0].classes is classes.classes:  # as where only what bands give is changed
            return self._last[1]
        _, numbered, ranks = self._numbered
        found = np.full(len(self.cells), -1, np.int32)
        starts = [self._first_past(cut) for cut in classes.cuts]
        found[numbered] = np.searchsorted(starts, ranks, side="right")
        for place in np.flatnonzero(found < 0).tolist():
            found[place] = _class_without_number(self.cells[place], classes)
        self._last = (classes, found)
        return found

    def _first_past(self, cut: Cut) -> int:
        """How many of the distinct numbers have not passed a cut."""
        found = self._passed.get(cut)
        if found is None:
            at = Fraction(cut.at)
            low, high = bisect_left(self._nearest, _near(at)), bisect_right(self._nearest, _near(at))  # all others are surely below or above
            found = self._passed[cut] = (bisect_right if cut.beyond else bisect_left)(self._numbered[0], at, low, high)
        return found


def _near(number: Fraction) -> float:
    """The nearest float; infinity for numbers beyond all floats."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def _class_without_number(cell: Cell, classes: ReadingClasses) -> int:
    if cell.kind in (MISSING, SKIPPED):
        found = classes.missing if cell.kind == MISSING else classes.of_skip(cell.skip)
        return found if cell.hypothetical < 0 else classes.hypothetical[found, cell.hypothetical]
    return classes.categories.get(cell.value, classes.fault) if cell.kind == READ and isinstance(cell.value, str) else classes.fault


class Sheet:
    """The columns of a table by parameter; a parameter without a column is missing in every row."""

    def __init__(self, columns: Mapping[str, CellColumn], rows: int):
        self.columns = dict(columns)
        self.rows = rows

    def column(self, name: str) -> CellColumn:
        found = self.columns.get(name)
        if found is None:
            found = self.columns[name] = CellColumn([NO_READING], np.zeros(self.rows, np.int32))
        return found

    def take(self, rows: Rows) -> Sheet:
        """The sheet of some rows, by their numbers."""
        return Sheet({name: CellColumn(column.cells, column.codes[rows]) for name, column in self.columns.items()}, len(rows))


def cell_of(observation: Observation, raw: Any, reason: str = "") -> Cell:
    """One raw value, and a reason for its absence, as a cell."""
    found = read(observation, raw)
    if found is None:
        return Cell(SKIPPED, skip=reason.casefold()) if reason else NO_READING
    if isinstance(found, Reading):
        if reason:
            return Cell(UNUSABLE)
        if isinstance(found.value, str):
            return Cell(READ, found.value)
        leading = _LEADING.match(found.given)
        written = Fraction(Decimal(leading[0].strip())) if leading and found.unit_given else None
        return Cell(READ, Fraction(found.value), raw=written)
    if observation.numeric:
        beyond = read(replace(observation, impossible=Interval(), implausible=Interval()), raw)
        if isinstance(beyond, Reading) and not isinstance(beyond.value, str):
            return Cell(UNUSABLE, raw=Fraction(beyond.value))
    return Cell(UNUSABLE)


def sheet_of_sets(sets: Sequence[Mapping[str, str]], observations: Mapping[str, Observation]) -> Sheet:
    """Observation sets given as text, as a sheet."""
    columns = {}
    names = dict.fromkeys(name.removeprefix(SKIP_PREFIX) for given in sets for name in given)
    for name in names:
        known: dict[tuple[str, str], int] = {}
        cells: list[Cell] = []
        codes = np.empty(len(sets), np.int32)
        for row, given in enumerate(sets):
            key = (given.get(name, ""), given.get(SKIP_PREFIX + name, ""))
            if key not in known:
                known[key] = len(cells)
                cells.append(cell_of(observations[name], *key))
            codes[row] = known[key]
        columns[name] = CellColumn(*_merged(cells, codes))
    return Sheet(columns, len(sets))


def sheet_of_table(table: pa.Table, ours: Sequence[str], observations: Mapping[str, Observation], column_map: ColumnMap) -> Sheet:
    """An Arrow table's readings as a sheet; `ours` are its column names as we call them."""
    index = {name: number for number, name in enumerate(ours) if table.column_names[number] not in column_map.ignore}
    none: tuple[list[Any], Codes] = [None], np.zeros(table.num_rows, np.int32)
    columns = {}
    for name, observation in observations.items():
        skip = SKIP_PREFIX + name
        if name not in index and skip not in index:
            continue
        raws, codes = distinct_values(table.column(index[name])) if name in index else none
        reasons, reason_codes = distinct_values(table.column(index[skip])) if skip in index else none
        given = [given_of_cell(name, raw, column_map) for raw in raws]
        texts = [read_reason(given_of_cell(skip, reason, column_map)) for reason in reasons]
        joint = codes.astype(np.int64) * len(texts) + reason_codes
        pairs, codes64 = np.unique(joint, return_inverse=True)
        cells = [cell_of(observation, given[pair // len(texts)], texts[pair % len(texts)]) for pair in pairs.tolist()]
        columns[name] = CellColumn(*_merged(cells, codes64.astype(np.int32)))
    return Sheet(columns, table.num_rows)


def distinct_values(values: pa.Array | pa.ChunkedArray) -> tuple[list[Any], Codes]:
    """The distinct values of an Arrow column as Python reads them (the last is None), and for each row the index of its value."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    values = plain_text(values)
    if pa.types.is_null(values.type):
        return [None], np.zeros(len(values), np.int32)
    coded = values if isinstance(values, pa.DictionaryArray) else values.dictionary_encode()
    distinct = coded.dictionary.to_pylist()
    kind = coded.dictionary.type
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        narrow = np.dtype(kind.to_pandas_dtype()).type
        distinct = [None if value is None else narrow(value) for value in distinct]
    codes = coded.indices.cast(pa.int32(), safe=False).fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return [*distinct, None], np.asarray(codes, np.int32)


def _merged(cells: Sequence[Cell], codes: Codes) -> tuple[list[Cell], Codes]:
    """Equal cells as one."""
    index: dict[Cell, int] = {}
    merged = np.array([index.setdefault(cell, len(index)) for cell in cells], np.int32)
    return list(index), merged[codes] if len(cells) else codes
