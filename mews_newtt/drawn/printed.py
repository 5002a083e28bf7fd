"""A track on paper: sheets of A4 across, each as large as it can be. They show parts of the one drawing of the page, so they cost few bytes."""

from __future__ import annotations

from mews_newtt.drawn.places import WIDE, Places
from mews_newtt.drawn.svg import FONT, LEFT, Pen
from mews_newtt.drawn.words import safe

SHEET = 16  # columns on one printed sheet
SHEET_WIDE, SHEET_HIGH = 281.0, 154.0  # millimetres of A4 across within its margins, under the stamp and the title
BETWEEN = 24.0  # pixels between two halves


def printed_html(pen: Pen) -> str:
    """The track again for print: so many columns on each sheet. Few columns are printed larger, as two halves beside each other."""
    places, sheets = pen.places, []
    for start, end in _cut(places):
        left = 0.0 if not start else (places.middles[start - 1] + places.middles[start]) / 2
        right = places.wide + 1 if end == places.columns else (places.middles[end - 1] + places.middles[end]) / 2
        whole, halves = LEFT + right - left, _halves(pen)
        wide, high = max(whole, 700.0), pen.height
        parts = [_part(pen, 0.0, 0.0, 0.0, pen.height, left, right)]
        if halves is not None:
            head, cut = halves
            both, taller = 2 * whole + BETWEEN, max(cut, head + pen.height - cut)
            if _scale(both, taller) > _scale(whole, high):
                wide, high = both, taller
                parts = [
                    _part(pen, 0.0, 0.0, 0.0, cut, left, right),
                    _part(pen, whole + BETWEEN, 0.0, 0.0, head, left, right),
                    _part(pen, whole + BETWEEN, head, cut, pen.height, left, right),
                ]
        place = f'viewBox="0 0 {wide:g} {high:g}" preserveAspectRatio="xMinYMin meet"'
        sheets.append(f'<svg class="mn-printed-sheet" {place} aria-hidden="true" {FONT}>{"".join(parts)}</svg>')
    return f'<div class="mn-print">{"".join(sheets)}</div>'


def _cut(places: Places) -> list[tuple[int, int]]:
    """The first column of each sheet and the one after its last: no sheet has more columns, or is wider, than SHEET equal columns."""
    starts = [0]
    for column, middle in enumerate(places.middles):
        if column - starts[-1] >= SHEET or middle - places.middles[starts[-1]] > SHEET * WIDE:
            starts.append(column)
    return list(zip(starts, [*starts[1:], places.columns], strict=True))


def _scale(wide: float, high: float) -> float:
    """Millimetres of paper for each pixel."""
    return min(SHEET_WIDE / wide, SHEET_HIGH / high)


def _halves(pen: Pen) -> tuple[float, float] | None:
    """How high the times are, which both halves have, and where the second half begins; None where there is no row to cut at."""
    if len(pen.cuts) < 3:
        return None
    head, *cuts = pen.cuts
    return head, min(cuts, key=lambda cut: max(cut, head + pen.height - cut))


def _part(pen: Pen, x: float, y: float, top: float, bottom: float, left: float, right: float) -> str:
    """Rows from top to bottom and columns from left to right of the drawing, at a place of the sheet."""
    high, ident = bottom - top, safe(pen.ident)
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{LEFT:g}" height="{high:g}" viewBox="0 {top:g} {LEFT:g} {high:g}"><use href="#{ident}-labels"/></svg>'
        f'<svg x="{x + LEFT:g}" y="{y:g}" width="{right - left:g}" height="{high:g}" viewBox="{left:g} {top:g} {right - left:g} {high:g}">'
        f'<use href="#{ident}-columns"/></svg>'
    )
