"""Small rules of reading and of verifying, each held from both sides: found missing by changing the code and seeing no test fail."""

from __future__ import annotations

from typing import Any

import pytest

from mews_newtt import ObservationError, load_chart
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import (
    ADULT,
    HR,
    MOTHER,
    PRESSURE,
    RR,
    SNOMED,
    TIME,
    Resource,
    bundle,
    coded,
    observation,
    parts,
    quantity,
    resources,
    scored,
    verified,
)  # fmt: skip
from tests.fhir.test_fhir_verify import PUBLISHED, stated

SKIP = "urn:mews-newtt:CodeSystem:skip-reason"
RIGHT = PUBLISHED | {"1104371000000107": 0}
STATUSES = {
    "final": [], "amended": [], "corrected": [], None: [], "preliminary": ["not_final"], "registered": ["not_final"], "unknown": ["not_final"],
}  # fmt: skip


def faults(resource: Resource, chart: str = "news2") -> list[tuple[str, str]]:
    with pytest.raises(ObservationError) as refusal:
        scored(resource, chart)
    return [(problem.code, problem.where) for problem in refusal.value.problems]


def told(answer: Any) -> list[str]:
    return [issue["details"]["coding"][0]["code"] for each in resources(answer, "OperationOutcome") for issue in each["issue"]]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_that_leaves_a_reading(status: str | None) -> None:
    rate = {name: value for name, value in {**RR, "status": status}.items() if value is not None}
    answer = scored(bundle(rate))
    assert "respiratory_rate" not in answer.result.missing
    assert told(answer) == STATUSES[status]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_every_status_that_leaves_none(status: str) -> None:
    assert "respiratory_rate" in scored(bundle(HR, {**RR, "status": status})).result.missing


def test_a_status_counts_only_where_something_was_read() -> None:
    """An Observation that is left out says nothing of the set: neither its status nor its time."""
    weight = observation(coded("27113001"), effective="2026-11-22T09:15:00+00:00", valueQuantity=quantity(70, "kg")) | {"status": "preliminary"}
    odd = weight | {"status": "no such status"}
    answer = scored(bundle(*ADULT, weight, odd))
    assert told(answer).count("not_final") == 0
    assert resources(answer, "Observation")[0]["effectiveDateTime"] == TIME


def test_the_status_of_a_newer_reading_of_the_round_counts() -> None:
    newer = {**RR, "effectiveDateTime": "2026-11-22T09:40:00+00:00"}
    assert "not_final" in told(scored(bundle(RR, newer | {"status": "preliminary"})))
    assert ("unknown_status", "Bundle.entry[1].resource.status") in faults(bundle(RR, newer | {"status": "Entered in error"}))
    flow = observation(coded("3151-8"), valueQuantity=quantity(2, "L/min")) | {"status": "preliminary"}
    assert "not_final" in told(scored(bundle(RR, flow))), "an amount that only says that there is oxygen is a reading, too"


@pytest.mark.parametrize("reason", [{"code": "nonesuch"}, {"code": "nonesuch", "text": "asleep"}, {"code": "other"}, {"code": "other", "text": " "}])
def test_a_skip_code_that_the_chart_does_not_have(reason: dict[str, str]) -> None:
    absent = {"coding": [{"system": SKIP, "code": reason["code"]}], **({"text": reason["text"]} if "text" in reason else {})}
    sent = observation(coded("72313002"), dataAbsentReason=absent)
    assert faults(bundle(HR, sent), "npews") == [("unknown_skip", "Bundle.entry[1].resource.dataAbsentReason")]


def test_the_own_value_of_a_panel_is_not_passed_over() -> None:
    panel = {**PRESSURE, "code": coded("55418-8"), "valueQuantity": quantity(120, "mm[Hg]")}
    answer = scored(bundle(panel))
    assert "not_read" in told(answer)
    assert next(row.value for row in answer.result.parameters if row.id == "systolic_bp") == 120
    assert "not_read" not in told(scored(bundle({**PRESSURE, "code": coded("55418-8")}))), "a panel without a value holds nothing itself"
    members = observation(coded("85353-1"), hasMember=[{"reference": "Observation/o0"}])
    assert "not_read" not in told(scored(bundle(RR, members)))


def test_a_null_is_no_value() -> None:
    sent = bundle(HR)
    sent["entry"].append({"resource": {**RR, "valueQuantity": None}})
    assert told(scored(sent)) == ["reading_absent"]


def test_a_parameters_code_beside_the_code_of_an_answer() -> None:
    both = {"coding": [*coded("1104441000000107")["coding"], {"system": SNOMED, "code": "248234008"}]}
    answer = scored(bundle(observation(both, valueCodeableConcept=coded("300202002"))))
    assert next(row.value for row in answer.result.parameters if row.id == "consciousness") == "voice"
    two = {"coding": [{"system": SNOMED, "code": code} for code in ("722742002", "371825009")]}
    assert faults(bundle(HR, observation(two))) == [("codes_disagree", "Bundle.entry[1].resource.code")]


