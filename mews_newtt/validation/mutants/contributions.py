"""What `compiled/` says that each class contributes, as arrays, and the packed sums of contributions.

Only the least of a contribution is kept: of a partial set no platform states the greatest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import TOTAL, Bounds, CompiledChart, CompiledParameter, Contribution, Counter, GroupContribution, LevelRule
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.validation.mutants.sheet import Codes, Flags, Rows

WORD = 62  # bits of an integer that are used
OPEN, REFUSALS = "open", "refusals"
Ranks = npt.NDArray[np.int16]


class PackedSums:
    """Counters of level rules as bit fields of integers, so that adding the integers adds every field at once.

    OPEN counts scored readings that are missing, REFUSED what refuses the set.
    """

    def __init__(self, compiled: CompiledChart, most_points: int):
        chart, used = compiled.chart, {rule.counter for rule in compiled.level_rules}
        near = {counter.at_least + by for counter in used if counter.kind == "points" and counter.at_least is not None for by in (-1, 1)}
        used |= {Counter("points", at) for at in near if at > 0}
        used |= {Counter("zone", at) for at in range(1, len(chart.zones) + 1)} | {Counter("level", at) for at in range(1, len(chart.levels))}
        width = len(chart.parameters).bit_length() + 1
        wanted: list[tuple[Counter | str, int]] = [(OPEN, width), (REFUSALS, width)]
        wanted.append((TOTAL, max(12, (most_points * len(chart.parameters)).bit_length() + 1)))
        wanted += [(counter, width) for counter in sorted(used - {TOTAL}, key=lambda counter: counter.name)]
        word = used_bits = 0
        self.fields: dict[Counter | str, tuple[int, int, int]] = {}
        for counter, bits in wanted:
            if used_bits + bits > WORD:
                word, used_bits = word + 1, 0
            self.fields[counter] = (word, used_bits, (1 << bits) - 1)
            used_bits += bits
        self.words = word + 1
        self._packed: dict[tuple[Bounds | None, bool], tuple[int, ...]] = {}

    def pack(self, found: Iterable[Contribution | GroupContribution]) -> Rows:
        """What each contributes at least, as integers, [word, contribution]."""
        return np.array([self._words_of(one.bounds, one.refused) for one in found], np.int64).T

    def _words_of(self, bounds: Bounds | None, refused: bool) -> tuple[int, ...]:
        known = self._packed.get((bounds, refused))
        if known is None:
            amounts: dict[Counter | str, int] = {REFUSALS: int(refused)}
            if bounds is not None:
                amounts[OPEN] = int(not bounds.resolved)
                amounts |= {counter: counter.amount(bounds.least) for counter in self.fields if isinstance(counter, Counter)}
            words = [0] * self.words
            for name, amount in amounts.items():
                word, shift, _ = self.fields[name]
                words[word] += amount << shift
            known = self._packed[bounds, refused] = tuple(words)
        return known

    def of(self, packed: Rows, field: Counter | str) -> Rows:
        """One field of packed sums."""
        word, shift, mask = self.fields[field]
        return np.asarray((packed[word] >> shift) & mask)

    def refusals_of(self, packed: Rows) -> Rows:
        """Packed sums with their refusals alone."""
        word, shift, mask = self.fields[REFUSALS]
        found = np.zeros_like(packed)
        found[word] = packed[word] & (mask << shift)
        return found

    def levels(self, rules: Sequence[LevelRule], packed: Rows) -> Ranks:
        """The rank of the level that packed sums reach."""
        reached = np.zeros(packed.shape[1], np.int16)
        for rule in rules:
            reached = np.maximum(reached, np.where(self.of(packed, rule.counter) >= rule.threshold, np.int16(rule.rank), np.int16(0)))
        return reached


class ParameterArrays:
    """What one parameter contributes, by context code and class."""

    def __init__(self, compiled: CompiledChart, own: CompiledParameter, sums: PackedSums):
        rows = {id(row): row for row in own.contributions}  # contexts that choose one table share a row
        order = {key: place * len(own.classes) for place, key in enumerate(rows)}
        found = [one or Contribution() for row in rows.values() for one in row]  # none: only where a context is not known
        self._starts = np.array([order[id(row)] for row in own.contributions], np.int64)
        self._packed = sums.pack(found)
        self._shown = np.array([NO_POINTS if one.points is None else one.points for one in found], np.int16)
        self._deciding = None
        if own.parameter.role == "scored" and own.contexts:
            counts = [own.parameter.required or place < own.classes.readings for place in range(len(own.classes))]
            self._deciding = np.where(counts, np.array(compiled.deciding_numbers(own.id), np.int64), -1)  # [alone or answered, code, class]

    def of(self, codes: Rows, classes: Codes) -> tuple[Rows, Ranks]:
        """For each case the packed contribution, and the points that a platform shows."""
        places = self._starts[codes] + classes
        return self._packed[:, places], self._shown[places]

    def deciding(self, codes: Rows, classes: Codes, asked: Flags | None) -> Rows:
        """For each case a number. A set that lacks a context is partial where it differs between the values that the context may have.

        asked : of a parameter in a group, whether its reading is still missing beside what the other members have; None: it is in no group
        """
        if self._deciding is None:
            return np.zeros(len(codes), np.int64)
        alone, answered = self._deciding[:, codes, classes]
        return np.asarray(alone if asked is None else np.where(asked, alone, answered))


def counting_nothing(found: Contribution) -> Contribution:
    """The same contribution, but a reading that is missing counts for nothing."""
    return found if found.bounds is None or found.bounds.resolved else found._replace(bounds=found.bounds._replace(least=(0, 0, 0)))
