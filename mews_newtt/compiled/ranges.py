"""Whether every value of a range, such as `<35`, means the same for a chart: then one of them can be scored for the range."""

from __future__ import annotations

from decimal import Decimal

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.exact import EXACT
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.compiled.classes import band_of, classes_of, conditions_on


def one_band(
    chart: Chart, name: str, low: Decimal | None, low_included: bool, high: Decimal | None, high_included: bool
) -> tuple[Decimal | None, str]:
    """A recordable value of the range, where all of them are in one band of every table and fulfil the same conditions; else None and why not.

    The value is the one nearest to a bound that is written. Values that are impossible are no part of the range.
    """
    parameter = chart.by_id.get(name)
    if parameter is None:
        return None, f"{chart.short_title} does not read {name}"
    observation = parameter.observation
    limits, step = observation.impossible, observation.step
    first, last = _recordable(low, low_included, step, 1), _recordable(high, high_included, step, -1)
    if first is None or (limits.low is not None and first < limits.low):
        first = _recordable(limits.low, limits.low_included, step, 1)
    if last is None or (limits.high is not None and last > limits.high):
        last = _recordable(limits.high, limits.high_included, step, -1)
    if first is not None and last is not None and first > last:
        return None, "no value lies in it that can be a reading"
    inside = [value for value in _one_of_each(chart, parameter) if (first is None or value >= first) and (last is None or value <= last)]
    tried = [value for value in (first, last, *inside) if value is not None and limits.contains(value)]
    if not tried:
        return None, "no value lies in it that can be a reading"
    treated = {_treated(chart, parameter, value) for value in tried}
    if len(treated) > 1:
        return None, f"its values are in more than one band of {name} on {chart.short_title}, so that it cannot be scored"
    written = (first if low is not None else None, last if high is not None else None)
    return next((value for value in written if value is not None), tried[0]), ""


def _treated(chart: Chart, parameter: Parameter, value: Decimal) -> object:
    bands = tuple(band_of(chart, table, value)[0] for table in parameter.tables if table.applies)
    return bands, tuple(matches(wanted, value) for wanted in conditions_on(chart, parameter))


def _one_of_each(chart: Chart, parameter: Parameter) -> list[Decimal]:
    """A recordable value on each side of every edge of the chart."""
    step, found = parameter.observation.step, []
    for cut in classes_of(chart, parameter).edges:
        edge = cut.at if isinstance(cut.at, Decimal) else Decimal(cut.at.numerator) / Decimal(cut.at.denominator)
        nearest = EXACT.multiply(EXACT.to_integral_value(EXACT.divide(edge, step)), step)
        found += [EXACT.subtract(nearest, step), nearest, EXACT.add(nearest, step)]
    return found


def _recordable(bound: Decimal | None, included: bool, step: Decimal, way: int) -> Decimal | None:
    """The recordable value at a bound, or the next one inwards where the bound is not part of the range or not recordable. `way`: 1 up, -1 down."""
    if bound is None:
        return None
    nearest = EXACT.multiply(EXACT.to_integral_value(EXACT.divide(bound, step)), step)
    if nearest == bound:
        return nearest if included else EXACT.add(nearest, EXACT.multiply(Decimal(way), step))
    inwards = (nearest - bound) * way > 0
    return nearest if inwards else EXACT.add(nearest, EXACT.multiply(Decimal(way), step))
