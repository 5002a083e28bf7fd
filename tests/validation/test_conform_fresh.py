"""Vendors whose APIs were thought of after the adapter was built, each with an adapter written from docs/conform.md alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import Chart, load_chart, score
from mews_newtt.cli import main
from tests.validation.vendors import Answered, Asked, serving

MEWS, NEWS2, NEWTT2 = load_chart("mews"), load_chart("news2"), load_chart("newtt2")
QUICK = "\n[limits]\nper_second = 1000\nretries = 0\n"
ADULT = """heart_rate,temperature,respiratory_rate,oxygen_saturation,systolic_bp,air_or_oxygen,consciousness
70,37.0,16,98,120,air,alert
118,37.4,22,94,95,oxygen,alert
118,,16,98,120,air,voice
45,35.0,26,90,85,air,confusion
"""
BABY = """heart_rate,temperature,respiratory_rate,oxygen_saturation,blood_glucose,grunting,colour,neurology,feeding,parental_concern
130,36.9,44,97,3.1,no,pink,responsive,well,none
190,38.4,70,90,1.8,present,blue,lethargic,not_feeding,high
130,36.9,44,97,,no,pink,responsive,well,none
"""


def scored(chart: Chart, given: Mapping[str, Any]) -> Any:
    return score(chart, {name: str(value) for name, value in given.items()}, raise_refused=False)


def bundle(asked: Asked, _: int) -> Answered:
    """A hospital system that takes a FHIR Bundle, with the blood pressures in one entry, and answers FHIR Parameters."""
    codes = {"8867-4": "heart_rate", "8310-5": "temperature", "9279-1": "respiratory_rate", "59408-5": "oxygen_saturation"}
    given: dict[str, Any] = {}
    assert asked.body["resourceType"] == "Bundle" and asked.headers["Content-Type"] == "application/fhir+json"
    for entry in asked.body["entry"]:
        resource = entry["resource"]
        assert resource["resourceType"] == "Observation" and resource["subject"]["reference"].startswith("Patient/TEST-")
        code = resource["code"]["coding"][0]["code"]
        if code == "85354-9":
            given["systolic_bp"] = resource["component"][0]["valueQuantity"]["value"]
        elif code == "ACVPU":
            given["consciousness"] = {"A": "alert", "C": "confusion", "V": "voice", "P": "pain", "U": "unresponsive"}[
                resource["valueCodeableConcept"]["coding"][0]["code"]
            ]
        elif code == "O2":
            given["air_or_oxygen"] = "oxygen" if resource["valueBoolean"] else "air"
        else:
            given[codes[code]] = resource["valueQuantity"]["value"]
            assert resource["valueQuantity"]["unit"] in ("/min", "Cel", "%")
    found = scored(NEWS2, given)
    parameters: list[dict[str, Any]] = [{"name": "risk", "valueCode": found.level and found.level.upper()}]
    parameters += [{"name": "score", "valueInteger": found.total}] if found.total is not None else []
    return 200, {"resourceType": "Parameters", "parameter": parameters}


BUNDLE = """
[names]
heart_rate = "8867-4"
temperature = "8310-5"
respiratory_rate = "9279-1"
oxygen_saturation = "59408-5"
[request]
headers = { Content-Type = "application/fhir+json" }
reading = "entry[resource.code.coding[0].code={parameter}].resource.valueQuantity.value"
cannot_send = ["spo2_scale", "age_years", "patient_group"]
[request.fields]
systolic_bp = "entry[resource.code.coding[0].code=85354-9].resource.component[code.coding[0].code=8480-6].valueQuantity.value"
consciousness = "entry[resource.code.coding[0].code=ACVPU].resource.valueCodeableConcept"
air_or_oxygen = "entry[resource.code.coding[0].code=O2].resource.valueBoolean"
[request.values]
air_or_oxygen = { air = false, oxygen = true }
[request.values.consciousness]
alert = { coding = [{ code = "A" }] }
confusion = { coding = [{ code = "C" }] }
voice = { coding = [{ code = "V" }] }
pain = { coding = [{ code = "P" }] }
unresponsive = { coding = [{ code = "U" }] }
[request.constants]
resourceType = "Bundle"
"entry[resource.code.coding[0].code={parameter}].resource.resourceType" = "Observation"
"entry[resource.code.coding[0].code={parameter}].resource.subject.reference" = "Patient/{person_id}"
"entry[resource.code.coding[0].code={parameter}].resource.valueQuantity.unit" = "{unit}"
"entry[resource.code.coding[0].code=85354-9].resource.resourceType" = "Observation"
"entry[resource.code.coding[0].code=85354-9].resource.subject.reference" = "Patient/{person_id}"
"entry[resource.code.coding[0].code=ACVPU].resource.resourceType" = "Observation"
"entry[resource.code.coding[0].code=ACVPU].resource.subject.reference" = "Patient/{person_id}"
"entry[resource.code.coding[0].code=O2].resource.resourceType" = "Observation"
"entry[resource.code.coding[0].code=O2].resource.subject.reference" = "Patient/{person_id}"
[response]
total = "parameter[name=score].valueInteger"
level = "parameter[name=risk].valueCode"
status = ""
points = ""
"""


def flowsheet(asked: Asked, _: int) -> Answered:
    """A record system with flowsheet rows by number, values as text, and the time in a format of its own. Points are in a list beside."""
    rows = {"10": "heart_rate", "6": "temperature", "9": "respiratory_rate", "301": "oxygen_saturation", "5": "systolic_bp", "302": "air_or_oxygen"}
    given = {}
    for row in asked.body["Flowsheet"]["Values"]:
        assert isinstance(row["Value"], str) and row["InstantTaken"] == "2026-03-01 07:30" if len(given) < 1 and asked.body["Seq"] == 1 else True
        given[{**rows, "400": "consciousness"}[row["FlowsheetRowID"]]] = {"RA": "air", "O2": "oxygen"}.get(row["Value"], row["Value"])
    found = scored(NEWS2, given)
    numbers = {name: number for number, name in rows.items()} | {"consciousness": "400"}
    parts = [{"RowID": numbers[name], "Score": str(points)} for name, points in found.points().items() if points is not None]
    ranks = {"routine": 0, "low": 1, "low-medium": 2, "medium": 3, "high": 4}
    complete = {"complete": True, "partial": False}.get(found.status)
    return 200, {"Result": {"Sum": found.total, "RiskLevel": ranks.get(found.level), "IsComplete": complete}, "Rows": parts}


FLOWSHEET = """
[names]
heart_rate = "10"
temperature = "6"
respiratory_rate = "9"
oxygen_saturation = "301"
systolic_bp = "5"
air_or_oxygen = "302"
consciousness = "400"
[request]
reading = "Flowsheet.Values[FlowsheetRowID={parameter}].Value"
numbers_as_text = true
leave_out = ["spo2_scale"]
cannot_send = ["age_years", "patient_group"]
first_time = 2026-03-01T07:30:00Z
[request.values.air_or_oxygen]
air = "RA"
oxygen = "O2"
[request.constants]
Seq = "{number}"
"Flowsheet.PatientID" = "{person_id}"
"Flowsheet.Values[FlowsheetRowID={parameter}].InstantTaken" = "{time:%Y-%m-%d %H:%M}"
[response]
total = "Result.Sum"
level = "Result.RiskLevel"
status = "Result.IsComplete"
points = "Rows[RowID={parameter}].Score"
[response.statuses]
true = "complete"
false = "partial"
[response.levels]
0 = "routine"
1 = "low"
2 = "low-medium"
3 = "medium"
4 = "high"
"""


def neonatal(asked: Asked, _: int) -> Answered:
    """A neonatal system: codes for answers, nulls for what is not there, a colour for the level."""
    body = asked.body["babyObservation"]
    assert set(body["clinical"]) == {"grunt", "skin", "tone", "feeds", "parents"} and "glucose" in body
    words = {"grunt": ["no", "present"], "skin": ["pink", "pale", "blue"], "tone": ["responsive", "lethargic", "unresponsive"]}
    words |= {"feeds": ["well", "reluctant", "not_feeding"], "parents": ["none", "some", "high"]}
    names = {"grunt": "grunting", "skin": "colour", "tone": "neurology", "feeds": "feeding", "parents": "parental_concern"}
    given = {names[name]: words[name][code] for name, code in body["clinical"].items() if code is not None}
    given |= {name: value for name, value in body["vitals"].items() if value is not None}
    given |= {"blood_glucose": body["glucose"]} if body["glucose"] is not None else {}
    found = scored(NEWTT2, given)
    return 200, {"newtt2": {"score": found.total, "band": found.level and f"{found.level.title()} band"}, "state": found.status}


NEONATAL = """
[request]
missing = "null"
cannot_send = ["patient_group", "age_years"]
[request.fields]
heart_rate = "babyObservation.vitals.heart_rate"
temperature = "babyObservation.vitals.temperature"
respiratory_rate = "babyObservation.vitals.respiratory_rate"
oxygen_saturation = "babyObservation.vitals.oxygen_saturation"
blood_glucose = "babyObservation.glucose"
grunting = "babyObservation.clinical.grunt"
colour = "babyObservation.clinical.skin"
neurology = "babyObservation.clinical.tone"
feeding = "babyObservation.clinical.feeds"
parental_concern = "babyObservation.clinical.parents"
[request.values]
grunting = { no = 0, present = 1 }
colour = { pink = 0, pale = 1, blue = 2 }
neurology = { responsive = 0, lethargic = 1, unresponsive = 2 }
feeding = { well = 0, reluctant = 1, not_feeding = 2 }
parental_concern = { none = 0, some = 1, high = 2 }
[response]
total = "newtt2.score"
level = "newtt2.band"
status = "state"
points = ""
[response.levels]
"White band" = "white"
"Yellow band" = "yellow"
"Pink band" = "pink"
"Purple band" = "purple"
"""


def graph(asked: Asked, _: int) -> Answered:
    """A GraphQL API: a query in a constant, variables, errors with HTTP 200."""
    assert asked.body["query"] == "mutation($i: Obs!) { news(input: $i) {total band} }"
    words = asked.body["variables"]["i"]
    names = {"heartRate": "heart_rate", "temp": "temperature", "respRate": "respiratory_rate", "spo2": "oxygen_saturation", "sbp": "systolic_bp"}
    given = {names[name]: value for name, value in words.items() if name in names}
    given |= {"air_or_oxygen": words["o2"].lower()} if "o2" in words else {}
    given |= {"consciousness": words["acvpu"].lower()} if "acvpu" in words else {}
    found = scored(NEWS2, given)
    if found.status != "complete":
        return 200, {"data": None, "errors": [{"message": "incomplete"}]}
    return 200, {"data": {"news": {"total": found.total, "band": found.level.replace("-", "_").upper()}}}


GRAPH = """
[request]
path = "/graphql"
cannot_send = ["spo2_scale", "age_years", "patient_group"]
[request.fields]
heart_rate = "variables.i.heartRate"
temperature = "variables.i.temp"
respiratory_rate = "variables.i.respRate"
oxygen_saturation = "variables.i.spo2"
systolic_bp = "variables.i.sbp"
air_or_oxygen = "variables.i.o2"
consciousness = "variables.i.acvpu"
[request.values.air_or_oxygen]
air = "AIR"
oxygen = "OXYGEN"
[request.values.consciousness]
alert = "ALERT"
confusion = "CONFUSION"
voice = "VOICE"
pain = "PAIN"
unresponsive = "UNRESPONSIVE"
[request.constants]
query = "mutation($i: Obs!) { news(input: $i) {{total band} }"
[response]
total = "data.news.total"
level = "data.news.band"
status = ""
error = "errors"
points = ""
refuses_partial = true
"""


def form(asked: Asked, _: int) -> Answered:
    """An old web form: names and values, not JSON. The answer is a list with one entry."""
    names = {
        "HR": "heart_rate",
        "T": "temperature",
        "RR": "respiratory_rate",
        "SAT": "oxygen_saturation",
        "SYS": "systolic_bp",
        "AVPU": "consciousness",
    }
    words = dict(asked.body)
    assert words.pop("ward") == "Test ward" and words.pop("id").startswith("TEST-")
    given = {names[name]: value for name, value in words.items() if name in names}
    given |= {"air_or_oxygen": {"0": "air", "1": "oxygen"}[words["O2"]]} if "O2" in words else {}
    found = scored(NEWS2, given)
    return 200, [{"news": "" if found.total is None else f"{found.total}", "risk": found.level or ""}]


FORM = """
[names]
heart_rate = "HR"
temperature = "T"
respiratory_rate = "RR"
oxygen_saturation = "SAT"
systolic_bp = "SYS"
consciousness = "AVPU"
air_or_oxygen = "O2"
[request]
body = "form"
cannot_send = ["spo2_scale", "age_years", "patient_group"]
[request.values]
air_or_oxygen = { air = 0, oxygen = 1 }
[request.constants]
ward = "Test ward"
id = "{person_id}"
[response]
total = "[0].news"
level = "[0].risk"
status = ""
points = ""
"""


VENDORS = [
    (NEWS2, bundle, BUNDLE, ADULT),
    (NEWS2, flowsheet, FLOWSHEET, ADULT),
    (NEWTT2, neonatal, NEONATAL, BABY),
    (NEWS2, graph, GRAPH, ADULT),
    (NEWS2, form, FORM, ADULT),
    (NEWS2, form, FORM.replace('body = "form"', 'body = "query"\nmethod = "GET"'), ADULT),
]


@pytest.mark.parametrize(
    ("chart", "answer", "toml", "sets"), VENDORS, ids=["bundle", "flowsheet", "neonatal", "graphql", "form", "query"]
)  # fmt: skip
def test_a_fresh_vendor_agrees_by_an_adapter_from_the_page(
    chart: Chart,
    answer: Callable[[Asked, int], Answered],
    toml: str,
    sets: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "sets.csv").write_text(sets, encoding="utf-8")
    (tmp_path / "adapter.toml").write_text(toml + QUICK, encoding="utf-8")
    with serving(answer) as (url, asked):
        code = main(["conform", chart.id, "--url", url, "--adapter", str(tmp_path / "adapter.toml"), "--cases", str(tmp_path / "sets.csv"), "--json"])
    said = capsys.readouterr()
    assert code == 0, said.out[:3000] + said.err
    assert len(asked) == json.loads(said.out)["compared"] == len(sets.splitlines()) - 1
