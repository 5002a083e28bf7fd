"""The numba engine of one chart: Arrow columns in, result arrays out. Threads take slices of rows; few rows take the slow path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.compiled import CompiledChart
from mews_newtt.engines.arrow import SMALL_CHUNK, chunks_of
from mews_newtt.engines.base import REFUSED, Results, empty_results
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.above import rows_not_above
from mews_newtt.engines.numba.cache import tell_first_compile
from mews_newtt.engines.numba.columns import EncodedColumn, Prepare, encode_column, encode_reasons
from mews_newtt.engines.numba.factorize import factorize, factorize_columns
from mews_newtt.engines.numba.layout import Layout
from mews_newtt.engines.numba.program import Programs
from mews_newtt.engines.numba.slow_path import Found, SlowPath
from mews_newtt.engines.numba.states import States
from mews_newtt.engines.numba.texts import texts_of, write_codes
from mews_newtt.engines.refusals import Wording, wording
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.values import SKIP_PREFIX

SLICE = 1 << 16  # rows below which a second thread costs more than it gives
SLOW_ROWS = 1 << 17  # rows that the slow path takes at once: bounds its memory
NO_ROWS = np.zeros(0, np.int64)
Rows = npt.NDArray[np.int64]
Worded = tuple[Rows, npt.NDArray[np.int32], list[tuple[str, str]]]  # rows, which texts each has, the texts


class NumbaEngine:
    """A compiled chart and both paths through it. Everything it remembers follows from the chart, or is keyed by value and bounded."""

    def __init__(self, compiled: CompiledChart):
        tell_first_compile(k.score_rows)
        self.compiled = compiled
        compared = {name for pair in compiled.chart.above_pairs for name in pair}
        self.states = {name: States(own, name in compared) for name, own in compiled.parameters.items()}
        self.fast = Layout(compiled, self.states, full=False)
        self.slow = SlowPath(Layout(compiled, self.states, full=True))
        self.programs = Programs(self.fast)
        self.fast_texts, self.slow_texts = texts_of(self.fast), texts_of(self.slow.layout)
        slow_path = self.fast.field_at("slow_path")
        self.fields = np.array(
            [
                *(self.fast.field_at(name) for name in ("least:points", "most:points")),
                (0, 0, self.fast.open_mask),
                (slow_path.word, 0, slow_path.bits),
                (0, 0, self.fast.side_mask),
                *(self.fast.counted(end) or (0, 0, 0) for end in ("least", "most")),
            ],
            np.int64,
        )
        self.levels = self.fast.level_table()
        self.rules = self.fast.rule_rows()

    def __reduce__(self) -> Any:
        """Copies and pickles hold the chart alone."""
        return NumbaEngine, (self.compiled,)

    def score(self, table: pa.Table, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Results:
        """The results of all rows; see `Engine.score`."""
        results = empty_results(table.num_rows, len(self.fast.points), points)
        start = 0
        for chunk in chunks_of(table):
            cells = dict(zip(chunk.schema.names, chunk.columns, strict=True))
            columns, reasons = self.encode(cells, column_map, threads if chunk.num_rows > SMALL_CHUNK else 1)
            worded = wording(self.compiled.chart, cells, column_map, factorize_columns)
            self._score_chunk(columns, reasons, results, start, chunk.num_rows, threads, worded)
            start += chunk.num_rows
        return results

    def encode(self, cells: Mapping[str, pa.Array], column_map: ColumnMap, threads: int = 1) -> tuple[list[EncodedColumn], list[EncodedColumn]]:
        """A column for every parameter, and those of skip reasons that are there. Distinct texts are found on several threads."""

        def encode(name: str) -> EncodedColumn:
            values = cells.get(name)
            return encode_column(self.states[name], values, None if values is None else _prepare(name, column_map))

        if threads == 1:
            columns = [encode(name) for name in self.states]
        else:
            with ThreadPoolExecutor(threads) as pool:
                columns = list(pool.map(encode, self.states))
        reasons = [
            encode_reasons(own, cells[SKIP_PREFIX + name], _prepare(SKIP_PREFIX + name, column_map))
            for name, own in self.states.items()
            if SKIP_PREFIX + name in cells
        ]
        return columns, reasons

    def _score_chunk(
        self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], into: Results, start: int, rows: int, threads: int, worded: Wording
    ) -> None:
        """Score a chunk into results start, ..., start + rows - 1; `worded` gives the texts of refused rows."""
        stop = start + rows
        not_above = rows_not_above({column.states.parameter.id: column for column in columns}, self.compiled.chart.above_pairs)
        if self.fast.fits:
            points = into.points[:, start:stop]
            arguments, _held = self.programs.program(columns, reasons, fuse=not points.shape[1]).bind([*columns, *reasons])
            side = np.zeros(rows, self.fast.dtype)
            parts = [part[start:stop] for part in (into.status, into.least, into.most, into.level, into.level_max)]

            def score(first: int, last: int) -> Any:
                return k.score_rows(*arguments, points, self.fields, self.rules, self.levels, *parts, side, first, last)

            slow_counts, partials, seen = zip(*_each(score, _slices(rows, threads)), strict=True)
            for found in not_above.values():
                into.status[start:stop][found] = k.NEEDS_SLOW_PATH
            slow = np.flatnonzero(into.status[start:stop] == k.NEEDS_SLOW_PATH) if sum(slow_counts) or not_above else NO_ROWS
            into.partial += sum(partials)
            if any(seen):
                self._write_texts(side, into, start, threads)
        else:
            slow = np.arange(rows)
        if len(slow):
            self._score_slow(columns, reasons, not_above, into, start, slow, threads, worded)

    def _write_texts(self, side: npt.NDArray[Any], into: Results, start: int, threads: int) -> None:
        def texts(first: int, last: int) -> tuple[npt.NDArray[np.int32], list[tuple[str, str]]]:
            values, codes = factorize(side[first:last])
            return codes, [self.fast_texts((value,)) for value in values.tolist()]

        slices = _slices(len(side), threads)
        found = _each(texts, slices)
        numbers = [into.text_codes(some) for _, some in found]  # on this thread alone

        def write(first: int, last: int) -> None:
            own = slices.index((first, last))
            for part, whole in zip(numbers[own], (into.missing, into.flags), strict=True):
                write_codes(found[own][0], part, whole[start + first : start + last])

        _each(write, slices)

    def _score_slow(
        self,
        columns: Sequence[EncodedColumn],
        reasons: Sequence[EncodedColumn],
        not_above: Mapping[str, npt.NDArray[np.bool_]],
        into: Results,
        start: int,
        slow: Rows,
        threads: int,
        worded: Wording,
    ) -> None:
        def score(first: int, last: int) -> list[Worded]:
            done = []
            for at in range(first, last, SLOW_ROWS):
                rows = slow[at : min(at + SLOW_ROWS, last)]
                found = self.slow.score(self._states(columns, reasons, rows), into.points.shape[1] > 0)
                for name, wrong in not_above.items():
                    field = self.slow.layout.field_at(f"flag:not_above:{name}")
                    found.words[field.word, wrong[rows] & (found.status != REFUSED)] |= field.bits
                done.append(self._write(found, into, start + rows))
            return done

        for done in _each(score, _slices(len(slow), threads)):
            for rows, codes, texts in done:
                missing, flags = into.text_codes(texts)
                into.missing[rows] = np.array(missing, np.int32)[codes]
                into.flags[rows] = np.array(flags, np.int32)[codes]
        into.partial += len(slow)
        refused = slow[into.status[start + slow] == REFUSED]
        into.refused += len(refused)
        if not len(refused):
            return
        states = self._states(columns, reasons, refused)
        texts, ways = worded(refused, {name: self.states[name].refused[found] for name, found in states.items()})
        into.error[start + refused] = np.array([into.error_texts.code(text) for text in texts], np.int32)[ways]

    def _states(self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], rows: Rows) -> dict[str, npt.NDArray[np.int32]]:
        """The exact states of some rows. A skip reason counts where there is no reading; beside a reading it is a fault."""
        states: dict[str, npt.NDArray[np.int32]] = {}
        for column in columns:
            own = column.states
            states[own.parameter.id] = column.state_of(rows) if column.present else np.full(len(rows), own.missing, np.int32)
        for column in reasons:
            own = column.states
            skip, reading = column.state_of(rows), states[own.parameter.id]
            states[own.parameter.id] = np.where(skip < 0, reading, np.where(reading == own.missing, skip, own.fault)).astype(np.int32)
        return states

    def _write(self, found: Found, into: Results, rows: Rows) -> Worded:
        """The results of some rows, but for their texts, which come back to be numbered."""
        for name in ("status", "least", "most", "level", "level_max"):
            getattr(into, name)[rows] = getattr(found, name)
        if into.points.shape[1]:
            into.points[:, rows] = found.points
        distinct, codes = factorize_columns(found.words)
        return rows, codes, [self.slow_texts(column) for column in distinct.T.tolist()]


def _prepare(name: str, column_map: ColumnMap) -> Prepare | None:
    """What the map does to a raw value before it is read; None where it does nothing."""
    if name not in column_map.values and name not in column_map.units and not column_map.marks(name):
        return None
    return lambda raw: given_of_cell(name, raw, column_map)


def _slices(rows: int, threads: int) -> list[tuple[int, int]]:
    """First and last row of each thread's slice, where there are enough rows to share."""
    threads = max(1, min(threads, rows // SLICE))
    bounds = [rows * part // threads // 64 * 64 for part in range(threads)] + [rows]
    return list(pairwise(bounds))


def _each(work: Callable[[int, int], Any], slices: Sequence[tuple[int, int]]) -> list[Any]:
    """The work done on every slice, each on a thread of its own; what it gives, in their order."""
    if len(slices) == 1:
        return [work(*slices[0])]
    with ThreadPoolExecutor(len(slices)) as pool:
        return list(pool.map(work, *zip(*slices, strict=True)))
