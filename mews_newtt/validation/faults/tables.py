"""Faults in the choice of a table: one context's bands used in another, or an edge between two contexts moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Condition, Interval, Parameter, Table, number
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter, with_table
from mews_newtt.validation.wording import row_name

KINDS = {
    "wrong_table": "another table is used than the context asks for, such as the other SpO2 scale or age band",
    "context_edge": "the edge between two contexts (such as an age) is on the wrong side, or off by a step, by whole years or by hours",
}
# How far an edge between contexts is moved, by unit: numbers that people take for one another.
FAR = {"h": (1, 12, 24, 36, 48), "": (1, 2, 3, 4, 5)}
EXAMPLES = (
    Example("table:tick_rate:always:0", {"tick_rate": "61", "spring": "new"}, "total 0, level Watch", "total 3, level Rewind"),
    Example("table:tick_rate:0:1", {"tick_rate": "25"}, "total 0, level Watch", "total 1, level Watch"),
    Example("context:age_winters:10:+1", {"age_winters": "10", "tick_rate": "55"}, "total 1, level Watch", "total 0, level Watch"),
    Example("context:age_winters:10:side", {"age_winters": "10", "tick_rate": "55"}, "total 1, level Watch", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in chart.parameters:
        if len(parameter.tables) > 1:
            yield from _other_tables(chart, parameter)
    for name in chart.context_ids:
        yield from _context_edges(chart, chart.by_id[name])


def _other_tables(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    tables = [(index, table) for index, table in enumerate(parameter.tables) if table.applies and table.bands]
    about, name = (parameter.id, *contexts_of(parameter)), row_name(parameter)

    def fault(form: str, says: str, changed: Chart, after: int, before: int | None = None) -> Fault:
        return Fault("wrong_table", form, f"{name}: {says}", about, changed, Site(parameter.id), before=before, after=after)

    for index, table in tables:
        title = table.title or "one table"
        always = with_parameter(chart, replace(parameter, tables=(replace(table, when=()),)))
        yield fault("table:{site}:always:{after}", f"the table for {title} seems to be used always", always, index)
        for other_index, other in tables:
            if other.bands == table.bands or other_index == index:
                continue
            says = f"for {title} the table for {other.title} seems to be used"
            yield fault(
                "table:{site}:{before}:{after}", says, with_table(chart, parameter, index, replace(table, bands=other.bands)), other_index, index
            )
            if other_index > index:
                says = f"the tables for {title} and {other.title} seem to be exchanged"
                both = with_parameter(chart, replace(parameter, tables=_exchanged(parameter.tables, index, other_index)))
                yield fault("table:{site}:exchanged:{before}:{after}", says, both, other_index, index)


def _exchanged(tables: tuple[Table, ...], first: int, second: int) -> tuple[Table, ...]:
    changed = list(tables)
    changed[first], changed[second] = replace(tables[first], bands=tables[second].bands), replace(tables[second], bands=tables[first].bands)
    return tuple(changed)


def _context_edges(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name, step, unit = parameter.id, parameter.observation.step, parameter.observation.unit
    conditions = [wanted for p in chart.parameters for t in p.tables for other, wanted in t.when if other == name]
    edges = {edge for wanted in conditions if isinstance(wanted, Interval) for edge in (wanted.low, wanted.high) if edge is not None}
    possible = parameter.observation.impossible
    for edge in sorted(edges):
        lower, higher = [e for e in edges if e < edge], [e for e in edges if e > edge]
        ways = [(by, edge + by * step) for by in (-1, 1)]
        for far in FAR.get(unit, FAR[""]):
            ways += [(int(by / step), edge + by) for by in (-far, far) if abs(by) > step and by % step == 0]
        for by, after in ways:
            if not possible.contains(after) or (lower and after <= max(lower)) or (higher and after >= min(higher)):
                continue
            says = f"{row_name(parameter)}: the next table seems to start at {number(after, unit)} instead of {number(edge, unit)}"
            moved = _with_edge(chart, name, edge, after, flip=False)
            yield Fault("context_edge", "context:{site}:{before}:{by:+d}", says, (name,), moved, Site(name), by=by, before=edge, after=after)
        says = f"{row_name(parameter)}: exactly {number(edge, unit)} seems to use the other table (inclusive and exclusive exchanged)"
        yield Fault(
            "context_edge", "context:{site}:{before}:side", says, (name,), _with_edge(chart, name, edge, edge, flip=True), Site(name), before=edge
        )


def _with_edge(chart: Chart, name: str, edge: Decimal, new: Decimal, *, flip: bool) -> Chart:
    """The chart with one edge of a context elsewhere; `flip` exchanges inclusive and exclusive."""

    def changed(wanted: Condition) -> Condition:
        if isinstance(wanted, Interval) and wanted.low == edge:
            wanted = replace(wanted, low=new, low_included=wanted.low_included ^ flip)
        if isinstance(wanted, Interval) and wanted.high == edge:
            wanted = replace(wanted, high=new, high_included=wanted.high_included ^ flip)
        return wanted

    parameters = []
    for parameter in chart.parameters:
        tables = tuple(
            replace(table, when=tuple((other, changed(wanted) if other == name else wanted) for other, wanted in table.when))
            for table in parameter.tables
        )
        parameters.append(parameter if tables == parameter.tables else replace(parameter, tables=tables))
    return replace(chart, parameters=tuple(parameters))
