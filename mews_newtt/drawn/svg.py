"""Lines, boxes and words of one SVG sheet. Presentation attributes only, so that a strict content policy has nothing to forbid."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from mews_newtt.drawn.words import safe

LEFT = 216.0  # room for names and bands
WIDE = 70.0  # of a column
HATCH = "hatch"
INK = "#212b32"
_FONT = 'font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"'


def lines_of(words: str, wide: int, most: int) -> list[str]:
    """Words broken into at most so many lines; what does not fit ends in an ellipsis (the table holds it in full)."""
    lines = textwrap.wrap(words, wide, break_long_words=True) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: wide - 1] + "…"]
    return lines


class Pen:
    """Collects the shapes of a sheet from top to bottom."""

    def __init__(self, columns: int, hatch: str):
        self.columns = columns
        self._hatch = hatch
        self._shapes: list[str] = []
        self._next = 0.0
        self._top = 0.0

    @property
    def width(self) -> float:
        return LEFT + self.columns * WIDE + 1

    def middle(self, index: int) -> float:
        return LEFT + (index + 0.5) * WIDE

    def start(self, height: float) -> float:
        """Begin a band of the sheet of that height under the last one; its top."""
        self._top = self._next
        self._next += height + 6
        return self._top

    def header(self, times: Sequence[str]) -> None:
        written = [lines_of(when.replace("T", " "), 11, 3) for when in times]
        top = self.start(6 + 14 * max(map(len, written), default=0))
        for index, lines in enumerate(written):
            for at, line in enumerate(lines):
                self.text(self.middle(index), top + 14 + 14 * at, line, size=10, anchor="middle", bold=True)

    def label(self, title: str, unit: str, height: float) -> None:
        lines = lines_of(title, 15, 4)
        for index, line in enumerate(lines):
            self.text(2, self._top + 14 + 14 * index, line, size=12, bold=True)
        if unit:
            self.text(2, self._top + 14 + 14 * len(lines), unit, size=11)

    def rail(self, words: str, middle: float) -> None:
        """What a band is, at its height, left of the first column."""
        self.text(LEFT - 5, middle + 3.5, lines_of(words, 20, 1)[0], size=9.5, anchor="end")

    def box(self, x: float, y: float, wide: float, high: float, fill: str) -> None:
        fill = f"url(#{safe(self._hatch)})" if fill == HATCH else fill
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:.2f}" width="{wide:g}" height="{high:.2f}" fill="{safe(fill)}" stroke="#768692" stroke-width=".5"/>'
        )

    def frame(self, top: float, high: float) -> None:
        wide = self.columns * WIDE
        self._shapes.append(f'<rect x="{LEFT:g}" y="{top:.2f}" width="{wide:g}" height="{high:.2f}" fill="none" stroke="{INK}" stroke-width="1.2"/>')
        self._shapes += [
            f'<line x1="{LEFT + index * WIDE:g}" y1="{top:.2f}" x2="{LEFT + index * WIDE:g}" y2="{top + high:.2f}" stroke="{INK}" stroke-width=".7"/>'
            for index in range(1, self.columns)
        ]

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        self._shapes.append(f'<line class="mn-line" x1="{x1:g}" y1="{y1:.2f}" x2="{x2:g}" y2="{y2:.2f}" stroke="{INK}" stroke-width="1.6"/>')

    def dot(self, index: int, y: float, beyond: int, value: str, gives: str, bottom: float) -> None:
        """A reading at its height; an arrow at the panel's end where it lies beyond."""
        x = self.middle(index)
        if beyond:
            tip = -7 * beyond
            self._shapes.append(f'<path class="mn-point" d="M{x:g} {y:.2f}l-5 {-tip}h10z" fill="{INK}"/>')
        else:
            self._shapes.append(f'<circle class="mn-point" cx="{x:g}" cy="{y:.2f}" r="4" fill="{INK}" stroke="#fff" stroke-width="1"/>')
        self._value(x + 6, min(max(y + 3, self._top + 12), bottom - 13), value, gives)

    def _value(self, x: float, y: float, value: str, gives: str) -> None:
        self.text(x, y, value, size=11.5, bold=True, halo=True)
        if gives:
            self.text(x, y + 10, lines_of(gives, 7, 1)[0], size=8.5, halo=True)

    def note(self, index: int, bottom: float, words: str) -> None:
        """Why there is no reading, at the foot of the panel."""
        lines = lines_of(words, 13, 3)
        for at, line in enumerate(reversed(lines)):
            self.text(self.middle(index), bottom - 5 - 10 * at, line, size=9.5, anchor="middle", halo=True)

    def cell(self, index: int, top: float, lines: Sequence[str], more: str, ink: str = INK, *, bold: bool = False, halo: bool = False) -> None:
        for at, line in enumerate(lines):
            self.text(self.middle(index), top + 14 + 12 * at, line, size=11, anchor="middle", bold=bold, ink=ink, halo=halo)
        if more:
            self.text(self.middle(index), top + 14 + 12 * len(lines), lines_of(more, 14, 1)[0], size=9.5, anchor="middle", ink=ink, halo=halo)

    def foot(self, words: str) -> None:
        """Lines across the whole sheet, under everything else."""
        lines = textwrap.wrap(words, int(self.width / 5.7))
        top = self.start(6 + 12 * len(lines))
        for at, line in enumerate(lines):
            self.text(2, top + 12 + 12 * at, line, size=9.5)

    def text(
        self, x: float, y: float, words: str, *, size: float, anchor: str = "start", bold: bool = False, ink: str = INK, halo: bool = False
    ) -> None:
        if not words:
            return
        more = ' font-weight="600"' if bold else ""
        more += ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
        self._shapes.append(f'<text x="{x:g}" y="{y:.2f}" font-size="{size:g}" text-anchor="{anchor}" fill="{ink}"{more}>{safe(words)}</text>')

    def svg(self, title: str, description: str) -> str:
        wide, high = f"{self.width:g}", f"{self._next:.0f}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img" {_FONT} '
            f'aria-label="{safe(title)}. {safe(description)}">'
            f'<defs><pattern id="{safe(self._hatch)}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<rect width="6" height="6" fill="#fff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#aeb7bd" stroke-width="2"/></pattern></defs>'
            f'<rect width="{wide}" height="{high}" fill="#fff"/>{"".join(self._shapes)}</svg>'
        )
