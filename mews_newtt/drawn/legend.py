"""What the marks and colours of a track mean: as a list for a page, and as lines of a drawing that leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.colours import own_colours, paint, paint_level
from mews_newtt.drawn.places import BREAK_HOURS, spacing_says
from mews_newtt.drawn.svg import INK, text
from mews_newtt.drawn.track import band_words
from mews_newtt.drawn.words import safe

_DOT = f'<path d="M15 9h0" stroke="{INK}" stroke-width="9" stroke-linecap="round"/>'
_RING = f'<circle cx="15" cy="9" r="4" fill="#fff" stroke="{INK}" stroke-width="2"/>'
_ARROW = f'<path d="M15 3l-6 10h12z" fill="{INK}"/>'
_BREAK = f'<path d="M11 1v16M19 1v16" stroke="{INK}" stroke-dasharray="4 2"/>'
_HATCH = (
    '<path d="M1 1h28v16h-28z" fill="#fff" stroke="#768692"/>'
    '<path d="M1 9l8-8M1 17l16-16M9 17l16-16M17 17l12-12M25 17l4-4" stroke="#aeb7bd" stroke-width="2"/>'
)
_WORD = f'<text x="15" y="14" font-size="13" font-weight="600" text-anchor="middle" fill="{INK}">84 !</text>'


class Sign(NamedTuple):
    """One sign of 30 by 18 pixels, and what it means."""

    shapes: str
    says: str


def signs(chart: Chart, break_hours: float | None = BREAK_HOURS) -> list[Sign]:
    """Every sign that a track of this chart may hold."""
    return [
        *(Sign(_box(paint_level(chart, level.id).fill), f"Level {level.title}") for level in reversed(chart.levels)),
        *(Sign(_box(fill), says) for fill, says in _band_colours(chart)),
        Sign(_DOT, "Reading. A line joins neighbours; it ends where a reading is missing, not taken or refused"),
        Sign(_BREAK, spacing_says(break_hours)),
        Sign(_RING, "Hollow and struck through: another set with the same time replaces this one. It counts for no line and no change of level"),
        Sign(_ARROW, "Reading beyond the end of the panel"),
        Sign(_WORD, "A warning is about this reading"),
        Sign(_HATCH, "Not known: the level of a partial set, or which bands count"),
    ]


def legend_html(chart: Chart, break_hours: float | None = BREAK_HOURS) -> str:
    """The legend as a list for a page."""
    box = '<svg width="30" height="18" viewBox="0 0 30 18" aria-hidden="true">'
    entries = "".join(f"<li>{box}{sign.shapes}</svg> {safe(sign.says)}</li>" for sign in signs(chart, break_hours))
    own = own_colours(chart)
    return f'<div class="mn-legend"><ul>{entries}</ul>{f"<p>{safe(own)}</p>" if own else ""}</div>'


def legend_lines(chart: Chart, break_hours: float | None, wide: float) -> Iterable[tuple[str, float]]:
    """The legend for a drawing: shapes at their places from its top, and the height of each line."""
    x, y = 2.0, 0.0
    for sign in signs(chart, break_hours):
        needs = 48 + 7.2 * len(sign.says)
        if x > 2 and x + needs > wide:
            x, y = 2.0, y + 22
        fit = wide - 44 if needs > wide else 0
        yield f'<g transform="translate({x:g} {y:g})">{sign.shapes}{text(36, 13, sign.says, fit=fit)}</g>', y + 22
        x += needs


def _box(fill: str) -> str:
    return f'<path d="M1 1h28v16h-28z" fill="{fill}" stroke="#768692"/>'


def _band_colours(chart: Chart) -> list[tuple[str, str]]:
    """Each colour of the bands of numbers and answers, with everything that it stands for."""
    found: dict[str, dict[str, None]] = {}
    titles = {level.id: level.title for level in chart.levels}
    for parameter in chart.parameters:
        for table in parameter.tables:
            for band in table.bands:
                raises_alone = band.level and band.points is None and not band.zone
                words = f"Raises the level to {titles[band.level]}" if band.level and raises_alone else band_words(chart, band)
                found.setdefault(paint(chart, band).fill, {}).setdefault(words[:1].upper() + words[1:])
    return [(fill, "; ".join(words)) for fill, words in found.items()]
