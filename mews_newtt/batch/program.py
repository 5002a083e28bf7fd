"""Sources and a layout joined into the flat arrays that one kernel call takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.batch import kernels as k
from mews_newtt.batch.layout import Layout, Packed
from mews_newtt.batch.sources import Source

Ints = npt.NDArray[np.int64]


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


def build(layout: Layout, sources: Sequence[Source], skips: Sequence[Source] = ()) -> Program:
    """Columns in an order that knows every context before it is asked for; what has no column becomes a constant."""
    steps = layout.steps
    sets = {names: place for place, names in enumerate(steps.sets)}
    groups = {group.id: place for place, group in enumerate(steps.chart.groups)}
    odd = layout.place("odd")
    base = np.zeros(layout.words, np.int64)
    link_base = np.zeros(len(sets) + 2 * len(groups), np.int32)
    rows: list[list[int]] = []
    feeds: list[tuple[int, int]] = []
    tables: list[Packed] = []
    links: list[Ints] = []
    worth: list[npt.NDArray[np.int16]] = []
    points = list(layout.points)
    used = linked = 0
    held: list[Any] = []

    def link(classes: Ints) -> int:
        nonlocal linked
        links.append(classes.ravel())
        linked += classes.size
        return linked - classes.size

    for source in sorted(sources, key=lambda one: one.states.parameter.id not in steps.contexts):
        step = steps.steps[source.states.parameter.id]
        context = steps.contexts.get(step.id)
        member = layout.groups[step.group.id].classes[step.id] if step.group else None
        packed = layout.packed[step.id]
        feeding = [(sets[names], steps.radices(names)[step.id]) for names in sets if step.id in names] if context else []
        if source.kind == k.ABSENT and not step.contexts:
            missing = step.states.missing
            base += packed[:, 0, missing]
            for place, radix in feeding:
                link_base[place] += context.class_of[missing] * radix  # type: ignore[union-attr]
            if step.group and member is not None:
                link_base[len(sets) + groups[step.group.id]] += member[0, missing]
            continue
        places = source.places
        table = packed[:, :, places]
        if not layout.full:
            strange = places < 0
            table[:, :, strange] = 0
            table[odd.word, :, strange] = 1 << odd.shift
        row = _column(source, held)
        row[k.TABLE], row[k.STRIDE] = used, len(places)
        row[k.CONTEXT] = sets[step.contexts] if step.contexts else -1
        row[k.FEED], row[k.FEEDS] = len(feeds), len(feeding)
        feeds += [(place, link(context.class_of[places].astype(np.int64) * radix)) for place, radix in feeding]  # type: ignore[union-attr]
        if step.group and member is not None:
            row[k.GROUP] = groups[step.group.id]
            feeds.append((0, link(member[:, places])))
        tables.append(table.reshape(layout.words, -1))
        used += tables[-1].shape[1]
        worth.append(layout.points[step.id][:, places].ravel() if step.id in layout.points else np.zeros(tables[-1].shape[1], np.int16))
        row[k.POINTS] = points.index(step.id) if step.id in layout.points else -1
        rows.append(row)
    for source in skips:
        row = _column(source, held)
        row[k.TABLE], row[k.STRIDE], row[k.CONTEXT], row[k.FEED], row[k.POINTS] = used, len(source.places), -1, len(feeds), -1
        table = np.zeros((layout.words, len(source.places)), np.int64)
        table[odd.word, source.places >= 0] = 1 << odd.shift
        tables.append(table)
        used += table.shape[1]
        rows.append(row)
    joint = [layout.groups[group.id].packed for group in steps.chart.groups]
    starts = np.cumsum([0, *(one.shape[1] for one in joint)])[: len(groups)]
    link_base[len(sets) + len(groups) :] = starts
    return Program(
        np.array(rows, np.int64).reshape(-1, k.SPEC_SIZE),
        np.array(feeds, np.int64).reshape(-1, 2),
        np.ascontiguousarray(np.concatenate([*tables, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype)),
        np.concatenate([*links, np.zeros(1, np.int64)]).astype(np.int32),
        np.concatenate([*joint, np.zeros((layout.words, 1), np.int64)], axis=1).astype(layout.dtype),
        base.astype(layout.dtype),
        link_base,
        np.concatenate([*worth, np.zeros(1, np.int16)]),
        len(sets),
        len(groups),
        held,
    )


def _column(source: Source, held: list[Any]) -> list[int]:
    """A row of `spec` without its tables."""
    row = [0] * k.SPEC_SIZE
    row[k.KIND], row[k.LOW], row[k.HIGH] = source.kind, source.low, source.high
    row[k.SCALE], row[k.MULTIPLE], row[k.BASE], row[k.ENTRIES] = source.scale, source.multiple, source.base, source.entries
    row[k.GROUP] = -1
    if source.kind == k.ABSENT:
        return row
    values = source.values
    if isinstance(values, np.ndarray):
        row[k.ADDRESS] = values.ctypes.data
    else:
        values = values.indices if isinstance(values, pa.DictionaryArray) else values
        bitmap, data = values.buffers()[:2]
        row[k.ADDRESS] = data.address if data is not None else 0
        row[k.OFFSET] = values.offset
        row[k.BITMAP] = bitmap.address if bitmap is not None and values.null_count else 0
    held.append(values)
    return row