def table_of(*sent: Resource) -> str:
    return next(row.table.title for row in scored(bundle(*sent), "npews").result.parameters if row.id == "respiratory_rate" and row.table)


def test_an_age_that_is_stated_outranks_the_birth_date() -> None:
    ours = {"coding": [{"system": "urn:mews-newtt:CodeSystem:parameter", "code": "age_years"}]}
    child = {"resourceType": "Patient", "id": "mother", "birthDate": "2013-11-22"}
    rate = observation(coded("9279-1"), valueQuantity=quantity(45, "/min"))
    assert table_of(rate, child) == "13 years and over"
    assert table_of(rate, child, observation(ours, valueQuantity=quantity(3, "a"))) == "1 to 4 years"


@pytest.mark.parametrize(
    ("subject", "url", "hers"),
    [
        ("Patient/mother", "https://ward.example/Patient/mother", True),
        ("https://ward.example/Patient/mother", "https://ward.example/Patient/mother", True),
        ("https://ward.example/Patient/mother", "", True),
        ("https://other.example/Patient/mother", "https://ward.example/Patient/mother", False),
        ("Patient/mother", "", True),
        ("Patient/grandmother", "", False),
        (None, "", False),
    ],
)
def test_whose_birth_date_it_is(subject: str | None, url: str, hers: bool) -> None:
    rate = observation(coded("9279-1"), subject={"reference": subject} if subject else None, valueQuantity=quantity(45, "/min"))
    patient = {"resource": {"resourceType": "Patient", "id": "mother", "birthDate": "2013-11-22"}, **({"fullUrl": url} if url else {})}
    sent = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": rate}, patient]}
    assert ("age_years" not in scored(sent, "npews").result.missing) == hers


def test_the_last_day_before_a_birthday() -> None:
    rate = observation(coded("9279-1"), effective="2026-11-22T09:30:00+00:00", valueQuantity=quantity(45, "/min"))
    for born, table in (("2025-11-22", "1 to 4 years"), ("2025-11-23", "under 1 year")):
        assert table_of(rate, {"resourceType": "Patient", "id": "mother", "birthDate": born}) == table


def test_the_age_at_the_end_of_a_round_over_midnight() -> None:
    """The rate was counted on the eve of the first birthday, the pulse after midnight: the age is that of the newest reading."""
    rate = observation(coded("9279-1"), effective="2026-11-21T23:55:00+00:00", valueQuantity=quantity(45, "/min"))
    pulse = observation(coded("8867-4"), effective="2026-11-22T00:05:00+00:00", valueQuantity=quantity(120, "/min"))
    assert table_of(rate, pulse, {"resourceType": "Patient", "id": "mother", "birthDate": "2025-11-22"}) == "1 to 4 years"


@pytest.mark.parametrize("born", ["2013", "2013-11"])
def test_a_birth_date_that_names_no_day_gives_no_age(born: str) -> None:
    rate = observation(coded("9279-1"), valueQuantity=quantity(45, "/min"))
    answer = scored(bundle(rate, {"resourceType": "Patient", "id": "mother", "birthDate": born}), "npews")
    assert "age_years" in answer.result.missing and told(answer) == ["birth_date"]


def test_an_observation_of_no_person_beside_a_birth_date() -> None:
    rate = observation(coded("9279-1"), subject=None, valueQuantity=quantity(45, "/min"))
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "2013-11-22"}
    assert "age_years" in scored(bundle(rate, patient), "npews").result.missing


# $ews-verify


def kinds(resource: Resource, chart: str | None = None) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["stated"], each["computed"]) for each in parts(verified(resource, chart), "difference")]


def test_one_total_stated_twice_is_one_total() -> None:
    again = stated(5, {}) | {"id": "again"}
    assert parts(verified(bundle(stated(5, RIGHT), again, *ADULT)), "verdict") == ["agrees"]
    with pytest.raises(ObservationError, match="another total"):
        verified(bundle(stated(5, RIGHT), stated(6, {}) | {"id": "again"}, *ADULT))


def test_an_interpretation_in_foreign_codes_alone_says_nothing() -> None:
    foreign = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "H"}]}]
    found = verified(bundle(stated(5, RIGHT, interpretation=foreign), *ADULT))
    assert parts(found, "verdict") == ["agrees"]
    assert "level_not_compared" not in str(parts(found, "outcome"))


def test_a_total_of_a_chart_without_points() -> None:
    chart = load_chart("mewc")
    given = {p.id: p.category_ids[0] for p in chart.parameters if p.required and not p.observation.numeric}
    given |= {"respiratory_rate": 16, "oxygen_saturation": 98, "temperature": 37, "systolic_bp": 118, "diastolic_bp": 70, "heart_rate": 80}
    given |= {"mean_arterial_pressure": 80} if "mean_arterial_pressure" in chart.by_id else {}
    sent = observations_bundle(chart, {name: value for name, value in given.items() if name in chart.by_id}, subject=MOTHER, effective=TIME)
    code = {"coding": [{"system": "urn:mews-newtt:CodeSystem:score", "code": "mewc-level"}]}
    sent["entry"].append({"resource": observation(code, valueInteger=3)})
    assert [(stated_so, "no total" in computed) for _, stated_so, computed in kinds(sent)] == [("3", True)]


