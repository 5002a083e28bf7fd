"""Leaving it running: health, counts, logs without a single reading, slow clients, and several web processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mews_newtt_service.logs import Log
from tests.patience import PATIENCE, until
from tests.service.exposed import exposed, value
from tests.service.support import CSV, FULL, MANY, SCORE, Service, client, codes

# Readings and labels that appear nowhere else: none of them may come into a log or a count.
TELLTALE = {"respiratory_rate": 23, "temperature": 38.47, "heart_rate": 137, "case_id": "NHS-9434765919", "systolic_bp": "ninety-seven"}
WORDS = ("38.47", "9434765919", "ninety-seven")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits for nobody. Only tests of its time limits use it: on a busy machine an ordinary request may be too slow for it."""
    limits = {"HEADER_SECONDS": "1", "BODY_SECONDS": "1", "SEND_SECONDS": "2", "JOB_WORKERS": "0"}
    with Service(tmp_path_factory.mktemp("hasty"), **{f"MEWS_NEWTT_{name}": value for name, value in limits.items()}) as found:
        yield found


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), PATIENCE)


def test_no_reading_comes_into_logs_or_counts(service: Service) -> None:
    service.http.post(SCORE, json=TELLTALE)
    service.http.post(f"{SCORE}?case_id=9434765919", json=FULL)
    service.http.post("/v1/charts/NHS-9434765919/score", json=FULL)
    service.http.get("/v1/NHS-9434765919")
    service.http.post(SCORE, content=b'{"temperature": 38.47', headers={"Content-Type": "application/json"})
    service.http.post(MANY, content="temperature,case_id\n38.47,9434765919\nninety-seven,1\n", headers={"Content-Type": "text/csv"})
    service.http.post(MANY + "?on_bad_row=error", files={"file": ("9434765919.csv", "temperature\nninety-seven\n")})
    service.http.post(MANY, content='{"temperature": "ninety-seven"}\n', headers={"Content-Type": "application/x-ndjson"})
    counts = service.http.get("/metrics").text
    until(lambda: service.logged('"/metrics"'))  # the last line
    log = service.log.read_text()
    assert '"route": "/v1/charts/{chart_id}/score-many"' in log
    for word in WORDS:
        assert word not in log
        assert word not in counts


def test_head_is_get_without_a_body(service: Service) -> None:
    for path in ("/healthz", "/v1/charts", "/fhir/R4/metadata", "/openapi.json"):
        plain = {"Accept-Encoding": "identity"}  # a packed answer goes out before its length is known
        head, got = service.http.head(path, headers=plain), service.http.get(path, headers=plain)
        assert (head.status_code, head.content) == (200, b"")
        assert [head.headers[name] for name in ("content-type", "content-length")] == [got.headers[name] for name in ("content-type", "content-length")]
    assert (service.http.head(SCORE).status_code, service.http.head(SCORE).headers["allow"]) == (405, "OPTIONS, POST")


def test_every_line_of_the_log_is_json(service: Service) -> None:
    service.http.post(SCORE, json=FULL, headers={"X-Request-ID": "told-in-the-log"})
    until(lambda: service.logged("told-in-the-log"))
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if not line.startswith("mews-newtt: ")]
    mine = next(line for line in lines if line.get("request_id") == "told-in-the-log")
    assert {name: mine[name] for name in ("level", "event", "client", "method", "route", "status")} == {
        "level": "info", "event": "request", "client": "local", "method": "POST", "route": "/v1/charts/{chart_id}/score", "status": 200,
    }


def test_a_fault_of_our_own_tells_its_place_and_not_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("temperature 38.47")

    monkeypatch.setattr("mews_newtt_service.routes.score.score", broken)
    out = io.StringIO()
    with client(tmp_path, raise_faults=False) as http:
        log = Log("info", out)
        http.app.state.log._stream = out
        answer = http.post(SCORE, json=FULL)
        assert (answer.status_code, codes(answer)) == (500, ["internal_fault"])
        assert "mews_newtt_faults_total 1.0" in http.get("/metrics").text
    assert "38.47" not in answer.text + out.getvalue()
    assert '"kind": "RuntimeError"' in out.getvalue()
    assert "test_running.py" in out.getvalue()
    log.stop()


