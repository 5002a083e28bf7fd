"""What rows count for, packed into integers that add up, and the level that their sums reach."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.levels import level_rules
from mews_newtt.validation.mutants_rows import COUNTS, LEVEL, POINTS, SETTLED, ZONE, Worths

WORD = 62
Rows = npt.NDArray[np.int64]


class Fields:
    """Counters packed into integers that add up."""

    def __init__(self, chart: Chart, most_points: int):
        rules = [count for level in chart.levels for count in level.counts]
        used = {count.points for count in rules if count.points is not None}
        thresholds = sorted(used | {near for at in used for near in (at - 1, at + 1)})
        width = len(chart.parameters).bit_length() + 1
        wanted = [(POINTS, 0, max(12, (most_points * len(chart.parameters)).bit_length() + 1))]
        wanted += [(POINTS, at, width) for at in thresholds if at > 0]
        wanted += [(ZONE, at, width) for at in range(1, len(chart.zones) + 1)]
        wanted += [(LEVEL, at, width) for at in range(1, len(chart.levels))]
        wanted.append((SETTLED, 0, width))
        self.places: dict[tuple[int, int], tuple[int, int, int]] = {}
        word = used_bits = 0
        for kind, at, bits in wanted:
            if used_bits + bits > WORD:
                word, used_bits = word + 1, 0
            self.places[kind, at] = (word, used_bits, (1 << bits) - 1)
            used_bits += bits
        self.words = word + 1
        self.shape = (len(chart.zones), len(chart.levels), tuple(thresholds), width)

    def pack(self, worths: Worths) -> Rows:
        packed = np.zeros((self.words, worths.shape[1]), np.int64)
        for (kind, at), (word, shift, _) in self.places.items():
            if kind == SETTLED:
                amount = 1 - worths[SETTLED].astype(np.int64)
            elif at:
                amount = (worths[kind] >= at).astype(np.int64)
            else:
                amount = worths[kind].astype(np.int64)
            packed[word] += amount * (worths[COUNTS] > 0) << shift
        return packed

    def of(self, packed: Rows, kind: int, at: int = 0) -> Rows:
        word, shift, mask = self.places[kind, at]
        return np.asarray((packed[word] >> shift) & mask)

    def levels(self, chart: Chart, packed: Rows) -> npt.NDArray[np.int16]:
        reached = np.zeros(packed.shape[1], np.int16)
        total = self.of(packed, POINTS)
        for rank in range(1, len(chart.levels)):
            reached[self.of(packed, LEVEL, rank) > 0] = rank
        for rule in reversed(level_rules(chart)):
            hit = np.zeros(packed.shape[1], np.bool_)
            if rule.total is not None:
                hit |= total >= rule.total
            for place, threshold, at_least, _ in rule.counts:
                kind = (POINTS, ZONE)[place]
                hit |= (self.of(packed, kind, threshold) if threshold > 0 else _everything(packed)) >= at_least
            reached[hit] = np.maximum(reached[hit], rule.rank)
        return reached


def _everything(packed: Rows) -> Rows:
    return np.full(packed.shape[1], 1 << 20, np.int64)