def test_rows_that_share_a_code_are_compared_together() -> None:
    """National PEWS has one SNOMED CT code for device, percent and flow: the points of those that are given."""
    chart = load_chart("npews")
    child = {"age_years": 3, "oxygen_device": "nasal_prongs", "oxygen_flow": "0.5"}
    sent = observations_bundle(chart, child, subject=MOTHER, effective=TIME)
    points = scored(sent, "npews").result.points()
    right = (points["oxygen_device"] or 0) + (points["oxygen_flow"] or 0)
    for stated_points, wanted in ((right, []), (right + 1, [("points", str(right + 1), str(right))])):
        part = observation(coded("1363321000000100"), valueInteger=stated_points)
        assert kinds({**sent, "entry": [*sent["entry"], {"resource": part}]}, "npews") == wanted


def test_the_readings_are_those_of_the_scores_own_round() -> None:
    """A score of the morning is held against the readings of the morning, whatever came later."""

    def at(hour: int, *sent: Resource) -> list[Resource]:
        return [{**each, "effectiveDateTime": f"2026-11-22T{hour:02}:30:00+00:00"} for each in sent]

    later = at(14, {**RR, "valueQuantity": quantity(30, "/min")}, *ADULT[1:])
    morning = at(9, stated(5, RIGHT), *ADULT)
    found = verified(bundle(*morning, *later))
    assert parts(found, "verdict") == ["agrees"]
    assert "score_of_another_time" not in str(parts(found, "outcome"))
    found = verified(bundle(*morning, *later, *at(14, stated(9, {}))))
    assert [(each["stated"], each["computed"]) for each in parts(found, "difference")] == [("9", "6")]
    assert "1 score of another time left out" in str(parts(found, "outcome"))


def test_of_two_scores_of_one_round_the_newer_is_verified() -> None:
    earlier = stated(9, {}) | {"effectiveDateTime": "2026-11-22T09:15:00+00:00"}
    found = verified(bundle(earlier, stated(5, {}), *ADULT))
    assert parts(found, "verdict") == ["agrees"]
    assert "1 score of another time left out" in str(parts(found, "outcome"))


def test_a_score_dated_by_the_day_is_held_against_the_newest_round() -> None:
    later = [{**each, "effectiveDateTime": "2026-11-22T14:30:00+00:00"} for each in ({**RR, "valueQuantity": quantity(30, "/min")}, *ADULT[1:])]
    dated = stated(6, {}) | {"effectiveDateTime": "2026-11-22"}
    part = observation(coded("1104351000000103"), valueInteger=1)  # of the morning, and the only one with a time of day
    assert parts(verified(bundle(dated, *ADULT, *later)), "verdict") == ["agrees"]
    assert kinds(bundle(dated, part, *ADULT, *later)) == [("total", "6", "5")]


def test_sub_scores_alone_say_the_round_too() -> None:
    later = [{**each, "effectiveDateTime": "2026-11-22T14:30:00+00:00"} for each in ({**RR, "valueQuantity": quantity(30, "/min")}, *ADULT[1:])]
    part = observation(coded("1104301000000104"), valueInteger=2)
    assert parts(verified(bundle(part, *ADULT, *later), "news2"), "verdict") == ["agrees"]
    assert kinds(bundle({**part, "effectiveDateTime": "2026-11-22T14:30:00+00:00"}, *ADULT, *later), "news2") == [("points", "2", "3")]


def test_a_fault_of_two_readings_names_both_places() -> None:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(observation(coded("3151-8"), valueQuantity=quantity(2, "L/min")), observation(coded("3150-0"), valueQuantity=quantity(28, "%"))), "npews")
    assert [problem.code for problem in refusal.value.problems] == ["only_one_of"]
    places = ["Bundle.entry[0].resource.value", "Bundle.entry[1].resource.value"]
    assert refusal.value.problems[0].where in places and all(place in refusal.value.problems[0].what for place in places)


def test_a_fault_of_one_reading_names_its_place_once() -> None:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(observation(coded("9279-1"), valueQuantity=quantity(9000, "/min")), *ADULT[1:]))
    (problem,) = refusal.value.problems
    assert problem.where not in problem.what and problem.what.startswith("respiratory_rate: 9000 is impossible")


@pytest.mark.parametrize(("rates", "total"), [([None, TIME], 6), ([TIME, None], 3)])
def test_a_reading_without_a_time_is_left_out_beside_one_with_a_time(rates: list[str | None], total: int) -> None:
    first, second = (observation(coded("9279-1"), effective=when, valueQuantity=quantity(value, "/min")) for when, value in zip(rates, (20, 30), strict=True))
    answer = scored(bundle(first, second, *ADULT[1:]))
    assert answer.result.total == total and "time_missing" in told(answer)
