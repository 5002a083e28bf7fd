"""The habits of HTTP that clients rely on: Allow, If-None-Match, Range, packed answers, preferences, pages of a list, problem documents everywhere."""

from __future__ import annotations

import gzip
import json
import re
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mews_newtt_service.contract.components import HEADERS
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.middleware.compression import LEAST_BYTES, takes_gzip
from tests.patience import PATIENCE
from tests.service.support import CSV, FULL, MANY, SCORE, Service, client, codes

FILE = Path(__file__).resolve().parents[2] / "service" / "openapi.json"
CONTRACT: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
ASYNC = {"Content-Type": "text/csv", "Prefer": "respond-async"}
PACKED = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data"), job_workers=0) as found:
        yield found


def a_file(http: Any, content: str = CSV) -> str:
    """The path of a result file."""
    where = http.post(MANY, content=content, headers=ASYNC).headers["content-location"]
    queue = http.app.state.queue
    worker = Worker(queue.settings, queue)
    worker.work(queue.claim(worker.name))
    return f"{where}/files/scores.csv"


def filled(path: str) -> str:
    """A path of the contract with real values."""
    values = {"chart_id": "news2", "version": "2017.1", "job_id": "0" * 32, "service_id": "mews", "name": "scores.csv"}
    return re.sub(r"{(\w+)}", lambda found: values[found[1]], path)


# Methods


@pytest.mark.parametrize("path", sorted(CONTRACT["paths"]))
def test_every_path_names_its_methods(http: Any, path: str) -> None:
    offered = {method.upper() for method in CONTRACT["paths"][path]}
    known = offered | {"OPTIONS"} | ({"HEAD"} if "GET" in offered else set())
    answer = http.options(filled(path))
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == known
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - offered:
        refused = http.request(method, filled(path))
        assert refused.status_code == 405, method
        assert set(refused.headers["allow"].split(", ")) == known, method


