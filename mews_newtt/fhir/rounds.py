"""Which Observations are one set: those of one round, by their times. Readings of other hours are left out, with a warning.

A round lasts as long as the caller's window; the default is ours, and no source gives one. Nothing here looks at a clock: `now` is passed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.bundle import Content, FoundObservation
from mews_newtt.fhir.codes import Codes
from mews_newtt.fhir.times import in_words, is_instant, minutes_between, moment, span
from mews_newtt.fhir.unread import called
from mews_newtt.reading.fhir_parts import Faults, codings
from mews_newtt.scoring.wording import count

WINDOW = 30  # minutes: the longest round, where the caller says no other. Our choice
MOST_NAMED = 10  # Observations not known here, in one message
LONGEST_WINDOW = 24 * 60  # minutes: beyond a day it is not a round
AHEAD = timedelta(minutes=10)  # how far two clocks may differ before a reading is one of the future. Our choice
DAY_AHEAD = timedelta(hours=24)  # the same for a date: its day may have begun elsewhere
_LONGER = "send the readings of one round; or give a longer window where these are one"


class Timed(NamedTuple):
    """An Observation that the chart reads, its parameters, and when it was taken."""

    found: FoundObservation
    names: tuple[str, ...]
    when: datetime | None
    exact: bool  # False for a date without a time of day


def window_of(text: object) -> int:
    """The longest round in minutes, as a caller gives it."""
    if text is None:
        return WINDOW
    plain = str(text).strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 6 and int(plain) <= LONGEST_WINDOW):
        mend = f"give whole minutes, from 0 to {LONGEST_WINDOW}; without it a round lasts {WINDOW}"
        raise ObservationError(Problem("bad_window", "window", f"is {plain[:20]!r}", mend))
    return int(plain)


def time_of(found: FoundObservation) -> tuple[datetime | None, bool]:
    """When an Observation was taken (the end of a period), and whether the time of day is known."""
    if not found.effective:
        return None, False
    text = max(found.effective, key=moment)
    return moment(text), is_instant(text)


def rows_in(codes: Codes, found: FoundObservation) -> tuple[str, ...]:
    """The parameters that an Observation, or a component of it, is for."""
    quiet = Faults()
    names: dict[str, None] = {}
    for body in (found.body, *(part for _, part in quiet.objects(found.body, "component", found.place))):
        keys = codings(body, "code", found.place, quiet)
        if not codes.is_score(keys):
            names |= dict.fromkeys(name for key in keys if codes.reads(name := codes.parameter.get(key) or codes.category.get(key, ("", ""))[0]))
    return tuple(names)


def one_round(
    codes: Codes,
    given: Content,
    faults: Faults,
    *,
    window: int = WINDOW,
    now: datetime | None = None,
    at: datetime | None = None,
    timed_only: bool = False,
) -> Content:
    """The Observations of the newest round, or of the round of a score that was made `at` a time. What is left out is added to `faults`.

    Observations that the chart does not read stay, except those of earlier rounds; so do scores.
    """
    if now is not None and now.tzinfo is None:
        raise ObservationError(Problem("not_a_time", "now", "has no time zone", "give the time with its zone, such as datetime.now(UTC)"))
    timed = [Timed(found, names, *time_of(found)) for found in given.observations if (names := rows_in(codes, found))]
    ahead = [one for one in timed if one.when and now and one.when > now + (AHEAD if one.exact else DAY_AHEAD)]
    future = {id(one) for one in ahead}
    placed = [one for one in timed if one.when and one.exact and id(one) not in future]
    dated = [one for one in timed if one.when and not one.exact and id(one) not in future]
    timeless = [one for one in timed if not one.when]
    kept: list[Timed] = []
    first = last = at
    if placed:
        last = at + AHEAD if at else max(one.when for one in placed if one.when)
        first = (at or last) - timedelta(minutes=window)
        kept = [one for one in placed if one.when and first <= one.when <= last]
    elif dated:
        day = max(one.when for one in dated if one.when)
        kept = [one for one in dated if one.when == day]
        if "effective" not in given.texts:
            what = "the readings are dated by the day only and may be hours apart"
            faults.add("time_not_exact", f"{kept[0].found.place}.effective", what, "send the time of day, with its zone", warning=True)
    elif timeless and not timed_only and "effective" not in given.texts:
        _issued_apart(timeless, window, faults)
    if "effective" in given.texts or not (timed_only or placed or dated):  # the caller says when these were taken, or that they are one set
        kept += timeless + (dated if placed else [])
    in_round = {id(one.found) for one in kept}
    rows = {name for one in kept for name in one.names}
    _tell(codes, "time_ahead", ahead, set(), "later than now", "check the clock and the time zone of what sent it", faults)
    if placed:
        outside = [one for one in placed if id(one.found) not in in_round]
        _tell(codes, "outside_window", outside, rows, _apart(outside, first, at, window), _LONGER, faults)
    loose = [one for one in timeless if id(one.found) not in in_round]
    vague = [one for one in dated if id(one.found) not in in_round]
    if loose:
        what = f"{count(len(loose), 'observation')} without a time left out: {_titles(codes, loose)}"
        faults.add("time_missing", f"{loose[0].found.place}.effective", what, "say when they were observed", warning=True)
    if vague:
        what = f"{count(len(vague), 'observation')} of another day, or without a time of day, left out: {_titles(codes, vague)}"
        faults.add("time_not_exact" if placed else "outside_window", f"{vague[0].found.place}.effective", what, "send the time of day", warning=True)
    known = {id(one.found) for one in timed}
    unplaced = {*given.unplaced, *(name for one in (*loose, *vague, *ahead) for name in one.names)} - rows
    stays = []
    before: list[str] = []
    for found in given.observations:
        if id(found) in known:
            stays += [found] if id(found) in in_round else []
            continue
        when, exact = time_of(found)
        outside_it = when is not None and exact and first is not None and (when < first or (at is not None and when > at + AHEAD))
        if outside_it and not codes.is_score(codings(found.body, "code", found.place, Faults())):
            before.append(called(found.body, found.place))
        else:
            stays.append(found)
    if before:
        called_so = ", ".join(dict.fromkeys(before[:MOST_NAMED])) + (f" and {len(before) - MOST_NAMED} more" if len(before) > MOST_NAMED else "")
        what = f"{count(len(before), 'observation')} of other times, not known here, left out: {called_so}"
        faults.add("outside_window", "", what, _LONGER, warning=True)
    return given._replace(observations=tuple(stays), unplaced=frozenset(unplaced & codes.chart.by_id.keys()))


def _issued_apart(timeless: list[Timed], window: int, faults: Faults) -> None:
    """Observations without a time are one set where the caller sends them together, unless they were issued hours apart."""
    issued = [text for one in timeless if isinstance(text := one.found.body.get("issued"), str) and is_instant(text)]
    ends = span(issued)
    if ends and minutes_between(moment(ends[0]), moment(ends[1])) > window:
        what = f"the readings have no times of their own, and were issued between {ends[0]} and {ends[1]}"
        faults.add("time_not_exact", f"{timeless[0].found.place}.effective", what, "say when each was observed", warning=True)


def _titles(codes: Codes, timed: Iterable[Timed]) -> str:
    return ", ".join(codes.observations[name].title for name in dict.fromkeys(name for one in timed for name in one.names))


def _apart(outside: list[Timed], first: datetime | None, at: datetime | None, window: int) -> str:
    if at is not None:
        return f"not within {in_words(window)} before the score"
    newest = first + timedelta(minutes=window) if first else None
    latest = max((one.when for one in outside if one.when), default=None)
    apart = in_words(minutes_between(latest, newest)) if newest and latest else in_words(window)
    return f"{apart} or more before the newest reading; a round lasts {in_words(window)}"


def _tell(codes: Codes, code: str, left: list[Timed], rows: set[str], why: str, mend: str, faults: Faults) -> None:
    """Warnings about what was left out: one for each parameter without a reading in the round, and one for the others together."""
    latest: dict[str, Timed] = {}
    times: dict[str, int] = {}
    for one in left:
        for name in one.names:
            times[name] = times.get(name, 0) + 1
            known = latest.get(name)
            if known is None or (one.when and known.when and one.when > known.when):
                latest[name] = one
    again = 0
    for name, one in latest.items():
        if name in rows:
            again += times[name]
            continue
        several = "" if times[name] == 1 else f" and {times[name] - 1} more"
        what = f"{codes.observations[name].title} of {one.found.effective[-1]}{several} left out: {why}"
        faults.add(code, one.found.place, what, mend, warning=True)
    if again:
        faults.add(code, "", f"{count(again, 'reading')} of rows that this round has too left out: {why}", "nothing to do", warning=True)
