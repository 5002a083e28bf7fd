"""The loops of `packed.scorer` in NumPy, and distinct columns of an array."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import CompiledParameter
from mews_newtt.engines.packed.layout import Packed
from mews_newtt.engines.packed.scorer import Found, StateScorer
from mews_newtt.engines.packed.states import StateArray


class ArraySums:
    """See `packed.scorer.Sums`."""

    def __init__(self, scorer: StateScorer):
        self.scorer, self.layout = scorer, scorer.layout

    def add(self, states: Mapping[str, StateArray], words: Packed, points: npt.NDArray[np.int16]) -> None:
        words[:] = 0
        codes: dict[tuple[str, ...], npt.NDArray[np.int64] | int] = {}
        places: dict[str, npt.NDArray[np.int64]] = {}
        for name, own in self.scorer.compiled.parameters.items():
            if own.contexts not in codes:
                codes[own.contexts] = self._code(own, states)
            code, state = codes[own.contexts], states[name]
            packed = self.layout.packed[name]
            for word in range(len(words)):
                if packed[word].any():
                    words[word] += packed[word][code, state]
            if own.group:
                number = self.layout.groups[own.group.id].classes[name][code, state]
                places[own.group.id] = places[own.group.id] + number if own.group.id in places else number
            if len(points) and points.shape[1] and name in self.layout.points:
                points[list(self.layout.points).index(name)] = self.layout.points[name][code, state]
        for group, place in places.items():
            words += self.layout.groups[group].packed[:, place]

    def _code(self, own: CompiledParameter, states: Mapping[str, StateArray]) -> npt.NDArray[np.int64] | int:
        if not own.contexts:
            return 0
        code = np.zeros(len(states[own.id]), np.int64)
        for name, radix in self.scorer.compiled.radices(own.contexts).items():
            code += self.scorer.context_class[name][states[name]] * radix
        return code

    def join(self, words: Packed, found: Found, begun: bool) -> None:
        scorer = self.scorer
        open_rows, least, most = ((words[word] >> shift) & mask for word, shift, mask in scorer.fields.tolist())
        level, level_max = np.zeros_like(least), np.zeros_like(most)
        for low_word, low_shift, low_mask, high_word, high_shift, high_mask, threshold, rank in scorer.rules.tolist():
            level[(words[low_word] >> low_shift) & low_mask >= threshold] = rank
            level_max[(words[high_word] >> high_shift) & high_mask >= threshold] = rank
        partial = (open_rows != 0).astype(np.uint8)
        if not begun:
            found.status[:], found.least[:], found.most[:], found.level[:], found.level_max[:], found.words[:] = (
                partial, least, most, level, level_max, words,
            )  # fmt: skip
            return
        for kept, new, join in (
            (found.status, partial, np.maximum),
            (found.least, least, np.minimum),
            (found.most, most, np.maximum),
            (found.level, level, np.minimum),
            (found.level_max, level_max, np.maximum),
        ):
            join(kept, new, out=kept)
        text, missing = scorer.text[:, None], scorer.missing[:, None]
        found.words[:] = (found.words & words & text) | ((found.words | words) & missing) | (found.words & ~(text | missing))


def distinct_columns(words: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Distinct columns of an array [word, row], and which of them each row has."""
    distinct, codes = np.zeros((0, 1), np.int64), np.zeros(words.shape[1], np.int64)
    for word in words:
        values, numbers = np.unique(word, return_inverse=True)
        pairs, codes = np.unique(codes * len(values) + numbers, return_inverse=True)
        distinct = np.concatenate([distinct[:, pairs // len(values)], values[None, pairs % len(values)]])
    return distinct, codes.astype(np.int32)
