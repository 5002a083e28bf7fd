"""Rare sets: unlikely readings, everything as bad as it can be, ages around a limit of scope, and reasons for no reading that do not score."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mews_newtt.chart.model import Interval, Parameter, number
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases.extremes import Reason, together
from mews_newtt.validation.cases.pool import Pool, inside
from mews_newtt.validation.cases.values import as_text, middle, refused_alone
from mews_newtt.validation.wording import row_name


def beyond(pool: Pool) -> Iterator[Reason]:
    """All of them. A pack takes those that show a fault which nothing else shows."""
    if pool.settings:
        yield from together(pool)
        yield from _worst(pool)
        yield from _unlikely(pool)
        yield from _around_scope(pool)
        yield from _other_skips(pool)


def _worst(pool: Pool) -> Iterator[Reason]:
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        given = dict(baseline)
        for parameter in pool.chart.parameters:
            table = setting.tables[parameter.id]
            if parameter.id in baseline and parameter.id not in setting.given and table is not None and table.bands:
                given = pool.put(given, parameter, middle(parameter, max(table.bands, key=pool.chart.severity)))
        yield given, "every row as bad as it can be"


def _unlikely(pool: Pool) -> Iterator[Reason]:
    """The first recordable readings past the plausible ones, of each row alone."""
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        for parameter in pool.chart.parameters:
            observation = parameter.observation
            if not observation.numeric or parameter.role == "recorded" or setting.tables[parameter.id] is None or parameter.id in setting.given:
                continue
            low, high, step = observation.implausible.low, observation.implausible.high, observation.step
            steps = [None if low is None else (low / step).to_integral_value("ROUND_CEILING") - 1]
            steps += [None if high is None else (high / step).to_integral_value("ROUND_FLOOR") + 1]
            for value in (step * many for many in steps if many is not None):
                if observation.impossible.contains(value):
                    why = f"{row_name(parameter)} {number(value, observation.unit)}: unlikely, but possible; it is scored, and flagged"
                    yield pool.put(baseline, parameter, as_text(value)), why


def _around_scope(pool: Pool) -> Iterator[Reason]:
    """Numbers on both sides of a limit of scope, and well away from it: half of the limit and twice the limit."""
    chart = pool.chart
    for rule in chart.scope:
        for name, wanted in rule.when:
            if not isinstance(wanted, Interval):
                continue
            parameter = chart.by_id[name]
            for value in _near(wanted, parameter):
                says = "not for this chart" if refused_alone(chart, name, value) else "inside the chart's scope"
                yield {**pool.baselines[0], name: as_text(value)}, f"{row_name(parameter)} {number(value, parameter.observation.unit)}: {says}"


def _near(wanted: Interval, parameter: Parameter) -> list[Decimal]:
    step = parameter.observation.step
    edges = [edge for edge in (wanted.low, wanted.high) if edge is not None]
    found = [edge + many * step for edge in edges for many in (-1, 0, 1)] + [edge * part for edge in edges for part in (Decimal("0.5"), 2)]
    found += [edge + part for edge in edges for part in (Decimal("-0.6"), Decimal("-0.4"), Decimal("0.4"), Decimal("0.6"))]
    return [value for value in dict.fromkeys([*found, *inside(wanted, parameter)]) if parameter.observation.impossible.contains(value)]


def _other_skips(pool: Pool) -> Iterator[Reason]:
    """A reason that the chart does not list, for each row that it lists reasons for."""
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        for parameter in pool.chart.parameters:
            if parameter.skips and parameter.id in baseline and parameter.id not in setting.given:
                given = {name: text for name, text in baseline.items() if name != parameter.id}
                why = f"{row_name(parameter)} skipped for a reason that the chart does not score"
                yield {**given, SKIP_PREFIX + parameter.id: "not done"}, why
