"""What is not known here is named, and leaves the score not final while a row of the chart may have a reading that was not read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import ObservationError
from mews_newtt.fhir.codes import codes_of
from mews_newtt.fhir.operations import Answer
from mews_newtt.fhir.unread import Rows, Unread
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import ADULT, LOINC, MEWS, MOTHER, TIME, Resource, bundle, chart_named, coded, observation, quantity, resources, scored

NEWTT2 = "newtt2@0.1"
WELL = {
    "respiratory_rate": 44, "oxygen_saturation": 98, "temperature": "36.9", "heart_rate": 132, "grunting": "no", "colour": "pink", "neurology": "responsive",
    "feeding": "well", "parental_concern": "none",
}  # fmt: skip
VITAL = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}]
LAB = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}]
HOUSE = "http://hospital.example/codes"


def house(code: str, display: str = "", text: str = "") -> Resource:
    """A code of a hospital's own."""
    return {"coding": [{"system": HOUSE, "code": code, **({"display": display} if display else {})}], **({"text": text} if text else {})}


def newborn(*more: Resource, without: str = "", now: datetime | None = None) -> Answer:
    sent = observations_bundle(chart_named(NEWTT2), {k: v for k, v in WELL.items() if k != without}, subject=MOTHER, effective=TIME)
    sent["entry"] += [{"resource": each} for each in more]
    return scored(sent, NEWTT2, now=now)


def told(answer: Answer, code: str) -> list[str]:
    issues = [issue for each in resources(answer, "OperationOutcome") for issue in each["issue"]]
    return [issue["details"]["text"] for issue in issues if issue["details"]["coding"][0]["code"] == code]


def test_the_set_is_final_where_every_observation_was_read() -> None:
    answer = newborn()
    assert (answer.result.status, resources(answer, "Observation")[0]["status"]) == ("complete", "final")


@pytest.mark.parametrize(
    "unread",
    [
        observation(house("BSL-7"), valueQuantity=quantity("1.4", "mmol/L")),  # the unit fits
        observation(house("X1"), category=LAB, valueQuantity=quantity(25, "mg/dL")),
        observation(house("X2", "Glucose POC"), valueQuantity=quantity("1.4")),  # the words fit
        observation(house("X3", text="Blood sugar"), valueString="LO"),
        observation(house("glucose_poc"), valueQuantity=quantity("1.4", "unheard of")),  # the code is words
        observation(house("1234"), category=VITAL, valueQuantity=quantity("1.4")),  # nothing says what it is
        observation(house("1234"), valueQuantity=quantity("1.4")),
        observation(house("1234"), category=VITAL, valueInteger=2),
        observation({"coding": [{"system": LOINC, "code": "99999-9", "display": "Glucose"}]}, valueQuantity=quantity("1.4")),
    ],
)
def test_a_glucose_that_was_not_read_leaves_no_final_score(unread: Resource) -> None:
    answer = newborn(unread)
    body = resources(answer, "Observation")[0]
    assert (answer.result.status, answer.result.total, answer.result.total_min, answer.result.total_max) == ("partial", None, 0, 2)
    assert answer.result.missing == ("blood_glucose",)
    assert (body["status"], "meta" in body, "valueQuantity" in body) == ("preliminary", False, False)
    assert [text.endswith("was not read and may be Blood glucose") for text in told(answer, "may_be_reading")] == [True]
    assert body["note"][0]["text"].startswith("Not final: ")
    assert answer.result.chart == chart_named(NEWTT2), "the chart that scored is the chart that was asked for"


@pytest.mark.parametrize(
    "other",
    [
        observation(house("W", "Body weight"), category=VITAL, valueQuantity=quantity("3.2", "kg")),
        observation(house("29463-7"), category=VITAL, valueQuantity=quantity("3.2", "kg")),
        observation(house("BMI"), category=VITAL, valueQuantity=quantity(14, "kg/m2")),
        observation(house("A", "Apgar score"), category=LAB, valueQuantity=quantity(9)),
        observation(house("B", "Bilirubin"), category=LAB, valueQuantity=quantity(80, "umol/L")),
        observation(house("P", "Pulse"), category=VITAL, valueQuantity=quantity(150, "/min")),  # that row has its reading
        observation(house("G", "Glucose"), dataAbsentReason={"text": "not done"}),
        observation(house("N", "Apgar score"), category=LAB, valueString="none"),  # an answer of several rows is an answer of none
    ],
)
def test_what_can_be_no_row_is_named_and_changes_nothing(other: Resource) -> None:
    answer = newborn(other)
    assert (answer.result.total, resources(answer, "Observation")[0]["status"]) == (0, "final")
    assert len(told(answer, "not_read")) == 1


