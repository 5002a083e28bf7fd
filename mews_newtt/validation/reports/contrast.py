"""The contrast table as pictures: for each parameter, what the platform gives beside what the chart gives, along its readings.

Bars below the line: the platform gives too few points there; above: too many. Each picture has a title and a table of the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from mews_newtt.chart.model import number
from mews_newtt.drawn.words import safe

MOST = 8  # pictures of one report, those with the most disagreements first
TELLS = 0.2  # a parameter is drawn where a stretch of it differs by so many points on average, or in such a share of its rows
LEAST_ROWS = 3
WIDE, LEFT, RIGHT, TOP = 720.0, 74.0, 12.0, 30.0
UNIT_HIGH = 30.0  # of one point
STRIP = 20.0  # what the chart gives, under the picture
INK, GREY, LOWER, HIGHER = "#212b32", "#768692", "#b3400a", "#005eb8"  # told apart by everybody; the side of the line says the same
DIGIT, GAP = 6.5, 6.0  # numbers of the axis that would touch each other are left out
_FONT = 'font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"'


class Picture(NamedTuple):
    """One parameter: its title, how the numbers were found, the SVG, and the rows of the table of the same numbers."""

    title: str
    how: str
    svg: str
    rows: list[tuple[str, str, str, int, int]]  # readings, the chart's points, stated minus the chart's, rows, rows that differ


def pictures(contrast: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """The parameters where the platform differs from the chart, as `TableContrast.to_dict` gives them."""
    telling = [table for table in contrast if any(_tells(stretch) for stretch in table["stretches"])]
    telling.sort(key=lambda table: -sum(stretch["wrong"] for stretch in table["stretches"] if _tells(stretch)))
    return [_picture(table, place) for place, table in enumerate(telling[:MOST])]


def pictures_of(contrast: Sequence[Mapping[str, Any]] | None) -> list[Picture]:
    """The same; none where drawing fails, since a picture must never cost a report. The numbers are in report.json all the same."""
    try:
        return pictures(contrast or ())
    except Exception:  # whatever is odd about the numbers
        return []


def _tells(stretch: Mapping[str, Any]) -> bool:
    return stretch["rows"] >= LEAST_ROWS and bool(abs(stretch["mean"]) >= TELLS or stretch["wrong"] >= TELLS * stretch["rows"])


def _picture(table: Mapping[str, Any], place: int) -> Picture:
    unit = number("", table["unit"]).strip()
    stretches = table["stretches"]
    how = "from the points that the platform states for this row" if table["stated"] else "estimated from the totals"
    rows = [
        (_readings(one, unit), "none" if one["points"] is None else str(one["points"]), _signed(one["mean"]), one["rows"], one["wrong"])
        for one in stretches
    ]
    return Picture(table["title"], how, _svg(table, unit, place), rows)


def _readings(stretch: Mapping[str, Any], unit: str) -> str:
    low, high = (str(stretch[end]).replace("_", " ") for end in ("low", "high"))
    says = low if low == high else f"{low} to {high}"
    return says if not unit else f"{says}{unit}" if unit == "%" else f"{says} {unit}"


def _signed(mean: float) -> str:
    shown = f"{abs(mean):.1f}".removesuffix(".0")
    return shown if shown == "0" else ("+" if mean > 0 else "\N{MINUS SIGN}") + shown


def _numeric(stretches: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]] | None:
    """The ends of the stretches as numbers; None for categories."""
    try:
        return [(float(one["low"]), float(one["high"])) for one in stretches]
    except ValueError:
        return None


def _spans(stretches: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[float, float]], bool]:
    """Where each stretch is drawn, and whether on an axis of numbers. Readings that were not seen between two stretches are shared by both."""
    wide, ends = WIDE - LEFT - RIGHT, _numeric(stretches)
    if ends is None:
        each = wide / len(stretches)
        return [(LEFT + place * each + each * 0.08, LEFT + (place + 1) * each - each * 0.08) for place in range(len(stretches))], False
    cuts = [(before[1] + after[0]) / 2 for before, after in pairwise(ends)]
    first = ends[0][0] - (cuts[0] - ends[0][1] if cuts else 0.5)
    last = ends[-1][1] + (ends[-1][0] - cuts[-1] if cuts else 0.5)
    whole = max(last - first, 1e-9)
    at = [LEFT + (cut - first) / whole * wide for cut in (first, *cuts, last)]
    return list(pairwise(at)), True


def _svg(table: Mapping[str, Any], unit: str, place: int) -> str:
    stretches = table["stretches"]
    spans, numeric = _spans(stretches)
    up = max(1 + math.ceil(max(0.0, one["mean"]) - 0.05) for one in stretches)  # one more than the largest bar: room for its numbers
    down = max(1 + math.ceil(max(0.0, -one["mean"]) - 0.05) for one in stretches)
    zero, bottom = TOP + up * UNIT_HIGH, TOP + (up + down) * UNIT_HIGH
    high = bottom + STRIP + (58 if numeric else 66)
    said = [f"{_readings(one, unit)}: {_signed(one['mean'])} ({one['wrong']:,} of {one['rows']:,} rows differ)" for one in stretches if _tells(one)]
    title = f"{table['title']}: the platform's points minus the chart's"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:g} {high:g}" width="100%" role="img" {_FONT} '
        f'aria-labelledby="contrast-{place}-title contrast-{place}-desc">'
        f'<title id="contrast-{place}-title">{safe(title)}</title><desc id="contrast-{place}-desc">{safe("; ".join(said))}</desc>'
        f'<rect width="{WIDE:g}" height="{high:g}" fill="#fff"/>'
    ]
    for points in range(-down, up + 1):
        y = zero - points * UNIT_HIGH
        out.append(f'<line x1="{LEFT:g}" y1="{y:g}" x2="{WIDE - RIGHT:g}" y2="{y:g}" stroke="#d8dde0" stroke-width="1"/>')
        out.append(_text(LEFT - 8, y + 4, _signed(points), 11, "end", bold=points == 0))
    out.append(_text(LEFT, 16, "\N{BLACK UP-POINTING TRIANGLE} too many points", 11, "start", ink=HIGHER, bold=True))
    out.append(_text(LEFT + 130, 16, "\N{BLACK DOWN-POINTING TRIANGLE} too few points", 11, "start", ink=LOWER, bold=True))
    for one, (left, right) in zip(stretches, spans, strict=True):
        out += _bar(one, left, right, zero, numeric)
    out.append(f'<line x1="{LEFT:g}" y1="{zero:g}" x2="{WIDE - RIGHT:g}" y2="{zero:g}" stroke="{INK}" stroke-width="1.6"/>')
    out += _strip(stretches, spans, bottom + 4)
    out += _axis(stretches, spans, bottom + 4 + STRIP, numeric, unit or ("" if numeric else "answer"))
    return "".join(out) + "</svg>"


def _bar(one: Mapping[str, Any], left: float, right: float, zero: float, numeric: bool) -> list[str]:
    mean = float(one["mean"])
    wide = max(right - left - (0.8 if numeric else 0), 2.0)
    says = f"{_signed(mean)}; {one['wrong']:,} of {one['rows']:,} rows differ"
    if abs(mean) < 0.05:
        if not one["wrong"]:
            return []
        return [f'<rect x="{left:.1f}" y="{zero - 2:.1f}" width="{wide:.1f}" height="4" fill="{GREY}"><title>{safe(says)}</title></rect>']
    top, tall = (zero - mean * UNIT_HIGH, mean * UNIT_HIGH) if mean > 0 else (zero, -mean * UNIT_HIGH)
    ink = HIGHER if mean > 0 else LOWER
    shapes = [f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{ink}"><title>{safe(says)}</title></rect>']
    if _tells(one):
        middle = min(max((left + right) / 2, LEFT + 52), WIDE - RIGHT - 52)
        y = top - 5 if mean > 0 else zero + tall + 13
        shapes.append(_text(middle, y, f"{_signed(mean)} ({one['wrong']:,} of {one['rows']:,})", 11, "middle", bold=True, halo=True))
    return shapes


def _strip(stretches: Sequence[Mapping[str, Any]], spans: Sequence[tuple[float, float]], top: float) -> list[str]:
    """What the chart gives, under the bars; neighbours with the same points are one box."""
    shapes = [_text(LEFT - 8, top + 14, "chart gives", 11, "end")]
    joined: list[tuple[Any, float, float]] = []
    for one, (left, right) in zip(stretches, spans, strict=True):
        if joined and joined[-1][0] == one["points"] and abs(joined[-1][2] - left) < 1:
            joined[-1] = (one["points"], joined[-1][1], right)
        else:
            joined.append((one["points"], left, right))
    for points, left, right in joined:
        wide = right - left
        shapes.append(f'<rect x="{left:.1f}" y="{top:g}" width="{wide:.1f}" height="{STRIP:g}" fill="#f0f4f5" stroke="{GREY}" stroke-width="1"/>')
        if wide >= 12:
            shapes.append(_text((left + right) / 2, top + 14, "–" if points is None else str(points), 12, "middle", bold=True))
    return shapes


def _axis(stretches: Sequence[Mapping[str, Any]], spans: Sequence[tuple[float, float]], top: float, numeric: bool, unit: str) -> list[str]:
    """The readings under the strip. Those of stretches that differ come first where there is no room for all."""
    shapes: list[str] = []
    if not numeric:
        for place, (one, (left, right)) in enumerate(zip(stretches, spans, strict=True)):
            low = place % 2 * 13 if len(stretches) > 5 else 0
            shapes.append(_text((left + right) / 2, top + 16 + low, str(one["low"]).replace("_", " ")[:22], 11, "middle"))
        return [*shapes, _text(WIDE - RIGHT, top + 54, unit, 11, "end")]
    telling = [_tells(one) for one in stretches]
    first = [tells or before for tells, before in zip(telling, [False, *telling], strict=False)]  # where a difference begins, and where it ends
    marks = [(not wanted, left, str(one["low"])) for wanted, one, (left, _) in zip(first, stretches, spans, strict=True)]
    if stretches[-1]["high"] != stretches[-1]["low"]:
        marks.append((True, spans[-1][1], str(stretches[-1]["high"])))
    taken: list[tuple[float, str]] = []
    for _, x, label in sorted(marks, key=lambda mark: (mark[0], mark[1])):
        if any(abs(x - other) < DIGIT * (len(label) + len(said)) / 2 + GAP for other, said in taken):
            continue
        taken.append((x, label))
        anchor = "end" if x > WIDE - RIGHT - 20 else "middle"
        shapes.append(f'<line x1="{x:.1f}" y1="{top:g}" x2="{x:.1f}" y2="{top + 5:g}" stroke="{INK}" stroke-width="1"/>')
        shapes.append(_text(x, top + 18, label, 11, anchor))
    return [*shapes, _text((LEFT + WIDE - RIGHT) / 2, top + 38, f"reading ({unit})" if unit else "reading", 11, "middle")]


def _text(x: float, y: float, words: str, size: float, anchor: str, *, bold: bool = False, ink: str = INK, halo: bool = False) -> str:
    more = ' font-weight="600"' if bold else ""
    more += ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{ink}"{more}>{safe(words)}</text>'
