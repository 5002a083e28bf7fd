"""The typed contract against real answers: every answer fits its model with no key too many, and no model has a field that never comes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ValidationError

from mews_newtt import ObservationError, ObservationSet, charts
from mews_newtt.chart.catalogue import catalogue
from mews_newtt_service.contract import components
from mews_newtt_service.contract.__main__ import contract
from mews_newtt_service.contract.charts import ChartList, ChartVersions, WholeChart
from mews_newtt_service.contract.components import ANSWERS, HEADERS, request_models
from mews_newtt_service.contract.courses import Course
from mews_newtt_service.contract.jobs import Job, JobList
from mews_newtt_service.contract.packs import Pack
from mews_newtt_service.contract.parts import Answer, Problem
from mews_newtt_service.contract.reading import ReadingReport
from mews_newtt_service.contract.running import Health, Readiness, SmartConfiguration, Token, TokenError
from mews_newtt_service.contract.scores import ManyMinimalScores, ManyScores, MinimalScore, OneScore, Score
from mews_newtt_service.contract.verify import Validation, Verdict
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.openapi import sample
from tests.service.support import CSV, FULL, MANY, PACK, SCORE, VERIFY, client, lines
from tests.service.test_contract import calls

ROOT = Path(__file__).resolve().parents[2]
TRACK = "/v1/charts/news2/track"
FILE = ROOT / "service" / "openapi.json"
OBSERVATIONS = {**catalogue().observations, **{name: one for chart in charts() for name, one in chart.observations.items()}}
MODELS = request_models(OBSERVATIONS.values())
Came = dict[type[BaseModel], set[str]]


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data"), job_workers=0) as found:
        yield found


def holds(model: type[BaseModel], text: str | bytes, came: Came | None = None) -> None:
    """The answer fits the model, and `came` learns which fields it had."""
    found = model.model_validate_json(text, strict=True)
    if came is not None:
        _note(found, came)


def _note(value: Any, came: Came) -> None:
    if isinstance(value, Answer):
        came[type(value)] |= value.model_fields_set
        for name, field in type(value).model_fields.items():
            assert field.is_required() or name not in value.model_fields_set or getattr(value, name) is not None, f"{type(value).__name__}.{name} may be absent, and is null"
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        _note(part, came)


def done(http: Any, answer: Any) -> dict[str, Any]:
    """Do a queued job here, and give it as it is then."""
    queue = http.app.state.queue
    worker = Worker(queue.settings, queue)
    worker.work(queue.claim(worker.name))
    return dict(http.get(answer.headers["content-location"]).json())


# Every answer


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_a_chart_fits_its_model(http: Any, chart: Any) -> None:
    holds(WholeChart, http.get(f"/v1/charts/{chart.id}/{chart.version}").content)


@given(calls())
def test_every_score_fits_its_model(http: Any, call: Any) -> None:
    chart, readings = call
    path = f"/v1/charts/{chart.id}/score"
    answer = http.post(f"{path}?version={chart.version}", json=readings)
    holds(OneScore if answer.status_code == 200 else Problem, answer.content)
    many = http.post(f"{path}-many?version={chart.version}", json=[readings])
    holds(ManyScores, many.content)
    stream = http.post(f"{path}-many?version={chart.version}", content=json.dumps(readings), headers={"Content-Type": "application/x-ndjson"})
    holds(Score, stream.content)


def every_answer(http: Any, came: Came) -> None:
    """One answer of every kind, of the charts that ship and of a made-up one with everything that a chart can have."""
    for path, model in (("/healthz", Health), ("/v1/charts", ChartList), ("/.well-known/smart-configuration", SmartConfiguration)):
        holds(model, http.get(path).content, came)
    listed = http.get("/v1/charts").json()["charts"]
    for one in listed:
        holds(WholeChart, http.get(one["href"]).content, came)
        holds(ChartVersions, http.get(f"/v1/charts/{one['id']}").content, came)
    ready = http.get("/readyz")
    holds(Readiness, ready.content, came)
    for given_set in (FULL, {"heart_rate": 131}, {**FULL, "temperature": {"skipped": "asleep"}}):
        holds(OneScore, http.post(SCORE, json=given_set).content, came)
    holds(Problem, http.post(SCORE, json={"heart_rate": "fast"}).content, came)
    holds(ManyScores, http.post(MANY, json=[FULL, {"heart_rate": 131}, {"heart_rate": "fast"}]).content, came)
    minimal = {"Prefer": "return=minimal"}
    holds(MinimalScore, http.post(SCORE, json=FULL, headers=minimal).content, came)
    holds(ManyMinimalScores, http.post(MANY, json=[FULL, {"heart_rate": 131}, {"heart_rate": "fast"}], headers=minimal).content, came)
    course = sample()["course_request"]
    first, second = course["sets"]
    void, old = {**first, "id": "3", "observed_at": "2026-11-20T09:00:00Z", "void": True}, {**second, "recorded_at": "2026-11-20T20:41:00Z", "readings": {}}
    holds(Course, http.post(TRACK, json={**course, "sets": [first, void, old, second]}).content, came)
    child = {"sets": [{"observed_at": "2026-11-20T09:00:00Z"}], "policies": ["npews-times"]}
    holds(Course, http.post("/v1/charts/npews/track", json=child).content, came)
    for stated in ({"total": 6, "level": "low", "points": {"temperature": 1}}, {"total": 5}, {"total": 5.5}):
        holds(Verdict, http.post(VERIFY, json={"observations": FULL, "stated": stated}).content, came)
    refused = http.post("/oauth/token", data={"grant_type": "x"})
    holds(TokenError, refused.content, came)
    asked = {"Prefer": "respond-async"}
    queued = http.post(MANY, content=CSV, headers={**asked, "Content-Type": "text/csv"})
    holds(Job, queued.content, came)
    job = done(http, queued)
    holds(Job, json.dumps(job), came)
    rows = [{**FULL, "expected_total": 6, "expected_level": "low", "case_id": "a"}, {**FULL, "expected_total": 5}, {"expected_total": 3}]
    more = [{**FULL, "temperature": value, "expected_total": 6} for value in (36.1, 36.5, 37.5, 38.0)]
    unread = [{**FULL, "temperature": "warm", "consciousness": "dozing", "expected_total": 6}, {**FULL, "expected_total": 6}]
    kept = {name: str(value) for name, value in FULL.items() if name != "heart_rate"}
    ward = [(place, str(rate), *kept.values(), "1" if place == "A" else "2") for place in "ABC" for rate in range(111, 131) for _ in range(3)]
    table = [("ward", "heart_rate", *kept, "expected_points_heart_rate"), *ward]
    sent = http.post(VERIFY, content="\n".join(map(",".join, table)), headers={**asked, "Content-Type": "text/csv"})
    holds(Validation, _file(http, done(http, sent), "validation.json"), came)
    for chosen in (rows, rows[1:2], [*rows, *more], unread):
        checked = done(http, http.post(VERIFY, json=chosen, headers=asked))
        holds(Validation, _file(http, checked, "validation.json"), came)
    for manual in (True, False):
        packed = done(http, http.post(PACK, json={"manual": manual}, headers=asked))
        holds(Pack, _file(http, packed, "pack.json"), came)
    form = {"file": ("ward.csv", "Puls;Atmung;Schmerz;expected_total\n80;18;Arm;0\n80;k.A.;;0\n80;160/90;;0\n80;30-40;;0\n")}
    plan = '[columns]\nPuls = "heart_rate"\nAtmung = "respiratory_rate"\n[missing]\nrespiratory_rate = ["k.A."]\n[source]\ndelimiter = ";"\n'
    checked = done(http, http.post(VERIFY, files=form, data={"plan": plan}, headers=asked))
    holds(Validation, _file(http, checked, "validation.json"), came)
    export = ROOT / "examples" / "plans" / "export"
    ranges = ("ward.csv", "respiratory_rate,temperature\n18,<35\n")
    for path, file, plan in (
        ("/v1/charts/mews/score-file", ("export.csv", export.with_suffix(".csv").read_bytes()), export.with_suffix(".toml").read_text(encoding="utf-8")),
        (MANY, ranges, "[numbers]\nranges = true\n"),
    ):
        scored = done(http, http.post(path, files={"file": file}, data={"plan": plan}, headers=asked))
        holds(ReadingReport, json.dumps(json.loads(_file(http, scored, "summary.json"))["reading"]), came)
    holds(JobList, http.get("/v1/jobs?limit=2").content, came)


def _file(http: Any, job: dict[str, Any], name: str) -> bytes:
    assert job["state"] == "done", job["problems"]
    found = next(file for file in job["files"] if file["name"] == name)
    return bytes(http.get(found["href"]).content)


# What these answers do not bring forth: where it comes from instead.
ELSEWHERE = {
    "ChartIdentity.signed": "test_site_charts.py: charts of a site",
    "ChartSummary.signed": "test_site_charts.py: charts of a site",
    "Token": "test_auth.py: it needs a client with a key pair",
    "Readiness.charts_kept_because": "test_site_charts.py",
    "Readiness.clients_kept_because": "test_auth.py",
    "Readiness.settings_kept_because": "test_stop_and_reload.py",
    "Place.file": "several files that are read together",
    "ReadingReport.files": "several files that are read together",
    "Mutant": "a chart with mutants that no case shows",
}


def test_every_answer_fits_its_model_and_no_field_is_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(ROOT / "tests" / "made_up"))
    came: Came = defaultdict(set)
    with client(tmp_path, job_workers=0) as http:
        every_answer(http, came)
    never = {f"{model.__name__}.{name}" for model in _models() for name in model.model_fields if name not in came[model]}
    unexplained = {name for name in never if name not in ELSEWHERE and name.partition(".")[0] not in ELSEWHERE}
    assert unexplained == set()
    assert {name for name in ELSEWHERE if not any(each == name or each.startswith(name + ".") for each in never)} == set(), "no longer needed in ELSEWHERE"


def _models() -> set[type[Answer]]:
    """Every model of an answer that the document holds."""
    names = set(json.loads(FILE.read_text(encoding="utf-8"))["components"]["schemas"])
    found, left = set(), [Answer]
    while left:
        for model in left.pop().__subclasses__():
            found.add(model)
            left.append(model)
    return {model for model in found if model.__name__ in names}


def test_a_key_too_many_or_too_few_is_noticed(http: Any) -> None:
    answer = http.post(SCORE, json=FULL).json()
    for wrong in ({**answer, "more": 1}, {name: value for name, value in answer.items() if name != "says"}, {**answer, "status": "partial"}):
        with pytest.raises(ValidationError):
            holds(OneScore, json.dumps(wrong))


# Requests


@given(calls())
@settings(max_examples=200)
def test_what_the_model_of_a_set_takes_the_library_takes_and_limits_are_the_same(call: Any) -> None:
    """A bare number beyond its limits is refused by both; the library alone refuses names, texts and units that it does not know."""
    chart, readings = call
    try:
        ObservationSet(readings, observations=chart.observations)
    except ObservationError as refusal:
        codes = {problem.code for problem in refusal.problems}
    else:
        codes = set()
    try:
        MODELS["Set"].model_validate(readings)
    except ValidationError:
        fits = False
    else:
        fits = True
    if not codes:
        assert fits, readings
    elif "impossible_value" in codes and all(isinstance(value, (int, float)) for value in readings.values()):
        assert not fits, readings


def test_the_examples_of_requests_fit_their_models() -> None:
    given_examples = sample()
    for name in ("set", "set_partial"):
        MODELS["Set"].model_validate(given_examples[name])
    for row in given_examples["sets"]:
        MODELS["Set"].model_validate(row)
    MODELS["StatedSet"].model_validate(given_examples["stated"])
    MODELS["CourseRequest"].model_validate(given_examples["course_request"])
    MODELS["PackRequest"].model_validate(given_examples["pack"])


def test_the_schema_of_a_set_has_the_limits_and_categories_of_the_catalogue() -> None:
    fields = document()["components"]["schemas"]["Set"]["properties"]
    for name, observation in catalogue().observations.items():
        bare = fields[name]["anyOf"][0]
        if observation.numeric:
            low = observation.impossible.low
            assert bare.get("minimum", bare.get("exclusiveMinimum")) == (None if low is None else float(low))
        else:
            assert tuple(bare.get("enum", [bare.get("const")])) == observation.category_ids
        assert observation.title in fields[name]["description"]


# The document


def document() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def test_the_file_in_the_repository_is_the_contract_that_is_served() -> None:
    assert FILE.read_text(encoding="utf-8") == contract(), "the contract has changed: run `make contract`, and look at the difference"


def test_the_service_serves_that_contract(http: Any) -> None:
    assert http.get("/openapi.json").json() == document()


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    whole = document()
    used = set(_references(whole))
    there = {f"#/components/{kind}/{name}" for kind in ("schemas", "headers") for name in whole["components"][kind]}
    assert used - there == set()
    score = "#/components/schemas/Score"
    assert {name for name in there - used if "/schemas/" in name} <= {score}


def test_every_schema_is_a_json_schema_and_takes_its_own_examples() -> None:
    whole = document()
    resources = {"components": whole["components"]}
    for name, schema in whole["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        assert schema.get("description") or "oneOf" in schema, f"{name} says nothing of itself"
    for path, item in whole["paths"].items():
        for operation in item.values():
            media = [operation.get("requestBody", {}).get("content", {}), *(one.get("content", {}) for one in operation["responses"].values())]
            for content in media:
                for one in content.values():
                    for name, example in one.get("examples", {}).items():
                        if name != "worked":  # FHIR and CDS Hooks have tests of their own
                            jsonschema_rs.Draft202012Validator({**one["schema"], **resources}).validate(example["value"])
                            assert path


def test_operations_have_names_that_read_well_and_say_what_they_need() -> None:
    names = []
    for path, item in document()["paths"].items():
        for operation in item.values():
            names.append(operation["operationId"])
            in_path = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
            assert [f"{{{name}}}" for name in in_path] == [part for part in path.split("/") if part.startswith("{")]
            assert all(one.get("description") for one in operation.get("parameters", ()))
            assert operation["summary"] and operation["tags"]
            for status, answer in operation["responses"].items():
                assert "X-Request-ID" in answer["headers"]
                assert (status != "405" or "Allow" in answer["headers"]) and (status not in ("429", "503") or "Retry-After" in answer["headers"])
    assert len(names) == len(set(names)) and all(name.replace("_", "").isalnum() and name.islower() for name in names)
    for name in ("score_set", "score_many", "verify", "make_pack", "list_charts", "get_chart", "list_jobs", "get_job", "get_job_file", "get_token"):
        assert name in names


def test_every_header_that_an_answer_has_is_declared(http: Any) -> None:
    everywhere = {"content-type", "content-length", "cache-control", "content-security-policy", "x-content-type-options", "last-modified", "content-disposition", "content-encoding", "vary"}
    whole = document()
    for method, path, declared, more in (
        ("get", "/v1/charts", "/v1/charts", {}),
        ("get", "/v1/charts/news2", "/v1/charts/{chart_id}", {}),
        ("get", "/v1/charts/news2/2017.1", "/v1/charts/{chart_id}/{version}", {}),
        ("post", SCORE, "/v1/charts/{chart_id}/score", {"json": FULL}),
        ("post", MANY, "/v1/charts/{chart_id}/score-many", {"json": [FULL]}),
        ("post", MANY, "/v1/charts/{chart_id}/score-many", {"content": CSV, "headers": {"Content-Type": "text/csv", "Prefer": "respond-async"}}),
        ("post", VERIFY, "/v1/charts/{chart_id}/verify", {"json": {"observations": FULL, "stated": {"total": 5}}}),
        ("get", "/v1/jobs?limit=1", "/v1/jobs", {}),
    ):
        answer = http.request(method, path, **more)
        known = {name.lower() for name in whole["paths"][declared][method]["responses"][str(answer.status_code)].get("headers", {})}
        assert set(answer.headers) - everywhere - known == set(), path
    assert all(header["description"] for header in HEADERS.values())


def test_answers_and_requests_are_all_in_the_document() -> None:
    there = document()["components"]["schemas"]
    assert {model.__name__ for model in (*ANSWERS, *MODELS.values())} <= set(there)
    assert {Token, TokenError} <= set(components.ANSWERS)


def test_the_lines_of_a_stream_are_scores(http: Any) -> None:
    answer = http.post(MANY, content='{"heart_rate": 80}\nno\n', headers={"Content-Type": "application/x-ndjson"})
    for line in lines(answer.text):
        holds(Score, json.dumps(line))
    assert [line["status"] for line in lines(answer.text)] == ["partial", "refused"]
