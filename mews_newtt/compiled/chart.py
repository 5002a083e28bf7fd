"""`compile_chart`: a Chart to a CompiledChart, the only form of a chart that engines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import NamedTuple

from mews_newtt.chart.contexts import Value, can_occur, contexts_of, distinguishable_values, holds, matches, table_for
from mews_newtt.chart.model import Chart, Group, Parameter, Table
from mews_newtt.compiled.classes import ReadingClasses, classes_of, conditions_on
from mews_newtt.compiled.contexts import Context, compile_context, hypothetical_values, joint_rules
from mews_newtt.compiled.contributions import Contribution, common_contribution, contributions_in, joined_contribution
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
    comparable: bool = False  # as `compile_chart` says

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
        rows = {id(row): row for row in own.contributions}  # contexts that choose one table share a row

        def number(found: Contribution | None) -> int:
            counts = found and (found.bounds and found.bounds[:2], found.points, found.missing, "not_read" in found.flags)
            return numbers.setdefault(counts, len(numbers))

        def answered(found: Contribution | None) -> Contribution | None:
            return found._replace(bounds=None, missing=False) if found and found.missing else found

        alone = {key: [number(found) for found in row] for key, row in rows.items()}
        others = {key: [number(answered(found)) for found in row] for key, row in rows.items()}
        return DecidingNumbers([alone[id(row)] for row in own.contributions], [others[id(row)] for row in own.contributions])


def compile_chart(chart: Chart, *, comparable: bool = False, like: CompiledChart | None = None) -> CompiledChart:
    """Work out everything that engines need to know about a chart.

    comparable : for charts that are compared with changed ones. Impossible numbers have classes like any other, since a changed platform may
        score them, and a context has every value that can be told apart as a hypothetical value, since a changed chart may tell them apart.
    like : a chart that is compiled in the same way. The result is the same without it, but what both charts say alike is not worked out again
    """
    before = like if like is not None and like.comparable == comparable else None
    alike = _alike(chart, before.chart) if before is not None else frozenset()
    known = before.parameters if before is not None else {}
    hypothetical = {name: hypothetical_values(chart, name, distinguishable_values(chart, name) if comparable else ()) for name in chart.context_ids}
    same = {name for name in alike if hypothetical.get(name) == (before.contexts[name].hypothetical if before and name in before.contexts else None)}
    classes = {
        p.id: known[p.id].classes if p.id in same else classes_of(chart, p, hypothetical.get(p.id, ()), refuse_impossible=not comparable)
        for p in chart.parameters
    }
    contexts = {
        name: before.contexts[name] if before is not None and name in same else compile_context(chart, classes[name], values)
        for name, values in hypothetical.items()
    }
    same = {name for name in same if same.issuperset(known[name].contexts)}
    parameters = {p.id: known[p.id] if p.id in same else compile_parameter(chart, classes[p.id], contexts) for p in chart.parameters}
    old_groups = {each.group: each for each in before.groups} if before is not None else {}
    groups = tuple(
        old_groups[group]
        if group in old_groups and same.issuperset(group.parameters)
        else compile_group(group, {name: parameters[name].contributions for name in group.parameters})
        for group in chart.groups
    )
    joint = joint_rules(chart)
    places = frozenset(place for place, rule in enumerate(chart.scope) if rule in joint)
    return CompiledChart(chart, contexts, parameters, groups, level_rules(chart), flag_rules(chart), places, comparable)


def _alike(chart: Chart, other: Chart) -> frozenset[str]:
    """The ids of the parameters for which two charts have the same tables and the same conditions."""
    shared = (chart.scope, chart.zones, chart.context_refusals, joint_rules(chart)), [level.id for level in chart.levels]
    if shared != ((other.scope, other.zones, other.context_refusals, joint_rules(other)), [level.id for level in other.levels]):
        return frozenset()
    return frozenset(
        p.id
        for p in chart.parameters
        if p is other.by_id.get(p.id) and chart.group_of.get(p.id) == other.group_of.get(p.id) and conditions_on(chart, p) == conditions_on(other, p)
    )


def compile_changed(chart: Chart, known: CompiledChart) -> CompiledChart:
    """A chart that differs in few places from one that is compiled: it scores as `compile_chart(chart)` does.

    What is the same on both charts is not worked out again: parameters, contexts and groups of the result are then the objects of `known`.
    A context keeps its hypothetical values, so that places among them mean the same. Some of them may be alike on the new chart.
    """
    if _frame(chart) != _frame(known.chart):
        return compile_chart(chart, comparable=known.comparable, like=known)
    changed = [new for new, old in zip(chart.parameters, known.chart.parameters, strict=True) if new is not old and new != old]
    contexts, parameters = dict(known.contexts), dict(known.parameters)
    classes = {name: own.classes for name, own in parameters.items()}
    anew = {parameter.id for parameter in changed}
    for parameter in changed:
        name = parameter.id
        if name not in contexts and _same_ranges(parameter, known.parameters[name].parameter):
            classes[name] = replace(classes[name], parameter=parameter)
            continue
        values = hypothetical_values(chart, name, contexts[name].hypothetical) if name in contexts else ()
        classes[name] = classes_of(chart, parameter, values, refuse_impossible=not known.comparable)
        if name in contexts:
            old, new = contexts[name], compile_context(chart, classes[name], values)
            contexts[name] = new
            if (new.count, new.values, new.parameter.required) != (old.count, old.values, old.parameter.required):
                anew.update(own.id for own in parameters.values() if name in own.contexts)
    parameters.update({name: compile_parameter(chart, classes[name], contexts, parameters[name]) for name in parameters if name in anew})
    groups = []
    for old_group in known.groups:
        members = old_group.group.parameters
        same = anew.isdisjoint(members)
        groups.append(old_group if same else compile_group(old_group.group, {name: parameters[name].contributions for name in members}))
    before = known.chart.by_id
    same_flags = all(new.observation is before[new.id].observation and new.assumed == before[new.id].assumed for new in changed)
    flags = known.flags if same_flags else flag_rules(chart)
    return CompiledChart(chart, contexts, parameters, tuple(groups), level_rules(chart), flags, known.joint_rules, known.comparable)


def _frame(chart: Chart) -> tuple[object, ...]:
    """What every parameter's classes and contributions may depend on, apart from the parameter itself."""
    conditions = [tuple(table.when for table in parameter.tables if table.when) for parameter in chart.parameters]
    return [p.id for p in chart.parameters], conditions, chart.groups, chart.scope, chart.zones, [level.id for level in chart.levels]


