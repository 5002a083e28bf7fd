"""Tolerant in: the shapes that record systems send. Strict about what a reading is: nothing guessed, missing never 0, every fault with its place."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from mews_newtt import ChartNotFound, ObservationError
from mews_newtt.fhir.jsontext import read_json, write_json
from tests.fhir.support import (
    ADULT,
    AIR,
    ALERT,
    HR,
    MOTHER,
    PRESSURE,
    RR,
    SNOMED,
    SPO2,
    TEMPERATURE,
    Resource,
    bundle,
    coded,
    observation,
    quantity,
    resources,
    scored,
)  # fmt: skip

OTHERS = (HR, AIR, TEMPERATURE, PRESSURE, ALERT)


def faults(resource: Resource, chart: str = "news2") -> list[tuple[str, str]]:
    with pytest.raises(ObservationError) as refusal:
        scored(resource, chart)
    assert all(problem.mend for problem in refusal.value.problems)
    return [(problem.code, problem.where) for problem in refusal.value.problems]


def test_the_readings_of_the_uk_core_example_are_5_on_news2() -> None:
    result = scored(bundle(*ADULT)).result
    assert (result.status, result.total, result.level) == ("complete", 5, "medium")


@pytest.mark.parametrize("code", ["2708-6", "59408-5", "431314004", "103228002"])
def test_every_code_of_oxygen_saturation(code: str) -> None:
    assert scored(bundle(RR, *OTHERS, observation(coded(code), valueQuantity=quantity(93, "%")))).result.total == 5


@pytest.mark.parametrize("code", ["364075005", "78564009", "8867-4"])
@pytest.mark.parametrize("unit", ["/min", "{beats}/min", "{Beats}/min", "1/min", "{heartbeats}/min"])
def test_pulse_or_heart_rate_in_annotated_units(code: str, unit: str) -> None:
    others = [each for each in ADULT if each is not HR]
    assert scored(bundle(*others, observation(coded(code), valueQuantity=quantity(95, unit)))).result.total == 5


@pytest.mark.parametrize(("value", "unit"), [(38.1, "Cel"), ("100.58", "[degF]"), ("311.25", "K")])
def test_a_temperature_in_any_unit_of_the_parameters_file(value: Any, unit: str) -> None:
    sent = observation(coded("276885007"), valueQuantity=quantity(value, unit))
    result = scored(bundle(sent)).result
    assert next(row.value for row in result.parameters if row.id == "temperature") == Decimal("38.1")
    assert ("converted:temperature" in result.flags) == (unit != "Cel")


@pytest.mark.parametrize("system", ["urn:oid:2.16.840.1.113883.6.1", "https://loinc.org", "http://loinc.org/", "https://loinc.org/"])
def test_a_code_system_by_its_oid_or_a_slip_of_its_address(system: str) -> None:
    rate = deepcopy(RR)
    rate["code"] = {"coding": [{"system": system, "code": "9279-1"}]}
    assert scored(bundle(rate, SPO2, *OTHERS)).result.total == 5


def test_systolic_and_diastolic_apart() -> None:
    apart = [observation(coded(code), valueQuantity=quantity(value, "mm[Hg]")) for code, value in (("72313002", 104), ("8462-4", 66))]
    together = observation(coded("85354-9"), component=[{"code": each["code"], "valueQuantity": each["valueQuantity"]} for each in apart])
    one, other = (scored(bundle(*sent), "mews").result for sent in (apart, [together]))
    assert one.to_dict() == other.to_dict()
    assert not any(flag.startswith("lone") for flag in one.flags)


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "document"])
def test_kinds_of_bundle(kind: str) -> None:
    assert scored(bundle(*ADULT, kind=kind)).result.total == 5


def test_parameters_with_a_bundle_or_single_observations() -> None:
    said = [{"name": "chart", "valueString": "news2|2017.1"}, {"name": "issued", "valueInstant": "2026-11-22T09:31:00Z"}]
    whole = {"resourceType": "Parameters", "parameter": [*said, {"name": "observations", "resource": bundle(*ADULT)}]}
    single = {"resourceType": "Parameters", "parameter": [*said, *({"name": "observation", "resource": each} for each in ADULT)]}
    for sent in (whole, single):
        answer = scored(sent, None)
        assert answer.result.total == 5
        assert resources(answer, "Observation")[0]["issued"] == "2026-11-22T09:31:00Z"


def test_decimals_are_exact_and_keep_their_digits() -> None:
    assert write_json(read_json('{"a": 72.50, "b": 1e2, "c": [0.1, -0.0]}')) == '{"a": 72.50, "b": 1E+2, "c": [0.1, -0.0]}'
    warm = observation(coded("8310-5"), valueQuantity=quantity("38.05", "Cel"))
    result = scored(bundle(RR, HR, SPO2, AIR, PRESSURE, ALERT, warm)).result
    row = next(row for row in result.parameters if row.id == "temperature")
    assert (row.given, row.value, row.points, row.flags) == ("38.05", Decimal("38.05"), 1, ("finer_than_recorded", "between_bands"))


def test_degrees_fahrenheit_are_converted_exactly() -> None:
    warm = observation(coded("8310-5"), valueQuantity=quantity("99.5", "[degF]"))
    assert scored(bundle(RR, HR, SPO2, AIR, PRESSURE, ALERT, warm)).result.total == 5


def test_an_absent_value_is_missing_and_never_0() -> None:
    absent = observation(coded("9279-1"), dataAbsentReason={"coding": [{"code": "not-performed"}]})
    for rest in (bundle(*OTHERS, SPO2), bundle(*OTHERS, SPO2, absent), bundle(*OTHERS, SPO2, observation(coded("9279-1")))):
        result = scored(rest).result
        assert (result.status, result.total, result.missing) == ("partial", None, ("respiratory_rate",))


def test_a_skip_code_of_the_chart_scores_as_the_chart_says() -> None:
    ours = "urn:mews-newtt:CodeSystem:skip-reason"

    def skipped(code: str, system: str = ours, **more: str) -> Any:
        absent = {"coding": [{"system": system, "code": code}], **more}
        return scored(bundle(observation(coded("72313002"), dataAbsentReason=absent)), "npews").result

    row = next(row for row in skipped("U4").parameters if row.id == "systolic_bp")
    assert (row.points, row.skipped) == (4, "U4: unsuccessful with concern")
    assert skipped("other", text="asleep").skipped == ("systolic_bp",)
    elsewhere = skipped("U4", "http://example.org/reasons")  # another system's U4 is not this chart's
    assert "systolic_bp" in elsewhere.missing and not elsewhere.skipped


@pytest.mark.parametrize(("text", "value"), [("V", "voice"), ("New confusion", "confusion"), ("alert", "alert")])
def test_acvpu_in_words(text: str, value: str) -> None:
    said = observation(coded("1104441000000107"), valueCodeableConcept={"text": text})
    result = scored(bundle(said)).result
    assert next(row.value for row in result.parameters if row.id == "consciousness") == value


def test_oxygen_as_a_code_alone_or_with_how_much() -> None:
    others = [each for each in ADULT if each is not AIR]
    for more in ({}, {"valueQuantity": quantity(2, "L/min")}, {"valueQuantity": quantity(28, "%")}):
        assert scored(bundle(*others, observation(coded("371825009"), **more))).result.total == 7
    none, some = (scored(bundle(observation(coded(code), valueQuantity=quantity(flow, "L/min"))), "npews").result for code, flow in (("722742002", 0), ("371825009", 2)))
    assert [next(row.value for row in each.parameters if row.id == "oxygen_flow") for each in (none, some)] == [None, 2]
    where = "Bundle.entry[6].resource.value"
    assert faults(bundle(*others, observation(coded("371825009"), valueQuantity=quantity(0, "L/min")))) == [("codes_disagree", where)]
    assert faults(bundle(*others, observation(coded("722742002"), valueQuantity=quantity(2, "L/min")))) == [("codes_disagree", where)]
    assert faults(bundle(*others, observation(coded("722742002"), valueQuantity=quantity(2, "mmol/L")))) == [("value_not_read", where)]


def test_what_is_entered_in_error_is_not_read() -> None:
    wrong = observation(coded("9279-1"), valueQuantity=quantity(40, "/min")) | {"status": "entered-in-error"}
    assert scored(bundle(*ADULT, wrong)).result.total == 5


def test_two_readings_of_one_parameter_are_refused_unless_they_are_the_same_observation() -> None:
    twice = bundle(*ADULT)
    twice["entry"].append(twice["entry"][0])
    assert scored(twice).result.total == 5
    assert faults(bundle(*ADULT, RR)) == [("reading_twice", "Bundle.entry[7].resource.value")]


def test_mother_and_baby_are_never_one_set() -> None:
    baby = observation(coded("9279-1"), subject={"reference": "Patient/baby"}, valueQuantity=quantity(50, "/min"))
    assert faults(bundle(HR, baby)) == [("subjects_differ", "Bundle.entry[1].resource.subject")]
    unnamed = observation(coded("9279-1"), subject=None, valueQuantity=quantity(50, "/min"))
    assert faults(bundle(HR, unnamed)) == [("subject_missing", "Bundle.entry[1].resource.subject")]
    for same in ({"reference": "https://ward.example/Patient/mother"}, {"reference": "Patient/mother/_history/3"}):
        rate = observation(coded("9279-1"), subject=same, valueQuantity=quantity(21, "/min"))
        assert scored(bundle(rate, SPO2, *OTHERS)).result.total == 5


def test_a_contained_person_is_one_only_where_all_said_of_them_is_the_same() -> None:
    def of(person: Resource, code: str, value: int) -> Resource:
        held = [{"resourceType": "Patient", "id": "p", **person}]
        return observation(coded(code), subject={"reference": "#p"}, contained=held, valueQuantity=quantity(value, "/min"))

    mother, baby = ({"identifier": [{"system": "urn:nhs", "value": number}], "name": [{"text": "Ada"}]} for number in ("1", "2"))
    assert faults(bundle(of(mother, "9279-1", 21), of(baby, "8867-4", 150))) == [("subjects_differ", "Bundle.entry[1].resource.subject")]
    answer = scored(bundle(of(mother, "9279-1", 21), of(mother, "8867-4", 95)))
    assert answer.resource["entry"][0]["resource"]["subject"] == {"identifier": {"system": "urn:nhs", "value": "1"}}
    unnamed = scored(bundle(of({}, "9279-1", 21)))
    assert "subject" not in unnamed.resource["entry"][0]["resource"], "#p means nothing outside the Observation that holds it"
    dangling = [observation(coded(code), subject={"reference": "#p"}, valueQuantity=quantity(95, "/min")) for code in ("9279-1", "8867-4")]
    assert faults(bundle(*dangling)) == [("subjects_differ", "Bundle.entry[1].resource.subject")]


def test_an_observation_of_somebody_else_in_her_record_is_not_hers() -> None:
    fetal = observation(coded("8867-4"), focus=[{"reference": "Patient/fetus"}], valueQuantity=quantity(150, "/min"))
    answer = scored(bundle(RR, fetal))
    assert "heart_rate" in answer.result.missing
    assert "focus_elsewhere" in write_json(resources(answer, "OperationOutcome")[0])
    assert "heart_rate" not in scored(bundle(RR, {**HR, "focus": [MOTHER]})).result.missing


@pytest.mark.parametrize("status", ["Entered-In-Error", "entered in error", "error", "done"])
def test_a_status_that_fhir_does_not_have_may_mean_that_it_is_no_reading(status: str) -> None:
    assert faults(bundle({**RR, "status": status})) == [("unknown_status", "Bundle.entry[0].resource.status")]


def test_a_reading_that_is_not_final_is_read_and_told() -> None:
    answer = scored(bundle({**RR, "status": "preliminary"}, SPO2, *OTHERS))
    assert answer.result.total == 5
    assert "is preliminary" in write_json(resources(answer, "OperationOutcome")[0])


def test_a_reading_that_is_also_there_as_entered_in_error_is_refused() -> None:
    sent = bundle(*ADULT)
    sent["entry"].append(deepcopy(sent["entry"][0]))
    sent["entry"][-1]["resource"]["status"] = "entered-in-error"
    assert faults(sent) == [("observation_void", "Bundle.entry[0].resource")]


def test_what_may_change_the_meaning_is_refused_wherever_it_stands() -> None:
    other = {"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]}
    part = {"code": coded("8480-6"), "valueQuantity": quantity(120, "mm[Hg]"), **other}
    place = "Bundle.entry[0].resource"
    assert faults(bundle(observation(coded("85354-9"), component=[part]))) == [("modifier_extension", f"{place}.component[0].modifierExtension")]
    assert faults(bundle({**RR, "implicitRules": "http://x.example"})) == [("modifier_extension", f"{place}.implicitRules")]
    assert faults({**bundle(RR), "implicitRules": "http://x.example"}) == [("modifier_extension", "Bundle.implicitRules")]
    assert faults({"resourceType": "Parameters", "implicitRules": "http://x.example"}) == [("modifier_extension", "Parameters.implicitRules")]


def test_what_would_be_lost_is_refused() -> None:
    assert faults(bundle(RR, bundle(HR))) == [("bundle_nested", "Bundle.entry[1].resource")]
    deep = {"code": coded("8480-6"), "valueQuantity": quantity(120, "mm[Hg]"), "component": [{"code": coded("8462-4"), "valueQuantity": quantity(60, "mm[Hg]")}]}
    assert faults(bundle(observation(coded("85354-9"), component=[deep]))) == [("not_read", "Bundle.entry[0].resource.component[0].component")]


@pytest.mark.parametrize(
    ("value", "code", "where"),
    [
        (quantity(21, "Cel"), "unknown_unit", ".value.code"),
        (quantity(21, None, "breaths per fortnight"), "unknown_unit", ".value.unit"),
        (quantity(21), "unit_missing", ".value"),
        ({**quantity(21, "/min"), "comparator": "<"}, "comparator", ".value.comparator"),
        ({"unit": "/min", "code": "/min"}, "not_a_number", ".value.value"),
        ({"value": "21", "code": "/min"}, "not_a_number", ".value.value"),
        (quantity(-1, "/min"), "reading_impossible", ".value"),
        (quantity(1200, "/min"), "reading_impossible", ".value"),
    ],
)
def test_numbers_that_are_no_reading(value: Resource, code: str, where: str) -> None:
    rate = observation(coded("9279-1"), valueQuantity=value)
    assert faults(bundle(SPO2, rate)) == [(code, "Bundle.entry[1].resource" + where)]


def test_a_temperature_whose_unit_and_code_differ_is_refused() -> None:
    assert faults(bundle(observation(coded("8310-5"), valueQuantity=quantity(37, "Cel", "degrees Fahrenheit")))) == [
        ("units_disagree", "Bundle.entry[0].resource.value")
    ]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (observation(coded("9279-1", "8867-4"), valueQuantity=quantity(21, "/min")), "codes_disagree"),
        (observation(coded("9279-1"), valueQuantity=quantity(21, "/min"), valueString="21"), "value_twice"),
        (observation(coded("9279-1"), valueString="21"), "not_a_quantity"),
        (observation(coded("9279-1"), valueQuantity=quantity(21, "/min"), dataAbsentReason={"text": "asleep"}), "reading_and_skip"),
        (observation(coded("9279-1"), valueQuantity=quantity(21, "/min"), modifierExtension=[{"url": "http://x.example"}]), "modifier_extension"),
        (observation(coded("1104441000000107"), valueCodeableConcept=coded("44054006")), "unknown_category"),
        (observation(coded("1104441000000107"), valueCodeableConcept=coded("248234008", "300202002")), "codes_disagree"),
        (observation(coded("1104441000000107"), valueCodeableConcept=coded("248234008", text="Unresponsive")), "codes_disagree"),
        (observation(coded("722742002"), valueQuantity={**quantity(0, "L/min"), "comparator": ">"}), "comparator"),
        (observation(coded("722742002"), valueQuantity=quantity(0, "L/min"), dataAbsentReason={"text": "asleep"}), "reading_and_skip"),
        (observation(coded("1104441000000107"), valueQuantity=quantity("1.00e50", "{score}")), "unknown_category"),
        (observation(coded("9279-1"), subject={"reference": 3}, valueQuantity=quantity(21, "/min")), "wrong_type"),
        (observation(coded("1104441000000107"), valueQuantity=quantity(15, "{score}")), "unknown_category"),
        (observation(coded("1104441000000107"), valueQuantity=quantity(15, "mg")), "not_a_category"),
        (observation(coded("9279-1"), effective="yesterday", valueQuantity=quantity(21, "/min")), "not_a_time"),
        (observation(coded("9279-1"), effective="2026-02-30", valueQuantity=quantity(21, "/min")), "not_a_time"),
    ],
)
def test_contradictions_are_refused(sent: Resource, code: str) -> None:
    found = faults(bundle(sent))
    assert [code] == [each for each, _ in found]
    assert found[0][1].startswith("Bundle.entry[0].resource")


def test_every_fault_is_told_at_once_with_its_place() -> None:
    cold = observation(coded("8310-5"), valueQuantity=quantity("98.6", "Cel"))
    bad = observation(coded("85354-9"), component=[{"code": coded("8480-6"), "valueQuantity": quantity(12080, "mm[Hg]")}])
    assert sorted(faults(bundle(cold, bad, RR, RR))) == [
        ("reading_impossible", "Bundle.entry[0].resource.value"),
        ("reading_impossible", "Bundle.entry[1].resource.component[0].value"),
        ("reading_twice", "Bundle.entry[3].resource.value"),
    ]


def test_a_person_the_chart_is_not_for() -> None:
    ours = {"coding": [{"system": "urn:mews-newtt:CodeSystem:parameter", "code": "patient_group"}]}
    answer = {"coding": [{"system": "urn:mews-newtt:CodeSystem:category", "code": "patient_group.newborn"}]}
    assert faults(bundle(*ADULT, observation(ours, valueCodeableConcept=answer))) == [("out_of_scope", "Bundle.entry[7].resource.value")]


def test_what_is_not_known_is_left_out_and_said() -> None:
    weight = observation(coded("27113001", text="Body weight"), valueQuantity=quantity(70, "kg"))
    words = observation({"text": "Respiratory rate"}, valueQuantity=quantity(60, "/min"))
    told = resources(scored(bundle(*ADULT, weight, words)), "OperationOutcome")[0]["issue"]
    assert [(issue["severity"], issue["details"]["coding"][0]["code"], issue["expression"]) for issue in told] == [
        ("warning", "not_on_chart", ["Bundle.entry[5].resource.component[1]"]),
        ("warning", "not_read", ["Bundle.entry[7].resource.code"]),
        ("warning", "not_read", ["Bundle.entry[8].resource.code"]),
    ]


def test_a_searchset_with_a_next_page_is_refused() -> None:
    page = {**bundle(*ADULT, kind="searchset"), "link": [{"relation": "next", "url": "https://ward.example/page2"}]}
    assert faults(page) == [("bundle_incomplete", "Bundle.link")]


def test_the_age_follows_from_the_birth_date() -> None:
    baby = {"resourceType": "Patient", "id": "mother", "birthDate": "2025-11-23"}
    rate = observation(coded("9279-1"), valueQuantity=quantity(45, "/min"))
    for born, table in (("2025-11-23", "under 1 year"), ("2025-11-22", "1 to 4 years"), ("2013-11-22", "13 years and over")):
        result = scored(bundle(rate, {**baby, "birthDate": born}), "npews").result
        assert next(row.table.title for row in result.parameters if row.id == "respiratory_rate" and row.table) == table
    unknown = scored(bundle(rate, {**baby, "id": "somebody-else"}), "npews").result
    assert "age_years" in unknown.missing
    assert faults(bundle(rate, {**baby, "birthDate": "2026-11-23"}), "npews") == [("birth_date", "Bundle.entry[1].resource.birthDate")]


def test_readings_of_different_times_give_a_period_and_a_warning() -> None:
    later = {**RR, "effectiveDateTime": "2026-11-22T10:00:00+00:00"}
    answer = scored(bundle(later, SPO2, *OTHERS))
    assert resources(answer, "Observation")[0]["effectivePeriod"] == {"start": "2026-11-22T09:30:00+00:00", "end": "2026-11-22T10:00:00+00:00"}
    assert "times_differ" in write_json(resources(answer, "OperationOutcome")[0])
    told = [{"name": "effective", "valueDateTime": "2026-11-22"}, {"name": "observations", "resource": bundle(later, SPO2, *OTHERS)}]
    answer = scored({"resourceType": "Parameters", "parameter": told})
    assert resources(answer, "Observation")[0]["effectiveDateTime"] == "2026-11-22"
    assert "times_differ" in write_json(resources(answer, "OperationOutcome")[0]), "a time that is stated hides no spread"


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"resourceType": "Patient"}, {"resourceType": ["Bundle"]}, {"resourceType": "Bundle", "type": "history"},
        {"resourceType": "Bundle", "type": "collection", "entry": {}}, {"resourceType": "Bundle", "type": "collection", "entry": [1]},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Observation", "code": [], "status": 3}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "chart", "valueInteger": 3}]},
        {"resourceType": "Parameters", "parameter": [{"name": 3}]},
        {"resourceType": "Parameters", "parameter": [{"name": "chart", "valueString": "mews"}]},
    ],
)  # fmt: skip
def test_what_is_not_fhir_is_told_and_never_scored(sent: Resource) -> None:
    assert faults(sent)


def test_a_chart_must_be_named_and_exist() -> None:
    with pytest.raises(ObservationError, match="say which chart"):
        scored(bundle(*ADULT), None)
    with pytest.raises(ChartNotFound):
        scored(bundle(*ADULT), "no-such-chart")
    assert scored(bundle(observation(coded("9279-1"), subject=MOTHER, valueQuantity=quantity(21, "/min"))), "news2").result.status == "partial"
    assert SNOMED in write_json(AIR)
