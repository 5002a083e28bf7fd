"""Faults with missing readings: counted as 0, so that a partial set passes for a complete one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.contexts import filled
from mews_newtt.validation.faults.fault import Change, Example, Fault, Site, change_each, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {"missing_as_zero": "a missing reading counts as 0, for one parameter or for all"}
EXAMPLES = (
    Example("missing:shell_warmth", {"shell_warmth": None}, "no total, level at least Watch", "total 0, level Watch"),
    Example("missing:*", {"shell_warmth": None, "gait": None}, "no total, level at least Watch", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    scored = [p for p in chart.parameters if p.role == "scored" and p.required]
    every = chart
    for parameter in scored:
        if parameter.id in chart.context_ids and parameter.assumed is None:
            continue  # without it the tables of other parameters are unknown; a context that is assumed is a kind of its own
        optional = replace(parameter, required=False)
        every = with_parameter(every, optional)
        says = f"{row_name(parameter)}: a missing reading seems to be counted as 0, so that a partial set passes for complete"
        yield Fault("missing_as_zero", "missing:{site}", says, (parameter.id,), with_parameter(chart, optional), Site(parameter.id))
    says = "missing readings seem to be counted as 0: partial sets get a plain total"
    yield Fault("missing_as_zero", "missing:{site}", says, tuple(p.id for p in scored), every, Site("*"), change=_filled_contexts(chart))


def _filled_contexts(chart: Chart) -> Change | None:
    """A missing context that is scored as well is taken for its least answer. None where the chart has no such context."""
    rows = [chart.by_id[name] for name in chart.context_ids if chart.by_id[name].role == "scored" and not chart.by_id[name].observation.numeric]
    least = {p.id: min((band for t in p.tables for band in t.bands), key=chart.severity).categories[0] for p in rows if p.assumed is None}
    return change_each({name: filled(value) for name, value in least.items()}) if least else None
