"""The service says nothing that the library does not: by property over HTTP, and by the contract in /openapi.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import Chart, ObservationError, ObservationSet, __version__, charts, score
from mews_newtt.chart.catalogue import catalogue
from tests.service.support import FULL, MANY, SCORE, client

EVERY = charts()


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data"), job_workers=0) as found:
        yield found


@st.composite
def calls(draw: st.DrawFn) -> tuple[Chart, dict[str, Any]]:
    """A chart and a set on it, mostly usable: readings in and out of range, categories, units, skips, slips."""
    chart = draw(st.sampled_from(EVERY))
    names = draw(st.lists(st.sampled_from([p.id for p in chart.parameters]), unique=True))
    readings: dict[str, Any] = {}
    for name in names:
        observation = chart.by_id[name].observation
        if observation.numeric:
            low, high = observation.implausible.low or Decimal(0), observation.implausible.high or Decimal(400)
            step = observation.step
            value = low + step * draw(st.integers(0, int((high - low) / step)))
            readings[name] = draw(st.sampled_from([float(value), str(value), {"value": float(value)}]))
        else:
            readings[name] = draw(st.sampled_from(observation.category_ids))
    odd = draw(st.sampled_from(["", "", "", "unit", "skip", "null", "text", "impossible", "slip", "label"]))
    if odd == "slip":
        readings["respiratory_rat"] = 20
    elif odd == "label":
        readings["case_id"] = draw(st.text(st.characters(codec="utf-8"), max_size=5))
    elif odd and names:
        readings[names[0]] = {"unit": {"value": 98.6, "unit": "[degF]"}, "skip": {"skipped": "refused"}, "null": None, "text": "?", "impossible": 1e9}[odd]
    return chart, readings


def expected(chart: Chart, body: str) -> dict[str, Any]:
    try:
        return {**score(chart, ObservationSet.from_json(body, observations={**catalogue().observations, **{p.id: p.observation for p in chart.parameters}})).to_dict()}
    except ObservationError as refusal:
        return {"refused": [problem.to_dict() for problem in refusal.problems]}


@given(calls())
def test_one_score_is_the_librarys(http: Any, call: tuple[Chart, dict[str, Any]]) -> None:
    chart, readings = call
    body = json.dumps(readings)
    answer = http.post(f"/v1/charts/{chart.id}/score?version={chart.version}", content=body, headers={"Content-Type": "application/json"})
    wanted = expected(chart, body)
    if "refused" in wanted:
        assert (answer.status_code, answer.json()["problems"]) == (422, wanted["refused"])
    else:
        assert answer.status_code == 200
        assert answer.json() == {**wanted, "engine_version": __version__}


@given(st.lists(calls(), max_size=6))
@settings(max_examples=25)
def test_many_scores_are_the_librarys(http: Any, drawn: list[tuple[Chart, dict[str, Any]]]) -> None:
    for chart in {chart.id: chart for chart, _ in drawn}.values():
        sets = [readings for other, readings in drawn if other.id == chart.id]
        wanted = [{**score(chart, one, raise_refused=False).to_dict(), "engine_version": __version__} for one in sets]
        path = f"/v1/charts/{chart.id}/score-many?version={chart.version}"
        assert http.post(path, json=sets).json()["results"] == json.loads(json.dumps(wanted))
        stream = http.post(path, content="".join(json.dumps(one) + "\n" for one in sets), headers={"Content-Type": "application/x-ndjson"})
        assert [json.loads(line) for line in stream.text.splitlines()] == json.loads(json.dumps(wanted))


def test_the_examples_of_the_contract_are_real(http: Any) -> None:
    contract = http.get("/openapi.json").json()
    operation = contract["paths"]["/v1/charts/{chart_id}/score"]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["examples"]
    told = operation["responses"]["200"]["content"]["application/json"]["examples"]
    for question, answer in (("set", "score"), ("set_partial", "score_partial")):
        assert http.post(SCORE, json=asked[question]["value"]).json() == told[answer]["value"]
    problem = operation["responses"]["422"]["content"]["application/problem+json"]["examples"]["problem"]["value"]
    from mews_newtt_service.openapi import sample

    answer = http.post(SCORE, json=sample()["set_impossible"]).json()
    assert answer.pop("instance")
    assert answer == problem
    for path, name in ((MANY, "sets"), ("/v1/charts/news2/verify", "stated")):
        asked = contract["paths"][path.replace("news2", "{chart_id}")]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert http.post(path, json=asked[name]["value"]).status_code == 200


def test_the_contract_names_no_mark_of_ours(http: Any) -> None:
    assert "x-example" not in http.get("/openapi.json").text


def contract_run(tmp_path: Path, examples: int) -> None:
    """schemathesis over every path but those that wait for a worker: no 5xx, nothing that the contract does not name."""
    import schemathesis
    from hypothesis import HealthCheck, Phase
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    with client(tmp_path, job_workers=0, raise_faults=False) as http:
        schema = schemathesis.openapi.from_asgi("/openapi.json", http.app, headers={"Host": "localhost"})
        tried = 0
        for found in schema.get_all_operations():
            operation = found.ok()

            @given(operation.as_strategy())
            @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True)
            def holds(case: Any) -> None:
                case.path_parameters.update({"chart_id": "news2"} if "chart_id" in case.path_parameters else {})
                case.headers = {**(case.headers or {}), "Host": "localhost", "Prefer": "respond-async"}
                case.call_and_validate(checks=checks)

            holds()
            tried += 1
    assert tried > 10


def test_the_contract_holds(tmp_path: Path) -> None:
    contract_run(tmp_path, 12)


@pytest.mark.deep
def test_the_contract_holds_for_longer(tmp_path: Path) -> None:
    contract_run(tmp_path, 150)


def test_a_full_set_is_full(http: Any) -> None:
    assert http.post(SCORE, json=FULL).json()["status"] == "complete"
