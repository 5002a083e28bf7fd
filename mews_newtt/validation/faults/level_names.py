"""Faults of the level that a platform shows beside a right total: two levels exchanged, one too low, always the same, or that of the worst row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault, Value
from mews_newtt.validation.mutants import COMPLETE, REFUSED, Answers, MutantScorer, counted, with_totals

KINDS = {
    "levels_exchanged": "two levels are exchanged, or all of them are the wrong way round",
    "level_shifted": "every level is one too low or one too high",
    "level_fixed": "the level is always the same",
    "level_merged": "a level is never given: the one below it, or above it, is given instead",
    "level_of_highest_row": "the level follows from the highest points of a single row, or from the number of rows with points, instead of the total",
}
EXAMPLES = (
    Example("levels:exchanged:oil:rewind", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Oil"),
    Example("levels:reversed", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Watch"),
    Example("levels:shifted:-1", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Oil"),
    Example("levels:fixed:watch", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Watch"),
    Example("levels:merged:rewind:oil", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Oil"),
    Example("levels:rows", {"gait": "wobbly", "oil_drops": "3"}, "total 3, level Oil", "total 3, level Watch"),
    Example("levels:highest-row", {"gait": "wobbly", "oil_drops": "3"}, "total 3, level Oil", "total 3, level Watch"),
)


def answer_faults(chart: Chart) -> Iterator[Fault]:
    levels, ranks = chart.levels, range(len(chart.levels))
    if len(levels) < 2:
        return
    for one, other in combinations(ranks, 2):
        places = [other if rank == one else one if rank == other else rank for rank in ranks]
        says = f"the levels {levels[one].title} and {levels[other].title} seem to be exchanged"
        yield _fault(chart, "levels_exchanged", "levels:exchanged:{before}:{after}", says, _renamed(places), levels[one].id, levels[other].id)
    if len(levels) > 2:
        says = "the levels seem to be the wrong way round, the lowest for the highest"
        yield _fault(chart, "levels_exchanged", "levels:reversed", says, _renamed(ranks[::-1]))
    for by, what in ((-1, "lower"), (1, "higher")):
        places = [min(max(rank + by, 0), len(levels) - 1) for rank in ranks]
        says = f"every level seems to be one {what} than the chart's"
        yield _fault(chart, "level_shifted", "levels:shifted:{by:+d}", says, _renamed(places), by=by)
    for rank in ranks[1:]:
        for before, after in ((rank, rank - 1), (rank - 1, rank)):
            places = [after if place == before else place for place in ranks]
            says = f"level {levels[before].title} seems never to be given, and {levels[after].title} instead"
            yield _fault(chart, "level_merged", "levels:merged:{before}:{after}", says, _renamed(places), levels[before].id, levels[after].id)
    for rank, level in enumerate(levels):
        says = f"the level seems always to be {level.title}"
        yield _fault(chart, "level_fixed", "levels:fixed:{after}", says, _renamed([rank] * len(levels)), after=level.id)
    if chart.has_points and any(level.total is not None for level in levels[1:]):
        says = "the level seems to follow from the highest points of a single row instead of the total"
        yield _fault(chart, "level_of_highest_row", "levels:highest-row", says, _following(lambda units: units.max(axis=0, initial=0)))
        says = "the level seems to follow from the number of rows with points instead of the total"
        yield _fault(chart, "level_of_highest_row", "levels:rows", says, _following(lambda units: (units > 0).sum(axis=0)))


def _fault(
    chart: Chart,
    kind: str,
    form: str,
    says: str,
    answers: Callable[[MutantScorer], Answers],
    before: Value = None,
    after: Value = None,
    by: int = 0,
) -> Fault:
    return Fault(kind, form, says, (), chart, by=by, before=before, after=after, answers=answers, column="level")


def _renamed(places: Sequence[int]) -> Callable[[MutantScorer], Answers]:
    """Each level by the rank at its place."""

    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        new = np.array(places, np.int16)[np.clip(base.level, 0, len(places) - 1)]
        rows = np.flatnonzero((base.status != REFUSED) & (base.level >= 0) & (new != base.level))
        return Answers(base.rows[rows], base.status[rows], base.total[rows], new[rows])

    return answers


def _following(number: Callable[[npt.NDArray[np.int32]], npt.NDArray[Any]]) -> Callable[[MutantScorer], Answers]:
    """The level of complete sets by a number in the total's place, with everything else that raises a level. It is got from [counted once, row]."""

    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        rows = np.flatnonzero(base.status == COMPLETE)
        units = counted(scorer.chart, {name: own[rows] for name, own in base.points.items()}, len(rows))
        found = with_totals(scorer, rows, np.asarray(number(units), np.int32))
        changed = found.level != base.level[rows]
        return Answers(rows[changed], base.status[rows[changed]], base.total[rows[changed]], found.level[changed])

    return answers
