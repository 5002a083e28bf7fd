"""Finds edges that no printed chart is likely to have: outside what can be measured, or far outside published ranges. The limits are in rules/."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.chart.derive import RANGES_FILE, read_ranges
from mews_newtt.chart.model import Chart, Parameter, Table
from mews_newtt.errors import Problem

_MEND = "check the print; if it says so, both write the parameter under [Chart] as `unusual edges`"


def implausible_edges(chart: Chart, unusual: Collection[str], folders: Iterable[Path]) -> list[Problem]:
    """All doubtful edges. For a parameter that is listed as unusual, only edges outside what can be measured."""
    ranges = [read_ranges(path) for folder in folders if (path := folder / RANGES_FILE).is_file()]
    signs = [(one["signs"], one) for one in ranges if chart.id in one.get("charts", ())]
    found: list[Problem] = []
    for parameter in chart.parameters:
        if not parameter.observation.numeric:
            continue
        for number, table in enumerate(parameter.tables, start=1):
            place = f", parameter {parameter.id}" + (f", tables[{number}]" if len(parameter.tables) > 1 else "")
            found += _outside_limits(parameter, table, place, parameter.id in unusual)
            if parameter.id not in unusual:
                for published, whole in signs:
                    if parameter.id in published:
                        found += _outside_ranges(chart, parameter, table, place, published[parameter.id], whole)
    return found


def _edges(table: Table) -> list[tuple[int, Decimal]]:
    pairs = [
        (b, edge)
        for b, band in enumerate(table.bands, start=1)
        if band.interval
        for edge in (band.interval.low, band.interval.high)
        if edge is not None
    ]
    return list(dict.fromkeys(pairs))


def _outside_limits(parameter: Parameter, table: Table, place: str, unusual: bool) -> Iterator[Problem]:
    for band, edge in _edges(table):
        where = f"{place}, band {band} ({table.bands[band - 1].interval})"
        if not parameter.observation.impossible.contains(edge):
            yield Problem(
                "edge_impossible", where, f"the edge {edge} cannot be measured: possible is {parameter.observation.impossible}", "check the print"
            )
        elif not unusual and not parameter.observation.implausible.contains(edge):
            yield Problem("edge_implausible", where, f"the edge {edge} is outside what is plausible ({parameter.observation.implausible})", _MEND)


def _outside_ranges(
    chart: Chart, parameter: Parameter, table: Table, place: str, sign: Mapping[str, Any], whole: Mapping[str, Any]
) -> Iterator[Problem]:
    """Edges too far from the published medians, and medians outside the band that gives least."""
    reach = Decimal(whole["edge_reach"])
    lowest = min(one["median"] - reach * (one["median"] - one["low"]) for one in sign["ranges"])
    highest = max(one["median"] + reach * (one["high"] - one["median"]) for one in sign["ranges"])
    for band, edge in _edges(table):
        if not lowest <= edge <= highest:
            where = f"{place}, band {band} ({table.bands[band - 1].interval})"
            yield Problem(
                "edge_far_from_ranges", where, f"the edge {edge} is far from the published ranges ({lowest} to {highest} at the outside)", _MEND
            )
    least = min((chart.severity(band) for band in table.bands), default=None)
    quiet = [band.interval for band in table.bands if band.interval and chart.severity(band) == least]
    outside = [one["median"] for one in sign["ranges"] if not any(interval.contains(one["median"]) for interval in quiet)]
    if outside:
        says = ", ".join(str(median) for median in dict.fromkeys(outside))
        yield Problem("median_scores", place, f"the published median ({says}) is not in the band that gives least", _MEND)
