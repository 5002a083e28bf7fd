"""One set over HTTP: what a good call gives, and how each bad one is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import __version__, charts, load_chart, score
from tests.service.support import CSV, FULL, MANY, SCORE, VERIFY, client, codes


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def test_a_full_set(http: Any) -> None:
    answer = http.post(SCORE, json=FULL)
    chart = load_chart("news2")
    assert answer.status_code == 200
    assert answer.json() == {**score(chart, FULL).to_dict(), "engine_version": __version__}
    assert (answer.json()["total"], answer.json()["level"]) == (5, "medium")
    assert answer.headers["mews-newtt-chart"] == f"news2@{chart.version}"
    assert answer.headers["mews-newtt-chart-sha256"] == chart.sha256
    assert answer.headers["mews-newtt-engine"] == __version__


def test_a_partial_set_is_no_error_and_has_no_total(http: Any) -> None:
    answer = http.post(SCORE, json={"respiratory_rate": 21, "temperature": None})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["total"]) == ("partial", None)
    assert "temperature" in answer.json()["missing"]


def test_every_fault_of_an_unusable_set_is_named_at_once(http: Any) -> None:
    answer = http.post(SCORE, json={"resp_rate": 20, "oxygen_saturation": 193, "heart_rate": "fast", "temperature": {"value": 98, "unit": "F?"}})
    assert answer.status_code == 422
    assert sorted(codes(answer)) == ["not_a_number", "reading_impossible", "unknown_parameter", "unknown_unit"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[]", "not_an_object"),
        (b"1", "not_an_object"),
        (b'{"temperature": NaN}', "not_json"),
        (b'{"temperature": Infinity}', "not_json"),
        (b'{"temperature": -Infinity}', "not_json"),
        (b'{"temperature": 37, "temperature": 38}', "name_twice"),
        (b'{"temperature": ' + b"1" * 5000 + b"}", "not_json"),
        (b'{"a": "\\ud800"}', "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b"[" * 33 + b"]" * 33, "json_too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json_too_deep"),
        (b'{"temperature": 1e99999999999999999999}', "not_json"),
    ],
)
def test_what_is_no_json_is_400(http: Any, body: bytes, code: str) -> None:
    answer = http.post(SCORE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert codes(answer) == [code]


def test_brackets_in_text_are_not_depth(http: Any) -> None:
    assert http.post(SCORE, json={"case_id": "[" * 500 + '\\"{', "respiratory_rate": 20}).status_code == 200


def test_a_huge_exponent_is_told_not_computed(http: Any) -> None:
    for text, code in (
        (b'{"temperature": 1e999999999}', "not_a_number"),
        (b'{"temperature": 1e-999999999}', "not_a_number"),
        (b'{"consciousness": 1.00e50}', "unknown_category"),
    ):
        answer = http.post(SCORE, content=text, headers={"Content-Type": "application/json"})
        assert (answer.status_code, codes(answer)) == (422, [code])


def test_a_text_without_end_after_deep_brackets_is_refused_at_once(http: Any) -> None:
    began = time.perf_counter()
    answer = http.post(SCORE, content=b"[" * 33 + b'"' + b'\\"' * 500_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, codes(answer)) == (400, ["json_too_deep"])
    assert time.perf_counter() - began < 30, "an hour when each quote was looked at again from the start"


def test_digits_stay_as_written(http: Any) -> None:
    answer = http.post(SCORE, content=b'{"temperature": 37.50, "heart_rate": 90.0}', headers={"Content-Type": "application/json"})
    given = {row["id"]: row["given"] for row in answer.json()["parameters"]}
    assert (given["temperature"], given["heart_rate"]) == ("37.50", "90.0")


def test_a_string_of_ten_megabytes_is_413_and_not_read(http: Any) -> None:
    answer = http.post(SCORE, json={"case_id": "x" * 10_000_000})
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


def test_the_limit_holds_without_a_content_length(http: Any) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"case_id": "'
        for _ in range(40):
            yield b"x" * 100_000
        yield b'"}'

    answer = http.post(SCORE, content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/v1/nothing", {}, 404, "not_found"),
        ("GET", SCORE, {}, 405, "method_not_allowed"),
        ("POST", "/v1/charts/nwes2/score", {"json": FULL}, 404, "chart_unknown"),
        ("POST", "/v1/charts/..%2Fx.toml/score", {"json": FULL}, 404, "not_found"),
        ("POST", "/v1/charts/x.toml/score", {"json": FULL}, 404, "chart_unknown"),
        ("POST", SCORE + "?version=1999.1", {"json": FULL}, 404, "version_unknown"),
        ("POST", SCORE + "?sha256=00", {"json": FULL}, 409, "chart_changed"),
        ("POST", SCORE + "?versoin=2017.1", {"json": FULL}, 400, "unknown_parameter_of_query"),
        ("POST", SCORE + "?version=2017.1&version=2017.1", {"json": FULL}, 400, "query_twice"),
        ("POST", SCORE, {"json": FULL, "headers": {"Accept": "text/html"}}, 406, "not_acceptable"),
        ("POST", SCORE, {"json": FULL, "headers": {"Accept": "application/json;q=0"}}, 406, "not_acceptable"),
        ("POST", SCORE, {"content": b"{}"}, 415, "unsupported_media_type"),
        ("POST", SCORE, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
        ("POST", SCORE, {"json": FULL, "headers": {"Content-Encoding": "gzip"}}, 415, "unsupported_encoding"),
        ("POST", MANY, {"content": b"x", "headers": {"Content-Type": "image/png"}}, 415, "unsupported_media_type"),
        ("POST", MANY, {"content": b"x", "headers": {"Content-Type": "text/csv", "Content-Encoding": "br"}}, 415, "unsupported_encoding"),
        ("POST", MANY + "?points=perhaps", {"json": []}, 400, "bad_parameter"),
        ("GET", "/v1/jobs/0", {}, 404, "job_unknown"),
        ("POST", SCORE, {"json": FULL, "headers": {"X-Request-ID": "a b"}}, 400, "bad_request_id"),
        ("POST", SCORE, {"json": FULL, "headers": {"Host": "evil.example"}}, 421, "wrong_host"),
        ("POST", SCORE, {"json": FULL, "headers": {"Origin": "https://evil.example"}}, 403, "cross_origin"),
    ],
)
def test_what_is_refused_says_so(http: Any, method: str, path: str, more: dict[str, Any], status: int, code: str) -> None:
    answer = http.request(method, path, **more)
    assert (answer.status_code, codes(answer)) == (status, [code])


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json;q=0.5", "application/json"])
def test_what_takes_json_gets_json(http: Any, accept: str) -> None:
    assert http.post(SCORE, json=FULL, headers={"Accept": accept}).headers["content-type"] == "application/json"


def test_a_version_and_a_hash_can_be_pinned(http: Any) -> None:
    chart = load_chart("news2")
    answer = http.post(f"{SCORE}?version={chart.version}&sha256={chart.sha256}", json=FULL)
    assert answer.json()["chart"]["sha256"] == chart.sha256


def test_charts_are_listed_with_their_status(http: Any) -> None:
    listed = http.get("/v1/charts").json()["charts"]
    assert [(c["id"], c["version"], c["status"], c["sha256"]) for c in listed] == [(c.id, c.version, c.status, c.sha256) for c in charts()]
    for one in listed:
        assert http.get(one["href"]).json()["sha256"] == one["sha256"]
        assert one["version"] in [version["version"] for version in http.get(f"/v1/charts/{one['id']}").json()["versions"]]


@pytest.mark.parametrize("path", ["/v1/charts", "/v1/charts/news2", "/v1/charts/news2/2017.1"])
def test_an_unchanged_chart_is_not_sent_again(http: Any, path: str) -> None:
    first = http.get(path)
    again = http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert http.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_charts_etag_is_its_content_hash(http: Any) -> None:
    wanted = f'"{load_chart("news2").sha256}"'
    assert http.get("/v1/charts/news2/2017.1", headers={"Accept-Encoding": "identity"}).headers["etag"] == wanted
    assert http.get("/v1/charts/news2/2017.1").headers["etag"] == f"W/{wanted}"  # packed: other bytes, the same content


def test_many_sets_keep_their_order_and_refused_ones_their_reason(http: Any) -> None:
    answer = http.post(MANY, json=[FULL, {"respiratory_rate": -1}, {"respiratory_rate": 20}, 7]).json()
    assert [one["status"] for one in answer["results"]] == ["complete", "refused", "partial", "refused"]
    assert answer["results"][0]["total"] == 5
    assert [one["code"] for one in answer["results"][1]["problems"]] == ["reading_impossible"]
    assert {name: answer["summary"][name] for name in ("rows", "complete", "partial", "refused")} == {"rows": 4, "complete": 1, "partial": 1, "refused": 2}
    assert answer["chart"]["id"] == "news2"


def test_many_sets_can_be_refused_as_a_whole(http: Any) -> None:
    answer = http.post(MANY + "?on_bad_row=error", json=[FULL, {"respiratory_rate": -1}, {"heart_rate": "x"}])
    assert (answer.status_code, codes(answer)) == (422, ["reading_impossible", "not_a_number"])
    assert [problem["where"] for problem in answer.json()["problems"]] == ["[1].respiratory_rate", "[2].heart_rate"]


def test_too_many_sets_in_one_array(tmp_path: Path) -> None:
    with client(tmp_path, array_rows=3) as small:
        answer = small.post(MANY, json=[FULL] * 4)
        assert (answer.status_code, codes(answer)) == (413, ["too_many_rows"])


def test_a_stream_answers_line_by_line(http: Any) -> None:
    body = json.dumps(FULL) + "\n\n{broken\n" + '{"temperature": NaN}\n[1]\n{"respiratory_rate": 20}'
    answer = http.post(MANY, content=body, headers={"Content-Type": "application/x-ndjson"})
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [one["status"] for one in found] == ["complete", "refused", "refused", "refused", "partial"]
    assert [one["problems"][0]["code"] for one in found[1:4]] == ["not_json", "not_json", "not_an_object"]
    assert {one["chart"]["sha256"] for one in found} == {load_chart("news2").sha256}


def test_a_line_without_end_is_413(tmp_path: Path) -> None:
    with client(tmp_path, line_bytes=1000) as small:
        answer = small.post(MANY, content=b"x" * 5000, headers={"Content-Type": "application/x-ndjson"})
        assert (answer.status_code, codes(answer)) == (413, ["line_too_long"])


def test_the_published_example_verifies_as_wrong(http: Any) -> None:
    """UK Core's NEWS2 example states a total of 6; temperature 37.5 was scored 1 where 0 is right."""
    answer = http.post(VERIFY, json={"observations": FULL, "stated": {"total": 6, "points": {"temperature": 1, "respiratory_rate": 2}}})
    found = answer.json()
    assert (answer.status_code, found["verdict"], found["computed"]["total"]) == (200, "disagrees", 5)
    assert [(one["kind"], one["where"], one["stated"], one["computed"]) for one in found["differences"]] == [("total", "total", 6, 5), ("points", "temperature", 1, 0)]


