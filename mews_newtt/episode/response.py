"""What people did about a set: a concern and its answer, a review, and what was escalated before. Only what the entries say; nothing is guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from mews_newtt.episode.clock import instant, passed
from mews_newtt.episode.entries import Entry
from mews_newtt.episode.plain import ConcernDict, EscalationDict, iso, minutes
from mews_newtt.scoring.concerns import raised_concerns
from mews_newtt.scoring.result import Score

BEFORE = ("reviewed_before_observed", "concern_answered_before_raised")  # doubts: an answer cannot be earlier than its question


class Concern(NamedTuple):
    """A concern that a set holds.

    parameters : the rows of the chart that hold it
    raised_at : the time that the entry gives for it; else the time of the set
    answered_at, answered_by : when somebody answered it, and in which role; None where the entry does not say
    answered_after : from raised to answered; None without an answer, or with an answer before the concern
    """

    parameters: tuple[str, ...]
    raised_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answered_after: timedelta | None

    def to_dict(self) -> ConcernDict:
        return {
            "parameters": list(self.parameters),
            "raised_at": self.raised_at.isoformat(),
            "answered_at": iso(self.answered_at),
            "answered_by": self.answered_by,
            "answered_after_minutes": minutes(self.answered_after),
        }


class Escalation(NamedTuple):
    """An escalation that an entry says was made: when and by whom, where it says so, and the level of that set."""

    entry: Entry
    at: datetime | None
    by: str | None
    level: str | None

    def to_dict(self) -> EscalationDict:
        return {**self.entry.names(), "at": iso(self.at), "by": self.by, "level": self.level}


def concern_of(entry: Entry, result: Score) -> Concern | None:
    """The concern that a set holds; None where no row of the chart with somebody's concern counts."""
    rows = tuple(row.id for row in raised_concerns(result))
    if not rows:
        return None
    raised = entry.concern_at or entry.observed_at
    return Concern(rows, raised, entry.concern_answered_at, entry.concern_answered_by, _since(raised, entry.concern_answered_at))


def trigger_to_review(entry: Entry, rank: int | None) -> timedelta | None:
    """The time from a set above the lowest level to its review; None below, without a review, or with a review before the set."""
    return _since(entry.observed_at, entry.reviewed_at) if rank else None


def doubts_of(entry: Entry, concern: Concern | None) -> tuple[str, ...]:
    """`BEFORE`: which answers are earlier than what they answer."""
    pairs = ((entry.observed_at, entry.reviewed_at), (concern and concern.raised_at, concern and concern.answered_at))
    return tuple(name for name, (asked, answered) in zip(BEFORE, pairs, strict=True) if asked and answered and instant(answered) < instant(asked))


def _since(asked: datetime, answered: datetime | None) -> timedelta | None:
    return passed(asked, answered) if answered is not None and instant(answered) >= instant(asked) else None
