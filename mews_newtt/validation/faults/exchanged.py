"""Two readings that are recorded together, such as systolic and diastolic blood pressure, taken for each other."""

from __future__ import annotations

from collections.abc import Iterator

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Change, Example, Fault, Site, numeric_parameters
from mews_newtt.validation.mutants import Sheet
from mews_newtt.validation.wording import row_name

KINDS = {"exchanged": "two readings that are recorded together are exchanged"}
EXAMPLES = (Example("exchanged:left_wheel", {"left_wheel": "4"}, "total 2, level Watch", "total 0, level Watch"),)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in numeric_parameters(chart):
        partner = parameter.observation.recorded_with
        if partner is not None and parameter.id < partner and partner in chart.by_id:
            says = f"{row_name(parameter)} and {row_name(chart.by_id[partner])} seem to be exchanged"
            about, change = (parameter.id, partner), _exchange(parameter.id, partner)
            yield Fault("exchanged", "exchanged:{site}", says, about, chart, Site(parameter.id), after=partner, change=change)


def _exchange(first: str, second: str) -> Change:
    def change(sheet: Sheet) -> Sheet:
        return Sheet({**sheet.columns, first: sheet.column(second), second: sheet.column(first)}, sheet.rows)

    return change
