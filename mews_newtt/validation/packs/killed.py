"""Which observation sets kill which mutants of a chart, and a small number of sets that kills them all.

A set kills a mutant where the two charts show different answers. Mutants that survive are proven equivalent, or a set is sought for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases import Given, Pool
from mews_newtt.validation.faults import Fault, answers_of
from mews_newtt.validation.mutants import Answers, MutantScorer, Rows, differ, sheet_of_sets
from mews_newtt.validation.packs.proof import Prover


class Killed(NamedTuple):
    """The sets; for each fault the indices of the sets that kill it; the faults proven equivalent, by index, with the kind of proof."""

    sets: list[Given]
    killers: list[Rows]
    equivalent: dict[int, str]
    scorer: MutantScorer


def kill(chart: Chart, faults: list[Fault], sets: list[Given], pool: Pool) -> Killed:
    """The faults that sets kill. For a survivor: a proof that it is equivalent, else a set that the proof found, else random sets."""
    sets = list(sets)
    scorer = scorer_of(chart, sets)
    killers = [killers_of(scorer, fault) for fault in faults]
    equivalent: dict[int, str] = {}
    survivors = [index for index, rows in enumerate(killers) if not len(rows)]
    if not survivors:
        return Killed(sets, killers, equivalent, scorer)
    prover = Prover(chart)
    found: list[Given] = []
    for index in survivors:
        proof = prover.prove(faults[index])
        if proof.how is not None:
            equivalent[index] = proof.how
        elif proof.witness is not None:
            found.append(proof.witness)
    left = {index: faults[index] for index in survivors if index not in equivalent}
    more = _first_killers(chart, left, found)
    left = {index: fault for index, fault in left.items() if index not in more}
    if left:
        more |= _first_killers(chart, left, pool.random_sets())
    for index, given in more.items():
        killers[index] = np.array([len(sets)], np.int64)
        sets.append(given)
    return Killed(sets, killers, equivalent, scorer_of(chart, sets) if more else scorer)


def _first_killers(chart: Chart, faults: dict[int, Fault], sets: list[Given]) -> dict[int, Given]:
    """For each fault that any set kills, the first that does."""
    if not (faults and sets):
        return {}
    scorer = scorer_of(chart, sets)
    killers = {index: killers_of(scorer, fault) for index, fault in faults.items()}
    return {index: sets[int(rows[0])] for index, rows in killers.items() if len(rows)}


def scorer_of(chart: Chart, sets: list[Given]) -> MutantScorer:
    return MutantScorer(chart, sheet_of_sets(sets, chart.observations))


def killers_of(scorer: MutantScorer, fault: Fault) -> Rows:
    """The sets that a fault answers otherwise than the chart: in whether it scores, in the plain total, or in the level."""
    base, part = scorer.base, answers_of(scorer, fault)
    before = Answers(part.rows, base.status[part.rows], base.total[part.rows], base.level[part.rows])
    return part.rows[differ(before, part)]


# A small number of cases that kills every mutant that any case kills


def cover(killers: Sequence[Rows], cost: npt.NDArray[np.int64], chosen: Sequence[int], most: int | None = None) -> list[int]:
    """Cases, the chosen ones first, that kill every mutant that any case kills. A greedy choice: few cases, not the fewest possible.

    Parameters
    ----------
    killers : for each mutant the cases that kill it
    cost : how far each case is from a plain one; of cases that kill equally many the cheapest is taken
    chosen : cases that are in anyway
    most : stop at so many
    """
    of_fault, of_case = np.repeat(np.arange(len(killers)), [len(rows) for rows in killers]), _joined(killers)
    by_case = of_fault[np.argsort(of_case, kind="stable")]  # the mutants that case 0 kills, then those of case 1, and so on
    gains = np.bincount(of_case, minlength=len(cost))  # mutants that a case would kill first
    starts = np.concatenate([[0], np.cumsum(gains)])
    alive = np.array([len(rows) > 0 for rows in killers], np.bool_)
    taken: list[int] = []

    def take(case: int) -> None:
        taken.append(case)
        killed = by_case[starts[case] : starts[case + 1]]
        for fault in killed[alive[killed]].tolist():
            gains[killers[fault]] -= 1
        alive[killed] = False

    for case in chosen:
        take(case)
    scale = int(cost.max(initial=0)) + 1
    while alive.any() and (most is None or len(taken) < most):
        take(int(np.argmax(gains * scale - cost)))
    return taken if most is not None else _without_needless(killers, taken, len(cost), keep=len(chosen))


def _joined(killers: Sequence[Rows]) -> Rows:
    return np.concatenate([np.zeros(0, np.int64), *killers])


def _without_needless(killers: Sequence[Rows], cases: list[int], many: int, keep: int) -> list[int]:
    """The cases, without those whose mutants are all killed by other cases too. The first `keep` stay. `many`: the number of all cases."""
    inside = np.zeros(many, np.bool_)
    inside[cases] = True
    kills: dict[int, list[int]] = {case: [] for case in cases}
    times = [0] * len(killers)
    for fault, rows in enumerate(killers):
        for case in rows[inside[rows]].tolist():
            kills[case].append(fault)
            times[fault] += 1
    left = list(cases)
    for case in cases[keep:]:
        if all(times[fault] > 1 for fault in kills[case]):
            left.remove(case)
            for fault in kills[case]:
                times[fault] -= 1
    return left
