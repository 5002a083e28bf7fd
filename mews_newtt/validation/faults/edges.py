"""Faults at the edges of bands: an edge in the wrong place, or its own value on the wrong side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Interval, number
from mews_newtt.validation.faults.alike import with_copies
from mews_newtt.validation.faults.fault import Example, Fault, Site, TableAt, each_table
from mews_newtt.validation.wording import gives

KINDS = {
    "edge_moved": "an edge is off by one recording step or more; a move that fits is followed further out",
    "edge_side": "the value of the edge itself counts on the wrong side (inclusive and exclusive exchanged)",
}
EXAMPLES = (
    Example("edge:tick_rate.0.1:+2", {"tick_rate": "62"}, "total 3, level Rewind", "total 0, level Watch"),
    Example("edge:tick_rate.0.0:-1", {"tick_rate": "19"}, "total 2, level Watch", "total 0, level Watch"),
    Example("side:shell_warmth.0.0:down", {"shell_warmth": "24.1"}, "total 1, level Watch", "total 0, level Watch"),
)
REACH = 10  # steps that an edge is moved by at most


def faults(chart: Chart, reach: int = REACH) -> Iterator[Fault]:
    return with_copies(chart, _faults(chart, reach))


def _faults(chart: Chart, reach: int) -> Iterator[Fault]:
    for at in each_table(chart):
        for edge in edges_of(at):
            yield from _moved(edge, reach)
            yield from _other_side(edge)


def moves_of(chart: Chart, site: Site, reach: int) -> Iterator[Fault]:
    """The moves of one edge, as far as so many steps."""
    found = (edge for at in each_table(chart) for edge in edges_of(at) if edge.site == site)
    return with_copies(chart, (fault for edge in found for fault in _moved(edge, reach)))


class Edge(NamedTuple):
    """The edge between two bands of a table: `below` is the index of the lower band, `end` and `start` are the printed ends."""

    at: TableAt
    below: int
    low: Band
    high: Band
    lower: Interval
    upper: Interval
    end: Decimal
    start: Decimal

    @property
    def site(self) -> Site:
        return self.at.site(self.below)

    def moved(self, lower: Interval, upper: Interval) -> Chart | None:
        """The chart with the two bands changed; None where one of them would hold nothing."""
        if _is_empty(lower) or _is_empty(upper):
            return None
        return self.at.with_bands({self.below: replace(self.low, interval=lower), self.below + 1: replace(self.high, interval=upper)})


def ends_of(low: Band, high: Band) -> tuple[Interval, Interval, Decimal, Decimal] | None:
    """The intervals of two neighbouring bands, where the lower one ends and the upper one starts; None where they have no such edge."""
    if low.interval is None or high.interval is None or low.interval.high is None or high.interval.low is None:
        return None
    return low.interval, high.interval, low.interval.high, high.interval.low


def edges_of(at: TableAt) -> Iterator[Edge]:
    for index, (low, high) in enumerate(pairwise(at.table.bands)):
        ends = ends_of(low, high) if at.parameter.observation.numeric else None
        if ends is not None:
            yield Edge(at, index, low, high, *ends)


def _moved(edge: Edge, reach: int) -> Iterator[Fault]:
    at, chart, low, high = edge.at, edge.at.chart, edge.low, edge.high
    step, unit = at.parameter.observation.step, at.parameter.observation.unit
    rising = chart.severity(high) >= chart.severity(low)
    band, words = (high, "start at") if rising else (low, "reach up to")
    first, last = (edge.start if edge.upper.low_included else edge.start + step), (edge.end if edge.lower.high_included else edge.end - step)
    value = first if rising else last
    for by in sorted((by for by in range(-reach, reach + 1) if by), key=abs):
        changed = edge.moved(replace(edge.lower, high=edge.end + by * step), replace(edge.upper, low=edge.start + by * step))
        if changed is not None:
            after = value + by * step
            says = f"{at.name}: {gives(chart, band)} {seems(band)} to {words} {number(after, unit)} instead of {number(value, unit)}"
            yield Fault("edge_moved", "edge:{site}:{by:+d}", says, (at.parameter.id,), changed, edge.site, by=by, before=value, after=after)


def _other_side(edge: Edge) -> Iterator[Fault]:
    at, chart = edge.at, edge.at.chart
    sides = {(edge.start, False), (edge.end, True)} if edge.end != edge.start else {(edge.end, not edge.upper.low_included)}
    for value, up in sorted(sides):
        changed = edge.moved(replace(edge.lower, high=value, high_included=not up), replace(edge.upper, low=value, low_included=up))
        if changed is None:
            continue
        taken, instead = (edge.high, edge.low) if up else (edge.low, edge.high)
        says = (
            f"{at.name}: exactly {number(value, at.parameter.observation.unit)} seems to give {gives(chart, taken)} instead of "
            f"{gives(chart, instead)} (inclusive and exclusive exchanged)"
        )
        yield Fault("edge_side", "side:{site}:{after}", says, (at.parameter.id,), changed, edge.site, value=value, after="up" if up else "down")


def _is_empty(interval: Interval) -> bool:
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > high or (low == high and not (interval.low_included and interval.high_included)))


def seems(band: Band) -> str:
    return "seems" if band.points in (None, 1) else "seem"
