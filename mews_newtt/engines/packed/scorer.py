"""Scores rows that are given as states: every feature of a chart, in arrays, the packed contributions added up.

Where a context is not given, the row is scored once for every possible value of it, as the reference does; what all agree on is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import Value
from mews_newtt.compiled import CompiledParameter, possible_values
from mews_newtt.engines.base import NO_POINTS, PARTIAL, REFUSED
from mews_newtt.engines.packed.layout import Layout, Packed
from mews_newtt.engines.packed.states import StateArray

REMEMBERED = 256  # of what parameters need where contexts are unknown; each is a few kilobytes
DIFFERS = 1  # the unknown contexts change what a parameter counts for
Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.int32]


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


class Sums(Protocol):
    """The two loops over rows. An engine may have them compiled; `arrays.sums` has them in NumPy."""

    def add(self, states: Mapping[str, StateArray], words: Packed, points: npt.NDArray[np.int16]) -> None:
        """Write the packed sums of each row, and its points where they have rows. Every context is known."""

    def join(self, words: Packed, found: Found, begun: bool) -> None:
        """The results of packed sums, joined with those under other hypothetical values, if any were begun.

        Bounds and levels widen; a text bit stays where it is set in all of them.
        """


class StateScorer:
    """Scores rows given as states."""

    def __init__(self, layout: Layout, sums: Callable[[StateScorer], Sums]):
        self.layout = layout
        self.compiled, self.states = layout.compiled, layout.states
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
        self.sums = sums(self)
        self.context_class = {
            name: np.array(context.class_of, np.int32)[self.states[name].class_of] for name, context in self.compiled.contexts.items()
        }
        self.ruling = {name for rule in self.compiled.chart.context_refusals for name, _ in rule.when}
        self.state_of_class = {  # one state of each class of a context
            name: np.array([int(np.argmax(classes == one)) for one in range(self.compiled.contexts[name].count)], np.int32)
            for name, classes in self.context_class.items()
        }
        self.needs = lru_cache(REMEMBERED)(self._needs_by_class)
        self.deciding = {
            name: [np.array(numbers)[:, self.states[name].class_of] for numbers in self.compiled.deciding_numbers(name)]
            for name in self.compiled.parameters
        }
        self.asked = {  # by parameter in a group, and by the sum of the members' numbers: whether its reading is still missing there
            name: np.array([one.missing[place] for one in own.contributions])
            for own in self.compiled.groups
            for place, name in enumerate(own.group.parameters)
        }

    def score(self, states: Mapping[str, StateArray], points: bool) -> Found:
        """Rows by which contexts they lack."""
        lacks = np.zeros(len(next(iter(states.values()))), np.int64)
        contexts, lacking = self.compiled.contexts, False
        for name, context in contexts.items():
            classes = self.context_class[name][states[name]]
            unknown = classes == context.count
            lacking = lacking or bool(unknown.any())
            if name not in self.ruling:  # its class does not matter to which contexts can occur together
                classes = np.where(unknown, classes, 0)
            lacks = lacks * (context.count + 1) + classes
        if not lacking:
            return self._score_alike(dict(states), [], [()], points)
        if (lacks == lacks[0]).all():
            return self._score_alike(dict(states), *self._unknown(int(lacks[0])), points)
        found = self._room(len(lacks), points)
        for kind in np.unique(lacks).tolist():
            at = np.flatnonzero(lacks == kind)
            part = self._score_alike({name: given.take(at) for name, given in states.items()}, *self._unknown(kind), points)
            for name in ("status", "least", "most", "level", "level_max"):
                getattr(found, name)[at] = getattr(part, name)
            found.words[:, at] = part.words
            if points:
                found.points[:, at] = part.points
        return found

    def _unknown(self, lacks: int) -> tuple[list[str], list[tuple[int, ...]]]:
        """The contexts that rows of one kind lack, and the values that those can have together."""
        known: dict[str, Value] = {}
        unknown: list[str] = []
        contexts = self.compiled.contexts
        for name in reversed(list(contexts)):
            lacks, one = divmod(lacks, contexts[name].count + 1)
            if one == contexts[name].count:
                unknown.insert(0, name)
            elif name in self.ruling:
                known[name] = contexts[name].values[one]
        return unknown, possible_values(self.compiled.chart, contexts, known, unknown)

    def _room(self, rows: int, points: bool) -> Found:
        least, most, level, level_max = np.zeros((4, rows), np.int64)
        given_points = np.full((len(self.layout.points), rows if points else 0), NO_POINTS, np.int16)
        return Found(np.zeros(rows, np.uint8), least, most, level, level_max, np.zeros((self.layout.words, rows), np.int64), given_points)

    def _score_alike(self, states: dict[str, StateArray], unknown: list[str], possible: list[tuple[int, ...]], points: bool) -> Found:
        """Rows that lack the same contexts, under each of the values that those can have."""
        layout = self.layout
        given = {name: states[name].copy() for name in unknown}
        rows = len(next(iter(states.values())))
        found, begun = self._room(rows, points), False
        words = np.empty((layout.words, rows), layout.dtype)
        given_points = np.full_like(found.points, NO_POINTS)
        for chosen in possible:
            for name, place in zip(unknown, chosen, strict=True):
                states[name][:] = self._state_in(name, {name: place}, given)
            self.sums.add(states, words, given_points)
            self.sums.join(words, found, begun)
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
        if not unknown:
            return
        needed = {name: np.zeros(len(found.status), np.bool_) for name in unknown}
        for own in self.compiled.parameters.values():
            names = [name for name in unknown if name in own.contexts]
            if not names or own.parameter.role == "recorded":
                continue
            if own.group or own.id in own.contexts:  # other rows of the set decide too
                bits = self._needs(own, unknown, possible, states)
            else:
                bits = self.needs(own.id, tuple(unknown), tuple(possible))[self._class_number(own, unknown, states)]
            for place, name in enumerate(names):
                needed[name] |= bits & (2 << place) > 0
            if own.parameter.role == "scored":
                found.status[bits & DIFFERS > 0] = PARTIAL
        for name in unknown:
            field = self.layout.field_at(f"missing:{name}")
            not_skipped = states[name] == self.states[name].missing
            found.words[field.word, needed[name] & not_skipped] |= field.bits

    def _needs(self, own: CompiledParameter, unknown: list[str], possible: list[tuple[int, ...]], states: Mapping[str, StateArray]) -> Bits:
        """For each row: DIFFERS where the unknown contexts change what a parameter counts for, and a bit for each of them that it needs."""
        numbers = self._deciding_numbers(own, unknown, possible, states)
        differs = np.logical_or.reduce([one != numbers[0] for one in numbers])
        if not own.parameter.required:
            differs &= states[own.id] < self.states[own.id].read
        alone = [differs & _changes(unknown.index(name), possible, numbers) for name in unknown if name in own.contexts]
        together = ~np.logical_or.reduce(alone)  # where only several together change the row, each of them is needed
        bits = np.where(differs, np.int32(DIFFERS), np.int32(0))
        for place, changes in enumerate(alone):
            bits[changes | (differs & together)] |= 2 << place
        return bits

    def _needs_by_class(self, parameter: str, unknown: tuple[str, ...], possible: tuple[tuple[int, ...], ...]) -> Bits:
        """`_needs` of every state of a parameter under every class of its known contexts, by `_class_number`. Few, and the same for all rows."""
        own = self.compiled.parameters[parameter]
        known = [name for name in own.contexts if name not in unknown]
        sizes = [self.states[parameter].size, *(self.compiled.contexts[name].count for name in known)]
        state, *classes = np.indices(sizes).reshape(len(sizes), -1)
        states = {name: np.full(len(state), self.states[name].missing, np.int32) for name in unknown}
        states |= {name: self.state_of_class[name][one] for name, one in zip(known, classes, strict=True)}
        return self._needs(own, list(unknown), list(possible), states | {parameter: state.astype(np.int32)})

    def _class_number(self, own: CompiledParameter, unknown: list[str], states: Mapping[str, StateArray]) -> StateArray:
        """The place of each row in what `_needs_by_class` gives."""
        number = states[own.id]
        for name in own.contexts:
            if name not in unknown:
                number = number * np.int32(self.compiled.contexts[name].count) + self.context_class[name][states[name]]
        return number

    def _deciding_numbers(
        self, own: CompiledParameter, unknown: list[str], possible: list[tuple[int, ...]], states: Mapping[str, StateArray]
    ) -> list[npt.NDArray[np.int64]]:
        """For each way the unknown contexts can be: each row's deciding number."""
        alone, answered = self.deciding[own.id]
        found = []
        for chosen in possible:
            taken = dict(zip(unknown, chosen, strict=True))
            code, state = self._context_code(own, taken, states), states[own.id]
            numbers = alone[code, state]
            if own.group:
                members = self.layout.groups[own.group.id].classes
                place = np.zeros(len(state), np.int64)
                for name, number in members.items():
                    member = self.compiled.parameters[name]
                    place += number[self._context_code(member, taken, states), self._state_in(name, taken, states)]
                numbers = np.where(self.asked[own.id][place], numbers, answered[code, state])
            found.append(numbers)
        return found

    def _state_in(self, name: str, taken: Mapping[str, int], states: Mapping[str, StateArray]) -> StateArray:
        """A parameter's states, where unknown contexts have the value at these places among their hypothetical ones."""
        if name not in taken:
            return states[name]
        own = self.states[name]
        hypothetical = np.arange(own.size, dtype=np.int32)
        for state in own.unread:
            hypothetical[state] = own.hypothetical[state, taken[name]]
        return np.asarray(hypothetical[states[name]])

    def _context_code(self, own: CompiledParameter, taken: Mapping[str, int], states: Mapping[str, StateArray]) -> npt.NDArray[np.int64]:
        """A parameter's context code in each row, where unknown contexts have the value at these places."""
        code = np.zeros(len(states[own.id]), np.int64)
        for name, radix in self.compiled.radices(own.contexts).items():
            classes = self.context_class[name][self._state_in(name, taken, states)]
            code += np.minimum(classes, self.compiled.contexts[name].count - 1) * radix
        return code

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