def test_counts_are_by_chart_and_status(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        http.post(SCORE, json=FULL)
        http.post(MANY, json=[FULL, {"respiratory_rate": 20}, {"respiratory_rate": -1}])
        http.get("/v1/a/b/c")
        http.request("BREW", SCORE)
        counts = http.get("/metrics").text
    for line in (
        'mews_newtt_scores_total{chart="news2",status="complete",version="2017.1"} 2.0',
        'mews_newtt_scores_total{chart="news2",status="partial",version="2017.1"} 1.0',
        'mews_newtt_scores_total{chart="news2",status="refused",version="2017.1"} 1.0',
        'mews_newtt_requests_total{method="POST",route="/v1/charts/{chart_id}/score",status="200"} 1.0',
        'mews_newtt_requests_total{method="GET",route="unmatched",status="404"} 1.0',
    ):
        assert line in counts, line
    assert "BREW" not in counts


@pytest.mark.parametrize("sent", [b"", b"POST /v1/charts HTTP/1.1\r\nHost: loc"])
def test_headers_that_do_not_come_are_not_waited_for(hasty: Service, sent: bytes) -> None:
    with connected(hasty) as slow:
        slow.sendall(sent)
        assert slow.recv(65536) == b""


def test_a_connection_that_is_kept_may_rest_between_requests(hasty: Service) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", hasty.port, timeout=PATIENCE)
    for rest in (1.5, 0):  # longer than headers may take
        kept.request("GET", "/healthz")
        assert kept.getresponse().read()
        time.sleep(rest)
    kept.close()


def test_a_body_that_does_not_come_is_408(hasty: Service) -> None:
    with connected(hasty) as slow:
        slow.sendall(f"POST {SCORE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert slow.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_slow_clients_hold_up_nobody(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_BODY_SECONDS="3600", MEWS_NEWTT_JOB_WORKERS="0") as service, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(service)) for _ in range(50)]
        for one in slow:
            one.sendall(f"POST {SCORE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        for _ in range(10):
            assert service.http.post(SCORE, json=FULL).status_code == 200
        assert select.select(slow, [], [], 0)[0] == [], "the service still waits for each of them"


def test_headers_without_end_are_cut_off_and_idle_connections_make_room(tmp_path: Path) -> None:
    endless = {
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ": b"a",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n": b"X-A: b\r\n",
        b"GET /": b"a",
        f"POST {SCORE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".encode(): b"X-A: b\r\n",
    }
    limits = {"CONNECTIONS": "20", "HEADER_SECONDS": "3600", "BODY_SECONDS": "3600", "JOB_WORKERS": "0"}
    with Service(tmp_path, **{f"MEWS_NEWTT_{name}": value for name, value in limits.items()}) as service:
        for start, more in endless.items():
            with connected(service) as one, contextlib.suppress(ConnectionError):
                one.sendall(start)
                for _ in range(100):
                    one.sendall(more * (100_000 // len(more)))
                assert one.recv(65536)[:12] in (b"", b"HTTP/1.1 431"), "a reset connection is as good"
        idle = [connected(service) for _ in range(60)]
        for _ in range(5):
            with httpx.Client(trust_env=False, timeout=PATIENCE) as fresh:
                assert fresh.post(service.url + SCORE, json=FULL).status_code == 200
        for one in idle:
            one.close()


def test_a_stream_is_held_up_by_who_does_not_read_and_then_cut(hasty: Service) -> None:
    chunk = (json.dumps(FULL).encode() + b"\n") * 50
    sent = 0
    with connected(hasty) as lazy:
        lazy.sendall(f"POST {MANY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):  # we do not read the answer: first no more is read of what we send, then we are cut off
            while sent < 50_000_000:
                lazy.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                sent += len(chunk)
    assert sent < 50_000_000


def test_so_many_uploads_of_one_client_at_once(service: Service) -> None:
    """The fifth is told to wait; single scores are not held up."""
    start = f"POST {MANY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(connected(service))
            one.sendall(start.encode())
            assert one.recv(65536).startswith(b"HTTP/1.1 100 "), "the service has begun to receive it"
        answer = service.http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"})
        assert (answer.status_code, codes(answer), answer.headers["retry-after"]) == (429, ["too_many_uploads"], "2")
        assert service.http.post(SCORE, json=FULL).status_code == 200


def test_a_long_stream_flows(service: Service) -> None:
    """Reading while sending: 20,000 sets go through without either side holding more than a little."""
    from threading import Thread

    line = json.dumps({"respiratory_rate": 20}).encode() + b"\n"
    with connected(service) as flow:
        def send() -> None:
            flow.sendall(f"POST {MANY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(20):
                chunk = line * 100
                flow.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            flow.sendall(b"0\r\n\r\n")

        sender = Thread(target=send)
        sender.start()
        got = b""
        while not got.endswith(b"0\r\n\r\n"):
            got += flow.recv(1 << 20)
        sender.join()
    assert got.count(b'"status": "partial"') == 2000


def test_several_web_processes_share_counts_and_jobs(tmp_path: Path) -> None:
    with Service(tmp_path, "--workers", "2") as service:
        for _ in range(30):
            fresh = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
            fresh.request("POST", SCORE, json.dumps(FULL), {"Content-Type": "application/json"})
            assert fresh.getresponse().status == 200
            fresh.close()
        assert 'status="complete",version="2017.1"} 30.0' in service.http.get("/metrics").text
        assert service.http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"}).status_code == 200
        found = exposed(service.http)
        assert value(found, "mews_newtt_job_seconds_count", kind="score", state="done") == 1
        processes = [value(found, "mews_newtt_processes", process=role) for role in ("main", "web", "worker")]
        assert (processes, value(found, "mews_newtt_workers_alive")) == ([1, 2, 1], 1)
        assert service.stop() == 0


@pytest.mark.deep
def test_web_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    service = Service(tmp_path, "--workers", "2")
    service.process.kill()
    service.process.wait()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(service.url + "/healthz", trust_env=False, timeout=2)
            time.sleep(0.2)
            continue
        break
    else:
        os.killpg(service.process.pid, signal.SIGKILL)
        raise AssertionError("orphans go on, without workers for long work, and hold the port")
    service.http.close()


@pytest.mark.deep
def test_memory_stays_flat(tmp_path: Path) -> None:
    """An hour's worth of an ordinary site, sent as fast as it goes: good and bad sets, streams, files."""
    with Service(tmp_path) as service:
        def work(rounds: int) -> None:
            for number in range(rounds):
                for place in range(100):
                    service.http.post(SCORE, json={**FULL, "temperature": 35 + (number * 100 + place) % 50 / 10, "heart_rate": 60 + place})
                service.http.post(SCORE, json={"temperature": f"odd {number}"}, headers={"X-Request-ID": f"soak-{rounds}-{number}"})
                service.http.post(MANY, content=(json.dumps(FULL) + "\n") * 200, headers={"Content-Type": "application/x-ndjson"})
                if number % 10 == 0:
                    service.http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"})

        work(20)  # caches fill
        before = resident(service.process.pid)
        work(60)
        assert resident(service.process.pid) < before * 1.1 + 4 * 1024


def resident(pid: int) -> int:
    """KiB of memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def test_a_taken_port_is_told(service: Service) -> None:
    from tests.cli.command import run
    from tests.service.support import ROOT

    done = run("serve", "--port", str(service.port), "--data", str(service.folder / "x"), PYTHONPATH=f"{ROOT}:{ROOT / 'service'}")
    assert (done.code, "cannot_listen" in done.err) == (2, True)


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    from tests.cli.command import run
    from tests.service.support import ROOT

    (tmp_path / "file").write_text("")
    done = run("serve", "--port", "0", "--data", str(tmp_path / "file" / "x"), PYTHONPATH=f"{ROOT}:{ROOT / 'service'}")
    assert (done.code, "data_folder" in done.err) == (2, True)


def test_telemetry_names_the_route_and_nothing_else(tmp_path: Path) -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry import trace as api
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    api.set_tracer_provider(provider)
    with client(tmp_path, telemetry=True) as http:
        http.post(SCORE, json=TELLTALE)
    spans = [span for span in kept.get_finished_spans() if span.instrumentation_scope.name == "mews_newtt_service"]
    assert [(span.attributes or {}).get("http.request.method") for span in spans] == ["POST"]
    assert all(word not in span.to_json() for span in spans for word in WORDS)
