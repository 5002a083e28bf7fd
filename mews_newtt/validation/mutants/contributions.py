"""What `compiled/` says that each class contributes, as arrays, and the packed sums of contributions.

Only the least of a contribution is kept: of a partial set no platform states the greatest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import TOTAL, Bounds, CompiledChart, CompiledParameter, Contribution, Counter, LevelRule
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.validation.mutants.sheet import Flags, Rows

WORD = 62  # bits of an integer that are used
Ranks = npt.NDArray[np.int16]


class PackedSums:
    """Counters of level rules as bit fields of integers, so that adding the integers adds every field at once. One field counts what is missing."""

    def __init__(self, compiled: CompiledChart, most_points: int):
        chart, used = compiled.chart, {rule.counter for rule in compiled.level_rules}
        near = {counter.at_least + by for counter in used if counter.kind == "points" and counter.at_least is not None for by in (-1, 1)}
        used |= {Counter("points", at) for at in near if at > 0}
        used |= {Counter("zone", at) for at in range(1, len(chart.zones) + 1)} | {Counter("level", at) for at in range(1, len(chart.levels))}
        width = len(chart.parameters).bit_length() + 1
        wanted: list[tuple[Counter | None, int]] = [(TOTAL, max(12, (most_points * len(chart.parameters)).bit_length() + 1)), (None, width)]
        wanted += [(counter, width) for counter in sorted(used - {TOTAL}, key=lambda counter: counter.name)]
        word = used_bits = 0
        self.fields: dict[Counter | None, tuple[int, int, int]] = {}
        for counter, bits in wanted:
            if used_bits + bits > WORD:
                word, used_bits = word + 1, 0
            self.fields[counter] = (word, used_bits, (1 << bits) - 1)
            used_bits += bits
        self.words = word + 1
        self._packed: dict[Bounds | None, tuple[int, ...]] = {None: (0,) * self.words}

    def pack(self, bounds: Iterable[Bounds | None]) -> Rows:
        """What each contributes at least, as integers, [word, contribution]."""
        return np.array([self._words_of(one) for one in bounds], np.int64).T

    def _words_of(self, bounds: Bounds | None) -> tuple[int, ...]:
        if bounds is not None and bounds not in self._packed:
            words = [0] * self.words
            for counter, (word, shift, _) in self.fields.items():
                amount = counter.amount(bounds.least) if counter is not None else int(not bounds.resolved)
                words[word] += amount << shift
            self._packed[bounds] = tuple(words)
        return self._packed[bounds]

    def of(self, packed: Rows, counter: Counter | None) -> Rows:
        """One counter of packed sums; None: how many scored readings are missing."""
        word, shift, mask = self.fields[counter]
        return np.asarray((packed[word] >> shift) & mask)

    def levels(self, rules: Sequence[LevelRule], packed: Rows) -> Ranks:
        """The rank of the level that packed sums reach."""
        reached = np.zeros(packed.shape[1], np.int16)
        for rule in rules:
            reached = np.maximum(reached, np.where(self.of(packed, rule.counter) >= rule.threshold, np.int16(rule.rank), np.int16(0)))
        return reached


@dataclass
class ParameterArrays:
    """One parameter by context code and class, in one row: code * classes + class."""

    packed: Rows  # [word, place]
    refused: Flags
    shown: Ranks  # the points that a platform shows
    deciding: Rows | None  # of a scored parameter with contexts: a set that lacks one is partial where this differs between its possible values


def parameter_arrays(compiled: CompiledChart, own: CompiledParameter, sums: PackedSums) -> ParameterArrays:
    rows = {id(row): [one or Contribution() for one in row] for row in own.contributions}  # contexts that choose one table share a row
    packed = {key: sums.pack(one.bounds for one in row) for key, row in rows.items()}
    refused = {key: [one.refused for one in row] for key, row in rows.items()}
    shown = {key: [NO_POINTS if one.points is None else one.points for one in row] for key, row in rows.items()}
    order = [id(row) for row in own.contributions]
    deciding = None
    if own.parameter.role == "scored" and own.contexts:
        counts = [own.parameter.required or place < own.classes.readings for place in range(len(own.classes))]
        deciding = np.where(counts, np.array(compiled.deciding_numbers(own.id), np.int64), -1).ravel()
    return ParameterArrays(
        np.concatenate([packed[key] for key in order], axis=1),
        np.concatenate([refused[key] for key in order]),
        np.concatenate([shown[key] for key in order]).astype(np.int16),
        deciding,
    )


def counting_nothing(found: Contribution) -> Contribution:
    """The same contribution, but a reading that is missing counts for nothing."""
    return found if found.bounds is None or found.bounds.resolved else found._replace(bounds=found.bounds._replace(least=(0, 0, 0)))
