"""Readings of a period and of an encounter, and old readings: what is left out is named, and what may belong is never just dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt.errors import ObservationError
from mews_newtt.fhir.asked import LONGEST, asked_of

from .support import ADULT, HR, Resource, bundle, coded, observation, quantity, resources, scored
from .test_fhir_unread import told

NOW = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
WARD, CLINIC = {"reference": "Encounter/ward"}, {"reference": "https://ehr.example/fhir/Encounter/clinic"}


def at(when: str | None, rate: int = 140, **more: Any) -> Resource:
    return observation(coded("8867-4"), valueQuantity=quantity(rate, "/min"), effective=when, **more)


def refused(*sent: Resource, **asked: Any) -> list[str]:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(*sent), **asked)
    return [problem.code for problem in refusal.value.problems]


def test_only_readings_of_the_period_count_and_the_others_are_named() -> None:
    """The readings are of 09:30; a heart rate of 12:00 would be the newest round without an end."""
    later = at("2026-11-22T12:00:00Z")
    assert scored(bundle(*ADULT, later)).result.status == "partial"
    answer = scored(bundle(*ADULT, later), start="2026-11-22T09:00:00Z", end="2026-11-22T10:00:00+00:00")
    assert answer.result.total == 5 and resources(answer, "Observation")[0]["status"] == "final"
    assert told(answer, "outside_period") == [
        "1 observation not from 2026-11-22T09:00:00+00:00 to 2026-11-22T10:00:00+00:00 left out: Heart rate; the newest is of 2026-11-22T12:00:00Z"
    ]


def test_lookback_counts_back_from_the_end_or_from_now() -> None:
    assert scored(bundle(*ADULT), lookback=20, now=NOW).result.total == 5
    assert scored(bundle(*ADULT), lookback="20", end="2026-11-22T09:50:00Z").result.total == 5
    assert refused(*ADULT, lookback=10, now=NOW) == ["nothing_read"]
    with pytest.raises(ObservationError, match="older than 10 min left out"):
        scored(bundle(*ADULT), lookback=10, now=NOW)
    assert refused(*ADULT, lookback=10) == ["bad_window"], "nothing to count back from"


def test_parameters_say_the_same_as_the_query() -> None:
    said = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "chart", "valueString": "news2"}, {"name": "observations", "resource": bundle(*ADULT, at("2026-11-22T12:00:00Z"))},
            {"name": "end", "valueInstant": "2026-11-22T10:00:00Z"}, {"name": "lookback", "valuePositiveInt": 60},
        ],
    }  # fmt: skip
    assert scored(said).result.total == 5
    with pytest.raises(ObservationError, match="given twice"):
        scored(said, end="2026-11-22T11:00:00Z")


def test_a_reading_without_a_time_may_be_of_the_period() -> None:
    answer = scored(bundle(*(each for each in ADULT if each is not HR), at(None)), lookback=60, now=NOW)
    assert answer.result.missing == ("heart_rate",) and len(told(answer, "time_missing")) == 1
    dated = scored(bundle(*(each for each in ADULT if each is not HR), at("2026-11-22")), lookback=60, now=NOW)
    assert dated.result.missing == ("heart_rate",) and resources(dated, "Observation")[0]["status"] == "preliminary"


def test_readings_of_another_encounter_are_left_out_and_those_without_one_may_belong() -> None:
    ward = [{**each, "encounter": WARD} for each in ADULT]
    answer = scored(bundle(*ward, at("2026-11-22T09:31:00Z", encounter=CLINIC)), encounter="Encounter/ward")
    assert answer.result.total == 5 and told(answer, "other_encounter") == ["1 observation of another encounter left out: Heart rate; the newest is of 2026-11-22T09:31:00Z"]
    rest = [each for each in ward if each["code"] != HR["code"]]
    answer = scored(bundle(*rest, HR), encounter="https://ehr.example/fhir/Encounter/ward")
    assert answer.result.missing == ("heart_rate",) and len(told(answer, "encounter_missing")) == 1
    assert resources(answer, "Observation")[0]["note"][0]["text"].startswith("Not final: 1 observation without an encounter left out: Heart rate")
    assert refused(*ward, encounter="Encounter/clinic") == ["nothing_read"]
    for name, kept in (("clinic", True), ("https://ehr.example/fhir/Encounter/clinic", True), ("https://other.example/fhir/Encounter/clinic", False)):
        sent = bundle(at("2026-11-22T09:31:00Z", encounter=CLINIC), *ward)
        if kept:
            assert [each.value for each in scored(sent, encounter=name).result.parameters if each.id == "heart_rate"] == [140]
        else:
            assert refused(*(entry["resource"] for entry in sent["entry"]), encounter=name) == ["nothing_read"]


def test_old_readings_are_scored_and_said_to_be_old() -> None:
    answer = scored(bundle(*ADULT), now=datetime(2028, 1, 1, tzinfo=UTC))
    assert answer.result.total == 5
    assert told(answer, "readings_old") == ["the newest reading is of 2026-11-22T09:30:00+00:00, more than a day ago"]
    assert not told(scored(bundle(*ADULT), now=NOW), "readings_old")


@pytest.mark.parametrize(
    "asked",
    [{"start": "2026-11-22"}, {"end": "yesterday"}, {"start": "2026-11-22T10:00:00Z", "end": "2026-11-22T09:00:00Z"}, {"lookback": "0"}, {"lookback": "-5"},
     {"lookback": str(LONGEST + 1)}, {"lookback": 5, "start": "2026-11-22T10:00:00Z"}, {"encounter": " "}, {"encounter": "x" * 2001}],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ObservationError):
        asked_of(asked, NOW)


@given(texts=st.dictionaries(st.sampled_from(["start", "end", "lookback", "encounter"]), st.one_of(st.text(), st.integers(), st.datetimes().map(lambda when: f"{when.isoformat()}Z"))))
def test_asking_is_read_or_refused_and_nothing_else(texts: dict[str, Any]) -> None:
    try:
        asked = asked_of(texts, NOW)
    except ObservationError:
        return
    assert not (asked.start and asked.end) or asked.start <= asked.end
