"""Rules that a platform applies to everybody: one context for every set, a row scored in every context, one reason for every gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.contexts import distinguishable_values
from mews_newtt.chart.model import Chart, Number, Parameter, number
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import ChangeCell, Example, Fault, Site, change_cells, with_parameter
from mews_newtt.validation.mutants import MISSING, READ, SKIPPED, Cell
from mews_newtt.validation.wording import row_name

KINDS = {
    "context_for_all": "every set is scored in the same context, whatever its own is and also where it is missing",
    "not_read_scored": "a reading is scored in a context in which the chart does not read it, such as a concentration beside high flow",
    "skip_for_all": "any reason for no reading, or none at all, gives the points of one coded reason",
}
EXAMPLES = (
    Example("for-all:age_winters:11", {"tick_rate": "55"}, "total 0, level Watch", "total 1, level Watch"),
    Example("for-all:gait:steady", {"gait": None}, "no total, level at least Watch", "total 0, level Watch"),
    Example("not-read:oil_drops", {"oil_drops": "3"}, "total 0, level Watch", "total 2, level Watch"),
    Example("skip-for-all:tick_rate:t1:reason", {"tick_rate": None, "skip_tick_rate": "T2"}, "no total, level at least Watch",
            "total 2, level Watch"),
    Example("skip-for-all:tick_rate:t1:missing", {"tick_rate": None}, "no total, level at least Watch", "total 2, level Watch"),
)  # fmt: skip


def faults(chart: Chart) -> Iterator[Fault]:
    for name in chart.context_ids:
        yield from _always(chart, chart.by_id[name])
    for parameter in chart.parameters:
        yield from _not_read(chart, parameter)
        yield from _any_reason(chart, parameter)


def _always(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name = parameter.id
    for value in distinguishable_values(chart, name):
        words = value.replace("_", " ") if isinstance(value, str) else number(_written(value), parameter.observation.unit)
        says = f"{row_name(parameter)}: every set seems to be scored as if it were {words}, also where it is missing"
        change = change_cells((name,), _taken_for(value))
        after = value if isinstance(value, str) else _written(value)
        yield Fault("context_for_all", "for-all:{site}:{after}", says, (name,), chart, Site(name), after=after, change=change)


def _written(value: Number) -> Decimal:
    """A number as it is written in a set."""
    return value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)


def _taken_for(value: Number | str) -> ChangeCell:
    taken = value if isinstance(value, str) else Fraction(_written(value))
    return lambda cell: Cell(READ, taken) if cell.kind in (READ, MISSING, SKIPPED) else cell


def _not_read(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    """A row scored where the chart does not read it, as in the first context in which it does; it is never missing there."""
    read = next((table for table in parameter.tables if table.applies and table.bands), None)
    if read is None or all(table.applies for table in parameter.tables):
        return
    tables = tuple(table if table.applies else replace(table, applies=True, bands=read.bands) for table in parameter.tables)
    says = f"{row_name(parameter)} seems to be scored in every context, also where the chart does not read it"
    changed = with_parameter(chart, replace(parameter, tables=tables, required=False))
    yield Fault("not_read_scored", "not-read:{site}", says, (parameter.id,), changed, Site(parameter.id))


def _any_reason(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    for skip in parameter.skips:
        if skip.points is None:
            continue
        code = skip.code.casefold()
        ways = (("reason", (SKIPPED,), "any reason for no reading"), ("missing", (SKIPPED, MISSING), "a missing reading, with or without a reason,"))
        for what, kinds, why in ways:
            says = f"{row_name(parameter)}: {why} seems to give {count(skip.points, 'point')}, as {skip.code} ({skip.says}) does"
            change = change_cells((parameter.id,), _skipped_as(code, kinds))
            form = f"skip-for-all:{{site}}:{{after}}:{what}"
            yield Fault("skip_for_all", form, says, (parameter.id,), chart, Site(parameter.id), value=what, after=code, change=change)


def _skipped_as(code: str, kinds: tuple[int, ...]) -> ChangeCell:
    return lambda cell: Cell(SKIPPED, skip=code) if cell.kind in kinds else cell
