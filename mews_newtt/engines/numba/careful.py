"""The careful way: rows that the fast layout has no room for. Every feature of a chart, still in arrays.

Where a context is not given, every way it may be is supposed in turn, as the reference does, and what they agree on holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import Value, can_occur
from mews_newtt.compiled.steps import Row, Step
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.layout import NO_POINTS, Layout, Packed
from mews_newtt.engines.numba.numbering import join_rows
from mews_newtt.engines.numba.program import build
from mews_newtt.engines.numba.sources import Source, StateArray

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
        ruling = {name for rule in self.steps.chart.context_refusals for name, _ in rule.when}
        for name in names:
            context = self.steps.contexts[name]
            classes = context.class_of[states[name]].astype(np.int64)
            if name not in ruling:  # its class does not matter to which contexts can occur together
                classes = np.where(classes == context.names, classes, 0)
            lacks = lacks * (context.names + 1) + classes
        if all((self.steps.contexts[name].class_of[states[name]] < self.steps.contexts[name].names).all() for name in names):
            return self._pattern(dict(states), [], [()], points)
        found = self._room(rows, points)
        for pattern in np.unique(lacks).tolist():
            at = np.flatnonzero(lacks == pattern)
            known: dict[str, Value] = {}
            unknown: list[str] = []
            for name in reversed(names):
                context = self.steps.contexts[name]
                pattern, one = divmod(pattern, context.names + 1)
                if one == context.names:
                    unknown.insert(0, name)
                elif name in ruling:
                    known[name] = context.values[one]
            part = self._pattern(
                {name: np.ascontiguousarray(given[at]) for name, given in states.items()}, unknown, self._possible(known, unknown), points
            )
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

    def _possible(self, known: dict[str, Value], unknown: list[str]) -> list[tuple[int, ...]]:
        """Every way the unknown contexts can be: for each, the place among its supposed values."""
        supposed = [self.steps.contexts[name].supposed for name in unknown]
        every = list(product(*(range(len(values)) for values in supposed)))

        def occurs(chosen: tuple[int, ...]) -> bool:
            values = {name: values[place] for name, values, place in zip(unknown, supposed, chosen, strict=True)}
            return can_occur(self.steps.chart, known | values)

        return [chosen for chosen in every if occurs(chosen)] or every

    def _pattern(self, states: dict[str, StateArray], unknown: list[str], possible: list[tuple[int, ...]], points: bool) -> Found:
        layout, steps = self.layout, self.steps
        given = {name: states[name].copy() for name in unknown}
        sources = [_state_source(steps.steps[name], states[name]) for name in steps.steps]
        program = build(layout, sources, join=False)
        rows = len(next(iter(states.values())))
        found, begun = self._room(rows, points), False
        words = np.empty((layout.words, rows), layout.dtype)
        given_points = np.full_like(found.points, NO_POINTS)
        for chosen in possible:
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
        self._note_needed(found, states, unknown, possible)
        self._refuse(found)
        return found

    def _note_needed(self, found: Found, states: Mapping[str, StateArray], unknown: list[str], possible: list[tuple[int, ...]]) -> None:
        """A context not given that a row needs is missing; where a scored row needs it, the set is partial.

        A row whose contexts are required needs them where they choose between its tables. A row whose contexts are all optional needs them
        only where they change what it counts for.
        """
        needed = {name: np.zeros(len(found.status), np.bool_) for name in unknown}
        for step in self.steps.steps.values():
            names = [name for name in unknown if name in step.contexts]
            if not names or step.parameter.role == "recorded":
                continue
            numbers = self._numbers(step, unknown, possible, states)
            differs = np.logical_or.reduce([one != numbers[0] for one in numbers])
            if not step.parameter.required:
                differs &= states[step.id] < step.states.plain
            alone = {name: differs & _changes(unknown.index(name), possible, numbers) for name in names}
            together = ~np.logical_or.reduce(list(alone.values()))  # where only several together change the row, each of them is needed
            for name in names:
                needed[name] |= alone[name] | (differs & together)
            if step.parameter.role == "scored":
                found.status[differs] = PARTIAL
        for name in unknown:
            place = self.layout.place(f"missing:{name}")
            not_skipped = states[name] == self.steps.steps[name].states.missing
            found.words[place.word, needed[name] & not_skipped] |= place.mask << place.shift

    def _numbers(
        self, step: Step, unknown: list[str], possible: list[tuple[int, ...]], states: Mapping[str, StateArray]
    ) -> list[npt.NDArray[np.int64]]:
        """For each way the unknown contexts can be: a number for each row's table, or for what it counts for."""
        by_table = any(self.steps.contexts[name].parameter.required for name in step.contexts)
        numbers = _numbers_of_tables(step) if by_table else _numbers_of_rows(step)
        radices = self.steps.radices(step.contexts)
        known = np.zeros(len(states[step.id]), np.int64)
        for other in step.contexts:
            if other not in unknown:
                context = self.steps.contexts[other]
                known += np.minimum(context.class_of[states[other]], context.names - 1).astype(np.int64) * radices[other]
        found = []
        for chosen in possible:
            code = known.copy()
            for other, place in zip(unknown, chosen, strict=True):
                if other in radices:
                    own = self.steps.steps[other].states
                    code += int(self.steps.contexts[other].class_of[own.supposed[own.missing, place]]) * radices[other]
            found.append(numbers[code, states[step.id]])
        return found

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


def _changes(place: int, possible: list[tuple[int, ...]], numbers: list[npt.NDArray[np.int64]]) -> Flags:
    """Whether one unknown context changes a row's number while the others stay."""
    found = np.zeros(len(numbers[0]), np.bool_)
    first: dict[tuple[int, ...], npt.NDArray[np.int64]] = {}
    for chosen, one in zip(possible, numbers, strict=True):
        found |= first.setdefault(chosen[:place] + chosen[place + 1 :], one) != one
    return found


def _numbers_of_tables(step: Step) -> npt.NDArray[np.int64]:
    """A number for each table, by context code and state."""
    numbers = {id(table): number for number, table in enumerate(step.tables)}
    return np.repeat(np.array([[numbers[id(table)]] for table in step.tables]), step.states.size, axis=1)


def _numbers_of_rows(step: Step) -> npt.NDArray[np.int64]:
    """A number for each way a row counts, by context code and state."""
    numbers: dict[object, int] = {}

    def number(row: Row | None) -> int:
        counts = row and (row.extent and row.extent[:2], row.points, row.missing, "not_read" in row.flags)
        return numbers.setdefault(counts, len(numbers))

    return np.array([[number(row) for row in rows] for rows in step.rows])


def _state_source(step: Step, states: StateArray) -> Source:
    own = step.states
    places = np.append(np.arange(own.size), (own.missing, own.missing)).astype(np.int32)
    return Source(own, states, k.INT32, places=places)
