"""Concerns and escalations of many people in one table: what `follow` gives for each person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import ColumnError, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.episode import Entry, follow
from mews_newtt.episode.track import track_frame
from mews_newtt.errors import ObservationError
from tests.episode.test_follow import EIGHT, MINUTE

MEWS, NPEWS = load_chart("mews", "0.2"), load_chart("npews")
TIME = st.one_of(st.none(), st.integers(-30, 600))  # minutes after the first hour
ROLE = st.sampled_from([None, "nurse in charge", "registrar"])
ESCALATED = st.sampled_from([None, False, True])
# as each chart names them
CONCERNS = {"mews": ("concern",), "npews": ("clinical_intuition", "carer_concern")}
ANSWERS = {"mews": st.sampled_from(["yes", "no", None]), "npews": st.sampled_from(["none", "low", "emergency", None])}


@st.composite
def entries(draw: st.DrawFn, chart: Chart) -> list[Entry]:
    found = []
    for hours in sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=6))):
        taken = EIGHT + timedelta(hours=hours)

        def time(minutes: int | None, start: Any = taken) -> Any:
            return None if minutes is None else start + minutes * MINUTE

        readings: dict[str, Any] = {"heart_rate": draw(st.sampled_from([80, 150, 9999, None]))}
        readings |= {name: draw(ANSWERS[chart.id]) for name in CONCERNS[chart.id]} | ({"age_years": 3} if chart is NPEWS else {"patient_group": "postnatal"})
        found.append(
            Entry(
                readings, taken, escalated=draw(ESCALATED), escalated_at=time(draw(TIME)), escalated_by=draw(ROLE), concern_at=time(draw(TIME)),
                concern_answered_at=time(draw(TIME)), concern_answered_by=draw(ROLE),
            )
        )  # fmt: skip
    return [*found, *found[: draw(st.integers(0, 2))]]


def rows_of(people: dict[str, list[Entry]]) -> list[dict[str, Any]]:
    """As a file has them: what nobody said is blank."""
    fields = ("escalated_at", "escalated_by", "concern_at", "concern_answered_at", "concern_answered_by")
    return [
        {"patient_id": person, "observed_at": one.observed_at, **one.given, "escalated": None if one.escalated is None else str(one.escalated)}
        | {name: getattr(one, name) for name in fields}
        for person, its in people.items()
        for one in its
    ]


TEXTS = ("escalated", "escalated_by", "concern_answered_by", "concern", "clinical_intuition", "carer_concern")
TYPES = dict.fromkeys(("escalated_at", "concern_at", "concern_answered_at"), pl.Datetime("us")) | dict.fromkeys(TEXTS, pl.String)


@given(st.data(), st.sampled_from([MEWS, NPEWS]), st.randoms(use_true_random=False))
def test_concerns_and_escalations_of_many_people_are_those_of_each(data: st.DataObject, chart: Chart, random: Any) -> None:
    people = {person: data.draw(entries(chart)) for person in data.draw(st.sampled_from(["a", "ab", "abc"]))}
    rows = rows_of(people)
    random.shuffle(rows)
    types: dict[str, Any] = {name: kind for name, kind in TYPES.items() if name in rows[0]}
    found = track_frame(chart, pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None))
    for person, its in people.items():
        own = found.filter(pl.col("patient_id") == person, pl.col("set_status") == "current").sort("observed_at")
        for line, one in zip(own.iter_rows(named=True), follow(chart, its).sets, strict=True):
            assert line["concern_raised"].split() == ([] if one.concern is None else list(one.concern.parameters))
            answered = None if one.concern is None or one.concern.answered_after is None else one.concern.answered_after / MINUTE
            assert line["minutes_to_answer"] == answered
            before = one.escalated_before
            assert line["escalated_before"] in (None, before is not None) and (before is None or line["escalated_before"])
            assert line["escalated_before_at"] == (None if before is None else before.at)
            assert line["escalated_before_level"] == (None if before is None else before.level)
            assert line["doubts"].split() == list(one.doubts)


def test_a_file_that_says_nothing_of_concerns_and_escalations_has_no_answers_about_them() -> None:
    found = track_frame(MEWS, pl.DataFrame({"patient_id": ["a"], "observed_at": [EIGHT], "heart_rate": [80]}))
    row = found.select("concern_raised", "minutes_to_answer", "escalated_before", "escalated_before_at", "escalated_before_level").row(0)
    assert row == ("", None, None, None, None)


def test_two_sets_of_one_time_that_differ_in_who_came_are_no_double() -> None:
    rows: dict[str, list[Any]] = {"patient_id": ["a", "a"], "observed_at": [EIGHT, EIGHT], "heart_rate": [80, 80], "reviewed_by": ["nurse", "registrar"]}
    assert track_frame(MEWS, pl.DataFrame(rows)).get_column("set_status").to_list() == ["unplaced", "unplaced"]
    with pytest.raises(ObservationError):
        follow(MEWS, [Entry({"heart_rate": 80}, EIGHT, reviewed_by=role) for role in rows["reviewed_by"]])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"escalated": ["perhaps"]}, "neither yes nor no"),
        ({"escalated": [[1]]}, "column escalated: holds List"),
        ({"escalated_before": ["x"]}, "has the name of a result"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(columns: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(ColumnError, match=says):
        track_frame(MEWS, pl.DataFrame({"patient_id": ["a"], "observed_at": [EIGHT], "heart_rate": [80], **columns}))
