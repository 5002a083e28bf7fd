"""Uploads that get lost, uploads that stay, and clients that fill the disk or the queue."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt_service.jobs import submit
from mews_newtt_service.jobs.database import away
from mews_newtt_service.jobs.queue import Queue, open_queue
from mews_newtt_service.jobs.supervisor import WorkerSupervisor
from mews_newtt_service.jobs.work import warm
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.pages import kept_runs
from mews_newtt_service.routes import health
from mews_newtt_service.settings import Settings
from tests.patience import PATIENCE, until
from tests.postgres import PostgreSQL
from tests.service.support import CSV, MANY, SCORE, VERIFY, client, codes
from tests.service.test_jobs import ASYNC

SETS = b"heart_rate,respiratory_rate,total\n80,20,0\n"
CHOSEN = {"column-0": "heart_rate", "column-1": "respiratory_rate", "column-2": "expected_total", "do": "run", "anyway": "yes"}
OTHER = {**CHOSEN, "column-1": "-"}


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Any]:
    with client(tmp_path, jobs_per_client=2) as found:
        yield found


def send(http: Any) -> str:
    sent = http.post("/workbench/validate", data={"chart": "news2@2017.1"}, files={"file": ("mine.csv", SETS)}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def press(http: Any, draft: str, chosen: dict[str, str] | None = None) -> Any:
    form = chosen or CHOSEN
    answer = http.post(draft, data=form, follow_redirects=False)
    seen = re.search(r'name="rows_seen" value="([^"]*)"', answer.text)  # the page asks once more where rows have no column
    return http.post(draft, data={**form, "rows_seen": seen[1]}, follow_redirects=False) if seen else answer


def files(http: Any, draft: str) -> list[str]:
    folder = http.app.state.queue.folder / draft.rpartition("/")[2]
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


class TestValidatePressed:
    """Validate in the workbench keeps the upload whatever happens."""

    def test_twice_is_one_run_with_its_files(self, http: Any) -> None:
        draft = send(http)
        first, again = press(http, draft), press(http, draft)
        assert first.headers["location"] == again.headers["location"]
        assert "input.csv" in files(http, draft)
        assert len(http.get("/v1/jobs").json()["jobs"]) == 1

    def test_again_with_other_columns_changes_nothing(self, http: Any) -> None:
        draft = send(http)
        press(http, draft)
        job = http.app.state.queue.claim("worker")
        before = (http.app.state.queue.folder / job.id / job.parameters["map"]).read_text()
        again = press(http, draft, OTHER)
        assert again.status_code != 303 and "can no longer be changed" in again.text
        job = http.app.state.queue.get(job.id)
        assert (http.app.state.queue.folder / job.id / job.parameters["map"]).read_text() == before

    def test_at_the_job_limit_keeps_the_upload(self, http: Any) -> None:
        draft = send(http)
        taken = [http.post(MANY, content=CSV, headers=ASYNC).headers["content-location"] for _ in range(2)]
        assert "wait or run already" in press(http, draft).text
        assert files(http, draft)[0] == "input.csv"
        http.delete(taken[0])
        assert press(http, draft).status_code == 303

    def test_while_the_database_is_away_keeps_the_upload(self, http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        draft = send(http)

        def gone(*_: Any, **__: Any) -> None:
            raise away()

        with monkeypatch.context() as patch:
            patch.setattr(http.app.state.queue, "start", gone)
            assert "cannot be reached" in press(http, draft).text
        assert press(http, draft).status_code == 303

    def test_an_upload_that_was_started_leads_to_its_run(self, http: Any) -> None:
        draft = send(http)
        run = press(http, draft).headers["location"]
        assert http.get(draft, follow_redirects=False).headers["location"] == run
        queue = http.app.state.queue
        queue.claim("worker")
        queue.fail(run.rpartition("/")[2], "worker", [])
        assert "can no longer be changed" in press(http, draft).text


def test_uploads_without_columns_are_limited(http: Any) -> None:
    for _ in range(2):
        send(http)
    third = http.post("/workbench/validate", data={"chart": "news2@2017.1"}, files={"file": ("mine.csv", SETS)}, follow_redirects=False)
    assert third.status_code == 429
    assert len(os.listdir(http.app.state.queue.folder)) == 2
    assert http.post(MANY, content=CSV, headers=ASYNC).status_code == 202, "they are no jobs yet"


def test_an_upload_nobody_comes_back_for_goes(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.jobs.queue.DRAFT_SECONDS", 0)
    send(http)
    http.app.state.queue.tidy()
    assert os.listdir(http.app.state.queue.folder) == []


@pytest.mark.parametrize("path", [MANY, VERIFY])
def test_a_client_may_not_fill_the_disk(tmp_path: Path, path: str) -> None:
    body = CSV.encode() * 100
    with client(tmp_path, client_bytes=3 * len(body) - 1, jobs_per_client=100) as http:
        answers = [http.post(path, content=body, headers=ASYNC) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert (codes(answers[2]), answers[2].headers["retry-after"]) == (["storage_used"], "60")
        chunked = http.post(path, content=iter([body[:5000], body[5000:]]), headers=ASYNC)
        assert (chunked.status_code, codes(chunked)) == (429, ["storage_used"])
        form = http.post("/workbench/validate", data={"chart": "news2@2017.1"}, files={"file": ("a.csv", body)}, follow_redirects=False)
        assert form.status_code == 429
        assert len(os.listdir(http.app.state.queue.folder)) == 2
        http.delete(answers[0].headers["content-location"])
        assert http.post(path, content=body, headers=ASYNC).status_code == 202


def test_results_that_are_kept_count_too(tmp_path: Path) -> None:
    with client(tmp_path, client_bytes=2_000) as http:
        queue = http.app.state.queue
        where = http.post(MANY, content=CSV, headers=ASYNC).headers["content-location"]
        job = queue.claim("worker")
        queue.finish(job.id, "worker", 2, [{"name": "scores.csv", "folder": "out-1", "bytes": 1_990, "media_type": "text/csv"}])
        assert codes(http.post(MANY, content=CSV, headers=ASYNC)) == ["storage_used"]
        http.delete(where)
        assert http.post(MANY, content=CSV, headers=ASYNC).status_code == 202


def test_the_upload_of_a_job_that_gave_up_is_gone(tmp_path: Path) -> None:
    with client(tmp_path, lease_seconds=0.05, job_attempts=1) as http:
        queue = http.app.state.queue
        http.post(MANY, content=CSV, headers=ASYNC)
        job = queue.claim("worker that dies")
        (queue.folder / job.id / "out-1").mkdir()
        time.sleep(0.1)
        queue.claim("another")
        assert queue.get(job.id).problems[0]["code"] == "job_gave_up"
        assert os.listdir(queue.folder) == []


def test_what_a_killed_process_left_of_ended_jobs_goes(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        queue = http.app.state.queue
        http.post(MANY, content=CSV, headers=ASYNC)
        job = queue.claim("worker")
        queue._drop_all_but = lambda *_: None  # killed after its last word
        queue.finish(job.id, "worker", 2, [{"name": "scores.csv", "folder": "out-1", "bytes": 1, "media_type": "text/csv"}])
        (queue.folder / job.id / "out-1").mkdir()
        del queue._drop_all_but
        queue.tidy()
        assert os.listdir(queue.folder / job.id) == ["out-1"]


def test_deleting_a_running_run_leaves_its_folder_to_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm()  # as a worker does: the heartbeat ends a process whose job takes more than a second after its end
    with client(tmp_path) as http:
        queue = http.app.state.queue
        http.post(MANY, content=CSV, headers=ASYNC)
        worker = Worker(queue.settings, queue)
        job = queue.claim(worker.name)
        queue.forget(job.id)
        assert (queue.get(job.id).state, os.listdir(queue.folder)) == ("cancelling", [job.id])
        failed: list[Any] = []
        monkeypatch.setattr(worker, "_fail", lambda *given: failed.append(given))
        worker.work(job)
        assert (queue.get(job.id).state, os.listdir(queue.folder), failed) == ("cancelled", [], [])


def test_a_cancelled_job_whose_worker_fails_ends_at_once(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        queue = http.app.state.queue
        http.post(MANY, content="no,columns\n1,2\n", headers=ASYNC)
        worker = Worker(queue.settings, queue)
        job = queue.claim(worker.name)
        (queue.folder / job.id / "input.csv").unlink()
        queue.cancel(job.id)
        worker.work(job)
        assert queue.get(job.id).state == "cancelled", "it waited for the end of its lease"


def test_a_job_that_was_given_back_starts_in_a_clean_folder(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        queue = http.app.state.queue
        http.post(MANY, content=CSV, headers=ASYNC)
        job = queue.claim("first")
        (queue.folder / job.id / "out-1").mkdir()
        (queue.folder / job.id / "out-1" / "half.csv").write_text("half")
        queue.release(job.id, "first")
        worker = Worker(queue.settings, queue)
        worker.work(queue.claim(worker.name))
        assert sorted(file["name"] for file in queue.get(job.id).files) == ["scores.csv", "summary.json"]


@pytest.mark.parametrize("back", [3 * 3600, -3600])
def test_a_clock_that_is_set_back_holds_no_dead_workers_job(tmp_path: Path, back: int) -> None:
    with client(tmp_path) as http:
        queue = http.app.state.queue
        http.post(MANY, content=CSV, headers=ASYNC)
        job = queue.claim("dead")
        queue._database.run((f"UPDATE mews_newtt_jobs SET lease = {queue._now} + {back} WHERE id = ?", (job.id,)))
        assert queue.claim("another").id == job.id


def test_results_on_pages_are_not_lost_between_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result is evicted as soon as it is kept."""

    class Gone(dict[str, Any]):
        def __setitem__(self, *_: Any) -> None:
            """Another reader took its place."""

    monkeypatch.setattr(kept_runs, "_results", Gone())
    monkeypatch.setattr(kept_runs, "_verdicts", Gone())
    monkeypatch.setattr(kept_runs, "path_of", lambda *_: Path(__file__).with_name("attack.py"))
    monkeypatch.setattr(json, "loads", lambda _: {"verdict": "agrees"})
    job: Any = type("Job", (), {"id": "1", "kind": "verify", "state": "done", "files": [{"name": "validation.json"}], "parameters": {}, "chart": "news2",
                                "version": "1", "created": 0.0, "expires": None, "rows": 1})
    charts = SimpleNamespace(find=lambda *_: load_chart("news2"))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(charts=charts)))
    assert kept_runs.shown_run(request, job).verdict == "agrees"


