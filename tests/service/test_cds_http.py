"""CDS Hooks over HTTP: discovery, cards, 412, feedback, and JSON without nulls or empty values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mews_newtt import charts, load_chart
from mews_newtt.fhir.cds import cards, population
from mews_newtt.fhir.jsontext import read_json, write_json
from tests.fhir.support import empties
from tests.fhir.test_cds_cards import UNWELL, call
from tests.service.support import client, codes


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def post(http: Any, path: str, body: Any, kind: str = "application/json") -> Any:
    return http.post(path, content=write_json(body) if isinstance(body, dict) else body, headers={"Content-Type": kind})


def test_discovery_names_a_service_for_each_maternity_and_newborn_chart(http: Any) -> None:
    found = http.get("/cds-services")
    assert found.status_code == 200 and found.headers["content-type"] == "application/json"
    assert [each["id"] for each in found.json()["services"]] == list(dict.fromkeys(chart.id for chart in charts() if population(chart)))
    assert not empties(found.json())


def test_every_service_that_is_named_answers_with_the_librarys_cards(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 22, 10, 45, tzinfo=UTC)
    monkeypatch.setattr("mews_newtt_service.routes.cds.clock", lambda: now)
    for service in http.get("/cds-services").json()["services"]:
        request = call(service["id"], {"heart_rate": 118, "respiratory_rate": 24})
        answer = post(http, f"/cds-services/{service['id']}", request)
        assert answer.status_code == 200
        assert answer.text == write_json(cards(load_chart(service["id"]), read_json(write_json(request)), now=now))
        assert "1 h 15 min old" in answer.text
        assert len(answer.json()["cards"]) == 1 and not empties(answer.json())
        assert answer.headers["mews-newtt-chart"].startswith(f"{service['id']}@")


def test_the_window_of_a_round_is_in_the_context(http: Any) -> None:
    request = call("mews", UNWELL)
    request["context"]["windowMinutes"] = 90
    assert post(http, "/cds-services/mews", request).status_code == 200
    request["context"]["windowMinutes"] = "long"
    answer = post(http, "/cds-services/mews", request)
    assert answer.status_code == 400 and codes(answer) == ["bad_window"]


def test_412_where_data_cannot_be_had(http: Any) -> None:
    request = call("mews", UNWELL)
    del request["prefetch"]["observations"]
    answer = post(http, "/cds-services/mews", request)
    assert answer.status_code == 412 and codes(answer) == ["prefetch_missing"]
    del request["prefetch"]
    assert codes(post(http, "/cds-services/mews", request)) == ["prefetch_missing", "prefetch_missing"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/cds-services/news2", b"{}", 404, "service_unknown"),  # not for pregnancy or newborns: no service
        ("/cds-services/none", b"{}", 404, "service_unknown"),
        ("/cds-services/mews", b"{}", 400, "unknown_hook"),
        ("/cds-services/mews", b"[]", 400, "not_an_object"),
        ("/cds-services/mews", b"{", 400, "not_json"),
        ("/cds-services/mews/feedback", b"{}", 400, "feedback_missing"),
        ("/cds-services/mews?x=1", b"{}", 400, "unknown_parameter_of_query"),
    ],
)
def test_errors_are_problem_details(http: Any, path: str, body: bytes, status: int, code: str) -> None:
    answer = post(http, path, body)
    assert answer.status_code == status and code in codes(answer)


def test_only_json_is_taken(http: Any) -> None:
    assert codes(post(http, "/cds-services/mews", b"x", "text/plain")) == ["unsupported_media_type"]


def test_feedback_is_taken_and_nothing_of_it_kept(http: Any) -> None:
    said = {"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "overridden", "outcomeTimestamp": "2026-12-11T08:12:13Z"}
    answer = post(http, "/cds-services/mews/feedback", {"feedback": [said | {"overrideReason": {"userComment": "already with her"}}]})
    assert (answer.status_code, answer.json()) == (200, {})


def test_a_long_prefetch_is_read_beside_the_others(http: Any) -> None:
    request = call("mews", UNWELL)
    request["prefetch"]["patient"]["text"] = {"status": "generated", "div": "x" * 100_000}
    assert post(http, "/cds-services/mews", request).json()["cards"]


def test_the_examples_in_the_contract_are_taken(http: Any) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    for path in ("/cds-services/{service_id}", "/cds-services/{service_id}/feedback"):
        example = paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"]["worked"]["value"]
        answer = post(http, path.replace("{service_id}", "mews"), write_json(example))
        assert answer.status_code == 200
        assert answer.json() == {} if path.endswith("feedback") else answer.json()["cards"]
