"""Contexts: parameters that choose the tables of other parameters, with the classes of values that choose alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from mews_newtt.chart.contexts import Value, can_occur, conditions, contexts_of, distinguishable_values, matches
from mews_newtt.chart.model import Chart, Parameter, ScopeRule
from mews_newtt.compiled.classes import ReadingClasses, band_of


@dataclass(frozen=True)
class Context:
    """One context. Its classes are numbered from 0; class `count` is "not known"."""

    parameter: Parameter
    count: int  # how many classes there are, without "not known"
    class_of: tuple[int, ...]  # by the parameter's own class of readings
    values: tuple[Value, ...]  # one value of each class
    hypothetical: tuple[Value, ...]  # every way it can choose and count where it is not given


def compile_context(chart: Chart, classes: ReadingClasses, hypothetical: tuple[Value, ...]) -> Context:
    """Number the values of a context by what they choose."""
    parameter = classes.parameter
    numbers: dict[tuple[bool, ...], int] = {}
    values: list[Value] = []

    def number(value: Value) -> int:
        chosen = _chosen(chart, parameter.id, value)
        if chosen not in numbers:
            numbers[chosen] = len(values)
            values.append(value)
        return numbers[chosen]

    for value in hypothetical:
        number(value)
    found = []
    for own in classes.classes:
        known = own.hypothetical if own.value is None else own.value
        found.append(0 if own.refused else None if known is None else number(known))
    return Context(parameter, len(values), tuple(len(values) if one is None else one for one in found), tuple(values), hypothetical)


def hypothetical_values(chart: Chart, name: str, known: tuple[Value, ...] = ()) -> tuple[Value, ...]:
    """One value for each way in which a context can choose tables and count itself. Values that are `known` already come first."""
    tables = [table for table in chart.by_id[name].tables if table.applies]

    def way(value: Value) -> object:
        return _chosen(chart, name, value), *(chart.severity(band_of(chart, table, value)[0]) for table in tables)

    found: dict[object, Value] = {way(value): value for value in known}
    more = [value for value in distinguishable_values(chart, name) if found.setdefault(way(value), value) is value and value not in known]
    return (*known, *more)


def possible_values(chart: Chart, contexts: Mapping[str, Context], known: Mapping[str, Value], unknown: Sequence[str]) -> list[tuple[int, ...]]:
    """Every way the unknown contexts can be together: for each of them a place among its hypothetical values.

    What the chart's scope refuses cannot be; if it refuses every way, every way counts.
    """
    hypothetical = [contexts[name].hypothetical for name in unknown]
    every = list(product(*(range(len(values)) for values in hypothetical)))

    def occurs(chosen: tuple[int, ...]) -> bool:
        values = {name: values[place] for name, values, place in zip(unknown, hypothetical, chosen, strict=True)}
        return can_occur(chart, {**known, **values})

    return [chosen for chosen in every if occurs(chosen)] or every


def joint_rules(chart: Chart) -> tuple[ScopeRule, ...]:
    """Scope rules of several contexts that one parameter's tables depend on: that parameter's context code says whether they hold."""
    several = [rule for rule in chart.scope if len(rule.when) > 1]
    sets = [set(contexts_of(parameter)) for parameter in chart.parameters] if several else []
    return tuple(rule for rule in several if any(names.issuperset(name for name, _ in rule.when) for names in sets))


def _chosen(chart: Chart, name: str, value: Value) -> tuple[bool, ...]:
    """Which conditions a value of a context fulfils: of tables, and of scope rules that look at several contexts."""
    asked = [*conditions(chart), *(when for rule in joint_rules(chart) for when in rule.when)]
    return tuple(matches(wanted, value) for other, wanted in asked if other == name)
