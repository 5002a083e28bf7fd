"""Test packs: a small set of cases that kills every single-fault mutant of a chart, and the cases that a clinician expects.

Expected results come from the reference scorer. The mutants are counted: made, killed by a case, proven equivalent, still alive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases import Given, Pool, beyond, crowded, readable, recordable
from mews_newtt.validation.faults import NOT_IN_SINGLE_SETS, UNIT_IGNORED, Fault, answer_faults_of, faults_of
from mews_newtt.validation.mutants import COMPLETE, Flags, MutantScorer, Rows
from mews_newtt.validation.packs.case import Case, expected_of
from mews_newtt.validation.packs.killed import cover, kill
from mews_newtt.validation.packs.not_tested import not_tested
from mews_newtt.validation.packs.series import Series, make_series

REACH = 3  # steps that an edge is moved by: a case that shows one step shows more
MANUAL = 40  # cases that a person can type


@dataclass
class Pack:
    """Cases, and how good they are: of `made` mutants some are killed, some are proven equivalent, and `alive` are neither.

    The last cases of a full pack are a series of sets of one person. memory : faults of memory, by kind: made, and killed by the series
    """

    chart: Chart
    seed: int
    manual: bool
    cases: list[Case]
    made: int
    killed: int
    equivalent: list[dict[str, str]] = field(default_factory=list)
    alive: list[dict[str, str]] = field(default_factory=list)
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    not_tested: list[str] = field(default_factory=list)

    @property
    def kill_rate(self) -> float:
        """The share killed of the mutants that are not proven equivalent."""
        wanted = self.made - len(self.equivalent)
        return self.killed / wanted if wanted else 1.0

    @property
    def series(self) -> list[Case]:
        """The sets of one person, in the order of their times."""
        return [case for case in self.cases if case.person]

    @property
    def says(self) -> str:
        alive = f", {len(self.alive)} survived" if self.alive else ""
        remembered = sum(counts["killed"] for counts in self.memory.values())
        series = f"; its series of {len(self.series)} sets shows {remembered} faults of memory" if self.series else ""
        return (
            f"{len(self.cases)} cases; {self.made} single-fault mutants: {self.killed} killed, {len(self.equivalent)} proven equivalent{alive}; "
            f"kill rate {self.kill_rate:.1%} of the rest{series}"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "chart": self.chart.identity(),
            "seed": self.seed,
            "manual": self.manual,
            "says": self.says,
            "mutants": {
                "made": self.made,
                "killed": self.killed,
                "equivalent": len(self.equivalent),
                "alive": len(self.alive),
                "kill_rate": round(self.kill_rate, 4),
                "kinds": self.kinds,
            },
            "equivalent": self.equivalent,
            "alive": self.alive,
            "memory": self.memory,
            "not_tested": self.not_tested,
            "cases": [case.to_dict() for case in self.cases],
        }


def make_pack(chart: Chart, *, seed: int = 0, manual: bool = False, others: Iterable[Chart] | None = None) -> Pack:
    """The test pack of a chart; the same chart, seed and other charts give the same pack.

    Parameters
    ----------
    manual : a shorter pack for typing in by hand, which need not kill every mutant; its kill rate is stated
    others : charts that may be used by mistake; those of the catalogue where none are given
    """
    pool = Pool(chart, seed=seed)
    expected = readable(pool)
    reasons = {_key(given): why for given, why in expected}
    faults = pack_faults(chart, others)
    rare = list(beyond(pool))
    candidates = _new([given for given, _ in expected], [given for given, _ in rare], crowded(pool) if manual else [], pool.sets)
    reasons = {**{_key(given): why for given, why in reversed(rare)}, **reasons}
    killed = kill(chart, faults, candidates, pool)
    sets, killers, equivalent = killed.sets, killed.killers, killed.equivalent
    cost = _cost(chart, sets, pool.baselines)
    levels = _plainest_of_levels(chart, killed.scorer, cost)
    reasons = {**{_key(sets[row]): why for row, why in levels.items()}, **reasons}
    wanted = [*range(len(expected)), *(row for row in levels if row >= len(expected))]
    easy = only_recordable(chart, sets, killers)
    rows = cover(easy, cost, [0], MANUAL) if manual else cover(killers, cost, cover(easy, cost, wanted))
    first = _killed_first(killers, rows)
    cases = []
    for number, row in enumerate(rows, start=1):
        why = reasons.get(_key(sets[row])) or _why([faults[index] for index in first.get(row, [])])
        cases.append(Case(f"{chart.id}-{number:03d}", dict(sets[row]), expected_of(chart, sets[row]), why))
    dead = {index for indices in first.values() for index in indices}
    alive = [{"id": fault.id, "words": fault.words} for index, fault in enumerate(faults) if index not in dead and index not in equivalent]
    proven = [{"id": faults[index].id, "words": faults[index].words, "proof": how} for index, how in sorted(equivalent.items())]
    pack = Pack(chart, seed, manual, cases, len(faults), len(dead), proven, alive, _kinds(faults, dead, equivalent))
    if manual:
        typed = sum(len(rows) > 0 for rows in easy)
        pack.not_tested = not_tested(finer=sum(len(rows) > 0 for rows in killers) - typed, no_room=typed - len(dead), memory=None)
        return pack
    series = make_series(pool, len(cases) + 1)
    pack.cases, pack.memory = [*cases, *series.cases], _memory(series)
    pack.not_tested = not_tested(memory=series.not_shown if series.cases else None)
    return pack


def _kinds(faults: list[Fault], dead: Collection[int], equivalent: Collection[int]) -> dict[str, dict[str, int]]:
    """How many faults of each kind were made, killed and proven equivalent."""
    kinds: dict[str, dict[str, int]] = {}
    for index, fault in enumerate(faults):
        counts = kinds.setdefault(fault.kind, {"made": 0, "killed": 0, "equivalent": 0})
        counts["made"] += 1
        counts["killed"] += index in dead
        counts["equivalent"] += index in equivalent
    return kinds


def _memory(series: Series) -> dict[str, dict[str, int]]:
    kinds: dict[str, dict[str, int]] = {}
    for faults, killed in ((series.shown, 1), (series.not_shown, 0)):
        for fault in faults:
            counts = kinds.setdefault(fault.kind, {"made": 0, "killed": 0})
            counts["made"] += 1
            counts["killed"] += killed
    return kinds


def pack_faults(chart: Chart, others: Iterable[Chart] | None) -> list[Fault]:
    """The mutants a pack is made against: those that single sets can show. A pack states no units, so no set shows that a stated unit is ignored."""
    faults = [*faults_of(chart, others, reach=REACH), *answer_faults_of(chart)]
    return [fault for fault in faults if fault.form != UNIT_IGNORED and fault.kind not in NOT_IN_SINGLE_SETS]


def only_recordable(chart: Chart, sets: Sequence[Given], killers: Sequence[Rows]) -> list[Rows]:
    """The sets that kill each mutant, without those that hold a reading finer than recorded."""
    typed = np.array([is_typed(chart, given) for given in sets])
    return [rows[typed[rows]] for rows in killers]


def is_typed(chart: Chart, given: Mapping[str, str]) -> bool:
    """Whether people can type every reading of a set: none is finer than it is recorded."""
    return all(name not in chart.by_id or recordable(chart.by_id[name], text) for name, text in given.items())


def _new(*lists: Sequence[Given]) -> list[Given]:
    """The sets of some lists, each once."""
    found: dict[tuple[tuple[str, str], ...], Given] = {}
    for given in (given for sets in lists for given in sets):
        found.setdefault(_key(given), given)
    return list(found.values())


def _key(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(given.items()))


def _cost(chart: Chart, sets: list[Given], baselines: list[Given]) -> npt.NDArray[np.int64]:
    """How far each set is from a baseline: parameters changed or missing, and 2 more for each reading finer than recorded."""
    finer: dict[tuple[str, str], bool] = {}
    by_context = {tuple(baseline.get(name) for name in chart.context_ids): baseline for baseline in reversed(baselines)}
    cost = np.zeros(len(sets), np.int64)
    for row, given in enumerate(sets):
        baseline = by_context.get(tuple(given.get(name) for name in chart.context_ids), baselines[0] if baselines else {})
        cost[row] = sum(name not in given for name in baseline)
        for name, text in given.items():
            if baseline.get(name) != text:
                if name in chart.by_id and (name, text) not in finer:
                    finer[name, text] = not recordable(chart.by_id[name], text)
                cost[row] += 1 + 2 * finer.get((name, text), False)
    return cost


def _plainest_of_levels(chart: Chart, scorer: MutantScorer, cost: npt.NDArray[np.int64]) -> dict[int, str]:
    """The plainest complete sets on both sides of every total that starts a level, and one for each level, with the reason for each."""
    base = scorer.base
    complete = base.status == COMPLETE
    reasons: dict[int, str] = {}

    def take_plainest(rows: Flags, why: str) -> None:
        at = np.flatnonzero(rows & complete)
        if len(at):
            reasons.setdefault(int(at[np.argmin(cost[at])]), why)

    for rank, level in enumerate(chart.levels):
        if level.total is not None and level.total.low and chart.has_points:
            start = int(level.total.low)
            take_plainest(base.total == start - 1, f"a total of {start - 1}: the last below level {level.title}")
            take_plainest((base.total == start) & (base.level >= rank), f"a total of {start}: the first of level {level.title}")
        take_plainest(base.level == rank, f"level {level.title}")
    return reasons


def _killed_first(killers: list[Rows], rows: list[int]) -> dict[int, list[int]]:
    """For each case the mutants that it is the first to kill."""
    many = max((int(by[-1]) for by in killers if len(by)), default=-1) + 1
    order = np.full(max([many, *(row + 1 for row in rows)]), len(rows), np.int64)
    order[rows] = np.arange(len(rows))
    by_case: dict[int, list[int]] = {}
    for fault, by in enumerate(killers):
        first = int(order[by].min(initial=len(rows)))
        if first < len(rows):
            by_case.setdefault(rows[first], []).append(fault)
    return by_case


def _why(faults: list[Fault]) -> str:
    if not faults:
        return "beside the others"
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"shows a platform where {faults[0].words}{more}"