def test_a_row_that_has_its_reading_is_not_looked_for() -> None:
    pulse = observation(house("P", "Pulse (left)"), category=VITAL, valueQuantity=quantity(150, "/min"))
    assert told(newborn(pulse, without="heart_rate"), "may_be_reading") == ["'Pulse (left)' (P) was not read and may be Heart rate"]
    assert told(newborn(pulse), "not_read") == ["'Pulse (left)' (P) is not known here; it was left out"]


def test_a_unit_that_fits_several_rows_names_them_all() -> None:
    rate = observation(house("1"), valueQuantity=quantity(44, "/min"))
    answer = scored(bundle(ADULT[2], rate))
    assert told(answer, "may_be_reading") == ["code 1 was not read and may be Respiratory rate or Heart rate"]


@pytest.mark.parametrize("value", [{"text": "Alert"}, {"coding": [{"system": HOUSE, "code": "LA9340-6", "display": "alert"}]}, coded("248234008")])
def test_consciousness_under_another_code_is_seen_by_its_answer(value: Resource) -> None:
    """The code is one of LOINC that is not known here."""
    sent = bundle(*(each for each in ADULT if each is not ADULT[6]), observation(coded("11454-6"), valueCodeableConcept=value))
    answer = scored(sent)
    assert answer.result.missing == ("consciousness",)
    assert told(answer, "may_be_reading") == ["code 11454-6 was not read and may be Level of consciousness (ACVPU)"]


def test_a_short_name_is_a_word_of_a_short_text_only() -> None:
    """`HR` alone is a name; three letters within a sentence are none."""
    for text, rows in (("HR", ["heart_rate"]), ("HR_bpm", ["heart_rate"]), ("left arm, hr of the day, sitting", []), ("three", []), ("Resting pulse of the left arm", ["heart_rate"])):
        unread = Unread("x", observation({"text": text}, valueString="?"), frozenset())
        assert Rows(codes_of(chart_named("news2"))).may_be(unread, ["heart_rate", "temperature"]) == rows, text


def test_a_row_that_gives_no_points_leaves_the_total_and_the_score_is_not_final() -> None:
    well = {"respiratory_rate": 16, "oxygen_saturation": 98, "temperature": "36.8", "heart_rate": 80, "systolic_bp": 118, "diastolic_bp": 72, "consciousness": "A"}
    sent = observations_bundle(chart_named(MEWS), well, subject=MOTHER, effective=TIME)
    assert resources(scored(sent, MEWS), "Observation")[0]["status"] == "final"
    sent["entry"].append({"resource": observation(house("C", "Midwife concern"), valueString="yes, very")})
    sent["entry"].append({"resource": observation(house("C2", text="Staff concern"), valueBoolean=True)})
    body = resources(scored(sent, MEWS), "Observation")[0]
    assert (body["status"], body["valueQuantity"]["value"], "meta" in body) == ("preliminary", 0, False)


def test_a_reading_that_cannot_be_placed_in_the_round_may_be_of_it() -> None:
    """A glucose without a time, or dated later than now, beside a set with times: optional as it is, it may change the score."""
    glucose = observation(coded("15074-8"), valueQuantity=quantity("1.4", "mmol/L"))
    for when, now in ((None, None), ("2026-11-22", None), ("2026-11-22T11:30:00Z", datetime(2026, 11, 22, 10, 0, tzinfo=UTC))):
        left = {name: value for name, value in {**glucose, "effectiveDateTime": when}.items() if value}
        answer = newborn(left, now=now)
        body = resources(answer, "Observation")[0]
        assert (answer.result.missing, answer.result.total_max, body["status"]) == (("blood_glucose",), 2, "preliminary")
        assert "Blood glucose" in body["note"][0]["text"] and body["note"][0]["text"].startswith("Not final: ")
    yesterday = {**glucose, "effectiveDateTime": "2026-11-21T09:30:00Z"}
    answer = newborn(yesterday)
    assert (answer.result.total, resources(answer, "Observation")[0]["status"]) == (0, "final"), "a reading of another round"
    assert "Blood glucose of 2026-11-21T09:30:00Z left out" in str(resources(answer, "OperationOutcome"))


