"""What is tried of each parameter of a chart: readings, missing, skipped, refused, unreadable; and which of them the chart treats alike."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart, Interval, Parameter
from mews_newtt.compiled import CompiledChart, CompiledParameter, Contribution, Cut
from mews_newtt.reading.values import NOISE

MOST_RECORDABLE = 1_200  # recordable values of one parameter; where there are more, only those next to edges are tried
UNREADABLE = "unreadable"  # text that is no number, and no category of any observation
OTHER_REASON = "could not be done"  # a reason for a skip that is no code of any chart


@dataclass(frozen=True)
class Cell:
    """One thing that a set can say of a parameter: a reading, a reason why there is none, or nothing."""

    number: int  # of the class that the chart puts it in
    text: str | None = None  # the reading as it is written
    skip: str | None = None
    only_text: bool = False  # a column of numbers cannot hold it


@dataclass(frozen=True)
class Tried:
    """The cells of one parameter, and choices among them by their places."""

    own: CompiledParameter
    cells: tuple[Cell, ...]
    refusing: frozenset[int]  # classes that refuse the set whatever else is given

    @property
    def id(self) -> str:
        return self.own.id

    @cached_property
    def missing(self) -> int:
        return self._first(self.own.classes.missing)

    @cached_property
    def typed(self) -> list[int]:
        """Every cell that a column of numbers can hold, or one of categories."""
        return [place for place, cell in enumerate(self.cells) if not cell.only_text]

    @cached_property
    def every_class(self) -> list[int]:
        """One cell of every class: the readings, the refused readings, missing, each skip."""
        numbers = dict.fromkeys(cell.number for cell in self.cells if not cell.only_text)
        return [self._first(number) for number in numbers]

    @cached_property
    def scorable(self) -> list[int]:
        """One cell of every class that does not refuse the set."""
        return [place for place in self.every_class if not self.refuses(place)]

    @cached_property
    def refused(self) -> list[int]:
        return [place for place in self.every_class if self.refuses(place)]

    @cached_property
    def readings(self) -> list[int]:
        return [place for place in self.typed if self.cells[place].text is not None]

    @cached_property
    def plausible(self) -> list[int]:
        flags = [self.own.classes.classes[cell.number].flags for cell in self.cells]
        return [place for place in self.readings if not self.refuses(place) and "implausible" not in flags[place]]

    @cached_property
    def recordable(self) -> frozenset[int]:
        """The numbers on the step of the observation."""
        step = self.own.parameter.observation.step
        return frozenset(place for place in self.readings if not Decimal(self.cells[place].text or 0) % step)

    @cached_property
    def floats(self) -> npt.NDArray[np.float64]:
        """Every number as a float; NaN where a cell holds none."""
        return np.array([math.nan if cell.text is None or cell.only_text else float(cell.text) for cell in self.cells])

    def refuses(self, place: int) -> bool:
        """Whether the cell refuses the set whatever else is given: an impossible or unreadable value, or a person whom the chart is not for."""
        return self.cells[place].number in self.refusing

    def alike(self, compiled: CompiledChart) -> list[int]:
        """One cell of every group of classes that count alike in every context. Only their flags may differ."""
        context = compiled.contexts.get(self.id)
        found: dict[object, int] = {}
        for place in self.scorable:
            number = self.cells[place].number
            counts = tuple(self._counts(row[number]) for row in self.own.contributions)
            rules = tuple((part.rule, part.part) for part in self.own.scope[number])
            chooses = None if context is None else (context.class_of[number], _hypothetical(self.own, number))
            found.setdefault((counts, rules, chooses), place)
        return list(found.values())

    def well(self, code: int) -> int:
        """The reading that counts least in one context; of several, one without flags. Missing where no reading counts."""

        rows = (self.own.contributions[code], *self.own.contributions)

        def order(place: int) -> tuple[object, ...]:
            number = self.cells[place].number
            found = next((row[number] for row in rows if row[number] is not None), None)
            bounds = found.bounds if found else None
            points, zone, level = bounds.least if bounds else (0, 0, 0)
            return level, zone, points, bool(found and found.flags), place

        return min((place for place in self.scorable if self.cells[place].text is not None), key=order, default=self.missing)

    def _counts(self, found: Contribution | None) -> object:
        """All that a contribution counts for. Whether there is a reading or a skip counts by itself only where one of several may be given."""
        if found is None:
            return None
        answers = (found.given, found.skipped) if self.own.group is not None and self.own.group.kind == "one_of" else ()
        return found.bounds, found.points, found.missing, found.refused, "not_read" in found.flags, answers

    def _first(self, number: int) -> int:
        return next(place for place, cell in enumerate(self.cells) if cell.number == number and not cell.only_text)


def tried(compiled: CompiledChart) -> list[Tried]:
    """What is tried of every parameter, in chart order."""
    rules = [rule.refuse and len(rule.when) == 1 for rule in compiled.chart.scope]
    found = []
    for own in compiled.parameters.values():
        refusing = {number for number, one in enumerate(own.classes.classes) if one.refused or any(rules[part.rule] for part in own.scope[number])}
        found.append(Tried(own, tuple(_cells(compiled.chart, own)), frozenset(refusing)))
    return found


def settings(compiled: CompiledChart, every: Sequence[Tried]) -> list[dict[str, int]]:
    """Every combination of the contexts: one cell for each way in which a context chooses tables, missing, and each skip."""
    names = list(compiled.contexts)
    choices = []
    for name in names:
        own = next(one for one in every if one.id == name)
        ways: dict[object, int] = {}
        for place in own.scorable:
            cell = own.cells[place]
            way = ("reading", compiled.contexts[name].class_of[cell.number]) if cell.text is not None else ("none", cell.number)
            ways.setdefault(way, place)
        choices.append(list(ways.values()))
    return [dict(zip(names, chosen, strict=True)) for chosen in product(*choices)]


def context_code(compiled: CompiledChart, own: Tried, setting: Mapping[str, int], every: Mapping[str, Tried]) -> int:
    """The context code of one parameter in a setting."""
    radices = compiled.radices(own.own.contexts)
    return sum(compiled.contexts[name].class_of[every[name].cells[setting[name]].number] * radix for name, radix in radices.items())


def _cells(chart: Chart, own: CompiledParameter) -> Iterator[Cell]:
    classes, observation = own.classes, own.parameter.observation
    if observation.numeric:
        texts = [format(value, "f") for value in _values(chart, own)]
        numbers = {text: bisect_right(classes.cuts, Cut(Decimal(text))) for text in texts}  # of impossible ones too, which `read` refuses
        step = observation.step
        # The first cell of a class stands for it: recordable where it has one, and in its middle.
        for number in range(classes.readings):
            inside = [text for text in texts if numbers[text] == number]
            recordable = [text for text in inside if not Decimal(text) % step]
            best = recordable or inside
            middle = best[len(best) // 2] if best else None
            yield from (Cell(number, text) for text in ([middle] if middle is not None else []))
            yield from (Cell(number, text) for text in inside if text != middle)
    else:
        yield from (Cell(number, name) for name, number in classes.categories.items())
    yield Cell(classes.missing)
    yield Cell(classes.fault, UNREADABLE, only_text=True)
    codes = [skip.code for skip in own.parameter.skips]
    yield from (Cell(number, skip=reason) for number, reason in zip(classes.skips, (OTHER_REASON, *codes), strict=True))


def _values(chart: Chart, own: CompiledParameter) -> list[Decimal]:
    """Numbers of a parameter, from low to high.

    Next to every edge that the chart or the observation names: the recordable values on both sides, the edge itself, between two recordable
    values, and where float noise ends. One value inside every class. And every recordable value, where there are at most MOST_RECORDABLE.
    """
    observation, parameter = own.parameter.observation, own.parameter
    step, reach = observation.step, observation.step / NOISE
    edges = _edges(chart, parameter)
    found = {one.value for one in own.classes.classes[: own.classes.readings] if isinstance(one.value, Decimal)}
    for edge in edges:
        below = math.floor(edge / step) * step
        found |= {below + many * step for many in (-1, 0, 1, 2)}
        for at in (edge, below, below + step):
            found |= {at, at + step / 2, at - step / 2}
            found |= {at + sign * reach * part / 10 for sign in (-1, 1) for part in (9, 10, 11)}
    if edges:
        first, last = math.floor(edges[0] / step) - 1, math.ceil(edges[-1] / step) + 1
        if last - first <= MOST_RECORDABLE:
            found |= {number * step for number in range(first, last + 1)}
    return sorted({value.normalize() + 0 for value in found})


def _edges(chart: Chart, parameter: Parameter) -> list[Decimal]:
    """Every number at which the chart, or the limits of the observation, may treat a reading differently. Read from the chart alone."""
    observation = parameter.observation
    conditions = [wanted for other in chart.parameters for table in other.tables for name, wanted in table.when if name == parameter.id]
    conditions += [wanted for rule in chart.scope for name, wanted in rule.when if name == parameter.id]
    ranges = [observation.impossible, observation.implausible, *conditions, *(band.interval for table in parameter.tables for band in table.bands)]
    found = {edge for one in ranges if isinstance(one, Interval) for edge in (one.low, one.high) if edge is not None}
    return sorted(Decimal(edge) for edge in found)


def _hypothetical(own: CompiledParameter, number: int) -> object:
    """Which class without a reading a context is in: the engines take missing and each skip for the same unknown context, or for an assumed one."""
    return None if number < own.classes.readings else number
