"""FHIR R4 as a long table: Bundles and lines, many patients, one row for each reading; what is not read is noted by its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mews_newtt.tables.origins import read_source
from mews_newtt.tables.origins.long_table import COLUMNS, codes_of_row, split_code, status_means
from tests.origins.support import VECTORS, noted, numbers, opened, refused

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CASES = VECTORS.parent / "fhir_cases"


def observation(name: str, code: str, patient: str = "p1", at: str = "2026-03-02T08:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": name, "status": "final", "code": {"coding": [{"system": LOINC, "code": code, "display": f"display {code}"}]},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": at, **more,
    }


def quantity(digits: str, unit: str = "/min", **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": f"@{digits}@", "unit": unit, "system": UCUM, "code": unit, **more}}


def text_of(body: Any) -> str:
    """JSON in which numbers keep the digits that the test writes."""
    return json.dumps(body).replace('"@', "").replace('@"', "")


def bundle(*resources: dict[str, Any], kind: str = "collection", urls: bool = False) -> str:
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": one} if urls else {"resource": one} for number, one in enumerate(resources)]
    return text_of({"resourceType": "Bundle", "type": kind, "entry": entries})


def lines(*resources: dict[str, Any]) -> str:
    return "\n".join(text_of(one) for one in resources) + "\n"


def read(body: str, name: str = "b.json", *columns: str) -> list[tuple[str | None, ...]]:
    table = opened(body, name).table()
    return [tuple(row[column] for column in columns or COLUMNS) for row in table.to_pylist()]


HR = observation("hr", "8867-4", **quantity("84.50"))
RR = observation("rr", "9279-1", "p2", "2026-03-02T09:00:00+01:00", **quantity("16", "breaths/min", code="/min"))


def test_one_row_for_each_observation_with_everything_that_it_says() -> None:
    table = opened(bundle({"resourceType": "Patient", "id": "p1"}, HR, RR), "b.json")
    assert table.columns == COLUMNS
    first, second = table.table().to_pylist()
    assert {name: text for name, text in first.items() if text} == {
        "subject": "Patient/p1", "time": "2026-03-02T08:00:00Z", "code": f"{LOINC}|8867-4", "text": "display 8867-4", "value": "84.50", "unit": "/min",
        "status": "final", "id": "hr",
    }
    assert (second["subject"], second["value"], second["unit"], second["unit_text"]) == ("Patient/p2", "16", "/min", "breaths/min")
    assert numbers(table) == [2, 3]
    assert table.where(3) == "b.json, entry 3"
    assert noted(table) == {"resource_not_read": 1}


@pytest.mark.parametrize("body", [lines(HR, RR), "\n" + lines(HR) + "\n\n" + lines(RR), text_of([HR, RR])])
def test_lines_and_arrays_give_the_same_rows(body: str) -> None:
    assert read(body) == read(bundle(HR, RR))


def test_lines_of_bundles_are_read() -> None:
    body = bundle(HR) + "\n" + bundle(RR) + "\n"
    assert read(body) == read(bundle(HR, RR))
    table = opened(body)
    assert numbers(table) == [1, 2]
    assert table.where(2) == "ward.csv, line 2"


def test_the_json_may_be_laid_out_over_many_lines() -> None:
    body = json.dumps(json.loads(bundle(observation("a", "8867-4", valueInteger=84))), indent=1)
    assert read(body, "b.json", "value") == [("84",)]


def test_components_are_rows_of_their_own() -> None:
    parts = [{"code": {"coding": [{"system": LOINC, "code": code}]}, **quantity(digits, "mm[Hg]")} for code, digits in (("8480-6", "118"), ("8462-4", "72"))]
    assert read(bundle(observation("bp", "85354-9", component=parts)), "b.json", "code", "value", "unit", "id", "set_id") == [
        (f"{LOINC}|8480-6", "118", "mm[Hg]", "bp", "1"),
        (f"{LOINC}|8462-4", "72", "mm[Hg]", "bp", "2"),
    ]
    oxygen = observation("pox", "59408-5", component=parts[:1], **quantity("95", "%"))
    assert read(bundle(oxygen), "b.json", "value", "set_id") == [("95", None), ("118", "1")]


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ({"valueInteger": 84}, ("84", None, None)),
        ({"valueString": "Alert (A)"}, ("Alert (A)", None, None)),
        ({"valueBoolean": True}, ("true", None, None)),
        (quantity("35.0", "Cel", comparator="<"), ("<35.0", None, "Cel")),
        ({"valueQuantity": {"value": 5}}, ("5", None, None)),
        ({"valueCodeableConcept": {"text": "Alert", "coding": [{"system": "http://snomed.info/sct", "code": "248234008"}]}}, ("Alert", "http://snomed.info/sct|248234008", None)),
        ({"valueCodeableConcept": {"coding": [{"system": "s", "code": "c", "display": "Words"}, {"code": "d"}]}}, ("Words", "s|c\nd", None)),
        ({"valueCodeableConcept": {"coding": [{"system": "s", "code": "c"}]}}, ("s|c", "s|c", None)),
        ({}, (None, None, None)),
    ],
)
def test_values_of_every_kind(value: dict[str, Any], cells: tuple[str | None, ...]) -> None:
    assert read(bundle(observation("x", "1", **value)), "b.json", "value", "value_code", "unit") == [cells]


def test_all_codes_of_a_reading_are_kept() -> None:
    codings = [{"system": "urn:oid:2.16.840.1.113883.6.1", "code": "8867-4"}, {"code": "HR"}, {"system": "urn:x", "code": "1"}]
    (code, others, words), = read(bundle({**HR, "code": {"coding": codings, "text": "Pulse"}}), "b.json", "code", "other_codes", "text")
    assert (code, others, words) == (f"{LOINC}|8867-4", "HR\nurn:x|1", "Pulse")
    assert codes_of_row(code, others) == [f"{LOINC}|8867-4", "HR", "urn:x|1"]
    assert [split_code(each) for each in codes_of_row(code, others)] == [(LOINC, "8867-4"), ("", "HR"), ("urn:x", "1")]


def test_void_and_open_observations_have_rows_with_their_status() -> None:
    body = bundle({**HR, "status": "entered-in-error"}, {**HR, "status": "preliminary", "issued": "2026-03-02T08:05:00Z"})
    assert read(body, "b.json", "status", "issued") == [("entered-in-error", None), ("preliminary", "2026-03-02T08:05:00Z")]
    assert [status_means(word) for word in ("final", "F", "C", "preliminary", "P", "entered-in-error", "W", "D", "X", "Z", None)] == [
        "final", "final", "final", "open", "open", "void", "void", "void", "void", None, None,
    ]


@pytest.mark.parametrize(
    ("more", "time"),
    [
        ({"effectiveDateTime": "2026-03-02T08:00:00"}, "2026-03-02T08:00:00"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T08:10:00Z"}}, "2026-03-02T08:10:00Z"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03-02T08:00:00Z"}}, "2026-03-02T08:00:00Z"),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-03-02T08:00:00Z"}, "2026-03-02T08:00:00Z"),
        ({"effectiveDateTime": None, "effectiveTiming": {"event": ["2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"]}}, "2026-03-02T09:00:00Z"),
    ],
)
def test_times_of_every_kind(more: dict[str, Any], time: str) -> None:
    assert read(bundle({**HR, **more}), "b.json", "time") == [(time,)]


def test_a_reading_without_time_or_person_has_a_row_and_a_note() -> None:
    table = opened(bundle({**HR, "effectiveDateTime": None, "subject": None}), "b.json")
    assert noted(table) == {"time_missing": 1, "subject_missing": 1}
    assert table.table().num_rows == 1


def test_one_person_has_one_name_within_a_bundle() -> None:
    body = bundle({"resourceType": "Patient", "id": "p1"}, HR, {**HR, "id": "2", "subject": {"reference": "urn:uuid:0"}}, urls=True)
    assert read(body, "b.json", "subject") == [("Patient/p1",), ("Patient/p1",)]
    by_number = {**HR, "subject": {"identifier": {"system": "urn:mrn", "value": "123"}}}
    assert read(bundle(by_number), "b.json", "subject") == [("urn:mrn|123",)]


def test_why_there_is_no_value() -> None:
    absent = observation("x", "1", dataAbsentReason={"coding": [{"system": "urn:a", "code": "asked-declined"}], "text": "declined"})
    assert read(bundle(absent), "b.json", "value", "absent") == [(None, "declined urn:a|asked-declined")]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({**HR, "modifierExtension": [{"url": "x"}]}, "Observation.modifierExtension may change the meaning and is not known here"),
        ({**HR, "valueString": "84"}, "Observation has valueQuantity and valueString"),
        (observation("x", "1", valueRange={"low": {"value": 1}}), "Observation.valueRange is not read"),
        (observation("x", "1", valueQuantity={"value": "84"}), "Observation.valueQuantity.value is no number"),
        (observation("x", "1", valueInteger="84"), "Observation.valueInteger is not of its type"),
        (observation("x", "1", valueCodeableConcept={}), "Observation.valueCodeableConcept has neither a code nor words"),
    ],
)
def test_what_is_not_read_is_noted_with_its_reason(resource: dict[str, Any], reason: str) -> None:
    table = opened(bundle(RR, resource), "b.json")
    assert read(bundle(RR, resource), "b.json", "id") == [("rr",)]
    assert noted(table) == {"not_read": 1}
    assert table.notes[-1].what == f"an Observation, or a part of one, is not read: {reason}"
    assert table.notes[-1].places == (2,)


def test_an_observation_about_somebody_else_is_not_read() -> None:
    assert noted(opened(bundle(RR, {**HR, "focus": [{"reference": "Patient/baby"}]}), "b.json")) == {"not_read": 1}
    assert noted(opened(bundle(RR, {**HR, "focus": [{"reference": "Patient/p1"}]}), "b.json")) == {}


def test_contained_observations_are_read_or_noted() -> None:
    inner = {key: value for key, value in RR.items() if key not in ("subject", "effectiveDateTime")}
    body = bundle({**HR, "contained": [inner]})
    assert read(body, "b.json", "id", "subject", "time") == [("hr", "Patient/p1", "2026-03-02T08:00:00Z"), ("rr", "Patient/p1", "2026-03-02T08:00:00Z")]
    report = {"resourceType": "DiagnosticReport", "contained": [RR]}
    table = opened(bundle(HR, report), "b.json")
    assert noted(table) == {"resource_not_read": 1, "not_read": 1}


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (bundle(HR, kind="history"), "bundle_type", "b.json, Bundle.type"),
        (text_of({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next"}], "entry": [{"resource": HR}]}), "bundle_incomplete", "b.json, Bundle.link"),
        (bundle({"resourceType": "Patient", "id": "p1"}), "nothing_read", "b.json"),
        (lines(HR) + '{"resourceType":"Observation","id":"a","id":"b"}\n', "name_twice", "b.json, line 2, id"),
        (lines(HR) + "{}\n", "resource_type_missing", "b.json, line 2"),
        (lines(HR, RR) + '{"resourceType":"Obs', "not_json", "b.json, line 3"),
        (bundle(HR)[:-20], "not_json", "b.json"),
        (text_of([HR, 1]), "not_an_object", "b.json"),
        (text_of([HR, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": json.loads(bundle(observation("a", "1", valueInteger=1)))}]}]), "bundle_nested", "b.json, Bundle.entry[0].resource"),
    ],
)
def test_faults_have_their_place(body: str, code: str, where: str) -> None:
    problem = refused(body, "b.json").problems[0]
    assert (problem.code, problem.where) == (code, where)


def test_a_component_that_is_not_read_leaves_the_others() -> None:
    parts = [{"code": {"text": "a"}, "valueInteger": 1, "component": []}, {"code": {"text": "b"}, "valueInteger": 2, "modifierExtension": []}, {"code": {"text": "c"}}]
    table = opened(bundle(observation("x", "1", component=parts)), "b.json")
    assert [(row["text"], row["value"]) for row in table.table().to_pylist()] == [("a", "1"), ("c", None)]
    assert noted(table) == {"not_read": 2}


def test_entries_of_several_bundles_are_counted_on() -> None:
    assert numbers(opened(text_of([json.loads(bundle(*[observation("a", "1", valueInteger=1)] * 2)), observation("b", "1", valueInteger=2)]), "b.json")) == [1, 2, 3]


def test_a_file_without_observations_says_what_it_holds() -> None:
    assert refused(bundle({"resourceType": "Patient", "id": "p1"}), "b.json").problems[0].what == "holds no Observation (Patient is no Observation and is not read)"


def test_every_case_of_the_folder_is_read_or_refused_by_name() -> None:
    seen = 0
    for path in sorted(CASES.glob("f*.json")):
        if "history" in path.name:
            assert refused(path.read_bytes(), path.name).problems[0].code == "bundle_type"
            continue
        seen += read_source(path).table().num_rows
    assert seen > 100
