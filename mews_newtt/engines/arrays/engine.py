"""The array engine of one chart: each distinct value of a column is read once, then rows are looked up and added in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.compiled import CompiledChart
from mews_newtt.engines.arrays.sums import ArraySums, distinct_columns
from mews_newtt.engines.arrow import chunks_of, numbers_of
from mews_newtt.engines.base import Results, empty_results
from mews_newtt.engines.packed.exact import ExactRows, with_reasons
from mews_newtt.engines.packed.layout import Layout
from mews_newtt.engines.packed.scorer import StateScorer
from mews_newtt.engines.packed.states import StateArray, States
from mews_newtt.engines.packed.values import Coded, coded_reasons, coded_values, preparing
from mews_newtt.engines.refusals import wording
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.values import SKIP_PREFIX


class Read(NamedTuple):
    """A column as it was read: each row's state, and its number where rows are compared by it."""

    states: StateArray
    numbers: npt.NDArray[np.float64] | None = None


class ArrayEngine:
    """A compiled chart as arrays. Nothing is compiled when it is made or used."""

    def __init__(self, compiled: CompiledChart):
        self.compiled = compiled
        compared = {name for pair in compiled.chart.above_pairs for name in pair}
        self.states = {name: States(own, name in compared) for name, own in compiled.parameters.items()}
        self.exact = ExactRows(StateScorer(Layout(compiled, self.states, full=True), ArraySums), distinct_columns)

    def __reduce__(self) -> Any:
        """Copies and pickles hold the chart alone."""
        return ArrayEngine, (self.compiled,)

    def score(self, table: pa.Table, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Results:
        """The results of all rows; see `Engine.score`."""
        results = empty_results(table.num_rows, len(self.exact.scorer.layout.points), points)
        start = 0
        for chunk in chunks_of(table):
            cells = dict(zip(chunk.schema.names, chunk.columns, strict=True))
            read = self._read(cells, column_map, chunk.num_rows)
            worded = wording(self.compiled.chart, cells, column_map, distinct_columns)
            every = np.arange(chunk.num_rows)
            self.exact.write(every, partial(_states, read), self._not_above(read), results, start, threads, worded)
            start += chunk.num_rows
        return results

    def _read(self, cells: Mapping[str, pa.Array], column_map: ColumnMap, rows: int) -> dict[str, Read]:
        found = {}
        for name, own in self.states.items():
            prepare = preparing(name, column_map)
            if name in cells:
                found[name] = _by_row(coded_values(own, _plain(cells[name]), prepare))
            else:
                found[name] = Read(np.full(rows, own.missing, np.int32))
            reasons = SKIP_PREFIX + name
            if reasons in cells:
                skip = _by_row(coded_reasons(own, _plain(cells[reasons]), preparing(reasons, column_map)))
                found[name] = found[name]._replace(states=with_reasons(own, found[name].states, skip.states))
        return found

    def _not_above(self, read: Mapping[str, Read]) -> dict[str, npt.NDArray[np.bool_]]:
        """By parameter, its rows that are not above another's; parameters without such a row are left out."""
        found: dict[str, npt.NDArray[np.bool_]] = {}
        for name, other in self.compiled.chart.above_pairs:
            upper, lower = read[name].numbers, read[other].numbers
            if upper is not None and lower is not None:
                wrong = upper <= lower
                if wrong.any():
                    found[name] = found[name] | wrong if name in found else wrong
        return found


def _states(read: Mapping[str, Read], rows: npt.NDArray[np.int64]) -> dict[str, StateArray]:
    """The states of some rows, by parameter."""
    return {name: column.states[rows] for name, column in read.items()}


def _plain(values: pa.Array) -> pa.Array:
    """A column without values as text without values."""
    return values.cast(pa.string()) if pa.types.is_null(values.type) else values


def _by_row(found: Coded) -> Read:
    """What each row holds, from what each distinct value is."""
    codes = numbers_of(found.coded.indices, len(found.states))
    states = np.array([*found.states, found.nothing], np.int32)
    numbers = found.numbers
    return Read(states[codes], None if not len(numbers) or np.isnan(numbers).all() else numbers[codes])
