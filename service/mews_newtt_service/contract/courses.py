"""The course of one person: the sets that a request holds, and what follows from them in order of time.

An answer may hold more fields of a set than are named here: the library says all it knows.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, create_model

from mews_newtt.episode.asked import MOST_SETS
from mews_newtt.episode.events import KINDS
from mews_newtt_service.contract.parts import Answer, ChartIdentity, ChartStatus, Count, Engine, Request
from mews_newtt_service.contract.scores import Score

Iso = Annotated[str, Field(description="ISO 8601: with an offset from UTC in every time of a request, or in none")]
Minutes = Annotated[float | None, Field(description="minutes; null where nothing says so")]


class _Open(Answer):
    model_config = ConfigDict(extra="allow")


def course_request(sets: type[Request]) -> type[Request]:
    """`CourseRequest`: the sets of one person, with the readings that a set may hold."""
    readings: Any = (sets | None, Field(None, description="the readings; a set without any has everything missing"))
    entry: Any = create_model(
        "Entry",
        __base__=_Entry,
        __doc__="One set as somebody recorded it. Entries with the same id are versions of one set: the one recorded last counts.",
        readings=readings,
    )
    return create_model(
        "CourseRequest",
        __base__=_CourseRequest,
        __doc__="The sets of one person, in any order.",
        sets=(list[entry], Field(max_length=MOST_SETS)),
    )


class _Entry(Request):
    observed_at: Iso
    recorded_at: Annotated[str | None, Field(description="when it was written down; `retrospective` follows from it")] = None
    id: Annotated[str | None, Field(description="name of the set")] = None
    void: Annotated[bool | None, Field(description="entered in error: it does not count")] = None
    escalated: Annotated[bool | None, Field(description="whether somebody was already told")] = None
    reviewed_at: Annotated[str | None, Field(description="when somebody came")] = None


class _CourseRequest(Request):
    policies: Annotated[list[str] | None, Field(description="policies that hold beside the chart: id, or id@version")] = None
    schedules: Annotated[
        dict[str, str | None] | list[str] | None, Field(description="schedules of them that hold for this person, with their starts; null is birth")
    ] = None
    born: Annotated[str | None, Field(description="time of birth: hours since birth follow from it")] = None
    now: Annotated[str | None, Field(description="what is overdue is counted to it")] = None


class DueReason(Answer):
    """One source that gives a time."""

    at: Iso
    says: str
    source: Annotated[str, Field(description="its citation")]


class Due(Answer):
    """The earliest time that some source gives."""

    at: Iso
    reasons: Annotated[list[DueReason], Field(min_length=1)]


class EntryNames(Answer):
    """Which set it is."""

    id: str | None
    observed_at: Iso
    recorded_at: str | None


class FollowedSet(_Open):
    """One set that counts. `docs/episodes.md` says what each field means."""

    id: str | None
    observed_at: Iso
    recorded_at: str | None
    score: Score
    level_change: Annotated[int | None, Field(description="ranks up or down from the last scored set")]
    points_change: Annotated[dict[str, list[int | None]], Field(description="points before and now, of the parameters where they differ")]
    minutes_since_last: Minutes
    due: Annotated[Due | None, Field(description="when the next set is due; null where no source gives a time")]
    due_at_worst: Due | None
    late_by_minutes: Minutes
    review_due: Due | None
    reviewed_at: str | None
    reviewed_late_by_minutes: Minutes
    escalated: bool | None
    retrospective: bool | None
    worst_level: str | None
    doubts: Annotated[list[str], Field(description="a clock ran ahead, so that the order or a due time may be wrong")]


class PolicyIdentity(Answer):
    """Which policy was used."""

    id: str
    title: str
    version: str
    status: ChartStatus
    status_says: Annotated[str, Field(description="what was not confirmed of the policy; blank where there is nothing to say")]


class CourseEvent(_Open):
    """What happened. The id follows from the content: the same event again has the same id."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    event: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    chart: Annotated[str, Field(description="id@version")]
    observed_at: Annotated[str | None, Field(description="of the set; not there where the set has no time")] = None


class Course(_Open):
    """The course of one person on one chart."""

    chart: ChartIdentity
    policies: list[PolicyIdentity]
    sets: list[FollowedSet]
    superseded: Annotated[list[EntryNames], Field(description="versions that a later one replaced")]
    void: Annotated[list[EntryNames], Field(description="sets entered in error")]
    doubles: Annotated[Count, Field(description="entries that came twice")]
    now: str | None
    due: Due | None
    overdue_by_minutes: Minutes
    without_due: Annotated[str, Field(description="why no due time is known; empty where it is")]
    events: list[CourseEvent]
    engine_version: Engine
