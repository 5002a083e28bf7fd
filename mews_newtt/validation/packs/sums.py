"""Sums of contributions, as far as a platform shows them: points, level, whether something is missing, and the counters of level rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.levels import level_rules
from mews_newtt.validation.mutants.contributions import COUNTS, LEVEL, POINTS, SETTLED, ZONE, Contributions

Counter = tuple[int, int, int]  # POINTS or ZONE, the threshold, and the highest number that makes a difference
Sum = tuple[int, ...]  # points, level, whether something is missing, and each counter
Sums = npt.NDArray[np.int64]  # [field of a Sum, case]


def distinct_numbers(columns: npt.NDArray[Any]) -> Sums:
    """A number for each column; only equal columns have equal numbers."""
    found = np.zeros(columns.shape[1], np.int64)
    for row in columns.astype(np.int64):
        found = np.unique(found * (int(row.max()) - int(row.min()) + 1) + row - int(row.min()), return_inverse=True)[1]
    return found


def counters_of(chart: Chart, mutant: Chart) -> list[Counter]:
    """The counters that the level rules of both charts look at."""
    most: dict[tuple[int, int], int] = {}
    for one in (chart, mutant):
        for rule in level_rules(one):
            for zone, threshold, at_least, _ in rule.counts:
                key = (ZONE if zone else POINTS, threshold)
                most[key] = max(most.get(key, 0), at_least)
    return [(kind, threshold, many) for (kind, threshold), many in sorted(most.items())]


def reduced(contributions: Contributions, counters: list[Counter]) -> Sums:
    """Contributions as sums of one part."""
    there = contributions[COUNTS] > 0
    rows = [contributions[POINTS] * there, contributions[LEVEL] * there, (contributions[SETTLED] == 0) & there]
    rows += [(contributions[kind] >= threshold) & there for kind, threshold, _ in counters]
    return np.stack(rows).astype(np.int64)


def combined(rows: Sequence[Sums], counters: list[Counter]) -> Sums:
    """Parts that each count, as one."""
    stacked = np.stack(rows)
    found: Sums = stacked.sum(axis=0)
    found[1:3] = stacked[:, 1:3].max(axis=0)
    for place, (_, _, most) in enumerate(counters, start=3):
        found[place] = np.minimum(found[place], most)
    return found


def add(state: Sum, more: Sum, counters: list[Counter]) -> Sum:
    """One sum with another part added."""
    counted = (min(a + b, most) for a, b, (_, _, most) in zip(state[3:], more[3:], counters, strict=True))
    return (state[0] + more[0], max(state[1], more[1]), state[2] | more[2], *counted)


def shown(chart: Chart, state: Sum, counters: list[Counter]) -> tuple[int, int]:
    """The plain total (-1 for none) and the level."""
    level = state[1]
    place = {(kind, threshold): 3 + n for n, (kind, threshold, _) in enumerate(counters)}
    for rule in level_rules(chart):
        if rule.rank <= level:
            break
        counts = ((ZONE if kind else POINTS, threshold, many) for kind, threshold, many, _ in rule.counts)
        if (rule.total is not None and state[0] >= rule.total) or any(state[place[kind, threshold]] >= many for kind, threshold, many in counts):
            level = rule.rank
    return (-1 if state[2] or not chart.has_points else state[0], level)
