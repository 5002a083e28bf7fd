"""/fhir/R4 over HTTP: the library's answers, FHIR's media types, and every error an OperationOutcome."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import ObservationError, __version__, charts, load_chart, score
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import ews_score
from mews_newtt.fhir.write import observations_bundle
from tests.adoption.support import SIGN
from tests.cli.command import ROOT, run
from tests.fhir.support import ADULT, AIR, MOTHER, RR, TIME, Resource, assert_r4, bundle, coded, find, observation, parts, quantity
from tests.fhir.test_fhir_round_trip import sets
from tests.fhir.test_fhir_verify import PUBLISHED, stated
from tests.service.support import client

FHIR = "application/fhir+json"
SCORE, VERIFY = "/fhir/R4/$ews-score", "/fhir/R4/$ews-verify"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def post(http: Any, path: str, body: Resource | bytes | str, kind: str = FHIR, **headers: str) -> Any:
    content = write_json(body) if isinstance(body, dict) else body
    return http.post(path, content=content, headers={"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}})


def outcome(answer: Any, status: int) -> list[str]:
    """The codes of an OperationOutcome."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == FHIR
    assert_r4(answer.json())
    assert answer.json()["resourceType"] == "OperationOutcome"
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


def test_a_bundle_is_scored_with_the_chart_in_the_query(http: Any) -> None:
    answer = post(http, f"{SCORE}?chart=news2", bundle(*ADULT))
    assert answer.status_code == 200 and answer.headers["content-type"] == FHIR
    assert_r4(answer.json())
    score = answer.json()["entry"][0]["resource"]
    assert score["valueQuantity"]["value"] == 5
    assert "issued" not in score, "no clock: the same request gives the same bytes"
    assert answer.headers["mews-newtt-chart"] == "news2@2017.1" and answer.headers["mews-newtt-engine"] == __version__


def test_faults_past_the_hundredth_are_counted_once(http: Any) -> None:
    bad = [{**ADULT[0], "id": f"b{number}", "valueQuantity": quantity(number, "furlong")} for number in range(150)]
    answer = post(http, f"{SCORE}?chart=news2", bundle(*bad))
    assert outcome(answer, 422) == ["unknown_unit"] * 100 + ["more_faults"]
    assert answer.json()["issue"][-1]["details"]["text"] == "the request: has 50 more faults: unknown_unit (50)"


def test_parameters_name_the_chart_themselves(http: Any) -> None:
    said = [{"name": "chart", "valueString": "news2"}, {"name": "observations", "resource": bundle(*ADULT)}]
    answer = post(http, SCORE, {"resourceType": "Parameters", "parameter": said}, "application/json; charset=utf-8", Accept="application/json")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"


@settings(max_examples=40)
@given(data=st.data())
def test_answers_are_the_librarys(http: Any, data: st.DataObject) -> None:
    chart = data.draw(st.sampled_from([load_chart(name) for name in sorted({chart.id for chart in charts()})]))
    sent = observations_bundle(chart, data.draw(sets(chart)), subject=MOTHER, effective=TIME)
    answer = post(http, f"{SCORE}?chart={chart.id}&version={chart.version}&sha256={chart.sha256}", sent)
    refused: list[str] = []
    try:
        wanted = write_json(ews_score(read_json(write_json(sent)), find, chart=chart.id, version=chart.version, now=datetime.now(UTC)).resource)
    except ObservationError as refusal:
        refused = [problem.code for problem in refusal.problems]
    assert outcome(answer, 422) == refused if refused else answer.text == wanted


def test_digits_come_through_as_they_were_written(http: Any) -> None:
    sent = write_json(bundle(observation(coded("8310-5"), valueQuantity=quantity("36.10", "Cel")))).replace("36.10", "38.050000000000000001")
    answer = post(http, f"{SCORE}?chart=news2", sent)
    assert "38.050000000000000001" in answer.text


def test_the_published_example_verifies_as_wrong(http: Any) -> None:
    answer = post(http, VERIFY, bundle(stated(6, PUBLISHED), *ADULT))
    assert answer.status_code == 200
    found = answer.json()
    assert_r4(found)
    assert parts(found, "verdict") == ["disagrees"]
    assert [(each["what"], each["stated"], each["computed"]) for each in parts(found, "difference")] == [
        ("total", "6", "5"),
        ("temperature", "1", "0"),
    ]


def test_a_partial_set_is_an_answer(http: Any) -> None:
    answer = post(http, f"{SCORE}?chart=news2", bundle(RR))
    assert answer.status_code == 200 and answer.json()["entry"][0]["resource"]["status"] == "preliminary"


