"""Supervises the worker processes: starts them, wakes them for new work, replaces those that die, and stops them in order."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from mews_newtt.errors import MewsNewttError
from mews_newtt_service.jobs.queue import Queue, new_id, open_queue
from mews_newtt_service.settings import Settings

LONGEST_PAUSE = 30.0
GRACE = 5.0  # beyond what running work may take
REPORT_SECONDS = 10.0
STARTING_SECONDS = 120.0  # a worker that has not come up by then is stuck, and counts no longer


class _Worker(NamedTuple):
    """A worker process, its name in the database, and when it was started."""

    name: str
    process: subprocess.Popen[bytes]
    started: float


class WorkerSupervisor:
    """The workers of one web process. Each has a pipe from it: a byte wakes the worker, the end of the pipe stops it.

    While a worker starts, the supervisor reports for it that it is alive: on a busy machine that takes longer than a caller waits. A worker that
    died is reported as gone. One that follows on another that died at once must report itself.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._settings.job_workers < 1:
            return
        with self._lock:
            self._workers = [self._launch() for _ in range(self._settings.job_workers)]
            self._report(Queue.alive, *self._workers)
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def _launch(self) -> _Worker:
        environment = {**os.environ, **self._settings.to_environment()}
        name = f"{os.uname().nodename}:{os.getpid()}:{new_id()[:8]}"
        command = [sys.executable, "-m", "mews_newtt_service.jobs.worker", name]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, env=environment)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)  # a worker that is stopped reads nothing, and must not hold us up
        return _Worker(name, process, time.monotonic())

    def _report(self, what: Callable[[Queue, str], None], *workers: _Worker) -> None:
        """Write into the database that workers live or are gone. Nobody waits for it; if the database is away, nothing is written."""

        def work() -> None:
            queue = open_queue(self._settings)
            try:
                for worker in workers:
                    what(queue, worker.name)
            except MewsNewttError:
                return
            finally:
                queue.close()

        if workers:
            threading.Thread(target=work, name="reports", daemon=True).start()

    def wake(self) -> None:
        """Tell the workers that there is new work."""
        with self._lock:
            for worker in self._workers:
                if worker.process.stdin is not None:
                    with contextlib.suppress(OSError, ValueError):
                        worker.process.stdin.write(b"\n")

    def _watch(self) -> None:
        pause, started = 0.5, time.monotonic()
        reported = started
        while not self._stop.wait(0.2):
            with self._lock:
                dead = [place for place, worker in enumerate(self._workers) if worker.process.poll() is not None]
                starting = [worker for worker in self._workers if worker.started + STARTING_SECONDS > time.monotonic()]
            if not dead:
                if pause == 0.5 and time.monotonic() - reported > REPORT_SECONDS:
                    self._report(Queue.alive, *starting)
                    reported = time.monotonic()
                continue
            pause = 0.5 if time.monotonic() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            self._report(Queue.gone, *(self._workers[place] for place in dead))
            if self._stop.wait(pause):
                return
            with self._lock:
                for place in dead:
                    _close(self._workers[place])
                    self._workers[place] = self._launch()
                if pause == 0.5:
                    self._report(Queue.alive, *(self._workers[place] for place in dead))
            started = reported = time.monotonic()

    def retire(self) -> None:
        """Tell the workers to take no further job, without waiting for them; `stop` must follow."""
        self._stop.set()
        with self._lock:
            for worker in self._workers:
                _close(worker)

    def stop(self) -> None:
        """Stop the workers. Each finishes its job in time or gives it back to the queue."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            _close(worker)
        deadline = time.monotonic() + self._settings.shutdown_seconds + GRACE
        for worker in workers:
            try:
                worker.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()  # its lease runs out, and another worker takes the job
                worker.process.wait()


def _close(worker: _Worker) -> None:
    if worker.process.stdin is not None:
        with contextlib.suppress(OSError):
            worker.process.stdin.close()
