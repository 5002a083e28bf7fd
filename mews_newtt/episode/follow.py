"""`follow`: the sets of one person in order of time. What changed, when the next set is due and why, what is overdue, what was entered late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, require_chart
from mews_newtt.episode.clock import instant, passed, require_one_kind
from mews_newtt.episode.due import Due, Rules, schedules_of
from mews_newtt.episode.entries import Arranged, Entry, Superseded, arrange
from mews_newtt.episode.plain import EpisodeDict, SetDict, iso, minutes
from mews_newtt.episode.policy import Policy, require_for
from mews_newtt.episode.response import Concern, Escalation, concern_of, doubts_of, trigger_to_review
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.scoring.levels import Reason
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score

BIRTH = "hours_since_birth"
AHEAD = ("observed_after_recorded", "observed_after_now", "recorded_after_now")


class FollowedSet(NamedTuple):
    """One set that counts, and where it is in the course.

    level_change : ranks up (above 0) or down from the last scored set; None for the first and for a set that cannot be scored
    points_change : parameter to (points before, points now), where they differ; None where a row had no points
    since_last : time since the set before, scored or not
    due : when the next set is due by this one; None where no source gives a time
    due_at_worst : when it is due if what is missing reaches `level_max`, where that is sooner
    late_by : how much later than due this set was taken; None where nothing was due, zero in time
    review_due, reviewed_late_by : the same for the review that the level asks for
    trigger_to_review : from a set above the lowest level to its review
    concern : the concern that the set holds, and its answer
    escalated_before : the last escalation that an earlier set says was made. The level may have risen since: compare its `level`
    retrospective : entered later than the policy allows; None where no policy says, or no time of recording is given
    worst_level : the highest level so far
    doubts : `AHEAD`: a clock ran ahead, so that the order or the due time may be wrong; `response.BEFORE`: an answer is earlier than its question
    """

    entry: Entry
    score: Score
    level_change: int | None
    points_change: dict[str, tuple[int | None, int | None]]
    since_last: timedelta | None
    due: Due | None
    due_at_worst: Due | None
    late_by: timedelta | None
    review_due: Due | None
    reviewed_late_by: timedelta | None
    trigger_to_review: timedelta | None
    concern: Concern | None
    escalated_before: Escalation | None
    retrospective: bool | None
    worst_level: str | None
    doubts: tuple[str, ...]

    @property
    def raised_by(self) -> tuple[Reason, ...]:
        """Why its level is not the lowest: the total, a trigger, somebody's concern."""
        return self.score.reasons

    @property
    def last_escalation(self) -> Escalation | None:
        """The last escalation that this set or an earlier one says was made."""
        entry = self.entry
        return Escalation(entry, entry.escalated_at, entry.escalated_by, self.score.level) if entry.escalated else self.escalated_before

    def to_dict(self) -> SetDict:
        return {
            **self.entry.names(),
            "score": self.score.to_dict(),
            "level_change": self.level_change,
            "points_change": {name: list(change) for name, change in self.points_change.items()},
            "minutes_since_last": minutes(self.since_last),
            "due": self.due and self.due.to_dict(),
            "due_at_worst": self.due_at_worst and self.due_at_worst.to_dict(),
            "late_by_minutes": minutes(self.late_by),
            "review_due": self.review_due and self.review_due.to_dict(),
            "reviewed_at": iso(self.entry.reviewed_at),
            "reviewed_by": self.entry.reviewed_by,
            "reviewed_late_by_minutes": minutes(self.reviewed_late_by),
            "trigger_to_review_minutes": minutes(self.trigger_to_review),
            "concern": self.concern and self.concern.to_dict(),
            "escalated": self.entry.escalated,
            "escalated_at": iso(self.entry.escalated_at),
            "escalated_by": self.entry.escalated_by,
            "escalated_before": self.escalated_before and self.escalated_before.to_dict(),
            "retrospective": self.retrospective,
            "worst_level": self.worst_level,
            "doubts": list(self.doubts),
        }


