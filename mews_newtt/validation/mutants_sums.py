"""What a set counts for in all, as far as a platform shows it: points, levels, what is open, and the counters that level rules look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.levels import level_rules
from mews_newtt.validation.mutants_rows import COUNTS, LEVEL, POINTS, SETTLED, ZONE, Worths

Counter = tuple[int, int, int]  # points or zone, threshold, how many matter at most
Worth = tuple[int, ...]  # points, level, open, and each counter
Sums = npt.NDArray[np.int64]


def numbered(columns: npt.NDArray[Any]) -> Sums:
    """A number for each column, the same only for equal columns."""
    found = np.zeros(columns.shape[1], np.int64)
    for row in columns.astype(np.int64):
        found = np.unique(found * (int(row.max()) - int(row.min()) + 1) + row - int(row.min()), return_inverse=True)[1]
    return found


def counters_of(chart: Chart, mutant: Chart) -> list[Counter]:
    """What the level rules of both look at, and up to how many."""
    most: dict[tuple[int, int], int] = {}
    for one in (chart, mutant):
        for rule in level_rules(one):
            for place, threshold, at_least, _ in rule.counts:
                key = (ZONE if place else POINTS, threshold)
                most[key] = max(most.get(key, 0), at_least)
    return [(kind, threshold, many) for (kind, threshold), many in sorted(most.items())]


def reduced(worths: Worths, counters: list[Counter]) -> Sums:
    there = worths[COUNTS] > 0
    rows = [worths[POINTS] * there, worths[LEVEL] * there, (worths[SETTLED] == 0) & there]
    rows += [(worths[kind] >= threshold) & there for kind, threshold, _ in counters]
    return np.stack(rows).astype(np.int64)


def summed(rows: Sequence[Sums], counters: list[Counter]) -> Sums:
    """Rows that each count by themselves, as one."""
    stacked = np.stack(rows)
    found: Sums = stacked.sum(axis=0)
    found[1:3] = stacked[:, 1:3].max(axis=0)
    for place, (_, _, most) in enumerate(counters, start=3):
        found[place] = np.minimum(found[place], most)
    return found


def added(state: Worth, worth: Worth, counters: list[Counter]) -> Worth:
    counted = (min(a + b, most) for a, b, (_, _, most) in zip(state[3:], worth[3:], counters, strict=True))
    return (state[0] + worth[0], max(state[1], worth[1]), state[2] | worth[2], *counted)


def shown(chart: Chart, state: Worth, counters: list[Counter]) -> tuple[int, int]:
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
