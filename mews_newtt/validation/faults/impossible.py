"""Readings at the limits of what can be: impossible ones scored instead of refused, unlikely ones refused instead of scored."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mews_newtt.chart.interval import NO_LIMITS
from mews_newtt.chart.model import Chart, Interval
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells, change_each, numeric_parameters
from mews_newtt.validation.mutants import READ, UNUSABLE, Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "impossible_scored": "an impossible reading is scored instead of refused, for one parameter or for all",
    "unlikely_refused": "an unlikely reading, which the chart flags and scores, is refused, for one parameter or for all",
}
EXAMPLES = (
    Example("impossible:shell_warmth", {"shell_warmth": "75"}, "no score", "total 1, level Watch"),
    Example("unlikely:tick_rate", {"tick_rate": "150"}, "total 3, level Rewind", "no score"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    numeric = numeric_parameters(chart)
    says = "impossible readings seem to be scored instead of refused"
    for parameter in numeric:
        change = change_cells((parameter.id,), _as_if_possible)
        yield Fault(
            "impossible_scored", "impossible:{site}", f"{row_name(parameter)}: {says}", (parameter.id,), chart, Site(parameter.id), change=change
        )
    every = change_cells([p.id for p in numeric], _as_if_possible)
    yield Fault("impossible_scored", "impossible:{site}", says, (), chart, Site("*"), change=every)
    limited = {p.id: _refused_if_in(p.observation.implausible) for p in numeric if p.observation.implausible != NO_LIMITS}
    says = "unlikely readings seem to be refused instead of scored"
    for name, refused in limited.items():
        words, change = f"{row_name(chart.by_id[name])}: {says}", change_cells((name,), refused)
        yield Fault("unlikely_refused", "unlikely:{site}", words, (name,), chart, Site(name), change=change)
    if len(limited) > 1:
        yield Fault("unlikely_refused", "unlikely:{site}", says, (), chart, Site("*"), change=change_each(limited))


def _refused_if_in(likely: Interval) -> ChangeCell:
    """`likely` is what an observation's limits leave: everything else is unlikely."""

    def change(cell: Cell) -> Cell:
        return Cell(UNUSABLE) if cell.kind == READ and isinstance(cell.value, Fraction) and not likely.contains(cell.value) else cell

    return change


def _as_if_possible(cell: Cell) -> Cell:
    return cell._replace(kind=READ, value=cell.raw) if cell.kind == UNUSABLE and cell.raw is not None else cell
