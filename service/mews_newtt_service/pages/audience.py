"""For whom a chart is, so that lists can begin with maternity and newborn charts."""

from __future__ import annotations

from collections.abc import Iterable

from mews_newtt.chart.model import Chart

GROUP = "patient_group"
MATERNITY = frozenset(("pregnant", "in_labour", "postnatal"))
HEADINGS = ("Maternity", "Newborn babies", "Children", "Adults", "Other charts")


def by_audience(charts: Iterable[Chart]) -> list[tuple[str, list[Chart]]]:
    """The charts under headings, maternity and newborn first; headings without a chart are left out."""
    found: dict[str, list[Chart]] = {heading: [] for heading in HEADINGS}
    for chart in charts:
        found[_heading(chart)].append(chart)
    return [(heading, some) for heading, some in found.items() if some]


def _heading(chart: Chart) -> str:
    """By the patient groups that the chart's scope leaves; a chart that leaves all of them, or has no such row, is for nobody in particular."""
    parameter = chart.by_id.get(GROUP)
    outside: set[str] = set()
    for rule in chart.scope:
        if len(rule.when) == 1 and rule.when[0][0] == GROUP and isinstance(rule.when[0][1], frozenset):
            outside |= rule.when[0][1]
    left = set(parameter.category_ids) - outside if parameter is not None and outside else set()
    for heading, wanted in zip(HEADINGS, (MATERNITY, {"newborn"}, {"child", "newborn"}, {"adult"}), strict=False):
        if left and left <= wanted:
            return heading
    return HEADINGS[-1]
