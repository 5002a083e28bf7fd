"""Faults of the sum: the points of the rows are right, and the total is not. The level follows from the wrong total."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import can_occur, distinguishable_values, table_for
from mews_newtt.chart.model import Chart, Number, Parameter
from mews_newtt.validation.faults.fault import Example, Fault, Site, Value
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, PARTIAL, REFUSED, Answers, MutantScorer, Rows, counted, with_totals
from mews_newtt.validation.wording import row_name

KINDS = {
    "row_left_out": "the total leaves out the points of one row",
    "row_twice": "the total counts the points of one row twice",
    "total_capped": "the total is never higher than a number",
    "not_a_sum": "the total is not the sum: it is the highest points of a row, the number of rows with points, or one digit of the sum",
    "total_of_one_row": "the total's place holds the points of one row",
    "total_fixed": "the total is always the same",
    "zero_instead": "a set that is refused, or a partial set, gets a total of 0 and the lowest level",
}
EXAMPLES = (
    Example("total:without:shell_warmth", {"shell_warmth": "30"}, "total 1, level Watch", "total 0, level Watch"),
    Example("total:twice:tick_rate", {"tick_rate": "19"}, "total 2, level Watch", "total 4, level Oil"),
    Example("total:capped:2", {"tick_rate": "61"}, "total 3, level Rewind", "total 2, level Rewind"),
    Example("total:highest", {"tick_rate": "19", "shell_warmth": "30"}, "total 3, level Oil", "total 2, level Oil"),
    Example("total:rows", {"tick_rate": "19"}, "total 2, level Watch", "total 1, level Watch"),
    Example("total:of:tick_rate", {"tick_rate": "19", "shell_warmth": "30"}, "total 3, level Oil", "total 2, level Oil"),
    Example("total:fixed:0", {"tick_rate": "19"}, "total 2, level Watch", "total 0, level Watch"),
    Example("zero:refused", {"shell_warmth": "75"}, "no score", "total 0, level Watch"),
    Example("zero:partial", {"shell_warmth": None, "gait": "wobbly"}, "no total, level at least Watch", "total 0, level Watch"),
)
TWO_DIGITS = 10  # the least total that is written with two digits
MOST_CONTEXTS = 2_000  # combinations of contexts that are tried for the highest total

Totals = Callable[[MutantScorer, Rows], npt.NDArray[np.int32]]


def answer_faults(chart: Chart) -> Iterator[Fault]:
    if not chart.has_points:
        return
    scored = [p for p in chart.parameters if p.role == "scored"]
    for parameter in scored:
        name, title = parameter.id, row_name(parameter)
        yield _fault(chart, "row_left_out", "total:without:{site}", f"the total seems to leave out the points of {title}", _without(name), name)
    for parameter in scored:
        name, title = parameter.id, row_name(parameter)
        yield _fault(chart, "row_twice", "total:twice:{site}", f"the total seems to count the points of {title} twice", _twice(name), name)
    for most in range(1, highest_total(chart)):
        yield capped(chart, most)
    yield _fault(chart, "not_a_sum", "total:highest", "the total seems to be the highest points of a single row", _highest)
    yield _fault(chart, "not_a_sum", "total:rows", "the total seems to be the number of rows with points", _rows_with_points)
    if highest_total(chart) >= TWO_DIGITS:
        yield _fault(chart, "not_a_sum", "total:last-digit", "the total seems to be cut to its last digit, so that 12 is shown as 2", _last_digit)
        yield _fault(chart, "not_a_sum", "total:first-digit", "the total seems to be cut to its first digit, so that 12 is shown as 1", _first_digit)
    for parameter in scored:
        name, title = parameter.id, row_name(parameter)
        yield _fault(chart, "total_of_one_row", "total:of:{site}", f"the total seems to hold the points of {title} alone", _of_row(name), name)
    yield fixed(chart, 0)
    for status, form, sets in ((REFUSED, "zero:refused", "sets that the chart refuses"), (PARTIAL, "zero:partial", "partial sets")):
        says = f"{sets} seem to get a total of 0 and the lowest level"
        yield Fault("zero_instead", form, says, (), chart, answers=_zero(status))


def capped(chart: Chart, most: int) -> Fault:
    """A total that is never higher than a number, such as the highest one stated."""
    says = f"the total seems never to be higher than {most}"
    return _fault(chart, "total_capped", "total:capped:{after}", says, lambda scorer, rows: np.minimum(scorer.base.total[rows], most), after=most)


def fixed(chart: Chart, total: int) -> Fault:
    """The same total for every set, such as the one stated most often."""
    says = f"the total seems always to be {total}"
    return _fault(chart, "total_fixed", "total:fixed:{after}", says, lambda _, rows: np.full(len(rows), total, np.int32), after=total)


def highest_total(chart: Chart) -> int:
    """The highest total of a complete set, in any context."""
    names = list(chart.context_ids)
    values = [distinguishable_values(chart, name) for name in names]
    highest = 0
    for number, chosen in enumerate(product(*values)):
        context = dict(zip(names, chosen, strict=True))
        if number < MOST_CONTEXTS and can_occur(chart, context):
            most: dict[str, int] = {}
            for parameter in chart.parameters:
                most[parameter.id] = _most_points(parameter, context) if parameter.role == "scored" else 0
            for group in chart.groups:
                worst = max(most.pop(name, 0) for name in group.parameters)
                most[group.id] = worst
            highest = max(highest, sum(most.values()))
    return highest


def _most_points(parameter: Parameter, context: Mapping[str, Number | str]) -> int:
    """The most points of a row in one context; of a context itself those of its own value."""
    table, own = table_for(parameter, context), context.get(parameter.id)
    bands = table.bands if table is not None else ()
    if isinstance(own, str):
        bands = tuple(band for band in bands if own in band.categories)
    elif own is not None:
        bands = tuple(band for band in bands if band.interval is not None and band.interval.contains(own))
    return max([*(band.points or 0 for band in bands), *(skip.points or 0 for skip in parameter.skips)], default=0)


def _fault(chart: Chart, kind: str, form: str, says: str, totals: Totals, name: str = "", after: Value = None) -> Fault:
    about, site = ((name,), Site(name)) if name else ((), None)
    return Fault(kind, form, says, about, chart, site, after=after, answers=_answers(totals), column="total")


def _answers(totals: Totals) -> Callable[[MutantScorer], Answers]:
    """Other totals of complete sets. A partial set has no total that could be wrong."""

    def answers(scorer: MutantScorer) -> Answers:
        rows = np.flatnonzero(scorer.base.status == COMPLETE)
        found = totals(scorer, rows).astype(np.int32)
        changed = found != scorer.base.total[rows]
        return with_totals(scorer, rows[changed], found[changed])

    return answers


def _counted(scorer: MutantScorer, rows: Rows, without: str = "") -> npt.NDArray[np.int32]:
    return counted(scorer.chart, {name: own[rows] for name, own in scorer.base.points.items()}, len(rows), without)


def _without(name: str) -> Totals:
    def totals(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
        left_out = _counted(scorer, rows).sum(axis=0) - _counted(scorer, rows, name).sum(axis=0)
        return np.asarray(scorer.base.total[rows] - left_out, np.int32)

    return totals


def _twice(name: str) -> Totals:
    def totals(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
        own = scorer.base.points[name][rows]
        return np.asarray(scorer.base.total[rows] + np.where(own == NO_POINTS, 0, own), np.int32)

    return totals


def _of_row(name: str) -> Totals:
    def totals(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
        own = scorer.base.points[name][rows]
        return np.where(own == NO_POINTS, 0, own).astype(np.int32)

    return totals


def _highest(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
    return np.asarray(_counted(scorer, rows).max(axis=0, initial=0), np.int32)


def _rows_with_points(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
    return np.asarray((_counted(scorer, rows) > 0).sum(axis=0), np.int32)


def _last_digit(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
    return np.asarray(scorer.base.total[rows] % TWO_DIGITS, np.int32)


def _first_digit(scorer: MutantScorer, rows: Rows) -> npt.NDArray[np.int32]:
    totals = scorer.base.total[rows]
    return np.where(totals >= TWO_DIGITS, totals // TWO_DIGITS, totals).astype(np.int32)


def _zero(status: int) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        base = scorer.base
        rows = np.flatnonzero(base.status == status)
        points = {name: np.zeros(len(rows), np.int16) for name in base.points}
        complete, level = np.full(len(rows), COMPLETE, np.uint8), np.zeros(len(rows), np.int16)
        return Answers(base.rows[rows], complete, np.zeros(len(rows), np.int32), level, points)

    return answers
