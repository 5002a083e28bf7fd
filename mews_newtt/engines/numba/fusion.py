"""Fuse small lookup tables so that a row needs fewer lookups. A fused table also resolves the contexts and groups of its columns.

What is fused depends on the kinds of columns alone (their lookups), never on the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import CompiledGroup, CompiledParameter
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.lookups import Lookup
from mews_newtt.engines.packed.layout import Layout, Packed
from mews_newtt.engines.packed.states import StateArray

MOST_ENTRIES = 1 << 12  # entries of a fused table: 16 KB, half of the fastest memory
Ints = npt.NDArray[np.int64]


@dataclass(eq=False)
class TableColumn:
    """A column and what each of its indexes contributes: `table` [word, context code, index]."""

    number: int  # its place among the columns of the program
    parameter: CompiledParameter | None  # None for a column of skip reasons
    lookup: Lookup
    first: int  # the first index of the lookup that is kept
    states: StateArray  # by index
    table: Packed

    @property
    def id(self) -> str | None:
        return self.parameter.id if self.parameter else None


class FusedTable:
    """Columns that share one lookup table, and the contexts and groups that are resolved inside it."""

    def __init__(self, columns: list[TableColumn]):
        self.columns = columns
        self.open = False  # its context comes from other tables; then it has one column

    @property
    def entries(self) -> int:
        return prod(len(column.states) for column in self.columns)

    def along(self, values: npt.NDArray[Any], column: TableColumn) -> npt.NDArray[Any]:
        """A vector over one column's indexes, laid along its axis."""
        own = self.columns.index(column)
        return values.reshape([len(values) if axis == own else 1 for axis in range(len(self.columns))])


