"""Faults of triggers: all of them ignored, one counted as points, or one that raises another level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mews_newtt.chart.model import Band, Chart, Parameter
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {
    "triggers_ignored": "no trigger raises the level, or only one of them does",
    "trigger_partly": "only the worse answers of a trigger raise the level",
    "trigger_as_points": "a trigger, or a reading that only asks to think of something, gives points instead of a level, or beside it",
    "trigger_level": "every answer of a trigger, or of all triggers, raises the same other level",
}
EXAMPLES = (
    Example("trigger:keeper_concern:points=1", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 1, level Watch"),
    Example("trigger:keeper_concern:beside=2", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 2, level Rewind"),
    Example("trigger:keeper_concern:level=oil", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 0, level Oil"),
    Example("trigger:keeper_concern:from=upset", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 0, level Watch"),
    Example("triggers:ignored", {"keeper_concern": "worried"}, "total 0, level Rewind", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    raising = [p for p in chart.parameters if any(band.level for table in p.tables for band in table.bands)]
    triggers = [p for p in raising if p.role == "trigger"]
    if len(raising) > 1:
        says = "no single reading or answer seems to raise the level by itself"
        yield Fault("triggers_ignored", "triggers:ignored", says, (), _without(chart, raising))
    for kept in raising if len(raising) > 2 else ():
        says = f"only {row_name(kept)} seems to raise the level by itself, and no other trigger"
        others = [p for p in raising if p is not kept]
        yield Fault("triggers_ignored", "triggers:only:{site}", says, tuple(p.id for p in others), _without(chart, others), Site(kept.id))
    for parameter in chart.parameters:
        if parameter.role == "trigger":
            yield from _as_points(chart, parameter)
    for parameter in triggers:
        yield from _partly(chart, parameter)
        yield from _other_level(chart, [parameter])
    if len(triggers) > 1:
        yield from _other_level(chart, triggers)


def _without(chart: Chart, triggers: list[Parameter]) -> Chart:
    for parameter in triggers:
        tables = tuple(replace(table, bands=tuple(replace(band, level=None) for band in table.bands)) for table in parameter.tables)
        kept = replace(parameter, tables=tables)
        chart = with_parameter(chart, kept if parameter.role == "scored" else replace(kept, role="recorded", required=False, tables=()))
    return chart


def _partly(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    """Only the last answers that raise the level raise it; answers of one band count one by one."""
    raising = [category for table in parameter.tables for band in table.bands if band.level for category in band.categories]
    for first in range(1, len(raising)):
        left_out = set(raising[:first])
        tables = []
        for table in parameter.tables:
            bands: list[Band] = []
            for band in table.bands:
                inside = tuple(category for category in band.categories if band.level and category in left_out)
                if inside:
                    bands.append(replace(band, categories=inside, level=None))
                if len(inside) < len(band.categories):
                    bands.append(replace(band, categories=tuple(c for c in band.categories if c not in inside)))
            tables.append(replace(table, bands=tuple(bands)))
        kept = " or ".join(category.replace("_", " ") for category in raising[first:])
        says = f"{row_name(parameter)}: only {kept} seems to raise the level"
        changed = with_parameter(chart, replace(parameter, tables=tuple(tables)))
        yield Fault("trigger_partly", "trigger:{site}:from={after}", says, (parameter.id,), changed, Site(parameter.id), after=raising[first])


def _as_points(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    most = max((band.points or 0 for p in chart.parameters for table in p.tables for band in table.bands), default=0)
    bands = [band for table in parameter.tables for band in table.bands]
    if not any(band.level or band.prompt for band in bands):
        return
    raises = any(band.level for band in bands)
    for points in range(1, most + 1):
        for beside in (False, True) if raises else (True,):
            tables = tuple(
                replace(
                    table,
                    bands=tuple(
                        replace(b, points=points if (b.level if raises else b.prompt) else 0, level=b.level if beside else None) for b in table.bands
                    ),
                )
                for table in parameter.tables
            )
            changed = with_parameter(chart, replace(parameter, role="scored", required=False, tables=tables))
            way = "" if not raises else " beside its level" if beside else " instead of a level"
            form = "trigger:{site}:beside={after}" if beside else "trigger:{site}:points={after}"
            says = f"{row_name(parameter)} seems to give {count(points, 'point')}{way}"
            yield Fault("trigger_as_points", form, says, (parameter.id,), changed, Site(parameter.id), after=points)


def _other_level(chart: Chart, triggers: list[Parameter]) -> Iterator[Fault]:
    for level in chart.levels[1:]:
        changed = chart
        for parameter in triggers:
            tables = tuple(
                replace(table, bands=tuple(replace(band, level=level.id if band.level else None) for band in table.bands))
                for table in parameter.tables
            )
            changed = with_parameter(changed, replace(parameter, tables=tables))
        name = row_name(triggers[0]) if len(triggers) == 1 else "every trigger"
        site, about = (Site(triggers[0].id), (triggers[0].id,)) if len(triggers) == 1 else (Site("*"), ())
        says = f"{name} seems to raise level {level.title}"
        yield Fault("trigger_level", "trigger:{site}:level={after}", says, about, changed, site, after=level.id)
