"""Faults of whole rows and of the rules around them: ignored, missing as 0, wrong table, thresholds, groups, scope, another chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Condition, CountRule, Interval, Level, Table, number
from mews_newtt.validation.faults import Fault, row_name, with_parameter, with_table
from mews_newtt.validation.faults_reading import filled_contexts


def chart_faults(chart: Chart) -> Iterator[Fault]:
    yield from _ignored(chart)
    yield from _missing(chart)
    yield from _tables(chart)
    yield from _context_edges(chart)
    yield from _levels(chart)
    yield from _rest(chart)


def _ignored(chart: Chart) -> Iterator[Fault]:
    for parameter in chart.parameters:
        if parameter.role == "recorded" or not parameter.tables:
            continue
        kind = "trigger_ignored" if parameter.role == "trigger" else "parameter_ignored"
        gone = replace(parameter, role="recorded", required=False, tables=(), skips=())
        yield Fault(f"ignored:{parameter.id}", kind, f"{row_name(parameter)} seems to be ignored", (parameter.id,), with_parameter(chart, gone))


def _missing(chart: Chart) -> Iterator[Fault]:
    """A missing reading counted as 0: the set then passes for complete."""
    scored = [p for p in chart.parameters if p.role == "scored" and p.required]
    everything = chart
    for parameter in scored:
        free = replace(parameter, required=False)
        if parameter.id in chart.context_ids and parameter.assumed is None:
            continue  # without it tables are not known: what is taken then is a fault of its own
        everything = with_parameter(everything, free)
        says = f"{row_name(parameter)}: a missing reading seems to be counted as 0, so that a partial set passes for complete"
        yield Fault(f"missing:{parameter.id}", "missing_as_zero", says, (parameter.id,), with_parameter(chart, free))
    says = "missing readings seem to be counted as 0: partial sets get a plain total"
    yield Fault("missing:*", "missing_as_zero", says, tuple(p.id for p in scored), everything, filled_contexts(chart))


def _tables(chart: Chart) -> Iterator[Fault]:
    """One table for another: one context's bands used in another, always the same table, two exchanged."""
    for parameter in chart.parameters:
        tables = [(place, table) for place, table in enumerate(parameter.tables) if table.applies and table.bands]
        if len(parameter.tables) < 2:
            continue
        for place, table in tables:
            always = replace(parameter, tables=(replace(table, when=()),))
            title = table.title or "one table"
            yield Fault(
                f"table:{parameter.id}:always:{place}",
                "wrong_table",
                f"{row_name(parameter)}: the table for {title} seems to be used always",
                (parameter.id, *contexts_of(parameter)),
                with_parameter(chart, always),
            )
            for other_place, other in tables:
                if other.bands == table.bands or other_place == place:
                    continue
                yield Fault(
                    f"table:{parameter.id}:{place}:{other_place}",
                    "wrong_table",
                    f"{row_name(parameter)}: for {title} the table for {other.title} seems to be used",
                    (parameter.id, *contexts_of(parameter)),
                    with_table(chart, parameter, place, replace(table, bands=other.bands)),
                )
                if other_place > place:
                    both = replace(parameter, tables=_exchanged(parameter.tables, place, other_place))
                    yield Fault(
                        f"table:{parameter.id}:exchanged:{place}:{other_place}",
                        "wrong_table",
                        f"{row_name(parameter)}: the tables for {title} and {other.title} seem to be exchanged",
                        (parameter.id, *contexts_of(parameter)),
                        with_parameter(chart, both),
                    )


def _exchanged(tables: tuple[Table, ...], one: int, other: int) -> tuple[Table, ...]:
    found = list(tables)
    found[one], found[other] = replace(tables[one], bands=tables[other].bands), replace(tables[other], bands=tables[one].bands)
    return tuple(found)


def _context_edges(chart: Chart) -> Iterator[Fault]:
    """An edge between two contexts (an age) moved by one step, or on the wrong side."""
    for name in chart.context_ids:
        parameter = chart.by_id[name]
        conditions = [wanted for p in chart.parameters for t in p.tables for other, wanted in t.when if other == name]
        edges = {edge for wanted in conditions if isinstance(wanted, Interval) for edge in (wanted.low, wanted.high) if edge is not None}
        for edge in sorted(edges):
            step, unit = parameter.observation.step, parameter.observation.unit
            for k in (-1, 1):
                moved = _with_edge(chart, name, edge, edge + k * step, None)
                says = f"{row_name(parameter)}: the next table seems to start at {number(edge + k * step, unit)} instead of {number(edge, unit)}"
                yield Fault(f"context:{name}:{edge}:{k:+d}", "context_edge", says, (name,), moved)
            says = f"{row_name(parameter)}: exactly {number(edge, unit)} seems to use the other table (inclusive and exclusive exchanged)"
            yield Fault(f"context:{name}:{edge}:side", "context_edge", says, (name,), _with_edge(chart, name, edge, edge, True))


