"""Stopping and reloading a running service, as processes: no request and no job is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mews_newtt_service.app import create_app
from mews_newtt_service.jobs.queue import open_queue
from mews_newtt_service.problems import ServiceError
from mews_newtt_service.reloading import Reloadable
from mews_newtt_service.settings import Settings
from tests.patience import PATIENCE, until
from tests.service.support import CSV, FULL, MANY, PACK, SCORE, VERIFY, Service, codes

FILE = {"Content-Type": "text/csv"}
KEEP = {**FILE, "Prefer": "respond-async"}


@contextlib.contextmanager
def scoring(service: Service) -> Iterator[list[int]]:
    """A client that scores without a pause on one connection that it keeps; what it was answered."""
    stop, seen = threading.Event(), []
    body = json.dumps(FULL).encode()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
        while not stop.is_set():
            connection.request("POST", SCORE, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            seen.append(answer.status if json.loads(answer.read())["total"] == 5 else 0)
            time.sleep(0.005)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def log_of(service: Service, event: str) -> list[dict[str, object]]:
    return [found for line in service.log.read_text().splitlines() if line.startswith("{") and (found := json.loads(line))["event"] == event]


def settings_file(folder: Path, *lines: str) -> Path:
    path = folder / "service.toml"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.deep)])
def test_new_settings_without_a_lost_request(tmp_path: Path, workers: str) -> None:
    file = settings_file(tmp_path, "array_rows = 3", "job_workers = 0")
    with Service(tmp_path, "--workers", workers, "--settings", str(file)) as service:
        sets = [FULL] * 4
        assert service.http.post(MANY, json=sets).status_code == 413
        with scoring(service) as seen:
            until(lambda: len(seen) > 5, "no score")
            settings_file(tmp_path, "array_rows = 4", "job_workers = 0", "connections = 999")
            service.process.send_signal(signal.SIGHUP)

            until(lambda: len(log_of(service, "reloaded")) == int(workers), service.log.read_text())
            assert service.http.post(MANY, json=sets).status_code == 200
            assert log_of(service, "reloaded")[0]["kept_until_restart"] == (["MEWS_NEWTT_CONNECTIONS"] if workers == "1" else []), "told by the first process"
            counted = len(seen)
            until(lambda: len(seen) > counted + 5, "no score after the reload")
            settings_file(tmp_path, "array_rows = 0", "wrokers = 1")
            service.process.send_signal(signal.SIGHUP)
            until(lambda: bool(log_of(service, "reload_refused")), "the fault is not told")
            assert service.http.post(MANY, json=sets).status_code == 200, "the settings stay as they were"
        assert set(seen) == {200}
        told = log_of(service, "reload_refused")[0]["problems"]
        assert isinstance(told, list)
        assert [line.rpartition(": ")[2] for line in told] == ["is not a setting", "is 0"]
        if workers == "1":
            assert service.http.get("/readyz").json()["settings_kept_because"] == "unknown_setting"
            assert service.http.get("/metrics").text.count("mews_newtt_scores_total{") > 0, "counts go on"
        assert service.stop() == 0


@pytest.mark.deep
def test_a_job_is_done_though_its_workers_are_replaced(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        jobs = [service.http.post(MANY, content=CSV, headers=KEEP) for _ in range(3)]
        service.process.send_signal(signal.SIGHUP)
        jobs += [service.http.post(MANY, content=CSV, headers=KEEP) for _ in range(3)]
        assert [service.job(answer)["state"] for answer in jobs] == ["done"] * 6
        until(lambda: len(log_of(service, "job_done")) >= 6, "the last one is not in the log")
        assert len(log_of(service, "job_done")) == 6, "each of them once"


def test_readyz_says_draining_while_scores_are_still_answered(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_DRAIN_SECONDS="600", MEWS_NEWTT_JOB_WORKERS="0") as service:
        queued = service.http.post(MANY, content=CSV, headers=KEEP).json()["id"]
        service.process.terminate()
        until(lambda: service.http.get("/readyz").status_code == 503, "it never drains")
        answer = service.http.get("/readyz")
        assert (codes(answer), answer.headers["retry-after"], answer.headers["connection"]) == (["draining"], "10", "close")
        assert service.http.get("/healthz").status_code == 200
        assert service.http.post(SCORE, json=FULL).json()["total"] == 5
        stated = [{"observations": FULL, "stated": {"total": 5}}]
        long = (service.http.post(MANY, content=CSV, headers=KEEP), service.http.post(PACK, json={}), service.http.post(VERIFY, json=stated))
        for refused in long:
            assert (refused.status_code, codes(refused), refused.headers["retry-after"]) == (503, ["stopping"], "10")
        service.process.terminate()
        assert service.process.wait(PATIENCE) == 0
    kept = open_queue(Settings(data_folder=tmp_path / "data")).get(queued)
    assert kept is not None
    assert kept.state == "queued", "the next start does it"


def test_the_drain_ends_by_itself(tmp_path: Path) -> None:
    import anyio

    settings = Settings(data_folder=tmp_path, job_workers=0, log_level="error", drain_seconds=1)
    heard: list[float] = []

    async def work() -> None:
        around = Reloadable(create_app(settings), lambda: settings)
        async with around._live(None):
            servers_own = around._heard[signal.SIGTERM]
            around._heard[signal.SIGTERM] = lambda *_: heard.append(time.monotonic())
            began = time.monotonic()
            around._stop(signal.SIGTERM)
            assert (around.state.stopping.draining, heard) == (True, [])
            with anyio.fail_after(PATIENCE):
                while not heard:
                    await anyio.sleep(0.02)
            assert heard[0] - began >= 0.99
            around._heard[signal.SIGTERM] = servers_own

    anyio.run(work)


def refuses(service: Service) -> bool:
    """Whether the service accepts no new connection any more."""
    try:
        socket.create_connection(("127.0.0.1", service.port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


@contextlib.contextmanager
def streaming(service: Service) -> Iterator[Callable[[], list[int]]]:
    """A stream of lines that has begun; what it gives sends one more line, ends the stream and returns the totals of its answer."""
    line = json.dumps(FULL).encode() + b"\n"
    stream = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    stream.putrequest("POST", MANY)
    stream.putheader("Content-Type", "application/x-ndjson")
    stream.putheader("Transfer-Encoding", "chunked")
    stream.endheaders()
    stream.send(b"%x\r\n%s\r\n" % (len(line), line))
    answer = stream.getresponse()  # its head comes with the first score: the stream runs

    def end() -> list[int]:
        stream.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(line), line))
        return [json.loads(text)["total"] for text in answer.read().splitlines()]

    try:
        yield end
    finally:
        stream.close()


@pytest.mark.deep
def test_a_request_that_runs_is_answered_and_a_second_signal_ends_the_drain(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_DRAIN_SECONDS="600", MEWS_NEWTT_JOB_WORKERS="0") as service, streaming(service) as end:
        service.process.terminate()
        until(lambda: service.http.get("/readyz").status_code == 503, "it never drains")
        service.process.terminate()
        until(lambda: refuses(service), "it still listens")
        assert end() == [5, 5]
        assert service.process.wait(PATIENCE) == 0


@pytest.mark.deep
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_in_a_terminal_lets_running_requests_end(tmp_path: Path, workers: str) -> None:
    """The terminal sends the signal to all processes, and the first one passes it on: that must not count as two."""
    settings = {"DRAIN_SECONDS": "600", "SHUTDOWN_SECONDS": str(PATIENCE), "JOB_WORKERS": "0"}
    with Service(tmp_path, "--workers", workers, **{f"MEWS_NEWTT_{name}": value for name, value in settings.items()}) as service:
        with streaming(service) as end:
            os.killpg(service.process.pid, signal.SIGINT)
            until(lambda: refuses(service), "it still listens")
            assert end() == [5, 5]
        assert service.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("worker", ["nobody works", "another machine works"])
def test_who_waits_for_long_work_is_told_in_time(tmp_path: Path, worker: str) -> None:
    """The caller gets an answer, and not a cut connection: at once if nobody can do the job, else before the time is over."""
    with Service(tmp_path, MEWS_NEWTT_SHUTDOWN_SECONDS="3", MEWS_NEWTT_JOB_WORKERS="0") as service:
        queue = open_queue(Settings(data_folder=tmp_path / "data"))
        if worker == "another machine works":
            queue.alive("another machine")  # and it is busy
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(httpx.post(service.url + MANY, content=CSV, headers=FILE, trust_env=False, timeout=PATIENCE))

        caller = threading.Thread(target=ask)
        caller.start()
        until(lambda: bool(queue.jobs("local")), "it is not queued")
        service.process.terminate()
        caller.join()
        assert (answers[0].status_code, codes(answers[0])) == (503, ["stopping"])
        assert service.process.wait(PATIENCE) == 0
        assert queue.jobs("local") == [], "nothing is kept of it"
        queue.close()


def test_a_reload_that_fails_leaves_the_application_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import anyio

    clients = tmp_path / "clients.toml"
    settings = Settings(data_folder=tmp_path / "data", job_workers=0, log_level="error")
    changed: dict[str, Any] = {"job_workers": 0, "uploads_at_once": 1, "database_seconds": 3.0}

    async def work() -> None:
        app = create_app(settings)
        around = Reloadable(app, lambda: Settings(data_folder=tmp_path / "other", clients_file=clients, **changed))
        async with around._live(None):
            await around.reload()
            assert around._app is app
            assert app.state.settings_fault.problems[0].code == "clients_unreadable"
            clients.write_text(f'[[clients]]\nid = "a"\nkey_sha256 = ["{"a" * 64}"]\n')
            await around.reload()
            assert around._app is not app
            new = around._app.state
            assert new.settings_fault is None
            assert (new.settings.clients_file, new.settings.data_folder) == (clients, tmp_path / "data"), "jobs stay where they are"
            assert (new.queue, new.metrics, new.limits) == (app.state.queue, app.state.metrics, app.state.limits)
            assert new.queue.settings == new.settings
            assert new.settings.database_seconds == settings.database_seconds, "the queue that goes on has the old one"
            with app.state.concurrency.slot("a"), pytest.raises(ServiceError, match="1 uploads or streams run already"), new.concurrency.slot("a"):
                pytest.fail("a stream that began before the reload counts after it")

            def told_to_stop(settings: Settings, before: Any) -> Any:
                before.stopping.begin(60)
                return create_app(settings, before)

            monkeypatch.setattr("mews_newtt_service.reloading.create_app", told_to_stop)
            await around.reload()
            assert around._app.state is new, "what is about to stop starts no new workers"

    anyio.run(work)


@pytest.mark.parametrize("also", [(), pytest.param((signal.SIGTERM,), marks=pytest.mark.deep)], ids=["SIGINT", "SIGTERM, then SIGINT"])
def test_several_web_processes_stop_at_once_after_sigint(tmp_path: Path, also: tuple[signal.Signals, ...]) -> None:
    with Service(tmp_path, "--workers", "2", MEWS_NEWTT_DRAIN_SECONDS="600", MEWS_NEWTT_JOB_WORKERS="0") as service:
        assert service.http.post(SCORE, json=FULL).status_code == 200
        for sent in (*also, signal.SIGINT):
            service.process.send_signal(sent)
        assert service.process.wait(PATIENCE) == 0, "600 seconds are longer than this waits"
    assert [line["seconds"] for line in log_of(service, "draining")] in ([], [600.0] * 2), service.log.read_text()
