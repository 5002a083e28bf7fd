"""`compile_chart`: a Chart to a CompiledChart, the only form of a chart that engines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import NamedTuple

from mews_newtt.chart.contexts import Value, can_occur, contexts_of, holds, matches, table_for
from mews_newtt.chart.model import Chart, Group, Parameter, Table
from mews_newtt.compiled.classes import ReadingClasses, classes_of
from mews_newtt.compiled.contexts import Context, compile_context, hypothetical_values, joint_rules
from mews_newtt.compiled.contributions import Contribution, common_contribution, contribution_of, joined_contribution
from mews_newtt.compiled.flags import FlagRule, flag_rules
from mews_newtt.compiled.groups import CompiledGroup, compile_group
from mews_newtt.compiled.levels import LevelRule, level_rules


class ScopePart(NamedTuple):
    """One condition of a scope rule: the rule's place in `chart.scope`, and the condition's place in the rule."""

    rule: int
    part: int


class DecidingNumbers(NamedTuple):
    """By context code and class, a number; rows that count alike have the same."""

    alone: list[list[int]]
    answered: list[list[int]]  # of a row in a group that another row has answered: a reading that is missing here is not asked for


@dataclass(frozen=True)
class CompiledParameter:
    """One parameter: its classes, and what each contributes in each context."""

    classes: ReadingClasses
    contexts: tuple[str, ...]  # the contexts that choose its table
    shape: tuple[int, ...]  # how many classes each of them has, "not known" included
    tables: tuple[Table | None, ...]  # by context code; None where a context is not known, or there is no table
    contributions: tuple[tuple[Contribution | None, ...], ...]  # by context code and class; None: it depends on a context that is not known
    scope: tuple[tuple[ScopePart, ...], ...]  # by class: which conditions of scope rules it fulfils
    joint_scope: frozenset[int]  # context codes at which a scope rule of several contexts holds
    group: Group | None

    @property
    def parameter(self) -> Parameter:
        return self.classes.parameter

    @property
    def id(self) -> str:
        return self.classes.parameter.id


@dataclass(frozen=True)
class CompiledChart:
    """A chart as plain data for engines. `mews_newtt.compiled` says how each part is read."""

    chart: Chart
    contexts: Mapping[str, Context]
    parameters: Mapping[str, CompiledParameter]  # in chart order, which is the order of `missing`
    groups: tuple[CompiledGroup, ...]
    level_rules: tuple[LevelRule, ...]
    flags: tuple[FlagRule, ...]
    joint_rules: frozenset[int]  # places in `chart.scope`: rules of several contexts that some parameter's tables depend on

    def radices(self, names: Sequence[str]) -> dict[str, int]:
        """What each context's class is multiplied by in the context code of these contexts."""
        sizes = [self.contexts[name].count + 1 for name in names]
        return {name: prod(sizes[place + 1 :]) for place, name in enumerate(names)}

    def deciding_numbers(self, name: str) -> DecidingNumbers:
        """An unknown context is needed by a parameter where the number of its row differs between the context's values.

        Where a context of the parameter is required, the number is that of the table; where all are optional, of what the class counts for.
        """
        own = self.parameters[name]
        if any(self.contexts[context].parameter.required for context in own.contexts):
            tables = {id(table): number for number, table in enumerate(own.tables)}
            by_table = [[tables[id(table)]] * len(own.classes) for table in own.tables]
            return DecidingNumbers(by_table, by_table)
        numbers: dict[object, int] = {}

        def number(found: Contribution | None) -> int:
            counts = found and (found.bounds and found.bounds[:2], found.points, found.missing, "not_read" in found.flags)
            return numbers.setdefault(counts, len(numbers))

        def answered(found: Contribution | None) -> Contribution | None:
            return found._replace(bounds=None, missing=False) if found and found.missing else found

        alone = [[number(found) for found in row] for row in own.contributions]
        return DecidingNumbers(alone, [[number(answered(found)) for found in row] for row in own.contributions])


