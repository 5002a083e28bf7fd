"""Over HTTP: many persons as a Bundle and as lines, periods, and how an answer is written. XML is refused with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.many import Request, ews_score_many, many_resource
from tests.fhir.support import ADULT, RR, assert_r4, bundle, find
from tests.fhir.test_fhir_many import of
from tests.service.support import client
from tests.service.test_fhir_http import FHIR, SCORE, outcome, post

MANY = "/fhir/R4/$ews-score-many"
NDJSON = "application/fhir+ndjson"
PEOPLE = [*of("Patient/a", *ADULT), *of("Patient/b", RR), *of(None, RR)]


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def test_many_persons_in_a_bundle(http: Any) -> None:
    answer = post(http, f"{MANY}?chart=news2", bundle(*PEOPLE))
    assert answer.status_code == 200 and answer.headers["mews-newtt-chart"] == "news2@2017.1"
    assert_r4(answer.json())
    scores = ews_score_many(read_json(write_json(bundle(*PEOPLE))), find, Request(chart="news2"), now=datetime.now(UTC))
    assert answer.text == write_json(many_resource(scores))
    assert [part["valueCode"] for person in answer.json()["parameter"] for part in person["part"] if part["name"] == "status"] == ["complete", "partial", "refused"]


def test_many_persons_in_lines_and_out_in_lines(http: Any) -> None:
    lines = "\n".join(write_json(each) for each in PEOPLE) + "\n\n"
    answer = post(http, f"{MANY}?chart=news2", lines, NDJSON)
    assert answer.status_code == 200 and answer.headers["content-type"] == NDJSON
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["parameter"][0].get("valueReference") for each in found] == [{"reference": "Patient/a"}, {"reference": "Patient/b"}, None]
    for each in found:
        assert_r4(each)
    as_one = post(http, f"{MANY}?chart=news2", lines, NDJSON, Accept=FHIR).json()
    assert [person["part"] for person in as_one["parameter"]] == [each["parameter"] for each in found]
    assert len(post(http, f"{MANY}?chart=news2", bundle(*PEOPLE), Accept=NDJSON).text.splitlines()) == 3


def test_a_line_that_cannot_be_read_is_named(http: Any) -> None:
    answer = post(http, f"{MANY}?chart=news2", write_json(RR) + "\n{", NDJSON)
    assert outcome(answer, 400) == ["not_json"] and "line 2" in answer.text
    assert outcome(post(http, SCORE, write_json(RR), NDJSON), 415) == ["unsupported_media_type"]


def test_one_persons_operation_points_to_the_one_for_many(http: Any) -> None:
    answer = post(http, f"{SCORE}?chart=news2", bundle(*of("Patient/a", RR), *of("Patient/b", RR)))
    assert "subjects_differ" in outcome(answer, 422) and "$ews-score-many" in answer.text


def test_a_period_and_an_encounter_in_the_query(http: Any) -> None:
    inside = post(http, f"{SCORE}?chart=news2&start=2026-11-22T09:00:00Z&end=2026-11-22T10:00:00+00:00", bundle(*ADULT))
    assert inside.status_code == 200, "a plus sign that was not encoded is read as one"
    assert outcome(post(http, f"{SCORE}?chart=news2&lookback=60", bundle(*ADULT)), 422) == ["nothing_read"]
    assert outcome(post(http, f"{SCORE}?chart=news2&encounter=Encounter/1", bundle(*ADULT)), 422) == ["nothing_read"]
    for wrong in ("lookback=x", "start=today", "end=2026-11-22"):
        assert post(http, f"{SCORE}?chart=news2&{wrong}", bundle(*ADULT)).status_code == 400


def test_answers_can_be_indented_and_a_score_is_never_summarised(http: Any) -> None:
    plain = post(http, f"{SCORE}?chart=news2", bundle(*ADULT))
    pretty = post(http, f"{SCORE}?chart=news2&_pretty=true&_format=json&_summary=true", bundle(*ADULT))
    assert pretty.json() == plain.json() and pretty.text.startswith('{\n  "resourceType": "Bundle"')
    system = "/fhir/R4/CodeSystem/parameter"
    short, whole = http.get(f"{system}?_summary=true").json(), http.get(f"{system}?_summary=false").json()
    assert_r4(short)
    assert "concept" not in short and short["count"] == len(whole["concept"]) and short["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert outcome(http.get("/fhir/R4/metadata?_pretty=perhaps"), 400) == ["bad_parameter"]
    assert outcome(http.get("/fhir/R4/metadata?_summary=count"), 400) == ["bad_parameter"]


@pytest.mark.parametrize("kind", ["application/fhir+xml", "application/xml", "text/xml; charset=utf-8"])
def test_xml_is_refused_with_what_to_do(http: Any, kind: str) -> None:
    sent = post(http, f"{SCORE}?chart=news2", "<Bundle xmlns='http://hl7.org/fhir'/>", kind)
    asked = http.get("/fhir/R4/metadata", headers={"Accept": kind})
    formatted = http.get("/fhir/R4/metadata", params={"_format": kind.partition(";")[0]})
    for answer, status, code in ((sent, 415, "unsupported_media_type"), (asked, 406, "not_acceptable"), (formatted, 406, "not_acceptable")):
        assert outcome(answer, status) == [code]
        assert "FHIR XML is not read or written here; send and ask for application/fhir+json" in answer.json()["issue"][0]["diagnostics"]
    assert http.get("/fhir/R4/metadata", headers={"Accept": f"{kind}, application/fhir+json;q=0.9"}).status_code == 200


def test_every_operation_is_named_and_defined(http: Any) -> None:
    statement = http.get("/fhir/R4/metadata").json()
    assert_r4(statement)
    assert statement["rest"][0]["security"] == {"cors": False, "description": "Nobody has to sign in; only this machine is served."}
    for each in statement["rest"][0]["operation"]:
        definition = http.get(each["definition"].replace("http://localhost", "")).json()
        assert_r4(definition)
        assert definition["code"] == each["name"]
