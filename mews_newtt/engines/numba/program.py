"""Programs: the flat arrays that one kernel call takes, fused once for each kind of columns and bound to each chunk's bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.columns import EncodedColumn
from mews_newtt.engines.numba.fusion import MOST_ENTRIES, Fusion, Ints, parameter_column, reasons_column
from mews_newtt.engines.numba.lookups import Lookup
from mews_newtt.engines.packed.layout import Layout, Packed

REMEMBERED = 8  # programs of a layout
WIDEST_REMEMBERED = 1 << 18  # entries of all lookups of a program that is remembered


class ColumnKind(NamedTuple):
    """Everything about a column that a program depends on."""

    parameter: str
    reasons: bool  # a column of skip reasons
    lookup: Lookup


@dataclass(frozen=True)
class Program:
    """What `kernels.add_block` takes, without the addresses of the columns."""

    order: tuple[int, ...]  # which column each row of `specs` reads
    specs: Ints
    feeds: Ints
    tables: npt.NDArray[Any]
    links: npt.NDArray[np.int32]
    joint: npt.NDArray[Any]
    base: npt.NDArray[Any]
    link_base: npt.NDArray[np.int32]
    worth: npt.NDArray[np.int16]
    sets: int
    groups: int

    def bind(self, columns: Sequence[EncodedColumn]) -> tuple[tuple[Any, ...], list[Any]]:
        """The kernel's arguments for a chunk, and what must be kept alive until the kernel returns."""
        specs, held = self.specs.copy(), []
        for row, number in enumerate(self.order):
            specs[row, k.ADDRESS : k.OFFSET + 1], bytes_of = columns[number].addresses(columns[number].values)
            held.append(bytes_of)
        fixed = (self.feeds, self.tables, self.links, self.joint, self.base, self.link_base, self.worth, self.sets, self.groups)
        return (specs, *fixed), held


class Programs:
    """The programs of one layout. The last few are remembered, by the kinds of columns they were made for."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self._remembered = lru_cache(REMEMBERED)(self._fuse)

    def program(self, columns: Sequence[EncodedColumn], reasons: Sequence[EncodedColumn] = (), *, fuse: bool) -> Program:
        """The program for a column of every parameter, and some columns of skip reasons. Points by parameter need `fuse=False`."""
        kinds = tuple(ColumnKind(one.states.parameter.id, one in reasons, one.lookup) for one in (*columns, *reasons))
        narrow = sum(kind.lookup.entries for kind in kinds) <= WIDEST_REMEMBERED
        return (self._remembered if narrow else self._fuse)(kinds, MOST_ENTRIES if fuse else 1, fuse)

    def _fuse(self, kinds: tuple[ColumnKind, ...], most: int, fuse: bool) -> Program:
        """Columns in an order that knows every context before it is asked for; what has no column becomes a constant."""
        layout, compiled = self.layout, self.layout.compiled
        absent = [kind.parameter for kind in kinds if kind.lookup.kind == k.ABSENT and not compiled.parameters[kind.parameter].contexts]
        columns = [
            reasons_column(layout, number, kind.lookup) if kind.reasons else parameter_column(layout, number, kind.parameter, kind.lookup)
            for number, kind in enumerate(kinds)
            if kind.parameter not in absent or kind.reasons
        ]
        fusion = Fusion(layout, columns, absent, most)
        sets, groups = fusion.context_sets(), fusion.groups()
        base = np.zeros(layout.words, np.int64)
        for name in absent:
            base += layout.packed[name][:, 0, layout.states[name].missing]
        for own in compiled.groups:
            if not any(name in fusion.by_id for name in own.group.parameters):
                base += layout.groups[own.group.id].packed[:, fusion.class_of_absent(own)]
        rows: list[Ints] = []
        order: list[int] = []
        feeds: list[tuple[int, int]] = []
        tables: list[Packed] = []
        links: list[Ints] = []
        worth: list[npt.NDArray[np.int16]] = []
        points = list(layout.points)
        used = linked = 0
        for fused in fusion.tables():
            for column in fused.columns:
                row = column.lookup.spec(column.first, len(column.states) - 2)
                row[k.MORE] = 1
                rows.append(row)
                order.append(column.number)
            row, table = rows[-1], fusion.contents(fused).reshape(layout.words, -1)
            names = {column.id for column in fused.columns}
            alone = fused.columns[0]
            row[k.MORE], row[k.TABLE], row[k.STRIDE], row[k.FEED] = 0, used, len(fused.columns[-1].states), len(feeds)
            row[k.CONTEXT] = sets.index(alone.parameter.contexts) if fused.open and alone.parameter else -1
            fed = [(number, fusion.code_of_set(fused, contexts)) for number, contexts in enumerate(sets) if names & set(contexts)]
            fed += [(len(sets) + number, fusion.class_of_group(fused, own)) for number, own in enumerate(groups) if names & set(own.group.parameters)]
            for number, classes in fed:
                feeds.append((number, linked))
                links.append(classes.ravel())
                linked += classes.size
            row[k.FEEDS] = len(fed)
            if not fuse and alone.id in layout.points:
                row[k.POINTS] = points.index(alone.id)
                given = layout.points[alone.id]
                worth.append((given[:, alone.states] if fused.open else given[fusion.code(fused, alone), alone.states]).ravel())
            else:
                worth.append(np.zeros(0 if fuse else table.shape[1], np.int16))
            tables.append(table)
            used += table.shape[1]
        joint = [layout.groups[own.group.id].packed for own in groups]
        starts = np.cumsum([0, *(one.shape[1] for one in joint)])[: len(groups)]
        link_base = [*(fusion.absent_code(names) for names in sets), *(fusion.class_of_absent(own) for own in groups), *starts.tolist()]
        return Program(
            tuple(order),
            np.array(rows, np.int64).reshape(-1, k.SPEC_SIZE),
            np.array(feeds, np.int64).reshape(-1, 2),
            np.ascontiguousarray(np.concatenate([*tables, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype)),
            np.concatenate([*links, np.zeros(1, np.int64)]).astype(np.int32),
            np.concatenate([*joint, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype),
            base.astype(layout.dtype),
            np.array(link_base, np.int32),
            np.concatenate([*worth, np.zeros(1, np.int16)]),
            len(sets),
            len(groups),
        )
