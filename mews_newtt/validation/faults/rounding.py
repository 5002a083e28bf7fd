"""Faults of rounding: readings rounded or cut off before they are scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_each, numeric_parameters
from mews_newtt.validation.mutants import Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "rounded": "readings are rounded to the recording step or to whole numbers, for one parameter or for all",
    "truncated": "readings are cut off, to the recording step or to whole numbers, for one parameter or for all",
}
EXAMPLES = (
    Example("half-up:shell_warmth:whole", {"shell_warmth": "24.4"}, "total 1, level Watch", "total 0, level Watch"),
    Example("down:tick_rate:step", {"tick_rate": "60.5"}, "total 3, level Rewind", "total 0, level Watch"),
)
HALF = Fraction(1, 2)
WAYS: tuple[tuple[str, str, Callable[[Fraction], int]], ...] = (
    ("half-up", "rounded", lambda x: math.floor(x + HALF)),
    ("half-even", "rounded (halves to the even neighbour)", round),
    ("down", "cut off", math.floor),
    ("up", "rounded up", math.ceil),
)


def faults(chart: Chart) -> Iterator[Fault]:
    numeric = numeric_parameters(chart)
    for way, says, turn in WAYS:
        for to, grid in (("step", "the recording step"), ("whole", "whole numbers")):
            yield from _rounded(chart, [p for p in numeric if to == "step" or p.observation.step % 1], way, says, turn, to, grid)


def _rounded(chart: Chart, rows: list[Parameter], way: str, says: str, turn: Callable[[Fraction], int], to: str, grid: str) -> Iterator[Fault]:
    changes = {p.id: _to_multiple(turn, Fraction(1) if to == "whole" else Fraction(p.observation.step)) for p in rows}
    kind, form = "truncated" if way == "down" else "rounded", f"{way}:{{site}}:{{after}}"
    for parameter in rows:
        words, change = (
            f"{row_name(parameter)}: readings seem to be {says} to {grid} before scoring",
            change_each({parameter.id: changes[parameter.id]}),
        )
        yield Fault(kind, form, words, (parameter.id,), chart, Site(parameter.id), after=to, change=change)
    if len(rows) > 1:
        words = f"readings seem to be {says} to {grid} before scoring, in every row"
        yield Fault(kind, form, words, tuple(changes), chart, Site("*"), after=to, change=change_each(changes))


def _to_multiple(turn: Callable[[Fraction], int], step: Fraction) -> ChangeCell:
    def change(cell: Cell) -> Cell:
        return cell._replace(value=turn(cell.value / step) * step) if isinstance(cell.value, Fraction) else cell

    return change
