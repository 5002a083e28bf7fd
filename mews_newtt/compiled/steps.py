"""A Chart compiled once: for each parameter, context and state what the row counts for, misses, flags and gives.

This is the only compiled form: kernels read it packed into integers (`layout.py`), other engines read it as it is.
It is worked out from the chart alone and never asks the reference scorer, which it is tested against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import Value, can_occur, conditions, contexts_of, distinguishable_values, holds, matches, table_for
from mews_newtt.chart.model import Band, Chart, Group, Parameter, ScopeRule, Table
from mews_newtt.compiled.states import State, States

Severity = tuple[int, int, int]  # points, zone rank, level rank
Codes = npt.NDArray[np.int32]


class Extent(NamedTuple):
    """The least and the most a row, or a group that counts once, can count for."""

    least: Severity
    most: Severity
    settled: bool = True


class Row(NamedTuple):
    """What one parameter's state gives in one table."""

    extent: Extent | None = None
    missing: bool = False
    flags: tuple[str, ...] = ()
    points: int | None = None
    given: bool = False
    refused: bool = False
    unread: bool = False  # skipped: seldom enough to go the careful way


class Member(NamedTuple):
    """What of a row matters to its group."""

    extent: Extent | None
    missing: bool
    given: bool


@dataclass
class Context:
    """A parameter that chooses tables: its classes of values that choose alike; one class more stands for not known."""

    parameter: Parameter
    names: int  # how many classes there are, without the unknown
    class_of: Codes  # by state
    values: tuple[Value, ...]  # one value of each class
    supposed: tuple[Value, ...]  # every way it can count where it is not given


@dataclass
class Step:
    """One parameter, compiled."""

    states: States
    contexts: tuple[str, ...]
    shape: tuple[int, ...]  # classes of each context, the unknown one included
    tables: list[Table | None]  # by context code; None where a context is unknown or there is none
    rows: list[list[Row | None]]  # by context code and state; None is: ask the careful way
    ruled: frozenset[int]  # context codes at which a scope rule of several contexts holds: the careful way applies it
    group: Group | None
    members: list[Member] = field(default_factory=list)

    @property
    def parameter(self) -> Parameter:
        return self.states.parameter

    @property
    def id(self) -> str:
        return self.states.parameter.id


class Steps:
    """Every step of a chart, in its order."""

    def __init__(self, chart: Chart):
        self.chart = chart
        supposed = {name: _suppositions(chart, name) for name in chart.context_ids}
        states = {p.id: States(chart, p, supposed.get(p.id, ())) for p in chart.parameters}
        self.contexts = {name: _context(chart, states[name], supposed[name]) for name in chart.context_ids}
        self.steps = {p.id: self._step(states[p.id]) for p in chart.parameters}
        self.counterparts = tuple((p.id, p.observation.recorded_with) for p in chart.parameters if p.observation.recorded_with in chart.by_id)
        self.sets = tuple(dict.fromkeys(step.contexts for step in self.steps.values() if step.contexts))

    def _step(self, states: States) -> Step:
        chart, parameter = self.chart, states.parameter
        names = contexts_of(parameter)
        shape = tuple(self.contexts[name].names + 1 for name in names)
        tables: list[Table | None] = []
        occurs, ruled = [], set()
        for code, classes in enumerate(product(*(range(size) for size in shape))):
            known = {name: self.contexts[name].values[one] for name, one in zip(names, classes, strict=True) if one < self.contexts[name].names}
            tables.append(table_for(parameter, known) if len(known) == len(names) else None)
            occurs.append(can_occur(chart, known))
            if any(holds(rule, known) for rule in joint_rules(chart)):
                ruled.add(code)
        optional = not any(self.contexts[name].parameter.required for name in names)
        known_rows = {id(table): [row_of(chart, parameter, state, table) for state in states.states] for table in tables}
        rows: list[list[Row | None]] = []
        for code, classes in enumerate(product(*(range(size) for size in shape))):
            if all(one < size - 1 for one, size in zip(classes, shape, strict=True)):
                rows.append(list(known_rows[id(tables[code])]))
            else:
                rows.append(_rows_of_unknown(parameter, classes, shape, tables, occurs, known_rows, optional))
        if not names and parameter.id in self.contexts:  # a context that is not given, where nothing hangs on it
            for state in states.unread:
                if parameter.assumed is None:
                    rows[0][state] = _join([known_rows[id(tables[0])][s] for (base, _), s in states.supposed.items() if base == state])
        return Step(states, names, shape, tables, rows, frozenset(ruled), chart.group_of.get(parameter.id))

    def radices(self, names: Sequence[str]) -> dict[str, int]:
        """What each context's class is multiplied by in the code of a set of contexts."""
        sizes = [self.contexts[name].names + 1 for name in names]
        return {name: prod(sizes[place + 1 :]) for place, name in enumerate(names)}


