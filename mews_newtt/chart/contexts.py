"""Contexts: inputs that choose the table of another parameter. Which values make a difference, and which table each chooses."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise, product

from mews_newtt.chart.exact import add, midpoint
from mews_newtt.chart.model import Chart, Condition, Interval, Number, Parameter, ScopeRule, Table

Value = Number | str


def matches(condition: Condition, value: Value) -> bool:
    """Whether a reading fulfils one condition of a `when`."""
    if isinstance(condition, Interval):
        return not isinstance(value, str) and condition.contains(value)
    return value in condition


def holds(rule: ScopeRule, values: Mapping[str, Value]) -> bool:
    """Whether readings fulfil every condition of a scope rule. A reading that is not given fulfils none."""
    return all(name in values and matches(wanted, values[name]) for name, wanted in rule.when)


def can_occur(chart: Chart, contexts: Mapping[str, Value]) -> bool:
    """Whether the chart's scope allows these contexts together: contexts that the chart refuses together are not possible values of a missing one."""
    return not any(holds(rule, contexts) for rule in chart.context_refusals)


def table_for(parameter: Parameter, values: Mapping[str, Value]) -> Table | None:
    """The table these readings choose; None where a context they need is not among them."""
    for table in parameter.tables:
        if all(name in values and matches(wanted, values[name]) for name, wanted in table.when):
            return table
    return None


def only_table(chart: Chart, parameter: Parameter, values: Mapping[str, Value]) -> Table | None:
    """The table these readings choose, also where a context that is missing makes no difference; None where other bands are possible."""
    chosen = table_for(parameter, values)
    unknown = [name for name in contexts_of(parameter) if name not in values]
    if chosen is not None or not unknown:
        return chosen
    ways = [{**values, **dict(zip(unknown, way, strict=True))} for way in product(*(distinguishable_values(chart, name) for name in unknown))]
    possible = [table_for(parameter, way) for way in ways if can_occur(chart, way)]
    tables = [table for table in possible if table is not None]
    if len(tables) < len(possible) or not tables or any((table.bands, table.applies) != (tables[0].bands, tables[0].applies) for table in tables):
        return None
    return max(tables, key=lambda table: sum(name in values for name, _ in table.when))


def conditions(chart: Chart) -> list[tuple[str, Condition]]:
    """Every condition by which contexts choose tables, or cannot occur together."""
    chosen = [when for parameter in chart.parameters for table in parameter.tables for when in table.when]
    return chosen + [when for rule in chart.context_refusals for when in rule.when]


def distinguishable_values(chart: Chart, context: str) -> tuple[Value, ...]:
    """One value for every way the chart can treat a context: each category, or each range its conditions cut out."""
    parameter = chart.by_id[context]
    if not parameter.observation.numeric:
        return parameter.category_ids
    edges = sorted(
        {
            edge
            for name, wanted in conditions(chart)
            if name == context and isinstance(wanted, Interval)
            for edge in (wanted.low, wanted.high)
            if edge is not None
        }
        | {  # the classes of a context that also scores depend on its own bands too
            edge
            for table in parameter.tables
            for band in table.bands
            if band.interval is not None
            for edge in (band.interval.low, band.interval.high)
            if edge is not None
        }
    )
    if not edges:
        return (Decimal(0),)
    possible = parameter.observation.impossible
    lowest = add(edges[0], -1) if possible.low is None else midpoint(possible.low, edges[0])
    highest = add(edges[-1], 1) if possible.high is None else midpoint(edges[-1], possible.high)
    between = [midpoint(low, high) for low, high in pairwise(edges)]
    return tuple(value for value in sorted({lowest, *edges, *between, highest}) if possible.contains(value))


def contexts_of(parameter: Parameter) -> tuple[str, ...]:
    """The inputs that choose this parameter's table."""
    return tuple(dict.fromkeys(name for table in parameter.tables for name, _ in table.when))
