"""Faults of how a platform treats partial sets, whichever reading is missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault, change_cells
from mews_newtt.validation.mutants import MISSING, NO_POINTS, PARTIAL, REFUSED, SKIPPED, Answers, Cell, MutantScorer

KINDS = {
    "partial_level": "the level of a partial set follows from the readings present, although the missing one always scores "
    "(on NPEWS: oxygen by a device, without its percentage or flow)",
    "partial_refused": "partial sets are refused",
}
EXAMPLES = (
    Example(
        "level-of-what-is-there",  # the missing oil always scores: with it the total is 6 or more
        {"gait": "wobbly", "left_wheel": "4", "tick_rate": None, "skip_tick_rate": "T1"},
        "no total, level at least Rewind",
        "no total, level at least Oil",
    ),
    Example("partial:refused", {"shell_warmth": None}, "no total, level at least Watch", "no score"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    """The level of partial sets. It can only be wrong where a missing parameter cannot count for nothing."""
    rows = [p for p in chart.parameters if p.role == "scored" and p.required]
    least = {min(chart.severity(band) for band in table.bands) for p in rows for table in p.tables if table.applies and table.bands}
    if len(least) > 1:
        says = "partial sets seem to be graded on the readings present, although the missing one always scores"
        names = tuple(p.id for p in rows)
        yield Fault("partial_level", "level-of-what-is-there", says, names, chart, change=change_cells(names, _counts_for_nothing))


def answer_faults(chart: Chart) -> Iterator[Fault]:
    yield refused(chart)


def refused(chart: Chart) -> Fault:
    """Every partial set refused. It changes the chart's answers and not the chart, so that no test pack is made against it."""
    says = "partial sets seem to be refused, where the chart gives the bounds of the total and the level certainly reached"
    return Fault("partial_refused", "partial:refused", says, (), chart, answers=_partial_refused)


def _counts_for_nothing(cell: Cell) -> Cell:
    return cell._replace(nothing=True) if cell.kind in (MISSING, SKIPPED) else cell


def _partial_refused(scorer: MutantScorer) -> Answers:
    base = scorer.base
    rows = np.flatnonzero(base.status == PARTIAL)
    points = {name: np.full(len(rows), NO_POINTS, np.int16) for name in base.points}
    return Answers(base.rows[rows], np.full(len(rows), REFUSED, np.uint8), base.total[rows], base.level[rows], points)
