"""Faults that fit a table equally well: whether they are one effect, and which further set would tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import COMPLETE, REFUSED, Answers, Scorer
from mews_newtt.validation.mutants_rows import NO_POINTS
from mews_newtt.validation.mutants_sheet import Flags, sheet_of_sets

MOST = 60  # faults whose own edges are tried; all are compared
RANDOM = 1200
FINE = 1000  # what a reading finer than recorded adds to a set's distance from the plainest


class Rivals(NamedTuple):
    """Faults that would answer some set otherwise than the first: one that can be recorded, or only one finer than recorded."""

    recordable: list[Fault]
    finer: list[Fault]
    telling: dict[str, Any] | None  # the plainest such set, and what the first and the rival answer


def rivals(chart: Chart, tied: Sequence[Fault]) -> Rivals:
    """Of faults that fit equally, those of another effect than the first."""
    if len(tied) < 2:
        return Rivals([], [], None)
    pool = Pool(chart, [fault.chart for fault in _mixed(tied)[: MOST + 1]], random=RANDOM)
    observations = chart.observations
    sheet = sheet_of_sets(pool.sets, observations)
    scorer = Scorer(chart, sheet)
    found = Rivals([], [], None)
    telling: dict[str, Any] | None = None
    first = whole(scorer, tied[0])
    steps = {p.id: p.observation.step for p in chart.parameters if p.observation.numeric}
    plainness = np.array([_plainness(given, pool.quiet[0], steps) for given in pool.sets])
    for fault in tied[1:]:
        answers = whole(scorer, fault)
        differ = np.flatnonzero(apart(first, answers))
        if not len(differ):
            continue
        row = int(differ[np.argmin(plainness[differ])])
        first_of_its_kind = not found.recordable if plainness[row] < FINE else telling is None
        (found.recordable if plainness[row] < FINE else found.finer).append(fault)
        if first_of_its_kind:
            says = ", ".join(f"{name} {text}" for name, text in pool.sets[row].items())
            one, other = (answer_words(chart, answers, row) for answers in (first, answers))
            telling = {
                "given": pool.sets[row],
                "answers": [one, other],
                "says": f"{says} ({one} by the first, {other} by the other)",
            }
    return found._replace(telling=telling)


def _mixed(tied: Sequence[Fault]) -> list[Fault]:
    """One fault of each kind and place in turn, so that the many moves of one edge crowd nothing out."""
    turns: dict[tuple[str, ...], int] = {}
    order = []
    for fault in tied:
        place = (fault.kind, *fault.parameters)
        turns[place] = turns.get(place, -1) + 1
        order.append(turns[place])
    return [fault for _, _, fault in sorted(zip(order, range(len(tied)), tied, strict=True), key=lambda one: one[:2])]


def whole(scorer: Scorer, fault: Fault) -> Answers:
    """A fault's answers for every row."""
    base = scorer.base
    change = fault.change(scorer.sheet) if fault.change is not None else None
    part = fault.answers(base) if fault.answers is not None else scorer.differs(fault.chart, change)
    status, total, level = base.status.copy(), base.total.copy(), base.level.copy()
    status[part.rows], total[part.rows], level[part.rows] = part.status, part.total, part.level
    return Answers(base.rows, status, total, level)


def apart(one: Answers, other: Answers) -> Flags:
    """Rows that two answers treat differently in what a platform shows: whether scored, a plain total, the level."""
    scored = (one.status == REFUSED) != (other.status == REFUSED)
    there = (one.status != REFUSED) & (other.status != REFUSED)
    totals = np.where(one.status == COMPLETE, one.total, NO_POINTS) != np.where(other.status == COMPLETE, other.total, NO_POINTS)
    return np.asarray(scored | (there & (totals | (one.level != other.level))))


def answer_words(chart: Chart, answers: Answers, row: int) -> str:
    if answers.status[row] == REFUSED:
        return "no score"
    level = chart.levels[answers.level[row]].title if 0 <= answers.level[row] < len(chart.levels) else "a level of its own"
    total = f"total {answers.total[row]}, " if answers.status[row] == COMPLETE and answers.total[row] != NO_POINTS else ""
    return f"{total}level {level}" if total or answers.status[row] == COMPLETE else f"no total, level at least {level}"


def _plainness(given: dict[str, str], quiet: dict[str, str], steps: dict[str, Decimal]) -> int:
    fine = sum(Decimal(text) % steps[name] != 0 for name, text in given.items() if name in steps)
    changed = sum(quiet.get(name) != text for name, text in given.items()) + sum(name not in given for name in quiet)
    return fine * FINE + changed
