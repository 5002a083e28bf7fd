"""The careful way: rows that the fast layout has no room for. Every feature of a chart, still in arrays.

Where a context is not given, every way it may be is supposed in turn, as the reference does, and what they agree on holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from mews_newtt.batch import kernels as k
from mews_newtt.batch.layout import NO_POINTS, Layout, Packed
from mews_newtt.batch.numbering import join_rows
from mews_newtt.batch.program import build
from mews_newtt.batch.sources import Source, StateArray
from mews_newtt.batch.steps import Step

COMPLETE, PARTIAL, REFUSED, ODD = range(4)
Flags = npt.NDArray[np.bool_]


@dataclass
class Found:
    """Results of some rows; words hold the bits that texts are made of."""

    status: npt.NDArray[np.uint8]
    least: Packed
    most: Packed
    level: Packed
    level_max: Packed
    words: Packed
    points: npt.NDArray[np.int16]  # [scored parameter, row]; no rows where nobody asked


class Careful:
    """Scores rows given as states."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.steps = layout.steps
        text = np.zeros(layout.words, np.int64)
        missing = np.zeros(layout.words, np.int64)
        for name, place in layout.places.items():
            kind = name.split(":")[0]
            if kind in ("flag", "assumed", "given", "scope"):
                text[place.word] |= place.mask << place.shift
            elif kind == "missing":
                missing[place.word] |= place.mask << place.shift
        self.text, self.missing = text, missing
        self.text_mask, self.missing_mask = text[:, None], missing[:, None]
        self.fields = np.array([layout.place(name) for name in ("open", "least:points", "most:points")], np.int64)
        self.rules = layout.rule_places()

    def score(self, states: Mapping[str, StateArray], points: bool) -> Found:
        """Rows by the pattern of contexts they lack."""
        rows = len(next(iter(states.values())))
        lacks = np.zeros(rows, np.int64)
        names = list(self.steps.contexts)
        for place, name in enumerate(names):
            context = self.steps.contexts[name]
            lacks |= (context.class_of[states[name]] == context.names).astype(np.int64) << place
        if not lacks.any():
            return self._pattern(dict(states), [], points)
        found = self._room(rows, points)
        for pattern in np.unique(lacks).tolist():
            at = np.flatnonzero(lacks == pattern)
            unknown = [name for place, name in enumerate(names) if pattern >> place & 1]
            part = self._pattern({name: np.ascontiguousarray(given[at]) for name, given in states.items()}, unknown, points)
            for name in ("status", "least", "most", "level", "level_max"):
                getattr(found, name)[at] = getattr(part, name)
            found.words[:, at] = part.words
            if points:
                found.points[:, at] = part.points
        return found

    def _room(self, rows: int, points: bool) -> Found:
        least, most, level, level_max = np.zeros((4, rows), np.int64)
        given_points = np.full((len(self.layout.points), rows if points else 0), NO_POINTS, np.int16)
        return Found(np.zeros(rows, np.uint8), least, most, level, level_max, np.zeros((self.layout.words, rows), np.int64), given_points)

    def _pattern(self, states: dict[str, StateArray], unknown: list[str], points: bool) -> Found:
        layout, steps = self.layout, self.steps
        given = {name: states[name].copy() for name in unknown}
        sources = [_state_source(steps.steps[name], states[name]) for name in steps.steps]
        program = build(layout, sources, join=False)
        rows = len(next(iter(states.values())))
        found, begun = self._room(rows, points), False
        words = np.empty((layout.words, rows), layout.dtype)
        given_points = np.full_like(found.points, NO_POINTS)
        for chosen in product(*(range(len(steps.contexts[name].supposed)) for name in unknown)):
            for name, place in zip(unknown, chosen, strict=True):
                own = steps.steps[name].states
                supposed = np.arange(own.size, dtype=np.int32)
                for state in own.unread:
                    supposed[state] = own.supposed[state, place]
                states[name][:] = supposed[given[name]]
            k.sum_rows(*program.arguments(), given_points, words)
            columns = (found.status, found.least, found.most, found.level, found.level_max, found.words)
            join_rows(words, self.fields, self.rules, self.text, self.missing, begun, *columns)
            if points:
                found.points[:] = np.where(found.points == given_points, given_points, np.int16(NO_POINTS)) if begun else given_points
            begun = True
        for name in unknown:
            states[name][:] = given[name]
        self._note_needed(found, states, unknown)
        self._refuse(found)
        return found

    def _note_needed(self, found: Found, states: Mapping[str, StateArray], unknown: list[str]) -> None:
        """A context not given, on which the table of a row that counts hangs, is missing; a scored row leaves the set partial."""
        for name in unknown:
            needed = np.zeros(len(found.status), np.bool_)
            for step in self.steps.steps.values():
                if name not in step.contexts or step.parameter.role == "recorded":
                    continue
                hangs = self._hangs(step, name, unknown, states)
                if not step.parameter.required:
                    hangs &= states[step.id] < step.states.plain
                needed |= hangs
                if step.parameter.role == "scored":
                    found.status[hangs] = PARTIAL
            place = self.layout.place(f"missing:{name}")
            not_skipped = states[name] == self.steps.steps[name].states.missing
            found.words[place.word, needed & not_skipped] |= place.mask << place.shift

    def _hangs(self, step: Step, name: str, unknown: list[str], states: Mapping[str, StateArray]) -> Flags:
        """Whether the row's table changes with one unknown context while the other unknown ones stay."""
        numbers = {id(table): number for number, table in enumerate(step.tables)}
        tables = np.array([numbers[id(table)] for table in step.tables]).reshape(step.shape)
        tables = tables[tuple(slice(0, size - 1) for size in step.shape)]
        for place, other in enumerate(step.contexts):
            if other in unknown:  # only as it may be supposed
                context, own = self.steps.contexts[other], self.steps.steps[other].states
                classes = {int(context.class_of[own.supposed[own.missing, n]]) for n in range(len(context.supposed))}
                tables = tables.take(sorted(classes), axis=place)
        axis = step.contexts.index(name)
        changes = (tables != tables.take([0], axis=axis)).any(axis=axis, keepdims=True)
        others = tuple(place for place, other in enumerate(step.contexts) if other in unknown)
        changes = changes.any(axis=others, keepdims=True)
        index = tuple(
            0 if other in unknown else np.minimum(self.steps.contexts[other].class_of[states[other]], self.steps.contexts[other].names - 1)
            for other in step.contexts
        )
        return np.broadcast_to(changes[index], len(states[name])).copy()

    def _refuse(self, found: Found) -> None:
        refused = self.layout.field(found.words, "refused") > 0
        for place, rule in enumerate(self.steps.chart.scope):
            if rule.refuse and len(rule.when) > 1:
                holds = [self.layout.field(found.words, f"scope:{place}:{part}") > 0 for part in range(len(rule.when))]
                refused |= np.logical_and.reduce(holds)
        found.words &= self.text_mask | self.missing_mask
        found.words[:, refused] = 0
        found.status[refused] = REFUSED
        for column in (found.least, found.most, found.level, found.level_max):
            column[refused] = 0
        if found.points.shape[1]:
            found.points[:, refused] = NO_POINTS


def _state_source(step: Step, states: StateArray) -> Source:
    own = step.states
    places = np.append(np.arange(own.size), (own.missing, own.missing)).astype(np.int32)
    return Source(own, states, k.INT32, places=places)
