"""What happened in a course, as events: a level that rose, a set that is overdue, a correction. One JSON object a line.

The id of an event follows from its content and from nothing else. So the same event, found again or sent again, has the same id, and whoever takes
events in keeps one of each. Nothing here knows which events were sent before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.episode.clock import instant
from mews_newtt.episode.entries import Entry
from mews_newtt.episode.follow import Episode

# Every kind of event, and what it says.
KINDS: Mapping[str, str] = {
    "level_up": "the level is higher than in the last scored set",
    "level_down": "the level is lower than in the last scored set",
    "refused": "a set cannot be scored",
    "late": "a set was taken later than it was due",
    "retrospective": "a set was entered later than a policy allows",
    "superseded": "a later version replaced a set",
    "void": "a set was entered in error",
    "overdue": "the next set was due before the time of the question",
    "unplaced": "a set has no place in the course, so the person is not followed",
}
FOUND_AT = ("now", "overdue_minutes")  # these change from one look to the next, and so are not part of the id


class Event(NamedTuple):
    """One event.

    person : whose course it is; None where the caller named nobody
    set_id, observed_at, recorded_at : the set; of `overdue` the last scored set
    more : what the kind says beside it
    """

    chart: Chart
    kind: str
    person: str | None
    set_id: str | None
    observed_at: str | None
    recorded_at: str | None
    more: Mapping[str, Any]

    @property
    def id(self) -> str:
        """32 characters that follow from the content."""
        lasting = {name: value for name, value in self._told().items() if name not in FOUND_AT}
        text = json.dumps([self.chart.sha256, lasting], ensure_ascii=False, sort_keys=True)
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not known is left out."""
        return {"id": self.id, **self._told()}

    def _told(self) -> dict[str, Any]:
        chart = f"{self.chart.id}@{self.chart.version}"
        names = {"person": self.person, "set_id": self.set_id, "observed_at": self.observed_at, "recorded_at": self.recorded_at}
        told = {"event": self.kind, "chart": chart, **names, **self.more}
        return {name: value for name, value in told.items() if value is not None}


def events_of(episode: Episode, person: str | None = None) -> list[Event]:
    """The events of one person's course, in order of time. `overdue` is there only where the episode has a `now`."""
    found: list[tuple[datetime, int, Event]] = []

    def add(kind: str, entry: Entry, when: datetime, **more: Any) -> None:
        recorded = None if entry.recorded_at is None else entry.recorded_at.isoformat()
        event = Event(episode.chart, kind, person, entry.id, entry.observed_at.isoformat(), recorded, more)
        found.append((instant(when), list(KINDS).index(kind), event))

    for one in episode.sets:
        told = one.to_dict()
        if one.score.status == "refused":
            add("refused", one.entry, one.entry.observed_at, problems=[problem.code for problem in one.score.problems])
        if one.level_change:
            kind = "level_up" if one.level_change > 0 else "level_down"
            add(kind, one.entry, one.entry.observed_at, level=one.score.level, level_change=one.level_change)
        if told["late_by_minutes"]:
            add("late", one.entry, one.entry.observed_at, minutes_late=told["late_by_minutes"])
        if one.retrospective:
            add("retrospective", one.entry, one.entry.observed_at)
    for gone in episode.superseded:
        add("superseded", gone.entry, gone.entry.observed_at, by_recorded_at=gone.by.recorded_at and gone.by.recorded_at.isoformat())
    for entry in episode.void:
        add("void", entry, entry.observed_at)
    last = next((one for one in reversed(episode.sets) if one.score.status != "refused"), None)
    if last is not None and episode.due is not None and episode.overdue_by and episode.now is not None:
        minutes = episode.to_dict()["overdue_by_minutes"]
        add("overdue", last.entry, episode.due.at, due_at=episode.due.at.isoformat(), overdue_minutes=minutes, now=episode.now.isoformat())
    return [event for _, _, event in sorted(found, key=lambda each: each[:2])]


def lines_of(events: Iterator[Event] | list[Event]) -> Iterator[str]:
    """NDJSON: each event as a line."""
    for event in events:
        yield json.dumps(event.to_dict(), ensure_ascii=False, allow_nan=False) + "\n"
