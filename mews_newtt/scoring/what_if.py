"""What would change a score: for each reading, the nearest values that count differently, and the score that the set would have with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Band, Chart, Interval, Number, Parameter, Table
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import ParameterScore, Score


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One other value of a reading: the band it is in, and what the same set would score with it."""

    parameter: str
    now: Number | str
    then: Decimal | str
    band: Band
    score: Score
    changes_level: bool


def what_if(chart: Chart, given: Mapping[str, Any], result: Score | None = None) -> list[WhatIf]:
    """The nearest other values of each reading that would count differently on the chart.

    Parameters
    ----------
    given : a set, as `score` takes it
    result : its score, for callers who have it already

    Returns
    -------
    In the order of the chart; of a numeric parameter the nearest recordable value below and above that is in a band which gives something
    else, of another one every other category that does. Values that the chart refuses are left out.
    """
    now = score(chart, given, raise_refused=False) if result is None else result
    return [each for row in now.parameters for each in _of_row(chart, given, now, row)]


def _of_row(chart: Chart, given: Mapping[str, Any], now: Score, row: ParameterScore) -> Iterator[WhatIf]:
    if row.band is None or row.table is None or row.value is None:
        return
    parameter = chart.by_id[row.id]
    for value in _others(chart, parameter, row.table, row.value):
        band, _ = find_band(chart, row.table, value)
        if (chart.severity(band), band.prompt) == (chart.severity(row.band), row.band.prompt):
            continue
        then = score(chart, {**given, row.id: value if isinstance(value, str) else format(value, "f")}, raise_refused=False)
        if then.status != "refused":
            yield WhatIf(row.id, row.value, value, band, then, (then.level, then.level_max) != (now.level, now.level_max))


def _others(chart: Chart, parameter: Parameter, table: Table, now: Number | str) -> Iterator[Decimal | str]:
    if isinstance(now, str):
        yield from (name for name in parameter.category_ids if name != now)
    else:
        for value in (_next_down(chart, table, parameter, now), _next_up(chart, table, parameter, now)):
            if value is not None and parameter.observation.impossible.contains(value):
                yield value


def _next_up(chart: Chart, table: Table, parameter: Parameter, value: Number) -> Decimal | None:
    """The lowest recordable value above this one that is in a band which gives something else."""
    step = parameter.observation.step
    starts = [start for one, two in pairwise(_intervals(table)) for start in (_first_above(one, step), _first_in(two, step))]
    return _first_other(chart, table, value, [start for start in starts if start is not None and start > value])


def _next_down(chart: Chart, table: Table, parameter: Parameter, value: Number) -> Decimal | None:
    step = parameter.observation.step
    ends = [end for two, one in pairwise(reversed(_intervals(table))) for end in (_first_below(two, step), _last_in(one, step))]
    return _first_other(chart, table, value, [end for end in ends if end is not None and end < value])


def _first_other(chart: Chart, table: Table, value: Number, candidates: list[Decimal]) -> Decimal | None:
    here = chart.severity(find_band(chart, table, value)[0])
    return next((other for other in candidates if chart.severity(find_band(chart, table, other)[0]) != here), None)


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
