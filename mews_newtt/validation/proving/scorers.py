"""The same sets scored by an engine and by the reference, and the sets for which they differ. Every result column is compared, points included."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_of
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result_cells import result_cells
from mews_newtt.tables.table import result_columns
from mews_newtt.validation.proving.cells import Tried
from mews_newtt.validation.proving.sets import Places

REFERENCE = "reference"
NUMBERS, TEXT = "numbers", "text"  # kinds of columns: numbers with dictionaries of categories, or text as a CSV file has it
NO_NUMBER = -(2**15)  # stands for an empty cell; no result is as low
Columns = Mapping[str, pa.Array]


class Difference(NamedTuple):
    """One set that two scorers score differently."""

    given: Mapping[str, str]  # as `mews-newtt score --obs` takes it
    kind: str  # of the columns that held it
    answers: Mapping[str, Mapping[str, Any]]  # by scorer, the result columns that differ

    @property
    def obs(self) -> str:
        return " ".join(shlex.quote(f"{name}={text}") for name, text in self.given.items())

    def to_dict(self) -> dict[str, Any]:
        return {"given": dict(self.given), "columns": self.kind, "answers": {who: dict(cells) for who, cells in self.answers.items()}}


class Encoder:
    """The cells of one chart as columns, and as the rows that the reference reads."""

    def __init__(self, chart: Chart, tried: Sequence[Tried]):
        self.chart = chart
        self.tried = tried
        self._columns = {(one.id, kind): _values(one, kind) for one in tried for kind in (NUMBERS, TEXT)}
        self._skips = {one.id: pa.array([cell.skip for cell in one.cells], pa.string()) for one in tried}
        self._entries = {kind: [_entries(one, kind) for one in tried] for kind in (NUMBERS, TEXT)}

    def table(self, places: Places, kind: str) -> pa.Table:
        """Sets as a table. A column of skip reasons is there where one of the sets has a reason."""
        columns: dict[str, pa.Array] = {}
        for one, row in zip(self.tried, places, strict=True):
            columns[one.id] = _take(self._columns[one.id, kind], row)
            if any(one.cells[place].skip is not None for place in np.unique(row).tolist()):
                columns[SKIP_PREFIX + one.id] = self._skips[one.id].take(pa.array(row))
        return pa.table(columns)

    def rows(self, places: Places, kind: str) -> Iterator[dict[str, Any]]:
        """Sets as the reference reads them."""
        entries = self._entries[kind]
        for chosen in places.T.tolist():
            yield dict([entry for known, place in zip(entries, chosen, strict=True) if (entry := known[place]) is not None])

    def fits(self, places: Places) -> npt.NDArray[np.bool_]:
        """Which sets columns of numbers can hold."""
        held = np.ones(places.shape[1], np.bool_)
        for one, row in zip(self.tried, places, strict=True):
            only_text = np.array([cell.only_text for cell in one.cells])
            held &= ~only_text[row]
        return held


def by_engine(chart: Chart, name: str, table: pa.Table, points: bool) -> Columns:
    """The result columns of an engine."""
    results = engine_of(chart, name).score(table, ColumnMap(), points=points, threads=1)
    return dict(result_columns(chart, results, points, flags=True))


def by_reference(chart: Chart, rows: Iterator[dict[str, Any]], like: Columns) -> Columns:
    """The result columns of the reference, with the types of another scorer's."""
    cells = [list(result_cells(score(chart, row, raise_refused=False), chart, points=True).values()) for row in rows]
    names = list(result_cells(score(chart, {}, raise_refused=False), chart, points=True))
    assert names == list(like), "the reference and the engines name their result columns alike"
    columns = list(zip(*cells, strict=True)) or [()] * len(names)
    return {name: _as(list(column), like[name].type) for name, column in zip(names, columns, strict=True)}


def differing(one: Columns, other: Columns) -> npt.NDArray[np.bool_]:
    """The sets for which a column that both have differs."""
    found: npt.NDArray[np.bool_] | None = None
    for name, column in one.items():
        if name in other:
            differs = _differs(column, other[name])
            found = differs if found is None else found | differs
    assert found is not None
    return found


def difference(given: Mapping[str, Any], kind: str, scored: Mapping[str, Columns]) -> Difference:
    """One set, scored by each, with the columns that differ."""
    answers = {who: {name: column[0].as_py() for name, column in columns.items()} for who, columns in scored.items()}
    names = dict.fromkeys(name for cells in answers.values() for name in cells)
    unlike = [name for name in names if len({cells[name] for cells in answers.values() if name in cells}) > 1]
    return Difference(
        {name: str(text) for name, text in given.items()},
        kind,
        {who: {name: cells[name] for name in unlike if name in cells} for who, cells in answers.items()},
    )


def _values(one: Tried, kind: str) -> pa.Array:
    """The readings of a parameter's cells, as the column of one kind holds them."""
    texts = [cell.text for cell in one.cells]
    if kind == TEXT:
        return pa.array(texts, pa.string())
    if one.own.parameter.observation.numeric:
        return pa.array([None if text is None or cell.only_text else float(text) for text, cell in zip(texts, one.cells, strict=True)], pa.float64())
    return pa.array([None if cell.only_text else cell.text for cell in one.cells], pa.string()).dictionary_encode()


def _take(values: pa.Array, places: npt.NDArray[np.int32]) -> pa.Array:
    return values.take(pa.array(places))


def _entries(one: Tried, kind: str) -> list[tuple[str, Any] | None]:
    """What each cell adds to a row for the reference: nothing, a reading, or a reason."""
    values = _values(one, kind).to_pylist()
    found: list[tuple[str, Any] | None] = []
    for cell, value in zip(one.cells, values, strict=True):
        if cell.skip is not None:
            found.append((SKIP_PREFIX + one.id, cell.skip))
        else:
            found.append(None if value is None else (one.id, value))
    return found


def _as(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, kind)


def _differs(one: pa.Array, other: pa.Array) -> npt.NDArray[np.bool_]:
    known: dict[Any, int] = {}
    left, right = _codes(one, known), _codes(other, known)
    found: npt.NDArray[np.bool_] = left != right
    return found


def _codes(column: pa.Array, known: dict[Any, int]) -> npt.NDArray[np.int64]:
    """Equal cells as equal numbers. Words are numbered by what they are, whatever order each scorer met them in."""
    if pa.types.is_null(column.type):
        return np.full(len(column), NO_NUMBER, np.int64)
    if not pa.types.is_dictionary(column.type):
        return np.asarray(column.fill_null(NO_NUMBER if column.type.bit_width > 8 else -128).to_numpy(zero_copy_only=False)).astype(np.int64)
    numbers = np.array([known.setdefault(word, len(known)) for word in column.dictionary.to_pylist()] or [0], np.int64)
    codes = np.asarray(column.indices.fill_null(-1).to_numpy(zero_copy_only=False))
    return np.where(codes < 0, NO_NUMBER, numbers[codes])