def test_what_cannot_be_scored_is_422_with_every_fault(http: Any) -> None:
    hot = observation(coded("8310-5"), valueQuantity=quantity("98.6", "Cel"))
    answer = post(http, f"{SCORE}?chart=news2", bundle(RR, RR | {"note": [{"text": "again"}]}, hot))
    assert sorted(outcome(answer, 422)) == ["reading_impossible", "reading_twice"]


@pytest.mark.parametrize(
    ("body", "query", "status", "code"),
    [
        (b"{", "?chart=news2", 400, "not_json"),
        (b"[]", "?chart=news2", 400, "not_an_object"),
        (b'{"resourceType": "Bundle", "type": "collection", "x": NaN}', "?chart=news2", 400, "not_json"),
        (b'{"resourceType": "Bundle", "resourceType": "Patient"}', "?chart=news2", 400, "name_twice"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "?chart=news2", 400, "json_too_deep"),
        (b"\xff\xfe", "?chart=news2", 400, "not_utf8"),
        (b'{"resourceType": "Patient"}', "?chart=news2", 400, "not_a_bundle"),
        (b'{"resourceType": "Bundle", "type": "collection", "entry": 5}', "?chart=news2", 400, "wrong_type"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "", 400, "chart_missing"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "?chart=nonesuch", 404, "chart_unknown"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "?chart=news2&version=9", 404, "version_unknown"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "?chart=news2&sha256=00", 409, "chart_changed"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "?chart=news2&colour=red", 400, "unknown_parameter_of_query"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "?chart=../../x.toml", 404, "chart_unknown"),
    ],
)
def test_errors_are_operation_outcomes(http: Any, body: bytes, query: str, status: int, code: str) -> None:
    for path in (SCORE, VERIFY):
        assert code in outcome(post(http, path + query, body), status)


def test_the_window_of_a_round_is_in_the_query(http: Any) -> None:
    older = {**RR, "effectiveDateTime": "2026-11-22T08:30:00+00:00"}
    sent = bundle(older, *ADULT[1:])
    for query, status in (("", "preliminary"), ("&window=59", "preliminary"), ("&window=60", "final")):
        assert post(http, f"{SCORE}?chart=news2{query}", sent).json()["entry"][0]["resource"]["status"] == status
    assert parts(post(http, f"{VERIFY}?chart=news2&window=60", bundle(stated(5, {}), *ADULT)).json(), "verdict") == ["agrees"]
    for path in (SCORE, VERIFY):
        assert outcome(post(http, f"{path}?chart=news2&window=long", sent), 400) == ["bad_window"]


