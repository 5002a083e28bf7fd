"""Which level a set reaches, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mews_newtt.chart.model import Chart, CountRule, Level, number
from mews_newtt.scoring import wording

if TYPE_CHECKING:
    from mews_newtt.scoring.result import ParameterScore

Severity = tuple[int, int, int]  # points, zone rank, level rank: what a row counts for
NOTHING: Severity = (0, 0, 0)


class Extent(NamedTuple):
    """The least and the most that a row, or a group that counts once, can count for; settled: nothing is missing."""

    names: tuple[str, ...]
    least: Severity
    most: Severity
    settled: bool = True


class Reason(NamedTuple):
    """Why a level is reached: kind is `total`, `count` or `trigger`; parameters are its evidence."""

    chart: Chart
    reached: Level
    kind: str
    parameters: tuple[str, ...]
    total: int | None = None
    certain: bool = True
    rule: CountRule | None = None
    reading: str = ""

    @property
    def level(self) -> str:
        return self.reached.id

    @property
    def says(self) -> str:
        """The reason in words."""
        return wording.reason_says(self)

    def to_dict(self) -> dict[str, Any]:
        return {"level": self.level, "kind": self.kind, "parameters": list(self.parameters), "says": self.says}


class LevelRule(NamedTuple):
    """What reaches a level: the least total, and counts as (place in a severity, threshold there, how many, as printed)."""

    rank: int
    level: Level
    total: int | None
    counts: tuple[tuple[int, int, int, CountRule], ...]


def level_rules(chart: Chart) -> tuple[LevelRule, ...]:
    """The rules of every level above the first, highest first."""
    rules = chart.memo.get("levels")
    if rules is None:
        rules = chart.memo["levels"] = tuple(
            LevelRule(
                rank,
                level,
                int(level.total.low or 0) if level.total and chart.has_points else None,
                tuple((*_place(chart, rule), rule.at_least, rule) for rule in level.counts),
            )
            for rank, level in reversed(list(enumerate(chart.levels))[1:])
        )
    return rules


def _place(chart: Chart, rule: CountRule) -> tuple[int, int]:
    """Where a count looks and from what on: points, or a zone and all worse ones."""
    return (0, rule.points) if rule.points is not None else (1, chart.zone_rank[rule.zone or ""])


def highest_level(chart: Chart, total: int, worths: Sequence[Severity]) -> int:
    """The rank of the highest level that a total and what the rows count for reach."""
    reached = 0
    for worth in worths:
        if worth[2] > reached:
            reached = worth[2]
    for rule in level_rules(chart):
        if rule.rank <= reached:
            break
        if rule.total is not None and total >= rule.total:
            return rule.rank
        for place, threshold, at_least, _ in rule.counts:
            if len([1 for worth in worths if worth[place] >= threshold]) >= at_least:
                return rule.rank
    return reached


class Evidence(NamedTuple):
    """What the level of a score rests on: the rows and what they certainly count for, and the least total."""

    rows: Sequence[ParameterScore]
    extents: Sequence[Extent]
    total: int
    certain: bool


def reasons(chart: Chart, evidence: Evidence) -> tuple[Reason, ...]:
    """Every cause of a level above the first, worst first; of totals only the one whose range holds the total."""
    rows, extents, total, certain = evidence
    found: list[Reason] = []
    raising = [row for row in rows if row.band is not None and row.band.level is not None] if any(extent.least[2] for extent in extents) else []
    total_told = False
    for rule in level_rules(chart):
        level = rule.level
        if rule.total is not None and not total_told and total >= rule.total:
            total_told = True
            scoring = tuple([_evidence(chart, extent, rows, 0) for extent in extents if extent.least[0] > 0])
            found.append(Reason(chart, level, "total", scoring, total, certain))
        for place, threshold, at_least, printed in rule.counts:
            counted = [extent for extent in extents if extent.least[place] >= threshold]
            if len(counted) >= at_least:
                names = tuple([_evidence(chart, extent, rows, place) for extent in counted])
                found.append(Reason(chart, level, "count", names, rule=printed))
        if raising:
            found += [
                Reason(chart, level, "trigger", (row.id,), reading=number(row.value, row.unit))
                for row in raising
                if row.band is not None and row.band.level == level.id
            ]
    return tuple(found)


def _evidence(chart: Chart, extent: Extent, rows: Sequence[ParameterScore], place: int) -> str:
    """The row that makes an extent count: of a group, the worst in what is counted (a place in a severity)."""
    if len(extent.names) == 1:
        return extent.names[0]
    by_id: Mapping[str, ParameterScore] = {row.id: row for row in rows}

    def worth(name: str) -> int:
        row = by_id[name]
        return chart.severity(row.band)[place] if row.band is not None else (row.points or 0, 0, 0)[place]

    return max(extent.names, key=worth)
