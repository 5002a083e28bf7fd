"""Slow path: rows with skips, refusals, float noise or an unknown context. Every feature of a chart, still in arrays.

Where a context is not given, the row is scored once for every possible value of it, as the reference does; what all agree on is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import Value
from mews_newtt.compiled import CompiledParameter, possible_values
from mews_newtt.engines.base import NO_POINTS, PARTIAL, REFUSED
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.columns import EncodedColumn
from mews_newtt.engines.numba.factorize import join_rows
from mews_newtt.engines.numba.layout import Layout, Packed
from mews_newtt.engines.numba.program import Programs
from mews_newtt.engines.numba.states import StateArray

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


class SlowPath:
    """Scores rows given as states."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.compiled, self.states = layout.compiled, layout.states
        self.programs = Programs(layout)
        text = np.zeros(layout.words, np.int64)
        missing = np.zeros(layout.words, np.int64)
        for name, field in layout.fields.items():
            kind = name.split(":")[0]
            if kind in ("flag", "assumed", "given", "scope"):
                text[field.word] |= field.bits
            elif kind == "missing":
                missing[field.word] |= field.bits
        self.text, self.missing = text, missing
        self.fields = np.array([layout.field_at(name) for name in ("open", "least:points", "most:points")], np.int64)
        self.rules = layout.rule_rows()
        self.context_class = {
            name: np.array(context.class_of, np.int64)[self.states[name].class_of] for name, context in self.compiled.contexts.items()
        }
        self.deciding = {name: np.array(self.compiled.deciding_numbers(name))[:, self.states[name].class_of] for name in self.compiled.parameters}

    def score(self, states: Mapping[str, StateArray], points: bool) -> Found:
        """Rows by which contexts they lack."""
        rows = len(next(iter(states.values())))
        lacks = np.zeros(rows, np.int64)
        contexts = self.compiled.contexts
        names = list(contexts)
        ruling = {name for rule in self.compiled.chart.context_refusals for name, _ in rule.when}
        for name in names:
            classes = self.context_class[name][states[name]]
            if name not in ruling:  # its class does not matter to which contexts can occur together
                classes = np.where(classes == contexts[name].count, classes, 0)
            lacks = lacks * (contexts[name].count + 1) + classes
        if all((self.context_class[name][states[name]] < contexts[name].count).all() for name in names):
            return self._score_alike(dict(states), [], [()], points)
        found = self._room(rows, points)
        for lacking in np.unique(lacks).tolist():
            at = np.flatnonzero(lacks == lacking)
            known: dict[str, Value] = {}
            unknown: list[str] = []
            for name in reversed(names):
                lacking, one = divmod(lacking, contexts[name].count + 1)
                if one == contexts[name].count:
                    unknown.insert(0, name)
                elif name in ruling:
                    known[name] = contexts[name].values[one]
            possible = possible_values(self.compiled.chart, contexts, known, unknown)
            part = self._score_alike({name: np.ascontiguousarray(given[at]) for name, given in states.items()}, unknown, possible, points)
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

    def _score_alike(self, states: dict[str, StateArray], unknown: list[str], possible: list[tuple[int, ...]], points: bool) -> Found:
        """Rows that lack the same contexts, under each of the values that those can have."""
        layout = self.layout
        given = {name: states[name].copy() for name in unknown}
        columns = [EncodedColumn(own, states[name], own.by_state) for name, own in self.states.items()]
        arguments, _held = self.programs.program(columns, fuse=False).bind(columns)
        rows = len(next(iter(states.values())))
        found, begun = self._room(rows, points), False
        words = np.empty((layout.words, rows), layout.dtype)
        given_points = np.full_like(found.points, NO_POINTS)
        for chosen in possible:
            for name, place in zip(unknown, chosen, strict=True):
                own = self.states[name]
                hypothetical = np.arange(own.size, dtype=np.int32)
                for state in own.unread:
                    hypothetical[state] = own.hypothetical[state, place]
                states[name][:] = hypothetical[given[name]]
            k.sum_rows(*arguments, given_points, words)
            results = (found.status, found.least, found.most, found.level, found.level_max, found.words)
            join_rows(words, self.fields, self.rules, self.text, self.missing, begun, *results)
            if points:
                found.points[:] = np.where(found.points == given_points, given_points, np.int16(NO_POINTS)) if begun else given_points
            begun = True
        for name in unknown:
            states[name][:] = given[name]
        self._note_needed(found, states, unknown, possible)
        self._refuse(found)
        return found

    def _note_needed(self, found: Found, states: Mapping[str, StateArray], unknown: list[str], possible: list[tuple[int, ...]]) -> None:
        """A context that is not given and that a row needs is missing; where a scored row needs it, the set is partial.

        A row whose contexts are required needs them where they choose between its tables. A row whose contexts are all optional needs them
        only where they change what it counts for.
        """
        needed = {name: np.zeros(len(found.status), np.bool_) for name in unknown}
        for own in self.compiled.parameters.values():
            names = [name for name in unknown if name in own.contexts]
            if not names or own.parameter.role == "recorded":
                continue
            numbers = self._deciding_numbers(own, unknown, possible, states)
            differs = np.logical_or.reduce([one != numbers[0] for one in numbers])
            if not own.parameter.required:
                differs &= states[own.id] < self.states[own.id].read
            alone = {name: differs & _changes(unknown.index(name), possible, numbers) for name in names}
            together = ~np.logical_or.reduce(list(alone.values()))  # where only several together change the row, each of them is needed
            for name in names:
                needed[name] |= alone[name] | (differs & together)
            if own.parameter.role == "scored":
                found.status[differs] = PARTIAL
        for name in unknown:
            field = self.layout.field_at(f"missing:{name}")
            not_skipped = states[name] == self.states[name].missing
            found.words[field.word, needed[name] & not_skipped] |= field.bits

    def _deciding_numbers(
        self, own: CompiledParameter, unknown: list[str], possible: list[tuple[int, ...]], states: Mapping[str, StateArray]
    ) -> list[npt.NDArray[np.int64]]:
        """For each way the unknown contexts can be: each row's deciding number."""
        numbers = self.deciding[own.id]
        radices = self.compiled.radices(own.contexts)
        known = np.zeros(len(states[own.id]), np.int64)
        for other in own.contexts:
            if other not in unknown:
                known += np.minimum(self.context_class[other][states[other]], self.compiled.contexts[other].count - 1) * radices[other]
        found = []
        for chosen in possible:
            code = known.copy()
            for other, place in zip(unknown, chosen, strict=True):
                if other in radices:
                    taken = self.states[other]
                    code += int(self.context_class[other][taken.hypothetical[taken.missing, place]]) * radices[other]
            found.append(numbers[code, states[own.id]])
        return found

    def _refuse(self, found: Found) -> None:
        refused = self.layout.field(found.words, "refused") > 0
        for place, rule in enumerate(self.compiled.chart.scope):
            if rule.refuse and len(rule.when) > 1:
                holds = [self.layout.field(found.words, f"scope:{place}:{part}") > 0 for part in range(len(rule.when))]
                refused |= np.logical_and.reduce(holds)
        found.words &= (self.text | self.missing)[:, None]
        found.words[:, refused] = 0
        found.status[refused] = REFUSED
        for column in (found.least, found.most, found.level, found.level_max):
            column[refused] = 0
        if found.points.shape[1]:
            found.points[:, refused] = NO_POINTS


def _changes(place: int, possible: list[tuple[int, ...]], numbers: list[npt.NDArray[np.int64]]) -> Flags:
    """Whether one unknown context changes a row's number while the others stay."""
    found = np.zeros(len(numbers[0]), np.bool_)
    first: dict[tuple[int, ...], npt.NDArray[np.int64]] = {}
    for chosen, one in zip(possible, numbers, strict=True):
        found |= first.setdefault(chosen[:place] + chosen[place + 1 :], one) != one
    return found