def test_a_static_file_names_its_methods(http: Any) -> None:
    for method in ("POST", "PATCH"):
        answer = http.request(method, "/static/app.css")
        assert (answer.status_code, codes(answer), answer.headers["allow"]) == (405, ["method_not_allowed"], "GET, HEAD, OPTIONS")
    asked = http.options("/static/app.css")
    assert (asked.status_code, asked.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert http.options("/static/no_such_file").status_code == 404


# Files


def test_a_file_that_the_caller_has_is_not_sent_again(http: Any) -> None:
    path = a_file(http)
    first = http.get(path, headers=PLAIN)
    assert first.status_code == 200 and first.headers["etag"]
    for sent in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = http.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_a_file(http: Any) -> None:
    path = a_file(http)
    whole = http.get(path).content
    part = http.get(path, headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, whole[3:10], f"bytes 3-9/{len(whole)}")
    assert http.get(path, headers={"Range": "bytes=-5"}).content == whole[-5:]
    several = http.get(path, headers={"Range": "bytes=0-1,4-5"})
    assert several.status_code == 206 and several.headers["content-type"].startswith("multipart/byteranges")
    changed = http.get(path, headers={"Range": "bytes=3-9", "If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole)


@pytest.mark.parametrize("path", ["file", "/static/app.css"])
@pytest.mark.parametrize(("asked", "status"), [("bytes=900000000-", 416), ("bytes=9-3", 400), ("bytes", 400)])
def test_a_range_that_cannot_be_answered_is_a_problem_document(http: Any, path: str, asked: str, status: int) -> None:
    answer = http.get(a_file(http) if path == "file" else path, headers={"Range": asked})
    assert (answer.status_code, codes(answer)) == (status, ["bad_range"])
    assert answer.headers.get("content-range", "").startswith("bytes */") == (status == 416)


@pytest.mark.parametrize("path", ["file", "/static/app.css"])
def test_a_range_in_another_unit_is_ignored(http: Any, path: str) -> None:
    path = a_file(http) if path == "file" else path
    whole = http.get(path)
    answer = http.get(path, headers={"Range": "lines=1-2"})
    assert (answer.status_code, answer.content) == (200, whole.content)


# Packed answers


def test_long_answers_are_packed_for_callers_that_take_it(http: Any) -> None:
    many = [FULL] * 20
    for method, path, more in (("GET", "/v1/charts/news2/2017.1", {}), ("POST", MANY, {"json": many}), ("GET", "/openapi.json", {}), ("GET", "/static/nhsuk.css", {})):
        plain = http.request(method, path, headers=PLAIN, **more)
        packed = http.request(method, path, headers=PACKED, **more)
        assert "content-encoding" not in plain.headers
        assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
        assert packed.content == plain.content and len(plain.content) > LEAST_BYTES  # the client unpacks it
        assert packed.num_bytes_downloaded < len(plain.content) / 2
        if "etag" in plain.headers:
            assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
            assert http.get(path, headers={**PACKED, "If-None-Match": packed.headers["etag"]}).status_code == 304


def test_a_file_is_packed_whole_and_its_parts_are_not(http: Any) -> None:
    header, line, _ = CSV.split("\n", 2)
    path = a_file(http, header + "\n" + (line + "\n") * 3000)
    plain, packed = http.get(path, headers=PLAIN), http.get(path, headers=PACKED)
    assert packed.headers["content-encoding"] == "gzip" and "accept-ranges" not in packed.headers and packed.content == plain.content
    part = http.get(path, headers={**PACKED, "Range": "bytes=0-20000"})
    assert (part.status_code, part.content) == (206, plain.content[:20001]) and "content-encoding" not in part.headers


def test_what_is_short_or_a_stream_or_a_page_is_not_packed(http: Any) -> None:
    assert "content-encoding" not in http.post(SCORE, json=FULL, headers=PACKED).headers
    stream = http.post(MANY, content=(json.dumps(FULL) + "\n") * 20, headers={**PACKED, "Content-Type": "application/x-ndjson"})
    assert len(stream.content) > LEAST_BYTES and "content-encoding" not in stream.headers
    assert http.get("/", headers=PACKED).headers["content-encoding"] == "gzip", "a page made from charts alone"
    sent = http.post("/workbench/try/npews/2023.1", data={"heart_rate": "95"}, headers=PACKED)
    assert len(sent.content) > LEAST_BYTES and "content-encoding" not in sent.headers, "a page that shows what somebody sent"
    assert "content-encoding" not in http.head("/v1/charts/news2/2017.1", headers=PACKED).headers


@pytest.mark.parametrize(("sent", "taken"), [(b"gzip", True), (b"br, gzip;q=0.5", True), (b"*", True), (b"gzip;q=0", False), (b"gzip;q=0, *", False), (b"br", False), (b"", False), (b"gzip;q=x", False)])
def test_which_callers_take_gzip(sent: bytes, taken: bool) -> None:
    assert takes_gzip(sent) is taken


def test_packed_bytes_are_gzip(http: Any) -> None:
    with http.stream("GET", "/v1/charts/news2/2017.1", headers=PACKED) as answer:
        raw = b"".join(answer.iter_raw())
    assert json.loads(gzip.decompress(raw))["id"] == "news2"


# Preferences, idempotency, pages


@pytest.mark.parametrize("asked", ["return=minimal", 'handling=lenient, return="minimal"'])
def test_a_minimal_answer_says_the_same_in_less(http: Any, asked: str) -> None:
    for given in (FULL, {"heart_rate": 131}):
        whole, least = http.post(SCORE, json=given), http.post(SCORE, json=given, headers={"Prefer": asked})
        assert least.headers["preference-applied"] == "return=minimal" and len(least.content) < len(whole.content) / 6
        assert least.headers["mews-newtt-chart-sha256"] == whole.json()["chart"]["sha256"]
        document = least.json()
        assert document.pop("chart") == "news2@2017.1"
        assert document == {name: whole.json()[name] for name in document}
        assert {"status", "total", "total_min", "total_max", "level", "level_max", "missing", "flags"} <= set(document)


def test_minimal_answers_of_many(http: Any) -> None:
    sets = [FULL, {"heart_rate": 131}, {"heart_rate": "fast"}]
    least = http.post(MANY, json=sets, headers={"Prefer": "return=minimal"})
    assert least.headers["preference-applied"] == "return=minimal"
    results = least.json()["results"]
    assert [one["status"] for one in results] == ["complete", "partial", "refused"] and results[2]["problems"][0]["code"] == "not_a_number"
    assert least.json()["summary"] == http.post(MANY, json=sets).json()["summary"]
    lines = http.post(MANY, content="\n".join(map(json.dumps, sets)), headers={"Prefer": "return=minimal", "Content-Type": "application/x-ndjson"})
    assert [json.loads(line) for line in lines.text.splitlines()] == results


def test_the_list_of_jobs_comes_in_pages(tmp_path: Path) -> None:
    with client(tmp_path, job_workers=0) as http:
        sent = [http.post(MANY, content=CSV, headers=ASYNC).json()["id"] for _ in range(5)]
        path, seen, pages = "/v1/jobs?limit=2", [], 0
        while path:
            answer = http.get(path)
            page = answer.json()
            seen += [job["id"] for job in page["jobs"]]
            assert answer.headers.get("link") == (f'<{page["next"]}>; rel="next"' if page["next"] else None)
            path, pages = page["next"], pages + 1
        assert (seen, pages) == (sent[::-1], 3)
        assert [job["id"] for job in http.get("/v1/jobs").json()["jobs"]] == sent[::-1]
        for bad in ("limit=0", "limit=201", "limit=x", "limit=٣", "before=yesterday", "before=1.5-xyz"):
            assert codes(http.get(f"/v1/jobs?{bad}")) == ["bad_parameter"], bad


# What the server itself refuses


def raw(service: Service, *sent: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The answer to these bytes. The last ones are sent until there is an answer: how many the server reads at once, nobody knows."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as wire:
        for part in sent:
            wire.sendall(part)
        while len(sent) > 1 and not select.select([wire], [], [], 0.2)[0]:
            wire.sendall(sent[-1])
        got = b""
        while chunk := wire.recv(65536):
            got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}, json.loads(body)


def test_errors_of_the_server_itself_are_problem_documents(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_JOB_WORKERS="0", MEWS_NEWTT_CONNECTIONS="3") as service:
        service.http.close()
        for sent, status, code in (((b"no http\r\n\r\n",), 400, "not_http"), ((b"GET / HTTP/1.1\r\nx: ", b"y" * 66_000), 431, "headers_too_large")):
            answered, headers, document = raw(service, *sent)
            assert (answered, document["status"], document["code"]) == (status, status, code)
            assert headers["content-type"] == "application/problem+json" and document["mend"]
        held = [socket.create_connection(("127.0.0.1", service.port), PATIENCE) for _ in range(4)]
        try:
            for wire in held:
                wire.sendall(b"POST /v1/charts/news2/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n")
            answered, headers, document = raw(service, b"GET /v1/charts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (answered, document["code"], headers["retry-after"]) == (503, "too_busy", "1")
            alive, _, document = raw(service, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (alive, document["status"]) == (200, "ok"), "a full service is alive"
            assert {httpx.get(service.url + "/healthz", trust_env=False, timeout=PATIENCE).status_code for _ in range(8)} == {200}
        finally:
            for wire in held:
                wire.close()
        again = 0  # until the server has seen that they are closed
        while (answer := httpx.get(service.url + "/metrics", trust_env=False, timeout=PATIENCE)).status_code == 503:
            again += 1
            time.sleep(0.02)
        counted = re.search(r'mews_newtt_refused_total{reason="too_busy",status="503"} (\d+)', answer.text)
        assert counted is not None
        assert 1 <= int(counted[1]) - again < 8, "a probe that was answered is no refusal"


def test_every_declared_header_is_one_of_the_contract() -> None:
    assert set(HEADERS) == set(CONTRACT["components"]["headers"])
