"""Rows with a missing context, repeated once for every possible context, as the reference scores them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np

from mews_newtt.chart.contexts import distinguishable_values
from mews_newtt.chart.model import Chart
from mews_newtt.validation.mutants.contributions import Rows
from mews_newtt.validation.mutants.sheet import MISSING, READ, SKIPPED, CellColumn, Sheet


def view_signature(chart: Chart) -> tuple[object, ...]:
    """The contexts that must be tried with every possible value where they are missing, and their values."""
    values = tuple((name, distinguishable_values(chart, name)) for name in chart.context_ids if chart.by_id[name].assumed is None)
    return values, chart.context_refusals


def needs_views(chart: Chart, sheet: Sheet) -> bool:
    """Whether a context is missing in some row."""
    return any(
        (column.kinds[column.codes] != READ).any()
        for name in chart.context_ids
        if chart.by_id[name].assumed is None
        for column in (sheet.column(name),)
    )


def expand(chart: Chart, sheet: Sheet) -> tuple[dict[str, CellColumn], Rows, Rows]:
    """The columns of all views, the row of each view, and the index of each row's first view."""
    names = {p.id for p in chart.parameters} | {name for rule in chart.scope for name, _ in rule.when}
    columns = {name: sheet.column(name) for name in sorted(names)}
    unknown = [name for name in chart.context_ids if chart.by_id[name].assumed is None]
    lacks = {name: np.isin(columns[name].kinds[columns[name].codes], (MISSING, SKIPPED)) for name in unknown}
    unknown = [name for name in unknown if lacks[name].any()]
    if not unknown:
        every = np.arange(sheet.rows, dtype=np.int64)
        return columns, every, np.arange(sheet.rows + 1, dtype=np.int64)
    values = {name: distinguishable_values(chart, name) for name in unknown}
    many = np.ones(sheet.rows, np.int64)
    for name in unknown:
        many *= np.where(lacks[name], len(values[name]), 1)
    row_of = np.repeat(np.arange(sheet.rows, dtype=np.int64), many)
    starts = np.concatenate([[0], np.cumsum(many)])
    turn = np.arange(len(row_of)) - starts[row_of]
    found = {name: CellColumn(column.cells, column.codes[row_of]) for name, column in columns.items()}
    for name in unknown:
        cells = list(columns[name].cells)
        codes = found[name].codes.copy()
        size = np.where(lacks[name], len(values[name]), 1)[row_of]
        chosen, turn = turn % size, turn // size
        unread = [place for place, cell in enumerate(cells) if cell.kind in (MISSING, SKIPPED)]
        for place, (value, base) in enumerate(product(values[name], unread)):
            wanted = lacks[name][row_of] & (chosen == place // len(unread)) & (columns[name].codes[row_of] == base)
            codes[wanted] = len(cells)
            cells.append(cells[base]._replace(hypothetical=value if isinstance(value, str) else Fraction(value)))
        found[name] = CellColumn(cells, codes)
    return _that_can_occur(chart, found, row_of, starts)


def _that_can_occur(chart: Chart, columns: dict[str, CellColumn], row_of: Rows, starts: Rows) -> tuple[dict[str, CellColumn], Rows, Rows]:
    """Only the views that the chart's scope allows; all views of a row where it allows none."""
    refused = np.zeros(len(row_of), np.bool_)
    for rule in chart.context_refusals:
        holds = np.ones(len(row_of), np.bool_)
        for name, wanted in rule.when:
            holds &= columns[name].chooses(wanted, chart.by_id[name].assumed)[columns[name].codes]
        refused |= holds
    if not refused.any():
        return columns, row_of, starts
    kept = ~refused | np.logical_and.reduceat(refused, starts[:-1])[row_of]
    many = np.add.reduceat(kept.astype(np.int64), starts[:-1])
    return {name: CellColumn(c.cells, c.codes[kept]) for name, c in columns.items()}, row_of[kept], np.concatenate([[0], np.cumsum(many)])
