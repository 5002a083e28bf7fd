"""Faults in all rules of the levels at once: thresholds moved together, the level by the total alone or without it, another chart's levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from mews_newtt.chart.model import Chart, Level
from mews_newtt.validation.faults.fault import Example, Fault
from mews_newtt.validation.mutants import COMPLETE, PARTIAL, Answers, MutantScorer, is_number

KINDS = {
    "level_by_total": "the level follows from the total alone: rules for single rows, zones and triggers are left out",
    "level_without_total": "the total does not count for the level, or no rule for single rows does",
    "levels_from_total": "the level follows from the total alone, by totals of the platform's own that its answers show",
    "thresholds_moved": "the totals at which levels start are all moved by the same number",
    "other_levels": "the total is right, and the level is that of another chart or version",
}
EXAMPLES = (
    Example("levels:by-total", {"gait": "stuck", "oil_drops": "1"}, "total 4, level Rewind", "total 4, level Oil"),
    Example("levels:without-total", {"gait": "wobbly", "oil_drops": "3"}, "total 3, level Oil", "total 3, level Watch"),
    Example("levels:moved:-1", {"tick_rate": "19"}, "total 2, level Watch", "total 2, level Oil"),
    Example("levels:from:oil=2,rewind=9", {"tick_rate": "19"}, "total 2, level Watch", "total 2, level Oil"),
    Example("levels:of:demo@2.0", {"tick_rate": None, "skip_tick_rate": "T1", "shell_warmth": "30", "gait": "wobbly", "oil_drops": "1"},
            "total 5, level Oil", "total 5, level Rewind"),
)  # fmt: skip
LEAST_DIFFERENT = 2  # thresholds that differ from the chart's before the rule is called the platform's own


def faults(chart: Chart) -> Iterator[Fault]:
    starts = [level for level in chart.levels[1:] if level.total is not None and level.total.low is not None] if chart.has_points else []
    alone = _without_band_levels(replace(chart, levels=tuple(replace(level, counts=()) for level in chart.levels)))
    if starts:
        says = "the level seems to follow from the total alone, without single rows, zones and triggers"
        yield Fault("level_by_total", "levels:by-total", says, (), alone)
        without = replace(chart, levels=tuple(replace(level, total=None) for level in chart.levels))
        yield Fault("level_without_total", "levels:without-total", "the total seems not to count for the level", (), without)
    if sum(len(level.counts) for level in chart.levels) > 1:
        without = replace(chart, levels=tuple(replace(level, counts=()) for level in chart.levels))
        says = "the level seems to be reached by no rule for single rows or zones"
        yield Fault("level_without_total", "levels:without-rows", says, (), without)
    for by in (-2, -1, 1, 2) if len(starts) > 1 else ():
        levels = tuple(_moved(level, by) if level in starts else level for level in chart.levels)
        says = f"the totals at which levels start seem all to be {abs(by)} {'lower' if by < 0 else 'higher'}"
        yield Fault("thresholds_moved", "levels:moved:{by:+d}", says, (), replace(chart, levels=levels), by=by)


def beside(chart: Chart, other: Chart, used: Chart) -> Iterator[Fault]:
    """The levels of another chart beside our totals. `used` is the other chart as a platform would score it."""
    which = f"{other.title}, version {other.version}"
    says = f"the total is right, and the level seems to be that of {which}"
    yield Fault("other_levels", "levels:of:{after}", says, (), chart, after=f"{other.id}@{other.version}", answers=_level_of(used), column="level")


def levels_from_total(scorer: MutantScorer) -> Iterator[Fault]:
    """The totals at which a platform's levels start, if each of its totals goes with one level: a rule that the chart need not have."""
    stated, chart = scorer.stated, scorer.chart
    if stated is None or not chart.has_points:
        return
    rows = np.flatnonzero(is_number(stated.total) & (stated.level >= 0) & (stated.level < len(chart.levels)))
    totals, levels = stated.total[rows], stated.level[rows]
    usual: dict[int, int] = {}
    for total in np.unique(totals).tolist():
        ranks, times = np.unique(levels[totals == total], return_counts=True)
        usual[total] = int(ranks[np.argmax(times)])
    starts: dict[int, int] = {}  # the least total of each level
    for total, rank in usual.items():
        starts.setdefault(rank, total)
    if len(starts) < 2 or sorted(starts.values()) != [starts[rank] for rank in sorted(starts)] or sorted(usual.values()) != list(usual.values()):
        return
    ranks_from = sorted(starts.items())
    own = {rank: int(level.total.low) for rank, level in enumerate(chart.levels) if level.total is not None and level.total.low is not None}
    if own and sum(own.get(rank) != total for rank, total in ranks_from[1:]) < LEAST_DIFFERENT:
        return  # a single threshold that differs is a kind of its own
    told = ", ".join(f"{chart.levels[rank].title} from {total}" for rank, total in ranks_from[1:])
    says = f"the level seems to follow from the total alone: {told}"
    value = ",".join(f"{chart.levels[rank].id}={total}" for rank, total in ranks_from[1:])
    more = "; in partial sets from the points of the readings present"
    for form, words, partial in (("levels:from:{value}", says, False), ("levels:from:{value}:partial", says + more, True)):
        answers = _from_totals(ranks_from, partial=partial)
        yield Fault("levels_from_total", form, words, (), chart, value=value, answers=answers, column="level")


def _from_totals(starts: Sequence[tuple[int, int]], *, partial: bool) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        rows = np.flatnonzero((base.status == COMPLETE) | ((base.status == PARTIAL) & partial))
        level = np.full(len(rows), starts[0][0], np.int16)
        for rank, total in starts[1:]:
            level[base.total[rows] >= total] = rank
        changed = level != base.level[rows]
        rows = rows[changed]
        return Answers(rows, base.status[rows], base.total[rows], level[changed])

    return answers


def _level_of(used: Chart) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        found, base = scorer.differs(used), scorer.base
        scored = (found.status <= 1) & (base.status[found.rows] <= 1) & (found.level != base.level[found.rows])
        rows = found.rows[scored]
        return Answers(rows, base.status[rows], base.total[rows], found.level[scored])

    return answers


def _moved(level: Level, by: int) -> Level:
    if level.total is None or level.total.low is None:
        return level
    return replace(level, total=replace(level.total, low=max(Decimal(1), level.total.low + by)))


def _without_band_levels(chart: Chart) -> Chart:
    parameters = []
    for parameter in chart.parameters:
        tables = tuple(replace(table, bands=tuple(replace(band, level=None) for band in table.bands)) for table in parameter.tables)
        parameters.append(replace(parameter, tables=tables) if tables != parameter.tables else parameter)
    return replace(chart, parameters=tuple(parameters))
