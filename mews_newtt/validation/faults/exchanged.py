"""Two readings taken for each other: those recorded together, such as systolic and diastolic blood pressure, or any two numbers or answers.

Also one reading taken for two, as where both rows are bound to the same field.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.faults.fault import Change, Example, Fault, Site, numeric_parameters
from mews_newtt.validation.mutants import UNUSABLE, CellColumn, Sheet
from mews_newtt.validation.wording import row_name

KINDS = {
    "exchanged": "two readings that are recorded together are exchanged",
    "columns_exchanged": "two other readings are exchanged, or two rows with the same answers",
    "reading_copied": "a row scores the reading of another row in the same unit instead of its own",
}
EXAMPLES = (
    Example("exchanged:left_wheel", {"left_wheel": "4"}, "total 2, level Watch", "total 0, level Watch"),
    Example("columns:shell_warmth:left_wheel", {"shell_warmth": "20", "left_wheel": "30"}, "total 0, level Watch", "total 1, level Watch"),
    Example("copied:left_wheel:right_wheel", {"left_wheel": "30", "right_wheel": "3"}, "total 1, level Watch", "total 2, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in numeric_parameters(chart):
        partner = parameter.observation.recorded_with
        if partner is not None and parameter.id < partner and partner in chart.by_id:
            says = f"{row_name(parameter)} and {row_name(chart.by_id[partner])} seem to be exchanged"
            about, change = (parameter.id, partner), _exchange(parameter.id, partner)
            yield Fault("exchanged", "exchanged:{site}", says, about, chart, Site(parameter.id), after=partner, change=change)

    for first, second in combinations(chart.parameters, 2):
        if _alike(first, second) and first.observation.recorded_with != second.id and not _apart(chart, first, second):
            says = f"{row_name(first)} and {row_name(second)} seem to be exchanged"
            about, change = (first.id, second.id), _exchange(first.id, second.id)
            yield Fault("columns_exchanged", "columns:{site}:{after}", says, about, chart, Site(first.id), after=second.id, change=change)

    for own, other in permutations(numeric_parameters(chart), 2):
        if own.observation.unit == other.observation.unit and not _apart(chart, own, other):
            says = f"{row_name(own)} seems to be scored by the reading of {row_name(other)}"
            about, change = (own.id, other.id), _copy(own.id, other.id)
            yield Fault("reading_copied", "copied:{site}:{after}", says, about, chart, Site(own.id), after=other.id, change=change)


def _alike(first: Parameter, second: Parameter) -> bool:
    """Whether a reading of one may be taken for one of the other: both are numbers, or they share answers."""
    if any(p.role == "recorded" or not p.tables for p in (first, second)):
        return False
    if first.role == second.role and [table.bands for table in first.tables] == [table.bands for table in second.tables]:
        return False  # they count alike
    if first.observation.numeric and second.observation.numeric:
        return True
    return len(set(first.category_ids).intersection(second.category_ids)) > 1


def _apart(chart: Chart, first: Parameter, second: Parameter) -> bool:
    """Whether one of the two is a context: with it, the tables of other rows would be exchanged as well."""
    return not {first.id, second.id}.isdisjoint(chart.context_ids)


def _exchange(first: str, second: str) -> Change:
    def change(sheet: Sheet) -> Sheet:
        return Sheet({**sheet.columns, first: sheet.column(second), second: sheet.column(first)}, sheet.rows)

    return change


def _copy(own: str, other: str) -> Change:
    """An own reading that cannot be used is still refused."""

    def change(sheet: Sheet) -> Sheet:
        mine, theirs = sheet.column(own), sheet.column(other)
        codes = np.where((mine.kinds == UNUSABLE)[mine.codes], len(theirs.cells) + mine.codes, theirs.codes).astype(np.int32)
        return Sheet({**sheet.columns, own: CellColumn([*theirs.cells, *mine.cells], codes)}, sheet.rows)

    return change
