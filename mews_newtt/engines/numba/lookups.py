"""Lookup tables: how the values of a column become the states of a parameter.

The exact cuts of a compiled chart become floats here: a float has passed a cut where its shortest decimal has. So nothing is rounded when
rows are scored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import CompiledParameter, Cut
from mews_newtt.engines.floats import first_float
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.packed.states import StateArray, States
from mews_newtt.reading.values import NOISE

SLOW_PATH = -1  # in place of a state: only the slow path finds out which it is
WIDEST_GRID = 200_000  # recordable values that one lookup table may hold
SMALL_CODES = 256  # bytes, and whole numbers that stand for categories
AROUND = 256  # recordable values on either side of the cuts, where nothing limits a parameter
MOST_GRIDS = 8  # ranges of recordable values that are remembered


class Lookup(NamedTuple):
    """How the values of a column become an index, and the state at each index. Equal lookups have equal tables, whatever rows they come from."""

    states: bytes  # int32: the state at each index; then of no value, then of a value that has no index
    kind: int = k.ABSENT
    scale: int = 1
    multiple: int = 1
    base: int = 0

    @property
    def state_at(self) -> StateArray:
        return np.frombuffer(self.states, np.int32)

    @property
    def entries(self) -> int:
        return len(self.states) // np.dtype(np.int32).itemsize - 2

    def spec(self, first: int = 0, entries: int | None = None) -> npt.NDArray[np.int64]:
        """How a kernel reads values, still without their address; the table may begin later and be shorter."""
        row = np.zeros(k.SPEC_SIZE, np.int64)
        base, entries = self.base + first, self.entries if entries is None else entries
        row[k.KIND], row[k.BASE], row[k.ENTRIES], row[k.SCALE], row[k.MULTIPLE] = self.kind, base, entries, self.scale, self.multiple
        # Bounds in the parameter's own unit, rounded inwards, so that nothing outside the table is looked up.
        row[k.LOW], row[k.HIGH] = -(-base * self.multiple // self.scale), (base + entries - 1) * self.multiple // self.scale
        row[k.CONTEXT] = row[k.POINTS] = -1
        return row


def lookup_of(states: Sequence[int] | StateArray, nothing: int, otherwise: int = SLOW_PATH, **more: int) -> Lookup:
    """A lookup from the states at indexes 0, 1, ..., of a row without a value, and of any other value."""
    return Lookup(np.array([*states, nothing, otherwise], np.int32).tobytes(), **more)


class LookedUpStates(States):
    """The states of one parameter, and the lookup tables by which kernels find them."""

    def __init__(self, compiled: CompiledParameter, compared: bool):
        super().__init__(compiled, compared)
        classes = self.classes
        self.step = Fraction(self.parameter.observation.step)
        self.multiple, self.scale = self.step.numerator, self.step.denominator
        # Beyond this a product of 1000 steps leaves the 15 digits in which floats and decimals agree.
        self.widest = 10**15 // (NOISE * self.multiple) // 2
        self.cuts = np.array([first_float(cut) for cut in classes.cuts], np.float64)
        self.grid_cuts = np.array([_first_step(cut, self.step) for cut in classes.cuts], np.int64)
        self.text_states: dict[str, tuple[int, float]] = {}  # short texts that were read before: state and number
        self.grid = lru_cache(MOST_GRIDS)(self._grid)
        self.small_codes = lru_cache(MOST_GRIDS)(self._small_codes)
        self.absent = lookup_of([], self.missing)
        self.by_state = lookup_of(range(self.size), self.missing, kind=k.INT32)  # for columns that hold states

    def _grid(self, first: int, last: int) -> bytes:
        """The states of the recordable values first, ..., last, counted in steps; then of no reading, and of any other number. As int32."""
        states = np.searchsorted(self.grid_cuts, np.arange(first, last + 1), side="right") * self.forms
        return np.append(states, (self.missing, SLOW_PATH)).astype(np.int32).tobytes()

    def _small_codes(self, kind: int, signed: bool) -> Lookup:
        """A lookup for whole numbers below SMALL_CODES: every byte, or the codes of categories."""
        half = SMALL_CODES // 2 if signed and kind == k.BYTE else SMALL_CODES
        return lookup_of([self.of_raw(code if code < half else code - SMALL_CODES) for code in range(SMALL_CODES)], self.missing, kind=kind)

    @cached_property
    def grid_range(self) -> tuple[int, int]:
        """The recordable values worth a lookup table: all possible ones where there is an end to them, else those around the cuts."""
        limits = self.parameter.observation.impossible
        around = [int(Fraction(cut.at) / self.step) for cut in self.classes.cuts] or [0]
        span = max(AROUND, 2 * (around[-1] - around[0]))
        low = around[0] - span if limits.low is None else math.ceil(Fraction(limits.low) / self.step)
        high = around[-1] + span if limits.high is None else math.floor(Fraction(limits.high) / self.step)
        return low, min(high, low + WIDEST_GRID)


def _first_step(cut: Cut, step: Fraction) -> int:
    """The least recordable value, counted in steps, that has passed a cut."""
    steps = Fraction(cut.at) / step
    return math.floor(steps) + 1 if cut.beyond else math.ceil(steps)
