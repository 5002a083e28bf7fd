"""Faults in how a context (such as air or oxygen) is read: taken for another one, always for the same one, or assumed where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mews_newtt.chart.contexts import distinguishable_values
from mews_newtt.chart.model import Chart, Number, Parameter, number
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells
from mews_newtt.validation.mutants import MISSING, READ, Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "context_ignored": "a context is always taken for the same answer, such as air",
    "context_mixed": "one answer of a context is taken for another one",
    "context_assumed": "an answer is assumed where the context is missing",
}
EXAMPLES = (
    Example("always:spring:old", {"spring": "new", "tick_rate": "61"}, "total 0, level Watch", "total 3, level Rewind"),
    Example("taken:gait:stuck:wobbly", {"gait": "stuck", "oil_drops": "1"}, "total 4, level Rewind", "total 2, level Watch"),
    Example("assumed:gait:steady", {"gait": None}, "no total, level at least Watch", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for name in chart.context_ids:
        parameter = chart.by_id[name]
        yield from _assumed(chart, parameter)
        if not parameter.observation.numeric:
            yield from _mistaken(chart, parameter)


def filled(value: Number | str) -> ChangeCell:
    """A missing reading taken for a value."""
    taken = value if isinstance(value, str) else Fraction(value)
    return lambda cell: Cell(READ, taken) if cell.kind == MISSING else cell


def _assumed(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name = parameter.id
    for value in distinguishable_values(chart, name):
        if value != parameter.assumed:
            words = value.replace("_", " ") if isinstance(value, str) else number(value, parameter.observation.unit)
            says = f"{row_name(parameter)}: {words} seems to be assumed where it is missing"
            change = change_cells((name,), filled(value))
            yield Fault("context_assumed", "assumed:{site}:{after}", says, (name,), chart, Site(name), after=value, change=change)


def _mistaken(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name, title = parameter.id, row_name(parameter)
    for after in parameter.category_ids:
        words = after.replace("_", " ")
        says, change = f"{title} seems always to be taken for {words}", change_cells((name,), _taken_for(after))
        yield Fault("context_ignored", "always:{site}:{after}", says, (name,), chart, Site(name), after=after, change=change)
        for before in parameter.category_ids if len(parameter.category_ids) > 2 else ():
            if before != after:
                says, change = f"{title}: {before.replace('_', ' ')} seems to be taken for {words}", change_cells((name,), _taken_for(after, before))
                yield Fault(
                    "context_mixed", "taken:{site}:{before}:{after}", says, (name,), chart, Site(name), before=before, after=after, change=change
                )


def _taken_for(after: str, before: str | None = None) -> ChangeCell:
    """Any answer, or one of them, taken for another."""
    return lambda cell: cell._replace(value=after) if cell.kind == READ and before in (None, cell.value) else cell