def test_what_is_right_agrees(http: Any) -> None:
    answer = http.post(VERIFY, json={"observations": FULL, "stated": {"total": 5, "level": "medium"}}).json()
    assert (answer["verdict"], answer["differences"]) == ("agrees", [])


@pytest.mark.parametrize(("total", "kind"), [(4, "total_of_partial"), (0, "outside_bounds"), (21, "outside_bounds")])
def test_a_total_of_a_partial_set_is_always_wrong(http: Any, total: int, kind: str) -> None:
    found = http.post(VERIFY, json={"observations": {"respiratory_rate": 21}, "stated": {"total": total}}).json()
    assert [one["kind"] for one in found["differences"]] == [kind]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (1, 400, ["not_an_object"]),
        ({}, 422, ["wrong_type", "wrong_type"]),
        ({"observations": {}, "stated": {}}, 422, ["nothing_stated"]),
        ({"observations": {}, "stated": {"total": "6", "level": 3, "points": {"x": 1}}}, 422, ["not_a_number", "wrong_type", "unknown_parameter"]),
        ({"observations": {}, "stated": {"total": None, "level": " ", "points": {"temperature": None}}}, 422, ["nothing_stated"]),
        ({"observations": {"temperature": 99}, "stated": {"total": 6}}, 422, ["reading_impossible"]),
    ],
)
def test_what_cannot_be_verified_is_told(http: Any, body: Any, status: int, expected: list[str]) -> None:
    answer = http.post(VERIFY, json=body)
    assert (answer.status_code, codes(answer)) == (status, expected)


