"""Which columns are looked up together: small tables multiplied into one save look-ups, and settle contexts and groups on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Group
from mews_newtt.compiled.steps import Step
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.layout import Layout, Packed
from mews_newtt.engines.numba.sources import Source, StateArray

JOINT = 1 << 12  # entries of a table looked up at once: 16 KB, half of the fastest memory
Ints = npt.NDArray[np.int64]


@dataclass(eq=False)
class Column:
    """A column and what its places are worth: `table` [word, context code, place]."""

    source: Source
    step: Step | None  # None for a column of skip reasons
    first: int  # the first place of the source that is kept
    places: StateArray
    table: Packed

    @property
    def id(self) -> str | None:
        return self.step.id if self.step else None


class Unit:
    """Columns that share one table, and the contexts and groups settled inside it."""

    def __init__(self, columns: list[Column]):
        self.columns = columns
        self.open = False  # its context comes from other units; then it is one column alone

    @property
    def entries(self) -> int:
        return prod(len(column.places) for column in self.columns)

    def along(self, values: npt.NDArray[Any], column: Column) -> npt.NDArray[Any]:
        """A vector over one column's places, laid along its axis."""
        place = self.columns.index(column)
        return values.reshape([len(values) if axis == place else 1 for axis in range(len(self.columns))])


class Units:
    """All columns of one stretch of rows, grouped."""

    def __init__(self, layout: Layout, columns: Sequence[Column], absent: Sequence[Step], most: int):
        self.layout, self.steps = layout, layout.steps
        self.absent = {step.id: step for step in absent}
        self.by_id = {column.id: column for column in columns if column.id}
        self.unit_of = {column: Unit([column]) for column in columns}
        with_contexts = [column for column in columns if column.step and column.step.contexts]
        for column in sorted(with_contexts, key=lambda one: len(one.places)):
            self.unit_of[column].open = not self._merge([column, *self._context_columns(column)], most)
        self.settled: dict[str, bool] = {}
        for group in self.steps.chart.groups:
            self.settled[group.id] = self._merge([self.by_id[name] for name in group.parameters if name in self.by_id], most)
        while True:
            closed = sorted((unit for unit in self.units() if not unit.open), key=lambda one: one.entries)
            if len(closed) < 2 or not self._merge([closed[0].columns[0], closed[1].columns[0]], most):
                break

    def _context_columns(self, column: Column) -> list[Column]:
        return [self.by_id[name] for name in column.step.contexts if name in self.by_id] if column.step else []

    def _merge(self, columns: Iterable[Column], most: int) -> bool:
        units = list(dict.fromkeys(self.unit_of[column] for column in columns))
        if any(unit.open for unit in units):
            return False
        if len(units) <= 1:
            return True
        if prod(unit.entries for unit in units) > most:
            return False
        joined = Unit([column for unit in units for column in unit.columns])
        for column in joined.columns:
            self.unit_of[column] = joined
        return True

    def units(self) -> list[Unit]:
        """Units in an order that knows every context before it is asked for."""
        found = list(dict.fromkeys(self.unit_of.values()))
        return sorted(found, key=lambda one: (one.open, all(column.id not in self.steps.contexts for column in one.columns)))

    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of contexts that open units ask for."""
        return tuple(dict.fromkeys(unit.columns[0].step.contexts for unit in self.units() if unit.open and unit.columns[0].step))

    def groups(self) -> list[Group]:
        """The groups that no unit settles."""
        return [group for group in self.steps.chart.groups if not self.settled[group.id]]

    def class_of_set(self, unit: Unit, names: Sequence[str]) -> Ints:
        """What a unit gives to the code of a set of contexts, by joint place."""
        radices = self.steps.radices(names)
        given = [
            unit.along(self.steps.contexts[column.id].class_of[column.places].astype(np.int64) * radices[column.id], column)
            for column in unit.columns
            if column.id in radices
        ]
        return _sum(given, unit)

    def class_of_group(self, unit: Unit, group: Group) -> Ints:
        """What a unit gives to the class of a group, by joint place (an open unit: by context and place)."""
        classes = self.layout.groups[group.id].classes
        members = [column for column in unit.columns if column.id in classes]
        if unit.open:
            return np.asarray(classes[members[0].id or ""][:, members[0].places])
        return _sum([classes[c.id or ""][self.code(unit, c), unit.along(c.places, c)] for c in members], unit)

    def code(self, unit: Unit, column: Column) -> Ints:
        """The context code of a column that the unit itself settles, by joint place."""
        names = column.step.contexts if column.step else ()
        here = self.class_of_set(unit, names)
        radices = self.steps.radices(names)
        for name in names:
            if name in self.absent:
                here = here + self.steps.contexts[name].class_of[self.absent[name].states.missing].astype(np.int64) * radices[name]
        return here

    def table(self, unit: Unit) -> Packed:
        """What a unit is worth by joint place, as [word, ...]."""
        if unit.open:
            return unit.columns[0].table
        total = np.zeros((self.layout.words, *(len(column.places) for column in unit.columns)), np.int64)
        for column in unit.columns:
            places = unit.along(np.arange(len(column.places)), column)
            total += column.table[:, self.code(unit, column), places]
        for group in self.steps.chart.groups:
            if self.settled[group.id] and any(column.id in group.parameters for column in unit.columns):
                total += self.layout.groups[group.id].packed[:, self.class_of_group(unit, group) + self.class_of_absent(group)]
        return total

    def class_of_absent(self, group: Group) -> int:
        """What members without a column give to the class of their group."""
        classes = self.layout.groups[group.id].classes
        return sum(int(classes[name][0, self.absent[name].states.missing]) for name in group.parameters if name in self.absent)


def _sum(parts: list[Ints], unit: Unit) -> Ints:
    zero = np.zeros([len(column.places) for column in unit.columns], np.int64)
    return reduce(np.add, parts, zero)


def column_of(layout: Layout, source: Source) -> Column:
    """A parameter's column; in the fast layout without the places at both ends where everything is odd."""
    step = layout.steps.steps[source.states.parameter.id]
    table = layout.packed[step.id][:, :, source.places]
    if layout.full:
        return Column(source, step, 0, source.places, table)
    alone = _odd_alone(layout)
    table[:, :, source.places < 0] = alone[:, None, None]
    return _trimmed(Column(source, step, 0, source.places, table), alone)


def skip_column_of(layout: Layout, source: Source) -> Column:
    """A column of skip reasons: each is odd, none is nothing."""
    alone = _odd_alone(layout)
    table = np.zeros((layout.words, 1, len(source.places)), np.int64)
    table[:, :, source.places >= 0] = alone[:, None, None]
    return Column(source, None, 0, source.places, table)


def _odd_alone(layout: Layout) -> Ints:
    odd = layout.place("odd")
    alone = np.zeros(layout.words, np.int64)
    alone[odd.word] = 1 << odd.shift
    return alone


def _trimmed(column: Column, alone: Ints) -> Column:
    if column.source.kind == k.ABSENT:
        return column
    entries = column.source.entries
    useful = np.flatnonzero((column.table[:, :, :entries] != alone[:, None, None]).any(axis=(0, 1)))
    first, last = (int(useful[0]), int(useful[-1]) + 1) if len(useful) else (0, 0)
    kept = np.r_[first:last, entries, entries + 1]
    return Column(column.source, column.step, first, column.places[kept], np.ascontiguousarray(column.table[:, :, kept]))