def compile_chart(chart: Chart) -> Steps:
    """The steps of a chart; compiled once."""
    steps: Steps | None = chart.memo.get("steps")
    if steps is None:
        steps = chart.memo["steps"] = Steps(chart)
    return steps


def joint_rules(chart: Chart) -> tuple[ScopeRule, ...]:
    """Scope rules of several contexts that one parameter's tables hang on: its context code says whether they hold."""
    sets = [set(contexts_of(parameter)) for parameter in chart.parameters]
    return tuple(rule for rule in chart.scope if len(rule.when) > 1 and any(names.issuperset(name for name, _ in rule.when) for names in sets))


def _signature(chart: Chart, name: str, value: Value) -> tuple[bool, ...]:
    asked = [*conditions(chart), *(when for rule in joint_rules(chart) for when in rule.when)]
    return tuple(matches(wanted, value) for other, wanted in asked if other == name)


def _suppositions(chart: Chart, name: str) -> tuple[Value, ...]:
    """Of the values that can be told apart, one for each way to choose tables and to count."""
    parameter = chart.by_id[name]
    found: dict[object, Value] = {}
    for value in distinguishable_values(chart, name):
        worth = [chart.severity(_band(chart, table, value)[0]) for table in parameter.tables if table.applies]
        found.setdefault((_signature(chart, name, value), *worth), value)
    return tuple(found.values())


def _context(chart: Chart, states: States, supposed: tuple[Value, ...]) -> Context:
    parameter = states.parameter
    classes: dict[tuple[bool, ...], int] = {}
    values: list[Value] = []

    def of(value: Value) -> int:
        signature = _signature(chart, parameter.id, value)
        if signature not in classes:
            classes[signature] = len(values)
            values.append(value)
        return classes[signature]

    for value in supposed:
        of(value)
    found = []
    for state in states.states:
        known = state.supposed if state.value is None else state.value
        found.append(0 if state.refused else -1 if known is None else of(known))
    codes = np.array(found, np.int32)
    codes[codes < 0] = len(values)
    return Context(parameter, len(values), codes, tuple(values), supposed)


def row_of(chart: Chart, parameter: Parameter, state: State, table: Table | None) -> Row:
    """What a state gives in a table."""
    if state.refused:
        return Row(refused=True, given=state.value is not None)
    if state.value is not None:
        flags = tuple(flag for flag in state.flags if parameter.role != "recorded" or flag != "finer_than_recorded")
        if table is None:
            return Row(flags=flags, given=True)
        if not table.applies:
            return Row(flags=("not_read",), given=True)
        band, between = _band(chart, table, state.value)
        worth = chart.severity(band)
        return Row(Extent(worth, worth), False, (*flags, "between_bands") if between else flags, band.points, True)
    skipped = state.skip is not None
    flags = ("skipped",) if skipped else ()
    coded = parameter.skips[state.skip] if state.skip is not None and state.skip >= 0 else None
    if coded is not None and coded.points is not None:
        worth = (coded.points, 0, 0)
        return Row(Extent(worth, worth), False, flags, coded.points, unread=True)
    if table is None or not table.applies or not parameter.required:
        return Row(flags=flags, unread=skipped)
    if state.supposed is not None:
        worths = [chart.severity(_band(chart, table, state.supposed)[0])]
    else:
        worths = [chart.severity(band) for band in table.bands] or [(0, 0, 0)]
    return Row(Extent(_each(min, worths), _each(max, worths), parameter.role != "scored"), not skipped, flags, unread=skipped)


