"""Codes of devices and of LOINC's answers; and local codes, read by their text where it is the name of one parameter, and said so."""

from __future__ import annotations

from typing import Any

import pytest

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.errors import ObservationError
from mews_newtt.fhir.cds import cards
from mews_newtt.fhir.jsontext import read_json, write_json

from .support import ADULT, ALERT, HR, LOINC, RR, TEMPERATURE, Resource, bundle, chart_named, coded, observation, quantity, resources, scored
from .test_cds_cards import call
from .test_fhir_unread import house, told

MDC = "urn:iso:std:iso:11073:10101"


def without(left: Resource, *more: Resource) -> Resource:
    return bundle(*(each for each in ADULT if each is not left), *more)


@pytest.mark.parametrize("row", ["respiratory_rate", "heart_rate", "temperature", "oxygen_saturation"])
def test_every_code_of_devices_is_read(row: str) -> None:
    known = catalogue().observations[row]
    for code in known.mdc:
        sent = observation({"coding": [{"system": MDC, "code": code}]}, valueQuantity=quantity(40, known.unit))
        assert [each.id for each in scored(bundle(sent)).result.parameters if each.value is not None] == [row], code


@pytest.mark.parametrize(("answer", "level"), [("LA9340-6", "alert"), ("LA6560-2", "confusion"), ("LA17108-4", "voice"), ("LA17107-6", "pain"), ("LA9343-0", "unresponsive")])
@pytest.mark.parametrize("code", ["67775-7", "80288-4"])
def test_consciousness_by_loinc_with_its_answers(code: str, answer: str, level: str) -> None:
    sent = without(ALERT, observation(coded(code), valueCodeableConcept={"coding": [{"system": LOINC, "code": answer}]}))
    found = scored(sent)
    assert {each.id: each.value for each in found.result.parameters}["consciousness"] == level
    assert resources(found, "Observation")[0]["status"] == "final"


def test_a_local_code_with_the_name_of_one_parameter_is_read_and_said() -> None:
    answer = scored(without(RR, observation(house("R12", "Respirations"), valueQuantity=quantity(21, "{Breaths}/min"))))
    body = resources(answer, "Observation")[0]
    assert (answer.result.total, answer.result.status) == (5, "complete"), "the same total as with its code"
    assert told(answer, "read_by_text") == ["'Respirations' has a code that is not known here; its text was read as Respiratory rate"]
    assert (body["status"], "meta" in body) == ("preliminary", False)
    assert body["note"][0]["text"].startswith("Not final: 'Respirations'")
    assert {"reference": "Observation/o6"} in body["derivedFrom"]


def test_text_alone_and_components_are_read_the_same() -> None:
    assert scored(without(TEMPERATURE, observation({"text": "TEMP"}, valueQuantity=quantity("37.5", unit="deg C")))).result.total == 5
    parts = [{"code": {"text": name}, "valueQuantity": quantity(value, "mm[Hg]")} for name, value in (("Systolic", 120), ("Diastolic", 60))]
    answer = scored(without(ADULT[5], observation(house("NIBP", "BP"), component=parts)))
    assert (answer.result.total, told(answer, "read_by_text")) == (5, ["'Systolic' has a code that is not known here; its text was read as Systolic blood pressure"])


@pytest.mark.parametrize("value", [{"text": "Alert"}, {"coding": [{"system": "http://hospital.example", "code": "1", "display": "alert"}]}, coded("248234008")])
def test_a_category_by_text_with_an_answer(value: Resource) -> None:
    assert scored(without(ALERT, observation(house("C", "ACVPU"), valueCodeableConcept=value))).result.total == 5


def test_a_local_answer_under_a_known_code_is_read_by_its_words_and_said() -> None:
    local: Any = {"coding": [{"system": "http://hospital.example", "code": "1", "display": "Alert"}]}
    answer = scored(without(ALERT, observation(coded("1104441000000107"), valueCodeableConcept=local)))
    assert answer.result.total == 5 and resources(answer, "Observation")[0]["status"] == "final"
    assert told(answer, "answer_by_text") == ["consciousness: the code of the answer is not known here; its text was read as 'alert'"]
    for unclear in ({**local, "text": "Voice"}, {"coding": [{"system": LOINC, "code": "LA1-8", "display": "Alert"}]}):
        with pytest.raises(ObservationError, match="none of the codes is an answer"):
            scored(without(ALERT, observation(coded("1104441000000107"), valueCodeableConcept=unclear)))


@pytest.mark.parametrize(
    "unclear",
    [
        observation(house("1", "Fetal heart rate", text="Heart rate"), valueQuantity=quantity(140, "/min")),  # two names
        observation(house("1", "Fetal heart rate"), valueQuantity=quantity(140, "/min")),
        observation({"coding": [{"system": LOINC, "code": "11616-0", "display": "Heart rate"}]}, valueQuantity=quantity(140, "/min")),  # an unknown public code
        observation(house("1", "Heart rate"), valueQuantity=quantity(140)),  # no unit
        observation(house("1", "Heart rate"), valueQuantity={**quantity(140, "/min"), "unit": "Cel"}),
        observation(house("1", "Heart rate"), valueString="140"),
        observation(house("1", "Heart rate"), valueQuantity=quantity(140, "/min"), specimen={"display": "?"}),
        observation(house("1", "HR"), valueQuantity=quantity(140, "/min")),  # too short to be clear
        observation(house("1", "Heart rate of the day"), valueQuantity=quantity(140, "/min")),
    ],
)
def test_what_is_not_clear_is_not_read_by_its_text(unclear: Resource) -> None:
    answer = scored(without(HR, unclear))
    assert answer.result.missing == ("heart_rate",)
    assert not told(answer, "read_by_text") and len(told(answer, "may_be_reading")) == 1


def test_two_of_one_moment_are_not_clear_and_a_coded_reading_comes_first() -> None:
    one, other = (observation(house(str(number), "Heart rate"), valueQuantity=quantity(number, "/min")) for number in (90, 140))
    answer = scored(without(HR, one, other))
    assert answer.result.missing == ("heart_rate",) and len(told(answer, "may_be_reading")) == 2
    with_code = scored(bundle(*ADULT, other))
    assert (with_code.result.total, told(with_code, "not_read")) == (5, ["'Heart rate' (140) is not known here; it was left out"])


def test_readings_by_text_are_of_one_round_like_others() -> None:
    """Rounds are made of them too: an older one is left out, and is not said to be read."""
    old = observation(house("1", "Heart rate"), valueQuantity=quantity(140, "/min"), effective="2026-11-22T03:30:00Z")
    answer = scored(without(HR, old))
    assert answer.result.missing == ("heart_rate",)
    assert not told(answer, "read_by_text") and told(answer, "outside_window")[0].startswith("Heart rate of 2026-11-22T03:30:00Z left out")


def test_a_card_says_what_was_read_by_its_text() -> None:
    chart = chart_named("mews@0.1")
    calm = {"respiratory_rate": 16, "oxygen_saturation": 98, "temperature": "36.8", "systolic_bp": 118, "diastolic_bp": 72, "consciousness": "A", "concern": "none"}
    sent = call("mews@0.1", calm, observation(house("1", "Heart rate"), valueQuantity=quantity(80, "/min")))
    found = cards(chart, read_json(write_json(sent)))["cards"][0]
    assert found["indicator"] == "warning" and "its text was read as Heart rate" in found["detail"]
