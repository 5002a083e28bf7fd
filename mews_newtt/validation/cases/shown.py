"""Example sets that show how a chart works, made from the chart alone: for the "Try a set" page, for sample files and for lessons.

No value is written by hand. Every reading is a recordable value of a band of the chart, and the reference scorer says what the set gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.model import Band, Chart, CountRule, Interval, Parameter, number
from mews_newtt.chart.units import unit_said
from mews_newtt.chart.words import count
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.validation.cases.values import Given, Setting, as_text, baseline_band, baseline_set, decimal, middle, settings

LONGEST_JUMP = 10  # beyond the last threshold: points of one row may jump over it
MOST_TRIED = 2000  # recordable values of one band that are looked at


@dataclass(frozen=True)
class Shown:
    """One example: `id` names it in an address, `title` and `says` say what it shows, `given` is the set."""

    id: str
    title: str
    says: str
    given: Given


def examples(chart: Chart) -> list[Shown]:
    """The example sets of a chart, no set twice: nothing raised, each level, one trigger alone, one reading missing, not taken, a wrong unit."""
    found: dict[tuple[tuple[str, str], ...], Shown] = {}
    ways = settings(chart)
    if not ways:
        return []
    calm = calm_set(chart, ways[0])
    made = [*_calm(calm), *_levels(chart, ways[0], calm), *_trigger(chart, ways[0], calm), *_missing(chart, ways[0], calm)]
    for shown in (*made, *_skipped(chart, calm), *_unit(chart, calm)):
        found.setdefault(tuple(sorted(shown.given.items())), shown)
    return list(found.values())


def calm_set(chart: Chart, setting: Setting) -> Given:
    """A complete set in which every row contributes as little as it can, with values that nobody has to confirm where there are such."""
    given = baseline_set(chart, setting)
    for parameter in chart.parameters:
        table = setting.tables[parameter.id]
        if parameter.id not in given or parameter.id in setting.given or table is None or not parameter.observation.numeric:
            continue
        best = len(_score(chart, given).warnings)
        for value in values_of(parameter, baseline_band(chart, table)) if best else ():
            tried = {**given, parameter.id: value}
            now = _score(chart, tried)
            if now.status != "refused" and len(now.warnings) < best:
                given, best = tried, len(now.warnings)
            if not best:
                break
    return given


def _score(chart: Chart, given: Given) -> Score:
    return score(chart, given, raise_refused=False)


def values_of(parameter: Parameter, band: Band, near: str | None = None) -> Iterator[str]:
    """Recordable and plausible values of a band, the nearest to a reading (or to the band's middle) first; of a band of answers these."""
    if band.interval is None:
        yield from band.categories
        return
    observation, limits = parameter.observation, (band.interval, parameter.observation.impossible, parameter.observation.implausible)
    step = Fraction(observation.step)
    start = math.floor(_inside(band.interval, Fraction(near or middle(parameter, band))) / step)
    for far in range(MOST_TRIED):
        pair = [decimal((start + by) * step) for by in ((-far, far + 1) if far else (0, 1))]
        fits = [value for value in pair if all(each.contains(value) for each in limits)]
        yield from map(as_text, fits)
        if far > 1 and any(each.is_above(pair[0]) for each in limits) and any(each.is_below(pair[1]) for each in limits):
            return


def _inside(interval: Interval, value: Fraction) -> Fraction:
    """The value, or the end of the interval next to it."""
    if interval.low is not None and value < interval.low:
        return Fraction(interval.low)
    return Fraction(interval.high) if interval.high is not None and value > interval.high else value


def raised(chart: Chart, setting: Setting, given: Given, parameter: Parameter, band: Band) -> Given | None:
    """The set with one reading moved into a band, as little as possible; None where no value of it gives a complete set without a new warning."""
    calm = len(_score(chart, given).warnings)
    for value in values_of(parameter, band, given.get(parameter.id) if parameter.observation.numeric else None):
        group = chart.group_of.get(parameter.id)
        out: tuple[str, ...] = group.parameters if group is not None and group.kind == "one_of" else ()
        moved = {name: text for name, text in given.items() if name not in out} | {parameter.id: value}
        now = _score(chart, moved)
        if now.status == "complete" and len(now.warnings) <= calm:
            return moved
    return None


def choices(chart: Chart, setting: Setting, given: Given) -> dict[str, list[Band]]:
    """For each row of a set that can be moved: the bands of its table in this setting."""
    rows = (p for p in chart.parameters if p.role != "recorded" and p.id in given and p.id not in setting.given)
    return {p.id: list(table.bands) for p in rows if (table := setting.tables[p.id]) is not None and table.bands}


def _calm(calm: Given) -> Iterator[Shown]:
    yield Shown("nothing-raised", "Nothing raised", "Every reading is in a band that gives as little as the chart allows.", calm)


def _levels(chart: Chart, setting: Setting, calm: Given) -> Iterator[Shown]:
    """The lowest set of each level that a total or a number of rows reaches."""
    lowest = _score(chart, calm).level
    by_total = _by_total(chart, setting, calm)
    for level in chart.levels:
        if level.id == lowest:
            continue
        if level.total is not None:
            within = [total for total in sorted(by_total) if level.total.contains(Decimal(total))]
            reached = next((total for total in within if _score(chart, by_total[total]).level == level.id), None)
            if reached is not None:
                says = f"The total is {reached}, the lowest that reaches this level."
                yield Shown(f"level-{level.id}", f"{level.title}, by total", says, by_total[reached])
        for rule in level.counts:
            found = _of_rule(chart, setting, calm, rule)
            if found is not None and _score(chart, found).level == level.id:
                zones = {zone.id: zone.title for zone in chart.zones}
                where = f"at {count(rule.points, 'point')} or more" if rule.points is not None else f"in the zone {zones[rule.zone or '']}"
                says = f"{count(rule.at_least, 'row')} {where}: just enough for this level."
                rows = count(rule.at_least, "row")
                yield Shown(f"level-{level.id}-{rule.at_least}-{rule.zone or rule.points}", f"{level.title}, by {rows}", says, found)


def _by_total(chart: Chart, setting: Setting, calm: Given) -> dict[int, Given]:
    """For each total that can be reached, as far as the last level needs it, a complete set with few rows raised in which no band names a level."""
    most = max((int(level.total.low) for level in chart.levels if level.total is not None and level.total.low), default=0) + LONGEST_JUMP
    sets: dict[int, Given] = {_score(chart, calm).total or 0: calm}
    for name, bands in choices(chart, setting, calm).items():
        parameter = chart.by_id[name]
        for before, given in list(sets.items()):
            for band in bands:
                after = before + (band.points or 0)
                if band.level or not band.points or after > most or (after in sets and _moved(sets[after], calm) <= _moved(given, calm) + 1):
                    continue
                moved = raised(chart, setting, given, parameter, band)
                if moved is not None and _score(chart, moved).total == after:
                    sets[after] = moved
    return sets


def _moved(given: Given, calm: Given) -> int:
    return sum(given.get(name) != text for name, text in calm.items())


def _of_rule(chart: Chart, setting: Setting, calm: Given, rule: CountRule) -> Given | None:
    """A set with just so many rows in a zone, or at so many points."""
    given, left, used = calm, rule.at_least, set()
    for name, bands in choices(chart, setting, calm).items():
        group = chart.group_of.get(name)
        if not left or (group is not None and group.id in used):
            continue
        for band in bands:
            fits = band.zone == rule.zone if rule.points is None else band.points == rule.points
            if fits and not band.level and (moved := raised(chart, setting, given, chart.by_id[name], band)) is not None:
                given, left = moved, left - 1
                used |= {group.id} if group is not None else set()
                break
    return given if not left else None


def _trigger(chart: Chart, setting: Setting, calm: Given) -> Iterator[Shown]:
    """The first trigger that raises the level alone, and the first of those that raise it most."""
    lowest = chart.level_rank[_score(chart, calm).level or chart.levels[0].id]
    found: list[tuple[int, Shown]] = []
    for name, bands in choices(chart, setting, calm).items():
        parameter = chart.by_id[name]
        for band in bands:
            if band.level and chart.level_rank[band.level] > lowest and (moved := raised(chart, setting, calm, parameter, band)) is not None:
                answer = _answer(parameter, moved[name])
                title = next(level.title for level in chart.levels if level.id == band.level)
                says = f"{parameter.short_title}: {answer}. This alone raises the level to {title}; every other reading is as low as it can be."
                found.append((chart.level_rank[band.level], Shown(f"trigger-{name}", f"One trigger alone: {parameter.short_title}", says, moved)))
                break
    if found:
        yield found[0][1]
        yield max(found, key=lambda each: each[0])[1]


def _answer(parameter: Parameter, text: str) -> str:
    titles = {category.id: category.title for category in parameter.observation.categories}
    return titles.get(text) or number(text, parameter.observation.unit)


def _missing(chart: Chart, setting: Setting, calm: Given) -> Iterator[Shown]:
    """One required reading left out."""
    for name in calm:
        parameter = chart.by_id[name]
        if parameter.role == "scored" and parameter.required and name not in setting.given and name not in chart.group_of:
            without = {other: text for other, text in calm.items() if other != name}
            if _score(chart, without).status == "partial":
                what = "There is no plain total, only the least and the greatest possible" if chart.has_points else "The set is not complete"
                says = f"{what}. A missing reading is never taken as normal."
                yield Shown("one-missing", f"One reading missing: {parameter.short_title}", says, without)
                return


def _skipped(chart: Chart, calm: Given) -> Iterator[Shown]:
    """A reading that was not taken, for a reason to which the chart gives points."""
    for parameter in chart.parameters:
        for skip in parameter.skips:
            if skip.points is not None and parameter.id in calm:
                without = {name: text for name, text in calm.items() if name != parameter.id} | {SKIP_PREFIX + parameter.id: skip.code}
                says = f"{parameter.title} was not taken: {skip.says} ({skip.code}). The chart gives {count(skip.points, 'point')} for this reason."
                yield Shown("not-taken", f"Not taken: {parameter.short_title}", says, without)
                return


def _unit(chart: Chart, calm: Given) -> Iterator[Shown]:
    """A reading of the calm set in another unit, typed as if it were in the chart's own: refused, or flagged as implausible."""
    for parameter in chart.parameters:
        for unit in parameter.observation.other_units if parameter.id in calm and parameter.role == "scored" else ():
            other = (Fraction(calm[parameter.id]) - unit.offset) / unit.scale
            typed = as_text(decimal(Fraction(round(other, 1))))
            result = _score(chart, {**calm, parameter.id: typed})
            if result.status == "refused" or any("implausible" in flag and parameter.id in flag for flag in result.flags):
                own = unit_said(parameter.observation.unit)
                what = "It is impossible, so nothing is scored" if result.status == "refused" else "It is implausible, so the page asks to confirm it"
                right = number(calm[parameter.id], parameter.observation.unit)
                says = f"{right} is {typed} {unit_said(unit.ucum)}. Here {typed} is typed as {own}. {what}."
                yield Shown("wrong-unit", f"Wrong unit: {unit_said(unit.ucum)} typed as {own}", says, {**calm, parameter.id: typed})
                return
