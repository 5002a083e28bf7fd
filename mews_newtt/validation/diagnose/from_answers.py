"""Faults that follow from the platform's own answers: bands with points that no chart would give, such as 11 for 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.faults import Fault, each_table, other_contribution
from mews_newtt.validation.mutants import COMPLETE, Flags, MutantScorer
from mews_newtt.validation.stated import MOST, UNKNOWN

ROWS_NEEDED = 2  # rows of a band that must say the same
MOST_POINTS = 250  # of one band; the packed counters of `mutants` have room for this many


def faults_from_answers(chart: Chart, scorer: MutantScorer, claims: Claims, wrong: Flags) -> Iterator[Fault]:
    """For each band the points that the stated totals, or the stated points of its parameter, show most often."""
    if not chart.has_points:
        return
    base = scorer.base
    totals = np.where((base.status == COMPLETE) & (claims.total > UNKNOWN) & (np.abs(claims.total) < MOST), claims.total - base.total, 0)
    for at in each_table(chart):
        if at.parameter.role != "scored":
            continue
        here, classes = scorer.rows_read_in(at.parameter.id, at.table)
        values = [own.value for own in scorer.compiled.parameters[at.parameter.id].classes.classes]
        stated = claims.points.get(at.parameter.id)
        for index, band in enumerate(at.table.bands):
            if band.points is None:
                continue
            wanted = band.interval if band.interval is not None else frozenset(band.categories)
            rows = here & wrong & np.array([value is not None and matches(wanted, value) for value in values])[classes]
            more = totals[rows] if stated is None else np.where(stated[rows] > UNKNOWN, stated[rows] - band.points, 0)
            points = band.points + _most_frequent(more[more != 0])
            if points != band.points and 0 <= points <= MOST_POINTS:
                yield other_contribution(at, index, replace(band, points=points), "points", points)


def _most_frequent(numbers: npt.NDArray[np.int32]) -> int:
    """The most frequent number; 0 where none is frequent enough."""
    distinct, times = np.unique(numbers, return_counts=True)
    return int(distinct[np.argmax(times)]) if len(distinct) and times.max() >= ROWS_NEEDED else 0