class Episode(NamedTuple):
    """The course of one person on one chart.

    overdue_by : how long the next set has been due at `now`; None where nothing is due or no `now` was given
    without_due : why no due time is known after the last set; "" where it is
    """

    chart: Chart
    policies: tuple[Policy, ...]
    sets: list[FollowedSet]
    superseded: list[Superseded]
    void: list[Entry]
    doubles: int
    now: datetime | None
    overdue_by: timedelta | None
    without_due: str

    @property
    def due(self) -> Due | None:
        """When the next set is due: by the last set that could be scored."""
        return next((one.due for one in reversed(self.sets) if one.score.status != "refused"), None)

    def to_dict(self) -> EpisodeDict:
        """Plain data for JSON."""
        return {
            "chart": self.chart.identity(),
            "policies": [policy.identity() for policy in self.policies],
            "sets": [one.to_dict() for one in self.sets],
            "superseded": [one.entry.names() for one in self.superseded],
            "void": [entry.names() for entry in self.void],
            "doubles": self.doubles,
            "now": iso(self.now),
            "due": self.due and self.due.to_dict(),
            "overdue_by_minutes": minutes(self.overdue_by),
            "without_due": self.without_due,
        }


def follow(
    chart: Chart,
    entries: Iterable[Entry],
    *,
    policies: Sequence[Policy] = (),
    schedules: Mapping[str, datetime | None] | Iterable[str] = (),
    born: datetime | None = None,
    now: datetime | None = None,
    score_set: Callable[[Entry, Mapping[str, Any]], Score] | None = None,
) -> Episode:
    """Score and follow the sets of one person.

    Parameters
    ----------
    entries : in any order; `arrange` says which of them count
    policies : what holds beside the chart; the earliest of several due times counts
    schedules : the schedules of the policies that hold for this person, with the time of their start; None starts at birth
    born : the time of birth. `hours_since_birth` follows from it in every set that does not give it
    now : the time at which the question is asked, for `overdue_by`
    score_set : how a set is scored, where the caller knows more of it than its readings. Takes the entry and its readings with the hours since birth

    Raises
    ------
    ObservationError  no sets; times that cannot be compared; a birth after an observation; a schedule without a start; and as `arrange`
    FileError         a policy that does not fit the chart

    Due times come from the chart and the policies, each with its source. A set that cannot be scored leaves the due time as it was.
    """
    require_chart(chart)
    for policy in policies:
        require_for(policy, chart)
    wanted = dict(schedules) if isinstance(schedules, Mapping) else dict.fromkeys(schedules)
    arranged = arrange(entries)
    _require(arranged, policies, wanted, born, now)
    rules = Rules(chart, tuple(policies), schedules_of(policies, wanted, born))
    late = min((policy.late_entry.after for policy in policies if policy.late_entry is not None), default=None)
    sets: list[FollowedSet] = []
    known: FollowedSet | None = None  # the last that was scored
    for entry in arranged.current:
        given = _with_birth(chart, entry, born)
        result = score(chart, given, raise_refused=False) if score_set is None else score_set(entry, given)
        sets.append(_followed(rules, entry, result, sets[-1] if sets else None, known, late, now))
        known = sets[-1] if result.status != "refused" else known
    due = known.due if known is not None else None
    overdue = None if due is None or now is None else max(passed(due.at, now), timedelta(0))
    return Episode(chart, tuple(policies), sets, *arranged[1:], now, overdue, "" if due is not None else _without_due(chart, policies, known))


def _followed(
    rules: Rules, entry: Entry, result: Score, last: FollowedSet | None, scored: FollowedSet | None, late: timedelta | None, now: datetime | None
) -> FollowedSet:
    """One set beside the last one and the last scored one."""
    rank = rules.chart.level_rank
    level = result.level if result.status != "refused" else None
    was = scored.score.level if scored is not None else None
    due_before = scored.due if scored is not None else None
    due = rules.next_set(level, entry.observed_at) if level is not None else None
    at_worst = rules.next_set(result.level_max, entry.observed_at) if level is not None else None
    review = rules.review(level, entry.observed_at)
    worst = [one for one in (last.worst_level if last else None, level) if one is not None]
    concern = concern_of(entry, result) if level is not None else None
    delay = None if entry.recorded_at is None else passed(entry.observed_at, entry.recorded_at)
    return FollowedSet(
        entry=entry,
        score=result,
        level_change=rank[level] - rank[was] if level is not None and was is not None else None,
        points_change=_points_change(scored.score, result) if scored is not None and level is not None else {},
        since_last=passed(last.entry.observed_at, entry.observed_at) if last is not None else None,
        due=due,
        due_at_worst=at_worst if at_worst is not None and (due is None or instant(at_worst.at) < instant(due.at)) else None,
        late_by=max(passed(due_before.at, entry.observed_at), timedelta(0)) if due_before is not None else None,
        review_due=review,
        reviewed_late_by=max(passed(review.at, entry.reviewed_at), timedelta(0)) if review is not None and entry.reviewed_at is not None else None,
        trigger_to_review=trigger_to_review(entry, rank[level] if level is not None else None),
        concern=concern,
        escalated_before=last.last_escalation if last is not None else None,
        retrospective=delay > late if late is not None and delay is not None else None,
        worst_level=max(worst, key=lambda one: rank[one]) if worst else None,
        doubts=(*_doubts(entry, now), *doubts_of(entry, concern)),
    )


