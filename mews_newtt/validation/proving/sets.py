"""The sets of a proof, part by part: each is a column of places among the cells of every parameter. Chunks keep the memory flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import compile_chart
from mews_newtt.validation.proving.cells import Tried, context_code, settings, tried

CHUNK = 1 << 17  # sets that are scored at once
REFUSED_SHARE = 0.02  # of the sets drawn at random: those with a reading that refuses them
Places = npt.NDArray[np.int32]  # [parameter, set]: the place of the cell


class Sets:
    """Every set that a proof of one chart can try."""

    def __init__(self, chart: Chart):
        self.chart = chart
        self.compiled = compile_chart(chart)
        self.tried = tried(self.compiled)
        self.at = {one.id: place for place, one in enumerate(self.tried)}
        self.by_id = {one.id: one for one in self.tried}
        self.settings = settings(self.compiled, self.tried)

    @cached_property
    def alike(self) -> list[list[int]]:
        """For every parameter, one cell of every group of classes that count alike."""
        return [one.alike(self.compiled) for one in self.tried]

    @cached_property
    def scorable(self) -> list[list[int]]:
        """For every parameter, one cell of every class that does not refuse the set."""
        return [one.scorable for one in self.tried]

    def values(self) -> Iterator[Places]:
        """Every cell of each parameter, in every context, beside a well set and beside nothing."""
        return chunked(block for one in self.tried for block in self._around((one.id,), [list(range(len(one.cells)))]))

    def pairs(self) -> Iterator[Places]:
        """Every class of each parameter with every class of each other one, in every context, beside a well set and beside nothing."""
        return chunked(
            block for one, other in combinations(self.tried, 2) for block in self._around((one.id, other.id), [one.every_class, other.every_class])
        )

    def orders(self) -> Iterator[Places]:
        """Two readings of which one must be above the other, beside a well set: their classes do not say whether it is.

        Every recordable reading that is plausible with every other one, and finer ones with all that are at most a step away.
        """
        return chunked(self._ordered(upper, lower) for upper, lower in self.chart.above_pairs)

    def _ordered(self, upper: str, lower: str) -> Places:
        high, low = self.by_id[upper], self.by_id[lower]
        block = next(self._around((upper, lower), [high.plausible, low.plausible]))
        above, below = (one.floats[block[self.at[one.id]]] for one in (high, low))
        step = high.own.parameter.observation.step
        recordable = [np.isin(block[self.at[one.id]], list(one.recordable)) for one in (high, low)]
        return block[:, (recordable[0] & recordable[1]) | (abs(above - below) <= float(step))]

    def product(self, choices: Sequence[Sequence[int]]) -> Iterator[Places]:
        """Every combination of these cells, one choice for each parameter."""
        total = prod(len(choice) for choice in choices)
        lists = [np.array(choice, np.int32) for choice in choices]
        for start in range(0, total, CHUNK):
            index = np.arange(start, min(start + CHUNK, total), dtype=np.int64)
            places = np.empty((len(lists), len(index)), np.int32)
            for row in range(len(lists) - 1, -1, -1):
                index, digit = np.divmod(index, len(lists[row]))
                places[row] = lists[row][digit]
            yield places

    def drawn(self, amount: int, seed: int) -> Iterator[Places]:
        """Sets drawn at random: of each parameter a class, then a cell of the class. A few have one reading that refuses the set."""
        random = np.random.default_rng(seed)
        by_class = [self._by_class(one) for one in self.tried]
        for start in range(0, amount, CHUNK):
            many = min(CHUNK, amount - start)
            places = np.stack([_draw(random, classes, many) for classes in by_class])
            chosen = random.integers(len(self.tried), size=many)
            wrong = random.random(many) < REFUSED_SHARE
            for row, one in enumerate(self.tried):
                here = np.flatnonzero(wrong & (chosen == row))
                if one.refused and len(here):
                    places[row, here] = random.choice(np.array(one.refused, np.int32), len(here))
            yield places

    def _by_class(self, one: Tried) -> list[Places]:
        classes: dict[int, list[int]] = {}
        for place in one.typed:
            if not one.refuses(place):
                classes.setdefault(one.cells[place].number, []).append(place)
        return [np.array(places, np.int32) for places in classes.values()]

    def _around(self, names: tuple[str, ...], choices: Sequence[Sequence[int]]) -> Iterator[Places]:
        """Every combination of the cells of some parameters, in every setting of the other contexts; the rest well, then missing."""
        grids = [grid.reshape(-1) for grid in np.meshgrid(*(np.array(choice, np.int32) for choice in choices), indexing="ij")]
        seen = set()
        for setting in self.settings:
            others = tuple(place for name, place in setting.items() if name not in names)
            if others in seen:  # one of the parameters is itself a context
                continue
            seen.add(others)
            for background in self._backgrounds(names, setting):
                block = np.repeat(np.array(background, np.int32)[:, None], len(grids[0]), axis=1)
                for name, grid in zip(names, grids, strict=True):
                    block[self.at[name]] = grid
                yield block

    def _backgrounds(self, names: tuple[str, ...], setting: Mapping[str, int]) -> list[list[int]]:
        """A well set in one setting of the contexts, and one in which all but the contexts is missing."""
        nothing = [setting.get(one.id, one.missing) for one in self.tried]
        well = [setting.get(one.id, one.well(context_code(self.compiled, one, setting, self.by_id))) for one in self.tried]
        for group in self.chart.groups:
            if group.kind != "one_of":
                continue
            varied = any(name in names for name in group.parameters)
            answering = [name for name in group.parameters if self._counts(name, well, setting)]
            for name in group.parameters:
                if name not in setting and (varied or name not in answering[:1]):
                    well[self.at[name]] = self.by_id[name].missing
        return [well, nothing]

    def _counts(self, name: str, well: Sequence[int], setting: Mapping[str, int]) -> bool:
        """Whether the well reading of a parameter counts in a setting."""
        one = self.by_id[name]
        found = one.own.contributions[context_code(self.compiled, one, setting, self.by_id)][one.cells[well[self.at[name]]].number]
        return found is not None and found.bounds is not None


def chunked(blocks: Iterable[Places]) -> Iterator[Places]:
    """The same sets, CHUNK at a time."""
    waiting: list[Places] = []
    many = 0
    for block in blocks:
        waiting.append(block)
        many += block.shape[1]
        if many >= CHUNK:
            joined = np.concatenate(waiting, axis=1)
            for start in range(0, many - many % CHUNK, CHUNK):
                yield joined[:, start : start + CHUNK]
            waiting, many = [joined[:, many - many % CHUNK :]], many % CHUNK
    if many:
        yield np.concatenate(waiting, axis=1)


def _draw(random: np.random.Generator, classes: Sequence[Places], many: int) -> Places:
    chosen = random.integers(len(classes), size=many)
    found = np.empty(many, np.int32)
    for number, places in enumerate(classes):
        here = np.flatnonzero(chosen == number)
        found[here] = places[random.integers(len(places), size=len(here))]
    return found
