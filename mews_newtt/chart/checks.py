"""Every reason to refuse a chart. Each check yields Problems; none stops at the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from mews_newtt.chart.check_bands import check_bands, check_contexts
from mews_newtt.chart.check_names import (
    CheckContext,
    all_bands,
    bad_code,
    check_head,
    check_names,
    check_parameters,
    check_sources,
    check_unique,
)
from mews_newtt.chart.codes import loinc_is_sound, snomed_is_sound
from mews_newtt.chart.model import Chart, Observation, plain_unit
from mews_newtt.errors import Problem


def check_observation(observation: Observation, place: str) -> list[Problem]:
    """Faults of one entry of a parameters.toml."""
    found = []
    if observation.numeric:
        if observation.step <= 0:
            found.append(Problem("step_not_positive", place, f"has the step {observation.step}", "write the smallest recordable difference"))
        spellings = ((observation.unit, *observation.unit_names), *((unit.ucum, *unit.names) for unit in observation.other_units))
        names = Counter(name for unit in spellings for name in {plain_unit(spelling) for spelling in unit})
    else:
        if observation.unit:
            found.append(Problem("unit_of_categories", place, "has categories and a unit", "keep one of them"))
        names = Counter(name.casefold() for c in observation.categories for name in {c.id.casefold(), *map(str.casefold, c.synonyms)})
    for name, times in names.items():
        if times > 1:
            found.append(Problem("name_twice", place, f"gives the name {name!r} to two things", "keep it with one of them"))
    found += [
        Problem("scale_zero", f"{place}, {unit.ucum}", "has the scale 0", "write the exact factor")
        for unit in observation.other_units
        if unit.scale == 0
    ]
    codes = [*observation.snomed, *(c.snomed for c in observation.categories if c.snomed)]
    found += [bad_code(place, "SNOMED CT", code) for code in codes if not snomed_is_sound(code)]
    found += [bad_code(place, "LOINC", code) for code in observation.loinc if not loinc_is_sound(code)]
    return found


def check_chart(chart: Chart, place: str, points_may_fall: frozenset[str] = frozenset()) -> list[Problem]:
    """Every fault and warning of a chart whose file has the right structure."""
    context = CheckContext(chart, place, points_may_fall)
    found = [problem for check in _NAMES_FIRST for problem in check(context)]
    if not found:  # names hold; now what they say together
        found = [problem for check in _THEN_MEANING for problem in check(context)]
    return found


def _check_direction(c: CheckContext) -> Iterator[Problem]:
    """Points should not fall while moving outwards from the zero band: a sign of swapped rows."""
    for parameter in c.chart.parameters:
        if not parameter.observation.numeric or parameter.id in c.points_may_fall:
            continue
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            best = worse.index(min(worse)) if worse else 0
            outwards = [*pairwise(reversed(worse[: best + 1])), *pairwise(worse[best:])]
            if any(outer < inner for inner, outer in outwards):
                yield Problem(
                    "points_fall_outwards",
                    c.at(f"parameter {parameter.id}" + (f", {table.title}" if table.title else "")),
                    "points fall while moving outwards from the lowest-scoring band",
                    f'check the rows; if the print says so, add points_may_fall = ["{parameter.id}"]',
                    warning=True,
                )


def _check_quiet_band(c: CheckContext) -> Iterator[Problem]:
    """One band of each table must be the least in points, zone and level at once.

    The level certainly reached by a partial set is that of its quietest completion; without such a band there is none.
    """
    for parameter in c.chart.parameters:
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            if worse and tuple(min(column) for column in zip(*worse, strict=True)) not in worse:
                yield Problem(
                    "no_quiet_band",
                    c.at(f"parameter {parameter.id}"),
                    "no band is the least in points, zone and level at once",
                    "check the zones and levels of its bands",
                )


def _check_levels(c: CheckContext) -> Iterator[Problem]:
    named = {band.level for *_, band in all_bands(c.chart)}
    highest = sum(max((band.points or 0 for table in p.tables for band in table.bands), default=0) for p in c.chart.parameters)
    for level in c.chart.levels[1:]:
        by_total = level.total is not None and (level.total.low or 0) <= highest
        if not (by_total or level.counts or level.id in named):
            yield Problem(
                "level_unreachable",
                c.at(f"level {level.id}"),
                "nothing reaches this level",
                "give it a total within reach, a count, or a band that names it",
            )
    summed = [(level, level.total) for level in c.chart.levels if level.total is not None]
    if summed and not c.chart.has_points:
        level, _ = summed[0]
        yield Problem("total_without_points", c.at(f"level {level.id}"), "is reached by a total on a chart without points", "count zones instead")
    for level, total in summed:
        whole = all(edge is None or edge == edge.to_integral_value() for edge in (total.low, total.high))
        if total.low is None or not (whole and total.low_included and total.high_included):
            yield Problem("bad_total", c.at(f"level {level.id}, total"), f"is {total}", "write whole numbers: { from = 3, to = 5 }, or { from = 6 }")
            return
    for (lower, below), (upper, above) in pairwise(summed):
        if below.high is None or above.low is None or above.low != below.high + 1:
            yield Problem(
                "total_gap",
                c.at(f"level {upper.id}"),
                f"its totals ({above}) do not start one above those of {lower.id} ({below})",
                "let each level's totals follow the last one's",
            )
    if summed:
        (first, lowest), (last, highest_range) = summed[0], summed[-1]
        if highest_range.high is not None:
            yield Problem("total_open_end", c.at(f"level {last.id}"), f"ends at a total of {highest_range.high}", "leave out its `to`")
        if first is c.chart.levels[0] and lowest.low not in (None, 0):
            yield Problem("total_gap", c.at(f"level {first.id}"), f"starts at a total of {lowest.low}", "start the first level at 0")


_NAMES_FIRST: tuple[Callable[[CheckContext], Iterator[Problem]], ...] = (
    check_head,
    check_unique,
    check_sources,
    check_names,
    check_parameters,
    check_bands,
)
_THEN_MEANING: tuple[Callable[[CheckContext], Iterator[Problem]], ...] = (
    check_contexts,
    _check_direction,
    _check_quiet_band,
    _check_levels,
)
