"""Impossible readings scored instead of refused."""

from __future__ import annotations

from collections.abc import Iterator

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault, Site, change_cells, numeric_parameters
from mews_newtt.validation.mutants import READ, UNUSABLE, Cell
from mews_newtt.validation.wording import row_name

KINDS = {"impossible_scored": "an impossible reading is scored instead of refused, for one parameter or for all"}
EXAMPLES = (Example("impossible:shell_warmth", {"shell_warmth": "75"}, "no score", "total 1, level Watch"),)


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


def _as_if_possible(cell: Cell) -> Cell:
    return cell._replace(kind=READ, value=cell.raw) if cell.kind == UNUSABLE and cell.raw is not None else cell