def _band(chart: Chart, table: Table, value: Value) -> tuple[Band, bool]:
    """The band of a value, and whether it lies between two bands: then the worse of them."""
    below = above = None
    for band in table.bands:
        if isinstance(value, str):
            if value in band.categories:
                return band, False
        elif band.interval is None:
            continue
        elif band.interval.contains(value):
            return band, False
        elif band.interval.is_below(value):
            below = band
        elif above is None:
            above = band
    if above is None:
        raise LookupError(f"no band for {value!r}")
    if below is None or chart.severity(above) >= chart.severity(below):
        return above, True
    return below, True


def _each(pick: Callable[[Iterable[int]], int], worths: Iterable[Severity]) -> Severity:
    points, zones, levels = zip(*worths, strict=True)
    return pick(points), pick(zones), pick(levels)


def _rows_of_unknown(
    parameter: Parameter,
    classes: tuple[int, ...],
    shape: tuple[int, ...],
    tables: list[Table | None],
    occurs: list[bool],
    known_rows: Mapping[int, list[Row]],
    optional: bool,
) -> list[Row | None]:
    """Rows where a context is not known: what all possible tables agree on; None where they do not, or where the row needs the context."""
    choices = [range(size - 1) if one == size - 1 else (one,) for one, size in zip(classes, shape, strict=True)]
    codes = [int(np.ravel_multi_index(one, shape)) for one in product(*choices)]
    possible = {id(tables[code]) for code in codes if occurs[code]} or {id(tables[code]) for code in codes}
    if len(possible) == 1:
        return list(known_rows[possible.pop()])
    by_state = zip(*(known_rows[table] for table in possible), strict=True)
    asked = parameter.role != "recorded" and parameter.required
    return [
        rows[0]
        if all(row == rows[0] for row in rows) and (optional or (not asked and not (rows[0].given and parameter.role != "recorded")))
        else None
        for rows in by_state
    ]


def _join(rows: Sequence[Row]) -> Row | None:
    """An unread context as one row, where its least and its most are each those of one supposition; else None."""
    first = rows[0]
    if first.extent is None or all(row == first for row in rows):
        return first if all(row == first for row in rows) else None
    least = _each(min, (row.extent.least for row in rows if row.extent))
    most = _each(max, (row.extent.most for row in rows if row.extent))
    attained = any(row.extent and row.extent.least == least for row in rows) and any(row.extent and row.extent.most == most for row in rows)
    return first._replace(extent=Extent(least, most, first.extent.settled)) if attained else None


def count_group(group: Group, members: Sequence[Member]) -> tuple[Extent | None, list[bool], bool]:
    """A group as one: its extent, which members stay missing, and whether it cannot be scored (two given where one may be)."""
    refused = group.kind == "one_of" and sum(member.given for member in members) > 1
    missing = [member.missing for member in members]
    extents = [member.extent for member in members if member.extent is not None]
    if not extents:
        return None, missing, refused
    if group.kind == "either":
        least, most = _each(max, (e.least for e in extents)), _each(max, (e.most for e in extents))
    else:
        settled = [member for member in members if member.extent is not None and member.extent.settled]
        answers = [member.extent for member in settled if member.given] or [member.extent for member in settled]
        extents = [extent for extent in answers if extent is not None] or extents
        if answers:
            missing = [False] * len(missing)
            least = most = _each(max, (e.least for e in extents))
        else:
            least, most = _each(min, (e.least for e in extents)), _each(max, (e.most for e in extents))
    return Extent(least, most, all(e.settled for e in extents)), missing, refused
