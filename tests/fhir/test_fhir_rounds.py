"""One round of observations is one set: within the window of the newest reading, equal moments in any zone, and nothing left out in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import ObservationError
from mews_newtt.fhir.operations import Answer
from mews_newtt.fhir.rounds import LONGEST_WINDOW, WINDOW
from mews_newtt.fhir.times import fhir_time, in_words, is_instant, is_time, later, moment, span
from tests.fhir.support import (
    ADULT,
    AIR,
    ALERT,
    HR,
    PRESSURE,
    RR,
    SPO2,
    TEMPERATURE,
    TIME,
    Resource,
    bundle,
    coded,
    observation,
    quantity,
    resources,
    scored,
)

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
OTHERS = (HR, SPO2, AIR, TEMPERATURE, PRESSURE, ALERT)


def at(resource: Resource, minutes: float, **zone: Any) -> Resource:
    when = START + timedelta(minutes=minutes)
    return {**resource, "effectiveDateTime": (when.astimezone(zone["tz"]) if zone else when).isoformat()}


def warnings_of(answer: Answer) -> list[tuple[str, str]]:
    return [(issue["details"]["coding"][0]["code"], issue["details"]["text"]) for each in resources(answer, "OperationOutcome") for issue in each["issue"]]


def times_told(answer: Answer) -> list[str]:
    return [code for code, _ in warnings_of(answer) if code not in ("not_on_chart", "times_differ")]


@pytest.mark.parametrize(("apart", "status"), [(0, "complete"), (5, "complete"), (WINDOW, "complete"), (WINDOW + 1, "partial"), (14 * 60, "partial")])
def test_a_round_lasts_as_long_as_the_window(apart: int, status: str) -> None:
    answer = scored(bundle(at(RR, -apart), *OTHERS))
    assert answer.result.status == status
    left = [text for code, text in warnings_of(answer) if code == "outside_window"]
    assert len(left) == (status == "partial")
    assert all(text.startswith("Respiratory rate of 2026-11-2") and "a round lasts 30 min" in text for text in left)


@pytest.mark.parametrize(("window", "status"), [(14 * 60, "complete"), ("840", "complete"), (839, "partial"), (0, "partial"), (None, "partial")])
def test_the_window_is_the_callers_to_say(window: Any, status: str) -> None:
    sent = bundle(at(RR, -14 * 60), *OTHERS)
    assert scored(sent, window=window).result.status == status
    if window is not None:
        value = {"valueUnsignedInt": window} if isinstance(window, int) else {"valueString": window}
        said = [{"name": "window", **value}, {"name": "observations", "resource": sent}]
        assert scored({"resourceType": "Parameters", "parameter": said}).result.status == status


@pytest.mark.parametrize("window", ["-1", "soon", "1.5", LONGEST_WINDOW + 1, "\u0663", "9" * 9])
def test_a_window_that_is_none_is_refused(window: Any) -> None:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(*ADULT), window=window)
    assert [(problem.code, problem.where) for problem in refusal.value.problems] == [("bad_window", "window")]


def test_a_window_given_twice_differently_is_refused() -> None:
    said = [{"name": "window", "valueString": "10"}, {"name": "observations", "resource": bundle(*ADULT)}]
    with pytest.raises(ObservationError, match="given twice"):
        scored({"resourceType": "Parameters", "parameter": said}, window="20")


@given(st.lists(st.integers(-14 * 60, 14 * 60), min_size=6, max_size=6), st.integers(0, 60))
def test_the_set_is_the_readings_within_the_window_of_the_newest(minutes: list[int], window: int) -> None:
    zones = [UTC, timezone(timedelta(hours=5, minutes=45))]
    sent = [at(each, late, tz=zones[late % 2]) for each, late in zip((RR, HR, SPO2, AIR, TEMPERATURE, ALERT), minutes, strict=True)]
    answer = scored(bundle(*sent), window=window)
    newest = max(minutes)
    rows = ("respiratory_rate", "heart_rate", "oxygen_saturation", "air_or_oxygen", "temperature", "consciousness")
    read = {row.id for row in answer.result.parameters if row.value is not None}
    assert read == {row for row, late in zip(rows, minutes, strict=True) if newest - late <= window}
    left = [text for code, text in warnings_of(answer) if code == "outside_window"]
    assert len(left) == 6 - len(read), "each row that is left out has its own line"


def test_of_two_readings_in_a_round_the_newer_counts_and_the_other_is_told() -> None:
    older, newer = at({**RR, "valueQuantity": quantity(40, "/min")}, -10), at(RR, -5)
    for order in ((older, newer), (newer, older)):
        answer = scored(bundle(*order, *OTHERS))
        assert answer.result.total == 5
        assert [text for code, text in warnings_of(answer) if code == "reading_superseded"] == [
            "respiratory_rate of 2026-11-22T09:20:00+00:00 left out: this round has a newer one"
        ]
        assert resources(answer, "Observation")[0]["effectivePeriod"]["start"] == "2026-11-22T09:25:00+00:00"


def test_two_readings_of_one_moment_are_refused_in_any_zone() -> None:
    twice = {**RR, "effectiveDateTime": "2026-11-22T10:30:00+01:00", "valueQuantity": quantity(40, "/min")}
    with pytest.raises(ObservationError, match="given already"):
        scored(bundle(RR, twice, *OTHERS))


def test_earlier_rounds_are_counted_together() -> None:
    earlier = [at(each, -60 * hours) for hours in (4, 8) for each in ADULT]
    answer = scored(bundle(*ADULT, *earlier))
    assert answer.result.total == 5
    assert [text for code, text in warnings_of(answer) if code == "outside_window"] == [
        "14 readings of rows that this round has too left out: 4 h or more before the newest reading; a round lasts 30 min"
    ]


def test_of_several_earlier_readings_of_a_row_the_latest_is_named() -> None:
    earlier = [at(RR, -120), at({**RR, "valueQuantity": quantity(30, "/min")}, -240)]
    for order in (earlier, earlier[::-1]):
        left = [text for code, text in warnings_of(scored(bundle(*order, *OTHERS))) if code == "outside_window"]
        assert left == ["Respiratory rate of 2026-11-22T07:30:00+00:00 and 1 more left out: 2 h or more before the newest reading; a round lasts 30 min"]


def test_readings_later_than_now_are_left_out_and_told() -> None:
    ahead = at({**RR, "valueQuantity": quantity(60, "/min")}, 60 * 24 * 365)
    answer = scored(bundle(ahead, *OTHERS), now=START)
    assert answer.result.missing == ("respiratory_rate",)
    assert [text for code, text in warnings_of(answer) if code == "time_ahead"] == ["Respiratory rate of 2027-11-22T09:30:00+00:00 left out: later than now"]
    assert scored(bundle(*ADULT), now=START - timedelta(minutes=10)).result.total == 5, "two clocks may differ a little"
    assert scored(bundle(*ADULT), now=START + timedelta(days=900)).result.total == 5
    assert scored(bundle(ahead), now=None).result.missing != ("respiratory_rate",), "without a clock nothing is later than now"


def test_a_clock_without_a_zone_names_no_moment() -> None:
    with pytest.raises(ObservationError, match="time zone"):
        scored(bundle(*ADULT), now=START.replace(tzinfo=None))


def test_an_observation_without_a_time_beside_others_with_one() -> None:
    timeless = {name: value for name, value in RR.items() if name != "effectiveDateTime"}
    answer = scored(bundle(timeless, *OTHERS))
    assert answer.result.missing == ("respiratory_rate",)
    assert [text for code, text in warnings_of(answer) if code == "time_missing"] == ["1 observation without a time left out: Respiratory rate"]
    said = [{"name": "effective", "valueDateTime": TIME}, {"name": "observations", "resource": bundle(timeless, *OTHERS)}]
    answer = scored({"resourceType": "Parameters", "parameter": said})
    assert (answer.result.total, times_told(answer)) == (5, []), "the caller says when it was"
    bare = [{name: value for name, value in each.items() if name != "effectiveDateTime"} for each in ADULT]
    answer = scored(bundle(*bare))
    assert (answer.result.total, times_told(answer)) == (5, []), "one call is one set"


def test_observations_that_were_issued_hours_apart_are_no_final_set() -> None:
    bare = [{name: value for name, value in each.items() if name != "effectiveDateTime"} for each in ADULT]
    for minutes, status in ((WINDOW, "final"), (WINDOW + 1, "preliminary")):
        sent = [{**bare[0], "issued": at(RR, -minutes)["effectiveDateTime"]}, *({**each, "issued": TIME} for each in bare[1:])]
        assert resources(scored(bundle(*sent)), "Observation")[0]["status"] == status
    said = [{"name": "effective", "valueDateTime": TIME}, {"name": "observations", "resource": bundle(*sent)}]
    assert resources(scored({"resourceType": "Parameters", "parameter": said}), "Observation")[0]["status"] == "final", "the caller says when they were taken"
    for junk in ("yesterday", "2026-11-22", 5):
        assert scored(bundle({**bare[0], "issued": junk}, *bare[1:])).result.total == 5


def test_dates_without_a_time_of_day_are_never_a_final_score() -> None:
    dated = [{**each, "effectiveDateTime": "2026-11-22"} for each in ADULT]
    answer = scored(bundle(*dated))
    body = resources(answer, "Observation")[0]
    assert (answer.result.total, body["status"], "meta" in body) == (5, "preliminary", False)
    assert times_told(answer) == ["time_not_exact"]
    said = [{"name": "effective", "valueDateTime": TIME}, {"name": "observations", "resource": bundle(*dated)}]
    assert resources(scored({"resourceType": "Parameters", "parameter": said}), "Observation")[0]["status"] == "final", "the caller says when"
    other_day = {**RR, "effectiveDateTime": "2026-11-21"}
    assert scored(bundle(other_day, *dated[1:])).result.missing == ("respiratory_rate",)
    beside = scored(bundle({**RR, "effectiveDateTime": "2026-11-22"}, *OTHERS))
    assert (beside.result.missing, times_told(beside)) == (("respiratory_rate",), ["time_not_exact"])
    assert resources(beside, "Observation")[0]["status"] == "preliminary"


def test_an_observation_not_known_here_of_an_earlier_round_is_counted() -> None:
    old = at(observation({"text": "Blood sugar"}, valueQuantity=quantity(3, "mmol/L")), -600)
    answer = scored(bundle(*ADULT, old))
    assert [text for code, text in warnings_of(answer) if code == "outside_window"] == [
        "1 observation of other times, not known here, left out: 'Blood sugar'"
    ]


def test_many_of_them_are_counted_by_ten() -> None:
    for many, end in ((10, "'thing 9'"), (11, "'thing 9' and 1 more")):
        old = [at(observation({"text": f"thing {number}"}, valueQuantity=quantity(3, "kg")), -600) for number in range(many)]
        left = [text for code, text in warnings_of(scored(bundle(*ADULT, *old))) if code == "outside_window"]
        assert [text.endswith(end) for text in left] == [True]


def test_a_second_reading_without_a_time_is_told_and_leaves_the_score_final() -> None:
    timeless = {name: value for name, value in {**RR, "valueQuantity": quantity(40, "/min")}.items() if name != "effectiveDateTime"}
    answer = scored(bundle(*ADULT, timeless))
    assert (answer.result.total, resources(answer, "Observation")[0]["status"], times_told(answer)) == (5, "final", ["time_missing"])


def test_a_period_counts_by_its_end_and_a_timing_by_its_last_event() -> None:
    bare = {name: value for name, value in RR.items() if name != "effectiveDateTime"}
    period = {**bare, "effectivePeriod": {"start": "2026-11-22T07:30:00Z", "end": "2026-11-22T09:30:00Z"}}
    timing = {**bare, "effectiveTiming": {"event": ["2026-11-22T09:25:00Z", "2026-11-22T01:25:00Z"]}}
    for sent in (period, timing):
        assert scored(bundle(sent, *OTHERS)).result.total == 5
    old = {**bare, "effectivePeriod": {"start": "2026-11-22T05:30:00Z", "end": "2026-11-22T07:30:00Z"}}
    assert scored(bundle(old, *OTHERS)).result.missing == ("respiratory_rate",)


def test_times_without_seconds_are_read_and_written_with_them() -> None:
    sent = [{**each, "effectiveDateTime": "2026-11-22T09:30Z"} for each in ADULT]
    assert resources(scored(bundle(*sent)), "Observation")[0]["effectiveDateTime"] == "2026-11-22T09:30:00Z"


@pytest.mark.parametrize(
    ("text", "words"),
    [("2026-11-22T09:30:00", "without a time zone"), ("2026-11-22T09:30", "without a time zone"), ("2026-11-22 09:30", "not a FHIR date"), ("22/11/2026", "not a FHIR date")],
)
def test_times_that_name_no_moment_are_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ObservationError, match=words):
        scored(bundle({**RR, "effectiveDateTime": text}))


def test_helpers() -> None:
    assert [is_time(each) for each in ("2026", "2026-11", "2026-11-22", "2026-11-22T09:30Z", "2026-11-22T09:30:00.123456789Z", "2026-13", "2026-02-30")] == [True] * 5 + [False] * 2
    assert [is_instant(each) for each in ("2026-11-22", "2026-11-22T09:30Z")] == [False, True]
    assert span(["2026-11-22T10:30:00+01:00", "2026-11-22T09:30:00Z"]) == ("2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z")
    assert span([]) is None and span(["2026-11-23", "2026-11-22"]) == ("2026-11-22", "2026-11-23")
    assert fhir_time("2026-11-22T09:30-05:00") == "2026-11-22T09:30:00-05:00" and fhir_time("2026") == "2026"
    assert [in_words(each) for each in (0, 59, 60, 61, 47 * 60, 48 * 60, 100_000)] == ["0 min", "59 min", "1 h", "1 h 1 min", "47 h", "2 days", "69 days"]
    assert later("2026-11-22", 5) is None and moment("2026-11-22T10:30:00+01:00") == START


def test_a_score_in_the_bundle_is_no_reading_and_no_time_of_one() -> None:
    total = observation(coded("1104051000000101"), effective="2026-11-22T23:00:00Z", valueInteger=5)
    assert scored(bundle(total, *ADULT)).result.total == 5
