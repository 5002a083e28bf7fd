"""Rows with a missing context, repeated once for every possible context, as the reference scores them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mews_newtt.compiled import CompiledChart, possible_values
from mews_newtt.validation.mutants.sheet import CellColumn, Flags, Rows, Sheet


def expand(compiled: CompiledChart, sheet: Sheet) -> tuple[dict[str, CellColumn], Rows, Rows]:
    """The columns of all views, the row of each view, and the index of each row's first view."""
    columns = {name: sheet.column(name) for name in compiled.parameters}
    lacks = lacking(compiled, columns)
    every = np.arange(sheet.rows + 1, dtype=np.int64)
    if not lacks:
        return columns, every[:-1], every
    contexts = compiled.contexts
    shape = [contexts[name].count + 1 for name in contexts]
    classes = [context_classes(compiled, columns, name)[columns[name].codes] for name in contexts]
    alike, group_of = np.unique(np.ravel_multi_index(classes, shape), return_inverse=True)  # rows that know the same
    ways = []
    for numbers in np.stack(np.unravel_index(alike, shape), axis=1).tolist():
        known = {name: contexts[name].values[one] for name, one in zip(contexts, numbers, strict=True) if one < contexts[name].count}
        unknown = [name for name in contexts if name not in known]
        chosen = possible_values(compiled.chart, contexts, known, unknown)
        ways.append([dict(zip(unknown, places, strict=True)) for places in chosen])
    many = np.array([len(each) for each in ways], np.int64)
    firsts = np.concatenate([[0], np.cumsum(many)[:-1]])  # the ways of all groups, one after another
    row_of = np.repeat(every[:-1], many[group_of])
    starts = np.concatenate([[0], np.cumsum(many[group_of])])
    way = firsts[group_of][row_of] + np.arange(len(row_of)) - starts[row_of]
    found = {name: CellColumn(column.cells, column.codes[row_of]) for name, column in columns.items()}
    for name in lacks:
        column = found[name]
        unread = np.flatnonzero(column.unread)
        more = [column.cells[cell]._replace(hypothetical=place) for place in range(len(contexts[name].hypothetical)) for cell in unread.tolist()]
        places = np.array([each.get(name, -1) for group in ways for each in group])[way]
        codes = len(column.cells) + places * len(unread) + np.searchsorted(unread, column.codes)
        found[name] = CellColumn([*column.cells, *more], np.where(places < 0, column.codes, codes).astype(np.int32))
    return found, row_of, starts


def lacking(compiled: CompiledChart, columns: Mapping[str, CellColumn]) -> dict[str, Flags]:
    """Which rows lack a context, by each context that some row lacks and that the chart does not assume."""
    unread = {name: columns[name].unread_rows for name, context in compiled.contexts.items() if context.parameter.assumed is None}
    return {name: rows for name, rows in unread.items() if rows.any()}


def context_classes(compiled: CompiledChart, columns: Mapping[str, CellColumn], name: str) -> Rows:
    """Each cell's class as a context."""
    return np.array(compiled.contexts[name].class_of, np.int64)[columns[name].classes(compiled.parameters[name].classes)]
