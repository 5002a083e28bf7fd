"""Lines, boxes and words of one track: labels at the left, columns beside them. Presentation attributes only: a strict content policy allows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mews_newtt.drawn.places import WIDE, Places
from mews_newtt.drawn.words import safe

LEFT = 190.0  # room for names and bands
HATCH = "hatch"
INK = "#212b32"
SMALL = 12.0  # pixels of the smallest text
ACROSS = 12  # letters of small text that fit into a column, in wide fonts too
FONT = 'font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"'
_RAIL = 25  # letters of a band's words that fit beside the columns


class Word(NamedTuple):
    """A text around a place. struck: the set does not count any more; bold: in a row that is not."""

    x: float
    text: str
    ink: str = INK
    struck: bool = False
    bold: bool = False


def lines_of(words: str, wide: int = ACROSS) -> list[str]:
    """Words broken into lines; nothing is cut."""
    return textwrap.wrap(words, wide, break_long_words=True) or [""]


def text(x: float, y: float, words: str, *, size: float = SMALL, anchor: str = "start", bold: bool = False, ink: str = INK, fit: float = 0) -> str:
    """One text of its own. fit: pixels that it must not exceed, where it is long."""
    more = ' font-weight="600"' if bold else ""
    more += f' text-anchor="{anchor}"'
    more += f' textLength="{fit:g}" lengthAdjust="spacingAndGlyphs"' if fit else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{ink}"{more}>{safe(words)}</text>'


class Pen:
    """Collects the shapes of a track from top to bottom."""

    def __init__(self, places: Places, ident: str):
        self.places = places
        self.ident = ident
        self.labels: list[str] = []
        self.columns: list[str] = []
        self.height = 0.0
        self.cuts: list[float] = []  # tops of rows: a sheet may be cut there

    def start(self, high: float, *, gap: float = 6) -> float:
        """Begin a row of that height under the last one; its top."""
        top = self.height
        self.height += high + gap
        return top

    def label(self, top: float, title: str, unit: str = "") -> None:
        """The name of a row, in as many lines as it needs (`label_lines`)."""
        for at, line in enumerate(label_lines(title, unit)):
            self.labels.append(text(2, top + 14 + 15 * at, line, bold=True))

    def rail(self, words: str, y: float) -> None:
        """What a band is, at its height, left of the first column."""
        self.labels.append(text(LEFT - 5, y, words, anchor="end", fit=LEFT - 10 if len(words) > _RAIL else 0))

    def words(self, y: float, words: Iterable[Word], *, size: float = SMALL, bold: bool = False, halo: bool = False) -> None:
        """Texts at one height, each in the middle of its place."""
        found = [
            f'<text x="{each.x:g}"'
            + (' font-weight="600"' if each.bold else "")
            + (f' fill="{each.ink}"' if each.ink != INK else "")
            + (' text-decoration="line-through"' if each.struck else "")
            + f">{safe(each.text)}</text>"
            for each in words
            if each.text
        ]
        if found:
            more = ' font-weight="600"' if bold else ""
            more += ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
            self.columns.append(f'<g transform="translate(0 {y:g})" font-size="{size:g}"{more}>{"".join(found)}</g>')

    def note(self, x: float, y: float, words: str, ink: str) -> None:
        """A text that begins at a place among the columns."""
        self.columns.append(text(x, y, words, ink=ink))

    def bar(self, x: float, y: float, wide: float, high: float, fill: str) -> None:
        """A box of one colour across columns."""
        place = f'x="{x:g}" y="{y:.1f}" width="{wide:g}" height="{high:.1f}"'
        self.columns.append(f'<rect {place} fill="{self._fill(fill)}" stroke="#768692" stroke-width=".5"/>')

    def cells(self, top: float, high: float, fills: Sequence[str]) -> None:
        """One box a column. All boxes of one colour are one line as thick as they are high: a long track stays small."""
        by_fill: dict[str, list[tuple[float, float]]] = {}
        for middle, fill in zip(self.places.middles, fills, strict=True):
            boxes = by_fill.setdefault(fill, [])
            left = middle - WIDE / 2
            if boxes and boxes[-1][1] == left:
                boxes[-1] = boxes[-1][0], left + WIDE
            else:
                boxes.append((left, left + WIDE))
        for fill, boxes in by_fill.items():
            path = "".join(f"M{left:g} {top + high / 2:g}h{right - left:g}" for left, right in boxes)
            self.columns.append(f'<path class="mn-cells" d="{path}" stroke="{self._fill(fill)}" stroke-width="{high:g}"/>')

    def frame(self, top: float, high: float) -> None:
        for shapes, wide in ((self.columns, self.places.wide), (self.labels, LEFT)):
            shapes.append(f'<path d="M0 {top:g}h{wide:g}M0 {top + high:g}h{wide:g}" stroke="{INK}" fill="none"/>')

    def path(self, points: Mapping[int, float], starts: frozenset[int]) -> None:
        """One line through points by column; it begins anew at the columns in `starts`."""
        steps = [f"{'M' if column in starts else 'L'}{self.places.middles[column]:g} {y:.1f}" for column, y in points.items()]
        if "L" in "".join(steps):
            self.columns.append(f'<path class="mn-line" d="{"".join(steps)}" fill="none" stroke="{INK}" stroke-width="1.6"/>')

    def dots(self, points: Mapping[int, float], kind: str = "") -> None:
        """A dot in each of these columns. kind: `replaced` draws rings."""
        path = "".join(f"M{self.places.middles[column]:g} {y:.1f}h0" for column, y in points.items())
        if not path:
            return
        strokes = [(INK, 9.0), *([("#fff", 5.0)] if kind else [])]
        for place, (ink, wide) in enumerate(strokes):
            name = f' class="mn-point{" mn-replaced" if kind else ""}"' if place == len(strokes) - 1 else ""
            self.columns.append(f'<path{name} d="{path}" stroke="{ink}" stroke-width="{wide:g}" stroke-linecap="round"/>')

    def arrows(self, points: Mapping[int, tuple[float, int]]) -> None:
        """Where a reading lies beyond the panel: an arrow at its end, up (1) or down (-1)."""
        for column, (y, beyond) in points.items():
            y = y + 8 if beyond > 0 else y - 8
            path = f"M{self.places.middles[column]:g} {y - 7 * beyond:.1f}l-6 {8 * beyond}h12z"
            self.columns.append(f'<path class="mn-beyond" d="{path}" fill="{INK}" stroke="#fff"/>')

    def grid(self, top: float) -> None:
        """The edges of the columns, and a double line through the whole track where the line is broken."""
        edges, breaks = [], []
        for column, (middle, gap) in enumerate(zip(self.places.middles, self.places.gaps, strict=True)):
            before = self.places.middles[column - 1] if column else middle - WIDE
            edges += sorted({(before + WIDE / 2) if column else middle - WIDE / 2, middle - WIDE / 2})
            if gap is not None and gap.broken:
                breaks.append((before + middle) / 2)
        down = self.height - 6 - top
        path = "".join(f"M{x:g} {top:g}v{down:g}" for x in [*edges, self.places.wide])
        self.columns.append(f'<path d="{path}" stroke="{INK}" stroke-width=".6" fill="none"/>')
        if breaks:
            path = "".join(f"M{x:g} {top:g}v{down:g}" for x in breaks)
            self.columns.append(f'<path class="mn-break" d="{path}" stroke="#fff" stroke-width="7" fill="none"/>')
            path = "".join(f"M{x + side:g} {top:g}v{down:g}" for x in breaks for side in (-3, 3))
            self.columns.append(f'<path d="{path}" stroke="{INK}" stroke-width="1.2" stroke-dasharray="6 4" fill="none"/>')

    def _fill(self, fill: str) -> str:
        return f"url(#{safe(self.ident)}-hatch)" if fill == HATCH else fill

    def hatch(self) -> str:
        """The pattern for what is not known."""
        return (
            f'<defs><pattern id="{safe(self.ident)}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<rect width="6" height="6" fill="#fff"/><path d="M0 0v6" stroke="#aeb7bd" stroke-width="2"/></pattern></defs>'
        )


def label_lines(title: str, unit: str = "") -> list[str]:
    return lines_of(f"{title} ({unit})" if unit else title, 24)
