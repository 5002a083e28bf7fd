"""Open-ended bands that end: from some reading on a platform gives nothing, or refuses, where the chart goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Interval, number
from mews_newtt.validation.faults.alike import with_copies
from mews_newtt.validation.faults.fault import Example, Fault, TableAt, each_table, with_table
from mews_newtt.validation.wording import gives

KINDS = {"open_end": "the lowest or the highest band ends somewhere: readings beyond it give what the least band gives"}
EXAMPLES = (
    Example("end:tick_rate.0.2:120", {"tick_rate": "120"}, "total 3, level Rewind", "total 0, level Watch"),
    Example("end:shell_warmth.0.1:24.2", {"shell_warmth": "30"}, "total 1, level Watch", "total 0, level Watch"),
)


class _End(NamedTuple):
    """An open-ended band that counts: `up` where it is the highest. `edge` is where it begins."""

    at: TableAt
    place: int
    band: Band
    edge: Decimal
    up: bool


def faults(chart: Chart) -> Iterator[Fault]:
    """Each open band that counts, ended one step after it begins, one and two widths of its neighbour further, and at the last likely reading."""
    return with_copies(chart, _faults(chart))


def _faults(chart: Chart) -> Iterator[Fault]:
    for end in _ends(chart):
        step = end.at.parameter.observation.step
        width = _width(end)
        last = last_likely(end.at, end.up)
        beyond = [end.edge + (1 if end.up else -1) * far for far in (step, width, 2 * width)]
        for value in dict.fromkeys([*beyond, *([] if last is None else [last])]):
            yield from _ended(end, value)


def ended_at(chart: Chart, parameter: str, table: int, value: Decimal, up: bool) -> Iterator[Fault]:
    """One open band of a table ended at a value, which is the first reading that gives nothing."""
    found = (end for end in _ends(chart) if (end.at.parameter.id, end.at.number, end.up) == (parameter, table, up))
    return with_copies(chart, (fault for end in found for fault in _ended(end, value)))


def last_likely(at: TableAt, up: bool) -> Decimal | None:
    """The highest (or lowest) reading that the chart's limits call likely or, where there is no such limit, possible."""
    observation = at.parameter.observation
    limits = [limit for limit in ((each.high if up else each.low) for each in (observation.implausible, observation.impossible)) if limit is not None]
    return limits[0] if limits else None


def _ends(chart: Chart) -> Iterator[_End]:
    for at in each_table(chart):
        bands = at.table.bands
        if not at.parameter.observation.numeric or len(bands) < 2:
            continue
        for index, up in ((len(bands) - 1, True), (0, False)):
            interval = bands[index].interval
            edge = None if interval is None else interval.low if up else interval.high
            open_ended = interval is not None and (interval.high if up else interval.low) is None
            if open_ended and edge is not None and chart.severity(bands[index]) != chart.severity(_least(at)):
                yield _End(at, index, bands[index], edge, up)


def _ended(end: _End, value: Decimal) -> Iterator[Fault]:
    at, interval = end.at, end.band.interval
    possible = at.parameter.observation.impossible
    assert interval is not None
    inside = replace(interval, high=value, high_included=False) if end.up else replace(interval, low=value, low_included=False)
    beyond = Interval(low=value) if end.up else Interval(high=value)
    if not possible.contains(value) or not interval.contains(value) or _is_empty(inside):
        return
    least = replace(_least(at), interval=beyond, printed="")
    own = replace(end.band, interval=inside)
    bands = (*at.table.bands[:-1], own, least) if end.up else (least, own, *at.table.bands[1:])
    changed = with_table(at.chart, at.parameter, at.number, replace(at.table, bands=bands))
    unit, where = at.parameter.observation.unit, "up" if end.up else "down"
    says = f"{at.name}: from {number(value, unit)} {where} readings seem to give {gives(at.chart, least)} instead of {gives(at.chart, end.band)}"
    yield Fault("open_end", "end:{site}:{after}", says, (at.parameter.id,), changed, at.site(end.place), after=value)


def _least(at: TableAt) -> Band:
    return min(at.table.bands, key=at.chart.severity)


def _is_empty(interval: Interval) -> bool:
    return interval.low is not None and interval.high is not None and interval.low >= interval.high


def _width(end: _End) -> Decimal:
    """The width of the band beside the open one, or ten steps where that is open too."""
    bands = end.at.table.bands
    beside = bands[end.place - 1 if end.up else end.place + 1].interval
    low, high = (None, None) if beside is None else (beside.low, beside.high)
    step = end.at.parameter.observation.step
    return 10 * step if low is None or high is None else max(high - low, step)
