"""pandas frames that score themselves: `import mews_newtt.batch.pandas_accessor`, then `frame.mews_newtt.score(chart)`."""

from __future__ import annotations

from typing import Any

import pandas

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.unread import columns_not_read
from mews_newtt.tables.table import score_frame

NAME = "mews_newtt"


class FrameScores:
    """`frame.mews_newtt`: what `score_frame` does for a pandas frame of n rows."""

    def __init__(self, frame: pandas.DataFrame):
        self._frame = frame

    def score(
        self, chart: Chart, *, points: bool = False, flags: bool = True, threads: int | None = None, column_map: ColumnMap | None = None
    ) -> Any:
        """The frame and its scores: n rows, the same index. Options, columns and errors are those of `score_table`.

        The frame itself does not change. Totals are Int16 with missing values, levels an ordered category.
        """
        return score_frame(chart, self._frame, points=points, flags=flags, threads=threads, column_map=column_map)

    def columns_not_read(self, chart: Chart, column_map: ColumnMap | None = None) -> Any:
        """The columns that scoring would not read, as `mews_newtt.columns_not_read` gives them."""
        return columns_not_read(chart, [str(name) for name in self._frame.columns], column_map)


pandas.api.extensions.register_dataframe_accessor(NAME)(FrameScores)
