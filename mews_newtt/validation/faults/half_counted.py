"""Rows that count by half: for the total and not for the level, or for the level and not for the total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mews_newtt.chart.model import Band, Chart, Parameter
from mews_newtt.validation.faults.fault import Example, Fault, Site, with_parameter
from mews_newtt.validation.wording import row_name

KINDS = {
    "points_only": "a row gives points, but its zone or its own level does not count for the level",
    "level_only": "a row counts for the level by its zone or its own level, but gives no points",
}
EXAMPLES = (
    Example("half:shell_warmth:points", {"shell_warmth": "30", "right_wheel": "3"}, "total 2, level Oil", "total 2, level Watch"),
    Example("half:gait:level", {"gait": "stuck", "oil_drops": "1"}, "total 4, level Rewind", "total 1, level Rewind"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    zones = any(rule.zone is not None for level in chart.levels for rule in level.counts)
    for parameter in chart.parameters:
        bands = [band for table in parameter.tables for band in table.bands]
        if parameter.role != "scored" or not any(band.points for band in bands):
            continue
        if any((zones and band.zone) or band.level for band in bands):
            name = row_name(parameter)
            says = f"{name} seems to count for the total, and its zone or level not for the level"
            changed = with_parameter(chart, _with(parameter, zone=None, level=None))
            yield Fault("points_only", "half:{site}:points", says, (parameter.id,), changed, Site(parameter.id))
            changed = with_parameter(chart, _with(parameter, points=0))
            says = f"{name} seems to count for the level, and to give no points"
            yield Fault("level_only", "half:{site}:level", says, (parameter.id,), changed, Site(parameter.id))


def _with(parameter: Parameter, **changes: object) -> Parameter:
    """A parameter with other points, zone or level in the bands that have one."""

    def changed(band: Band) -> Band:
        own: dict[str, Any] = {name: value for name, value in changes.items() if getattr(band, name) is not None}
        return replace(band, **own)

    return replace(parameter, tables=tuple(replace(table, bands=tuple(map(changed, table.bands))) for table in parameter.tables))
