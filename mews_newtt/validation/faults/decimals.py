"""Faults of numbers that lose their decimal point, or that are counted over a part of a minute."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells, telling_parameters
from mews_newtt.validation.mutants import READ, UNUSABLE, Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "decimal_lost": "the decimal point of a reading is lost, as in 368 for 36.8: the number is scored, or refused",
    "ten_times": "a reading is taken for ten times, a tenth or a hundredth of itself",
    "part_of_a_minute": "a rate is counted over 30 or 15 seconds and not made a rate per minute, or made one twice",
}
EXAMPLES = (
    Example("decimal:shell_warmth:scored", {"shell_warmth": "20.5"}, "total 0, level Watch", "total 1, level Watch"),
    Example("decimal:shell_warmth:refused", {"shell_warmth": "20.5"}, "total 0, level Watch", "no score"),
    Example("times:shell_warmth:10", {"shell_warmth": "20"}, "total 0, level Watch", "total 1, level Watch"),
    Example("times:tick_rate:1_2", {"tick_rate": "30"}, "total 0, level Watch", "total 2, level Watch"),
)
TENS = (("10", "ten times its value", Fraction(10)), ("1_10", "a tenth of its value", Fraction(1, 10)))
FRACTION = ("1_100", "a fraction of one instead of a percentage", Fraction(1, 100))
PARTS = (
    ("1_2", "counted over 30 seconds and not doubled", Fraction(1, 2)),
    ("2", "doubled although it is per minute", Fraction(2)),
    ("1_4", "counted over 15 seconds and not multiplied", Fraction(1, 4)),
    ("4", "multiplied by four although it is per minute", Fraction(4)),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in telling_parameters(chart):
        name, title, observation = parameter.id, row_name(parameter), parameter.observation

        def fault(kind: str, form: str, says: str, change: ChangeCell, after: str, name: str = name) -> Fault:
            return Fault(kind, form, says, (name,), chart, Site(name), after=after, change=change_cells((name,), change))

        if observation.step % 1:
            says = f"{title}: the decimal point seems to be lost, and the number to be"
            yield fault("decimal_lost", "decimal:{site}:{after}", f"{says} scored", _without_point, "scored")
            if observation.impossible.high is not None:
                refused = _refusing(Fraction(observation.impossible.high))
                yield fault("decimal_lost", "decimal:{site}:{after}", f"{says} refused where it is impossible", refused, "refused")
        for factor, says, many in (*TENS, *((FRACTION,) if observation.unit == "%" else ())):
            yield fault("ten_times", "times:{site}:{after}", f"{title}: a reading seems to be taken for {says}", _times(many), factor)
        for factor, says, many in PARTS if observation.unit == "/min" else ():
            yield fault("part_of_a_minute", "times:{site}:{after}", f"{title} seems to be {says}", _times(many), factor)


def _times(many: Fraction) -> ChangeCell:
    return lambda cell: cell._replace(value=cell.value * many) if cell.kind == READ and isinstance(cell.value, Fraction) else cell


def _without_point(cell: Cell) -> Cell:
    """36.8 is 368; a whole number has no point to lose."""
    if cell.kind != READ or not isinstance(cell.value, Fraction):
        return cell
    value, digits = cell.value, 0
    while value.denominator != 1 and digits < MOST_DIGITS:
        value, digits = value * 10, digits + 1
    return cell._replace(value=value)


MOST_DIGITS = 6  # after the point


def _refusing(most: Fraction) -> ChangeCell:
    def change(cell: Cell) -> Cell:
        found = _without_point(cell)
        return Cell(UNUSABLE) if isinstance(found.value, Fraction) and found.value > most else found

    return change
