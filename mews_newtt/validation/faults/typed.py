"""Edges typed wrongly, far from where they are: two digits exchanged, one lost, doubled or wrong, as in 101 for 110 or 22 for 220."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from mews_newtt.chart.model import Band, Chart, Interval, number
from mews_newtt.validation.faults.alike import with_copies
from mews_newtt.validation.faults.edges import REACH, Edge, edges_of, seems
from mews_newtt.validation.faults.fault import Example, Fault, each_table, with_table
from mews_newtt.validation.wording import gives

KINDS = {"edge_typed": "an edge is typed with two digits exchanged, a digit lost or doubled, or a wrong digit: 101 for 110, 22 for 220"}
EXAMPLES = (Example("typed:tick_rate.0.1:16", {"tick_rate": "40"}, "total 0, level Watch", "total 3, level Rewind"),)


def typed_edges(chart: Chart, parameters: Container[str] | None = None, reach: int = REACH) -> Iterator[Fault]:
    """Every edge of some parameters (None: all) with its digits typed wrongly, except where that moves it by `reach` steps or less.

    They are many. A diagnosis tries those of the parameters that its table points to; no test pack is made against them, since a case that
    shows an edge moved by one step shows them too.
    """
    found = (edge for at in each_table(chart) if parameters is None or at.parameter.id in parameters for edge in edges_of(at))
    return with_copies(chart, (fault for edge in found for fault in _typed(edge, reach)))


def slips(text: str) -> dict[str, str]:
    """Numbers that a slip of the hand makes of a number, with the slip in words."""
    found: dict[str, str] = {}
    digits = [place for place, sign in enumerate(text) if sign.isdigit()]
    for one, other in pairwise(digits):
        found.setdefault(text[:one] + text[other] + text[one + 1 : other] + text[one] + text[other + 1 :], "two digits exchanged")
    for place in digits:
        found.setdefault(text[:place] + text[place + 1 :], "a digit lost")
        found.setdefault(text[:place] + 2 * text[place] + text[place + 1 :], "a digit doubled")
    for place in digits[:-1]:
        for wrong in (int(text[place]) - 1, int(text[place]) + 1):
            if 0 <= wrong <= 9:
                found.setdefault(f"{text[:place]}{wrong}{text[place + 1 :]}", "a wrong digit")
    if "." in text:
        found.setdefault(text.replace(".", ""), "the point lost")
    return {slip: how for slip, how in found.items() if slip not in ("", ".") and slip != text and not slip.endswith(".")}


def _typed(edge: Edge, reach: int) -> Iterator[Fault]:
    at, chart = edge.at, edge.at.chart
    step, unit, possible = at.parameter.observation.step, at.parameter.observation.unit, at.parameter.observation.impossible
    rising = chart.severity(edge.high) >= chart.severity(edge.low)
    before, band, words = (edge.start, edge.high, "start at") if rising else (edge.end, edge.low, "reach up to")
    for text, how in slips(format(before, "f")).items():
        after = Decimal(text)
        by = (after - before) / step
        if abs(by) <= reach or not possible.contains(after) or after % step:
            continue
        says = f"{at.name}: {gives(chart, band)} {seems(band)} to {words} {number(after, unit)} instead of {number(before, unit)} ({how})"
        changed = with_table(chart, at.parameter, at.number, replace(at.table, bands=_bands(edge, after - before)))
        yield Fault("edge_typed", "typed:{site}:{after}", says, (at.parameter.id,), changed, edge.site, by=int(by), before=before, after=after)


def _bands(edge: Edge, by: Decimal) -> tuple[Band, ...]:
    """The bands with one edge moved so far that the band which grows may take the place of others."""
    bands, end, start = edge.at.table.bands, edge.end + by, edge.start + by
    below, above = list(bands[: edge.below + 1]), list(bands[edge.below + 1 :])
    if by < 0:
        kept = [band for band in below if _begins_below(band, start, edge.upper.low_included)]
        return (*_last_cut(kept, end, edge.lower.high_included), replace(above[0], interval=replace(edge.upper, low=start)), *above[1:])
    left = [band for band in above if _ends_above(band, end, edge.lower.high_included)]
    return (*below[:-1], replace(below[-1], interval=replace(edge.lower, high=end)), *_first_cut(left, start, edge.upper.low_included))


def _begins_below(band: Band, value: Decimal, included: bool) -> bool:
    low = (band.interval or Interval()).low
    return low is None or low < value or (low == value and not included and (band.interval or Interval()).low_included)


def _ends_above(band: Band, value: Decimal, included: bool) -> bool:
    high = (band.interval or Interval()).high
    return high is None or high > value or (high == value and not included and (band.interval or Interval()).high_included)


def _last_cut(bands: list[Band], end: Decimal, included: bool) -> list[Band]:
    if not bands:
        return []
    return [*bands[:-1], replace(bands[-1], interval=replace(bands[-1].interval or Interval(), high=end, high_included=included))]


def _first_cut(bands: list[Band], start: Decimal, included: bool) -> list[Band]:
    if not bands:
        return []
    return [replace(bands[0], interval=replace(bands[0].interval or Interval(), low=start, low_included=included)), *bands[1:]]
