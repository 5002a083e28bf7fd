"""Where the columns of a track lie: equally spaced as on paper, or in true time; how long the gaps are, and where the line is broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.drawn.report import duration_words
from mews_newtt.scoring.result import Score

WIDE = 92.0  # of a column: the widest answer in text of 12 pixels
BREAK_HOURS = 12  # a choice of the drawing, written under it; no chart states it
WIDEST = 8.0  # columns that the longest gap of true time takes


class Taken(NamedTuple):
    """One scored set as it is drawn.

    when : the time as it should be written
    time : the time itself, where it is known
    replaced : another set with the same time counts instead of this one
    """

    when: str
    score: Score
    time: datetime | None = None
    replaced: bool = False

    @property
    def date(self) -> str:
        """The date as people read it; empty where the time is not known."""
        return f"{self.time.day} {self.time:%b %Y}" if self.time is not None else ""

    @property
    def clock(self) -> str:
        """The time of day; where the time is not known, all that was written."""
        if self.time is None:
            return self.when.replace("T", " ")
        return self.when.replace("T", " ").partition(" ")[2] or "no hour"


class Gap(NamedTuple):
    """What lies between two neighbouring sets: how long in words, and whether the line is broken there."""

    says: str
    broken: bool


class Places(NamedTuple):
    """The middle of every column, the gap before it, and how the whole is spaced, in words. Pixels from the left of the first column."""

    middles: tuple[float, ...]
    gaps: tuple[Gap | None, ...]  # one a column; None where it is not known
    wide: float
    says: str

    @property
    def columns(self) -> int:
        return len(self.middles)


def places_of(taken: Sequence[Taken], *, ordered: bool, true_time: bool = False, break_hours: float | None = BREAK_HOURS) -> Places:
    """The columns of a track.

    Parameters
    ----------
    ordered : whether the sets are in the order of time; without it there are no gaps and no true time
    true_time : space the columns by their times, and not equally
    break_hours : the line is broken where more hours lie between two sets; None breaks it nowhere
    """
    lasted = [_between(one, two) if ordered else None for one, two in pairwise(taken)]
    limit = None if break_hours is None else timedelta(hours=break_hours)
    gaps = [None, *(None if each is None else Gap(_words(each), limit is not None and each > limit) for each in lasted)]
    known = [each for each in lasted if each is not None]
    steps, says = [1.0] * len(lasted), "equally spaced"
    if true_time and len(known) == len(lasted) and known:
        longest = min(max(known), limit) if limit is not None else max(known)
        unit = max(min((each for each in known if each), default=longest), longest / WIDEST) or timedelta(minutes=1)
        steps = [min(max(each / unit, 1.0), max(longest / unit, 1.0)) for each in known]
        says = f"spaced by time: gaps of up to {_words(unit)} are drawn alike, so that no two columns overlap"
        says += f", and so are gaps of more than {_words(longest)}" if max(known) > longest else ""
    middles = [WIDE / 2]
    for step in steps:
        middles.append(round(middles[-1] + WIDE * step))
    return Places(tuple(middles), tuple(gaps), middles[-1] + WIDE / 2, says)


def spacing_says(break_hours: float | None) -> str:
    """What a broken line means, for the legend."""
    if break_hours is None:
        return "The line crosses gaps of any length"
    return f"Broken line: more than {break_hours:g} hours between two sets. The drawing breaks it there; the chart states no such limit"


def _between(one: Taken, two: Taken) -> timedelta | None:
    if one.time is None or two.time is None or (one.time.tzinfo is None) != (two.time.tzinfo is None):
        return None
    return two.time - one.time


def _words(lasted: timedelta) -> str:
    if not lasted:
        return "same time"
    if lasted < timedelta(minutes=1):
        return f"{lasted.total_seconds():g} s"
    return duration_words(lasted / timedelta(minutes=1))