def _points_change(before: Score, result: Score) -> dict[str, tuple[int | None, int | None]]:
    old, new = before.points(), result.points()
    return {name: (old.get(name), new.get(name)) for name in new if old.get(name) != new.get(name)}


def _doubts(entry: Entry, now: datetime | None) -> tuple[str, ...]:
    pairs = ((entry.observed_at, entry.recorded_at), (entry.observed_at, now), (entry.recorded_at, now))
    return tuple(
        name for name, (one, other) in zip(AHEAD, pairs, strict=True) if one is not None and other is not None and instant(one) > instant(other)
    )


def _with_birth(chart: Chart, entry: Entry, born: datetime | None) -> Mapping[str, Any]:
    """The readings with the hours since birth, exact to the microsecond, where the set does not give them."""
    if born is None or entry.given.get(BIRTH) is not None or BIRTH not in chart.observations:
        return entry.given
    seconds = passed(born, entry.observed_at) / timedelta(microseconds=1)
    minutes, rest = divmod(int(seconds), 60_000_000)
    value = minutes if not rest else f"{minutes}.{round(rest / 60 * 1000):09d}"
    return {**entry.given, BIRTH: {"value": value, "unit": "min"}}


def _require(
    arranged: Arranged, policies: Sequence[Policy], wanted: Mapping[str, datetime | None], born: datetime | None, now: datetime | None
) -> None:
    entries = [*arranged.current, *arranged.void, *(one.entry for one in arranged.superseded)]
    if not entries:
        raise ObservationError(Problem("no_sets", "the entries", "hold no set", "give at least one"))
    times = [entry.observed_at for entry in entries] + [time for time in (born, now, *wanted.values()) if time is not None]
    require_one_kind(times, "the entries, the birth, the starts of schedules and now")
    problems = []
    if born is not None:
        early = [entry for entry in arranged.current if instant(entry.observed_at) < instant(born)]
        if early:
            what = f"is after {len(early)} of the sets, the first taken at {early[0].observed_at:%Y-%m-%d %H:%M}"
            problems.append(Problem("birth_after_set", f"the birth, {born:%Y-%m-%d %H:%M}", what, "correct the time of birth or of the sets"))
    known = {schedule.id: schedule for policy in policies for schedule in policy.schedules}
    for name, start in wanted.items():
        if name not in known:
            mend = "schedules: " + ", ".join(known) if known else "give the policy that holds it"
            problems.append(Problem("schedule_unknown", f"schedule {name!r}", "is in none of the policies", mend))
        elif start is None and known[name].starts != "birth":
            problems.append(Problem("schedule_without_start", f"schedule {name!r}", "does not start at birth", "give the time at which it started"))
        elif start is None and born is None:
            problems.append(Problem("schedule_without_start", f"schedule {name!r}", "starts at birth, and no time of birth is given", "give it"))
    if problems:
        raise ObservationError(problems)


def _without_due(chart: Chart, policies: Sequence[Policy], last: FollowedSet | None) -> str:
    if last is None:
        return "No set could be scored."
    title = chart.levels[chart.level_rank[last.score.level or chart.levels[0].id]].title
    also = " and the policies that were given name" if policies else " names"
    return f"{chart.short_title} {chart.version}{also} no time for the next set after the level {title}. None is made up."