def test_readings_later_than_the_services_clock_are_left_out(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.routes.fhir.clock", lambda: datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    for sent in (bundle(*ADULT), bundle(observation({"text": "x"}), *ADULT)):
        assert outcome(post(http, f"{SCORE}?chart=news2", sent), 422) == ["nothing_read"]
    assert "Respiratory rate of 2026-11-22T09:30:00+00:00 left out: later than now" in post(http, f"{SCORE}?chart=news2", bundle(*ADULT)).text
    told = post(http, f"{SCORE}?chart=news2", bundle(*ADULT, {**RR, "effectiveDateTime": "2026-11-22T08:30:00+00:00"})).json()
    assert told["entry"][0]["resource"]["effectiveDateTime"] == "2026-11-22T08:30:00+00:00"
    assert "later than now" in str(told)


def test_media_types(http: Any) -> None:
    path, sent = f"{SCORE}?chart=news2", bundle(AIR)
    for kind in ("application/fhir+xml", "text/plain", ""):
        assert outcome(post(http, path, sent, kind), 415) == ["unsupported_media_type"]
    assert outcome(post(http, path, sent, Content_Encoding="gzip"), 415) == ["unsupported_encoding"]
    assert outcome(post(http, path, sent, f"{FHIR}; fhirVersion=3.0"), 415) == ["fhir_version"]
    assert post(http, path, sent, f"{FHIR}; charset=utf-8; fhirVersion=4.0").status_code == 200
    assert outcome(post(http, path, sent, Accept="application/fhir+xml"), 406) == ["not_acceptable"]
    assert outcome(post(http, f"{path}&_format=xml", sent), 406) == ["not_acceptable"]
    for accept in ("*/*", FHIR, "application/fhir+json; fhirVersion=4.0", "text/html, application/*;q=0.5"):
        assert post(http, path, sent, Accept=accept).headers["content-type"] == FHIR
    assert post(http, f"{path}&_format=application/fhir%2Bjson", sent).status_code == 200


def test_paths_and_methods_that_are_not_there(http: Any) -> None:
    assert outcome(http.get("/fhir/R4/Patient/1"), 404) == ["not_found"]
    assert outcome(http.get("/fhir/R4/OperationDefinition/none"), 404) == ["not_found"]
    answer = http.get(SCORE)
    assert outcome(answer, 405) == ["method_not_allowed"] and answer.headers["allow"] == "OPTIONS, POST"
    assert outcome(http.post("/fhir/R4/metadata", content=b""), 405) == ["method_not_allowed"]


def test_the_endpoint_describes_itself(http: Any) -> None:
    statement = http.get("/fhir/R4/metadata")
    assert statement.headers["content-type"] == FHIR
    assert_r4(statement.json())
    assert statement.json()["kind"] == "instance" and statement.json()["fhirVersion"] == "4.0.1"
    for operation in statement.json()["rest"][0]["operation"]:
        found = http.get(operation["definition"].removeprefix("http://localhost"))
        assert found.status_code == 200 and found.json()["url"] == operation["definition"]
        assert http.get(f"/fhir/R4/${operation['name']}").status_code == 405, "it is there"
    for name in ("parameter", "category", "score", "level", "skip-reason"):
        assert http.get(f"/fhir/R4/CodeSystem/{name}").json()["content"] == "complete"


def test_a_long_bundle_is_read_beside_the_others(http: Any) -> None:
    noise = [observation(coded("27113001"), valueQuantity=quantity(number, "kg")) for number in range(600)]
    assert post(http, f"{SCORE}?chart=news2", bundle(*ADULT, *noise)).json()["entry"][0]["resource"]["valueQuantity"]["value"] == 5


def test_a_fault_holds_no_more_of_the_request_than_the_reading_at_fault(http: Any) -> None:
    named = bundle(
        observation(coded("9279-1"), valueQuantity=quantity(21, "Cel")), {"resourceType": "Patient", "id": "mother", "name": [{"family": "Ashdown"}]}
    )
    assert "Ashdown" not in post(http, f"{SCORE}?chart=news2", named).text


def test_the_example_in_the_contract_is_answered_as_it_says(http: Any) -> None:
    operation = http.get("/openapi.json").json()["paths"][SCORE]["post"]
    request = operation["requestBody"]["content"][FHIR]["examples"]["worked"]["value"]
    answer = operation["responses"]["200"]["content"][FHIR]["examples"]["worked"]["value"]
    assert post(http, SCORE, request).json() == answer
    assert_r4(request)


def test_what_the_gate_refuses_is_an_operation_outcome_too(tmp_path: Path) -> None:
    with client(tmp_path, array_bytes=2000) as small:
        assert outcome(post(small, f"{SCORE}?chart=news2", bundle(*ADULT)), 413) == ["body_too_large"]
        assert outcome(small.get("/fhir/R4/metadata", headers={"X-Request-ID": "not an id"}), 400) == ["bad_request_id"]


def test_an_adopted_chart_scores_over_fhir_while_the_service_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    shutil.copytree(ROOT / "tests" / "made_up", site)
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    monkeypatch.setattr("mews_newtt_service.chart_registry.LOOK_SECONDS", 0.0)
    adopting = ROOT / "examples" / "adopting"
    with client(tmp_path / "data") as http:
        readings = {"respiratory_rate": 18, "heart_rate": 50, "temperature": 36.5, "consciousness": "alert"}
        sent = observations_bundle(load_chart("news2"), readings, subject={"reference": "Patient/1"}, effective="2026-11-22T09:30:00Z")
        assert post(http, f"{SCORE}?chart=made-up", sent).status_code == 404
        assert run("adopt", adopting / "anna.csv", adopting / "ben.csv", "--rules", site).code == 0
        assert run("adopt", "--sign-off", site / "made-up" / "1.0.toml", *SIGN).code == 0
        wanted = score(load_chart("made-up"), readings)
        answer = post(http, f"{SCORE}?chart=made-up", sent)
        assert answer.status_code == 200, answer.text
        assert answer.headers["mews-newtt-chart-sha256"] == wanted.chart.sha256
        carried = answer.json()["entry"][0]["resource"]
        assert (carried["valueQuantity"]["value"], carried["status"]) == (wanted.total, "final")
        assert carried["code"]["coding"] == [{"system": "urn:mews-newtt:CodeSystem:score", "code": "made-up-total"}]
        codes = {each["code"] for each in http.get("/fhir/R4/CodeSystem/score").json()["concept"]}
        assert {each["code"]["coding"][0]["code"] for each in [carried, *carried["component"]]} <= codes
        sent["entry"].append({"fullUrl": "urn:uuid:4e0a3a1e-3283-4575-ab82-028d55fe2719", "resource": carried})
        verdict = post(http, VERIFY, sent).json()
        assert parts(verdict, "verdict") == ["agrees"]
        carried["valueQuantity"]["value"] += 1
        verdict = post(http, VERIFY, sent).json()
        assert parts(verdict, "verdict") == ["disagrees"]
