"""What would change a score: how far each reading is from its next edges, and what the set would give there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Chart, Interval, Number, Parameter, Table, number
from mews_newtt.drawn.twin import level_words, total_words
from mews_newtt.drawn.words import band_gives, unit_of
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import ParameterScore, Score


class WhatIf(NamedTuple):
    """Another value of a reading, or other answers that count alike, and what the same set would give."""

    now: str
    then: str
    change: str
    gives: str
    total: str
    level: str
    changes_level: bool


def what_would_change(chart: Chart, given: Mapping[str, Any], result: Score) -> list[tuple[str, list[WhatIf]]]:
    """By row: the nearest recordable values on either side that count for something else, or the other answers that do."""
    found = []
    for row in result.parameters:
        if row.band is not None and row.table is not None and row.value is not None:
            changes = _of_row(chart, given, result, row, row.table)
            if changes:
                found.append((row.title, changes))
    return found


def _of_row(chart: Chart, given: Mapping[str, Any], result: Score, row: ParameterScore, table: Table) -> list[WhatIf]:
    parameter = chart.by_id[row.id]
    found: list[WhatIf] = []
    for value in _others(chart, parameter, table, row):
        band, _ = find_band(chart, table, value)
        if row.band is None or (chart.severity(band), band.prompt) == (chart.severity(row.band), row.band.prompt):
            continue
        then = score(chart, {**given, row.id: value if isinstance(value, str) else format(value, "f")}, raise_refused=False)
        if then.status == "refused":
            continue
        each = WhatIf(
            _shown(parameter, row.value),
            _shown(parameter, value),
            _change(parameter, row.value, value),
            ", ".join(band_gives(chart, band)) or "nothing",
            total_words(then),
            level_words(then),
            (then.level, then.level_max) != (result.level, result.level_max),
        )
        if found and isinstance(value, str) and found[-1][3:] == each[3:]:
            found[-1] = found[-1]._replace(then=f"{found[-1].then} / {each.then}")
        else:
            found.append(each)
    return found


def _others(chart: Chart, parameter: Parameter, table: Table, row: ParameterScore) -> Iterator[Decimal | str]:
    if isinstance(row.value, str):
        for name in parameter.category_ids:
            if name != row.value:
                yield name
    elif row.value is not None:
        for value in (_next_down(chart, table, parameter, row.value), _next_up(chart, table, parameter, row.value)):
            if value is not None and parameter.observation.impossible.contains(value):
                yield value


def _next_up(chart: Chart, table: Table, parameter: Parameter, value: Number) -> Decimal | None:
    """The lowest recordable value above that lies in a band of another worth."""
    here = chart.severity(find_band(chart, table, value)[0])
    step = parameter.observation.step
    for one, two in pairwise(_intervals(table)):
        for start in (_first_above(one, step), _first_in(two, step)):
            if start is not None and start > value and chart.severity(find_band(chart, table, start)[0]) != here:
                return start
    return None


def _next_down(chart: Chart, table: Table, parameter: Parameter, value: Number) -> Decimal | None:
    here = chart.severity(find_band(chart, table, value)[0])
    step = parameter.observation.step
    intervals = _intervals(table)
    for two, one in pairwise(reversed(intervals)):
        for start in (_first_below(two, step), _last_in(one, step)):
            if start is not None and start < value and chart.severity(find_band(chart, table, start)[0]) != here:
                return start
    return None


def _intervals(table: Table) -> list[Interval]:
    return [band.interval for band in table.bands if band.interval is not None]


def _first_in(interval: Interval, step: Decimal) -> Decimal | None:
    return None if interval.low is None else interval.low if interval.low_included else interval.low + step


def _last_in(interval: Interval, step: Decimal) -> Decimal | None:
    return None if interval.high is None else interval.high if interval.high_included else interval.high - step


def _first_above(interval: Interval, step: Decimal) -> Decimal | None:
    return None if interval.high is None else interval.high + step if interval.high_included else interval.high


def _first_below(interval: Interval, step: Decimal) -> Decimal | None:
    return None if interval.low is None else interval.low - step if interval.low_included else interval.low


def _shown(parameter: Parameter, value: Number | str | None) -> str:
    if isinstance(value, str):
        return next((category.title for category in parameter.observation.categories if category.id == value), value)
    return number(value, parameter.observation.unit)


def _change(parameter: Parameter, now: Number | str | None, then: Number | str) -> str:
    if now is None or isinstance(now, str) or isinstance(then, str):
        return ""
    far = Fraction(then) - Fraction(now)
    words = number(abs(Decimal(str(then)) - now) if isinstance(now, Decimal) else abs(far), "")
    unit = unit_of(parameter)
    return f"{words}{'' if unit == '%' else ' '}{unit} {'higher' if far > 0 else 'lower'}".replace("  ", " ")
