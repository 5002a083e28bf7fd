"""Points typed once for the whole chart, and typed wrongly: 3 for every red band instead of 2, or one more everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mews_newtt.chart.model import Band, Chart
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import Example, Fault

KINDS = {"points_recoded": "all bands with the same points, or of the same zone, give other points; or every band gives one more or one less"}
EXAMPLES = (
    Example("recoded:points:2=3", {"tick_rate": "19"}, "total 2, level Watch", "total 3, level Rewind"),
    Example("recoded:zone:orange=3", {"shell_warmth": "30"}, "total 1, level Watch", "total 3, level Rewind"),
    Example("recoded:all:+1", {"shell_warmth": "30"}, "total 1, level Watch", "total 2, level Watch"),
)
MORE = 2  # points above the chart's most that are tried


def faults(chart: Chart) -> Iterator[Fault]:
    bands = [band for p in chart.parameters for table in p.tables for band in table.bands if band.points is not None]
    worth = sorted({band.points for band in bands if band.points})
    if sum(bool(band.points) for band in bands) < 2:
        return
    for before in worth:
        for after in (n for n in range(worth[-1] + MORE + 1) if n != before):
            says = f"every band with {count(before, 'point')} seems to give {count(after, 'point')}"
            changed = _recoded(chart, _from_points(before, after))
            yield Fault("points_recoded", "recoded:points:{before}={after}", says, (), changed, before=before, after=after)
    for zone in chart.zones:
        inside = [band for band in bands if band.zone == zone.id]
        given = {band.points for band in inside}
        if not inside or (len(given) == 1 and len(inside) == sum(band.points in given for band in bands)):
            continue  # the zone and its points are one
        for after in (n for n in range(worth[-1] + MORE + 1) if given != {n}):
            says = f"every band in the {zone.title.lower()} zone seems to give {count(after, 'point')}"
            changed = _recoded(chart, _of_zone(zone.id, after))
            yield Fault("points_recoded", "recoded:zone:{before}={after}", says, (), changed, before=zone.id, after=after)
    for by, what in ((-1, "less"), (1, "more")) if len(worth) > 1 else ():
        says = f"every band that gives points seems to give one {what}"
        changed = _recoded(chart, _more(by))
        yield Fault("points_recoded", "recoded:all:{by:+d}", says, (), changed, by=by)


def _recoded(chart: Chart, points: Callable[[Band], int | None]) -> Chart:
    """The chart with other points in its bands; a band without points stays without."""
    parameters = []
    for parameter in chart.parameters:
        tables = tuple(
            replace(table, bands=tuple(band if band.points is None else replace(band, points=points(band)) for band in table.bands))
            for table in parameter.tables
        )
        parameters.append(parameter if tables == parameter.tables else replace(parameter, tables=tables))
    return replace(chart, parameters=tuple(parameters))


def _from_points(before: int | None, after: int) -> Callable[[Band], int | None]:
    return lambda band: after if band.points == before else band.points


def _of_zone(zone: str, after: int) -> Callable[[Band], int | None]:
    return lambda band: after if band.zone == zone else band.points


def _more(by: int) -> Callable[[Band], int | None]:
    return lambda band: band.points + by if band.points else band.points
