"""The columns that `track_frame` adds, from the scores of the rows and their places in the courses of their people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.episode.answers import Answers, constant
from mews_newtt.episode.course import MINUTE, Bools, Course, earliest, minutes_between, minutes_late
from mews_newtt.episode.due import Rules
from mews_newtt.episode.follow import AHEAD
from mews_newtt.episode.many_responses import concern_rows
from mews_newtt.episode.many_schedules import Births, PeoplesSchedules
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros, Placed
from mews_newtt.episode.response import BEFORE
from mews_newtt.episode.versions import CURRENT, STATUSES, InOrder, Marked, without_lost

ADDED = (
    "set_status", "level_change", "points_up", "points_down", "minutes_since_last", "due_at", "due_at_worst", "minutes_late", "overdue_minutes",
    "review_due_at", "minutes_to_review", "review_minutes_late", "concern_raised", "minutes_to_answer", "escalated_before", "escalated_before_at",
    "escalated_before_level", "retrospective", "worst_level", "doubts", "track_error",
)  # fmt: skip
WORDS = ("points_up", "points_down", "concern_raised", "doubts", "track_error")  # categorical until `track_frame` makes them text
TIMES = ("due_at", "due_at_worst", "review_due_at", "escalated_before_at")  # of these
DOUBTS = (*AHEAD, *BEFORE)
ONE = timedelta(microseconds=1)


class Columns(NamedTuple):
    """The names of the columns that say whose set it is, when it was taken, which version of it counts and what people did about it.

    All but the first two may be absent.
    """

    person: str = "patient_id"
    taken: str = "observed_at"
    recorded: str = "recorded_at"
    set_id: str = "set_id"
    void: str = "void"
    reviewed: str = "reviewed_at"
    reviewed_by: str = "reviewed_by"
    raised: str = "concern_at"
    answered: str = "concern_answered_at"
    answered_by: str = "concern_answered_by"
    escalated: str = "escalated"
    escalated_at: str = "escalated_at"
    escalated_by: str = "escalated_by"
    born: str = "born_at"

    @property
    def other_times(self) -> tuple[str, ...]:
        """The columns of times that may be absent, and whose cells may be blank."""
        return (self.recorded, self.reviewed, self.raised, self.answered, self.escalated_at, self.born)

    @property
    def answers(self) -> tuple[str, ...]:
        """The columns that say what people did about concerns, and that they called somebody."""
        return (self.raised, self.answered, self.answered_by, self.escalated, self.escalated_at, self.escalated_by)

    @property
    def of_entries(self) -> tuple[str, ...]:
        """Beside the readings: the columns in which two rows must agree to be one set that was sent twice."""
        return (*self[2:-1],)


class Read(NamedTuple):
    """What was read of the rows of a table.

    concerns : which of `concern_rows` hold a concern, as bits; escalated : whether the row says that somebody was called. None where no column says
    """

    scored: pl.DataFrame
    placed: Placed
    sets: InOrder
    concerns: npt.NDArray[np.int64] | None
    escalated: Bools | None


class ManyAnswers:
    """The answers for the sets of a table that count."""

    def __init__(self, chart: Chart, policies: tuple[Policy, ...], names: Columns, read: Read):
        self.chart, self.names, self.read = chart, names, read
        self.rules = Rules(chart, policies, ())
        self.late = min((policy.late_entry.after for policy in policies if policy.late_entry is not None), default=None)

    def waits(self, which: str) -> dict[int, int]:
        """By the rank of a level: the wait that the chart and the policies give, in microseconds."""
        start = datetime(2000, 1, 1)  # any: an interval does not depend on it
        dues = {rank: getattr(self.rules, which)(level.id, start) for rank, level in enumerate(self.chart.levels)}
        return {rank: (due.at - start) // ONE for rank, due in dues.items() if due is not None}

    def frame(self, found: Marked, schedules: PeoplesSchedules | None, births: Births | None, moment: int | None) -> pl.DataFrame:
        """The columns `ADDED`; `WORDS` as categorical columns."""
        sets, placed = self.read.sets, self.read.placed
        scheduled = None
        if schedules is not None:
            scheduled, without = schedules.next_time(placed.names, sets.person, sets.taken, births)
            if without.null_count() < len(without):
                says = without.gather(placed.person)
                found = without_lost(Marked(found.status, pl.select(pl.coalesce(found.why, says)).to_series()), placed.person)
        counts = found.status == STATUSES.index(CURRENT)
        places = np.flatnonzero(counts if sets.order is None else counts[sets.order])
        rows = None if sets.order is None and len(places) == len(counts) else sets.rows(places)
        everything = len(places) == len(counts)
        person, taken = (sets.person, sets.taken) if everything else (sets.person[places], sets.taken[places])
        if scheduled is not None:
            scheduled = scheduled[places]
        answers = Answers(len(counts), rows, bool(placed.zoned))
        course = Course(person, taken, *self._levels(rows))
        self._add_dues(answers, course, scheduled, moment)
        self._add_responses(answers, course)
        self._add_doubts(answers, course, moment)
        nobody_lost = found.why.null_count() == len(found.why)
        why = constant("track_error", "", len(counts)) if nobody_lost else found.why.fill_null("").cast(pl.Categorical)
        ordered = {"set_status": answers.words("set_status", found.status, STATUSES), **answers.columns, "track_error": why}
        return pl.DataFrame([ordered[name].alias(name) for name in ADDED])

    def _of_rows(self, values: npt.NDArray[Any], rows: Any) -> Any:
        return values if rows is None else values[rows]

    def _numbers(self, name: str, kind: Any, missing: int, rows: Any) -> Any:
        return self._of_rows(self.read.scored.get_column(name).fill_null(missing).to_numpy().astype(kind, copy=False), rows)

    def _levels(self, rows: Any) -> tuple[Bools, Any, Any]:
        level = self._numbers("level_rank", np.int8, -1, rows)
        return level >= 0, level, self._numbers("level_max_rank", np.int8, -1, rows)

    def _time(self, name: str, answers: Answers) -> Micros | None:
        """A column of times for the sets that count; None where the table has no such column."""
        times = self.read.placed.times
        return self._of_rows(times[name], answers.places) if name in times else None

    def _add_dues(self, answers: Answers, course: Course, scheduled: Micros | None, moment: int | None) -> None:
        waits, partial = self.waits("next_set"), not np.array_equal(course.level, course.level_max)
        due = course.due(course.level, waits)
        at_worst = course.due(course.level_max, waits) if partial else due
        if scheduled is not None:
            scheduled = np.where(course.scored, scheduled, NO_TIME_AT_ALL)
            due, at_worst = earliest(due, scheduled), earliest(at_worst, scheduled)
        gave = [p.id for p in self.chart.parameters if p.role == "scored"] if self.chart.has_points else []
        rose, fell = course.points_moved([self._numbers(f"points_{name}", np.int16, NO_POINTS, answers.places) for name in gave])
        answers.whole("level_change", *course.level_change())
        answers.named("points_up", rose, gave)
        answers.named("points_down", fell, gave)
        answers.minutes("minutes_since_last", *course.since_last())
        answers.time("due_at", due)
        if partial:
            sooner = (at_worst != NO_TIME_AT_ALL) & ((due == NO_TIME_AT_ALL) | (at_worst < due))
            answers.time("due_at_worst", np.where(sooner, at_worst, NO_TIME_AT_ALL))
        else:
            answers.no_time("due_at_worst")
        answers.minutes("minutes_late", *course.late(due))
        if moment is None:
            answers.nothing("overdue_minutes", pa.float64())
        else:
            last = course.is_last() & (due != NO_TIME_AT_ALL)
            overdue = np.zeros(len(due))
            overdue[last] = np.maximum(moment - due[last], 0) / MINUTE
            answers.minutes("overdue_minutes", overdue, last)
        worst = course.worst()
        answers.levels("worst_level", worst.values, worst.valid, [one.id for one in self.chart.levels])

    def _add_responses(self, answers: Answers, course: Course) -> None:
        names, waits, reviewed = self.names, self.waits("review"), self._time(self.names.reviewed, answers)
        review = course.due(course.level, waits)
        if waits:
            answers.time("review_due_at", review)
        else:
            answers.no_time("review_due_at")
        if reviewed is None:
            answers.nothing("minutes_to_review", pa.float64())
        else:
            to_review = minutes_between(course.taken, reviewed)
            answers.minutes("minutes_to_review", to_review.values, to_review.valid & (course.level > 0))
        if reviewed is None or not waits:
            answers.nothing("review_minutes_late", pa.float64())
        else:
            answers.minutes("review_minutes_late", *minutes_late(review, reviewed))
        concerns, answered = self._concerns(answers, course), self._time(names.answered, answers)
        answers.named("concern_raised", concerns, concern_rows(self.chart))
        if answered is None:
            answers.nothing("minutes_to_answer", pa.float64())
        else:
            to_answer = minutes_between(self._raised(answers, course), answered)
            answers.minutes("minutes_to_answer", to_answer.values, to_answer.valid & (concerns > 0))
        self._add_escalations(answers, course)

    def _concerns(self, answers: Answers, course: Course) -> npt.NDArray[np.int64]:
        """Which rows of the chart hold a concern, as bits; none in a set that cannot be scored."""
        if self.read.concerns is None:
            return np.zeros(len(course.taken), np.int64)
        return np.where(course.scored, self._of_rows(self.read.concerns, answers.places), 0)

    def _raised(self, answers: Answers, course: Course) -> Micros:
        """When a concern was raised: the time that the row gives for it, else the time of the set."""
        raised = self._time(self.names.raised, answers)
        return course.taken if raised is None else np.where(raised == NO_TIME_AT_ALL, course.taken, raised)

    def _add_escalations(self, answers: Answers, course: Course) -> None:
        levels = [one.id for one in self.chart.levels]
        if self.read.escalated is None:
            answers.nothing("escalated_before", pa.bool_())
            answers.no_time("escalated_before_at")
            answers.columns["escalated_before_level"] = pl.repeat(None, answers.rows, dtype=pl.Enum(levels), eager=True)
            return
        before = course.last_before(self._of_rows(self.read.escalated, answers.places))
        there, at = before >= 0, self._time(self.names.escalated_at, answers)
        answers.truth("escalated_before", there, np.ones(len(there), bool))
        if at is None:
            answers.no_time("escalated_before_at")
        else:
            answers.time("escalated_before_at", np.where(there, at[before], NO_TIME_AT_ALL))
        was = course.level[before]
        answers.levels("escalated_before_level", was, there & (was >= 0), levels)

    def _add_doubts(self, answers: Answers, course: Course, moment: int | None) -> None:
        """Which times contradict each other, and which sets were entered late."""
        taken, recorded, reviewed = course.taken, self._time(self.names.recorded, answers), self._time(self.names.reviewed, answers)
        doubts = np.zeros(len(taken), np.uint8)

        def doubt(name: str, said: Bools) -> None:
            doubts[said] |= np.uint8(1 << DOUBTS.index(name))

        if recorded is None or self.late is None:
            answers.nothing("retrospective", pa.bool_())
        else:
            written = recorded != NO_TIME_AT_ALL
            answers.truth("retrospective", np.where(written, recorded - taken, 0) > self.late // ONE, written)
        if recorded is not None:
            doubt(AHEAD[0], (recorded != NO_TIME_AT_ALL) & (taken > recorded))
        if moment is not None:
            doubt(AHEAD[1], taken > moment)
            if recorded is not None:
                doubt(AHEAD[2], recorded > moment)
        if reviewed is not None:
            doubt(BEFORE[0], (reviewed != NO_TIME_AT_ALL) & (reviewed < taken))
        answered = self._time(self.names.answered, answers)
        if answered is not None:
            early = (answered != NO_TIME_AT_ALL) & (answered < self._raised(answers, course))
            doubt(BEFORE[1], early & (self._concerns(answers, course) > 0))
        answers.named("doubts", doubts, DOUBTS)