def test_waiting_without_a_worker_ends_with_a_clear_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "NO_WORKER_SECONDS", 0.2)
    monkeypatch.setattr(health, "LOOK_SECONDS", 0)
    with client(tmp_path) as http:
        assert http.get("/readyz").json()["long_work"] == "waits: no worker process is alive"
        answer = http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"})
        assert (answer.status_code, codes(answer), answer.headers["retry-after"]) == (503, ["no_worker"], "30")
        assert (os.listdir(http.app.state.queue.folder), http.get("/v1/jobs").json()["jobs"]) == ([], [])
        http.app.state.queue.alive("worker of another machine")
        ready = http.get("/readyz").json()
        assert (ready["workers"], "long_work" in ready) == (1, False)
        http.app.state.queue.gone("worker of another machine")
        assert http.get("/readyz").json()["workers"] == 0


def test_a_worker_counts_while_it_starts_and_no_longer_once_it_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start may take longer than a caller waits for a worker. One that dies again and again must not look like one that starts."""
    script = tmp_path / "starts_for_ever"
    script.write_text("#!/bin/sh\nexec cat\n")  # ends with its pipe, as a worker does
    script.chmod(0o700)
    monkeypatch.setattr("mews_newtt_service.jobs.supervisor.sys.executable", str(script))
    settings = Settings(data_folder=tmp_path / "data", job_workers=1)
    queue, supervisor = open_queue(settings), WorkerSupervisor(settings)

    assert queue.workers() == 0
    supervisor.start()
    try:
        until(lambda: queue.workers() == 1)
        (first,) = supervisor._workers
        first.process.kill()
        until(lambda: queue.workers() == 0)
        until(lambda: supervisor._workers[0].name != first.name)
        time.sleep(0.3)
        assert queue.workers() == 0, "it must report itself"
    finally:
        supervisor.stop()
        queue.close()


def test_a_worker_that_is_stopped_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "reads_nothing"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o700)
    monkeypatch.setattr("mews_newtt_service.jobs.supervisor.sys.executable", str(script))
    monkeypatch.setattr("mews_newtt_service.jobs.supervisor.GRACE", 0.0)
    supervisor = WorkerSupervisor(Settings(data_folder=tmp_path / "data", job_workers=1, shutdown_seconds=0))
    supervisor.start()
    for _ in range(70_000):  # more than a pipe holds
        supervisor.wake()
    supervisor.stop()


def test_a_mother_and_her_baby_may_be_scored_in_one_trace(http: Any) -> None:
    headers = {"X-Request-ID": "one-trace"}
    mother = http.post("/v1/charts/mews/score?version=0.1", json={"respiratory_rate": 20}, headers=headers)
    baby = http.post("/v1/charts/npews/score", json={"respiratory_rate": 40}, headers=headers)
    many = http.post(MANY, json=[], headers=headers)
    assert [answer.status_code for answer in (mother, baby, many)] == [200, 200, 200]
    assert {answer.headers["x-request-id"] for answer in (mother, baby, many)} == {"one-trace"}
    assert http.post(SCORE, json={}, headers={**headers, "Idempotency-Key": "x"}).status_code == 200, "scores need no key"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgreSQL]:
    with PostgreSQL() as found:
        yield found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_job_limit_holds_for_requests_at_the_same_moment(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    from mews_newtt import load_chart

    url = request.getfixturevalue("postgres").url if kind == "postgresql" else ""
    settings = Settings(data_folder=tmp_path, jobs_per_client=5, database_url=url)
    processes = [open_queue(settings) for _ in range(12)]
    start = threading.Barrier(len(processes), timeout=PATIENCE)
    made: list[str] = []

    def add(queue: Queue, number: int) -> None:
        queue.workers()
        start.wait()
        try:
            made.append(queue.add(f"{kind}-{number}", "one client", "pack", load_chart("news2"), {}).id)
        except Exception as fault:
            made.append(str(fault))

    threads = [threading.Thread(target=add, args=(queue, number)) for number, queue in enumerate(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.startswith(kind) for one in made) == 5, made
    assert all("wait or run already" in one for one in made if not one.startswith(kind))
    found = processes[0].jobs("one client")[0]
    assert processes[0].start(found.id, "one client", found.kind, {}).id == found.id
    assert processes[0].workers() == 0
    processes[0].alive("w")
    processes[0].alive("w")
    assert processes[0].workers() == 1
    for queue in processes:
        queue.close()
