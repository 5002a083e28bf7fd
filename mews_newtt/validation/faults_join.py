"""Two changes of one chart put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mews_newtt.chart.model import Band, Chart, Parameter


def joined_chart(chart: Chart, one: Chart, other: Chart) -> Chart | None:
    """The chart with both changes; None where they touch the same part or where one is another chart altogether."""
    found = _joined_parts(chart.parameters, one.parameters, other.parameters)
    if found is None or [p.id for p in one.parameters] != [p.id for p in chart.parameters]:
        return None
    parts: dict[str, Any] = {"parameters": found}
    for name in ("levels", "groups", "scope", "zones"):
        base, first, second = getattr(chart, name), getattr(one, name), getattr(other, name)
        if first == base or second == base:
            parts[name] = second if first == base else first
            continue
        joined = _joined_parts(base, first, second)
        if joined is None:
            return None
        parts[name] = joined
    return replace(chart, **parts)


def _joined_parts(base: tuple[object, ...], first: tuple[object, ...], second: tuple[object, ...]) -> tuple[object, ...] | None:
    """Place by place whichever differs."""
    if not len(base) == len(first) == len(second):
        return None
    found: list[object] = []
    for own, a, b in zip(base, first, second, strict=True):
        if a in (own, b) or b == own:
            found.append(b if a == own else a)
        elif isinstance(own, Parameter) and isinstance(a, Parameter) and isinstance(b, Parameter):
            parameter = _joined_parameter(own, a, b)
            if parameter is None:
                return None
            found.append(parameter)
        else:
            return None
    return tuple(found)


def _joined_parameter(own: Parameter, a: Parameter, b: Parameter) -> Parameter | None:
    if replace(a, tables=own.tables) != own or replace(b, tables=own.tables) != own or not len(own.tables) == len(a.tables) == len(b.tables):
        return None
    tables = []
    for table, one, other in zip(own.tables, a.tables, b.tables, strict=True):
        if one == table or other == table:
            tables.append(other if one == table else one)
            continue
        same = replace(one, bands=table.bands) == table == replace(other, bands=table.bands)
        if not same or not len(table.bands) == len(one.bands) == len(other.bands):
            return None
        bands = []
        for band, first, second in zip(table.bands, one.bands, other.bands, strict=True):
            if first == band or second == band:
                bands.append(second if first == band else first)
                continue
            both = _joined_band(band, first, second)
            if both is None:
                return None
            bands.append(both)
        tables.append(replace(table, bands=tuple(bands)))
    return replace(own, tables=tuple(tables))


def _joined_band(band: Band, first: Band, second: Band) -> Band | None:
    """One end moved by each, or an end by one and what it gives by the other."""
    fields = {}
    for name in Band.__slots__:
        own, a, b = getattr(band, name), getattr(first, name), getattr(second, name)
        if a in (own, b) or b == own:
            fields[name] = b if a == own else a
        elif name == "interval":
            ends: dict[str, object] = {}
            for end in ("low", "high"):
                marks = (end, f"{end}_included")
                was, here, there = (tuple(getattr(part, mark) for mark in marks) for part in (own, a, b))
                if here != was and there != was and here != there:
                    return None
                ends |= dict(zip(marks, there if here == was else here, strict=True))
            fields[name] = replace(own, **ends)
        else:
            return None
    return Band(**fields)
