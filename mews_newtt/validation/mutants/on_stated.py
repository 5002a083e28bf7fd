"""A chart's answers worked out from what a platform states: the total from its points, the level from its total and points.

A fault in the points must not hide a fault in the sum, and a fault in the sum must not hide one in the level. So each is compared with what
the platform itself states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import TOTAL, Counter
from mews_newtt.engines.base import NO_POINTS, PARTIAL
from mews_newtt.validation.mutants.answers import Answers, Stated
from mews_newtt.validation.mutants.scorer import MutantScorer
from mews_newtt.validation.mutants.sheet import Flags, Rows
from mews_newtt.validation.stated import MOST, NONE, UNKNOWN

Numbers = npt.NDArray[np.int32]


def is_number(stated: Numbers) -> Flags:
    """Where a whole number is stated."""
    return np.asarray((stated > UNKNOWN) & (np.abs(stated) < MOST))


def nothing_stated(rows: int) -> Stated:
    """A platform that states nothing."""
    nothing = np.full(rows, NONE, np.int32)
    return Stated(nothing, nothing, {})


def with_totals(scorer: MutantScorer, rows: Rows, totals: Numbers) -> Answers:
    """The answers of some rows with other totals: the level follows from the total, points and status stay."""
    views, starts = _views_of(scorer, rows)
    packed = _with_field(scorer, scorer.packed[:, views], TOTAL, np.repeat(totals, np.diff(np.append(starts, len(views)))))
    level = scorer.sums.levels(scorer.compiled.level_rules, packed)
    if scorer.several and len(starts):
        level = np.minimum.reduceat(level, starts)
    return Answers(rows, scorer.base.status[rows], totals.astype(np.int32), level)


def with_answers(scorer: MutantScorer, answers: Answers) -> MutantScorer:
    """The scorer with other answers in some rows in the place of the chart's, so that a second fault can follow from them."""
    found, base = copy(scorer), scorer.base
    status, total, level = base.status.copy(), base.total.copy(), base.level.copy()
    status[answers.rows], total[answers.rows], level[answers.rows] = answers.status, answers.total, answers.level
    points = dict(base.points)
    for name, shown in answers.points.items():
        points[name] = points[name].copy()
        points[name][answers.rows] = shown
    found.base = Answers(base.rows, status, total, level, points)
    return found


def on_stated(scorer: MutantScorer, stated: Stated, *, totals: bool) -> MutantScorer:
    """The scorer over what a platform states itself: its points in the place of the chart's, and where `totals` its totals in the place of their sum.

    Its `base` has the sum of the stated points as the total, and the level that follows. Rows without stated points keep the chart's.
    """
    found = copy(scorer)
    chart, base = scorer.chart, scorer.base
    points = {}
    stating = np.zeros(scorer.sheet.rows, np.bool_)
    for name, own in base.points.items():
        claimed = stated.points.get(name)
        known = np.zeros(len(own), np.bool_) if claimed is None else is_number(claimed)
        stating |= known
        points[name] = own if claimed is None else np.where(known, claimed, own).astype(np.int16)
    units = [_unit(points, group.kind, group.parameters) for group in chart.groups]
    grouped = {name for group in chart.groups for name in group.parameters}
    units += [_unit(points, "one_of", (name,)) for name in points if name not in grouped]
    total = _sum(units, scorer.sheet.rows)
    fields: dict[Counter, tuple[Flags, Numbers]] = {TOTAL: (stating, total)}
    for counter in scorer.sums.fields:
        if isinstance(counter, Counter) and counter.kind == "points" and counter.at_least is not None:
            fields[counter] = (stating, _sum([unit >= counter.at_least for unit in units], scorer.sheet.rows))
    if totals:
        known = is_number(stated.total)
        fields[TOTAL] = (stating | known, np.where(known, stated.total, total).astype(np.int32))
    packed = scorer.packed
    for counter, (rows, numbers) in fields.items():
        here = rows[scorer.row_of]
        packed = np.where(here, _with_field(scorer, packed, counter, numbers[scorer.row_of]), packed)
    found.packed = packed
    every = np.arange(scorer.sheet.rows, dtype=np.int64)
    worked_out = scorer._answers(scorer.compiled, every, packed, scorer.out, scorer.parts, None)
    found.base = Answers(every, worked_out.status, worked_out.total, worked_out.level, {**worked_out.points, **points})
    return found


def states_all_points(scorer: MutantScorer, stated: Stated) -> Flags:
    """Rows whose stated points should add up to the total: every parameter that the platform states points of states them there.

    A parameter without a column of points keeps the chart's own in `on_stated`.
    """
    found = np.ones(scorer.sheet.rows, np.bool_)
    for name, own in scorer.base.points.items():
        claimed = stated.points.get(name)
        if claimed is None:
            continue
        needed = (own != NO_POINTS) & (scorer.base.status <= PARTIAL)
        found &= ~needed | is_number(claimed)
    return found


def _unit(points: Mapping[str, npt.NDArray[np.int16]], kind: str, names: tuple[str, ...]) -> Numbers:
    """The points of a parameter, or of a group that counts once; nothing counts for 0."""
    own = [np.where(points[name] == NO_POINTS, 0, points[name]).astype(np.int32) for name in names if name in points]
    if kind != "either":
        return _sum(own, len(own[0]) if own else 0)
    worst: Numbers = np.max(own, axis=0)
    return worst


def _sum(units: Sequence[npt.NDArray[Any]], rows: int) -> Numbers:
    found = np.zeros(rows, np.int32)
    for unit in units:
        found += unit
    return found


def _views_of(scorer: MutantScorer, rows: Rows) -> tuple[Rows, Rows]:
    """The views of some rows, and where the views of each row start."""
    if not scorer.several:
        return rows, np.arange(len(rows))
    many = scorer.views_of[rows + 1] - scorer.views_of[rows]
    starts = np.concatenate([[0], np.cumsum(many)[:-1]]) if len(rows) else rows
    return np.repeat(scorer.views_of[rows] - starts, many) + np.arange(many.sum()), starts


def _with_field(scorer: MutantScorer, packed: Rows, counter: Counter, numbers: Numbers) -> Rows:
    """Packed sums with other numbers in one field."""
    word, shift, mask = scorer.sums.fields[counter]
    found = packed.copy()
    found[word] = (packed[word] & ~(mask << shift)) | (np.clip(numbers, 0, mask).astype(np.int64) << shift)
    return found