def _same_ranges(new: Parameter, old: Parameter) -> bool:
    """Whether two parameters have the same classes: they may differ only in what their bands give."""
    if new.observation is not old.observation or (new.assumed, new.skips, len(new.tables)) != (old.assumed, old.skips, len(old.tables)):
        return False
    return all(one is two or _ranges(one) == _ranges(two) for one, two in zip(new.tables, old.tables, strict=True))


def _ranges(table: Table) -> tuple[object, ...]:
    return table.when, table.applies, [(band.interval, band.categories) for band in table.bands]


def compile_parameter(
    chart: Chart, classes: ReadingClasses, contexts: Mapping[str, Context], like: CompiledParameter | None = None
) -> CompiledParameter:
    """One parameter of a chart, whose contexts are compiled.

    like : the same parameter of a chart with the same zones and levels. Its contributions in tables that both have are not worked out again
    """
    parameter = classes.parameter
    names = contexts_of(parameter)
    shape = tuple(contexts[name].count + 1 for name in names)
    codes = list(product(*(range(size) for size in shape)))
    places = {numbers: code for code, numbers in enumerate(codes)}
    tables: list[Table | None] = []
    occurs, joint_scope = [], set()
    joint = joint_rules(chart)
    for code, numbers in enumerate(codes):
        known = {name: contexts[name].values[one] for name, one in zip(names, numbers, strict=True) if one < contexts[name].count}
        tables.append(table_for(parameter, known) if len(known) == len(names) else None)
        occurs.append(can_occur(chart, known))
        if any(holds(rule, known) for rule in joint):
            joint_scope.add(code)
    distinct = {id(table): table for table in tables}
    by_table = _known_rows(parameter, classes, like) if like is not None and parameter.id not in contexts else {}
    by_table |= {key: contributions_in(chart, parameter, classes, table) for key, table in distinct.items() if key not in by_table}
    optional = not any(contexts[name].parameter.required for name in names)
    contributions: list[tuple[Contribution | None, ...]] = []
    for numbers in codes:
        agreeing = product(*((one,) if one < size - 1 else range(size - 1) for one, size in zip(numbers, shape, strict=True)))
        here = [places[known_too] for known_too in agreeing]
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
    if like is not None and like.classes.classes is classes.classes:
        scope = like.scope
    else:
        scope = tuple(_scope_parts(chart, parameter, own.value) for own in classes.classes)
    return CompiledParameter(
        classes, names, shape, tuple(tables), tuple(contributions), scope, frozenset(joint_scope), chart.group_of.get(parameter.id)
    )


def _known_rows(parameter: Parameter, classes: ReadingClasses, like: CompiledParameter) -> dict[int, tuple[Contribution, ...]]:
    """What each class contributes, by the id of the table, for the tables that an already compiled parameter has too. Empty if the classes differ."""
    if like.classes.classes is not classes.classes or (parameter.role, parameter.required) != (like.parameter.role, like.parameter.required):
        return {}
    own = {id(table) for table in parameter.tables}
    found: dict[int, tuple[Contribution, ...]] = {}
    for table, row in zip(like.tables, like.contributions, strict=True):
        if table is not None and id(table) in own and id(table) not in found:
            whole = tuple(one for one in row if one is not None)
            if len(whole) == len(row):
                found[id(table)] = whole
    return found


def _scope_parts(chart: Chart, parameter: Parameter, value: Value | None) -> tuple[ScopePart, ...]:
    if value is None:
        return ()
    return tuple(
        ScopePart(rule, part)
        for rule, every in enumerate(chart.scope)
        for part, (name, wanted) in enumerate(every.when)
        if name == parameter.id and matches(wanted, value)
    )
