"""Another chart, or another version, used by mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mews_newtt.chart.catalogue import charts
from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults import level_rules
from mews_newtt.validation.faults.fault import Example, Fault

KINDS = {"other_chart": "another version is used, or another chart that shares at least half of its scored parameters"}
EXAMPLES = (Example("chart:demo@2.0", {"shell_warmth": "30"}, "total 1, level Watch", "total 2, level Watch"),)


def faults(chart: Chart, others: Iterable[Chart] | None) -> Iterator[Fault]:
    """None takes the charts of the catalogue. What the right chart does not ask for is optional on the other one."""
    own = {p.id for p in chart.parameters if p.role == "scored"}
    for other in charts() if others is None else others:
        scored = [p.id for p in other.parameters if p.role == "scored"]
        if (other.id, other.version) == (chart.id, chart.version) or 2 * len(own.intersection(scored)) < max(2, len(scored)):
            continue
        optional = tuple(p if p.id in chart.by_id else replace(p, required=False) for p in other.parameters)
        says = f"the platform seems to score {other.title}, version {other.version}, instead of {chart.title}, version {chart.version}"
        used = replace(other, parameters=optional, scope=other.context_refusals)
        yield Fault("other_chart", "chart:{after}", says, (), used, after=f"{other.id}@{other.version}")
        yield from level_rules.beside(chart, other, used)
