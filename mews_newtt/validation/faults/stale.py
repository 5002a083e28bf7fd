"""Faults of a platform that shows old answers: a stale score, a score that never falls, a correction that changes nothing.

Like the other faults of memory they need the sets of each person in their order, by time where the table has times. No single set shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults import memory
from mews_newtt.validation.faults.fault import Example, Fault, Site
from mews_newtt.validation.faults.memory import COLD, Series
from mews_newtt.validation.mutants import COMPLETE, REFUSED, Answers, MutantScorer, Rows

KINDS = {
    "stale": "a partial set shows the answers of the same person's last complete set",
    "held": "the total, or the level, of a person never falls",
    "corrected_late": "the later version of a set (the same person, the same time) shows the answers of the version before it",
}
EXAMPLES = (
    Example("stale:person:*", {"shell_warmth": None}, "no total, level at least Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("held:person:*:total", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
    Example("held:person:*:level", {"shell_warmth": "20"}, "total 0, level Watch", "total 0, level Rewind", earlier=({"keeper_concern": "upset"},)),
    Example("corrected:person:*", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch", earlier=(COLD,)),
)
Answering = Callable[[MutantScorer], Answers]


def faults_of_series(chart: Chart, orders: Sequence[Series]) -> Iterator[Fault]:
    """Every fault of memory that the rows of a table can show: those of `memory`, and those of this module."""
    yield from memory.faults_of_series(chart, orders)
    for series in orders:
        if series.id == "person":
            says = "a partial set seems to show the answers of the same person's last complete set"
            yield _fault(chart, "stale", "stale:person:{site}", says, _stale(series))
            for column in ("total", "level"):
                says = f"the {column} of a person seems never to fall"
                yield _fault(chart, "held", f"held:person:{{site}}:{column}", says, _held(series, column), column)
            if series.again is not None and series.again.any():
                says = "a corrected set (the same person, the same time) seems to keep the answers of the version before it"
                yield _fault(chart, "corrected_late", "corrected:person:{site}", says, _corrected(series))


def _fault(chart: Chart, kind: str, form: str, words: str, answers: Answering, column: str = "") -> Fault:
    return Fault(kind, form, words, (), chart, Site("*"), answers=answers, column=column)


def _others_answers(scorer: MutantScorer, other: Rows) -> Answers:
    """For each row with another one (0 or above) the answers of that one."""
    base = scorer.base
    rows = np.flatnonzero(other >= 0)
    source = other[rows]
    points = {name: given[source] for name, given in base.points.items()}
    return Answers(base.rows[rows], base.status[source], base.total[source], base.level[source], points)


def _none(scorer: MutantScorer) -> Rows:
    return np.full(len(scorer.base.rows), -1, np.int64)


def _stale(series: Series) -> Answering:
    def answers(scorer: MutantScorer) -> Answers:
        status = scorer.base.status
        if len(status) != len(series.order):  # another table than the one that the order is of
            return _others_answers(scorer, _none(scorer))
        partial = (status != COMPLETE) & (status != REFUSED)
        return _others_answers(scorer, np.where(partial, series.last_with(status == COMPLETE), -1))

    return answers


def _corrected(series: Series) -> Answering:
    def answers(scorer: MutantScorer) -> Answers:
        if series.again is None or len(scorer.base.rows) != len(series.order):
            return _others_answers(scorer, _none(scorer))
        again = np.zeros(len(series.order), np.bool_)
        again[series.order] = series.again
        return _others_answers(scorer, np.where(again, series.neighbour(-1), -1))

    return answers


def _held(series: Series, column: str) -> Answering:
    """The highest total of the person's complete sets so far, or the highest level of those that could be scored."""

    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        shown = base.status == COMPLETE if column == "total" else base.status != REFUSED
        if len(base.rows) != len(series.order):
            shown = np.zeros(len(base.rows), np.bool_)
        rows = np.flatnonzero(shown)
        if not len(rows):
            return Answers(base.rows[rows], base.status[rows], base.total[rows], base.level[rows])
        values = (base.total if column == "total" else base.level).astype(np.int64)
        ordered = np.where(shown, values, -1)[series.order]
        person = np.cumsum(series.first)  # later people get higher numbers, so that no one's values count for the next
        step = int(values.max(initial=0)) + 2
        highest = np.empty(len(series.order), np.int64)
        highest[series.order] = np.maximum.accumulate(ordered + person * step) - person * step
        held = highest[rows]
        total = held.astype(base.total.dtype) if column == "total" else base.total[rows]
        level = held.astype(base.level.dtype) if column == "level" else base.level[rows]
        return Answers(base.rows[rows], base.status[rows], total, level)

    return answers
