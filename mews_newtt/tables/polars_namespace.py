"""Polars frames that score themselves: `import mews_newtt.batch.polars_namespace`, then `frame.mews_newtt.score(chart)`.

Columns go to the kernels as Polars holds them, through the Arrow C stream; the frame's own columns stay as they are, and only the result
columns are added. A lazy frame is scored in chunks of rows as it streams.
"""

from __future__ import annotations

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.table import score_frame

NAME = "mews_newtt"


@pl.api.register_dataframe_namespace(NAME)
class DataFrameScores:
    """`frame.mews_newtt`: what `score_table` does, as a Polars frame."""

    def __init__(self, frame: pl.DataFrame):
        self._frame = frame

    def score(
        self, chart: Chart, *, points: bool = False, flags: bool = True, threads: int | None = None, column_map: ColumnMap | None = None
    ) -> pl.DataFrame:
        """The frame and its scores; options as `score_table` has them."""
        found: pl.DataFrame = score_frame(chart, self._frame, points=points, flags=flags, threads=threads, column_map=column_map)
        return found


@pl.api.register_lazyframe_namespace(NAME)
class LazyFrameScores:
    """`lazy_frame.mews_newtt`: the same inside a plan, so that a file larger than memory can be scanned, scored and sunk."""

    def __init__(self, frame: pl.LazyFrame):
        self._frame = frame

    def score(
        self, chart: Chart, *, points: bool = False, flags: bool = True, threads: int | None = None, column_map: ColumnMap | None = None
    ) -> pl.LazyFrame:
        """The plan with the scores' columns; names are checked now, not when the plan runs."""

        def of(frame: pl.DataFrame) -> pl.DataFrame:
            found: pl.DataFrame = score_frame(chart, frame, points=points, flags=flags, threads=threads, column_map=column_map)
            return found

        schema = of(self._frame.collect_schema().to_frame()).schema
        plan: pl.LazyFrame = self._frame.map_batches(of, schema=schema, streamable=True)
        return plan
