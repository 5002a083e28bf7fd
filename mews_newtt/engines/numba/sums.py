"""The loops of `packed.scorer`, compiled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.columns import EncodedColumn
from mews_newtt.engines.numba.factorize import join_rows
from mews_newtt.engines.numba.lookups import LookedUpStates
from mews_newtt.engines.numba.program import Programs
from mews_newtt.engines.packed.layout import Packed
from mews_newtt.engines.packed.scorer import Found, StateScorer
from mews_newtt.engines.packed.states import StateArray


class CompiledSums:
    """See `packed.scorer.Sums`."""

    def __init__(self, scorer: StateScorer, states: Mapping[str, LookedUpStates]):
        self.scorer, self.states = scorer, states
        self.programs = Programs(scorer.layout)

    def add(self, states: Mapping[str, StateArray], words: Packed, points: npt.NDArray[np.int16]) -> None:
        columns = [EncodedColumn(own, states[name], own.by_state) for name, own in self.states.items()]
        arguments, _held = self.programs.program(columns, fuse=not points.shape[1]).bind(columns)
        k.sum_rows(*arguments, points, words)

    def join(self, words: Packed, found: Found, begun: bool) -> None:
        scorer = self.scorer
        results = (found.status, found.least, found.most, found.level, found.level_max, found.words)
        join_rows(words, scorer.fields, scorer.rules, scorer.text, scorer.missing, begun, *results)
