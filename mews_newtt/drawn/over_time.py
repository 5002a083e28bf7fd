"""A figure over time as SVG: points in order of time, a middle line, limits where there are some, and points that are more than chance.

Such points differ in form and colour. The same in words is the drawing's label, and a table for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mews_newtt.drawn.report import Column, table_html
from mews_newtt.drawn.words import safe

WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM = 720.0, 250.0, 56.0, 118.0, 18.0, 46.0
INK, LIMIT_INK = "#212b32", "#425563"
PLAIN, WORSE, BETTER = "#768692", "#c2410c", "#005eb8"  # as the NHS charts: grey, orange for concern, blue for improvement
FONT = 'font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"'
LABELS = 10  # dates under the drawing, at most
_Height = Callable[[float], float]


class Point(NamedTuple):
    """One period. signal: in words why it is more than chance, empty where it is not; good: whether it is on the better side of the middle line."""

    label: str
    value: float
    signal: str
    good: bool


class Figure(NamedTuple):
    """What is drawn. unit: behind each number, such as %; floor, ceiling: the least and the greatest possible value, where there is one."""

    title: str
    says: str
    unit: str
    middle_name: str
    middle: float
    lower: float | None
    upper: float | None
    points: tuple[Point, ...]
    floor: float | None = None
    ceiling: float | None = None


def figure_html(figure: Figure) -> str:
    """The drawing, what it says in words, and the same as a table that can be opened."""
    rows = [(point.label, words_of(point.value, figure.unit), point.signal or "no signal") for point in figure.points]
    columns = (Column("Period", number=False), Column("Value"), Column("Signal", number=False))
    title, drawing = safe(figure.title), figure_svg(figure)
    table = table_html(f"{figure.title}: the numbers", columns, rows)
    return (
        f'<figure class="over-time"><h3>{title}</h3><div class="scroll" tabindex="0" role="region" aria-label="{title}">{drawing}</div>'
        f"<figcaption>{safe(figure.says)}</figcaption><details><summary>{title}: the same as a table</summary>{table}</details></figure>"
    )


def words_of(value: float, unit: str) -> str:
    return f"{value:.1f}{unit}"


def figure_svg(figure: Figure) -> str:
    low, high = _ends(figure)

    def y(value: float) -> float:
        return TOP + (high - min(max(value, low), high)) / (high - low) * (HIGH - TOP - BOTTOM)

    step = (WIDE - LEFT - RIGHT) / max(len(figure.points) - 1, 1)
    places = [LEFT + at * step for at in range(len(figure.points))]
    shapes = [*_scale(figure, low, high, y), *_lines(figure, y)]
    path = " ".join(f"{'L' if at else 'M'}{x:.1f} {y(point.value):.1f}" for at, (x, point) in enumerate(zip(places, figure.points, strict=True)))
    shapes.append(f'<path d="{path}" fill="none" stroke="{PLAIN}" stroke-width="1.5"/>')
    shapes += [_dot(x, y(point.value), point) for x, point in zip(places, figure.points, strict=True)]
    shapes += _dates(figure, places)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE:g}" height="{HIGH:g}" viewBox="0 0 {WIDE:g} {HIGH:g}" role="img" {FONT} '
        f'aria-label="{safe(figure.title)}. {safe(figure.says)}"><rect width="{WIDE:g}" height="{HIGH:g}" fill="#fff"/>{"".join(shapes)}</svg>'
    )


def _ends(figure: Figure) -> tuple[float, float]:
    """The least and the greatest value of the scale: all points and limits, with room, but nothing that cannot be."""
    all_values = [point.value for point in figure.points] + [value for value in (figure.lower, figure.upper, figure.middle) if value is not None]
    low, high = min(all_values), max(all_values)
    room = (high - low) / 12 or max(abs(high) / 10, 1.0)
    low, high = low - room, high + room
    low = low if figure.floor is None else max(low, figure.floor)
    high = high if figure.ceiling is None else min(high, figure.ceiling)
    return low, high if high > low else low + 1


def _scale(figure: Figure, low: float, high: float, y: _Height) -> list[str]:
    shapes = []
    for part in range(5):
        value = low + (high - low) * part / 4
        shapes.append(f'<line x1="{LEFT:g}" y1="{y(value):.1f}" x2="{WIDE - RIGHT:g}" y2="{y(value):.1f}" stroke="#d8dde0" stroke-width="1"/>')
        shapes.append(_text(LEFT - 8, y(value) + 4, f"{value:.{0 if high - low >= 20 else 1}f}{figure.unit}", "end"))
    return shapes


def _lines(figure: Figure, y: _Height) -> list[str]:
    given = [(figure.middle_name, figure.middle, "", INK)]
    given += [("limit", value, ' stroke-dasharray="5 4"', LIMIT_INK) for value in (figure.upper, figure.lower) if value is not None]
    shapes, taken = [], list[float]()
    for name, value, dashes, ink in given:
        at = y(value)
        shapes.append(f'<line x1="{LEFT:g}" y1="{at:.1f}" x2="{WIDE - RIGHT:g}" y2="{at:.1f}" stroke="{ink}" stroke-width="1.5"{dashes}/>')
        beside = at + 4
        while any(abs(beside - other) < 13 for other in taken):  # two labels never lie on each other
            beside += 13 if beside >= at else -13
        taken.append(beside)
        shapes.append(_text(WIDE - RIGHT + 8, beside, f"{name} {_within(figure, value)}", "start"))
    return shapes


def _within(figure: Figure, value: float) -> str:
    """A limit in words: a limit that no value can reach is given as over the greatest or under the least possible value."""
    if figure.ceiling is not None and value > figure.ceiling:
        return f"over {figure.ceiling:g}{figure.unit}"
    if figure.floor is not None and value < figure.floor:
        return f"under {figure.floor:g}{figure.unit}"
    return words_of(value, figure.unit)


def _dot(x: float, y: float, point: Point) -> str:
    """A circle; a diamond where it is more than chance, filled for the better side and open with a cross for the worse."""
    if not point.signal:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{PLAIN}" stroke="#fff" stroke-width="1"/>'
    ink = BETTER if point.good else WORSE
    diamond = f'<path d="M{x:.1f} {y - 6.5:.1f}l6.5 6.5l-6.5 6.5l-6.5 -6.5z" fill="{ink if point.good else "#fff"}" stroke="{ink}" stroke-width="2"/>'
    cross = "" if point.good else f'<path d="M{x - 2.2:.1f} {y - 2.2:.1f}l4.4 4.4m0 -4.4l-4.4 4.4" stroke="{ink}" stroke-width="1.6"/>'
    return diamond + cross


def _dates(figure: Figure, places: Sequence[float]) -> list[str]:
    every = -(-len(places) // LABELS)
    shapes = []
    for at, (x, point) in enumerate(zip(places, figure.points, strict=True)):
        if at % every == 0:
            shapes.append(f'<line x1="{x:.1f}" y1="{HIGH - BOTTOM:g}" x2="{x:.1f}" y2="{HIGH - BOTTOM + 5:g}" stroke="{LIMIT_INK}"/>')
            shapes.append(_text(x, HIGH - BOTTOM + 19, point.label, "middle"))
    return shapes


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="11.5" text-anchor="{anchor}" fill="{INK}">{safe(words)}</text>'
