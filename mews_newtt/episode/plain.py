"""The plain data that `Episode.to_dict` gives, for JSON, typed: times are ISO 8601 text, lengths of time are minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict


def iso(time: datetime | None) -> str | None:
    """A time as JSON has it."""
    return None if time is None else time.isoformat()


def minutes(time: timedelta | None) -> float | None:
    """A length of time as JSON has it."""
    return None if time is None else time / timedelta(minutes=1)


class EntryNames(TypedDict):
    """Which entry it is."""

    id: str | None
    observed_at: str
    recorded_at: str | None


class ReasonDict(TypedDict):
    """One source's time, in its words, with its citation."""

    at: str
    says: str
    source: str


class DueDict(TypedDict):
    """The earliest time, and every source that gives one."""

    at: str
    reasons: list[ReasonDict]


class ConcernDict(TypedDict):
    """A concern and its answer."""

    parameters: list[str]
    raised_at: str
    answered_at: str | None
    answered_by: str | None
    answered_after_minutes: float | None


class EscalationDict(EntryNames):
    """An escalation that an entry says was made; the id and the times are those of its set."""

    at: str | None
    by: str | None
    level: str | None


class SetDict(EntryNames):
    """One set that counts: see `FollowedSet`. `score` is what `Score.to_dict` gives; `points_change` holds [points before, points now]."""

    score: dict[str, Any]
    level_change: int | None
    points_change: dict[str, list[int | None]]
    minutes_since_last: float | None
    due: DueDict | None
    due_at_worst: DueDict | None
    late_by_minutes: float | None
    review_due: DueDict | None
    reviewed_at: str | None
    reviewed_by: str | None
    reviewed_late_by_minutes: float | None
    trigger_to_review_minutes: float | None
    concern: ConcernDict | None
    escalated: bool | None
    escalated_at: str | None
    escalated_by: str | None
    escalated_before: EscalationDict | None
    retrospective: bool | None
    worst_level: str | None
    doubts: list[str]


class EpisodeDict(TypedDict):
    """The course of one person: see `Episode`."""

    chart: dict[str, Any]
    policies: list[dict[str, str]]
    sets: list[SetDict]
    superseded: list[EntryNames]
    void: list[EntryNames]
    doubles: int
    now: str | None
    due: DueDict | None
    overdue_by_minutes: float | None
    without_due: str
