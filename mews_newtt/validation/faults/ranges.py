"""Readings inside a band that give other points than the band: a wrong cell, a wrong range, or a table that differs in several ranges.

The same for answers: those that the chart counts alike, and the platform does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Interval, number
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import Example, Fault, TableAt, each_table, with_table

KINDS = {"range_worth": "a range of readings, or a single one, gives other points than its band; or several ranges or answers of one table do"}
EXAMPLES = (Example("range:shell_warmth.0:24.1-24.1=0", {"shell_warmth": "24.1"}, "total 1, level Watch", "total 0, level Watch"),)
MOST_NAMED = 4  # ranges of one table that are named in words


class Range(NamedTuple):
    """Readings from `low` to `high`, both included; None is open. `points` is what the platform gives there."""

    low: Decimal | None
    high: Decimal | None
    points: int

    @property
    def id(self) -> str:
        return f"{'' if self.low is None else self.low}-{'' if self.high is None else self.high}={self.points}"

    def holds(self, interval: Interval) -> Interval | None:
        """What of an interval is in the range; None where nothing is."""
        low, low_included, high, high_included = interval.low, interval.low_included, interval.high, interval.high_included
        if self.low is not None and (low is None or self.low > low):
            low, low_included = self.low, True
        if self.high is not None and (high is None or self.high < high):
            high, high_included = self.high, True
        found = Interval(low=low, high=high, low_included=low_included, high_included=high_included)
        return None if _is_empty(found) else found


def answer_faults(chart: Chart) -> Iterator[Fault]:
    """Of each table the first reading of its highest band with points, as a wrong cell. The others are worked out from what a platform states."""
    for at in each_table(chart):
        for band in reversed(at.table.bands):
            if band.interval is not None and band.interval.low is not None and band.points:
                step = at.parameter.observation.step
                first = band.interval.low if band.interval.low_included else band.interval.low + step
                found = changed_ranges(at, [Range(first, first, 0)])
                if found is not None:
                    yield found
                break


def changed_ranges(at: TableAt, ranges: Sequence[Range]) -> Fault | None:
    """A table with other points in some ranges; None where that changes nothing."""
    bands = list(at.table.bands)
    told = []
    for each in ranges:
        split: list[Band] = []
        before: set[int] = set()
        for band in bands:
            inside = each.holds(band.interval) if band.interval is not None else None
            if inside is None or band.points is None or band.points == each.points:
                split.append(band)
                continue
            before.add(band.points)
            split += _split(band, inside, each.points, at.parameter.observation.step)
        if before:
            bands = split
            told.append((each, before))
    if not told:
        return None
    changed = with_table(at.chart, at.parameter, at.number, replace(at.table, bands=tuple(bands)))
    unit = at.parameter.observation.unit
    words = [f"{_range_words(each, unit)} {{}} {count(each.points, 'point')} instead of {_either(before)}" for each, before in told]
    if any(band.points for band in at.table.bands) and not any(band.points for band in bands):
        says = f"{at.name} seems to be ignored: every reading gives 0 points"
    elif len(words) == 1:
        says = f"{at.name}, {words[0].format('seems to give')}"
    else:
        more = f" and {count(len(words) - MOST_NAMED, 'more range')}" if len(words) > MOST_NAMED else ""
        says = f"{at.name}: the table seems to be another one: {', '.join(one.format('gives') for one in words[:MOST_NAMED])}{more}"
    value = ",".join(each.id for each, _ in told)
    return Fault("range_worth", "range:{site}:{value}", says, (at.parameter.id,), changed, at.site(0)._replace(band=None), value, by=len(told))


def changed_answers(at: TableAt, given: Mapping[str, int]) -> Fault | None:
    """A table in which answers give other points, by answer; None where that changes nothing."""
    bands: list[Band] = []
    told: list[tuple[str, bool]] = []
    changed_to: list[tuple[str, int]] = []
    for band in at.table.bands:
        by_points: dict[int | None, list[str]] = {}
        for category in band.categories:
            by_points.setdefault(given.get(category, band.points), []).append(category)
        for points, names in by_points.items():
            bands.append(replace(band, points=points, categories=tuple(names)))
            if points is not None and points != band.points:
                words = " and ".join(name.replace("_", " ") for name in names)
                told.append((f"{words} {{}} {count(points, 'point')} instead of {band.points}", len(names) == 1))
                changed_to += [(name, points) for name in names]
    if not told:
        return None
    changed = with_table(at.chart, at.parameter, at.number, replace(at.table, bands=tuple(bands)))
    if len(told) == 1:
        words, single = told[0]
        says = f"{at.name}, {words.format('seems to give' if single else 'seem to give')}"
    else:
        says = f"{at.name}: the table seems to be another one: {', '.join(one.format('gives' if single else 'give') for one, single in told)}"
    value = ",".join(f"{name}={points}" for name, points in changed_to)
    return Fault("range_worth", "answers:{site}:{value}", says, (at.parameter.id,), changed, at.site(0)._replace(band=None), value, by=len(told))


def _split(band: Band, inside: Interval, points: int, step: Decimal) -> Iterator[Band]:
    """A band cut into what is below a range, in it and above it; the pieces lie a recording step apart, as printed bands do."""
    own = band.interval or Interval()
    below = Interval(low=own.low, low_included=own.low_included, high=None if inside.low is None else inside.low - step)
    above = Interval(low=None if inside.high is None else inside.high + step, high=own.high, high_included=own.high_included)
    if below.high is not None and inside.low != own.low and not _is_empty(below):
        yield replace(band, interval=below, printed="")
    yield replace(band, interval=inside, points=points, printed="")
    if above.low is not None and inside.high != own.high and not _is_empty(above):
        yield replace(band, interval=above, printed="")


def _either(points: set[int]) -> str:
    return " or ".join(str(each) for each in sorted(points))


def _range_words(each: Range, unit: str) -> str:
    if each.low is None or each.high is None:
        return f"{number(each.low, unit)} or more" if each.low is not None else f"{number(each.high or Decimal(0), unit)} or less"
    return number(each.low, unit) if each.low == each.high else f"{each.low} to {number(each.high, unit)}"


def _is_empty(interval: Interval) -> bool:
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > high or (low == high and not (interval.low_included and interval.high_included)))
