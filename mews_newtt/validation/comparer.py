"""One stretch of rows scored and compared with what a platform states of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import PARTIAL, Results
from mews_newtt.reading.columns import ColumnMap, rows_without_column
from mews_newtt.reading.observations import SKIP_PREFIX, read
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import Unread
from mews_newtt.tables.table import score_columns
from mews_newtt.validation.expected import Kinds, Numbers, Reader, columns_of, stated_columns
from mews_newtt.validation.mutants_sheet import Flags, distinct_values
from mews_newtt.validation.stated import is_blank
from mews_newtt.validation.tally import Coded


@dataclass
class Compared:
    """One stretch: its rows, the chart's results, what each expected column states and how that stands."""

    frame: pl.DataFrame
    results: Results
    values: dict[str, Numbers]
    kinds: dict[str, Kinds]
    columns: dict[str, Coded]


class Comparer:
    """One chart over stretches of the same columns; safe on several threads at once."""

    def __init__(self, chart: Chart, names: Sequence[str], column_map: ColumnMap, blanks_disagree: bool):
        self.chart, self.column_map = chart, column_map
        ours = columns_of(names, chart, column_map)
        self.stated = stated_columns(names, ours, chart, column_map)
        self.reader = Reader(chart, column_map, blanks_disagree)
        pairs = [pair for pair in zip(names, ours, strict=True) if pair[0] not in column_map.ignore]
        self.read = [(theirs, our) for theirs, our in pairs if our.removeprefix(SKIP_PREFIX) in chart.by_id]
        self.case_id = next((theirs for theirs, our in pairs if our == "case_id"), None)
        self.unread = Unread(names, ours, chart, column_map, used=[one.theirs for one in self.stated])
        self.without_column = tuple(p.id for p in rows_without_column(chart, [our for _, our in self.read]) if p.role == "scored")
        self.points = any(one.holds == "points" for one in self.stated)

    def compare(self, frame: pl.DataFrame) -> Compared:
        """Score a stretch and compare it."""
        table: pa.Table = frame.select([theirs for theirs, _ in self.read]).rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        results = score_columns(self.chart, table, [our for _, our in self.read], self.column_map, self.points, 1)
        columns = {our: distinct_values(table.column(place)) for place, (_, our) in enumerate(self.read)}
        answers = frame.select([one.theirs for one in self.stated]).rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        values = {one.name: self.reader.read(one, answers.column(place)) for place, one in enumerate(self.stated)}
        bare = self._bare(results, columns)
        kinds = {one.name: self.reader.kinds(one, values, results, bare) for one in self.stated}
        return Compared(frame, results, values, kinds, columns)

    def _bare(self, results: Results, columns: dict[str, Coded]) -> Flags:
        """Rows without any reading or skip reason of what the chart scores."""
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
        bare = name.removeprefix(SKIP_PREFIX)
        given = given_of_row({name: raw}, self.column_map, frozenset((bare,))).get(name)
        if name != bare:
            return given is None or is_blank(given)
        return read(self.chart.by_id[bare].observation, given) is None
