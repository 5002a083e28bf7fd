"""Many people in one table: each is followed as `follow` follows one person, whatever else is in the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import ColumnError, FileError, ObservationError, load_chart
from mews_newtt.episode import Entry, follow, load_policy
from mews_newtt.episode.plain import minutes
from mews_newtt.episode.track import ADDED, track_frame
from mews_newtt.reading.columns import read_map
from tests.episode.test_follow import EIGHT, HOUR, MINUTE, NEWS2, NPEWS, RATES, WELL

NOW = EIGHT + 9000 * MINUTE


def row(person: Any, taken: Any, *, recorded: Any = None, set_id: str | None = None, void: str = "", **readings: Any) -> dict[str, Any]:
    return {"patient_id": person, "observed_at": taken, "recorded_at": recorded, "set_id": set_id, "void": void, **WELL, **readings}


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None)


def test_two_people_are_followed_apart_and_the_rows_keep_their_order() -> None:
    found = track_frame(
        NEWS2, table(row("b", EIGHT + HOUR, heart_rate=95), row("a", EIGHT), row("b", EIGHT), row("a", EIGHT + 13 * HOUR, heart_rate=135))
    )
    assert found.get_column("patient_id").to_list() == ["b", "a", "b", "a"]
    assert found.get_column("level_change").to_list() == [1, None, None, 2]
    assert found.get_column("minutes_late").to_list() == [0, None, None, 60]
    assert found.get_column("points_up").to_list() == ["heart_rate", "", "", "heart_rate"]
    assert found.get_column("worst_level").to_list() == ["low", "routine", "routine", "low-medium"]
    assert found.columns[-len(ADDED) :] == list(ADDED) and "points_heart_rate" not in found.columns


def test_corrections_doubles_and_sets_entered_in_error_are_told_apart() -> None:
    found = track_frame(
        NEWS2,
        table(
            row("a", EIGHT, recorded=EIGHT + MINUTE, set_id="1", heart_rate=170),
            row("a", EIGHT, recorded=EIGHT + 9 * MINUTE, set_id="1"),
            row("a", EIGHT, recorded=EIGHT + 9 * MINUTE, set_id="1"),
            row("a", EIGHT + HOUR, recorded=EIGHT + HOUR, set_id="2", void="yes"),
        ),
    )
    assert found.get_column("set_status").to_list() == ["superseded", "current", "double", "void"]
    assert found.get_column("worst_level").to_list() == [None, "routine", None, None]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row("a", None), "observed_at is blank"),
        (row("a", "noon"), "observed_at is not a time written like 2026-11-20 08:00"),
        (row("a", "2026-11-01"), "observed_at is not a time written like 2026-11-20 08:00"),
        (row("a", "2026-11-01 09:00", recorded="soon"), "recorded_at is not a time written like 2026-11-20 08:00"),
        (row("a", "2026-11-01 08:00", heart_rate=95), "another set of this person has the same time, and nothing says which corrects which"),
    ],
)
def test_a_set_without_a_place_leaves_its_person_unfollowed_and_nobody_else(bad: dict[str, Any], says: str) -> None:
    good = [row("a", "2026-11-01 08:00"), row("b", "2026-11-01 08:00", heart_rate=95)]
    found = track_frame(NEWS2, table(*good, bad))
    assert found.get_column("set_status").to_list() == ["unplaced", "current", "unplaced"]
    assert found.get_column("track_error").to_list()[1:] == ["", says]
    assert found.get_column("total").to_list()[1] == 1  # scored all the same
    assert found.get_column("due_at").to_list()[0] is None


def test_a_row_of_nobody_is_not_followed() -> None:
    found = track_frame(NEWS2, table(row(None, EIGHT), row(" ", EIGHT), row("a", EIGHT)))
    assert found.get_column("set_status").to_list() == ["unplaced", "unplaced", "current"]
    assert found.get_column("track_error").to_list() == ["patient_id is blank", "patient_id is blank", ""]


def test_times_without_an_offset_are_read_in_the_zone_that_is_named() -> None:
    rows = table(row("a", "2026-10-25 00:30", heart_rate=135), row("a", "2026-10-25 02:30"))
    found = track_frame(NEWS2, rows, zone="Europe/London")
    assert found.get_column("minutes_since_last").to_list() == [None, 180]
    assert str(found.get_column("due_at")[0]) == "2026-10-25 00:30:00+00:00"
    twice = track_frame(NEWS2, table(row("a", "2026-10-25 01:30")), zone="Europe/London")
    assert twice.get_column("track_error").to_list() == ["observed_at is a time that the zone has twice, or not at all"]
    same = track_frame(NEWS2, rows.with_columns(pl.col("observed_at").str.to_datetime()), zone="Europe/London")
    assert same.drop("observed_at").equals(found.drop("observed_at"))


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([row("a", "2026-11-01 08:00"), row("a", "2026-11-01 09:00Z")], {}, "time_without_offset"),
        ([row("a", "2026-11-01 08:00")], {"zone": "Europe/Londn"}, "unknown_zone"),
        ([row("a", EIGHT, void="perhaps")], {}, "void_unreadable"),
        ([{"observed_at": EIGHT, **WELL}], {}, "column_needed"),
        ([{"patient_id": "a", **WELL}], {}, "column_needed"),
        ([row("a", 5)], {}, "column_type"),
        ([row("a", EIGHT, due_at="x")], {}, "column_taken"),
        ([row("a", EIGHT)], {"now": datetime(2026, 11, 2, tzinfo=UTC)}, "time_without_offset"),
        ([row("a", "2026-11-01 08:00Z")], {"now": NOW}, "time_without_offset"),
        ([row("a", EIGHT)], {"policies": [load_policy("npews-times")]}, "policy_of_another_chart"),
    ],
)
def test_bad_input_is_a_clear_error(rows: list[dict[str, Any]], options: dict[str, Any], code: str) -> None:
    with pytest.raises((FileError, ColumnError)) as fault:
        track_frame(NEWS2, table(*rows), **options)
    assert code in [problem.code for problem in fault.value.problems]


def test_columns_of_other_names_are_mapped() -> None:
    rows = table(row("a", EIGHT), row("a", EIGHT + HOUR)).rename({"patient_id": "MRN", "observed_at": "Taken"})
    found = track_frame(NEWS2, rows, column_map=read_map(["MRN=patient_id", "Taken=observed_at"]))
    assert found.get_column("minutes_since_last").to_list() == [None, 60]


def test_now_is_read_in_the_zone_of_the_times() -> None:
    found = track_frame(NEWS2, table(row("a", "2026-10-25 00:30", heart_rate=135)), zone="Europe/London", now=datetime(2026, 10, 25, 2, 30))
    assert found.get_column("overdue_minutes").to_list() == [120]


def test_an_empty_table_has_the_columns_too() -> None:
    found = track_frame(NEWS2, table(row("a", EIGHT)).clear())
    assert found.height == 0 and set(ADDED) <= set(found.columns)


ENTRIES = st.tuples(st.integers(0, 40), st.integers(0, 2), st.booleans(), RATES, st.sampled_from([97, None]), st.sampled_from([None, -5, 20, 500]))


@st.composite
def persons(draw: st.DrawFn) -> dict[str, list[Entry]]:
    """People with sets, corrections, doubles, and now and then two different sets of one time."""
    found = {}
    for person in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        entries = []
        for number, (hours, versions, void, rate, sats, reviewed) in enumerate(draw(st.lists(ENTRIES, min_size=1, max_size=6))):
            taken = EIGHT + hours * HOUR
            for version in range(versions + 1):
                readings = WELL | {"heart_rate": rate if version == versions else 95, "oxygen_saturation": sats}
                seen = None if reviewed is None else taken + reviewed * MINUTE
                recorded = taken + (version * 11 - 1) * MINUTE
                entries.append(Entry(readings, taken, recorded, id=f"{number}", void=void and version > 0, reviewed_at=seen))
        found[person] = [*entries, *entries[: draw(st.integers(0, 2))]]
    return found


@given(persons(), st.randoms(use_true_random=False), st.sampled_from([NEWS2, NPEWS]))
def test_the_table_gives_what_following_each_person_gives(people: dict[str, list[Entry]], random: Any, chart: Any) -> None:
    policies = [load_policy("npews-times")] if chart is NPEWS else []
    rows = [
        row(
            person,
            entry.observed_at,
            recorded=entry.recorded_at,
            set_id=entry.id,
            void="true" if entry.void else "false",
            reviewed_at=entry.reviewed_at,
        )
        | (dict(entry.given) if chart is NEWS2 else {"age_years": 3, "heart_rate": entry.given["heart_rate"], "void": "true" if entry.void else ""})
        for person, entries in people.items()
        for entry in entries
    ]
    random.shuffle(rows)
    frame = table(*rows)
    if chart is NPEWS:
        frame = frame.drop(name for name in WELL if name != "heart_rate")
    found = track_frame(chart, frame, policies=policies, now=NOW, points=True)
    for person, entries in people.items():
        own = found.filter(pl.col("patient_id") == person)
        given_now = [
            entry if chart is NEWS2 else entry._replace(given={"age_years": 3, "heart_rate": entry.given["heart_rate"]}) for entry in entries
        ]
        try:
            episode = follow(chart, given_now, policies=policies, now=NOW)
        except ObservationError:
            assert set(own.get_column("set_status")) == {"unplaced"}
            assert own.get_column("track_error").str.len_chars().min() > 0
            continue
        current = own.filter(pl.col("set_status") == "current").sort("observed_at")
        counts = dict(own.get_column("set_status").value_counts().iter_rows())
        assert (counts.get("superseded", 0), counts.get("void", 0), counts.get("double", 0)) == (
            len(episode.superseded),
            len(episode.void),
            episode.doubles,
        )
        assert current.height == len(episode.sets)
        for line, one in zip(current.iter_rows(named=True), episode.sets, strict=True):
            assert line["observed_at"] == one.entry.observed_at
            assert line["level_change"] == one.level_change
            assert line["minutes_since_last"] == (None if one.since_last is None else one.since_last / MINUTE)
            assert line["due_at"] == (None if one.due is None else one.due.at)
            assert line["due_at_worst"] == (None if one.due_at_worst is None else one.due_at_worst.at)
            assert line["minutes_late"] == (None if one.late_by is None else one.late_by / MINUTE)
            assert line["retrospective"] == one.retrospective
            assert line["worst_level"] == one.worst_level
            assert line["review_due_at"] == (None if one.review_due is None else one.review_due.at)
            assert line["minutes_to_review"] == minutes(one.trigger_to_review)
            assert line["review_minutes_late"] == minutes(one.reviewed_late_by)
            assert line["doubts"].split() == list(one.doubts)
            rose = [name for name, (was, now) in one.points_change.items() if was is not None and now is not None and now > was]
            fell = [name for name, (was, now) in one.points_change.items() if was is not None and now is not None and now < was]
            assert (line["points_up"].split(), line["points_down"].split()) == (rose, fell)
        overdue = [value for value in own.get_column("overdue_minutes").to_list() if value is not None]
        assert overdue == ([] if episode.overdue_by is None else [episode.overdue_by / MINUTE])


NEWBORN = load_policy("nice-newborn")
BIRTHS = {"a": EIGHT - 90 * MINUTE, "b": EIGHT, "c": EIGHT + HOUR}
HELD = st.sets(st.sampled_from(["significant-meconium", "non-significant-meconium", "one-infection-risk-factor"]))


@given(persons(), st.lists(HELD, min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_schedules_and_births_of_many_people_are_those_of_each(people: dict[str, list[Entry]], held: list[set[str]], random: Any) -> None:
    chart = load_chart("newtt2")
    wanted = {person: {name: EIGHT if name.startswith("one") else None for name in sorted(held["abc".index(person)])} for person in people}
    rows = [
        {"patient_id": person, "observed_at": entry.observed_at, "recorded_at": entry.recorded_at, "set_id": entry.id, "void": "y" if entry.void else "",
         "heart_rate": entry.given["heart_rate"], "born_at": BIRTHS[person]}
        for person, entries in people.items() for entry in entries
    ]  # fmt: skip
    random.shuffle(rows)
    given_schedules = [
        {"patient_id": person, "schedule": name, "starts_at": start} for person, names in wanted.items() for name, start in names.items()
    ]
    schema = {"patient_id": pl.String, "schedule": pl.String, "starts_at": pl.Datetime("us")}
    found = track_frame(chart, table(*rows), policies=[NEWBORN], schedules=pl.DataFrame(given_schedules, schema=schema), now=NOW)
    for person, entries in people.items():
        own = found.filter(pl.col("patient_id") == person)
        plain = [entry._replace(given={"heart_rate": entry.given["heart_rate"]}, reviewed_at=None) for entry in entries]
        try:
            episode = follow(chart, plain, policies=[NEWBORN], schedules=wanted[person], born=BIRTHS[person], now=NOW)
        except ObservationError:
            assert set(own.get_column("set_status")) == {"unplaced"}
            continue
        current = own.filter(pl.col("set_status") == "current").sort("observed_at")
        assert current.get_column("due_at").to_list() == [None if one.due is None else one.due.at for one in episode.sets]
        assert current.get_column("due_at_worst").to_list() == [None if one.due_at_worst is None else one.due_at_worst.at for one in episode.sets]
        assert current.get_column("minutes_late").to_list() == [minutes(one.late_by) for one in episode.sets]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 6000), st.integers(0, 59), st.sampled_from([None, 5, 60])), min_size=1, max_size=5, unique_by=lambda one: one[:2]
    )
)
def test_hours_since_birth_follow_from_the_birth_in_every_row(sets: list[tuple[int, int, int | None]]) -> None:
    chart, born = load_chart("mews", "0.2"), EIGHT - 7 * MINUTE
    entries = [
        Entry({"patient_group": "postnatal", "heart_rate": 104, "hours_since_birth": hours}, EIGHT + minute * MINUTE + timedelta(seconds=second))
        for minute, second, hours in sets
    ]
    rows = pl.DataFrame(
        [{"patient_id": "a", "observed_at": one.observed_at, "born_at": born, **one.given} for one in entries], infer_schema_length=None
    )
    for frame in (rows, rows.drop("hours_since_birth")):
        plain = entries if frame is rows else [one._replace(given={**one.given, "hours_since_birth": None}) for one in entries]
        found = track_frame(chart, frame).sort("observed_at")
        assert [name for name in found.columns if name in rows.columns] == frame.columns
        for line, one in zip(found.iter_rows(named=True), follow(chart, plain, born=born).sets, strict=True):
            assert (line["score_status"], line["total_min"], line["total_max"]) == (one.score.status, one.score.total_min, one.score.total_max)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([row("a", EIGHT, born_at=EIGHT + MINUTE), row("a", EIGHT + HOUR)], "the birth is after this set"),
        ([row("a", EIGHT, born_at=EIGHT - HOUR), row("a", EIGHT + HOUR, born_at=EIGHT)], "they may be two people"),
        ([row("a", EIGHT, born_at="soon"), row("a", EIGHT + HOUR)], "born_at is not a time"),
        ([row("a", EIGHT, reviewed_at="soon"), row("a", EIGHT + HOUR)], "reviewed_at is not a time"),
    ],
)
def test_births_and_reviews_that_cannot_be_leave_their_person_unfollowed(rows: list[dict[str, Any]], says: str) -> None:
    found = track_frame(NEWS2, table(*rows, row("b", EIGHT)))
    assert found.get_column("set_status").to_list() == ["unplaced", "unplaced", "current"]
    assert says in found.get_column("track_error")[0]


def test_a_schedule_without_a_start_leaves_its_person_unfollowed() -> None:
    rows = pl.DataFrame({"patient_id": [1, 2], "observed_at": [EIGHT, EIGHT], "heart_rate": [120, 120]})
    found = track_frame(load_chart("newtt2"), rows, policies=[NEWBORN], schedules={"patient_id": [1], "schedule": ["significant-meconium"]})
    assert found.get_column("set_status").to_list() == ["unplaced", "current"]
    assert "the schedule significant-meconium needs a start" in found.get_column("track_error")[0]


@pytest.mark.parametrize(
    ("schedules", "code"),
    [
        ({"patient_id": ["a"]}, "column_needed"),
        ({"patient_id": [None], "schedule": ["significant-meconium"]}, "column_needed"),
        ({"patient_id": ["a"], "schedule": ["meconium"]}, "schedule_unknown"),
        ({"patient_id": ["a", "a"], "schedule": ["significant-meconium"] * 2}, "schedule_twice"),
        ({"patient_id": ["a"], "schedule": ["significant-meconium"], "starts_at": ["soon"]}, "not_a_time"),
        ({"patient_id": ["a"], "schedule": ["significant-meconium"], "starts_at": ["2026-11-01 08:00Z"]}, "time_without_offset"),
    ],
)
def test_bad_schedules_are_a_clear_error(schedules: dict[str, Any], code: str) -> None:
    rows = pl.DataFrame({"patient_id": ["a"], "observed_at": [EIGHT], "heart_rate": [120]})
    with pytest.raises((FileError, ColumnError)) as fault:
        track_frame(load_chart("newtt2"), rows, policies=[NEWBORN], schedules=pl.DataFrame(schedules, strict=False))
    assert code in [problem.code for problem in fault.value.problems]


def test_the_level_of_the_last_set_says_until_when_somebody_should_come_again() -> None:
    found = track_frame(NEWS2, table(row("a", datetime(2026, 11, 1, 8), heart_rate=95)), now=datetime(2026, 11, 1, 15))
    assert found.get_column("due_at").to_list() == [datetime(2026, 11, 1, 14)] and found.get_column("overdue_minutes").to_list() == [60]


def test_a_chart_without_points_is_followed_by_its_levels() -> None:
    chart = load_chart("mewc")
    rows = pl.DataFrame({"patient_id": ["a", "a"], "observed_at": [EIGHT, EIGHT + HOUR], "heart_rate": [80, 140]})
    found = track_frame(chart, rows)
    assert found.get_column("level_change").to_list() == [None, 1] and found.get_column("points_up").to_list() == ["", ""]
