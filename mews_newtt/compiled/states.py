"""Every way a chart can tell one parameter's readings apart, numbered; and which number a raw value has.

A numeric parameter's states are the segments that all edges of the chart cut out (each edge a segment of its own), times how the
reading was written (exact, with float noise, finer than recorded; converted or not). A category is a state of its own. After them come
missing, faulty, skipped, and, for a context that was not given, each way it may be supposed. Reading rules are embodied in cut points:
a float is compared with the smallest float whose shortest decimal lies beyond an edge, so nothing is rounded at run time.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import Value
from mews_newtt.chart.exact import add, midpoint
from mews_newtt.chart.model import Chart, Interval, Number, Parameter
from mews_newtt.errors import Problem
from mews_newtt.reading.values import NOISE, Reading, read

FORMS = 6  # converted * 3 + grid
GRID_FLAGS: tuple[tuple[str, ...], ...] = ((), ("float_noise",), ("finer_than_recorded",))
OTHER_SKIP = -1
MOST_PLACES = 200_000


class State(NamedTuple):
    """What is known of a parameter in one state."""

    value: Value | None = None
    flags: tuple[str, ...] = ()
    refused: bool = False
    skip: int | None = None  # place among the parameter's coded skips, or OTHER_SKIP
    supposed: Value | None = None  # what an unread context is taken for


class States:
    """The numbered states of one parameter."""

    def __init__(self, chart: Chart, parameter: Parameter, suppositions: tuple[Value, ...]):
        self.parameter = parameter
        observation = parameter.observation
        self.numeric = observation.numeric
        self.edges: tuple[Decimal, ...] = _edges(chart, parameter) if self.numeric else ()
        self.states: list[State] = (
            self._segments() if self.numeric else [State(name, refused=name not in parameter.category_ids) for name in observation.category_ids]
        )
        self.plain = len(self.states)
        self.category = {name: place for place, name in enumerate(observation.category_ids)}
        self.missing = self._add(State(supposed=parameter.assumed))
        self.fault = self._add(State(refused=True))
        self.skips = [self._add(State(skip=place, supposed=parameter.assumed)) for place in (OTHER_SKIP, *range(len(parameter.skips)))]
        self.unread = (self.missing, *self.skips)
        self.supposed: dict[tuple[int, int], int] = {
            (state, place): self._add(self.states[state]._replace(supposed=value))
            for place, value in enumerate(suppositions)
            for state in self.unread
        }
        self.size = len(self.states)
        self.step = Fraction(observation.step)
        self.compared = any(parameter.id in pair for pair in chart.above_pairs)
        self.byte_places: dict[str, list[int]] = {}
        self.text_places: dict[str, tuple[int, float]] = {}  # a text's state and number
        self.grid_places: dict[tuple[int, int], npt.NDArray[np.int32]] = {}
        if self.numeric:
            self._prepare_numbers()

    def _add(self, state: State) -> int:
        self.states.append(state)
        return len(self.states) - 1

    def _segments(self) -> list[State]:
        found = []
        observation = self.parameter.observation
        for value in _representatives(self.edges):
            refused = not observation.impossible.contains(value)
            doubt = () if observation.implausible.contains(value) else ("implausible",)
            for converted in ((), ("converted",)):
                found += [State(value, (*converted, *grid, *doubt), refused) for grid in GRID_FLAGS]
        return found

    def _prepare_numbers(self) -> None:
        """Cut points for raw numbers, and for recordable values counted in steps."""
        thresholds = [found for edge in self.edges for found in _raw_thresholds(edge, self.step)]
        self.cuts = np.array([_first_float(at, strict) for at, strict in thresholds], np.float64)
        self.grid_cuts = np.array(
            [n for edge in map(Fraction, self.edges) for n in (math.ceil(edge / self.step), math.floor(edge / self.step) + 1)], np.int64
        )
        self.multiple, self.scale = self.step.numerator, self.step.denominator
        # beyond this a product of 1000 steps leaves the 15 digits in which floats and decimals agree
        self.widest = 10**15 // (NOISE * self.multiple) // 2

    def of_grid(self, first: int, last: int) -> npt.NDArray[np.int64]:
        """States of the recordable values first, ..., last, counted in steps."""
        return np.searchsorted(self.grid_cuts, np.arange(first, last + 1), side="right") * FORMS

    def of_reading(self, found: Reading | Problem | None) -> int:
        """The state of something read by the rules of reading."""
        if found is None:
            return self.missing
        if isinstance(found, Problem):
            return self.fault
        if isinstance(found.value, str):
            return self.category[found.value]
        grid = 1 if "float_noise" in found.flags else 2 if "finer_than_recorded" in found.flags else 0
        form = 3 * ("converted" in found.flags) + grid
        return self.segment(found.value) * FORMS + form

    def number_of(self, found: Reading | Problem | None) -> float:
        """The number that was read, where rows are compared by it; NaN for none."""
        return float(found.value) if self.compared and isinstance(found, Reading) else math.nan

    def segment(self, value: Number) -> int:
        exact = Fraction(value)
        return sum((exact >= edge) + (exact > edge) for edge in self.edges)

    def of_raw(self, raw: Any) -> int:
        return self.of_reading(read(self.parameter.observation, raw))

    def of_skip(self, reason: str) -> int:
        folded = reason.casefold()
        for place, skip in enumerate(self.parameter.skips):
            if skip.code.casefold() == folded:
                return self.skips[place + 1]
        return self.skips[0]

    @cached_property
    def grid_range(self) -> tuple[int, int]:
        """The recordable values worth a table look-up: all possible ones where there is an end to them, else those around the edges."""
        limits = self.parameter.observation.impossible
        around = [int(Fraction(edge) / self.step) for edge in self.edges] or [0]
        span = max(256, 2 * (around[-1] - around[0]))
        low = around[0] - span if limits.low is None else math.ceil(Fraction(limits.low) / self.step)
        high = around[-1] + span if limits.high is None else math.floor(Fraction(limits.high) / self.step)
        return low, min(high, low + MOST_PLACES)


def _edges(chart: Chart, parameter: Parameter) -> tuple[Decimal, ...]:
    """Every number at which any rule of the chart treats this parameter differently."""
    observation = parameter.observation
    ranges: list[Any] = [observation.impossible, observation.implausible]
    ranges += [band.interval for table in parameter.tables for band in table.bands]
    conditions = [when for other in chart.parameters for table in other.tables for when in table.when]
    conditions += [when for rule in chart.scope for when in rule.when]
    ranges += [wanted for name, wanted in conditions if name == parameter.id]
    return tuple(sorted({edge for found in ranges if isinstance(found, Interval) for edge in (found.low, found.high) if edge is not None}))


def _representatives(edges: tuple[Decimal, ...]) -> list[Decimal]:
    """A value for each segment: below the first edge, each edge, between two, above the last."""
    if not edges:
        return [Decimal(0)]
    found = [add(edges[0], -1)]
    for low, high in pairwise(edges):
        found += [low, midpoint(low, high)]
    return [*found, edges[-1], add(edges[-1], 1)]


def _raw_thresholds(edge: Decimal, step: Fraction) -> list[tuple[Fraction, bool]]:
    """From which raw number on a reading is at the edge, and above it: (number, whether only beyond it)."""
    exact = Fraction(edge)
    recordable = round(exact / step) * step
    reach = step / NOISE
    if abs(exact - recordable) > reach:
        return [(exact, False), (exact, True)]
    before, after = (recordable - reach, False), (recordable + reach, True)
    return [before if exact <= recordable else after, before if exact < recordable else after]


def _first_float(at: Fraction, strict: bool) -> float:
    """The smallest float whose shortest decimal is at the number or beyond (strict: beyond)."""

    def reaches(x: float) -> bool:
        shortest = Fraction(Decimal(repr(x)))
        return shortest > at or (shortest == at and not strict)

    x = float(at)
    while reaches(math.nextafter(x, -math.inf)):
        x = math.nextafter(x, -math.inf)
    while not reaches(x):
        x = math.nextafter(x, math.inf)
    return x
