"""The sets of one person from a file that a reading plan reads: for a series over time."""

from __future__ import annotations

from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.reading.plan import Plan
from mews_newtt.tables.planned.sources import never_a_map, plan_for
from mews_newtt.tables.planned.table import open_planned
from mews_newtt.tables.series import MOST_SETS, PlannedSets, too_many_sets


def planned_sets(chart: Chart, path: Path, plan: Plan) -> PlannedSets:
    """At most 500 sets as text under our names. Raises FileError: everything that is wrong with the plan and the file, or too many sets."""
    rows: list[tuple[int, tuple[str | None, ...]]] = []
    with open_planned(chart, path, None, never_a_map(plan_for(plan, path, chart.observations))) as table:
        assert table.report is not None
        for chunk in table.chunks():
            frame = chunk.frame()
            if len(rows) + frame.height > MOST_SETS:
                raise too_many_sets()
            cells = ([None if cell is None else str(cell) for cell in row] for row in frame.iter_rows())
            rows += ((number, tuple(row)) for number, row in zip(chunk.numbers(frame.height), cells, strict=True))
        return PlannedSets(tuple(table.names), rows, table.report.to_dict())
