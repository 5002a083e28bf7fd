"""Faults in what a band gives: other points, another zone or level, or a category in another band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Band, Chart
from mews_newtt.validation.faults.alike import with_copies
from mews_newtt.validation.faults.fault import Example, Fault, TableAt, Value, each_table
from mews_newtt.validation.wording import band_words, gives

KINDS = {
    "band_worth": "a band gives other points, another zone or level, or what another band gives; "
    "also points that only the stated totals show, such as 11 for 1",
    "category_moved": "one category counts as another band does",
}
EXAMPLES = (
    Example("band:shell_warmth.0.1:points=2", {"shell_warmth": "30"}, "total 1, level Watch", "total 2, level Watch"),
    Example("category:keeper_concern.0.1:upset:0", {"keeper_concern": "upset"}, "total 0, level Rewind", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    return with_copies(chart, _faults(chart))


def _faults(chart: Chart) -> Iterator[Fault]:
    for at in each_table(chart):
        for index, band in enumerate(at.table.bands):
            yield from _other_contributions(at, index, band)
            yield from _moved_categories(at, index, band)


def other_contribution(at: TableAt, index: int, changed: Band, what: str, after: Value) -> Fault:
    """A band that gives something else. A trigger that no longer raises the level is ignored."""
    chart, band = at.chart, at.table.bands[index]
    says = f"{at.name}, {band_words(band)}: seems to give {gives(chart, changed)} instead of {gives(chart, band)}"
    kind = "trigger_ignored" if band.level and not changed.level else "band_worth"
    return Fault(kind, f"band:{{site}}:{what}={{after}}", says, (at.parameter.id,), at.with_bands({index: changed}), at.site(index), after=after)


def _other_contributions(at: TableAt, index: int, band: Band) -> Iterator[Fault]:
    chart, parameter = at.chart, at.parameter
    most = max((other.points or 0 for p in chart.parameters for t in p.tables for other in t.bands), default=0)
    changes: list[tuple[str, Value, Band]] = []
    if band.points is not None:
        points = sorted(range(most + 2), key=lambda n: abs(n - (band.points or 0)))
        changes += [("points", n, replace(band, points=n)) for n in points]
    if chart.zones and parameter.role != "recorded":
        changes += [("zone", zone, replace(band, zone=zone)) for zone in (None, *(zone.id for zone in chart.zones))]
    if band.level is not None:
        changes += [("level", level, replace(band, level=level)) for level in (None, *(level.id for level in chart.levels))]
    elif parameter.role == "trigger":
        changes += [("level", level.id, replace(band, level=level.id)) for level in chart.levels[1:]]
    for other_index, other in enumerate(at.table.bands):
        if other_index != index:
            changes.append(("as", other_index, replace(band, points=other.points, zone=other.zone, level=other.level)))
    for what, after, changed in changes:
        if chart.severity(changed) != chart.severity(band):
            yield other_contribution(at, index, changed, what, after)


def _moved_categories(at: TableAt, index: int, band: Band) -> Iterator[Fault]:
    chart = at.chart
    for category in band.categories if len(band.categories) > 1 else ():
        rest = replace(band, categories=tuple(c for c in band.categories if c != category))
        for other_index, other in enumerate(at.table.bands):
            if other_index == index or chart.severity(other) == chart.severity(band):
                continue
            changed = at.with_bands({index: rest, other_index: replace(other, categories=(*other.categories, category))})
            says = f"{at.name}, {category.replace('_', ' ')}: seems to give {gives(chart, other)} instead of {gives(chart, band)}"
            yield Fault(
                "category_moved", "category:{site}:{value}:{after}", says, (at.parameter.id,), changed, at.site(index), category, after=other_index
            )