def test_request_ids_are_mirrored_and_no_more(http: Any) -> None:
    headers = {"X-Request-ID": "0d6b3f3e-6b1c-4f0b-9d8e-0f6c5a0b7d11", "X-Correlation-ID": "c-1"}
    first = http.post(SCORE, json=FULL, headers=headers)
    again = http.post(SCORE, json=FULL, headers=headers)
    other = http.post(SCORE, json={**FULL, "temperature": 36}, headers=headers)
    elsewhere = http.post(MANY, json=[], headers=headers)
    assert first.headers["x-request-id"] == headers["X-Request-ID"]
    assert first.headers["x-correlation-id"] == "c-1"
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert (other.status_code, elsewhere.status_code) == (200, 200), "one id goes through a whole trace of requests"


def test_every_answer_bears_the_security_headers(http: Any) -> None:
    for answer in (http.get("/healthz"), http.get("/nope"), http.post(SCORE, json=FULL)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'; frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_csv_without_a_worker_is_queued(http: Any) -> None:
    answer = http.post(MANY, content=CSV, headers={"Content-Type": "text/csv", "Prefer": "respond-async"})
    assert answer.status_code == 202
    state = http.get(answer.headers["content-location"])
    assert (state.status_code, state.headers["x-progress"], state.json()["state"]) == (202, "waiting", "queued")
