"""Reasons for no reading that a chart scores, given other points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {"skip_worth": "a reason for no reading that the chart scores gives 0 or no points"}
EXAMPLES = (Example("skip:tick_rate:T1:0", {"tick_rate": None, "skip_tick_rate": "T1"}, "total 2, level Watch", "total 0, level Watch"),)


def faults(chart: Chart) -> Iterator[Fault]:
    for parameter in chart.parameters:
        for skip in parameter.skips:
            for points in (None, 0):
                if skip.points is None or points == skip.points:
                    continue
                changed = with_parameter(
                    chart, replace(parameter, skips=tuple(replace(each, points=points) if each is skip else each for each in parameter.skips))
                )
                instead = "no points" if points is None else count(points, "point")
                says = f"{row_name(parameter)}, skipped because {skip.code} ({skip.says}): seems to give {instead} instead of {skip.points}"
                yield Fault("skip_worth", "skip:{site}:{value}:{after}", says, (parameter.id,), changed, Site(parameter.id), skip.code, after=points)
