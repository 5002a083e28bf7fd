"""Rows as states, scored and written into the results of an engine, with their texts and the words of those that are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.base import REFUSED, Results
from mews_newtt.engines.packed.scorer import Found, StateScorer
from mews_newtt.engines.packed.states import StateArray, States
from mews_newtt.engines.packed.texts import texts_of
from mews_newtt.engines.packed.threads import each_slice, slices_of
from mews_newtt.engines.refusals import Distinct, Wording

SLICE = 1 << 14  # rows whose scoring takes longer than a second thread takes to start
ROWS = 1 << 17  # rows that are scored at once: bounds the memory
Rows = npt.NDArray[np.int64]
StatesOf = Callable[[Rows], Mapping[str, StateArray]]
Worded = tuple[Rows, npt.NDArray[np.int32], list[tuple[str, str]]]  # rows, which texts each has, the texts


class ExactRows:
    """A scorer of states, and `distinct`, which finds the distinct columns of an array."""

    def __init__(self, scorer: StateScorer, distinct: Distinct):
        self.scorer, self.distinct = scorer, distinct
        self.texts = texts_of(scorer.layout)

    def write(
        self,
        rows: Rows,
        states_of: StatesOf,
        not_above: Mapping[str, npt.NDArray[np.bool_]],
        into: Results,
        start: int,
        threads: int,
        worded: Wording,
    ) -> None:
        """Score some rows of a chunk that begins at row `start` of the results.

        Parameters
        ----------
        states_of : the states of some rows of the chunk, by parameter
        not_above : by parameter, the chunk's rows whose reading is not above one that it must be above
        worded : gives the words of refused rows
        """
        if not len(rows):
            return

        def score(first: int, last: int) -> list[Worded]:
            return self._score(rows, first, last, states_of, not_above, into, start)

        for done in each_slice(score, slices_of(len(rows), threads, SLICE)):
            for some, codes, texts in done:
                missing, flags = into.text_codes(texts)
                into.missing[some] = np.array(missing, np.int32)[codes]
                into.flags[some] = np.array(flags, np.int32)[codes]
        into.partial += len(rows)
        refused = rows[into.status[start + rows] == REFUSED]
        into.refused += len(refused)
        if not len(refused):
            return
        states = states_of(refused)
        texts, ways = worded(refused, {name: self.scorer.states[name].refused[found] for name, found in states.items()})
        into.error[start + refused] = np.array([into.error_texts.code(text) for text in texts], np.int32)[ways]

    def _score(
        self,
        rows: Rows,
        first: int,
        last: int,
        states_of: StatesOf,
        not_above: Mapping[str, npt.NDArray[np.bool_]],
        into: Results,
        start: int,
    ) -> list[Worded]:
        done = []
        for at in range(first, last, ROWS):
            some = rows[at : min(at + ROWS, last)]
            found = self.scorer.score(states_of(some), into.points.shape[1] > 0)
            for name, wrong in not_above.items():
                field = self.scorer.layout.field_at(f"flag:not_above:{name}")
                found.words[field.word, wrong[some] & (found.status != REFUSED)] |= field.bits
            done.append(self._write(found, into, start + some))
        return done

    def _write(self, found: Found, into: Results, rows: Rows) -> Worded:
        """The results of some rows, but for their texts, which come back to be numbered."""
        for name in ("status", "least", "most", "level", "level_max"):
            getattr(into, name)[rows] = getattr(found, name)
        if into.points.shape[1]:
            into.points[:, rows] = found.points
        distinct, codes = self.distinct(found.words)
        return rows, codes, [self.texts(column) for column in distinct.T.tolist()]


def with_reasons(states: States, reading: StateArray, skip: StateArray) -> StateArray:
    """States of readings and of reasons as one: a reason counts where there is no reading; beside a reading it is a fault."""
    return np.where(skip < 0, reading, np.where(reading == states.missing, skip, states.fault)).astype(np.int32)
