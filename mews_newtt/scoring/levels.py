"""The level that a set reaches on a chart, and the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, CountRule, Level, number
from mews_newtt.scoring import wording
from mews_newtt.scoring.parts import Bounds, Contribution, Evidence, ReasonParts, RowParts


class Reason(ReasonParts):
    """Why a level is reached: kind is `total`, `count` or `trigger`; parameters are its evidence."""

    __slots__ = ()

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
    """What reaches a level: the least total, and counts as (index into a contribution, threshold there, how many, as printed)."""

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
                tuple((*_counted(chart, rule), rule.at_least, rule) for rule in level.counts),
            )
            for rank, level in reversed(list(enumerate(chart.levels))[1:])
        )
    return rules


def _counted(chart: Chart, rule: CountRule) -> tuple[int, int]:
    """What a count compares: the index into a contribution and the threshold. A zone counts together with all worse ones."""
    return (0, rule.points) if rule.points is not None else (1, chart.zone_rank[rule.zone or ""])


def highest_level(chart: Chart, total: int, contributions: Sequence[Contribution]) -> int:
    """The rank of the highest level that a total and what the rows count for reach."""
    reached = 0
    for each in contributions:
        if each[2] > reached:
            reached = each[2]
    for rule in level_rules(chart):
        if rule.rank <= reached:
            break
        if rule.total is not None and total >= rule.total:
            return rule.rank
        for index, threshold, at_least, _ in rule.counts:
            if len([1 for each in contributions if each[index] >= threshold]) >= at_least:
                return rule.rank
    return reached


def reasons(chart: Chart, evidence: Evidence) -> tuple[Reason, ...]:
    """Every cause of a level above the first, worst first; of totals only the one whose range holds the total."""
    rows, bounds, total, certain = evidence
    found: list[Reason] = []
    raising = [row for row in rows if row.band is not None and row.band.level is not None] if any(each.least[2] for each in bounds) else []
    total_named = False
    for rule in level_rules(chart):
        level = rule.level
        if rule.total is not None and not total_named and total >= rule.total:
            total_named = True
            scoring = tuple([_evidence(chart, each, rows, 0) for each in bounds if each.least[0] > 0])
            found.append(Reason(chart, level, "total", scoring, total, certain))
        for index, threshold, at_least, printed in rule.counts:
            counted = [each for each in bounds if each.least[index] >= threshold]
            if len(counted) >= at_least:
                names = tuple([_evidence(chart, each, rows, index) for each in counted])
                found.append(Reason(chart, level, "count", names, rule=printed))
        if raising:
            found += [
                Reason(chart, level, "trigger", (row.id,), reading=number(row.value, row.unit))
                for row in raising
                if row.band is not None and row.band.level == level.id
            ]
    return tuple(found)


def _evidence(chart: Chart, bounds: Bounds, rows: Sequence[RowParts], index: int) -> str:
    """The row that is named as evidence; of a group, the one that counts most in what is compared (an index into a contribution)."""
    if len(bounds.names) == 1:
        return bounds.names[0]
    by_id: Mapping[str, RowParts] = {row.id: row for row in rows}

    def contribution(name: str) -> int:
        row = by_id[name]
        return chart.severity(row.band)[index] if row.band is not None else (row.points or 0, 0, 0)[index]

    return max(bounds.names, key=contribution)
