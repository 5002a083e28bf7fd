"""How much of a fault a table shows: a verdict on what no row tried would be a guess."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.model import Band, Chart, Interval, Table
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import COMPLETE, Scorer
from mews_newtt.validation.mutants_fields import Rows
from mews_newtt.validation.mutants_sheet import READ, Flags, Sheet

MOST = 500  # readings of a changed stretch looked at
BAND = 2  # different readings of a changed band that must have been seen wrong
AT_LEAST = 2  # rows that a certain verdict rests on


def enough(chart: Chart, fault: Fault, sheet: Sheet, explained: Rows) -> bool:
    """Whether the rows that a fault explains show it, and not only a part of it.

    One row may have gone wrong for any reason. Where an edge is moved, every recordable reading that now counts otherwise must have been seen
    to; where a band is worth something else, two readings of it: a wrong answer to one reading alone would look the same.
    """
    if len(explained) < AT_LEAST:
        return False
    if fault.kind not in ("edge_moved", "edge_side", "band_worth") or len(fault.parameters) != 1:
        return True
    parameter = chart.by_id[fault.parameters[0]]
    if not parameter.observation.numeric:
        return True
    column = sheet.column(parameter.id)
    seen = {column.cells[code].value for code in set(column.codes[explained].tolist())}
    changed = fault.chart.by_id[parameter.id].tables
    stretch: set[Fraction] = set()
    for before, after in zip(parameter.tables, changed, strict=True):
        if before != after:
            stretch |= set(_changed(chart, before, after, parameter.observation.step, parameter.observation.impossible))
    needed = len(stretch) if fault.kind != "band_worth" else min(BAND, len(stretch))
    return len(stretch & seen) >= needed


def lacking(scorer: Scorer) -> Flags:
    """Rows that are no complete set on the chart, and rows without a trigger that it asks of every set."""
    found: Flags = scorer.base.status != COMPLETE
    for parameter in scorer.chart.parameters:
        if parameter.role == "trigger" and parameter.required and parameter.assumed is None:
            column = scorer.sheet.column(parameter.id)
            found = found | (column.kinds != READ)[column.codes]
    return found


def finer_readings(chart: Chart, sheet: Sheet) -> frozenset[str]:
    """The parameters of which a table holds readings finer than recorded."""
    found = set()
    for parameter in chart.parameters:
        if parameter.observation.numeric and parameter.role != "recorded":
            step = Fraction(parameter.observation.step)
            if any(cell.value % step for cell in sheet.column(parameter.id).cells if isinstance(cell.value, Fraction)):
                found.add(parameter.id)
    return frozenset(found)


def _changed(chart: Chart, before: Table, after: Table, step: Decimal, possible: Interval) -> Iterator[Fraction]:
    """Recordable readings that count for something else in another table, from the least to the greatest edge that moved, or of the band."""
    ends = set()
    for one, other in zip(before.bands, after.bands, strict=False):
        if one != other:
            ends |= {end for band in (one, other) if band.interval for end in (band.interval.low, band.interval.high) if end is not None}
    if not ends:
        return
    value = max(min(ends), possible.low) if possible.low is not None else min(ends)
    highest = min(max(ends), possible.high) if possible.high is not None else max(ends)
    value -= value % step
    for _ in range(MOST):
        if value > highest:
            return
        if _worth(chart, before, value) != _worth(chart, after, value):
            yield Fraction(value)
        value += step


def _worth(chart: Chart, table: Table, value: Decimal) -> tuple[int, ...] | None:
    band: Band | None = next((band for band in table.bands if band.interval is not None and band.interval.contains(value)), None)
    return None if band is None else chart.severity(band)
