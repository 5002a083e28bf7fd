"""Sums of contributions, as far as a platform shows them: points, level, whether something is missing, and the counters of level rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import TOTAL, Bounds, Counter, LevelRule, highest_rank, level_rules

Counters = Mapping[Counter, int]  # the highest number of each that makes a difference
Sum = tuple[int, ...]  # points, level, whether something is missing, and each counter


def counters_of(*charts: Chart) -> dict[Counter, int]:
    """The counters that the level rules of charts look at, apart from the total and the levels of bands."""
    most: dict[Counter, int] = {}
    for rule in (rule for chart in charts for rule in level_rules(chart)):
        if rule.counter != TOTAL and rule.counter.kind != "level":
            most[rule.counter] = max(most.get(rule.counter, 0), rule.threshold)
    return most


def sum_of(bounds: Bounds | None, counters: Counters) -> Sum:
    """What one row or group contributes at least."""
    if bounds is None:
        return (0, 0, 0, *(0 for _ in counters))
    points, _, level = bounds.least
    return (points, level, int(not bounds.resolved), *(counter.amount(bounds.least) for counter in counters))


def add(state: Sum, more: Sum, counters: Counters) -> Sum:
    """One sum with another part added."""
    counted = (min(a + b, most) for a, b, most in zip(state[3:], more[3:], counters.values(), strict=True))
    return (state[0] + more[0], max(state[1], more[1]), state[2] | more[2], *counted)


def shown(chart: Chart, rules: Sequence[LevelRule], state: Sum, counters: Counters) -> tuple[int, int]:
    """The plain total (-1 for none) and the level."""
    level = max(state[1], highest_rank(rules, {TOTAL: state[0], **dict(zip(counters, state[3:], strict=True))}))
    return (-1 if state[2] or not chart.has_points else state[0], level)
