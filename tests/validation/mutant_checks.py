"""What the tests of faults share: the rapid scorer of mutated charts held to the reference, set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.reference import score
from mews_newtt.validation.mutants import MutantScorer, Sheet, sheet_of_table

STATUSES = ("complete", "partial", "refused")


def sheet_of(chart: Chart, table: pa.Table) -> Sheet:
    known = {**catalogue().observations, **{p.id: p.observation for p in chart.parameters}}
    return sheet_of_table(table, table.column_names, known, ColumnMap())


def assert_answers(scorer: MutantScorer, mutant: Chart | None, rows: Sequence[Mapping[str, Any]]) -> int:
    """Every row's status, total, level and points are the reference's; how many rows the mutant touched."""
    chart = scorer.chart if mutant is None else mutant
    base = scorer.base
    status, total, level = base.status.copy(), base.total.copy(), base.level.copy()
    points = {name: column.copy() for name, column in base.points.items()}
    touched = 0
    if mutant is not None:
        found = scorer.differs(mutant)
        touched = len(found.rows)
        status[found.rows], total[found.rows], level[found.rows] = found.status, found.total, found.level
        for name, column in found.points.items():
            points[name][found.rows] = column
    for place, row in enumerate(rows):
        want = score(chart, given_of_row(row, ColumnMap(), frozenset(chart.by_id)), raise_refused=False)
        where = f"{chart.id}, row {place}: {row}\n{want.says}"
        assert STATUSES[status[place]] == want.status, where
        if want.status == "refused":
            continue
        if chart.has_points:
            assert int(total[place]) == want.total_min, where
        assert chart.levels[level[place]].id == want.level, where
        for shown in want.parameters:
            if shown.role == "scored" and chart.has_points:
                assert int(points[shown.id][place]) == (-1 if shown.points is None else shown.points), f"{shown.id}: {where}"
    return touched