def compile_chart(chart: Chart) -> CompiledChart:
    """Work out everything that engines need to know about a chart."""
    hypothetical = {name: hypothetical_values(chart, name) for name in chart.context_ids}
    classes = {p.id: classes_of(chart, p, hypothetical.get(p.id, ())) for p in chart.parameters}
    contexts = {name: compile_context(chart, classes[name], values) for name, values in hypothetical.items()}
    parameters = {p.id: compile_parameter(chart, classes[p.id], contexts) for p in chart.parameters}
    groups = tuple(compile_group(group, {name: parameters[name].contributions for name in group.parameters}) for group in chart.groups)
    joint = joint_rules(chart)
    places = frozenset(place for place, rule in enumerate(chart.scope) if rule in joint)
    return CompiledChart(chart, contexts, parameters, groups, level_rules(chart), flag_rules(chart), places)


def compile_parameter(chart: Chart, classes: ReadingClasses, contexts: Mapping[str, Context]) -> CompiledParameter:
    """One parameter of a chart, whose contexts are compiled."""
    parameter = classes.parameter
    names = contexts_of(parameter)
    shape = tuple(contexts[name].count + 1 for name in names)
    codes = list(product(*(range(size) for size in shape)))
    tables: list[Table | None] = []
    occurs, joint_scope = [], set()
    joint = joint_rules(chart)
    for code, numbers in enumerate(codes):
        known = {name: contexts[name].values[one] for name, one in zip(names, numbers, strict=True) if one < contexts[name].count}
        tables.append(table_for(parameter, known) if len(known) == len(names) else None)
        occurs.append(can_occur(chart, known))
        if any(holds(rule, known) for rule in joint):
            joint_scope.add(code)
    by_table = {id(table): tuple(contribution_of(chart, parameter, own, table) for own in classes.classes) for table in tables}
    optional = not any(contexts[name].parameter.required for name in names)
    contributions: list[tuple[Contribution | None, ...]] = []
    for code, numbers in enumerate(codes):
        if all(one < size - 1 for one, size in zip(numbers, shape, strict=True)):
            contributions.append(by_table[id(tables[code])])
            continue
        agrees = [all(one in (size - 1, other) for one, other, size in zip(numbers, others, shape, strict=True)) for others in codes]
        known_too = [all(one < size - 1 for one, size in zip(others, shape, strict=True)) for others in codes]
        here = [place for place in range(len(codes)) if agrees[place] and known_too[place]]
        possible = {id(tables[place]) for place in here if occurs[place]} or {id(tables[place]) for place in here}
        if len(possible) == 1:
            contributions.append(by_table[possible.pop()])
        else:
            by_class = zip(*(by_table[table] for table in possible), strict=True)
            contributions.append(tuple(common_contribution(parameter, found, optional) for found in by_class))
    if not names and parameter.id in contexts and parameter.assumed is None:  # an unknown context that no other context chooses
        own_row = list(contributions[0])
        depends = any(name == parameter.id for rule in chart.context_refusals for name, _ in rule.when)  # other contexts say what it can be
        for unread in classes.unread:
            ways = [by_table[id(tables[0])][one] for (base, _), one in classes.hypothetical.items() if base == unread]
            own_row[unread] = None if depends else joined_contribution(ways)
        contributions[0] = tuple(own_row)
    scope = tuple(_scope_parts(chart, parameter, own.value) for own in classes.classes)
    return CompiledParameter(
        classes, names, shape, tuple(tables), tuple(contributions), scope, frozenset(joint_scope), chart.group_of.get(parameter.id)
    )


def _scope_parts(chart: Chart, parameter: Parameter, value: Value | None) -> tuple[ScopePart, ...]:
    if value is None:
        return ()
    return tuple(
        ScopePart(rule, part)
        for rule, every in enumerate(chart.scope)
        for part, (name, wanted) in enumerate(every.when)
        if name == parameter.id and matches(wanted, value)
    )
