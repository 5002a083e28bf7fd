"""Distributed traces: the caller's `traceparent` in the log and in jobs, and OpenTelemetry where it is switched on."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.trace_ids import Trace, trace_of, trace_of_headers
from tests.patience import PATIENCE
from tests.service.support import CSV, FULL, MANY, ROOT, SCORE, client

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"  # the example of the specification
PARENT = f"00-{TRACE}-{SPAN}-01"
ASYNC = {"Content-Type": "text/csv", "Prefer": "respond-async"}


@pytest.mark.parametrize(
    "text",
    [
        "", "00", PARENT + "-", PARENT + "-00", PARENT + "\n", " " + PARENT, PARENT.upper(), PARENT[:-1], PARENT.replace("-01", "-0g"),
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{SPAN}-01", f"0-{TRACE}-{SPAN}-01", f"01-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE[:-1]}-{SPAN}-01", f"00_{TRACE}_{SPAN}_01", f'00-{TRACE}-{SPAN}-01", "level": "error',
    ],
)
def test_what_is_not_exactly_a_traceparent_counts_as_not_sent(text: str) -> None:
    assert trace_of(text.encode()) is None


def test_a_traceparent_is_read() -> None:
    assert trace_of(PARENT.encode()) == Trace(TRACE, SPAN, "01")
    assert trace_of(f"01-{TRACE}-{SPAN}-00-what-a-later-version-says".encode()) == Trace(TRACE, SPAN, "00")
    assert trace_of_headers([(b"traceparent", PARENT.encode())] * 2) is None, "sent twice"
    assert trace_of_headers([]) is None


@settings(max_examples=40)
@given(st.binary(max_size=80) | st.from_regex(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?", fullmatch=True))
def test_only_digits_come_out(text: bytes) -> None:
    found = trace_of(text)
    if found is not None:
        assert trace_of(found.header.encode()) == found
        assert re.fullmatch(r"[0-9a-f]{32} [0-9a-f]{16} [0-9a-f]{2}", " ".join(found))
        assert found.trace_id in text.decode("latin-1")


def logged(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_log_has_the_trace_without_opentelemetry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    out = io.StringIO()
    with client(tmp_path, log_level="info", raise_faults=False) as http:
        http.app.state.log._stream = out
        http.post(SCORE, json=FULL, headers={"traceparent": PARENT})
        http.post(SCORE, json=FULL, headers={"traceparent": PARENT.upper()})
        http.post(SCORE, json=FULL)
        monkeypatch.setattr("mews_newtt_service.routes.score.score", broken)
        http.post(SCORE, json=FULL, headers={"traceparent": PARENT})
    first, wrong, none, fault, last = logged(out)
    assert (first["trace_id"], first["span_id"]) == (TRACE, SPAN)
    assert "trace_id" not in wrong and "trace_id" not in none
    assert (fault["event"], fault["trace_id"]) == ("fault", TRACE)
    assert last["trace_id"] == TRACE


def test_a_job_goes_on_with_the_trace(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with client(tmp_path) as http:
        sent = http.post(MANY, content=CSV, headers={**ASYNC, "traceparent": PARENT, "Idempotency-Key": "one"})
        again = http.post(MANY, content=CSV, headers={**ASYNC, "traceparent": PARENT.replace("a3", "b4"), "Idempotency-Key": "one"})
        assert sent.headers["content-location"] == again.headers["content-location"], "another trace is no other request"
        queue: Queue = http.app.state.queue
        job = queue.claim("one")
        assert job is not None
        assert job.trace == Trace(TRACE, SPAN, "01")
        worker = Worker(http.app.state.settings, queue)
        worker.name = "one"
        worker.work(job)
        assert http.get(sent.headers["content-location"]).json()["state"] == "done"
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["event"], line["trace_id"]) for line in told] == [("job_started", TRACE), ("job_done", TRACE)]


def test_without_the_setting_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys, mews_newtt_service.app, mews_newtt_service.jobs.worker; "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk') or name.startswith('opentelemetry.exporter')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'service'}"})
    assert done.stdout.strip() == "[]"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Spans are kept in memory, by a provider that is set up before the service starts."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return kept


def test_spans_continue_the_callers_trace_and_jobs_continue_them(tmp_path: Path, spans: Any, capfd: pytest.CaptureFixture[str]) -> None:
    from opentelemetry.trace import SpanKind, StatusCode

    out = io.StringIO()
    with client(tmp_path, telemetry=True, log_level="info") as http:
        http.app.state.log._stream = out
        http.post(SCORE, json=FULL, headers={"traceparent": PARENT, "tracestate": "vendor=1"})
        http.post(MANY, content=CSV, headers={**ASYNC, "traceparent": PARENT})
        http.request("BREW", "/v1/charts/nhs-9434765919/score", headers={"traceparent": "nonsense"})
        http.post(SCORE, content=b"{", headers={"traceparent": PARENT.replace("-01", "-00")})
        queue: Queue = http.app.state.queue
        worker = Worker(http.app.state.settings, queue)
        job = queue.claim(worker.name)
        assert job is not None and worker._spans is not None
        with worker._spans.around(job, lambda: worker._ended_as):
            worker.work(job)
    score, many, brew, done = spans.get_finished_spans()
    assert (score.name, score.kind) == ("POST /v1/charts/{chart_id}/score", SpanKind.SERVER)
    assert (f"{score.context.trace_id:032x}", f"{score.parent.span_id:016x}", score.context.trace_state["vendor"]) == (TRACE, SPAN, "1")
    assert dict(score.attributes) == {"http.request.method": "POST", "http.route": "/v1/charts/{chart_id}/score", "http.response.status_code": 200}
    assert (brew.name.split()[0], brew.parent, brew.attributes["http.response.status_code"]) == ("_OTHER", None, 405)
    assert brew.attributes["mews_newtt.refused_because"] == "method_not_allowed"
    assert brew.status.status_code is not StatusCode.ERROR, "the caller's mistake is no error of the service"
    assert not any("9434765919" in span.to_json() for span in (score, many, brew, done))
    assert (done.name, done.kind, done.attributes["mews_newtt.job.state"]) == ("job score", SpanKind.CONSUMER, "done")
    assert (done.context.trace_id, done.parent.span_id) == (many.context.trace_id, many.context.span_id)
    lines = [line for line in logged(out) if line["event"] == "request"]
    assert (lines[0]["trace_id"], lines[0]["span_id"]) == (TRACE, f"{score.context.span_id:016x}")
    assert lines[3]["trace_id"] == TRACE, "a trace that the caller does not sample is in the log all the same"
    assert f'"trace_id": "{TRACE}"' in capfd.readouterr().err


def test_a_missing_package_is_named_before_the_service_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mews_newtt_service.serving import run
    from mews_newtt_service.settings import Settings, SettingsError

    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: pytest.fail("it listens"))
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"mews-newtt\[otel\]"):
        run(Settings(data_folder=tmp_path, port=0, telemetry=True))
