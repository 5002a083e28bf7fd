"""What Prometheus is told: refusals by their codes, the queue, the processes and the disk."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import Problem
from mews_newtt_service.jobs import job_times
from mews_newtt_service.jobs.queue import Queue, new_id
from mews_newtt_service.metrics import MOST_REASONS, OTHER, Metrics
from mews_newtt_service.processes import processes
from mews_newtt_service.routes import health
from mews_newtt_service.routes.score_many import AT_ONCE
from tests.service.exposed import exposed, value
from tests.service.support import FULL, MANY, ROOT, SCORE, client
from tests.service.test_auth import write_clients

# Labels, and how many values each can have: routes, codes, charts and states are written in our code or in rules/.
LABELS = {"route", "method", "status", "chart", "version", "reason", "le", "state", "kind", "process", "file"}


def queued(queue: Queue) -> str:
    return queue.add(new_id(), "tester", "score", load_chart("news2"), {}).id


def test_refusals_are_counted_and_logged_by_their_code(tmp_path: Path) -> None:
    out = io.StringIO()
    with client(tmp_path, log_level="info") as http:
        http.app.state.log._stream = out
        http.post(SCORE, json={**FULL, "temperature": 375})
        http.post(SCORE, content=b"{", headers={"Content-Type": "application/json"})
        http.post("/v1/charts/no-such/score", json=FULL)
        http.post("/fhir/R4/$ews-score", content=b"{", headers={"Content-Type": "application/fhir+json"})
        http.get("/workbench/charts/no-such")
        http.get("/v1/a/b/c")
        http.post("/oauth/token", data={"grant_type": "password"})
        http.get("/healthz", headers={"Host": "elsewhere.example"})
        found = exposed(http)
    asked = [line for line in map(json.loads, out.getvalue().splitlines()) if line.get("route") not in ("/metrics", None)]
    assert [(line["status"], line["reason"]) for line in asked] == [
        (422, "reading_impossible"), (400, "not_json"), (404, "chart_unknown"), (400, "not_json"), (404, "chart_unknown"), (404, "not_found"),
        (400, "unsupported_grant_type"), (421, "wrong_host"),
    ]
    assert asked[-1]["route"] == "not_routed"
    for line in asked:
        same = [one for one in asked if (one["status"], one["reason"]) == (line["status"], line["reason"])]
        assert value(found, "mews_newtt_refused_total", reason=line["reason"], status=str(line["status"])) == len(same)
    assert value(found, "mews_newtt_refused_total", reason="too_busy", status="503") == 0, "alerts need the count before the first case"


def test_scores_of_cards_and_of_streams_that_break_off_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = json.loads((ROOT / "service" / "openapi.json").read_text())["paths"]["/cds-services/{service_id}"]["post"]["requestBody"]["content"]
    line = json.dumps(FULL).encode() + b"\n"
    with client(tmp_path) as http:
        before = http.post("/cds-services/mews", json=call["application/json"]["examples"]["worked"]["value"])
        assert (before.status_code, len(before.json()["cards"])) == (200, 1)
        found = exposed(http)
        assert sum(count for (name, _), count in found.items() if name == "mews_newtt_scores_total") == 1
        slices = http.app.state.slices
        group = slices.list_of

        async def one_group(answers: Any) -> list[str]:
            monkeypatch.setattr(slices, "list_of", None)
            return list(await group(answers))

        monkeypatch.setattr(slices, "list_of", one_group)
        with pytest.raises(ConnectionError):
            http.post(MANY, content=line * (AT_ONCE + 1), headers={"Content-Type": "application/x-ndjson"})
        assert value(exposed(http), "mews_newtt_scores_total", chart="news2", version="2017.1", status="complete") == AT_ONCE


def test_callers_cannot_make_labels(tmp_path: Path) -> None:
    with client(tmp_path, clients_file=write_clients(tmp_path), public_url="http://localhost", metrics_open=True) as http:
        for number in range(20):
            http.request("BREW", f"/v1/charts/nhs-{number}/score?nhs={number}", headers={"X-API-Key": f"nhs-{number}", "X-Request-ID": f"nhs-{number}"})
        found = exposed(http)
    assert {name for _, labels in found for name, _ in labels} <= LABELS
    assert not any("nhs-" in text for _, labels in found for _, text in labels)
    metrics = Metrics()
    for number in range(2 * MOST_REASONS):
        metrics.refused(f"made-up-{number}", 400)
    (refused,) = metrics._refused.collect()
    samples = [sample for sample in refused.samples if sample.name == "mews_newtt_refused_total" and sample.labels["status"] == "400"]
    assert len(samples) == MOST_REASONS + 1
    assert {sample.value for sample in samples if sample.labels["reason"] == OTHER} == {MOST_REASONS}


def test_the_queue_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_SECONDS", 0)  # else an answer given less than this before is given again
    with client(tmp_path) as http:
        queue: Queue = http.app.state.queue
        empty = exposed(http)
        assert (value(empty, "mews_newtt_workers_alive"), value(empty, "mews_newtt_oldest_waiting_job_seconds")) == (0, 0)
        assert value(empty, "mews_newtt_jobs", state="queued") == 0, "a state without jobs is told too"
        queue.alive("one")
        for _ in range(4):
            queued(queue)
        queue._database.run(("UPDATE mews_newtt_jobs SET created = created - 90", ()))
        done, failed, cancelled = (queue.claim("one") for _ in range(3))
        assert done is not None and failed is not None and cancelled is not None
        queue._database.run(("UPDATE mews_newtt_jobs SET started = started - 7 WHERE id = ?", (done.id,)))
        assert queue.finish(done.id, "one", 1, [])
        assert not queue.finish(done.id, "one", 1, []), "what has ended is not counted twice"
        assert queue.fail(failed.id, "one", [Problem("x", "x", "x", "x")])
        queue.cancel(cancelled.id)
        queue.was_cancelled(cancelled.id, "one")
        found = queue.numbers()
        assert (found.workers, found.jobs["queued"], found.jobs["done"]) == (1, 1, 1)
        assert 90 <= found.oldest_waiting < 300
        queue.forget(done.id)
        later = exposed(http)
    assert value(later, "mews_newtt_job_seconds_bucket", kind="score", state="done", le="5.0") == 0
    assert value(later, "mews_newtt_job_seconds_bucket", kind="score", state="done", le="+Inf") == 1, "a job that is gone stays counted"
    for state in ("failed", "cancelled"):
        assert value(later, "mews_newtt_job_seconds_count", kind="score", state=state) == 1
    assert value(later, "mews_newtt_job_seconds_count", kind="score", state="lost") is None


def test_a_job_whose_worker_died_too_often_is_counted_as_failed(tmp_path: Path) -> None:
    with client(tmp_path, job_attempts=1, lease_seconds=0.001) as http:
        queue: Queue = http.app.state.queue
        queued(queue)
        assert queue.claim("one") is not None
        queue._database.run(("UPDATE mews_newtt_jobs SET lease = lease - 1", ()))
        assert queue.claim("two") is None
        assert value(exposed(http), "mews_newtt_job_seconds_count", kind="score", state="failed") == 1


def test_without_a_database_the_other_numbers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mews_newtt_service.jobs.database import away

    def refuse(_: Queue) -> None:
        raise away()

    with client(tmp_path) as http:
        monkeypatch.setattr(Queue, "workers", refuse)
        found = exposed(http)
    assert value(found, "mews_newtt_database_up") == 0
    assert value(found, "mews_newtt_jobs", state="queued") is None, "unknown is not 0"
    assert value(found, "mews_newtt_workers_alive") is None
    assert value(found, "mews_newtt_faults_total") == 0


def test_a_database_that_does_not_answer_does_not_hold_up_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    frozen = Event()
    monkeypatch.setattr("mews_newtt_service.routes.health.LONGEST_SCRAPE", 0.2)
    monkeypatch.setattr(Queue, "workers", lambda _: frozen.wait(60))
    with client(tmp_path) as http:
        found = exposed(http)
        frozen.set()
    assert value(found, "mews_newtt_database_up") == 0


def test_disk_memory_and_files_of_this_process(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        found = exposed(http)
    disk = shutil.disk_usage(tmp_path)
    assert value(found, "mews_newtt_data_size_bytes") == disk.total
    assert 0 < (value(found, "mews_newtt_data_free_bytes") or 0) <= disk.total
    assert value(found, "mews_newtt_processes", process="web") == 1
    assert 10 << 20 < (value(found, "mews_newtt_memory_bytes", process="web") or 0) < (value(found, "mews_newtt_memory_limit_bytes") or 0)
    assert (value(found, "mews_newtt_open_files", process="web") or 0) >= 3
    assert value(found, "mews_newtt_processes", process="worker") == 0


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr("mews_newtt_service.processes._children", lambda: {os.getpid(): [2**22 + 1]})
    assert [one.role for one in processes()] == ["web"]
    monkeypatch.setattr("mews_newtt_service.processes.PROC", tmp_path)
    assert processes() == [], "a system without /proc"


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(("done", "failed")), st.floats(-10, 1e5)), max_size=30))
def test_times_of_jobs_add_up_from_bound_to_bound(ended: list[tuple[str, float]]) -> None:
    rows: dict[tuple[str, str, str], tuple[int, float]] = {}
    for state, seconds in ended:
        _, (kind, as_state, at_most, took) = job_times.counted("score", state, seconds)
        jobs, total = rows.get((kind, as_state, at_most), (0, 0.0))
        rows[kind, as_state, at_most] = (jobs + 1, total + took)
    told = {one.state: one for one in job_times.told([(*key, *counts) for key, counts in rows.items()])}
    assert set(told) == {state for state, _ in ended}
    for state, one in told.items():
        took_so_long = [max(0.0, seconds) for which, seconds in ended if which == state]
        assert one.buckets == [(text, sum(seconds <= float(text) for seconds in took_so_long)) for text, _ in one.buckets]
        assert one.buckets[-1] == ("+Inf", len(took_so_long))
        assert one.seconds == pytest.approx(sum(took_so_long))
