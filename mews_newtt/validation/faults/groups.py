"""Groups of parameters that count once, counted apart; and parameters recorded together that count once although each should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from mews_newtt.chart.model import Chart, Group
from mews_newtt.validation.faults.fault import Example, Fault, Site
from mews_newtt.validation.wording import row_name

KINDS = {
    "group_apart": "parameters that count once together, such as two pressures, each count",
    "counted_once": "two rows that each count are counted once, as the worse of the two",
}
EXAMPLES = (
    Example("group:wheels", {"left_wheel": "4", "right_wheel": "3"}, "total 2, level Watch", "total 3, level Oil"),
    Example("once:tick_rate:shell_warmth", {"tick_rate": "19", "shell_warmth": "30"}, "total 3, level Oil", "total 2, level Watch"),
)
MOST_TOGETHER = 3  # rows of a chart of which any two are tried; of longer charts those recorded together


def faults(chart: Chart) -> Iterator[Fault]:
    for group in chart.groups:
        says = f"{group.title}: each of {' and '.join(row_name(chart.by_id[name]) for name in group.parameters)} seems to count by itself"
        changed = replace(chart, groups=tuple(each for each in chart.groups if each is not group))
        yield Fault("group_apart", "group:{value}", says, group.parameters, changed, value=group.id)
    scored = [p for p in chart.parameters if p.role == "scored" and p.id not in chart.group_of and p.id not in chart.context_ids]
    for one, other in combinations(scored, 2):
        together = other.id == one.observation.recorded_with
        if together or (one.observation.numeric and other.observation.numeric and len(scored) <= MOST_TOGETHER):
            says = f"{row_name(one)} and {row_name(other)} seem to count once, as the worse of the two"
            new = Group(f"{one.id}+{other.id}", f"{one.title} and {other.title}", "either", (one.id, other.id), one.source)
            changed = replace(chart, groups=(*chart.groups, new))
            yield Fault("counted_once", "once:{site}:{after}", says, (one.id, other.id), changed, Site(one.id), after=other.id)
