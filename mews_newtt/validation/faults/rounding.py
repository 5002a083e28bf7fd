"""Faults of rounding: readings rounded or cut off before they are scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_each, numeric_parameters
from mews_newtt.validation.mutants import Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "rounded": "readings are rounded to the recording step, to whole numbers or to halves, twos, fives or tens, for one parameter or for all",
    "truncated": "readings are cut off in the same ways",
}
EXAMPLES = (
    Example("half-up:shell_warmth:whole", {"shell_warmth": "24.4"}, "total 1, level Watch", "total 0, level Watch"),
    Example("half-up:tick_rate:10", {"tick_rate": "64"}, "total 3, level Rewind", "total 0, level Watch"),
    Example("down:tick_rate:step", {"tick_rate": "60.5"}, "total 3, level Rewind", "total 0, level Watch"),
)
HALF = Fraction(1, 2)
WHOLE = Fraction(1)
# What readings are rounded to: the end of the fault's id, in words, and the number; None for each parameter's own step.
GRIDS: tuple[tuple[str, str, Fraction | None], ...] = (
    ("step", "the recording step", None),
    ("whole", "whole numbers", WHOLE),
    ("half", "halves", HALF),
    ("2", "even numbers", Fraction(2)),
    ("5", "multiples of 5", Fraction(5)),
    ("10", "multiples of 10", Fraction(10)),
)
WAYS: tuple[tuple[str, str, Callable[[Fraction], int]], ...] = (
    ("half-up", "rounded", lambda x: math.floor(x + HALF)),
    ("half-even", "rounded (halves to the even neighbour)", round),
    ("down", "cut off", math.floor),
    ("up", "rounded up", math.ceil),
)


def faults(chart: Chart) -> Iterator[Fault]:
    numeric = numeric_parameters(chart)
    for way, says, turn in WAYS:
        for to, grid, size in GRIDS:
            rows = [p for p in numeric if size is None or _coarser(size, p)]
            changes = {p.id: _to_multiple(turn, Fraction(p.observation.step) if size is None else size) for p in rows}
            yield from _rounded(chart, rows, changes, way, says, to, grid)


def _coarser(size: Fraction, parameter: Parameter) -> bool:
    """Whether a parameter can be recorded between the multiples of a size, and is not a number of another order."""
    step = Fraction(parameter.observation.step)
    return step < size and (size <= WHOLE or step == WHOLE)


def _rounded(chart: Chart, rows: list[Parameter], changes: Mapping[str, ChangeCell], way: str, says: str, to: str, grid: str) -> Iterator[Fault]:
    kind, form = "truncated" if way == "down" else "rounded", f"{way}:{{site}}:{{after}}"
    for parameter in rows:
        words = f"{row_name(parameter)}: readings seem to be {says} to {grid} before scoring"
        change = change_each({parameter.id: changes[parameter.id]})
        yield Fault(kind, form, words, (parameter.id,), chart, Site(parameter.id), after=to, change=change)
    if len(rows) > 1:
        words = f"readings seem to be {says} to {grid} before scoring, in every row"
        yield Fault(kind, form, words, tuple(changes), chart, Site("*"), after=to, change=change_each(changes))


def _to_multiple(turn: Callable[[Fraction], int], step: Fraction) -> ChangeCell:
    def change(cell: Cell) -> Cell:
        return cell._replace(value=turn(cell.value / step) * step) if isinstance(cell.value, Fraction) else cell

    return change
