"""Sources and a layout joined into the flat arrays that one kernel call takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.joining import JOINT, Ints, Units, column_of, skip_column_of
from mews_newtt.engines.numba.layout import Layout, Packed
from mews_newtt.engines.numba.sources import Source


@dataclass
class Program:
    """What `kernels.add_block` takes, and the arrays it points into."""

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
    held: list[Any]

    def arguments(self) -> tuple[Any, ...]:
        return (self.specs, self.feeds, self.tables, self.links, self.joint, self.base, self.link_base, self.worth, self.sets, self.groups)


def build(layout: Layout, sources: Sequence[Source], skips: Sequence[Source] = (), join: bool = True) -> Program:
    """Columns in an order that knows every context before it is asked for; what has no column becomes a constant."""
    steps = layout.steps
    absent = [source for source in sources if source.kind == k.ABSENT and not steps.steps[source.states.parameter.id].contexts]
    columns = [column_of(layout, source) for source in sources if source not in absent]
    columns += [skip_column_of(layout, source) for source in skips]
    units = Units(layout, columns, [steps.steps[source.states.parameter.id] for source in absent], JOINT if join else 1)
    sets, groups = units.sets(), units.groups()
    base = np.zeros(layout.words, np.int64)
    for source in absent:
        base += layout.packed[source.states.parameter.id][:, 0, source.states.missing]
    for group in steps.chart.groups:
        if not any(name in units.by_id for name in group.parameters):
            base += layout.groups[group.id].packed[:, units.class_of_absent(group)]
    rows: list[Ints] = []
    feeds: list[tuple[int, int]] = []
    tables: list[Packed] = []
    links: list[Ints] = []
    worth: list[npt.NDArray[np.int16]] = []
    points = list(layout.points)
    used = linked = 0
    held: list[Any] = []
    for unit in units.units():
        for column in unit.columns:
            row, bytes_of = column.source.spec(column.source.values, column.first, len(column.places) - 2)
            held.append(bytes_of)
            row[k.MORE] = 1
            rows.append(row)
        row, table = rows[-1], units.table(unit).reshape(layout.words, -1)
        names = {column.id for column in unit.columns}
        row[k.MORE], row[k.TABLE], row[k.STRIDE], row[k.FEED] = 0, used, len(unit.columns[-1].places), len(feeds)
        row[k.CONTEXT] = sets.index(unit.columns[0].step.contexts) if unit.open and unit.columns[0].step else -1
        fed = [(place, units.class_of_set(unit, contexts)) for place, contexts in enumerate(sets) if names & set(contexts)]
        fed += [(len(sets) + place, units.class_of_group(unit, group)) for place, group in enumerate(groups) if names & set(group.parameters)]
        for place, classes in fed:
            feeds.append((place, linked))
            links.append(classes.ravel())
            linked += classes.size
        row[k.FEEDS] = len(fed)
        alone = unit.columns[0]
        if not join and alone.step and alone.step.id in layout.points:
            row[k.POINTS] = points.index(alone.step.id)
            given = layout.points[alone.step.id]
            worth.append((given[:, alone.places] if unit.open else given[units.code(unit, alone), alone.places]).ravel())
        else:
            worth.append(np.zeros(0 if join else table.shape[1], np.int16))
        tables.append(table)
        used += table.shape[1]
    joint = [layout.groups[group.id].packed for group in groups]
    link_base = [
        sum(int(steps.contexts[n].class_of[units.absent[n].states.missing]) * r for n, r in steps.radices(s).items() if n in units.absent)
        for s in sets
    ]
    link_base += [units.class_of_absent(group) for group in groups]
    starts = np.cumsum([0, *(one.shape[1] for one in joint)])[: len(groups)]
    return Program(
        np.array(rows, np.int64).reshape(-1, k.SPEC_SIZE),
        np.array(feeds, np.int64).reshape(-1, 2),
        np.ascontiguousarray(np.concatenate([*tables, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype)),
        np.concatenate([*links, np.zeros(1, np.int64)]).astype(np.int32),
        np.concatenate([*joint, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype),
        base.astype(layout.dtype),
        np.array([*link_base, *starts.tolist()], np.int32),
        np.concatenate([*worth, np.zeros(1, np.int16)]),
        len(sets),
        len(groups),
        held,
    )
