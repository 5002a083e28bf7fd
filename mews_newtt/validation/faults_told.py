"""Faults that only the answers can name: a band with points that no chart would give, and what is done with partial sets as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.diagnose_claims import Claims
from mews_newtt.validation.faults import Fault, each_table, with_bands, worth_words
from mews_newtt.validation.faults_bands import band_words
from mews_newtt.validation.mutants import COMPLETE, PARTIAL, REFUSED, Answers, Scorer
from mews_newtt.validation.mutants_rows import NO_POINTS, chosen_tables
from mews_newtt.validation.mutants_sheet import READ, Flags
from mews_newtt.validation.stated import MOST, UNKNOWN

AT_LEAST = 2  # rows of a band that say the same
MOST_POINTS = 250  # of one band; the counters of `mutants_fields` hold this many


def answer_faults(chart: Chart) -> Iterator[Fault]:
    """What a platform does with every partial set, whatever is missing."""
    says = "sets that lack a reading seem to be refused, where the chart gives the bounds of the total and the level certainly reached"
    yield Fault("partial:refused", "partial_refused", says, (), chart, answers=_partial_refused)


def _partial_refused(base: Answers) -> Answers:
    rows = np.flatnonzero(base.status == PARTIAL)
    points = {name: np.full(len(rows), NO_POINTS, np.int16) for name in base.points}
    return Answers(base.rows[rows], np.full(len(rows), REFUSED, np.uint8), base.total[rows], base.level[rows], points)


def told_faults(chart: Chart, scorer: Scorer, claims: Claims, wrong: Flags) -> Iterator[Fault]:
    """Bands with the points that the stated totals, or the stated points, most often say: also such as 11 for 1."""
    if not chart.has_points:
        return
    base = scorer.base
    totals = np.where((base.status == COMPLETE) & (claims.total > UNKNOWN) & (np.abs(claims.total) < MOST), claims.total - base.total, 0)
    for parameter, place, table, name in each_table(chart):
        if parameter.role != "scored":
            continue
        column = scorer.sheet.column(parameter.id)
        here = _read_in(scorer, parameter, place) & wrong
        own = claims.points.get(parameter.id)
        for at, band in enumerate(table.bands):
            if band.points is None:
                continue
            inside = here & column.given(band.interval if band.interval is not None else frozenset(band.categories))[column.codes]
            more = totals[inside] if own is None else np.where(own[inside] > UNKNOWN, own[inside] - band.points, 0)
            points = band.points + _most_frequent(more[more != 0])
            if points != band.points and 0 <= points <= MOST_POINTS:
                changed = replace(band, points=points)
                says = f"{name}, {band_words(band)}: seems to give {worth_words(chart, changed)} instead of {worth_words(chart, band)}"
                yield Fault(
                    f"band:{parameter.id}.{place}.{at}:points={points}",
                    "band_worth",
                    says,
                    (parameter.id,),
                    with_bands(chart, parameter, place, {at: changed}),
                )


def _read_in(scorer: Scorer, parameter: Parameter, place: int) -> Flags:
    """Rows whose reading of a parameter is read in one of its tables."""
    sheet = scorer.sheet
    columns = {name: sheet.column(name) for name in {parameter.id, *contexts_of(parameter)}}
    chosen = chosen_tables(scorer.chart, parameter, columns, {name: column.codes for name, column in columns.items()})
    own = columns[parameter.id]
    return np.asarray((own.kinds == READ)[own.codes] & (chosen == place))


def _most_frequent(numbers: npt.NDArray[np.int32]) -> int:
    found, times = np.unique(numbers, return_counts=True)
    return int(found[np.argmax(times)]) if len(found) and times.max() >= AT_LEAST else 0
