"""One stretch of rows scored and compared with what a platform states of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from mews_newtt.batch.engine import Results
from mews_newtt.batch.table import score_columns
from mews_newtt.chart.model import Chart
from mews_newtt.scoring.columns import ColumnMap
from mews_newtt.scoring.observations import SKIP_PREFIX
from mews_newtt.scoring.unread import Unread
from mews_newtt.validation.expected import Kinds, Numbers, Reader, columns_of, stated_columns
from mews_newtt.validation.mutants_sheet import distinct_values
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
        self.points = any(one.holds == "points" for one in self.stated)

    def compare(self, frame: pl.DataFrame) -> Compared:
        """Score a stretch and compare it."""
        table: pa.Table = frame.select([theirs for theirs, _ in self.read]).rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        results = score_columns(self.chart, table, [our for _, our in self.read], self.column_map, self.points, 1)
        columns = {our: distinct_values(table.column(place)) for place, (_, our) in enumerate(self.read)}
        answers = frame.select([one.theirs for one in self.stated]).rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        values = {one.name: self.reader.read(one, answers.column(place))[0] for place, one in enumerate(self.stated)}
        status = values.get("expected_status")
        kinds = {one.name: self.reader.kinds(one, values[one.name], results, status) for one in self.stated}
        return Compared(frame, results, values, kinds, columns)
