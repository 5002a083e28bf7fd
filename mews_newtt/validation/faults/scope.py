"""Sets that the chart is not for, scored all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults.fault import Example, Fault
from mews_newtt.validation.wording import row_name

KINDS = {"scope_ignored": "a set that the chart is not for is scored instead of refused"}
EXAMPLES = (Example("scope:0", {"kind": "garden"}, "no score", "total 0, level Watch"),)


def faults(chart: Chart) -> Iterator[Fault]:
    for index, rule in enumerate(chart.scope):
        if rule.refuse:
            name = rule.when[0][0]
            says = f"{row_name(chart.by_id[name]) if name in chart.by_id else name}: sets seem to be scored although {rule.says}"
            changed = replace(chart, scope=(*chart.scope[:index], *chart.scope[index + 1 :]))
            yield Fault("scope_ignored", "scope:{value}", says, (name,), changed, value=index)
