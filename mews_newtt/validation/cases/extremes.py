"""The lowest and the highest readings of each row, and amounts given beside each category that decides whether they count.

A platform may end a band where the chart's band goes on, and give 0 points from some high value on. Only a reading past that value shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.contexts import can_occur, table_for
from mews_newtt.chart.model import Band, Chart, Parameter, Table, number
from mews_newtt.validation.cases.pool import Pool
from mews_newtt.validation.cases.values import Given, as_text, decimal, middle, refused_alone
from mews_newtt.validation.wording import gives, row_name

Reason = tuple[Given, str]


def lowest(parameter: Parameter) -> Decimal | None:
    """The lowest plausible reading that can be recorded; None where the observation has no lower limit."""
    observation = parameter.observation
    limits = [limit for limit in (observation.impossible.low, observation.implausible.low) if limit is not None]
    return decimal(math.ceil(Fraction(max(limits)) / Fraction(observation.step)) * Fraction(observation.step)) if limits else None


def highest(parameter: Parameter) -> Decimal | None:
    """The highest plausible reading that can be recorded.

    Where the observation has no upper limit, it is as far past the row's last edge as its first and last edge are apart; None without edges.
    """
    observation = parameter.observation
    limits = [limit for limit in (observation.impossible.high, observation.implausible.high) if limit is not None]
    edges = [edge for table in parameter.tables for band in table.bands for edge in _edges(band)]
    if not limits and not edges:
        return None
    limit = min(limits) if limits else max(edges) + max(max(edges) - min(edges), observation.step)
    return decimal(math.floor(Fraction(limit) / Fraction(observation.step)) * Fraction(observation.step))


def _edges(band: Band) -> list[Decimal]:
    return [] if band.interval is None else [edge for edge in (band.interval.low, band.interval.high) if edge is not None]


def ends(parameter: Parameter) -> Iterator[tuple[Decimal, str]]:
    """The lowest and the highest reading of a row, and how each is called."""
    plausible = parameter.observation.impossible.high is not None or parameter.observation.implausible.high is not None
    for value, says in ((lowest(parameter), "the lowest plausible reading"), (highest(parameter), "the highest plausible reading")):
        if value is not None:
            yield value, says if plausible or says.startswith("the lowest") else "far past the last edge"


def extremes(pool: Pool) -> Iterator[Reason]:
    """Every table's lowest and highest reading, in the first setting that uses the table; and the lowest value of a numeric context."""
    seen: set[int] = set()
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        for parameter in pool.chart.parameters:
            table = setting.tables[parameter.id]
            if parameter.role == "recorded" or not parameter.observation.numeric or parameter.id in setting.given:
                continue
            if table is None or not table.bands or id(table) in seen:
                continue
            seen.add(id(table))
            for value, says in ends(parameter):
                band, _ = find_band(pool.chart, table, value)
                why = f"{row_name(parameter, table)} {number(value, parameter.observation.unit)}: {says}, gives {gives(pool.chart, band)}"
                yield pool.put(baseline, parameter, as_text(value)), why
    yield from _lowest_contexts(pool)


def _lowest_contexts(pool: Pool) -> Iterator[Reason]:
    chart = pool.chart
    for name in chart.context_ids:
        parameter = chart.by_id[name]
        value = lowest(parameter) if parameter.observation.numeric else None
        if value is None or refused_alone(chart, name, value):
            continue
        for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
            if name in baseline and {p.id: table_for(p, {**setting.values, name: value}) for p in chart.parameters} == setting.tables:
                yield {**baseline, name: as_text(value)}, f"{row_name(parameter)} {number(value, parameter.observation.unit)}: the lowest value"
                break


def together(pool: Pool) -> Iterator[Reason]:
    """In each setting, every numeric row at its lowest reading at once, and every one at its highest."""
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        for value_of, says in ((lowest, "lowest"), (highest, "highest")):
            given = dict(baseline)
            for parameter in pool.chart.parameters:
                value = value_of(parameter) if parameter.observation.numeric and parameter.id in baseline else None
                if value is not None and parameter.id not in setting.given and parameter.id not in pool.chart.context_ids:
                    given[parameter.id] = as_text(value)
            yield given, f"every number at the {says} plausible reading"


def beside_contexts(pool: Pool) -> Iterator[Reason]:
    """A reading beside each category that decides how it counts: an oxygen concentration and a flow beside each device.

    The reading is one that gives the fewest points above 0, so that a platform shows itself both when it adds points that do not count and when it
    takes them instead of the category's own.
    """
    chart = pool.chart
    for name in chart.context_ids:
        context = chart.by_id[name]
        rows = [p for p in chart.parameters if p.role != "recorded" and any(w == name for t in p.tables for w, _ in t.when)]
        for category in () if context.observation.numeric else context.category_ids:
            for row in rows:
                if all(table.applies for table in row.tables) or refused_alone(chart, name, category):
                    continue  # every category has its own bands, and each of those has cases
                yield from _beside(pool, context, category, row)


def _beside(pool: Pool, context: Parameter, category: str, row: Parameter) -> Iterator[Reason]:
    chart = pool.chart
    bands = [band for table in row.tables for band in table.bands if any(chart.severity(band))]
    setting = pool.settings[0]
    values = {**setting.values, context.id: category}
    if not bands or not can_occur(chart, values):
        return
    table = table_for(row, values)
    value = middle(row, min(bands, key=chart.severity))
    given = {**pool.baselines[0], context.id: category}
    at = f"{row_name(row)} {number(Decimal(value), row.observation.unit) if row.observation.numeric else value} beside {row_name(context)}"
    yield pool.put(given, row, value), f"{at} {category.replace('_', ' ')}: {_counts(chart, table, value)}"


def _counts(chart: Chart, table: Table | None, value: str) -> str:
    if table is None or not table.applies or not table.bands:
        return "it does not count"
    return f"it gives {gives(chart, find_band(chart, table, Decimal(value) if table.bands[0].interval is not None else value)[0])}"
