"""A whole chart as one SVG sheet, for one A4 or a file: its rows with their bands, its levels, and at head and foot what it is and is not."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from mews_newtt.chart.contexts import Value, matches
from mews_newtt.chart.model import Chart, Parameter, Table
from mews_newtt.chart.words import band_gives
from mews_newtt.drawn.colours import own_colours, paint, paint_level
from mews_newtt.drawn.svg import FONT, INK, text
from mews_newtt.drawn.words import NOT_FOR_CARE, band_label, chart_stamp, reached_by, safe, table_title, unit_of

WIDE, NAMES, LINE = 1120.0, 200.0, 15.0
_LETTER = 7.4  # pixels of a letter of 12 pixels in wide fonts


def chart_svg(chart: Chart, only: Mapping[str, Value] | None = None, made_by: str = "") -> str:
    """The chart as one SVG file.

    only : readings of contexts; tables of other contexts are left out (an age band, an SpO2 scale)
    made_by : the software, for the foot
    """
    shapes: list[str] = []
    y = _lines(shapes, 4, [NOT_FOR_CARE, f"{chart.title}, version {chart.version}"], size=15, bold=True)
    y = _lines(shapes, y, _wrapped(f"Status: {chart.status}. {chart.status_says} For: {chart.scope_says} {own_colours(chart)}", WIDE))
    y += 8
    for parameter in chart.parameters:
        tables = [table for table in parameter.tables if all(matches(wanted, only[name]) for name, wanted in table.when if only and name in only)]
        if parameter.tables:
            y = _parameter(shapes, y, chart, parameter, tables)
    y = _levels(shapes, y + 6, chart)
    y = _lines(shapes, y + 6, _wrapped(f"{NOT_FOR_CARE} {chart_stamp(chart)} {made_by}", WIDE)) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE:g}" height="{y:g}" viewBox="0 0 {WIDE:g} {y:g}" role="img" {FONT} '
        f'aria-label="{safe(chart.title)}, version {safe(chart.version)}, on one sheet. The page of the chart says the same in text.">'
        f'<rect width="{WIDE:g}" height="{y:g}" fill="#fff"/>{"".join(shapes)}</svg>'
    )


def _wrapped(words: str, wide: float) -> list[str]:
    return textwrap.wrap(words, max(int((wide - 6) / _LETTER), 4), break_long_words=True) or [""]


def _lines(shapes: list[str], y: float, lines: Sequence[str], *, x: float = 3, size: float = 12, bold: bool = False, ink: str = INK) -> float:
    """Lines of text from a height on; the height after them."""
    step = LINE if size < 13 else 20
    shapes += [text(x, y + step - 3 + step * at, line, size=size, bold=bold, ink=ink) for at, line in enumerate(lines)]
    return y + step * len(lines)


def _parameter(shapes: list[str], y: float, chart: Chart, parameter: Parameter, tables: Sequence[Table]) -> float:
    unit = unit_of(parameter)
    named = _lines(shapes, y, _wrapped(f"{parameter.title} ({unit})" if unit else parameter.title, NAMES * 0.88), bold=True)
    for table in tables:
        title = table_title(chart, table)
        if title:
            y = _lines(shapes, y, _wrapped(title, WIDE - NAMES), x=NAMES + 3)
        if not table.applies:
            y = _lines(shapes, y, ["Not read in this context."], x=NAMES + 3)
            continue
        wide = (WIDE - NAMES - 2) / len(table.bands)
        cells = []
        for band in table.bands:
            gives = band_gives(band, chart) or ["Gives nothing"]
            cells.append((_wrapped(band_label(parameter, band), wide * 0.88), [line for words in gives for line in _wrapped(words, wide)]))
        high = 6 + LINE * max(len(label) + len(gives) for label, gives in cells)
        for at, (band, (label, gives)) in enumerate(zip(table.bands, cells, strict=True)):
            x, colours = NAMES + at * wide, paint(chart, band)
            shapes.append(f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" fill="{colours.fill}" stroke="#4c6272"/>')
            below = _lines(shapes, y + 2, label, x=x + 4, bold=True, ink=colours.ink)
            _lines(shapes, below, gives, x=x + 4, ink=colours.ink)
        y += high
    return max(y, named) + 6


def _levels(shapes: list[str], y: float, chart: Chart) -> float:
    y = _lines(shapes, y, ["Levels, highest first"], bold=True)
    for level in reversed(chart.levels):
        colours = paint_level(chart, level.id)
        name = _wrapped(level.title, NAMES * 0.88)
        says = _wrapped("; ".join(reached_by(chart, level)) or "Every set that reaches no other level", WIDE - NAMES)
        high = 6 + LINE * max(len(name), len(says))
        shapes.append(f'<rect x="1" y="{y:g}" width="{NAMES - 6:g}" height="{high:g}" fill="{colours.fill}" stroke="#4c6272"/>')
        _lines(shapes, y + 2, name, x=5, bold=True, ink=colours.ink)
        _lines(shapes, y + 2, says, x=NAMES + 3)
        y += high + 2
    return y
