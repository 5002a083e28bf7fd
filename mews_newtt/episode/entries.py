"""The entries of one person as they were recorded, and the sets that count.

A correction replaces a set and keeps it. Nothing depends on the order in which entries arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from mews_newtt.episode.clock import instant, require_one_kind
from mews_newtt.episode.plain import EntryNames, iso
from mews_newtt.errors import ObservationError, Problem

MOST_NAMED = 10  # entries that a message names


class Entry(NamedTuple):
    """One set as somebody recorded it.

    given : the readings, as `score` takes them
    observed_at, recorded_at : when the set was taken, and when it was written down. Either every time has an offset from UTC, or none has
    id : the name of the set. Entries with the same id are versions of one set: the one recorded last counts
    void : the set was entered in error; it does not count
    escalated : whether somebody was told of it; None where nothing says so. escalated_at, escalated_by : when, and by whom (a role, not a name)
    reviewed_at, reviewed_by : when somebody came, and in which role
    concern_at : when a concern of this set was raised, if not at the time of the set
    concern_answered_at, concern_answered_by : when somebody answered that concern, and in which role
    """

    given: Mapping[str, Any]
    observed_at: datetime
    recorded_at: datetime | None = None
    id: str | None = None
    void: bool = False
    escalated: bool | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    escalated_at: datetime | None = None
    escalated_by: str | None = None
    concern_at: datetime | None = None
    concern_answered_at: datetime | None = None
    concern_answered_by: str | None = None

    def times(self) -> tuple[datetime | None, ...]:
        """Every time of the entry, in one order; None where it has none."""
        return (self.observed_at, self.recorded_at, self.reviewed_at, self.escalated_at, self.concern_at, self.concern_answered_at)

    def names(self) -> EntryNames:
        """Which entry it is, for JSON: its id and its times."""
        return {
            "id": self.id,
            "observed_at": self.observed_at.isoformat(),
            "recorded_at": iso(self.recorded_at),
        }


class Superseded(NamedTuple):
    """An entry that no longer counts, and the later version that replaced it."""

    entry: Entry
    by: Entry


class Arranged(NamedTuple):
    """The entries in order of time: those that count, those that were replaced, and those that were entered in error."""

    current: list[Entry]
    superseded: list[Superseded]
    void: list[Entry]
    doubles: int  # entries that were sent more than once and are the same in everything


def arrange(entries: Iterable[Entry]) -> Arranged:
    """The sets that count, in order of time.

    Raises
    ------
    ObservationError  times with and without an offset; two versions of a set of which nobody can say which is the later; two different sets
        taken at the same time, of which nobody can say which corrects the other. Every such place is named
    """
    given = list(entries)
    _require_comparable(given)
    distinct = list({_content(entry): entry for entry in given}.values())
    problems: list[Problem] = []
    current: list[Entry] = []
    superseded: list[Superseded] = []
    void: list[Entry] = []
    for versions in _by_set(distinct):
        ordered = _in_order(versions, problems)
        last = ordered[-1]
        superseded += [Superseded(entry, last) for entry in ordered[:-1]]
        (void if last.void else current).append(last)
    current.sort(key=lambda entry: instant(entry.observed_at))
    problems += _same_time(current)
    if problems:
        raise ObservationError(problems)
    superseded.sort(key=lambda one: (instant(one.entry.observed_at), instant(one.entry.recorded_at or one.entry.observed_at)))
    void.sort(key=lambda entry: instant(entry.observed_at))
    return Arranged(current, superseded, void, len(given) - len(distinct))


def _by_set(entries: list[Entry]) -> list[list[Entry]]:
    named: dict[str, list[Entry]] = {}
    alone = [[entry] for entry in entries if entry.id is None]
    for entry in entries:
        if entry.id is not None:
            named.setdefault(entry.id, []).append(entry)
    return [*alone, *named.values()]


def _in_order(versions: list[Entry], problems: list[Problem]) -> list[Entry]:
    """The versions of one set, the one recorded last at the end."""
    if len(versions) == 1:
        return versions
    recorded = {None if entry.recorded_at is None else instant(entry.recorded_at) for entry in versions}
    if None in recorded or len(recorded) < len(versions):
        where = f"set {versions[0].id!r}"
        what = f"has {len(versions)} versions, and the time of recording does not say which is the last"
        problems.append(Problem("correction_order", where, what, "give each version its own recorded_at"))
        return versions
    return sorted(versions, key=lambda entry: instant(entry.recorded_at or entry.observed_at))


def _same_time(current: list[Entry]) -> list[Problem]:
    times = [instant(entry.observed_at) for entry in current]
    twice = sorted({time for time, after in pairwise(times) if time == after})
    return [
        Problem(
            "time_twice",
            f"{time:%Y-%m-%d %H:%M}",
            "several different sets were taken at this time, and nothing says which of them corrects another",
            "give the versions of one set the same id, or correct a time",
        )
        for time in twice[:MOST_NAMED]
    ]


def _require_comparable(entries: list[Entry]) -> None:
    require_one_kind((time for entry in entries for time in entry.times() if time is not None), "the entries")


def _content(entry: Entry) -> tuple[Any, ...]:
    """What two entries have in common if one was sent twice."""
    given = tuple(sorted((name, str(value)) for name, value in entry.given.items()))
    times = (None if time is None else instant(time) for time in entry.times())
    people = (entry.reviewed_by, entry.escalated_by, entry.concern_answered_by)
    return (given, *times, entry.id, entry.void, entry.escalated, *people)
