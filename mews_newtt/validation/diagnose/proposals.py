"""Faults that a contrast table proposes: edges mistyped far away, bands with other points, bands that end, and wrong cells or ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from mews_newtt.chart.model import Band, Chart
from mews_newtt.validation.diagnose.contrast import Contrast
from mews_newtt.validation.diagnose.from_answers import MOST_POINTS
from mews_newtt.validation.faults import Fault, TableAt, ended_at, moves_of, other_contribution
from mews_newtt.validation.faults.ranges import Range, changed_answers, changed_ranges

MOST_RANGES = 12  # ranges of one table; more of them are no table that somebody typed
FARTHEST = 2_000  # recording steps that an edge is moved by


class _Run(NamedTuple):
    """Readings next to each other to which a platform gives the same points, not the chart's.

    low, high : the first and the last of them; None: no reading that agrees lies beyond
    """

    low: Decimal | None
    high: Decimal | None
    points: int


def proposed_faults(contrasts: Iterable[Contrast]) -> Iterator[Fault]:
    """The faults that the clear differences of each table follow from, the plainest first."""
    for contrast in contrasts:
        if not contrast.clear.any():
            continue
        if isinstance(contrast.values[0], str):
            yield from _of_categories(contrast)
        else:
            yield from _of_numbers(contrast)


def _of_categories(contrast: Contrast) -> Iterator[Fault]:
    at = contrast.at
    bands = dict(enumerate(at.table.bands))
    points = _points_of(contrast)
    for index, band in enumerate(at.table.bands):
        given = {points[name] for name in band.categories if name in points}
        if band.points is not None and len(given) == 1 and 0 <= (new := given.pop()) <= MOST_POINTS and new != band.points:
            bands[index] = replace(band, points=new)
            yield other_contribution(at, index, bands[index], "points", new)
    own = {name: band.points for band in at.table.bands for name in band.categories}
    other = {name: new for name, new in points.items() if isinstance(name, str) and 0 <= new <= MOST_POINTS and own.get(name) not in (None, new)}
    for each in (*({name: new} for name, new in other.items()), other):
        found = changed_answers(at, each)
        if found is not None:
            yield found


def _of_numbers(contrast: Contrast) -> Iterator[Fault]:
    at, chart = contrast.at, contrast.at.chart
    runs = list(_runs(contrast))
    if not runs or len(runs) > MOST_RANGES:
        return
    for run in runs:
        yield from _plain_faults(chart, at, run)
    ranges = [Range(*run) for run in runs]
    for one in (*([[each] for each in ranges]), ranges):
        found = changed_ranges(at, one)
        if found is not None:
            yield found


def _points_of(contrast: Contrast) -> dict[Fraction | str, int]:
    """What the platform gives for each reading that it answers clearly."""
    clear, agrees = contrast.clear, contrast.wrong * 2 <= contrast.rows
    given = np.where(clear, contrast.chart + contrast.shift, contrast.chart)
    return {value: int(given[place]) for place, value in enumerate(contrast.values) if clear[place] or agrees[place]}


def _runs(contrast: Contrast) -> Iterator[_Run]:
    """Neighbouring readings with the same points other than the chart's, with ends at the chart's own edges where they fit."""
    at = contrast.at
    points = [(value, given) for value, given in _points_of(contrast).items() if isinstance(value, Fraction)]
    own = dict(zip(contrast.values, contrast.chart.tolist(), strict=True))
    starts, ends = _edges(at)
    place = 0
    while place < len(points):
        value, given = points[place]
        if given == own[value] or not 0 <= given <= MOST_POINTS:
            place += 1
            continue
        last = place
        while last + 1 < len(points) and points[last + 1][1] == given and own[points[last + 1][0]] != given:
            last += 1
        before = points[place - 1][0] if place else None
        after = points[last + 1][0] if last + 1 < len(points) else None
        yield _Run(_start(before, value, starts), _end(points[last][0], after, ends), given)
        place = last + 1


def _edges(at: TableAt) -> tuple[list[Decimal], list[Decimal]]:
    """The first and the last recordable readings of the bands of a table."""
    step = at.parameter.observation.step
    intervals = [band.interval for band in at.table.bands if band.interval is not None]
    starts = [each.low if each.low_included else each.low + step for each in intervals if each.low is not None]
    ends = [each.high if each.high_included else each.high - step for each in intervals if each.high is not None]
    return starts, ends


def _start(before: Fraction | None, first: Fraction, starts: list[Decimal]) -> Decimal | None:
    """Where a run starts: at a start of a band between the reading before it and its first one, else at its first one."""
    if before is None:
        return None
    fitting = [start for start in starts if before < Fraction(start) <= first]
    return max(fitting) if fitting else _decimal(first)


def _end(last: Fraction, after: Fraction | None, ends: list[Decimal]) -> Decimal | None:
    if after is None:
        return None
    fitting = [end for end in ends if last <= Fraction(end) < after]
    return min(fitting) if fitting else _decimal(last)


def _plain_faults(chart: Chart, at: TableAt, run: _Run) -> Iterator[Fault]:
    """A whole band with other points, an edge moved over a part of a band, or an open band that ends."""
    step, bands = at.parameter.observation.step, at.table.bands
    for index, band in enumerate(bands):
        if band.interval is None or band.points is None or band.points == run.points:
            continue
        low, high = _first(band, step), _last(band, step)
        holds_low = run.low is None or (low is not None and run.low <= low)
        holds_high = run.high is None or (high is not None and run.high >= high)
        if holds_low and holds_high:
            yield other_contribution(at, index, replace(band, points=run.points), "points", run.points)
        below = bands[index - 1].points if index else None
        above = bands[index + 1].points if index + 1 < len(bands) else None
        if holds_low and not holds_high and low is not None and run.high is not None and run.points == below:
            yield from _moved(chart, at, index - 1, (run.high + step - low) / step)
        if holds_high and not holds_low and high is not None and run.low is not None and run.points == above:
            yield from _moved(chart, at, index, (run.low - step - high) / step)
        if high is None and run.high is None and run.low is not None:
            yield from ended_at(chart, at.parameter.id, at.number, run.low, True)
        if low is None and run.low is None and run.high is not None:
            yield from ended_at(chart, at.parameter.id, at.number, run.high, False)


def _moved(chart: Chart, at: TableAt, below: int, by: Decimal) -> Iterator[Fault]:
    steps = int(by)
    if steps == by and 0 < abs(steps) <= FARTHEST:
        yield from (fault for fault in moves_of(chart, at.site(below), steps) if fault.by == steps)


def _first(band: Band, step: Decimal) -> Decimal | None:
    low = band.interval.low if band.interval is not None else None
    return low if low is None or band.interval is None or band.interval.low_included else low + step


def _last(band: Band, step: Decimal) -> Decimal | None:
    high = band.interval.high if band.interval is not None else None
    return high if high is None or band.interval is None or band.interval.high_included else high - step


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
