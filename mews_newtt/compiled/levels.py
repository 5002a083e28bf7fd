"""Which level a set reaches: rules on counters that are summed over rows and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.compiled.contributions import Severity

Kind = Literal["points", "zone", "level"]
KINDS: tuple[Kind, ...] = ("points", "zone", "level")  # in the order of a severity


class Counter(NamedTuple):
    """What is summed over all rows: the points, or how many rows have at least so many points, so bad a zone, so high a level of their own."""

    kind: Kind
    at_least: int | None = None  # None: the points themselves

    @property
    def name(self) -> str:
        return self.kind if self.at_least is None else f"{self.kind}>={self.at_least}"

    def amount(self, severity: Severity) -> int:
        """What one row adds."""
        found = severity[KINDS.index(self.kind)]
        return found if self.at_least is None else int(found >= self.at_least)


TOTAL = Counter("points")


class LevelRule(NamedTuple):
    """The level of this rank is reached where the counter reaches the threshold."""

    counter: Counter
    threshold: int
    rank: int


def level_rules(chart: Chart) -> tuple[LevelRule, ...]:
    """Every cause of every level above the first, lowest level first."""
    rules = []
    of_bands = {band.level for p in chart.parameters for table in p.tables for band in table.bands}
    for rank, level in enumerate(chart.levels):
        if not rank:
            continue
        if level.total and chart.has_points:
            rules.append(LevelRule(TOTAL, int(level.total.low or 0), rank))
        for count in level.counts:
            counter = Counter("points", count.points) if count.points is not None else Counter("zone", chart.zone_rank[count.zone or ""])
            rules.append(LevelRule(counter, count.at_least, rank))
        if level.id in of_bands:
            rules.append(LevelRule(Counter("level", rank), 1, rank))
    return tuple(rules)


def highest_rank(rules: Iterable[LevelRule], amounts: Mapping[Counter, int]) -> int:
    """The rank that summed counters reach."""
    return max((rule.rank for rule in rules if amounts.get(rule.counter, 0) >= rule.threshold), default=0)
