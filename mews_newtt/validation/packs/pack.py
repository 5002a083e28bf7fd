"""Test packs: a small set of cases that kills every single-fault mutant of a chart, and the cases that a clinician expects.

Expected results come from the reference scorer. The mutants are counted: made, killed by a case, proven equivalent, still alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.validation.cases import Given, Pool, crowded, readable, recordable, together
from mews_newtt.validation.faults import NOT_IN_SINGLE_SETS, UNIT_IGNORED, Fault, answer_faults_of, faults_of
from mews_newtt.validation.mutants import COMPLETE, Flags, MutantScorer, Rows
from mews_newtt.validation.packs.killed import cover, kill

REACH = 3  # steps that an edge is moved by: a case that shows one step shows more
MANUAL = 40  # cases that a person can type


class Case(NamedTuple):
    """One set: what is given, what is expected (blank where nothing is), and why it is there. All text."""

    id: str
    given: dict[str, str]
    expected: dict[str, str]
    why: str

    def to_dict(self) -> dict[str, Any]:
        return {"case_id": self.id, "given": self.given, "expected": self.expected, "why": self.why}


@dataclass
class Pack:
    """Cases, and how good they are: of `made` mutants some are killed, some are proven equivalent, and `alive` are neither."""

    chart: Chart
    seed: int
    manual: bool
    cases: list[Case]
    made: int
    killed: int
    equivalent: list[dict[str, str]] = field(default_factory=list)
    alive: list[dict[str, str]] = field(default_factory=list)
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def kill_rate(self) -> float:
        """The share killed of the mutants that are not proven equivalent."""
        wanted = self.made - len(self.equivalent)
        return self.killed / wanted if wanted else 1.0

    @property
    def says(self) -> str:
        alive = f", {len(self.alive)} survived" if self.alive else ""
        return (
            f"{len(self.cases)} cases; {self.made} single-fault mutants: {self.killed} killed, {len(self.equivalent)} proven equivalent{alive}; "
            f"kill rate {self.kill_rate:.1%} of the rest"
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
            "not_tested": ["readings in another unit with the unit stated"],
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
    more = [given for given in (*(given for given, _ in together(pool)), *(crowded(pool) if manual else ())) if _key(given) not in reasons]
    candidates = [*more, *(given for given in pool.sets if _key(given) not in reasons)]
    reasons = {**{_key(given): why for given, why in together(pool)}, **reasons}
    killed = kill(chart, faults, [given for given, _ in expected] + candidates, pool)
    sets, killers, equivalent = killed.sets, killed.killers, killed.equivalent
    cost = _cost(chart, sets, pool.baselines)
    levels = _plainest_of_levels(chart, killed.scorer, cost)
    reasons = {**{_key(sets[row]): why for row, why in levels.items()}, **reasons}
    wanted = [*range(len(expected)), *(row for row in levels if row >= len(expected))]
    typed = np.array([all(name.startswith(SKIP_PREFIX) or recordable(chart.by_id[name], text) for name, text in given.items()) for given in sets])
    easy = [rows[typed[rows]] for rows in killers]  # sets with recordable readings alone; finer ones only where nothing else shows a fault
    rows = cover(easy, cost, [0], MANUAL) if manual else cover(killers, cost, cover(easy, cost, wanted))
    first = _killed_first(killers, rows)
    cases = []
    for number, row in enumerate(rows, start=1):
        why = reasons.get(_key(sets[row])) or _why([faults[index] for index in first.get(row, [])])
        cases.append(Case(f"{chart.id}-{number:03d}", dict(sets[row]), expected_of(chart, sets[row]), why))
    dead = {index for indices in first.values() for index in indices}
    alive = [{"id": fault.id, "words": fault.words} for index, fault in enumerate(faults) if index not in dead and index not in equivalent]
    kinds: dict[str, dict[str, int]] = {}
    for index, fault in enumerate(faults):
        counts = kinds.setdefault(fault.kind, {"made": 0, "killed": 0, "equivalent": 0})
        counts["made"] += 1
        counts["killed"] += index in dead
        counts["equivalent"] += index in equivalent
    proven = [{"id": faults[index].id, "words": faults[index].words, "proof": how} for index, how in sorted(equivalent.items())]
    return Pack(chart, seed, manual, cases, len(faults), len(dead), proven, alive, kinds)


def pack_faults(chart: Chart, others: Iterable[Chart] | None) -> list[Fault]:
    """The mutants a pack is made against: those that single sets can show. A pack states no units, so no set shows that a stated unit is ignored."""
    faults = [*faults_of(chart, others, reach=REACH), *answer_faults_of(chart)]
    return [fault for fault in faults if fault.form != UNIT_IGNORED and fault.kind not in NOT_IN_SINGLE_SETS]


def expected_of(chart: Chart, given: Mapping[str, str]) -> dict[str, str]:
    """What the reference answers, as the columns of a test file."""
    result = score(chart, dict(given), raise_refused=False)
    columns = {
        "expected_status": result.status,
        "expected_total": "" if result.total is None else str(result.total),
        "expected_level": result.level or "",
    }
    if chart.has_points:
        points = {row.id: row.points for row in result.parameters}
        for parameter in chart.parameters:
            if parameter.role == "scored":
                own = points.get(parameter.id)
                columns[EXPECTED_POINTS_PREFIX + parameter.id] = "" if own is None else str(own)
    return columns


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
    order = {row: number for number, row in enumerate(rows)}
    by_case: dict[int, list[int]] = {}
    for fault, by in enumerate(killers):
        first = min((order[row] for row in by.tolist() if row in order), default=None)
        if first is not None:
            by_case.setdefault(rows[first], []).append(fault)
    return by_case


def _why(faults: list[Fault]) -> str:
    if not faults:
        return "beside the others"
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"shows a platform where {faults[0].words}{more}"
