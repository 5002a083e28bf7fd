"""Which colour a band is drawn in, and which ink can be read on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart

PLAIN = "#ffffff"
# For charts that print no colours: from nothing to most. Words and points are always shown as well.
OWN = (PLAIN, "#ffeb3b", "#ffb74d", "#f48fb1", "#ec6a9c")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_READABLE = 4.5  # WCAG 2.2, 1.4.3


class Paint(NamedTuple):
    """A fill and the ink that can be read on it."""

    fill: str
    ink: str

    @property
    def css_class(self) -> str:
        return f"mn-fill-{self.fill[1:]}"


def paint(chart: Chart, band: Band) -> Paint:
    """The colour of the band's zone as the chart prints it, else one of our own by points, zone or the level that the band raises.

    A band that raises the level is never plain.
    """
    printed = _printed(chart, band.zone)
    if printed and not (band.level and printed == PLAIN):
        return _inked(printed)
    zone = chart.zone_rank[band.zone] if band.zone and not printed else 0
    own = _inked(OWN[min(max(zone, band.points or 0), len(OWN) - 1)])
    if not band.level:
        return own
    return max(own, paint_level(chart, band.level), key=lambda each: OWN.index(each.fill) if each.fill in OWN else len(OWN))


def paint_level(chart: Chart, level: str) -> Paint:
    """The colour of a level: that of the zone it is named after, else our own, the highest level the strongest and the lowest plain."""
    printed = _printed(chart, level)
    if printed:
        return _inked(printed)
    rank, highest = chart.level_rank[level], len(chart.levels) - 1
    return _inked(OWN[max(1, len(OWN) - 1 - (highest - rank))] if rank else PLAIN)


def _printed(chart: Chart, zone: str | None) -> str:
    """The colour that the chart file gives for a zone; empty where it gives none."""
    colour = next((each.colour or "" for each in chart.zones if each.id == zone), "").casefold()
    return colour if _COLOUR.fullmatch(colour) else ""


def own_colours(chart: Chart) -> str:
    """Which of the drawn colours are our own, in a sentence; empty where the chart prints all of them."""
    if not prints_colours(chart):
        return "The chart file gives no printed colours: those here are our own, by points, zone or level."
    if any(band.level for parameter in chart.parameters for table in parameter.tables for band in table.bands):
        return "Colours of zones are those of the chart. Colours of triggers are our own, by the level that they raise."
    return ""


def prints_colours(chart: Chart) -> bool:
    """Whether every zone of the chart says its colour."""
    return bool(chart.zones) and all(_printed(chart, zone.id) for zone in chart.zones)


def colours_css(charts: Iterable[Chart]) -> str:
    """One rule for every colour that the charts' bands are drawn in."""
    paints = {paint(chart, band) for chart in charts for parameter in chart.parameters for table in parameter.tables for band in table.bands}
    return "".join(f".{p.css_class}{{background-color:{p.fill};color:{p.ink}}}\n" for p in sorted(paints))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _inked(fill: str) -> Paint:
    black = "#212b32"
    if contrast(fill, black) >= _READABLE:
        return Paint(fill, black)
    return Paint(fill, max(("#000000", "#ffffff"), key=lambda ink: contrast(fill, ink)))


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
