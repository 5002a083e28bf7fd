"""Groups of parameters that count once, counted apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault
from mews_newtt.validation.wording import row_name

KINDS = {"group_apart": "parameters that count once together, such as two pressures, each count"}
EXAMPLES = (Example("group:wheels", {"left_wheel": "4", "right_wheel": "3"}, "total 2, level Watch", "total 3, level Oil"),)


def faults(chart: Chart) -> Iterator[Fault]:
    for group in chart.groups:
        says = f"{group.title}: each of {' and '.join(row_name(chart.by_id[name]) for name in group.parameters)} seems to count by itself"
        changed = replace(chart, groups=tuple(each for each in chart.groups if each is not group))
        yield Fault("group_apart", "group:{value}", says, group.parameters, changed, value=group.id)