class Fusion:
    """All columns of a kind of table, fused."""

    def __init__(self, layout: Layout, columns: Sequence[TableColumn], absent: Sequence[str], most: int):
        self.layout, self.compiled = layout, layout.compiled
        self.absent = {name: layout.states[name].missing for name in absent}
        self.by_id = {column.id: column for column in columns if column.id}
        self.table_of = {column: FusedTable([column]) for column in columns}
        with_contexts = [column for column in columns if column.parameter and column.parameter.contexts]
        for column in sorted(with_contexts, key=lambda one: len(one.states)):
            self.table_of[column].open = not self._merge([column, *self._context_columns(column)], most)
        self.resolved: dict[str, bool] = {}
        for own in self.compiled.groups:
            self.resolved[own.group.id] = self._merge([self.by_id[name] for name in own.group.parameters if name in self.by_id], most)
        while True:
            closed = sorted((table for table in self.tables() if not table.open), key=lambda one: one.entries)
            if len(closed) < 2 or not self._merge([closed[0].columns[0], closed[1].columns[0]], most):
                break

    def _context_columns(self, column: TableColumn) -> list[TableColumn]:
        return [self.by_id[name] for name in column.parameter.contexts if name in self.by_id] if column.parameter else []

    def _merge(self, columns: Iterable[TableColumn], most: int) -> bool:
        tables = list(dict.fromkeys(self.table_of[column] for column in columns))
        if any(table.open for table in tables):
            return False
        if len(tables) <= 1:
            return True
        if prod(table.entries for table in tables) > most:
            return False
        fused = FusedTable([column for table in tables for column in table.columns])
        for column in fused.columns:
            self.table_of[column] = fused
        return True

    def tables(self) -> list[FusedTable]:
        """The tables in an order that knows every context before it is asked for."""
        found = list(dict.fromkeys(self.table_of.values()))
        return sorted(found, key=lambda one: (one.open, all(column.id not in self.compiled.contexts for column in one.columns)))

    def context_sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of contexts that open tables ask for."""
        open_columns = [table.columns[0] for table in self.tables() if table.open]
        return tuple(dict.fromkeys(column.parameter.contexts for column in open_columns if column.parameter))

    def groups(self) -> list[CompiledGroup]:
        """The groups that no table resolves."""
        return [own for own in self.compiled.groups if not self.resolved[own.group.id]]

    def class_of_context(self, name: str, states: Any) -> Any:
        """The class of a context in some states of its parameter."""
        return np.array(self.compiled.contexts[name].class_of, np.int64)[self.layout.states[name].class_of[states]]

    def code_of_set(self, table: FusedTable, names: Sequence[str]) -> Ints:
        """What a table gives to the code of a set of contexts, by joint index."""
        radices = self.compiled.radices(names)
        given = [(column, self.class_of_context(column.id, column.states) * radices[column.id]) for column in table.columns if column.id in radices]
        return _sum([table.along(codes, column) for column, codes in given], table)

    def absent_code(self, names: Sequence[str]) -> int:
        """What contexts without a column give to the code of a set of contexts."""
        radices = self.compiled.radices(names)
        return sum(int(self.class_of_context(name, self.absent[name])) * radix for name, radix in radices.items() if name in self.absent)

    def code(self, table: FusedTable, column: TableColumn) -> Ints:
        """The context code of a column whose contexts the table itself holds, by joint index."""
        names = column.parameter.contexts if column.parameter else ()
        return self.code_of_set(table, names) + self.absent_code(names)

    def class_of_group(self, table: FusedTable, own: CompiledGroup) -> Ints:
        """What a table gives to the number of a group, by joint index (an open table: by context code and index)."""
        classes = self.layout.groups[own.group.id].classes
        members = [column for column in table.columns if column.id in classes]
        if table.open:
            return np.asarray(classes[members[0].id or ""][:, members[0].states])
        return _sum([classes[c.id or ""][self.code(table, c), table.along(c.states, c)] for c in members], table)

    def class_of_absent(self, own: CompiledGroup) -> int:
        """What members without a column give to the number of their group."""
        classes = self.layout.groups[own.group.id].classes
        return sum(int(classes[name][0, self.absent[name]]) for name in own.group.parameters if name in self.absent)

    def contents(self, table: FusedTable) -> Packed:
        """What a table contributes by joint index, as [word, ...]."""
        if table.open:
            return table.columns[0].table
        total = np.zeros((self.layout.words, *(len(column.states) for column in table.columns)), np.int64)
        for column in table.columns:
            indexes = table.along(np.arange(len(column.states)), column)
            total += column.table[:, self.code(table, column), indexes]
        for own in self.compiled.groups:
            if self.resolved[own.group.id] and any(column.id in own.group.parameters for column in table.columns):
                total += self.layout.groups[own.group.id].packed[:, self.class_of_group(table, own) + self.class_of_absent(own)]
        return total


def _sum(parts: list[Ints], table: FusedTable) -> Ints:
    zero = np.zeros([len(column.states) for column in table.columns], np.int64)
    return reduce(np.add, parts, zero)


def parameter_column(layout: Layout, number: int, name: str, lookup: Lookup) -> TableColumn:
    """A parameter's column; in the fast layout without the indexes at both ends that all go the slow path."""
    states = lookup.state_at
    table = layout.packed[name][:, :, states]
    column = TableColumn(number, layout.compiled.parameters[name], lookup, 0, states, table)
    if layout.full:
        return column
    alone = _slow_path_alone(layout)
    table[:, :, states < 0] = alone[:, None, None]
    return _trimmed(column, alone)


def reasons_column(layout: Layout, number: int, lookup: Lookup) -> TableColumn:
    """A column of skip reasons: a row with a reason goes the slow path."""
    alone, states = _slow_path_alone(layout), lookup.state_at
    table = np.zeros((layout.words, 1, len(states)), np.int64)
    table[:, :, states >= 0] = alone[:, None, None]
    return TableColumn(number, None, lookup, 0, states, table)


def _slow_path_alone(layout: Layout) -> Ints:
    field = layout.field_at("slow_path")
    alone = np.zeros(layout.words, np.int64)
    alone[field.word] = 1 << field.shift
    return alone


def _trimmed(column: TableColumn, alone: Ints) -> TableColumn:
    entries = column.lookup.entries
    if column.lookup.kind == k.ABSENT:
        return column
    useful = np.flatnonzero((column.table[:, :, :entries] != alone[:, None, None]).any(axis=(0, 1)))
    first, last = (int(useful[0]), int(useful[-1]) + 1) if len(useful) else (0, 0)
    kept = np.append(np.arange(first, last), (entries, entries + 1))
    table = np.ascontiguousarray(column.table[:, :, kept])
    return TableColumn(column.number, column.parameter, column.lookup, first, column.states[kept], table)