def _with_edge(chart: Chart, name: str, edge: Decimal, new: Decimal, flip: bool | None) -> Chart:
    def changed(wanted: Condition) -> Condition:
        if isinstance(wanted, Interval) and wanted.low == edge:
            wanted = replace(wanted, low=new, low_included=wanted.low_included ^ bool(flip))
        if isinstance(wanted, Interval) and wanted.high == edge:
            wanted = replace(wanted, high=new, high_included=wanted.high_included ^ bool(flip))
        return wanted

    parameters = []
    for parameter in chart.parameters:
        tables = tuple(
            replace(table, when=tuple((other, changed(wanted) if other == name else wanted) for other, wanted in table.when))
            for table in parameter.tables
        )
        parameters.append(parameter if tables == parameter.tables else replace(parameter, tables=tables))
    return replace(chart, parameters=tuple(parameters))


def _levels(chart: Chart) -> Iterator[Fault]:
    """Each threshold moved, each rule left out."""
    for rank, level in enumerate(chart.levels):
        if not rank:
            continue
        if level.total is not None and level.total.low is not None and chart.has_points:
            start = int(level.total.low)
            for k in (-1, 1, -2, 2):
                if start + k > 0:
                    total = replace(level.total, low=Decimal(start + k))
                    says = f"level {level.title} seems to start at a total of {start + k} instead of {start}"
                    yield _level(chart, level, replace(level, total=total), f"total:{k:+d}", "threshold_moved", says)
            says = f"level {level.title} seems not to be reached by the total"
            yield _level(chart, level, replace(level, total=None), "total:none", "threshold_moved", says)
        for place, count in enumerate(level.counts):
            yield from _counts(chart, level, place, count)


def _counts(chart: Chart, level: Level, place: int, count: CountRule) -> Iterator[Fault]:
    def changed(new: CountRule | None, mark: str, says: str) -> Fault:
        counts = (*level.counts[:place], *(() if new is None else (new,)), *level.counts[place + 1 :])
        return _level(chart, level, replace(level, counts=counts), f"count{place}:{mark}", "threshold_moved", f"level {level.title} {says}")

    what = f"{count.points} points or more" if count.points is not None else f"the {count.zone} zone or worse"
    for many in (count.at_least - 1, count.at_least + 1):
        if many > 0:
            rows = f"{many} row{'' if many == 1 else 's'}"
            yield changed(replace(count, at_least=many), f"rows={many}", f"seems to need {rows} with {what} instead of {count.at_least}")
    yield changed(None, "none", f"seems not to be reached by rows with {what}")
    if count.points is not None:
        for points in (count.points - 1, count.points + 1):
            if points > 0:
                says = f"seems to count rows from {points} points on instead of {count.points}"
                yield changed(replace(count, points=points), f"points={points}", says)
    else:
        for zone in chart.zones:
            if zone.id != count.zone:
                yield changed(replace(count, zone=zone.id), f"zone={zone.id}", f"seems to count rows from the {zone.title.lower()} zone on")


def _level(chart: Chart, level: Level, new: Level, mark: str, kind: str, says: str) -> Fault:
    levels = tuple(new if one is level else one for one in chart.levels)
    return Fault(f"level:{level.id}:{mark}", kind, says, (), replace(chart, levels=levels))


def _rest(chart: Chart) -> Iterator[Fault]:
    """Skip reasons, groups, scope."""
    for parameter in chart.parameters:
        for skip in parameter.skips:
            if skip.points is None:
                continue
            for points in (None, 0):
                if points == skip.points:
                    continue
                skips = tuple(replace(one, points=points) if one is skip else one for one in parameter.skips)
                gives = "no points" if points is None else f"{points} points"
                says = f"{row_name(parameter)}, skipped because {skip.code} ({skip.says}): seems to give {gives} instead of {skip.points}"
                changed = with_parameter(chart, replace(parameter, skips=skips))
                yield Fault(f"skip:{parameter.id}:{skip.code}:{points}", "skip_worth", says, (parameter.id,), changed)
    for group in chart.groups:
        says = f"{group.title}: each of {' and '.join(row_name(chart.by_id[name]) for name in group.parameters)} seems to count by itself"
        apart = replace(chart, groups=tuple(one for one in chart.groups if one is not group))
        yield Fault(f"group:{group.id}", "group_apart", says, group.parameters, apart)
    for place, rule in enumerate(chart.scope):
        if rule.refuse:
            name = rule.when[0][0]
            says = f"{row_name(chart.by_id[name]) if name in chart.by_id else name}: sets seem to be scored although {rule.says}"
            yield Fault(f"scope:{place}", "scope_ignored", says, (name,), replace(chart, scope=(*chart.scope[:place], *chart.scope[place + 1 :])))


def other_charts(chart: Chart, others: Iterable[Chart] | None) -> Iterator[Fault]:
    """Another version, or another chart that shares at least half of its scored rows; what this chart does not ask for is not waited for."""
    if others is None:
        from mews_newtt.chart.catalogue import charts

        others = charts()
    own = {p.id for p in chart.parameters if p.role == "scored"}
    for other in others:
        scored = [p.id for p in other.parameters if p.role == "scored"]
        if (other.id, other.version) == (chart.id, chart.version) or 2 * len(own.intersection(scored)) < max(2, len(scored)):
            continue
        free = tuple(p if p.id in chart.by_id else replace(p, required=False) for p in other.parameters)
        says = f"the platform seems to score {other.title}, version {other.version}, instead of {chart.title}, version {chart.version}"
        yield Fault(f"chart:{other.id}@{other.version}", "other_chart", says, (), replace(other, parameters=free, scope=other.context_refusals))
