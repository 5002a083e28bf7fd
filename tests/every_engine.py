"""Every engine behind one call, so that a case is written once and runs on all of them. `engine` in conftest.py is the fixture over them.

An engine that is added to `mews_newtt.engines.ENGINES` is under test here without any other change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mews_newtt import score
from mews_newtt.chart.model import Chart
from mews_newtt.engines import ENGINES, engine_of
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.result_cells import result_cells
from mews_newtt.tables.table import result_columns

NAMES = ("reference", *ENGINES)
Row = Mapping[str, Any]  # readings and skip reasons by our names, as the reference takes them


class EngineUnderTest:
    """One engine by its name."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def rows(self, chart: Chart, table: pa.Table, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """The result columns of every row, points included. The table and the rows hold the same readings."""
        if self.name == "reference":
            return [reference_row(chart, row) for row in rows]
        return self._table(chart, table, ColumnMap())

    def one(self, chart: Chart, given: Row) -> dict[str, Any]:
        """The result columns of one set; numbers as text, so that every digit arrives, and units as a caller declares them for a column."""
        if self.name == "reference":
            return reference_row(chart, given)
        assert not any("skipped" in cell for cell in given.values() if isinstance(cell, Mapping)), "give a skip reason as skip_<parameter>"
        values = {name: cell["value"] if isinstance(cell, Mapping) else cell for name, cell in given.items()}
        units = {name: cell["unit"] for name, cell in given.items() if isinstance(cell, Mapping) and "unit" in cell}
        values = values or dict.fromkeys(chart.by_id)  # nothing given: a row of blanks, for a table without columns has no row
        table = pa.table({name: pa.array([None if value is None else str(value)], pa.string()) for name, value in values.items()})
        return self._table(chart, table, ColumnMap(units=units))[0]

    def _table(self, chart: Chart, table: pa.Table, column_map: ColumnMap) -> list[dict[str, Any]]:
        kept = [name for name in table.column_names if name.removeprefix("skip_") in chart.by_id]
        results = engine_of(chart, self.name).score(table.select(kept), column_map, points=True, threads=1)
        columns = {name: column.to_pylist() for name, column in result_columns(chart, results, points=True, flags=True)}
        return [{name: cells[place] for name, cells in columns.items()} for place in range(table.num_rows)]


def reference_row(chart: Chart, row: Row) -> dict[str, Any]:
    """The result columns of one row, by the reference."""
    given = given_of_row(row, ColumnMap(), frozenset(chart.by_id))
    return result_cells(score(chart, given, raise_refused=False), chart, points=True)
