"""CDS Hooks: which charts are services, which observations are the set, and what a card says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from mews_newtt import ObservationError, charts, load_chart
from mews_newtt.fhir.cds import PrefetchMissing, cards, check_feedback, population, services
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import MEWS, TIME, Resource, chart_named, coded, empties, observation, quantity

MOTHER = {"reference": "Patient/mother"}
UNWELL = {"respiratory_rate": 24, "oxygen_saturation": 97, "temperature": 36.8, "heart_rate": 118, "systolic_bp": 104, "diastolic_bp": 66, "consciousness": "A"}


def call(chart: str, given: dict[str, Any], *more: Resource, link: list[Resource] | None = None, effective: str = TIME) -> Resource:
    found = observations_bundle(chart_named(chart), given, subject=MOTHER, effective=effective)
    entries = [*found.get("entry", []), *({"resource": each} for each in more)]
    bundle = {"resourceType": "Bundle", "type": "searchset", **({"entry": entries} if entries else {}), **({"link": link} if link else {})}
    return {
        "hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": {"userId": "Practitioner/1", "patientId": "mother"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "mother"}, "observations": bundle},
    }  # fmt: skip


def card(chart: str, request: Resource) -> Resource:
    found = cards(chart_named(chart), read_json(write_json(request)))
    assert not [place for place in empties(found) if place != "$.cards"]
    assert len(found["cards"]) == 1
    only: Resource = found["cards"][0]
    assert len(only["summary"]) < 140 and only["indicator"] in ("info", "warning", "critical") and only["source"]["label"]
    return only


def test_services_are_the_maternity_and_newborn_charts_by_their_own_scope() -> None:
    populations = {chart.id: population(chart) for chart in charts()}
    known = {"mews": "maternity", "meows": "maternity", "meows-send": "maternity", "newtt2": "newborn", "modified-ews": None, "news2": None, "npews": None}
    assert {name: populations[name] for name in known} == known
    found = services(load_chart(name) for name in populations)["services"]
    assert [each["id"] for each in found] == [name for name, people in populations.items() if people is not None]
    for each in found:
        assert each["hook"] == "patient-view" and set(each["prefetch"]) == {"patient", "observations"}
        assert "http://loinc.org|8867-4" in each["prefetch"]["observations"] and "{{context.patientId}}" in each["prefetch"]["observations"]
        assert not empties(each)


def test_a_whole_set_gives_its_total_and_level() -> None:
    found = card(MEWS, call(MEWS, UNWELL | {"concern": "none"}))
    assert found["summary"] == "MEWS (England, working chart): total 4, level Escalate"
    assert found["indicator"] == "critical"
    assert found["source"]["label"].startswith("MEWS (England, working chart) 0.1 (derived)")
    assert "Escalate: the total is 4" in found["detail"] and TIME in found["detail"]


def test_nothing_remarkable_is_info() -> None:
    well = UNWELL | {"concern": "none", "heart_rate": 80, "respiratory_rate": 16, "systolic_bp": 118}
    assert card(MEWS, call(MEWS, well))["indicator"] == "info"
    del well["concern"]  # the total is whole, and a concern that nobody asked about could still escalate
    unasked = card(MEWS, call(MEWS, well))
    assert (unasked["indicator"], unasked["summary"]) == ("warning", "MEWS (England, working chart): total 0, level Routine to Escalate")


def test_a_partial_set_is_never_info_and_has_no_total() -> None:
    found = card("newtt2", call("newtt2", {"temperature": 37}))
    assert found["indicator"] == "warning"
    assert found["summary"] == "NEWTT2 (working chart): partial set, no total (0 to 16), level Nothing outside the white zone to Purple zone reached"


def test_only_the_newest_moment_is_the_set() -> None:
    older = observation(coded("9279-1"), effective="2026-11-22T05:30:00+00:00", valueQuantity=quantity(40, "/min"))
    same_moment = observation(coded("9279-1"), effective="2026-11-22T10:30:00+01:00", valueQuantity=quantity(24, "/min"))
    rest = {name: value for name, value in UNWELL.items() if name != "respiratory_rate"} | {"concern": "none"}
    assert card(MEWS, call(MEWS, rest, older))["summary"].startswith("MEWS (England, working chart): partial set")
    assert card(MEWS, call(MEWS, rest, same_moment, older))["summary"].endswith("total 4, level Escalate")


def test_a_newer_reading_that_the_chart_does_not_read_changes_nothing() -> None:
    weight = observation(coded("27113001"), effective="2026-11-22T12:00:00+00:00", valueQuantity=quantity(70, "kg"))
    assert card(MEWS, call(MEWS, UNWELL | {"concern": "none"}, weight))["summary"].endswith("total 4, level Escalate")


def test_observations_without_a_time_are_left_out_and_said() -> None:
    timeless = observation({"coding": [{"system": "urn:mews-newtt:CodeSystem:parameter", "code": "concern"}]}, effective=None, valueBoolean=True)
    assert "1 observation without a time left out" in card(MEWS, call(MEWS, UNWELL, timeless))["detail"]


def test_an_unknown_page_may_hide_readings_unless_this_one_goes_beyond_the_set() -> None:
    link = [{"relation": "next", "url": "https://ward.example/2"}]
    older = observation(coded("9279-1"), effective="2026-11-22T05:30:00+00:00", valueQuantity=quantity(40, "/min"))
    assert "cannot be scored" in card(MEWS, call(MEWS, UNWELL, link=link))["summary"]
    assert "cannot be scored" not in card(MEWS, call(MEWS, UNWELL, older, link=link))["summary"]


def test_nothing_to_score_gives_no_card() -> None:
    assert cards(chart_named(MEWS), call(MEWS, {})) == {"cards": []}


def test_what_cannot_be_scored_is_a_card_with_the_mend() -> None:
    found = card(MEWS, call(MEWS, UNWELL | {"temperature": 98.6}))
    assert found["indicator"] == "warning" and "cannot be scored" in found["summary"]
    assert "98.6 is impossible" in found["detail"] and "Nothing was scored" in found["detail"]


def test_another_persons_observations_are_not_scored() -> None:
    request = call(MEWS, UNWELL)
    request["context"]["patientId"] = "somebody-else"
    assert "not the patient whose record is open" in card(MEWS, request)["detail"]


def test_another_person_as_the_patient_is_not_taken_for_her() -> None:
    request = call(MEWS, UNWELL)
    request["prefetch"]["patient"] = {"resourceType": "Patient", "id": "baby", "birthDate": "2026-11-22"}
    assert "prefetch.patient" in card(MEWS, request)["detail"]


def test_a_card_holds_no_markup_from_outside() -> None:
    bad = observation(coded("9279-1"), valueQuantity=quantity(20, "<img src=x>"))
    assert "<" not in card(MEWS, call(MEWS, {"heart_rate": 90}, bad))["detail"]


@pytest.mark.parametrize("name", ["patient", "observations"])
def test_prefetch_that_cannot_be_had(name: str) -> None:
    for broken in ({}, {name: None}, {name: {"resourceType": "OperationOutcome"}}):
        request = deepcopy(call(MEWS, UNWELL))
        del request["prefetch"][name]
        request["prefetch"] |= broken
        with pytest.raises(PrefetchMissing) as refusal:
            cards(chart_named(MEWS), request)
        assert [problem.where for problem in refusal.value.problems] == [f"prefetch.{name}"]


@pytest.mark.parametrize("change", [{"hook": "order-sign"}, {"hookInstance": ""}, {"context": {}}, {"context": "x"}, {"prefetch": []}])
def test_malformed_calls(change: dict[str, Any]) -> None:
    with pytest.raises(ObservationError):
        cards(chart_named(MEWS), call(MEWS, UNWELL) | change)


def test_the_same_call_gives_the_same_card_and_another_call_another_uuid() -> None:
    one, other = call(MEWS, UNWELL), call(MEWS, UNWELL) | {"hookInstance": "another"}
    assert card(MEWS, one) == card(MEWS, one)
    assert card(MEWS, one)["uuid"] != card(MEWS, other)["uuid"]


def test_feedback_is_checked() -> None:
    good = {"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "accepted", "outcomeTimestamp": "2026-12-11T08:12:13Z"}
    assert check_feedback({"feedback": [good, good | {"outcome": "overridden"}]}) == 2
    for bad in ({}, {"feedback": []}, {"feedback": [{}]}, {"feedback": [good | {"outcome": "ignored"}]}, {"feedback": "x"}):
        with pytest.raises(ObservationError):
            check_feedback(bad)
