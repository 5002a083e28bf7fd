"""Run charts and XmR charts: is a change over time more than chance?

Sources
-------
The rules and constants are those of the NHS "Making data count" programme as the NHS-R community publishes them in code (R package
NHSRplotthedots 0.2.2, `ptd_spc_standard` and `ptd_calculate_point_type`): limits at the mean plus and minus 2.66 mean moving ranges, moving
ranges above 3.267 mean moving ranges left out of the second mean, and four rules. No Python package that follows these rules was found.
The rules of run charts: Perla, Provost and Murray, BMJ Quality and Safety 2011;20:46-51.
Fewer than 12 points: that package calls the limits "trial limits". This one then draws a run chart without limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

LIMIT = 2.66  # mean moving ranges from the mean to a process limit
NEAR = 2 / 3  # of the way from the mean to the limit: beyond it a point is near the limit
SCREEN = 3.267  # mean moving ranges: a moving range above it does not count for the limits
LEAST = 12  # points that limits need
RUN = 7  # points on one side of the mean, or points of a trend
RUN_TREND = 5  # points of a trend on a run chart

OUTSIDE, SHIFT, TREND, NEAR_LIMIT = "outside", "shift", "trend", "near_limit"
SAYS = {
    OUTSIDE: "outside the process limits",
    SHIFT: "a run on one side of the middle line",
    TREND: "a run of points that only rise or only fall",
    NEAR_LIMIT: "two of three points near one limit",
}


class OverTime(NamedTuple):
    """A series of points with its middle line and what is more than chance.

    kind : `xmr` (middle: the mean), or `run` for fewer than 12 points (middle: the median, no limits)
    lower, upper : the process limits; None on a run chart
    signals : for each point the rules that it is part of
    """

    kind: str
    values: tuple[float, ...]
    middle: float | None
    lower: float | None
    upper: float | None
    signals: tuple[tuple[str, ...], ...]


def over_time(values: Sequence[float]) -> OverTime:
    """The chart of a series in order of time. A period without a value is no point: leave it out."""
    if len(values) < LEAST:
        return _run_chart(tuple(values))
    middle, lower, upper = limits(values)
    found: list[list[str]] = [[] for _ in values]
    sides = [(value > middle) - (value < middle) for value in values]
    for at, value in enumerate(values):
        if value > upper or value < lower:
            found[at].append(OUTSIDE)
    _mark(found, SHIFT, _same(sides, RUN))
    _mark(found, TREND, _steady(values, RUN))
    near = [lower <= value <= upper and abs(value - middle) > NEAR * (upper - middle) for value in values]  # a point outside is outside alone
    for start in range(len(values) - 2):
        three = range(start, start + 3)
        if abs(sum(sides[at] for at in three)) == 3 and sum(near[at] for at in three) >= 2:
            _mark(found, NEAR_LIMIT, (at for at in three if near[at]))
    return OverTime("xmr", tuple(values), middle, lower, upper, tuple(tuple(dict.fromkeys(names)) for names in found))


def limits(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean, the lower and the upper process limit of at least two values."""
    ranges = [abs(after - before) for before, after in pairwise(values)]
    if not any(ranges):  # a mean of like values must not differ from them by a rounding error
        return values[0], values[0], values[0]
    kept = [each for each in ranges if each < SCREEN * fmean(ranges)]
    middle, wide = fmean(values), LIMIT * fmean(kept)
    return middle, middle - wide, middle + wide


def _run_chart(values: tuple[float, ...]) -> OverTime:
    if not values:
        return OverTime("run", (), None, None, None, ())
    found: list[list[str]] = [[] for _ in values]  # six in a row beside the median, the other rule, are not possible among so few
    moved = [0, *(at for at in range(1, len(values)) if values[at] != values[at - 1])]  # like values count once in a trend
    _mark(found, TREND, (moved[place] for place in _steady([values[at] for at in moved], RUN_TREND)))
    return OverTime("run", values, median(values), None, None, tuple(tuple(names) for names in found))


def _mark(found: list[list[str]], name: str, places: Iterator[int]) -> None:
    for at in places:
        found[at].append(name)


def _same(sides: Sequence[int], many: int) -> Iterator[int]:
    """The places in runs of at least so many points on one side."""
    yield from _runs([side == other != 0 for side, other in pairwise(sides)], many)


def _steady(values: Sequence[float], many: int) -> Iterator[int]:
    """The places in runs of at least so many points that only rise, or only fall."""
    steps = [(after > before) - (after < before) for before, after in pairwise(values)]
    for way in (1, -1):
        yield from _runs([step == way for step in steps], many)


def _runs(joined: Sequence[bool], many: int) -> Iterator[int]:
    """The places of runs of at least so many points; `joined` says of each point but the first whether it goes on like the one before."""
    start = 0
    for at in range(len(joined) + 1):
        if at == len(joined) or not joined[at]:
            if at - start + 1 >= many:
                yield from range(start, at + 1)
            start = at + 1
