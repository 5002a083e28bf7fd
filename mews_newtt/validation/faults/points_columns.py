"""Faults that show only in the stated points of rows: the points of two parameters stand in each other's column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault, Site
from mews_newtt.validation.mutants import Answers, MutantScorer
from mews_newtt.validation.wording import row_name

KINDS = {"points_exchanged": "the points of two parameters are exchanged, although the total is right"}
EXAMPLES = (Example("points:left_wheel:shell_warmth", {"shell_warmth": "30"}, "points 0 and 1", "points 1 and 0", points=True),)


def answer_faults(chart: Chart) -> Iterator[Fault]:
    scored = [p.id for p in chart.parameters if p.role == "scored"] if chart.has_points else []
    for one, other in combinations(sorted(scored), 2):
        says = f"the points of {row_name(chart.by_id[one])} and of {row_name(chart.by_id[other])} seem to be exchanged"
        answers = _exchanged(one, other)
        yield Fault("points_exchanged", "points:{site}:{after}", says, (one, other), chart, Site(one), after=other, answers=answers, column="points")


def _exchanged(one: str, other: str) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        rows = (base.points[one] != base.points[other]).nonzero()[0]
        points = {one: base.points[other][rows], other: base.points[one][rows]}
        return Answers(base.rows[rows], base.status[rows], base.total[rows], base.level[rows], points)

    return answers
