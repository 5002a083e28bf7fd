"""Heights of readings in a panel: linear inside every band, and no band too thin to be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Table

THINNEST = 17.0  # pixels of the thinnest band: one line of small text


class Piece(NamedTuple):
    """A band as drawn: from one height to another; None is as far as the panel goes."""

    band: Band
    low: Fraction | None
    high: Fraction | None


class Scale:
    """Values to pixels from the top of a panel, by straight pieces between the edges of its bands. Nothing moves out of its band."""

    def __init__(self, edges: Iterable[Fraction], values: Iterable[Fraction], height: float):
        cuts = sorted(set(edges)) or [Fraction(0)]
        spread = (cuts[-1] - cuts[0]) or max(abs(cuts[0]) / 4, Fraction(1))
        values = list(values)
        bottom = min([cuts[0] - spread / 5, *(value - spread / 4 for value in values)])  # room for the whole marker
        top = max([cuts[-1] + spread / 5, *(value + spread / 4 for value in values)])
        self.stops = [bottom, *cuts, top]
        free = max(height - THINNEST * (len(self.stops) - 1), 0.0)
        self._at = [0.0]
        for low, high in pairwise(self.stops):
            self._at.append(self._at[-1] + THINNEST + free * float((high - low) / (top - bottom)))
        self.height = self._at[-1]

    def y(self, value: Fraction | None, *, low: bool = False) -> float:
        """Pixels from the top; None is the end of the panel, its low one or its high one."""
        if value is None:
            return self.height if low else 0.0
        value = min(max(value, self.stops[0]), self.stops[-1])
        for index, (below, above) in enumerate(pairwise(self.stops)):
            if value <= above:
                share = float((value - below) / (above - below))
                return self.height - (self._at[index] + share * (self._at[index + 1] - self._at[index]))
        return 0.0


def pieces(chart: Chart, table: Table) -> list[Piece]:
    """The bands of a numeric table without gaps. Between two printed bands the worse one begins just past the better one's edge."""
    bands = [(band, band.interval) for band in table.bands if band.interval is not None]
    cuts: list[Fraction] = []
    for (one, lower), (two, upper) in pairwise(bands):
        high, low = Fraction(lower.high or 0), Fraction(upper.low or 0)
        nudge = (low - high) / 10
        cuts.append(high + nudge if chart.severity(two) >= chart.severity(one) else low - nudge)
    ends: Sequence[Fraction | None] = [None, *cuts, None]
    return [Piece(band, ends[index], ends[index + 1]) for index, (band, _) in enumerate(bands)]
