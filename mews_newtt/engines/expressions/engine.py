"""The expression engine behind the interface of all engines: an Arrow table through Polars. What expressions cannot read takes the array engine."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.compiled import CompiledChart
from mews_newtt.engines.arrays.engine import ArrayEngine
from mews_newtt.engines.arrays.sums import distinct_columns
from mews_newtt.engines.arrow import compute, plain_text, readable_table
from mews_newtt.engines.base import NO_POINTS, REFUSED, STATUSES, Engine, Results, empty_results
from mews_newtt.engines.expressions.score import FAULTY, ODD_COLUMN, score_expressions
from mews_newtt.engines.refusals import wording
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.scoring.result_cells import points_columns, points_names


class ExpressionEngine:
    """A compiled chart as expressions. Every call builds them for the kinds of columns that it is given."""

    def __init__(self, compiled: CompiledChart):
        self.compiled = compiled

    def __reduce__(self) -> Any:
        """Copies and pickles hold the chart alone."""
        return ExpressionEngine, (self.compiled,)

    @cached_property
    def slow_path(self) -> Engine:
        """The engine for odd rows."""
        return ArrayEngine(self.compiled)

    def score(self, table: pa.Table, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Results:
        """The results of all rows; see `Engine.score`. Polars uses as many threads as it was started with."""
        if any(name in column_map.values or name in column_map.units or column_map.marks(name) for name in table.column_names):
            return self.slow_path.score(table, column_map, points=points, threads=threads)
        table = readable_table(table)
        frame: Any = pl.from_arrow(table.append_column("__mews_newtt_row", pa.nulls(table.num_rows)))
        columns = {name: name for name in table.column_names}
        scored = score_expressions(self.compiled, nw.from_native(frame.lazy()), columns, points=points, details=True)
        found = nw.to_native(scored.drop(*table.column_names)).collect()
        results = self._results(found, table.num_rows, points)
        is_odd = found[ODD_COLUMN].to_numpy()
        refused, odd = np.flatnonzero((results.status == REFUSED) & ~is_odd), np.flatnonzero(is_odd)
        if len(refused) or len(odd):
            cells = {name: _one_piece(table.column(name)) for name in table.column_names}
            if len(refused):
                faulty = {name: found[FAULTY + name].to_numpy()[refused] for name in self.compiled.parameters}
                texts, ways = wording(self.compiled.chart, cells, column_map, distinct_columns)(refused, faulty)
                results.error[refused] = np.array([results.error_texts.code(text) for text in texts], np.int32)[ways]
            if len(odd):
                self._score_odd(results, pa.table(cells).take(pa.array(odd)), odd, column_map, points)
        return results

    def _results(self, found: pl.DataFrame, rows: int, points: bool) -> Results:
        results = empty_results(rows, len(points_columns(self.compiled.chart)), points)
        places = pl.Enum(STATUSES)
        results.status[:] = found["score_status"].cast(places).to_physical().to_numpy()
        for name, column in (("least", "total_min"), ("most", "total_max"), ("level", "level_rank"), ("level_max", "level_max_rank")):
            getattr(results, name)[:] = found[column].fill_null(0).to_numpy()
        for name, pool in (("missing", results.missing_texts), ("flags", results.flag_texts)):
            getattr(results, name)[:] = _codes(found[name], pool.code)
        for place, name in enumerate(points_names(self.compiled.chart) if points else ()):
            results.points[place] = found[name].fill_null(NO_POINTS).to_numpy()
        results.partial = int((results.status != 0).sum())
        results.refused = int((results.status == REFUSED).sum())
        return results

    def _score_odd(self, results: Results, rows: pa.Table, odd: npt.NDArray[np.int64], column_map: ColumnMap, points: bool) -> None:
        """Odd rows have the results of the other engine."""
        found = self.slow_path.score(rows, column_map, points=points)
        for name in ("status", "least", "most", "level", "level_max"):
            getattr(results, name)[odd] = getattr(found, name)
        for name, pool, own in (
            ("missing", results.missing_texts, found.missing_texts),
            ("flags", results.flag_texts, found.flag_texts),
            ("error", results.error_texts, found.error_texts),
        ):
            numbers = np.array([pool.code(text) for text in own.all()], np.int32)
            getattr(results, name)[odd] = numbers[getattr(found, name)]
        if points:
            results.points[:, odd] = found.points


def _codes(texts: pl.Series, code: Any) -> npt.NDArray[np.int32]:
    """Texts as codes of a pool."""
    coded = compute().dictionary_encode(texts.to_arrow())
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    numbers = np.array([code(text) for text in coded.dictionary.to_pylist()] or [0], np.int32)
    found: npt.NDArray[np.int32] = numbers[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def _one_piece(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, text views as text."""
    found = column.combine_chunks()
    return plain_text(found.chunk(0) if isinstance(found, pa.ChunkedArray) else found)
