"""One chart ready for batches: rows of Arrow columns in, result arrays out. Threads take slices; the careful way takes what is odd."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.compiled.steps import Steps, compile_chart
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.above import rows_not_above
from mews_newtt.engines.numba.cache import tell_first_compile
from mews_newtt.engines.numba.careful import ODD, REFUSED, Careful, Found
from mews_newtt.engines.numba.layout import NO_POINTS, Layout
from mews_newtt.engines.numba.program import build
from mews_newtt.engines.numba.refusals import Why
from mews_newtt.engines.numba.sources import Source
from mews_newtt.engines.numba.texts import Texts, number_values, number_words, translate, words_of

SLICE = 1 << 16  # rows below which a second thread costs more than it gives
CAREFUL_ROWS = 1 << 17  # rows the careful way takes at once: bounds its memory
NOTHING = np.zeros(0, np.int64)
Worded = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], list[tuple[str, str]]]  # rows, which words each has, the words


@dataclass
class Results:
    """One entry per row; codes of texts, NO_POINTS and statuses as the modules that make them say.

    `partial` and `refused` are no fewer than there are such rows, and 0 only where there is none.
    """

    status: npt.NDArray[np.uint8]
    least: npt.NDArray[np.int16]
    most: npt.NDArray[np.int16]
    level: npt.NDArray[np.uint8]
    level_max: npt.NDArray[np.uint8]
    missing: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int32]
    error: npt.NDArray[np.int32]
    points: npt.NDArray[np.int16]  # [scored parameter, row]; no rows where nobody asked
    missing_texts: Texts
    flag_texts: Texts
    error_texts: Texts
    partial: int = 0
    refused: int = 0

    def number_words(self, words: Iterable[tuple[str, str]]) -> tuple[list[int], list[int]]:
        """The numbers of texts for `missing` and `flags`. One thread numbers, slice after slice: no text has two numbers, and no number two texts."""
        numbered = [(self.missing_texts.code(missing), self.flag_texts.code(flags)) for missing, flags in words]
        return [missing for missing, _ in numbered], [flags for _, flags in numbered]


def empty_results(rows: int, scored: int, points: bool) -> Results:
    """Room for the results of so many rows; zeros cost nothing where nobody writes."""
    return Results(
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.int16),
        np.zeros(rows, np.int16),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.full((scored, rows if points else 0), NO_POINTS, np.int16),
        Texts(),
        Texts(),
        Texts(),
    )


class Engine:
    """A compiled chart and both ways through it."""

    def __init__(self, steps: Steps):
        self.steps = steps
        self.fast = Layout(steps, full=False)
        self.careful = Careful(Layout(steps, full=True))
        places = [self.fast.place(name) for name in ("least:points", "most:points")]
        odd = self.fast.place("odd")
        self.fields = np.array([*places, (0, 0, self.fast.open_mask), (odd.word, 0, odd.mask << odd.shift), (0, 0, self.fast.side_mask)], np.int64)
        self.levels = self.fast.level_table()
        ends = [self.fast.counted(end) or (0, 0, 0) for end in ("least", "most")]
        self.fields = np.concatenate([self.fields, np.array(ends, np.int64)])
        self.rules = self.fast.rule_places()
        self.refused_states = {name: np.array([state.refused for state in step.states.states]) for name, step in steps.steps.items()}

    def run(
        self,
        sources: Sequence[Source],
        skips: Sequence[Source],
        into: Results,
        start: int,
        rows: int,
        threads: int,
        why: Why,
    ) -> None:
        """Score one stretch of rows into results start, ..., start + rows - 1; `why` words the faults of refused rows."""
        stop = start + rows
        odd = None
        wrong = rows_not_above({source.states.parameter.id: source for source in sources}, self.steps.chart.above_pairs)
        if self.fast.fits:
            points = into.points[:, start:stop]
            program = build(self.fast, sources, skips, join=not points.shape[1])
            side = np.zeros(rows, self.fast.dtype)
            parts = [part[start:stop] for part in (into.status, into.least, into.most, into.level, into.level_max)]

            def score(first: int, last: int) -> Any:
                return k.score_rows(*program.arguments(), points, self.fields, self.rules, self.levels, *parts, side, first, last)

            odds, partials, seen = zip(*_each(score, _slices(rows, threads)), strict=True)
            for found in wrong.values():
                into.status[start:stop][found] = ODD
            odd = np.flatnonzero(into.status[start:stop] == ODD) if sum(odds) or wrong else NOTHING
            into.partial += sum(partials)
            if any(seen):
                self._word_sides(side, into, start, threads)
        else:
            odd = np.arange(rows)
        if len(odd):
            self._score_odd(sources, skips, wrong, into, start, odd, threads, why)

    def _word_sides(self, side: npt.NDArray[Any], into: Results, start: int, threads: int) -> None:
        def words(first: int, last: int) -> tuple[npt.NDArray[np.int32], list[tuple[str, str]]]:
            values, codes = number_values(side[first:last])
            return codes, [words_of(self.fast, (value,)) for value in values.tolist()]

        slices = _slices(len(side), threads)
        found = _each(words, slices)
        numbers = [into.number_words(texts) for _, texts in found]

        def write(first: int, last: int) -> None:
            place = slices.index((first, last))
            for part, whole in zip(numbers[place], (into.missing, into.flags), strict=True):
                translate(found[place][0], part, whole[start + first : start + last])

        _each(write, slices)

    def _score_odd(
        self,
        sources: Sequence[Source],
        skips: Sequence[Source],
        wrong: Mapping[str, npt.NDArray[np.bool_]],
        into: Results,
        start: int,
        odd: npt.NDArray[np.int64],
        threads: int,
        why: Why,
    ) -> None:
        def score(first: int, last: int) -> list[Worded]:
            worded = []
            for at in range(first, last, CAREFUL_ROWS):
                rows = odd[at : min(at + CAREFUL_ROWS, last)]
                found = self.careful.score(self._states(sources, skips, rows), into.points.shape[1] > 0)
                for name, not_above in wrong.items():
                    place = self.careful.layout.place(f"flag:not_above:{name}")
                    found.words[place.word, not_above[rows] & (found.status != REFUSED)] |= place.mask << place.shift
                worded.append(self._write(found, into, start + rows))
            return worded

        for worded in _each(score, _slices(len(odd), threads)):
            for rows, codes, texts in worded:
                missing, flags = into.number_words(texts)
                into.missing[rows] = np.array(missing, np.int32)[codes]
                into.flags[rows] = np.array(flags, np.int32)[codes]
        into.partial += len(odd)
        refused = odd[into.status[start + odd] == REFUSED]
        into.refused += len(refused)
        if not len(refused):
            return
        states = self._states(sources, skips, refused)
        faulty = {name: self.refused_states[name][found] for name, found in states.items()}
        texts, ways = why(refused, faulty)
        into.error[start + refused] = np.array([into.error_texts.code(text) for text in texts], np.int32)[ways]

    def _states(self, sources: Sequence[Source], skips: Sequence[Source], rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int32]]:
        states: dict[str, npt.NDArray[np.int32]] = {}
        for source in sources:
            own = source.states
            states[own.parameter.id] = np.full(len(rows), own.missing, np.int32) if source.kind == k.ABSENT else source.state_of(rows)
        for source in skips:
            own = source.states
            skip, reading = source.state_of(rows), states[own.parameter.id]
            states[own.parameter.id] = np.where(skip < 0, reading, np.where(reading == own.missing, skip, own.fault)).astype(np.int32)
        return states

    def _write(self, found: Found, into: Results, rows: npt.NDArray[np.int64]) -> Worded:
        """The results of some rows, but for their texts, which come back to be numbered."""
        for name in ("status", "least", "most", "level", "level_max"):
            getattr(into, name)[rows] = getattr(found, name)
        if into.points.shape[1]:
            into.points[:, rows] = found.points
        distinct, codes = number_words(found.words)
        return rows, codes, [words_of(self.careful.layout, column) for column in distinct.T.tolist()]


def engine_of(chart: Chart) -> Engine:
    """The engine of a chart; built once."""
    engine: Engine | None = chart.memo.get("batch")
    if engine is None:
        tell_first_compile(k.score_rows)
        engine = chart.memo["batch"] = Engine(compile_chart(chart))
    return engine


def default_threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _slices(rows: int, threads: int) -> list[tuple[int, int]]:
    """First and last row of each thread's slice, where there are enough rows to share."""
    threads = max(1, min(threads, rows // SLICE))
    bounds = [rows * part // threads // 64 * 64 for part in range(threads)] + [rows]
    return list(pairwise(bounds))


def _each(work: Callable[[int, int], Any], slices: Sequence[tuple[int, int]]) -> list[Any]:
    """The work done on every slice, each on a thread of its own; what it gives, in their order."""
    if len(slices) == 1:
        return [work(*slices[0])]
    with ThreadPoolExecutor(len(slices)) as pool:
        return list(pool.map(work, *zip(*slices, strict=True)))
