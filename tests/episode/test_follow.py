"""The course of one person: changes, due times with their source, corrections, birth, clocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import ObservationError, load_chart
from mews_newtt.episode import Concern, Entry, Episode, Escalation, follow, load_policy

NEWS2, NPEWS, MEWS, NEWTT2 = load_chart("news2"), load_chart("npews"), load_chart("mews", "0.2"), load_chart("newtt2")
WELL: dict[str, Any] = {
    "respiratory_rate": 16,
    "oxygen_saturation": 97,
    "air_or_oxygen": "air",
    "systolic_bp": 120,
    "heart_rate": 70,
    "consciousness": "alert",
    "temperature": 37,
}
EIGHT = datetime(2026, 11, 1, 8, 0)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(hours: float, **changed: Any) -> Entry:
    return Entry({**WELL, **changed}, EIGHT + hours * HOUR)


def levels(episode: Episode) -> list[str | None]:
    return [one.score.level for one in episode.sets]


def faults(fault: pytest.ExceptionInfo[ObservationError]) -> list[str]:
    return [problem.code for problem in fault.value.problems]


class TestCourse:
    def test_the_level_and_the_points_of_rows_are_compared_with_the_set_before(self) -> None:
        episode = follow(NEWS2, [at(0), at(1, heart_rate=135), at(2, heart_rate=95)])
        assert levels(episode) == ["routine", "low-medium", "low"]
        assert [one.level_change for one in episode.sets] == [None, 2, -1]
        assert [one.points_change for one in episode.sets] == [{}, {"heart_rate": (0, 3)}, {"heart_rate": (3, 1)}]
        assert [one.worst_level for one in episode.sets] == ["routine", "low-medium", "low-medium"]
        assert [one.since_last for one in episode.sets] == [None, HOUR, HOUR]

    def test_a_reason_is_kept_with_each_set(self) -> None:
        episode = follow(MEWS, [Entry({"respiratory_rate": 16, "concern": "yes"}, EIGHT)])
        assert any("oncern" in reason.to_dict()["says"] for reason in episode.sets[0].raised_by)

    def test_a_set_that_cannot_be_scored_is_kept_and_changes_no_due_time(self) -> None:
        episode = follow(NEWS2, [at(0, heart_rate=95), at(2, heart_rate=9999), at(5)], now=EIGHT + 5.5 * HOUR)
        refused = episode.sets[1]
        assert refused.score.status == "refused" and refused.due is None and refused.level_change is None
        assert episode.sets[2].level_change == -1  # compared with the last that was scored
        assert episode.sets[2].since_last == 3 * HOUR
        only_refused = follow(NEWS2, [at(0, heart_rate=95), at(2, heart_rate=9999)], now=EIGHT + 7 * HOUR)
        assert only_refused.due is not None and only_refused.due.at == EIGHT + 6 * HOUR and only_refused.overdue_by == HOUR


class TestDue:
    def test_the_interval_is_that_of_the_chart_with_its_source(self) -> None:
        due = follow(NEWS2, [at(0)]).due
        assert due is not None and due.at == EIGHT + 12 * HOUR
        (reason,) = due.reasons
        assert reason.says == "12-hourly" and "Royal College of Physicians" in reason.source

    def test_a_set_taken_after_its_due_time_is_late_by_that_much(self) -> None:
        episode = follow(NEWS2, [at(0), at(13), at(14)])
        assert [one.late_by for one in episode.sets] == [None, HOUR, timedelta(0)]

    def test_overdue_is_counted_to_the_moment_that_was_asked_for(self) -> None:
        assert follow(NEWS2, [at(0)], now=EIGHT + 13 * HOUR).overdue_by == HOUR
        assert follow(NEWS2, [at(0)], now=EIGHT + 11 * HOUR).overdue_by == timedelta(0)
        assert follow(NEWS2, [at(0)]).overdue_by is None

    def test_without_a_source_there_is_no_time_and_the_result_says_so(self) -> None:
        episode = follow(MEWS, [Entry({"respiratory_rate": 16}, EIGHT)], now=EIGHT + 100 * HOUR)
        assert episode.due is None and episode.overdue_by is None
        assert "names no time for the next set" in episode.without_due
        continuous = follow(NEWS2, [at(0, respiratory_rate=30, heart_rate=135, systolic_bp=80)])
        assert continuous.due is None and "High" in continuous.without_due

    def test_a_partial_set_is_due_by_the_level_certainly_reached_and_says_when_it_may_be_sooner(self) -> None:
        entry = Entry({name: value for name, value in WELL.items() if name != "heart_rate"}, EIGHT)
        (found,) = follow(NEWS2, [entry]).sets
        assert found.score.status == "partial" and found.due is not None and found.due.at == EIGHT + 12 * HOUR
        assert found.due_at_worst is not None and found.due_at_worst.at == EIGHT + HOUR

    def test_the_review_that_a_level_asks_for(self) -> None:
        child = {"age_years": 3, "respiratory_rate": 60, "respiratory_distress": "severe", "heart_rate": 100, "consciousness": "alert"}
        entry = Entry(child, EIGHT, reviewed_at=EIGHT + 50 * MINUTE)
        (found,) = follow(NPEWS, [entry]).sets
        assert found.score.level == "medium", found.score.says
        assert found.review_due is not None and found.review_due.at == EIGHT + 30 * MINUTE
        assert found.reviewed_late_by == 20 * MINUTE


class TestResponse:
    def test_a_concern_its_answer_and_who_gave_it(self) -> None:
        entry = Entry({"concern": "yes"}, EIGHT, concern_at=EIGHT - 5 * MINUTE, concern_answered_at=EIGHT + HOUR, concern_answered_by="registrar")
        (found,) = follow(MEWS, [entry]).sets
        assert found.concern == Concern(("concern",), EIGHT - 5 * MINUTE, EIGHT + HOUR, "registrar", 65 * MINUTE)
        assert found.to_dict()["concern"] == {
            "parameters": ["concern"], "raised_at": "2026-11-01T07:55:00", "answered_at": "2026-11-01T09:00:00", "answered_by": "registrar",
            "answered_after_minutes": 65,
        }  # fmt: skip

    def test_a_concern_without_an_answer_has_none_and_no_concern_is_none(self) -> None:
        raised, calm = follow(MEWS, [Entry({"concern": "yes"}, EIGHT), Entry({"concern": "no"}, EIGHT + HOUR)]).sets
        assert raised.concern == Concern(("concern",), EIGHT, None, None, None) and calm.concern is None

    @pytest.mark.parametrize("name", ["clinical_intuition", "carer_concern"])
    def test_every_kind_of_concern_counts(self, name: str) -> None:
        (found,) = follow(NPEWS, [Entry({"age_years": 3, name: "medium"}, EIGHT)]).sets
        assert found.concern is not None and found.concern.parameters == (name,)

    def test_the_time_from_trigger_to_review_is_that_of_sets_above_the_lowest_level(self) -> None:
        entries = [at(0)._replace(reviewed_at=EIGHT + HOUR), at(2, heart_rate=135)._replace(reviewed_at=EIGHT + 2.5 * HOUR), at(3, heart_rate=135)]
        assert [one.trigger_to_review for one in follow(NEWS2, entries).sets] == [None, 30 * MINUTE, None]

    def test_the_last_escalation_is_told_with_each_later_set(self) -> None:
        first = at(0, heart_rate=135)._replace(escalated=True, escalated_at=EIGHT + MINUTE, escalated_by="midwife")
        sets = follow(NEWS2, [first, at(1)._replace(escalated=False), at(2, heart_rate=95)._replace(escalated=True), at(3)]).sets
        made = Escalation(first, EIGHT + MINUTE, "midwife", "low-medium")
        assert [one.escalated_before for one in sets[:3]] == [None, made, made]
        assert sets[3].escalated_before == Escalation(sets[2].entry, None, None, "low")
        assert sets[1].to_dict()["escalated_before"] == {
            "id": None, "observed_at": "2026-11-01T08:00:00", "recorded_at": None, "at": "2026-11-01T08:01:00", "by": "midwife", "level": "low-medium",
        }  # fmt: skip

    def test_an_answer_before_its_question_is_a_doubt_and_gives_no_time(self) -> None:
        early = EIGHT - MINUTE
        (found,) = follow(MEWS, [Entry({"concern": "yes"}, EIGHT, reviewed_at=early, concern_answered_at=early)]).sets
        assert found.doubts == ("reviewed_before_observed", "concern_answered_before_raised")
        assert found.trigger_to_review is None and found.concern is not None and found.concern.answered_after is None

    def test_the_answer_is_plain_json(self) -> None:
        entry = Entry({"concern": "yes"}, EIGHT, EIGHT, reviewed_at=EIGHT, escalated=True, escalated_at=EIGHT)
        episode = follow(MEWS, [entry, entry._replace(observed_at=EIGHT + HOUR)], now=EIGHT + HOUR)
        assert json.loads(json.dumps(episode.to_dict())) == episode.to_dict()


class TestEntries:
    def test_a_correction_replaces_a_set_and_keeps_it(self) -> None:
        first = Entry(WELL | {"heart_rate": 170}, EIGHT, EIGHT + MINUTE, id="a")
        second = Entry(WELL, EIGHT, EIGHT + 9 * MINUTE, id="a")
        episode = follow(NEWS2, [second, first])
        assert levels(episode) == ["routine"] and [(one.entry, one.by) for one in episode.superseded] == [(first, second)]

    def test_a_set_entered_in_error_does_not_count_and_is_kept(self) -> None:
        wrong = Entry(WELL | {"heart_rate": 170}, EIGHT, EIGHT + MINUTE, id="a")
        episode = follow(NEWS2, [wrong, wrong._replace(void=True, recorded_at=EIGHT + HOUR), at(2)])
        assert levels(episode) == ["routine"] and len(episode.void) == 1 and len(episode.superseded) == 1

    def test_what_was_sent_twice_counts_once(self) -> None:
        episode = follow(NEWS2, [at(0), at(0), at(0, heart_rate="70")])
        assert len(episode.sets) == 1 and episode.doubles == 2

    def test_two_versions_of_unknown_order_are_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(NEWS2, [Entry(WELL, EIGHT, id="a"), Entry(WELL | {"heart_rate": 90}, EIGHT, id="a")])
        assert faults(fault) == ["correction_order"]

    def test_two_different_sets_of_one_time_are_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(NEWS2, [at(0), at(0, heart_rate=90)])
        assert faults(fault) == ["time_twice"]

    def test_no_set_is_an_error(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(NEWS2, [])
        assert faults(fault) == ["no_sets"]

    def test_an_entry_is_retrospective_by_the_policy_and_unknown_without_one(self) -> None:
        entries = [Entry({"age_years": 3}, EIGHT + hour * HOUR, EIGHT + hour * HOUR + late * MINUTE) for hour, late in ((0, 10), (1, 11))]
        assert [one.retrospective for one in follow(NPEWS, entries).sets] == [None, None]
        assert [one.retrospective for one in follow(NPEWS, entries, policies=[load_policy("npews-times")]).sets] == [False, True]


class TestClocks:
    LONDON = ZoneInfo("Europe/London")

    def test_the_hour_that_the_night_of_the_clock_change_has_twice_counts_twice(self) -> None:
        before = datetime(2026, 10, 25, 0, 30, tzinfo=self.LONDON)
        after = datetime(2026, 10, 25, 2, 30, tzinfo=self.LONDON)
        episode = follow(NEWS2, [Entry(WELL | {"heart_rate": 135}, before), Entry(WELL, after)])
        assert episode.sets[1].since_last == 3 * HOUR and episode.sets[1].late_by == 2 * HOUR
        assert episode.sets[0].due is not None and episode.sets[0].due.at.isoformat() == "2026-10-25T01:30:00+01:00"

    def test_in_the_short_night_an_hour_is_not_there(self) -> None:
        episode = follow(NEWS2, [Entry(WELL, datetime(2026, 3, 29, hour, 30, tzinfo=self.LONDON)) for hour in (0, 2)])
        assert episode.sets[1].since_last == HOUR

    def test_sets_of_several_zones_are_put_in_order_by_the_instant(self) -> None:
        east = timezone(5 * HOUR)
        first, second = Entry(WELL, datetime(2026, 11, 1, 12, 0, tzinfo=east)), Entry(WELL, datetime(2026, 11, 1, 8, 0, tzinfo=UTC))
        assert [one.entry for one in follow(NEWS2, [second, first]).sets] == [first, second]

    def test_times_with_and_without_an_offset_are_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(NEWS2, [at(0), Entry(WELL, (EIGHT + HOUR).replace(tzinfo=UTC))])
        assert faults(fault) == ["time_without_offset"]

    def test_what_is_no_time_is_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(NEWS2, [Entry(WELL, "08:00")])  # type: ignore[arg-type]  # what the test is about
        assert faults(fault) == ["not_a_time"]

    def test_the_leap_day_is_a_day(self) -> None:
        assert follow(NEWS2, [Entry(WELL, datetime(2028, 2, 28, 20)), Entry(WELL, datetime(2028, 3, 1, 8))]).sets[1].since_last == 36 * HOUR

    def test_a_clock_that_ran_ahead_is_said(self) -> None:
        entry = Entry(WELL, EIGHT + HOUR, EIGHT)
        assert follow(NEWS2, [entry], now=EIGHT - HOUR).sets[0].doubts == ("observed_after_recorded", "observed_after_now", "recorded_after_now")


class TestBirth:
    def test_hours_since_birth_follow_from_the_birth_set_by_set(self) -> None:
        readings = {"patient_group": "postnatal", "heart_rate": 104}
        sets = follow(MEWS, [Entry(readings, EIGHT + hours * HOUR) for hours in (47, 49)], born=EIGHT).sets
        pulse = [next(row for row in one.score.parameters if row.id == "heart_rate") for one in sets]
        first, second = (row.table for row in pulse)
        assert first is not None and second is not None and first.title != second.title

    def test_hours_that_the_set_gives_are_not_replaced(self) -> None:
        readings = {"patient_group": "postnatal", "heart_rate": 104}
        given = follow(MEWS, [Entry(readings | {"hours_since_birth": 5}, EIGHT + 49 * HOUR)], born=EIGHT)
        alone = follow(MEWS, [Entry(readings | {"hours_since_birth": 5}, EIGHT)])
        assert given.sets[0].score.says == alone.sets[0].score.says

    def test_a_birth_after_a_set_is_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            follow(MEWS, [Entry({"heart_rate": 80}, EIGHT)], born=EIGHT + MINUTE)
        assert faults(fault) == ["birth_after_set"]


class TestSchedules:
    POLICY = load_policy("nice-newborn")

    def due(self, hours: float, schedule: str, **more: Any) -> datetime | None:
        episode = follow(NEWTT2, [Entry({"heart_rate": 120}, EIGHT + hours * HOUR)], policies=[self.POLICY], schedules=[schedule], **more)
        return None if episode.due is None else episode.due.at

    @pytest.mark.parametrize(("taken", "next_one"), [(0.5, 1), (1, 2), (1.5, 2), (2, 4), (3.9, 4), (11, 12), (12, None)])
    def test_after_significant_meconium_at_1_and_2_hours_then_every_2_until_12(self, taken: float, next_one: float | None) -> None:
        assert self.due(taken, "significant-meconium", born=EIGHT) == (None if next_one is None else EIGHT + next_one * HOUR)

    def test_only_the_schedules_that_were_named_hold(self) -> None:
        assert follow(NEWTT2, [Entry({"heart_rate": 120}, EIGHT)], policies=[self.POLICY], born=EIGHT).due is None

    def test_a_schedule_that_gives_no_interval_gives_no_due_time(self) -> None:
        episode = follow(NEWTT2, [Entry({"heart_rate": 120}, EIGHT)], policies=[self.POLICY], schedules={"one-infection-risk-factor": EIGHT})
        assert episode.due is None

    @pytest.mark.parametrize("schedule", ["significant-meconium", "one-infection-risk-factor"])
    def test_a_schedule_needs_its_start(self, schedule: str) -> None:
        with pytest.raises(ObservationError) as fault:
            self.due(0, schedule)
        assert faults(fault) == ["schedule_without_start"]

    def test_an_unknown_schedule_is_refused(self) -> None:
        with pytest.raises(ObservationError) as fault:
            self.due(0, "meconium", born=EIGHT)
        assert faults(fault) == ["schedule_unknown"]


RATES = st.sampled_from([70, 95, 115, 135, 9999, None])


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Entry]:
    """Sets at different times, some of them corrected or taken back later."""
    entries = []
    for number, minutes in enumerate(sorted(draw(st.sets(st.integers(0, 5000), min_size=1, max_size=6)))):
        taken = EIGHT + minutes * MINUTE
        for version in range(draw(st.integers(1, 3))):
            void = version > 0 and draw(st.booleans())
            entries.append(Entry(WELL | {"heart_rate": draw(RATES)}, taken, taken + version * MINUTE, id=str(number), void=void))
    return entries


@given(entry_lists(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(entries: list[Entry], random: Any) -> None:
    shuffled = [*entries, *entries[: len(entries) // 2]]  # some arrive twice
    random.shuffle(shuffled)
    found, again = follow(NEWS2, entries), follow(NEWS2, shuffled)
    assert found.to_dict() | {"doubles": 0} == again.to_dict() | {"doubles": 0}


@given(entry_lists())
def test_a_set_more_changes_nothing_of_those_before(entries: list[Entry]) -> None:
    last = max(entry.observed_at for entry in entries)
    before = follow(NEWS2, entries)
    after = follow(NEWS2, [*entries, Entry(WELL, last + HOUR, id="new")])
    assert [one.to_dict() for one in after.sets[:-1]] == [one.to_dict() for one in before.sets]


@given(entry_lists(), st.integers(0, 5))
def test_a_correction_changes_its_set_and_what_is_compared_with_it(entries: list[Entry], which: int) -> None:
    names = list(dict.fromkeys(entry.id for entry in entries))
    name = names[which % len(names)]
    last = [entry for entry in entries if entry.id == name][-1]
    correction = last._replace(given=WELL | {"heart_rate": 51}, recorded_at=EIGHT + 9999 * MINUTE, void=False)
    before = {one.entry.id: one for one in follow(NEWS2, entries).sets}
    after = {one.entry.id: one for one in follow(NEWS2, [*entries, correction]).sets}
    for other, one in after.items():
        if one.entry.observed_at < last.observed_at:
            assert one.to_dict() == before[other].to_dict()
        elif other != name:
            assert (one.score.says, one.entry, one.due) == (before[other].score.says, before[other].entry, before[other].due)
