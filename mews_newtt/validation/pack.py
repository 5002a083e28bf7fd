"""Test packs: a small set of cases that tells a chart from every single-fault mutant of it, and the cases a clinician expects.

Expected results come from the reference scorer. What is claimed of the mutants is counted: made, shown by a case, proven equivalent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.scoring.reference import score

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mews_newtt.validation.faults import Fault
    from mews_newtt.validation.mutants import Scorer

REACH = 3  # steps an edge is moved by: a case that shows one step shows more
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
    """Cases, and what they are worth: of `made` mutants so many are shown, so many proven equivalent; `alive` are neither."""

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
        """Of the mutants that are not proven equivalent, the part that a case shows."""
        wanted = self.made - len(self.equivalent)
        return self.killed / wanted if wanted else 1.0

    @property
    def says(self) -> str:
        alive = f", {len(self.alive)} not shown" if self.alive else ""
        return (
            f"{len(self.cases)} cases; {self.made} single-fault mutants: {self.killed} shown, {len(self.equivalent)} proven equivalent{alive}; "
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
    manual : a shorter pack for typing in by hand, which need not show every mutant; its kill rate is stated
    others : charts that may be used by mistake; those of the catalogue where none are given
    """
    from mews_newtt.validation.cases import Pool
    from mews_newtt.validation.cases_readable import readable
    from mews_newtt.validation.pack_cover import cover
    from mews_newtt.validation.pack_judge import judge

    pool = Pool(chart, seed=seed)
    expected = readable(pool)
    reasons = {_key(given): why for given, why in expected}
    sets = [given for given, _ in expected] + [given for given in pool.sets if _key(given) not in reasons]
    faults = pack_faults(chart, others)
    judged = judge(chart, faults, sets, pool)
    sets = judged.sets
    cost = _cost(chart, sets, pool.quiet)
    levels = _levels(chart, judged.scorer, cost)
    reasons = {**{_key(sets[row]): why for row, why in levels.items()}, **reasons}
    wanted = [*range(len(expected)), *(row for row in levels if row >= len(expected))]
    rows = cover(judged.killers, cost, [0], MANUAL) if manual else cover(judged.killers, cost, list(dict.fromkeys(wanted)))
    shown = _first_shown(judged.killers, rows)
    cases = []
    for place, row in enumerate(rows, start=1):
        why = reasons.get(_key(sets[row])) or _why(faults, shown.get(row, []))
        cases.append(Case(f"{chart.id}-{place:03d}", dict(sets[row]), expected_of(chart, sets[row]), why))
    killed = {place for places in shown.values() for place in places}
    alive = [faults[place] for place in range(len(faults)) if place not in killed and place not in judged.equivalent]
    kinds: dict[str, dict[str, int]] = {}
    for place, fault in enumerate(faults):
        counts = kinds.setdefault(fault.kind, {"made": 0, "killed": 0, "equivalent": 0})
        counts["made"] += 1
        counts["killed"] += place in killed
        counts["equivalent"] += place in judged.equivalent
    equivalent = [{"id": faults[place].id, "words": faults[place].words, "proof": how} for place, how in sorted(judged.equivalent.items())]
    return Pack(chart, seed, manual, cases, len(faults), len(killed), equivalent, [{"id": f.id, "words": f.words} for f in alive], kinds)


def pack_faults(chart: Chart, others: Iterable[Chart] | None) -> list[Fault]:
    """The mutants a pack is made against. A pack states no units, so a unit that is ignored cannot show."""
    from mews_newtt.validation.faults import faults_of

    return [fault for fault in faults_of(chart, others, reach=REACH) if not (fault.kind == "unit_mixed" and fault.id.endswith(":ignored"))]


def expected_of(chart: Chart, given: Mapping[str, str]) -> dict[str, str]:
    """What the reference answers, as the columns of a test file."""
    result = score(chart, dict(given), raise_refused=False)
    found = {
        "expected_status": result.status,
        "expected_total": "" if result.total is None else str(result.total),
        "expected_level": result.level or "",
    }
    if chart.has_points:
        points = {row.id: row.points for row in result.parameters}
        for parameter in chart.parameters:
            if parameter.role == "scored":
                known = points.get(parameter.id)
                found[EXPECTED_POINTS_PREFIX + parameter.id] = "" if known is None else str(known)
    return found


def _key(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(given.items()))


def _cost(chart: Chart, sets: list[dict[str, str]], quiets: list[dict[str, str]]) -> npt.NDArray[np.int64]:
    """How far a set is from a quiet one: rows changed or missing; more for readings finer than recorded."""
    from decimal import Decimal

    import numpy as np

    steps = {p.id: p.observation.step for p in chart.parameters if p.observation.numeric}
    fine: dict[tuple[str, str], int] = {}
    contexts = chart.context_ids
    by_context = {tuple(quiet.get(name) for name in contexts): quiet for quiet in reversed(quiets)}
    found = np.zeros(len(sets), np.int64)
    for row, given in enumerate(sets):
        quiet = by_context.get(tuple(given.get(name) for name in contexts), quiets[0] if quiets else {})
        cost = 0
        for name, text in given.items():
            if quiet.get(name) != text:
                cost += 1
                if name in steps:
                    known = fine.get((name, text))
                    if known is None:
                        known = fine[name, text] = int(Decimal(text) % steps[name] != 0)
                    cost += 2 * known
        found[row] = cost + sum(name not in given for name in quiet)
    return found


def _levels(chart: Chart, scorer: Scorer, cost: npt.NDArray[np.int64]) -> dict[int, str]:
    """The plainest complete sets on both sides of every total that starts a level, and one for each level."""
    import numpy as np

    from mews_newtt.validation.mutants import COMPLETE

    base = scorer.base
    complete = base.status == COMPLETE
    found: dict[int, str] = {}

    def plainest(rows: npt.NDArray[np.bool_], why: str) -> None:
        at = np.flatnonzero(rows & complete)
        if len(at):
            found.setdefault(int(at[np.argmin(cost[at])]), why)

    for rank, level in enumerate(chart.levels):
        if level.total is not None and level.total.low and chart.has_points:
            start = int(level.total.low)
            plainest(base.total == start - 1, f"a total of {start - 1}: the last below level {level.title}")
            plainest((base.total == start) & (base.level >= rank), f"a total of {start}: the first of level {level.title}")
        plainest(base.level == rank, f"level {level.title}")
    return found


def _first_shown(killers: list[npt.NDArray[np.int64]], rows: list[int]) -> dict[int, list[int]]:
    """For each case the faults that it is the first to show."""
    order = {row: place for place, row in enumerate(rows)}
    found: dict[int, list[int]] = {}
    for place, by in enumerate(killers):
        first = min((order[row] for row in by.tolist() if row in order), default=None)
        if first is not None:
            found.setdefault(rows[first], []).append(place)
    return found


def _why(faults: list[Fault], places: list[int]) -> str:
    if not places:
        return "beside the others"
    more = f", and {len(places) - 1} more" if len(places) > 1 else ""
    return f"shows a platform where {faults[places[0]].words}{more}"
