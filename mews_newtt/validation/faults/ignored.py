"""Faults of parameters that a platform does not look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {
    "trigger_ignored": "a trigger does not raise the level",
    "parameter_ignored": "the readings of a scored parameter do not count",
}
EXAMPLES = (
    Example("ignored:keeper_concern", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 0, level Watch"),
    Example("ignored:shell_warmth", {"shell_warmth": "30"}, "total 1, level Watch", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in chart.parameters:
        if parameter.role == "recorded" or not parameter.tables:
            continue
        kind = "trigger_ignored" if parameter.role == "trigger" else "parameter_ignored"
        changed = with_parameter(chart, replace(parameter, role="recorded", required=False, tables=(), skips=()))
        yield Fault(kind, "ignored:{site}", f"{row_name(parameter)} seems to be ignored", (parameter.id,), changed, Site(parameter.id))
