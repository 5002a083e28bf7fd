"""Faults of levels: totals and counts that no set can reach, totals that leave a hole, points and zones that raise nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from math import prod
from types import MappingProxyType

from mews_newtt.chart.check_names import CheckContext, all_bands
from mews_newtt.chart.contexts import Value, distinguishable_values, table_for
from mews_newtt.chart.model import Band, Chart, CountRule, Level, Parameter
from mews_newtt.errors import Problem

MOST_CONTEXTS = 1000  # beyond, the greatest total is taken over all tables at once
NO_CONTEXT: Mapping[str, Value] = MappingProxyType({})


def counted_rows(chart: Chart) -> list[tuple[Parameter, ...]]:
    """The scored rows as they count: each alone, the members of a group together."""
    scored = [p for p in chart.parameters if p.role == "scored"]
    grouped = [tuple(chart.by_id[name] for name in group.parameters) for group in chart.groups]
    return [(p,) for p in scored if p.id not in chart.group_of] + grouped


def totals_by_context(chart: Chart) -> Iterator[int]:
    """For every context, a total that no set in it exceeds: the most points of every row, a group counted once."""
    rows = counted_rows(chart)
    names = chart.context_ids
    choices = [distinguishable_values(chart, name) for name in names]
    many = prod(map(len, choices)) > MOST_CONTEXTS
    for values in [()] if many else product(*choices):
        context = {} if many else dict(zip(names, values, strict=True))
        yield sum(max((_most_points(p, context) for p in row), default=0) for row in rows)


def _most_points(parameter: Parameter, context: Mapping[str, Value] = NO_CONTEXT) -> int:
    """The most points that a row gives, in one context or in any."""
    table = table_for(parameter, context) if context else None
    bands = [band for one in ([table] if table is not None else parameter.tables) for band in one.bands]
    given = [band.points for band in bands] + [skip.points for skip in parameter.skips]
    return max((points for points in given if points is not None), default=0)


def counts_for(chart: Chart, rule: CountRule, band: Band) -> bool:
    """Whether a reading in this band is one of those that a count rule counts."""
    if rule.points is not None:
        return (band.points or 0) >= rule.points
    return band.zone is not None and rule.zone is not None and chart.zone_rank[band.zone] >= chart.zone_rank[rule.zone]


def _in_reach(chart: Chart, rule: CountRule) -> bool:
    """Whether enough rows have a band that the rule counts."""
    return sum(_has(chart, rule, rows) for rows in counted_rows(chart)) >= rule.at_least


def _has(chart: Chart, rule: CountRule, rows: tuple[Parameter, ...]) -> bool:
    if rule.points is not None and any(_most_points(p) >= rule.points for p in rows):  # a skip may give points too
        return True
    return any(counts_for(chart, rule, band) for p in rows for table in p.tables for band in table.bands)


def check_levels(c: CheckContext) -> Iterator[Problem]:
    named = {band.level for *_, band in all_bands(c.chart)}
    summed = [level for level in c.chart.levels if level.total is not None]
    if summed and not c.chart.has_points:
        yield Problem("total_without_points", c.at(f"level {summed[0].id}"), "is reached by a total on a chart without points", "count zones instead")
        return
    for level in c.chart.levels[1:]:
        if level.total is None and not level.counts and level.id not in named:
            yield Problem(
                "level_unreachable",
                c.at(f"level {level.id}"),
                "nothing reaches this level",
                "give it a total within reach, a count, or a band that names it",
            )
        low = level.total.low if level.total is not None else None
        if low is not None and not any(total >= low for total in totals_by_context(c.chart)):  # the first context mostly reaches it
            yield Problem(
                "total_out_of_reach",
                c.at(f"level {level.id}, total"),
                f"is {level.total}, and no set has a total above {max(totals_by_context(c.chart))}",
                "check the total and the points of the rows against the print",
            )
        for rule in level.counts:
            if not _in_reach(c.chart, rule):
                rows = "row" if rule.at_least == 1 else "rows"
                what = f"{rows} at {rule.points} points or more" if rule.zone is None else f"{rows} in the zone {rule.zone} or a worse one"
                yield Problem(
                    "count_out_of_reach",
                    c.at(f"level {level.id}, counts"),
                    f"needs {rule.at_least} {what}, and the chart does not have so many",
                    "check the count and the rows against the print",
                )
    yield from _check_totals(c, summed)
    yield from _check_raised(c)


def _check_totals(c: CheckContext, summed: list[Level]) -> Iterator[Problem]:
    """The totals of the levels follow each other without a hole, and the last one has no end."""
    totals = [(level, level.total) for level in summed if level.total is not None]
    for level, total in totals:
        whole = all(edge is None or edge == edge.to_integral_value() for edge in (total.low, total.high))
        if total.low is None or not (whole and total.low_included and total.high_included):
            yield Problem("bad_total", c.at(f"level {level.id}, total"), f"is {total}", "write whole numbers: { from = 3, to = 5 }, or { from = 6 }")
            return
    for (lower, below), (upper, above) in pairwise(totals):
        if below.high is None or above.low is None or above.low != below.high + 1:
            yield Problem(
                "total_gap",
                c.at(f"level {upper.id}"),
                f"its totals ({above}) do not start one above those of {lower.id} ({below})",
                "let each level's totals follow the last one's",
            )
    for level, total in totals[-1:]:
        if total.high is not None:
            yield Problem("total_open_end", c.at(f"level {level.id}"), f"ends at a total of {total.high}", "leave out its `to`")
    for level, total in totals[:1]:
        lowest = level is c.chart.levels[0]
        if lowest and total.low != 0:
            yield Problem("total_gap", c.at(f"level {level.id}"), f"starts at a total of {total.low}", "start the first level at 0")
        if not lowest and total.low is not None and total.low <= 0:
            what = f"starts at a total of {total.low}, so that every set reaches it"
            yield Problem("total_of_every_set", c.at(f"level {level.id}, total"), what, "start it at the total that the print gives")


def _check_raised(c: CheckContext) -> Iterator[Problem]:
    """What the rows give must be able to raise the level, on a chart that has more than one."""
    levels = c.chart.levels[1:]
    if not levels or any(level.total is not None for level in levels):
        return
    rules = [rule for level in levels for rule in level.counts]
    raises = {
        where: band.level is not None or any(counts_for(c.chart, rule, band) for rule in rules)
        for where, parameter, _, band in all_bands(c.chart)
        if parameter.role == "scored" and (band.points or (band.zone and not c.chart.has_points))
    }
    idle = [where for where, does in raises.items() if not does]
    if c.chart.has_points and idle:
        yield Problem(
            "points_raise_nothing",
            c.at("[[levels]]"),
            f"no total reaches a level above {c.chart.levels[0].id!r}, and the points of {idle[0]} count for nothing",
            "write the total that reaches each level, as printed",
        )
    elif raises and not any(raises.values()):
        yield Problem(
            "zones_raise_nothing",
            c.at("[[levels]]"),
            f"no count of a zone reaches a level above {c.chart.levels[0].id!r}",
            "write how many rows in which zone reach each level, as printed",
        )
