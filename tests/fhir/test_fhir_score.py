"""Strict out: UK Core's EarlyWarningTotalScore for a whole score, and nothing that could be taken for one otherwise. Held to R4 by two libraries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mews_newtt import ObservationError, __version__, charts, score
from mews_newtt.errors import Problem
from mews_newtt.fhir.capability import OPERATIONS, capability_statement, code_systems, operation_definition
from mews_newtt.fhir.jsontext import write_json
from mews_newtt.fhir.operations import Answer
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import ADULT, MEWS, MOTHER, TIME, Resource, assert_profile, assert_r4, bundle, chart_named, resources, scored

WELL_MOTHER = {
    "respiratory_rate": 24, "oxygen_saturation": 97, "temperature": 36.8, "heart_rate": 118, "systolic_bp": 104, "diastolic_bp": 66, "consciousness": "A",
    "concern": "none",
}  # fmt: skip
CHILD = {
    "age_years": 3, "respiratory_rate": 30, "respiratory_distress": "mild", "oxygen_saturation": 93, "oxygen_device": "nasal_prongs", "oxygen_flow": "0.5",
    "heart_rate": 150, "systolic_bp": 100, "capillary_refill": 1, "temperature": 37, "consciousness": "alert", "pupils": "normal", "sepsis_concern": "none",
    "clinical_intuition": "none", "carer_concern": "none",
}  # fmt: skip


def answer_of(chart: str, given: dict[str, Any], **more: Any) -> Answer:
    sent = observations_bundle(chart_named(chart), given, subject=MOTHER, effective=TIME)
    answer = scored(sent, chart, **more)
    assert_r4(sent)
    assert_r4(answer.resource)
    return answer


def load_and_score(chart: str, given: dict[str, Any]) -> dict[str, int | None]:
    return score(chart_named(chart), given).points()


def score_of(answer: Answer) -> Resource:
    return answer.resource["entry"][0]["resource"]


def sub_scores(body: Resource) -> dict[str, Any]:
    return {part["code"]["coding"][0]["code"]: part.get("valueQuantity", {}).get("value") for part in body["component"]}


def test_news2_is_a_total_score_of_uk_core() -> None:
    answer = scored(bundle(*ADULT), issued="2026-11-22T09:30:04Z")
    assert_r4(answer.resource)
    body = score_of(answer)
    assert_profile(body)
    assert (body["valueQuantity"]["value"], body["effectiveDateTime"], body["issued"]) == (5, TIME, "2026-11-22T09:30:04Z")
    assert body["code"] == {"coding": [{"system": "http://snomed.info/sct", "code": "1104051000000101"}], "text": "National Early Warning Score 2 - total score"}
    assert sub_scores(body) == {
        "1104301000000104": 2, "1104311000000102": 2, "1104331000000105": 0, "1104341000000101": 0, "1104351000000103": 1, "1104361000000100": 0,
        "1104371000000107": 0,
    }  # fmt: skip
    assert body["interpretation"][0]["text"] == "Medium"
    assert sorted(each["reference"] for each in body["derivedFrom"]) == [f"Observation/o{number}" for number in range(7)]


def test_every_answer_says_which_software_chart_and_version_gave_it() -> None:
    chart = chart_named(MEWS)
    device = score_of(answer_of(MEWS, WELL_MOTHER))["contained"][0]
    told = {each["type"]["text"]: each["value"] for each in device["version"]}
    assert told == {"engine": __version__, "chart": "mews 0.1", "chart status": "derived", "chart sha256": chart.sha256}


def test_a_score_without_snomed_codes_has_local_ones_and_its_name_in_full() -> None:
    body = score_of(answer_of(MEWS, WELL_MOTHER))
    assert_profile(body)
    assert body["code"]["coding"] == [{"system": "urn:mews-newtt:CodeSystem:score", "code": "mews-total"}]
    assert body["code"]["text"] == f"{chart_named(MEWS).title} - total score"
    points = load_and_score(MEWS, WELL_MOTHER)
    assert sub_scores(body) == {f"mews-{name}": each for name, each in points.items()}
    assert sum(sub_scores(body).values()) == body["valueQuantity"]["value"] == 4


def test_rows_that_share_a_code_are_one_sub_score() -> None:
    """Device, percent and flow of National PEWS have one SNOMED CT code between them; the sub-scores add up to the total."""
    answer = answer_of("npews", CHILD)
    body = score_of(answer)
    assert_profile(body)
    codes = [part["code"]["coding"][0]["code"] for part in body["component"]]
    assert len(codes) == len(set(codes)) == 7
    points = answer.result.points()
    assert sub_scores(body)["1363321000000100"] == (points["oxygen_device"] or 0) + (points["oxygen_flow"] or 0) > 0
    assert sum(sub_scores(body).values()) == body["valueQuantity"]["value"] == answer.result.total


def test_a_partial_set_has_no_plain_value_and_does_not_claim_the_profile() -> None:
    body = score_of(answer_of("newtt2", {"temperature": 36.2, "heart_rate": 170, "parental_concern": "some"}))
    assert "meta" not in body and not [key for key in body if key.startswith("value")]
    assert body["status"] == "preliminary"
    assert body["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert "missing: respiratory_rate, oxygen_saturation, grunting" in body["dataAbsentReason"]["text"]
    bounds = next(part["valueRange"] for part in body["component"] if "valueRange" in part)
    assert (bounds["low"]["value"], bounds["high"]["value"]) == (3, 15)
    assert sub_scores(body)["newtt2-temperature"] == 1 and sub_scores(body)["newtt2-grunting"] is None
    missing = next(part for part in body["component"] if part["code"]["coding"][0]["code"] == "newtt2-grunting")
    assert "dataAbsentReason" in missing
    assert [told["text"] for told in body["interpretation"]] == ["least level: Yellow zone reached", "highest possible level: Purple zone reached"]


@pytest.mark.parametrize("chart", ["mewc", "mewt", "meows"])
def test_charts_without_points_give_their_level(chart: str) -> None:
    found = chart_named(chart)
    given = {p.id: p.category_ids[0] for p in found.parameters if p.required and not p.observation.numeric}
    given |= {"respiratory_rate": 16, "oxygen_saturation": 98, "temperature": 37, "systolic_bp": 85, "diastolic_bp": 70, "heart_rate": 80}
    given |= {"mean_arterial_pressure": 80} if "mean_arterial_pressure" in found.by_id else {}
    answer = answer_of(chart, {name: value for name, value in given.items() if name in found.by_id})
    body = score_of(answer)
    assert answer.result.status == "complete"
    assert "meta" not in body and body["valueCodeableConcept"]["text"] == next(level.title for level in found.levels if level.id == answer.result.level)
    assert len(body["component"]) == sum(row.role == "scored" and row.value is not None for row in answer.result.parameters)


def test_without_person_or_time_the_profile_is_not_claimed() -> None:
    for subject, effective in ((None, TIME), (MOTHER, None)):
        answer = scored(observations_bundle(chart_named(MEWS), WELL_MOTHER, subject=subject, effective=effective), MEWS)
        assert_r4(answer.resource)
        assert score_of(answer)["valueQuantity"]["value"] == 4 and "meta" not in score_of(answer)


def test_the_task_proposes_only_what_the_chart_says() -> None:
    high = answer_of("npews", {**CHILD, "clinical_intuition": "high"})
    task = resources(high, "Task")[0]
    assert (task["status"], task["intent"], task["for"], "priority" in task) == ("draft", "proposal", MOTHER, False)
    assert task["focus"]["reference"] == high.resource["entry"][0]["fullUrl"]
    assert {each["type"]["text"]: each["valueString"] for each in task["input"]} == {"review": "within 15 minutes", "repeat observations": "every 30 minutes"}
    assert task["restriction"] == {"period": {"end": "2026-11-22T09:45:00+00:00"}}
    plain = resources(answer_of(MEWS, WELL_MOTHER), "Task")[0]  # its working chart gives no words and no times
    assert "input" not in plain and "restriction" not in plain
    calm = {**WELL_MOTHER, "heart_rate": 80, "respiratory_rate": 16, "systolic_bp": 118, "diastolic_bp": 72}
    assert not resources(answer_of(MEWS, calm), "Task")


def test_a_concern_that_counts_is_for_the_problem_list() -> None:
    condition = resources(answer_of(MEWS, {**WELL_MOTHER, "concern": "present"}), "Condition")[0]
    assert condition["category"][0]["coding"][0]["code"] == "problem-list-item"
    assert condition["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert condition["code"]["text"] == "Concern of the woman, her family or staff: Present"
    assert not resources(answer_of(MEWS, WELL_MOTHER), "Condition")


def test_the_same_set_and_chart_give_the_same_bytes() -> None:
    one, other = (write_json(scored(bundle(*ADULT), issued="2026-11-22T09:30:04Z").resource) for _ in range(2))
    assert one == other


def test_an_operation_outcome_holds_code_where_what_and_mend() -> None:
    sent = bundle(*ADULT)
    sent["entry"][0]["resource"]["valueQuantity"]["code"] = "Cel"
    with pytest.raises(ObservationError) as refusal:
        scored(sent)
    found = operation_outcome([*refusal.value.problems, Problem("chart_unknown", "chart 'x'", "there is no such chart", "")])
    assert_r4(found)
    first, second = found["issue"]
    assert (first["severity"], first["expression"]) == ("error", ["Bundle.entry[0].resource.value.code"])
    assert first["details"]["coding"][0]["code"] == "unknown_unit" and first["diagnostics"].startswith("mend: allowed units: /min")
    assert second["details"]["text"] == "chart 'x': there is no such chart" and "expression" not in second


def test_what_the_endpoint_says_of_itself_is_r4() -> None:
    base = "https://scores.example/fhir/R4"
    statement = capability_statement(base)
    assert_r4(statement)
    assert {each["name"] for each in statement["rest"][0]["operation"]} == set(OPERATIONS) == {"ews-score", "ews-score-many", "ews-track", "ews-verify"}
    for operation in statement["rest"][0]["operation"]:
        definition = operation_definition(operation["name"], base)
        assert definition is not None and definition["url"] == operation["definition"]
        assert_r4(definition)
    assert operation_definition("ews-guess", base) is None


def test_every_local_code_in_an_answer_stands_in_a_code_system() -> None:
    systems = code_systems(charts())
    known = {(system["url"], concept["code"]) for system in systems.values() for concept in system["concept"]}
    for system in systems.values():
        assert_r4(system)
    for chart, given in ((MEWS, WELL_MOTHER), ("npews", {**CHILD, "skip_systolic_bp": "U4", "systolic_bp": None}), ("newtt2", {"colour": "blue"})):
        sent = observations_bundle(chart_named(chart), given, subject=MOTHER, effective=TIME)
        used = {key for key in codings(json.loads(write_json([sent, scored(sent, chart).resource]))) if key[0].startswith("urn:mews-newtt")}
        assert used and used <= known | {key for key in used if key[0].endswith(":problem")}


def codings(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, list):
        return {key for each in value for key in codings(each)}
    if not isinstance(value, dict):
        return set()
    own = {(value["system"], value["code"])} if {"system", "code"} <= value.keys() and "value" not in value else set()
    return own | {key for each in value.values() for key in codings(each)}


def test_r4_4_0_1_takes_everything_too() -> None:
    """fhir.resources knows R4B; this one the R4 that UK Core builds on."""
    fhirkit = pytest.importorskip("fhirkit")
    sent: list[Resource] = [capability_statement("https://scores.example"), *code_systems(charts()).values(), scored(bundle(*ADULT)).resource]
    sent += [answer_of(*case).resource for case in (("npews", CHILD), ("newtt2", {"colour": "blue"}), (MEWS, {**WELL_MOTHER, "concern": "present"}))]
    sent += [operation_definition(name, "https://scores.example") or {} for name in OPERATIONS]
    for resource in sent:
        assert fhirkit.validate(write_json(resource)) == []
    assert fhirkit.validate('{"resourceType": "Observation"}'), "it does find faults"
