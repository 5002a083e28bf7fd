"""Where a chart treats two readings alike, so that a platform that takes one for the other shows nothing: for the proofs of test packs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.model import Band, Chart, Interval, Number, Parameter
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import READ, Cell, CellColumn, Sheet


def shown_alike(chart: Chart, bands: Sequence[Band]) -> bool:
    """Whether bands show the same. A zone shows only where a level counts zones."""
    zones = any(count.zone is not None for level in chart.levels for count in level.counts)
    return len({(points, zone if zones else 0, level) for points, zone, level in map(chart.severity, bands)}) < 2


def exchanged_alike(chart: Chart, fault: Fault) -> bool:
    """Whether two rows that are exchanged give the same for the same answers, and are counted together or both alone."""
    first, second = (chart.by_id[name] for name in fault.parameters)
    if {first.id, second.id}.intersection(chart.context_ids) or chart.group_of.get(first.id) != chart.group_of.get(second.id):
        return False
    if any(name in fault.parameters for rule in chart.scope for name, _ in rule.when):
        return False
    return not first.observation.numeric and not second.observation.numeric and _as_shown(chart, first) == _as_shown(chart, second)


def _as_shown(chart: Chart, row: Parameter) -> tuple[object, ...]:
    """What of a row decides an answer: of each table when it counts, and what each word gives."""
    tables = [(table.when, table.applies, {word: chart.severity(band) for band in table.bands for word in band.categories}) for table in row.tables]
    required = row.required and chart.has_points  # without points nothing shows that a set is partial
    return (row.role, required, row.assumed, row.skips, tables, set(row.observation.category_ids), set(row.category_ids))


def age_alike(chart: Chart, fault: Fault) -> bool:
    """Whether a rounded age chooses the same tables, and is refused alike, at every age that can be.

    Between two neighbours of whole ages, half ages and limits nothing changes: one age between them stands for all.
    """
    name = fault.parameters[0]
    parameter = chart.by_id[name]
    conditions = [wanted for p in chart.parameters for table in p.tables for other, wanted in table.when if other == name]
    conditions += [wanted for rule in chart.scope for other, wanted in rule.when if other == name]
    possible = parameter.observation.impossible
    intervals = [wanted for wanted in conditions if isinstance(wanted, Interval)]
    if any(table.bands for table in parameter.tables) or len(intervals) < len(conditions) or possible.low is None or possible.high is None:
        return False
    limits = {Fraction(edge) for wanted in intervals for edge in (wanted.low, wanted.high) if edge is not None}
    whole = range(math.floor(possible.low), math.ceil(possible.high) + 1)
    places = sorted(limits.union(Fraction(n) for n in whole).union(Fraction(2 * n + 1, 2) for n in whole))
    ages = [age for age in (*places, *((a + b) / 2 for a, b in pairwise(places))) if possible.contains(age)]
    return all(_chooses(intervals, age) == _chooses(intervals, taken) for age, taken in zip(ages, _taken(fault, name, ages), strict=True))


def _taken(fault: Fault, name: str, ages: Sequence[Fraction]) -> list[Number | str | None]:
    cells = [Cell(READ, age) for age in ages]
    sheet = Sheet({name: CellColumn(cells, np.arange(len(cells), dtype=np.int32))}, len(cells))
    changed = sheet if fault.change is None else fault.change(sheet)
    column = changed.column(name)
    return [column.cells[code].value for code in column.codes.tolist()]


def _chooses(intervals: Sequence[Interval], age: Number | str | None) -> list[bool]:
    return [age is not None and matches(wanted, age) for wanted in intervals]
