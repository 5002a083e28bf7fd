"""Faults in how an age or a time is made before the chart sees it: rounded to whole numbers, in another unit, or a day off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.model import Chart, Condition, Interval, Parameter, number
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, Value, change_cells
from mews_newtt.validation.mutants import READ, Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "age_rounded": "an age or a time is rounded to whole numbers, or hours to whole days, before its table is chosen",
    "age_unit": "an age or a time is taken for one in another unit, such as months for years",
    "age_day_off": "an age or a time is one day off, as with a wrong date of birth, or one whole year, as where only years are compared",
}
EXAMPLES = (
    Example("age:age_winters:half-up", {"age_winters": "9.6", "tick_rate": "55"}, "total 0, level Watch", "total 1, level Watch"),
    Example("age:age_winters:times:12", {"age_winters": "1", "tick_rate": "55"}, "total 0, level Watch", "total 1, level Watch"),
    Example("age:age_winters:day:+1", {"age_winters": "9.998", "tick_rate": "55"}, "total 0, level Watch", "total 1, level Watch"),
)
# How many of the smaller unit of time one of the larger has; UCUM defines the year as 365.25 days.
IN_UNITS = {
    "a": (("mo", "months", Fraction(12)), ("wk", "weeks", Fraction("365.25") / 7), ("d", "days", Fraction("365.25"))),
    "d": (("h", "hours", Fraction(24)), ("min", "minutes", Fraction(24 * 60))),
    "h": (("min", "minutes", Fraction(60)), ("d", "days", Fraction(1, 24))),
    "mo": (("d", "days", Fraction("365.25") / 12), ("a", "years", Fraction(1, 12))),
    "wk": (("d", "days", Fraction(7)),),
}
NAMES = {"a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "min": "minutes"}
PARTS = [Fraction(part, 4) for part in range(-4, 5)]  # how far from an edge the ways of rounding are compared
WAYS: tuple[tuple[str, str, Callable[[Fraction], int]], ...] = (
    ("half-up", "rounded", lambda x: math.floor(x + Fraction(1, 2))),
    ("down", "cut off", math.floor),
    ("up", "rounded up", math.ceil),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in times_of(chart):
        title, unit = row_name(parameter), NAMES[parameter.observation.unit]
        for way, says, turn in WAYS:
            if _tells(chart, parameter.id, turn):
                yield _fault(chart, parameter, "age_rounded", f"{way}", f"{title} seems to be {says} to whole {unit}", _turned(turn), way)
        day = _day_in(parameter.observation.unit)
        if day > 1:  # worked out from two dates, without the time of day
            says = f"{title} seems to be cut off to whole days"
            yield _fault(chart, parameter, "age_rounded", "days-down", says, _in_steps(day), "days-down")
        for ucum, words, many in IN_UNITS[parameter.observation.unit]:
            times, through = _factor(many), _factor(1 / many)
            says = f"{title}: numbers in {words} seem to be used as {unit}"
            yield _fault(chart, parameter, "age_unit", f"times:{times}", says, _scaled(many), ucum)
            says = f"{title}: numbers in {unit} seem to be taken for {words}"
            yield _fault(chart, parameter, "age_unit", f"times:{through}", says, _scaled(1 / many), ucum)
        for by, what in ((-1, "less"), (1, "more")):
            says = f"{title} seems to be {number(Decimal(1), parameter.observation.unit)} {what}"
            yield _fault(chart, parameter, "age_day_off", f"whole:{by:+d}", says, _later(Fraction(by)), by)
        for by, what in ((-1, "less"), (1, "more")):
            says = f"{title} seems to be one day {what}"
            yield _fault(chart, parameter, "age_day_off", f"day:{by:+d}", says, _later(by * day), by)


def _tells(chart: Chart, name: str, turn: Callable[[Fraction], int]) -> bool:
    """Whether rounding changes which conditions of the chart a value near an edge fulfils."""
    asked = [wanted for other, wanted in _conditions(chart) if other == name]
    edges = {edge for wanted in asked if isinstance(wanted, Interval) for edge in (wanted.low, wanted.high) if edge is not None}
    near = [max(Fraction(0), Fraction(edge) + part) for edge in edges for part in PARTS]
    return any(matches(wanted, value) != matches(wanted, Fraction(turn(value))) for wanted in asked for value in near)


def _conditions(chart: Chart) -> list[tuple[str, Condition]]:
    """What chooses a table, and what puts a set out of scope."""
    return [when for p in chart.parameters for t in p.tables for when in t.when] + [when for rule in chart.scope if rule.refuse for when in rule.when]


def times_of(chart: Chart) -> list[Parameter]:
    """The ages and times that choose a table, or that a scope rule asks for."""
    asked = {name for name, _ in _conditions(chart)}
    return [p for p in chart.parameters if p.observation.numeric and p.observation.unit in IN_UNITS and p.id in asked]


def _fault(chart: Chart, parameter: Parameter, kind: str, form: str, says: str, change: ChangeCell, after: Value) -> Fault:
    name = parameter.id
    return Fault(kind, f"age:{{site}}:{form}", says, (name,), chart, Site(name), after=after, change=change_cells((name,), change))


def _day_in(unit: str) -> Fraction:
    """One day in a unit of time."""
    return {"a": 1 / Fraction("365.25"), "mo": 12 / Fraction("365.25"), "wk": Fraction(1, 7), "d": Fraction(1), "h": Fraction(24)}[unit]


def _factor(many: Fraction) -> str:
    return str(many).replace("/", "_")


def _numbers(change: Callable[[Fraction], Fraction | int]) -> ChangeCell:
    """A change of the numbers that are read; nothing is below zero."""

    def changed(cell: Cell) -> Cell:
        if cell.kind != READ or not isinstance(cell.value, Fraction):
            return cell
        return cell._replace(value=max(Fraction(0), Fraction(change(cell.value))))

    return changed


def _turned(turn: Callable[[Fraction], int]) -> ChangeCell:
    return _numbers(turn)


def _scaled(many: Fraction) -> ChangeCell:
    return _numbers(lambda value: value * many)


def _in_steps(step: Fraction) -> ChangeCell:
    return _numbers(lambda value: value // step * step)


def _later(by: Fraction) -> ChangeCell:
    return _numbers(lambda value: value + by)
