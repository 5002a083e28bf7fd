"""Which colour a band is drawn in, and which ink can be read on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart

PLAIN = "#ffffff"
# For charts that print no colours: from nothing to most. Words and points always stand beside them.
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
    """The colour of the band's zone as the chart prints it; our own order of colours where it prints none."""
    if band.zone:
        rank = chart.zone_rank[band.zone]
        printed = (chart.zones[rank - 1].colour or "").casefold()
        return _inked(printed if _COLOUR.fullmatch(printed) else OWN[min(rank, len(OWN) - 1)])
    if chart.zones or not band.points:
        return _inked(OWN[2] if band.level and not chart.zones else PLAIN)
    return _inked(OWN[min(band.points, len(OWN) - 1)])


def prints_colours(chart: Chart) -> bool:
    """Whether every zone of the chart says its colour."""
    return bool(chart.zones) and all(_COLOUR.fullmatch((zone.colour or "").casefold()) for zone in chart.zones)


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
