"""What the FHIR tests share: Observations written by hand as record systems send them, and the checks of R4 and of the UK Core profile."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from mews_newtt import Chart, load_chart
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import Answer, ews_score, ews_verify

Resource = dict[str, Any]
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-EarlyWarningTotalScore"
MOTHER, TIME = {"reference": "Patient/mother"}, "2026-11-22T09:30:00+00:00"


MEWS = "mews@0.1"  # a version that stays as it is


def chart_named(name: str) -> Chart:
    """A chart by its id, or by id@version."""
    return load_chart(*name.split("@"))


def find(name: str, version: str | None = None, sha256: str | None = None) -> Chart:
    return chart_named(name) if version is None else load_chart(name, version)


def coded(*codes: str, text: str = "") -> Resource:
    """A CodeableConcept; a code with a hyphen is LOINC."""
    found: Resource = {"coding": [{"system": LOINC if "-" in code else SNOMED, "code": code} for code in codes]}
    return {**found, "text": text} if text else found


def quantity(value: Any, code: str | None = None, unit: str | None = None) -> Resource:
    found: Resource = {"value": Decimal(str(value)), "unit": unit, "system": UCUM if code else None, "code": code}
    return {name: each for name, each in found.items() if each is not None}


def observation(code: Resource, *, subject: Resource | None = MOTHER, effective: str | None = TIME, **more: Any) -> Resource:
    found: Resource = {"resourceType": "Observation", "status": "final", "code": code, "subject": subject, "effectiveDateTime": effective, **more}
    return {name: each for name, each in found.items() if each is not None}


def bundle(*resources: Resource, kind: str = "collection") -> Resource:
    """A Bundle; each Observation gets an id by its place."""
    entries = []
    for number, resource in enumerate(resources):
        body = deepcopy({"id": f"o{number}", **resource} if resource["resourceType"] == "Observation" else resource)
        entries.append({"fullUrl": f"https://ward.example/{body['resourceType']}/{body.get('id', number)}", "resource": body})
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


RR = observation(coded("86290005", "9279-1"), valueQuantity=quantity(21, "{Breaths}/min", "Breaths / minute"))
HR = observation(coded("364075005", "78564009", "8867-4"), valueQuantity=quantity(95, "{beats}/min", "heart beats per minute"))
SPO2 = observation(coded("103228002", "2708-6"), valueQuantity=quantity(93, "%", "percent"))
AIR = observation(coded("722742002"))
TEMPERATURE = observation(coded("276885007", "8310-5"), valueQuantity=quantity("37.5", "Cel", "degree Celsius"))
PRESSURE = observation(
    coded("75367002", "85354-9"),
    component=[
        {"code": coded("72313002", "8480-6"), "valueQuantity": quantity(120, "mm[Hg]", "millimeter of mercury")},
        {"code": coded("1091811000000102", "8462-4"), "valueQuantity": quantity(60, "mm[Hg]", "millimeter of mercury")},
    ],
)
ALERT = observation(coded("1104441000000107"), valueCodeableConcept=coded("248234008"))
ADULT = (RR, HR, SPO2, AIR, TEMPERATURE, PRESSURE, ALERT)  # the readings of UK Core's NEWS2 example: 5 on NEWS2


def scored(resource: Resource, chart: str = "news2", **more: Any) -> Answer:
    """$ews-score through JSON text, as it comes over the wire."""
    return ews_score(read_json(write_json(resource)), find, chart=chart, **more)


def verified(resource: Resource, chart: str | None = None) -> Resource:
    from mews_newtt import charts

    answer = ews_verify(read_json(write_json(resource)), find, charts(), chart=chart)
    assert_r4(answer.resource)
    return answer.resource


def parts(parameters: Resource, name: str) -> list[Any]:
    """Values, resources or part dictionaries of the out parameters of that name."""
    found = []
    for each in parameters["parameter"]:
        if each["name"] == name:
            value = next(each[key] for key in each if key != "name")
            found.append({part["name"]: next(part[key] for key in part if key != "name") for part in value} if isinstance(value, list) else value)
    return found


def resources(answer: Answer, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in answer.resource["entry"] if entry["resource"]["resourceType"] == kind]


def assert_r4(resource: Resource) -> None:
    """R4B's models, which know every element and its type, take it; and nothing in it is null or empty."""
    plain = json.loads(write_json(resource))
    get_fhir_model_class(resource["resourceType"]).model_validate(plain)
    assert not empties(plain), f"empty or null at {empties(plain)}"


def empties(value: Any, place: str = "$") -> list[str]:
    """Places of nulls and empty values: FHIR and CDS Hooks know neither."""
    if isinstance(value, dict):
        return ([] if value else [place]) + [found for name, each in value.items() for found in empties(each, f"{place}.{name}")]
    if isinstance(value, list):
        return ([] if value else [place]) + [found for number, each in enumerate(value) for found in empties(each, f"{place}[{number}]")]
    return [place] if value is None or value == "" else []


def assert_profile(body: Resource) -> None:
    """The constraints of UKCore-Observation-EarlyWarningTotalScore 1.0.0, read from its StructureDefinition."""
    unit = {"system": UCUM, "code": "{ScoreOf}"}
    assert body["meta"]["profile"] == [PROFILE]
    assert body["status"] == "final"
    assert body["category"] == [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]}]
    assert body["subject"]
    assert [key for key in body if key.startswith("effective")]
    assert [key for key in body if key.startswith("value")] == ["valueQuantity"]
    assert unit.items() <= body["valueQuantity"].items()
    for part in body["component"]:
        assert [key for key in part if key.startswith("value")] in (["valueQuantity"], [])
        assert "valueQuantity" not in part or unit.items() <= part["valueQuantity"].items()
