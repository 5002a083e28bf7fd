"""All edges of a parameter moved together, as with a device that reads too high or low."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mews_newtt.chart.model import Chart, number
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells, telling_parameters
from mews_newtt.validation.mutants import READ
from mews_newtt.validation.wording import row_name

KINDS = {"edges_shifted": "all edges of one parameter are moved together, by the same steps"}
EXAMPLES = (Example("shifted:shell_warmth:+2", {"shell_warmth": "24.2"}, "total 1, level Watch", "total 0, level Watch"),)
STEPS = (1, 2, 3, 5, 10)


def faults(chart: Chart, reach: int = STEPS[-1]) -> Iterator[Fault]:
    """The edges of each parameter moved together by as many steps as are in `STEPS`, `reach` at most."""
    for parameter in telling_parameters(chart):
        step, unit = Fraction(parameter.observation.step), parameter.observation.unit
        for by in (way * steps for steps in STEPS if steps <= reach for way in (-1, 1)):
            far, where = number(abs(by) * parameter.observation.step, unit), "lower" if by < 0 else "higher"
            says = f"{row_name(parameter)}: all edges seem to be {far} {where}"
            change = change_cells((parameter.id,), _moved(-by * step))
            yield Fault("edges_shifted", "shifted:{site}:{by:+d}", says, (parameter.id,), chart, Site(parameter.id), by=by, change=change)


def _moved(by: Fraction) -> ChangeCell:
    """To move all edges up is to read everything lower."""
    return lambda cell: cell._replace(value=cell.value + by) if cell.kind == READ and isinstance(cell.value, Fraction) else cell
