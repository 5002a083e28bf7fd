"""Long work: queued, watched, cancelled, expired; and nothing lost when processes are killed, disks fill up or databases go away."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.tables.files import score_file
from mews_newtt_service.jobs import memory
from mews_newtt_service.jobs.database import away
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.settings import Settings
from tests.patience import PATIENCE, until
from tests.postgres import PostgreSQL
from tests.service.exposed import exposed, value
from tests.service.support import CSV, FULL, MANY, SCORE, Service, client, codes, many_rows

ASYNC = {"Content-Type": "text/csv", "Prefer": "respond-async"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), MEWS_NEWTT_RESULT_HOURS="0.5") as found:
        yield found


def test_a_job_from_the_first_answer_to_its_file(service: Service) -> None:
    first = service.http.post(MANY, content=CSV, headers=ASYNC)
    job = service.job(first)
    assert (job["state"], job["rows"], job["kind"]) == ("done", 2, "score")
    files = {file["name"]: file for file in job["files"]}
    answer = service.http.get(files["scores.csv"]["href"])
    assert answer.content == service.http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"}).content
    assert files["scores.csv"]["bytes"] == len(answer.content)
    assert service.http.get(files["summary.json"]["href"]).json()["rows"] == 2
    assert service.http.get(first.headers["content-location"] + "/files/nothing").status_code == 404
    assert service.http.get(first.headers["content-location"] + "/files/..%2Finput.csv").status_code == 404
    assert job["id"] in [one["id"] for one in service.http.get("/v1/jobs").json()["jobs"]]
    until(lambda: os.listdir(service.folder / "data" / "jobs" / job["id"]) == ["out-1"])  # what was sent is not kept


def test_the_same_request_again_is_the_same_job(service: Service) -> None:
    headers = {**ASYNC, "Idempotency-Key": '"repeat-1"'}
    first = service.http.post(MANY, content=CSV, headers=headers)
    again = service.http.post(MANY, content=CSV, headers=headers)
    assert first.headers["content-location"] == again.headers["content-location"]
    other = service.http.post(MANY, content=CSV + "13,,,,,,\n", headers=headers)
    assert (other.status_code, codes(other)) == (409, ["idempotency_key_reused"])
    bad = service.http.post(MANY, content=CSV, headers={**ASYNC, "Idempotency-Key": "a b"})
    assert (bad.status_code, codes(bad)) == (400, ["bad_idempotency_key"])


def test_a_request_id_is_no_key(service: Service) -> None:
    """A whole trace may share one: each request is a job of its own."""
    headers = {**ASYNC, "X-Request-ID": "trace-1"}
    where = [service.http.post(MANY, content=body, headers=headers).headers["content-location"] for body in (CSV, CSV, CSV + "13,,,,,,\n")]
    assert len(set(where)) == 3


def test_the_same_file_with_another_map_is_another_request_for_every_process(tmp_path: Path) -> None:
    headers = {"Prefer": "respond-async", "Idempotency-Key": "repeat-map"}
    answers = []
    for given in ("", "", '[columns]\nhr = "heart_rate"'):
        with client(tmp_path) as http:  # an application of its own: nothing remembered but what the queue has
            answers.append(http.post(MANY, files={"file": ("sets.csv", CSV), "map": ("map.toml", given)}, headers=headers))
    assert [answer.status_code for answer in answers] == [202, 202, 409]
    assert answers[0].headers["content-location"] == answers[1].headers["content-location"]


def test_a_failed_job_says_why(service: Service) -> None:
    job = service.job(service.http.post(MANY, content="resprate,temprature\n1,2\n", headers=ASYNC))
    assert (job["state"], job["files"]) == ("failed", [])
    assert {problem["code"] for problem in job["problems"]} == {"column_misspelt"}


def test_cancelling_removes_the_results(service: Service) -> None:
    first = service.http.post(MANY, content=CSV, headers=ASYNC)
    job = service.job(first)
    assert service.http.delete(first.headers["content-location"]).status_code == 202
    gone = service.http.get(first.headers["content-location"]).json()
    assert (gone["state"], gone["files"], gone["finished"]) == ("done", [], job["finished"]), "it was done, not stopped"
    assert service.http.get(job["files"][0]["href"]).status_code == 404
    assert not (service.folder / "data" / "jobs" / job["id"]).exists()


def test_single_scores_go_on_while_a_job_runs(service: Service, tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 400_000).read_bytes()
    first = service.http.post(MANY, content=body, headers=ASYNC)
    scored = 0
    while service.http.get(first.headers["content-location"]).status_code == 202:
        assert service.http.post(SCORE, json=FULL).json()["total"] == 5
        scored += 1
    assert scored > 3
    assert service.job(first)["rows"] == 400_000


@pytest.mark.deep
def test_a_running_job_is_cancelled(service: Service, tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 2_000_000).read_bytes()
    first = service.http.post(MANY, content=body, headers=ASYNC)
    until(lambda: service.http.get(first.headers["content-location"]).json()["state"] == "running")
    service.http.delete(first.headers["content-location"])
    stopped = service.job(first)
    assert stopped["state"] == "cancelled"
    until(lambda: not (service.folder / "data" / "jobs" / stopped["id"]).exists())
    assert service.job(service.http.post(MANY, content=CSV, headers=ASYNC))["state"] == "done"  # the worker is ready for the next


@pytest.mark.parametrize("what", ["everything", pytest.param("worker", marks=pytest.mark.deep)])
def test_kill_9_in_the_middle_of_a_job_loses_nothing(tmp_path: Path, what: str) -> None:
    source = many_rows(tmp_path / "many.csv", 1_000_000)
    settings = {"MEWS_NEWTT_LEASE_SECONDS": "1.5"}
    service = Service(tmp_path / "service", **settings)
    try:
        first = service.http.post(MANY, content=source.read_bytes(), headers=ASYNC)
        where = first.headers["content-location"]
        until(lambda: service.http.get(where).json()["state"] == "running")
        if what == "worker":
            for pid in children(service.process.pid):
                os.kill(pid, signal.SIGKILL)
        else:
            service.kill_all()
            service = Service(tmp_path / "service", **settings)
        job = service.job(first)
        assert (job["state"], job["rows"], job["attempts"]) == ("done", 1_000_000, 2)
        score_file(load_chart("news2"), source, tmp_path / "library.csv")
        assert service.http.get(f"{where}/files/scores.csv").content == (tmp_path / "library.csv").read_bytes()
    finally:
        service.stop()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_job_whose_worker_always_dies_fails_cleanly(tmp_path: Path) -> None:
    settings = {"lease_seconds": 0.05, "job_attempts": 2}
    with client(tmp_path, **settings) as http:
        where = http.post(MANY, content=CSV, headers=ASYNC).headers["content-location"]
        queue = http.app.state.queue
        for attempt in (1, 2):
            taken = queue.claim(f"worker {attempt}")
            assert (taken.attempts, taken.state) == (attempt, "running")
            time.sleep(0.1)
        assert queue.claim("worker 3") is None
        job = http.get(where).json()
        assert (job["state"], job["problems"][0]["code"]) == ("failed", "job_gave_up")


@pytest.mark.deep
def test_a_stopping_service_gives_its_work_back(tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 3_000_000).read_bytes()
    service = Service(tmp_path / "service", MEWS_NEWTT_SHUTDOWN_SECONDS="0")
    first = service.http.post(MANY, content=body, headers=ASYNC)
    until(lambda: service.http.get(first.headers["content-location"]).json()["state"] == "running")
    assert service.stop() == 0
    assert "job_returned" in service.log.read_text()
    with Service(tmp_path / "service") as again:
        job = again.job(first)
        assert (job["state"], job["attempts"], job["rows"]) == ("done", 1, 3_000_000)


@pytest.mark.deep
def test_a_stopping_service_finishes_short_work(tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 500_000).read_bytes()
    service = Service(tmp_path / "service")
    first = service.http.post(MANY, content=body, headers=ASYNC)
    until(lambda: service.http.get(first.headers["content-location"]).json()["state"] == "running")
    assert service.stop() == 0
    assert "job_done" in service.log.read_text()


def test_a_full_disk_is_told_and_nothing_is_kept(tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 100_000).read_bytes()
    with Service(tmp_path / "service", limit_file=2 << 20) as service:
        answer = service.http.post(MANY, content=body, headers={"Content-Type": "text/csv"})
        assert (answer.status_code, codes(answer)) == (507, ["disk_full"])
        small = many_rows(tmp_path / "small.csv", 45_000).read_bytes()  # comes in whole; its scores do not fit
        answer = service.http.post(MANY, content=small, headers={"Content-Type": "text/csv"})
        assert (answer.status_code, codes(answer)) == (507, ["disk_full"])
        assert service.http.post(SCORE, json=FULL).json()["total"] == 5
        assert os.listdir(service.folder / "data" / "jobs") == []


def test_results_expire(tmp_path: Path) -> None:
    with client(tmp_path, result_hours=0.0, job_workers=0) as http:
        queue = http.app.state.queue
        where = http.post(MANY, content=CSV, headers=ASYNC).headers["content-location"]
        job = queue.claim("worker")
        assert queue.fail(job.id, "worker", [])
        time.sleep(0.01)
        assert queue.tidy() == 1
        assert http.get(where).status_code == 404
        assert os.listdir(queue.folder) == []


def test_the_database_is_away_just_when_a_job_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.jobs.worker.AGAIN_SECONDS", 0.01)
    with client(tmp_path) as http:
        queue = http.app.state.queue
        where = http.post(MANY, content=CSV, headers=ASYNC).headers["content-location"]
        worker = Worker(queue.settings, queue)
        finish, asked = queue.finish, []

        def away_at_first(*given: Any) -> bool:
            asked.append(given)
            if len(asked) < 3:
                raise away()
            return bool(finish(*given))

        monkeypatch.setattr(queue, "finish", away_at_first)
        worker.work(queue.claim(worker.name))
        found = http.get(where).json()
        assert (found["state"], found["rows"], len(asked)) == ("done", 2, 3)


def test_an_upload_that_comes_in_for_hours_is_no_orphan(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        queue = http.app.state.queue
        coming, left = queue.make_folder("coming"), queue.make_folder("left")
        for folder in (coming, left):
            (folder / "upload").write_text("x")
            os.utime(folder / "upload", (0, 0))
            os.utime(folder, (0, 0))
        os.utime(coming / "upload")
        queue.tidy()
        assert os.listdir(queue.folder) == ["coming"]


def test_a_pack_that_finds_no_room_is_507(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with client(tmp_path, raise_faults=False) as http:

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(http.app.state.queue, "make_folder", full)
        answer = http.post("/v1/charts/news2/pack", json={})
        assert (answer.status_code, codes(answer)) == (507, ["disk_full"])


def test_workers_share_three_quarters_of_the_memory_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    container = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CONTAINER", container)
    container.write_text("max\n")
    whole = memory.most(Settings(data_folder=tmp_path))
    assert memory.held() < whole
    container.write_text("400000000\n")
    assert memory.most(Settings(data_folder=tmp_path)) == 300_000_000
    assert memory.most(Settings(data_folder=tmp_path, job_workers=3)) == 100_000_000
    assert memory.most(Settings(data_folder=tmp_path, job_memory_bytes=7)) == 7


def test_a_client_may_not_fill_the_queue(tmp_path: Path) -> None:
    with client(tmp_path, jobs_per_client=2) as http:
        answers = [http.post(MANY, content=CSV, headers=ASYNC) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[2].headers["retry-after"] == "10"
        assert len(os.listdir(http.app.state.queue.folder)) == 2


# PostgreSQL -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgreSQL]:
    with PostgreSQL() as found:
        yield found


def test_two_services_share_one_queue(postgres: PostgreSQL, tmp_path: Path) -> None:
    shared = {"MEWS_NEWTT_DATA_FOLDER": str(tmp_path / "shared"), "DATABASE_URL": postgres.url}
    with Service(tmp_path / "one", MEWS_NEWTT_JOB_WORKERS="0", **shared) as one, Service(tmp_path / "two", **shared) as two:
        first = one.http.post(MANY, content=CSV, headers=ASYNC)  # the one has no worker; the other does its work
        job = one.job(first)
        assert (job["state"], job["rows"]) == ("done", 2)
        assert two.http.get(f"{first.headers['content-location']}/files/scores.csv").status_code == 200


def test_no_two_workers_take_the_same_job(postgres: PostgreSQL, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from mews_newtt_service.jobs.queue import new_id, open_queue
    from mews_newtt_service.settings import Settings

    settings = Settings(data_folder=tmp_path, database_url=postgres.url, jobs_per_client=100)
    queues = [open_queue(settings) for _ in range(4)]
    chart = load_chart("news2")
    wanted = [queues[0].add(new_id(), "tester", "score", chart, {}).id for _ in range(40)]

    def take(queue: Any) -> list[str]:
        found = []
        while job := queue.claim(f"worker {id(queue)}"):
            found.append(job.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [job for found in pool.map(take, queues) for job in found]
    assert sorted(taken) == sorted(wanted)
    for queue in queues:
        queue.close()


DONE = ("mews_newtt_job_seconds_count", frozenset({("kind", "score"), ("state", "done")}))


def test_the_database_goes_and_comes_back(postgres: PostgreSQL, tmp_path: Path) -> None:
    with Service(tmp_path / "service", DATABASE_URL=postgres.url) as service:
        assert service.http.get("/readyz").status_code == 200
        before = exposed(service.http).get(DONE, 0)  # other tests have used this database
        postgres.stop()
        away = service.http.get("/readyz")
        assert (away.status_code, codes(away), away.headers["retry-after"]) == (503, ["database_unavailable"], "5")
        assert service.http.get("/healthz").status_code == 200
        assert value(exposed(service.http), "mews_newtt_database_up") == 0
        assert service.http.post(SCORE, json=FULL).json()["total"] == 5
        refused = service.http.post(MANY, content=CSV, headers=ASYNC)
        assert (refused.status_code, codes(refused)) == (503, ["database_unavailable"])
        assert os.listdir(service.folder / "data" / "jobs") == []
        postgres.start()
        until(lambda: service.http.get("/readyz").status_code == 200)
        assert service.job(service.http.post(MANY, content=CSV, headers=ASYNC))["state"] == "done"
        assert exposed(service.http)[DONE] == before + 1


def test_a_caller_who_goes_away_stops_the_work(service: Service, tmp_path: Path) -> None:
    body = many_rows(tmp_path / "many.csv", 2_000_000).read_bytes()
    before = [job["id"] for job in service.http.get("/v1/jobs").json()["jobs"]]
    hasty = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    hasty.request("POST", MANY, body, {"Content-Type": "text/csv"})

    def states() -> list[str]:
        return [job["state"] for job in service.http.get("/v1/jobs").json()["jobs"] if job["id"] not in before]

    until(lambda: states() in (["queued"], ["running"]))
    hasty.close()
    until(lambda: states() == ["cancelled"])
    assert not service.logged('"event": "exception"'), "nobody must be called because a caller went away"
