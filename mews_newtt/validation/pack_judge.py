"""Which sets show which faults of a chart, and of the faults that none shows: a proof that none can, or a set found for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.cases_values import Given
from mews_newtt.validation.diagnose_telling import apart
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import Answers, Scorer
from mews_newtt.validation.mutants_proof import Prover
from mews_newtt.validation.mutants_sheet import sheet_of_sets

Rows = npt.NDArray[np.int64]


class Judged(NamedTuple):
    """Sets, for each fault the sets that show it, and the faults proven equivalent (by place: how)."""

    sets: list[Given]
    killers: list[Rows]
    equivalent: dict[int, str]
    scorer: Scorer


def judge(chart: Chart, faults: list[Fault], sets: list[Given], pool: Pool) -> Judged:
    """Faults that no set shows are proven equivalent, or sought: by the sets that the proof found, then at random."""
    sets = list(sets)
    scorer = scorer_of(chart, sets)
    killers = [shown_by(scorer, fault) for fault in faults]
    equivalent: dict[int, str] = {}
    unseen = [place for place, rows in enumerate(killers) if not len(rows)]
    if not unseen:
        return Judged(sets, killers, equivalent, scorer)
    prover = Prover(chart)
    found: list[Given] = []
    for place in unseen:
        proof = prover.prove(faults[place])
        if proof.how is not None:
            equivalent[place] = proof.how
        elif proof.witness is not None:
            found.append(proof.witness)
    open_faults = {place: faults[place] for place in unseen if place not in equivalent}
    more = _showing(chart, open_faults, found)
    open_faults = {place: fault for place, fault in open_faults.items() if place not in more}
    if open_faults:
        more |= _showing(chart, open_faults, pool.wild())
    for place, given in more.items():
        killers[place] = np.array([len(sets)], np.int64)
        sets.append(given)
    return Judged(sets, killers, equivalent, scorer_of(chart, sets) if more else scorer)


def _showing(chart: Chart, faults: dict[int, Fault], sets: list[Given]) -> dict[int, Given]:
    """For each fault that any set shows, the first that does."""
    if not (faults and sets):
        return {}
    scorer = scorer_of(chart, sets)
    shown = {place: shown_by(scorer, fault) for place, fault in faults.items()}
    return {place: sets[int(rows[0])] for place, rows in shown.items() if len(rows)}


def scorer_of(chart: Chart, sets: list[Given]) -> Scorer:
    observations = chart.observations
    return Scorer(chart, sheet_of_sets(sets, observations))


def shown_by(scorer: Scorer, fault: Fault) -> Rows:
    """The sets that a fault answers otherwise than the chart: in whether it scores, in the plain total, or in the level."""
    part = scorer.differs(fault.chart, fault.change(scorer.sheet) if fault.change is not None else None)
    base = scorer.base
    before = Answers(part.rows, base.status[part.rows], base.total[part.rows], base.level[part.rows])
    return part.rows[apart(before, part)]
