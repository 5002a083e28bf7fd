"""Faults of units: a number read in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mews_newtt.chart.model import Chart, Interval, Parameter
from mews_newtt.chart.units import unit_said
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells, numeric_parameters
from mews_newtt.validation.mutants import READ, UNUSABLE, Cell
from mews_newtt.validation.wording import row_name

KINDS = {"unit_mixed": "a number is taken for one in another unit, or only where no unit is stated, or its stated unit is ignored"}
EXAMPLES = (
    Example("unit:shell_warmth:[degF]:taken", {"shell_warmth": "30"}, "total 1, level Watch", "total 0, level Watch"),
    Example("unit:shell_warmth:ignored", {"shell_warmth": "75.2 degF"}, "total 0, level Watch", "total 1, level Watch"),
)
IGNORED = "unit:{site}:ignored"  # the form of the fault that only shows where a unit is stated


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in numeric_parameters(chart):
        yield from _of_parameter(chart, parameter)


def _of_parameter(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name, title, own = parameter.id, row_name(parameter), unit_said(parameter.observation.unit)
    for unit in parameter.observation.other_units:
        other, taken = unit_said(unit.ucum), _taken(unit.scale, unit.offset, parameter.observation.impossible)
        for way, says, change in (
            ("taken", f"numbers in {own} seem to be taken for {other}", taken),
            ("scored", f"readings seem to be scored as numbers in {other} on edges in {own}", _linear(1 / unit.scale, -unit.offset / unit.scale)),
            ("unstated", f"numbers without a unit seem to be taken for {other}, and numbers with one to be read rightly", _where_unstated(taken)),
        ):
            form = f"unit:{{site}}:{{value}}:{way}"
            yield Fault("unit_mixed", form, f"{title}: {says}", (name,), chart, Site(name), unit.ucum, change=change_cells((name,), change))
    if parameter.observation.other_units:
        says = f"{title}: the unit of a reading seems to be ignored, its number taken for {own}"
        yield Fault("unit_mixed", IGNORED, says, (name,), chart, Site(name), change=change_cells((name,), _as_written))


def _taken(scale: Fraction, offset: Fraction, possible: Interval) -> ChangeCell:
    """Numbers are taken for another unit. A number that is impossible in its own unit may be possible in that one: 98.6."""
    change = _linear(scale, offset)

    def taken(cell: Cell) -> Cell:
        if cell.kind == UNUSABLE and cell.raw is not None and possible.contains(cell.raw * scale + offset):
            return cell._replace(kind=READ, value=cell.raw * scale + offset)
        return change(cell)

    return taken


def _linear(scale: Fraction, offset: Fraction) -> ChangeCell:
    def change(cell: Cell) -> Cell:
        return cell._replace(value=cell.value * scale + offset) if isinstance(cell.value, Fraction) else cell

    return change


def _where_unstated(change: ChangeCell) -> ChangeCell:
    return lambda cell: change(cell) if cell.raw is None or cell.kind == UNUSABLE else cell


def _as_written(cell: Cell) -> Cell:
    return cell._replace(value=cell.raw) if cell.kind == READ and cell.raw is not None else cell
