"""Faults between two printed bands, such as 24.05 between "to 24.0" and "from 24.1": the lower score instead of the higher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from mews_newtt.chart.model import Band, Chart, Interval
from mews_newtt.validation.faults.edges import ends_of
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {"between_low": "a reading between two printed bands takes the lower score, for one parameter or for all"}
EXAMPLES = (Example("between:shell_warmth", {"shell_warmth": "24.05"}, "total 1, level Watch", "total 0, level Watch"),)


def faults(chart: Chart) -> Iterator[Fault]:
    changed = chart
    for parameter in chart.parameters:
        tables = tuple(replace(table, bands=_low_between(chart, table.bands)) for table in parameter.tables)
        if tables == parameter.tables:
            continue
        own = replace(parameter, tables=tables)
        changed = with_parameter(changed, own)
        says = f"{row_name(parameter)}: a reading between two printed bands seems to take the lower score"
        yield Fault("between_low", "between:{site}", says, (parameter.id,), with_parameter(chart, own), Site(parameter.id))
    says = "readings between two printed bands seem to take the lower score, in every row"
    yield Fault("between_low", "between:{site}", says, (), changed, Site("*"))


def _low_between(chart: Chart, bands: tuple[Band, ...]) -> tuple[Band, ...]:
    changed = list(bands)
    for index, (low, high) in enumerate(pairwise(bands)):
        ends = ends_of(low, high)
        if ends is None or ends[2] == ends[3] or chart.severity(low) == chart.severity(high):
            continue
        if chart.severity(low) < chart.severity(high):
            changed[index] = replace(changed[index], interval=replace(changed[index].interval or Interval(), high=ends[3], high_included=False))
        else:
            changed[index + 1] = replace(high, interval=replace(ends[1], low=ends[2], low_included=False))
    return tuple(changed)
