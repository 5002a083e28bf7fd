"""Faults in a table: an edge moved or on the wrong side, a band that gives something else, between-bands taken low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from mews_newtt.chart.model import Band, Chart, Interval, Parameter, Table, number
from mews_newtt.validation.faults import Fault, each_table, row_name, seems, with_bands, with_parameter, worth_words


def band_faults(chart: Chart, reach: int) -> Iterator[Fault]:
    for parameter, place, table, name in each_table(chart):
        if parameter.observation.numeric:
            yield from _edges(chart, parameter, place, table, name, reach)
        yield from _worths(chart, parameter, place, table, name)
    yield from _between(chart)


def _edges(chart: Chart, parameter: Parameter, place: int, table: Table, name: str, reach: int) -> Iterator[Fault]:
    """Each edge moved by one step and by more, and its own value on the other side."""
    step, unit = parameter.observation.step, parameter.observation.unit
    moves = sorted((k for k in range(-reach, reach + 1) if k), key=abs)
    for at, (low, high) in enumerate(pairwise(table.bands)):
        ends = _ends(low, high)
        if ends is None:
            continue
        lower, upper, end, start = ends
        where = f"{parameter.id}.{place}.{at}"
        first = start if upper.low_included else start + step
        last = end if lower.high_included else end - step
        rising = chart.severity(high) >= chart.severity(low)

        def words(by: Decimal, rising: bool = rising, first: Decimal = first, last: Decimal = last, low: Band = low, high: Band = high) -> str:
            if rising:
                return f"{name}: {worth_words(chart, high)} {seems(high)} to start at {number(first + by, unit)} instead of {number(first, unit)}"
            return f"{name}: {worth_words(chart, low)} {seems(low)} to reach up to {number(last + by, unit)} instead of {number(last, unit)}"

        for k in moves:
            moved = replace(lower, high=end + k * step), replace(upper, low=start + k * step)
            if _hollow(moved[0]) or _hollow(moved[1]):
                continue
            changed = {at: replace(low, interval=moved[0]), at + 1: replace(high, interval=moved[1])}
            yield Fault(f"edge:{where}:{k:+d}", "edge_moved", words(k * step), (parameter.id,), with_bands(chart, parameter, place, changed))
        for value, up in {(start, False), (end, True)} if end != start else {(end, not upper.low_included)}:
            sides = replace(lower, high=value, high_included=not up), replace(upper, low=value, low_included=up)
            if _hollow(sides[0]) or _hollow(sides[1]):
                continue
            changed = {at: replace(low, interval=sides[0]), at + 1: replace(high, interval=sides[1])}
            gives, instead = (high, low) if up else (low, high)
            yield Fault(
                f"side:{where}:{'up' if up else 'down'}",
                "edge_side",
                f"{name}: exactly {number(value, unit)} seems to give {worth_words(chart, gives)} instead of {worth_words(chart, instead)} "
                "(inclusive and exclusive exchanged)",
                (parameter.id,),
                with_bands(chart, parameter, place, changed),
            )


def edge_moves(chart: Chart, where: str, reach: int) -> Iterator[Fault]:
    """The moves of one edge, named as in its faults' ids (`heart_rate.0.2`), as far as so many steps."""
    for parameter, place, table, name in each_table(chart):
        if parameter.observation.numeric and where.rpartition(".")[0] == f"{parameter.id}.{place}":
            yield from (fault for fault in _edges(chart, parameter, place, table, name, reach) if fault.id.startswith(f"edge:{where}:"))


def _ends(low: Band, high: Band) -> tuple[Interval, Interval, Decimal, Decimal] | None:
    if low.interval is None or high.interval is None or low.interval.high is None or high.interval.low is None:
        return None
    return low.interval, high.interval, low.interval.high, high.interval.low


def _hollow(interval: Interval) -> bool:
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > high or (low == high and not (interval.low_included and interval.high_included)))


def _worths(chart: Chart, parameter: Parameter, place: int, table: Table, name: str) -> Iterator[Fault]:
    """Each band with other points, another zone, another level, or all that another band gives; one category moved to another band."""
    most = max((band.points or 0 for p in chart.parameters for t in p.tables for band in t.bands), default=0)
    for at, band in enumerate(table.bands):
        where = f"{parameter.id}.{place}.{at}"
        what = f"{name}, {band_words(band)}"
        others = []
        if band.points is not None:
            others += [(f"points={n}", replace(band, points=n)) for n in sorted(range(most + 2), key=lambda n: abs(n - (band.points or 0)))]
        if chart.zones and parameter.role != "recorded":
            others += [(f"zone={zone}", replace(band, zone=zone)) for zone in (None, *(zone.id for zone in chart.zones))]
        if band.level is not None:
            others += [(f"level={level}", replace(band, level=level)) for level in (None, *(level.id for level in chart.levels))]
        elif parameter.role == "trigger":
            others += [(f"level={level.id}", replace(band, level=level.id)) for level in chart.levels[1:]]
        for n, other in enumerate(table.bands):
            if n != at:
                others.append((f"as={n}", replace(band, points=other.points, zone=other.zone, level=other.level)))
        for mark, changed in others:
            if chart.severity(changed) != chart.severity(band):
                yield Fault(
                    f"band:{where}:{mark}",
                    "trigger_ignored" if band.level and not changed.level else "band_worth",
                    f"{what}: seems to give {worth_words(chart, changed)} instead of {worth_words(chart, band)}",
                    (parameter.id,),
                    with_bands(chart, parameter, place, {at: changed}),
                )
        for category in band.categories if len(band.categories) > 1 else ():
            rest = replace(band, categories=tuple(c for c in band.categories if c != category))
            for n, other in enumerate(table.bands):
                if n == at or chart.severity(other) == chart.severity(band):
                    continue
                joined = replace(other, categories=(*other.categories, category))
                yield Fault(
                    f"category:{where}:{category}:{n}",
                    "category_moved",
                    f"{name}, {category.replace('_', ' ')}: seems to give {worth_words(chart, other)} instead of {worth_words(chart, band)}",
                    (parameter.id,),
                    with_bands(chart, parameter, place, {at: rest, n: joined}),
                )


def band_words(band: Band) -> str:
    """The readings of a band."""
    return str(band.interval) if band.interval is not None else " or ".join(category.replace("_", " ") for category in band.categories)


def _between(chart: Chart) -> Iterator[Fault]:
    """Between two printed bands the lower score: in one row, and on the whole chart."""
    changed = chart
    for parameter in chart.parameters:
        tables = tuple(replace(table, bands=_low_between(chart, table.bands)) for table in parameter.tables)
        if tables == parameter.tables:
            continue
        own = replace(parameter, tables=tables)
        changed = with_parameter(changed, own)
        says = f"{row_name(parameter)}: a reading between two printed bands seems to take the lower score"
        yield Fault(f"between:{parameter.id}", "between_low", says, (parameter.id,), with_parameter(chart, own))
    yield Fault("between:*", "between_low", "readings between two printed bands seem to take the lower score, in every row", (), changed)


def _low_between(chart: Chart, bands: tuple[Band, ...]) -> tuple[Band, ...]:
    found = list(bands)
    for at, (low, high) in enumerate(pairwise(bands)):
        ends = _ends(low, high)
        if ends is None or ends[2] == ends[3] or chart.severity(low) == chart.severity(high):
            continue
        if chart.severity(low) < chart.severity(high):
            found[at] = replace(found[at], interval=replace(found[at].interval or Interval(), high=ends[3], high_included=False))
        else:
            found[at + 1] = replace(high, interval=replace(ends[1], low=ends[2], low_included=False))
    return tuple(found)