def test_a_row_said_to_be_absent_and_an_observation_that_may_be_it() -> None:
    absent = observation(coded("15074-8"), dataAbsentReason={"text": "not done"})
    assert resources(newborn(absent), "Observation")[0]["status"] == "final"
    assert newborn(absent, observation(house("BSL"), valueQuantity=quantity("1.4", "mmol/L"))).result.missing == ("blood_glucose",)


def test_a_score_of_ours_on_another_chart_is_no_reading() -> None:
    total = {"coding": [{"system": "urn:mews-newtt:CodeSystem:score", "code": "other-total"}]}
    assert newborn(observation(total, category=VITAL, valueInteger=3)).result.total == 0


def test_observations_where_they_are_not_looked_for_are_refused() -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r", "contained": [observation(coded("15074-8"), valueQuantity=quantity("1.4", "mmol/L"))]}
    untyped = {name: value for name, value in observation(coded("15074-8"), valueQuantity=quantity("1.4", "mmol/L")).items() if name != "resourceType"}
    for lost, code in ((report, "observations_inside"), (untyped, "resource_type_missing")):
        with pytest.raises(ObservationError) as refusal:
            newborn(lost)
        assert [problem.code for problem in refusal.value.problems] == [code]
    assert newborn({"resourceType": "DiagnosticReport", "id": "r", "contained": [{"resourceType": "Patient", "id": "p"}]}).result.total == 0


def test_nothing_read_is_refused_by_name_and_an_empty_set_is_not() -> None:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(*(observation(house(f"X{number}", text=f"Thing {number}")) for number in range(12))))
    assert [problem.code for problem in refusal.value.problems] == ["nothing_read"]
    with pytest.raises(ObservationError) as ten:
        scored(bundle(*(observation(house(f"X{number}")) for number in range(10))))
    assert str(ten.value).splitlines()[0].endswith("code X8, code X9")
    assert "'Thing 0' (X0)" in str(refusal.value) and "'Thing 9' (X9) and 2 more" in str(refusal.value)
    assert scored(bundle()).result.status == "partial"
    assert scored(bundle(observation(coded("9279-1"), dataAbsentReason={"text": "asleep"}), observation(house("X")))).result.status == "partial"


@given(code=st.sampled_from(["2339-0", "41653-7", "14743-9", "15074-8", "2340-8", "32016-8", "2345-7", "14749-6"]))
def test_glucose_codes_of_loinc_are_read(code: str) -> None:
    answer = newborn(observation(coded(code), valueQuantity=quantity(25, "mg/dL")))
    assert (answer.result.total, answer.result.level) == (2, "pink")


@pytest.mark.parametrize(
    ("code", "value", "row"),
    [("8889-8", quantity(95, "/min"), "heart_rate"), *((code, quantity("37.5", "Cel"), "temperature") for code in ("8329-5", "8328-7", "8331-1", "8333-7", "8332-9", "75539-7"))],
)
def test_loinc_codes_that_name_a_site_or_a_method(code: str, value: Resource, row: str) -> None:
    assert [each.id for each in scored(bundle(observation(coded(code), valueQuantity=value))).result.parameters if each.value is not None] == [row]


def test_warnings_are_counted_past_the_hundredth_and_doubts_come_first() -> None:
    many: list[Any] = [observation(house(f"W{number}", "Body weight"), valueQuantity=quantity(number, "kg")) for number in range(300)]
    answer = newborn(*many, observation(house("G", "Glucose"), valueQuantity=quantity("1.4")))
    issues = resources(answer, "OperationOutcome")[0]["issue"]
    assert len(issues) == 101
    assert issues[0]["details"]["coding"][0]["code"] == "may_be_reading"
    assert issues[-1]["details"]["coding"][0]["code"] == "more_faults"
    assert issues[-1]["details"]["text"] == "the request: has 201 more faults: not_read (201)"
