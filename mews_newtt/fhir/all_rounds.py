"""The Observations of a course as rounds, from the first to the last; `rounds.py` finds only the newest one.

A round begins with its first reading and lasts as long as the window. So later readings never change an earlier round.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.asked import A_DAY
from mews_newtt.fhir.bundle import Content, FoundObservation
from mews_newtt.fhir.codes import Codes
from mews_newtt.fhir.rounds import WINDOW, rows_in, time_of
from mews_newtt.fhir.times import in_words
from mews_newtt.fhir.unread import called
from mews_newtt.reading.fhir_parts import Faults, codings
from mews_newtt.scoring.wording import count

MOST_NAMED = 10
MOST_PLACED = 200_000  # times that an Observation without a time of day is read, once for each round that it may belong to


class Round(NamedTuple):
    """The Observations of one round, and the times of its first and last reading."""

    content: Content
    first: datetime
    last: datetime

    def may_hold(self, when: datetime, window: int) -> bool:
        """Whether something observed at this time may belong to this round."""
        return _near(self.first, self.last, when, timedelta(minutes=window))


class _Timed(NamedTuple):
    found: FoundObservation
    names: tuple[str, ...]
    when: datetime


def all_rounds(codes: Codes, given: Content, faults: Faults, *, window: int = WINDOW) -> list[Round]:
    """The rounds of a course in order of time. What belongs to none is added to `faults`.

    Observations without a time of day may belong to several rounds: their parameters count as missing in those that have no reading of them.
    So do Observations that the chart does not read.
    """
    length = timedelta(minutes=window)
    placed: list[_Timed] = []
    vague: list[tuple[FoundObservation, tuple[str, ...], datetime | None]] = []
    unknown: list[FoundObservation] = []
    for found in given.observations:
        names, (when, exact) = rows_in(codes, found), time_of(found)
        if not names:
            unknown.append(found)
        elif when is not None and exact:
            placed.append(_Timed(found, names, when))
        else:
            vague.append((found, names, when))
    placed.sort(key=lambda one: one.when)
    groups: list[list[_Timed]] = []
    for one in placed:
        if groups and one.when - groups[-1][0].when <= length:
            groups[-1].append(one)
        else:
            groups.append([one])
    _tell_close(groups, window, faults)
    _tell_vague(codes, vague, faults)
    beside = _beside(codes, unknown, groups, length, faults)
    rounds = []
    for group, more in zip(groups, beside, strict=True):
        first, last = group[0].when, group[-1].when
        rows = {name for one in group for name in one.names}
        loose = {name for _, names, day in vague if day is None or _of_day(day, first, last) for name in names}
        unplaced = ({*given.unplaced} | loose) - rows
        content = given._replace(observations=(*(one.found for one in group), *more), unplaced=frozenset(unplaced & codes.chart.by_id.keys()))
        rounds.append(Round(content, first, last))
    return rounds


def _near(first: datetime, last: datetime, when: datetime, length: timedelta) -> bool:
    """Whether a time is no further from any reading of a round than a round is long."""
    return last - length <= when <= first + length


def _of_day(day: datetime, first: datetime, last: datetime) -> bool:
    """Whether a round may have been on a date, whatever the zone of the date is."""
    return day - A_DAY <= last and first <= day + 2 * A_DAY


def _beside(
    codes: Codes, unknown: list[FoundObservation], groups: list[list[_Timed]], length: timedelta, faults: Faults
) -> list[list[FoundObservation]]:
    """The Observations that the chart does not read, beside each round that they may belong to."""
    firsts = [group[0].when for group in groups]
    beside: list[list[FoundObservation]] = [[] for _ in groups]
    alone: list[FoundObservation] = []
    put = 0
    for found in unknown:
        if codes.is_score(codings(found.body, "code", found.place, Faults())):
            continue
        when, exact = time_of(found)
        if when is not None and exact:
            start = bisect_left(firsts, when - length)
            end = bisect_right(firsts, when + length)
            places = [number for number in range(start, end) if _near(firsts[number], groups[number][-1].when, when, length)]
        else:
            places = [number for number, group in enumerate(groups) if when is None or _of_day(when, firsts[number], group[-1].when)]
        put += len(places)
        if put > MOST_PLACED:
            what = "holds too many observations without a time of day, each of which may belong to many rounds"
            raise ObservationError(Problem("too_many_observations", "resource", what, "say when they were taken, or leave them out"))
        for number in places:
            beside[number].append(found)
        if not places:
            alone.append(found)
    if alone:
        names = ", ".join(dict.fromkeys(called(found.body, found.place) for found in alone[:MOST_NAMED]))
        names += f" and {len(alone) - MOST_NAMED} more" if len(alone) > MOST_NAMED else ""
        what = f"{count(len(alone), 'observation')} not known here, at times without a set, left out: {names}"
        faults.add("outside_window", alone[0].place, what, "use the codes of docs/fhir.md; or give a longer window", warning=True)
    return beside


def _tell_close(groups: list[list[_Timed]], window: int, faults: Faults) -> None:
    """Warn of rounds that follow each other closely: nothing says where one ends and the next begins."""
    length = timedelta(minutes=window)
    close = [after for before, after in pairwise(groups) if after[0].when - before[-1].when <= length]
    if close:
        begins = close[0][0].found.effective[-1]
        what = f"{count(len(close), 'round')} began within {in_words(window)} after the reading before, the first at {begins}"
        faults.add("rounds_close", close[0][0].found.place, what, "give the window that tells the rounds of this ward apart", warning=True)


def _tell_vague(codes: Codes, vague: list[tuple[FoundObservation, tuple[str, ...], datetime | None]], faults: Faults) -> None:
    for code, says, several in (
        ("time_missing", "without a time", [one for one in vague if one[2] is None]),
        ("time_not_exact", "without a time of day", [one for one in vague if one[2] is not None]),
    ):
        if several:
            titles = ", ".join(codes.observations[name].title for name in dict.fromkeys(name for _, names, _ in several for name in names))
            what = f"{count(len(several), 'observation')} {says} left out: {titles}"
            faults.add(code, f"{several[0][0].place}.effective", what, "say when they were observed", warning=True)
