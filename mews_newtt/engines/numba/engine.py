"""The numba engine of one chart: Arrow columns in, result arrays out. Threads take slices of rows; few rows take the slow path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.compiled import CompiledChart
from mews_newtt.engines.arrow import SMALL_CHUNK, chunks_of
from mews_newtt.engines.base import Results, empty_results
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.above import rows_not_above
from mews_newtt.engines.numba.cache import tell_first_compile
from mews_newtt.engines.numba.columns import EncodedColumn, encode_column, encode_reasons, has_texts
from mews_newtt.engines.numba.factorize import factorize, factorize_columns
from mews_newtt.engines.numba.lookups import LookedUpStates
from mews_newtt.engines.numba.program import Programs
from mews_newtt.engines.numba.sums import CompiledSums
from mews_newtt.engines.packed.exact import ExactRows, with_reasons
from mews_newtt.engines.packed.layout import WIDE_FLAGS, Layout
from mews_newtt.engines.packed.scorer import StateScorer
from mews_newtt.engines.packed.texts import Texts, texts_of, write_codes
from mews_newtt.engines.packed.threads import each_slice, slices_of
from mews_newtt.engines.packed.values import preparing
from mews_newtt.engines.refusals import Wording, wording
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.values import SKIP_PREFIX

SLICE = 1 << 18  # rows for which the kernel takes longer than a second thread takes to start and to wait for a busy core
NO_ROWS = np.zeros(0, np.int64)
Rows = npt.NDArray[np.int64]
MANY = 1 << 10  # rows of a chunk that need more than the fast layout, and
SHARE = 16  # one row in so many: then the wide layout is tried before the slow path
SAMPLE = 1 << 12  # rows on which it is tried


class Counts(NamedTuple):
    """What the kernel says about the rows of a chunk."""

    slow: int
    partial: int
    texts: bool
    one_end: bool  # the least and the most are the same in every row; only the least is written


class Route:
    """A fast layout with everything that the kernel needs to score rows by it."""

    def __init__(self, layout: Layout):
        self.layout, self.programs, self.texts = layout, Programs(layout), texts_of(layout)
        self.levels, self.rules = layout.level_table(), layout.rule_rows()
        slow_path = layout.field_at("slow_path")
        self.fields = np.array(
            [
                *(layout.field_at(name) for name in ("least:points", "most:points")),
                (0, 0, layout.open_mask),
                (slow_path.word, 0, slow_path.bits),
                (0, 0, layout.side_mask),
                *(layout.counted(end) or (0, 0, 0) for end in ("least", "most")),
            ],
            np.int64,
        )

    def score(
        self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], into: Results, start: int, rows: int, threads: int
    ) -> tuple[npt.NDArray[Any], Counts]:
        """Score rows into results start, ...; gives their side bits, and how many rows need the slow path, are partial, and whether bits occur."""
        points = into.points[:, start : start + rows]
        arguments, _held = self.programs.program(columns, reasons, fuse=not points.shape[1]).bind([*columns, *reasons])
        side = np.zeros(rows, self.layout.dtype)
        parts = [part[start : start + rows] for part in (into.status, into.least, into.most, into.level, into.level_max)]

        def score(first: int, last: int) -> Any:
            return k.score_rows(*arguments, points, self.fields, self.rules, self.levels, *parts, side, first, last)

        slices = slices_of(rows, threads, SLICE)
        slow, partials, seen, one_end = zip(*each_slice(score, slices), strict=True)
        if any(one_end) and not all(one_end):
            for (first, last), same in zip(slices, one_end, strict=True):
                if same:
                    write_other_end(into, start + first, start + last)
        return side, Counts(sum(slow), sum(partials), any(seen), all(one_end))


def write_other_end(into: Results, start: int, stop: int) -> None:
    """Write the most and the highest level of rows in which they are the least and the lowest."""
    into.most[start:stop] = into.least[start:stop]
    into.level_max[start:stop] = into.level[start:stop]


class NumbaEngine:
    """A compiled chart and both paths through it. Everything it remembers follows from the chart, or is keyed by value and bounded."""

    def __init__(self, compiled: CompiledChart):
        tell_first_compile(k.score_rows)
        self.compiled = compiled
        compared = {name for pair in compiled.chart.above_pairs for name in pair}
        self.states = {name: LookedUpStates(own, name in compared) for name, own in compiled.parameters.items()}
        self.fast = Route(Layout(compiled, self.states, full=False))
        slow = StateScorer(Layout(compiled, self.states, full=True), lambda scorer: CompiledSums(scorer, self.states))
        self.exact = ExactRows(slow, factorize_columns)

    @cached_property
    def wide(self) -> Route:
        """For chunks in which many rows have flags of single readings; made when the first of them comes."""
        return Route(Layout(self.compiled, self.states, full=False, flags=WIDE_FLAGS))

    def __reduce__(self) -> Any:
        """Copies and pickles hold the chart alone."""
        return NumbaEngine, (self.compiled,)

    def score(self, table: pa.Table, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Results:
        """The results of all rows; see `Engine.score`."""
        results = empty_results(table.num_rows, len(self.fast.layout.points), points)
        start, one_end = 0, []
        for chunk in chunks_of(table):
            cells = dict(zip(chunk.schema.names, chunk.columns, strict=True))
            columns, reasons = self.encode(cells, column_map, threads if chunk.num_rows > SMALL_CHUNK else 1)
            worded = wording(self.compiled.chart, cells, column_map, factorize_columns)
            if self._score_chunk(columns, reasons, results, start, chunk.num_rows, threads, worded):
                one_end.append((start, start + chunk.num_rows))
            start += chunk.num_rows
        if sum(last - first for first, last in one_end) == start:
            results.most, results.level_max = results.least, results.level
            return results
        for first, last in one_end:
            write_other_end(results, first, last)
        return results

    def encode(self, cells: Mapping[str, pa.Array], column_map: ColumnMap, threads: int = 1) -> tuple[list[EncodedColumn], list[EncodedColumn]]:
        """A column for every parameter, and those of skip reasons that are there. Distinct texts are found on several threads."""

        def encode(name: str) -> EncodedColumn:
            values = cells.get(name)
            return encode_column(self.states[name], values, None if values is None else preparing(name, column_map))

        slow = [name for name in self.states if name in cells and has_texts(cells[name])] if threads > 1 else []
        if len(slow) < 2:  # a thread takes longer to start than a column of numbers or codes to encode
            columns = [encode(name) for name in self.states]
        else:
            with ThreadPoolExecutor(threads) as pool:
                under_way = {name: pool.submit(encode, name) for name in slow}
                columns = [under_way[name].result() if name in under_way else encode(name) for name in self.states]
        reasons = [
            encode_reasons(own, cells[SKIP_PREFIX + name], preparing(SKIP_PREFIX + name, column_map))
            for name, own in self.states.items()
            if SKIP_PREFIX + name in cells
        ]
        return columns, reasons

    def _score_chunk(
        self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], into: Results, start: int, rows: int, threads: int, worded: Wording
    ) -> bool:
        """Score a chunk into results start, ..., start + rows - 1; `worded` gives the texts of refused rows.

        True: the least and the most are the same in every row, and only the least is written.
        """
        not_above = rows_not_above({column.states.parameter.id: column for column in columns}, self.compiled.chart.above_pairs)
        one_end = False
        if not self.fast.layout.fits:
            slow = np.arange(rows)
        else:
            route = self.fast
            side, counts = route.score(columns, reasons, into, start, rows, threads)
            if counts.slow >= max(MANY, rows // SHARE) and self._wide_pays(columns, reasons, into.status[start : start + rows]):
                route = self.wide
                into.status[start : start + rows] = 0
                side, counts = route.score(self._as_states(columns, rows, threads), reasons, into, start, rows, threads)
            status = into.status[start : start + rows]
            for found in not_above.values():
                status[found] = k.NEEDS_SLOW_PATH
            slow = np.flatnonzero(status == k.NEEDS_SLOW_PATH) if counts.slow or not_above else NO_ROWS
            into.partial += counts.partial
            one_end = counts.one_end
            if counts.texts:
                self._write_texts(route.texts, side, into, start, threads)
        if len(slow):
            if one_end:  # the kernel found none of these rows, only `rows_not_above` did
                write_other_end(into, start, start + rows)
            self.exact.write(slow, lambda some: self._states(columns, reasons, some), not_above, into, start, threads, worded)
        return one_end and not len(slow)

    def _wide_pays(self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], status: npt.NDArray[np.uint8]) -> bool:
        """Whether the wide layout spares at least half of the first rows the slow path. It does not where a context is unknown."""
        if not self.wide.layout.fits:
            return False
        rows = min(SAMPLE, len(status))
        trial = empty_results(rows, len(self.wide.layout.points), False)
        _, counts = self.wide.score(self._as_states(columns, rows, 1), reasons, trial, 0, rows, 1)
        return 2 * counts.slow <= int(np.count_nonzero(status[:rows] == k.NEEDS_SLOW_PATH))

    def _as_states(self, columns: Sequence[EncodedColumn], rows: int, threads: int) -> list[EncodedColumn]:
        """The same columns; those with numbers that are not recordable as states, which such numbers have too."""
        slices = slices_of(rows, threads, SLICE)

        def as_states(column: EncodedColumn) -> EncodedColumn:
            if column.lookup.kind not in (k.FLOAT32, k.FLOAT64) or column.all_in_table(rows):
                return column
            states = np.empty(rows, np.int32)

            def write(first: int, last: int) -> None:
                states[first:last] = column.states_between(first, last)

            each_slice(write, slices)
            return EncodedColumn(column.states, states, column.states.by_state)

        return [as_states(column) for column in columns]

    def _write_texts(self, texts_of_bits: Texts, side: npt.NDArray[Any], into: Results, start: int, threads: int) -> None:
        def texts(first: int, last: int) -> tuple[npt.NDArray[np.int32], list[tuple[str, str]]]:
            values, codes = factorize(side[first:last])
            return codes, [texts_of_bits((value,)) for value in values.tolist()]

        slices = slices_of(len(side), threads, SLICE)
        found = each_slice(texts, slices)
        numbers = [into.text_codes(some) for _, some in found]  # on this thread alone

        def write(first: int, last: int) -> None:
            own = slices.index((first, last))
            for part, whole in zip(numbers[own], (into.missing, into.flags), strict=True):
                write_codes(found[own][0], part, whole[start + first : start + last])

        each_slice(write, slices)

    def _states(self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn], rows: Rows) -> dict[str, npt.NDArray[np.int32]]:
        """The exact states of some rows. A skip reason counts where there is no reading; beside a reading it is a fault."""
        states: dict[str, npt.NDArray[np.int32]] = {}
        for column in columns:
            own = column.states
            states[own.parameter.id] = column.state_of(rows) if column.present else np.full(len(rows), own.missing, np.int32)
        for column in reasons:
            own = column.states
            states[own.parameter.id] = with_reasons(own, states[own.parameter.id], column.state_of(rows))
        return states
