"""Supervises the worker processes: starts them, wakes them for new work, replaces those that die, and stops them in order."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time

from mews_newtt_service.settings import Settings

LONGEST_PAUSE = 30.0
GRACE = 5.0  # beyond what running work may take


class WorkerSupervisor:
    """The workers of one web process. Each has a pipe from it: a byte wakes the worker, the end of the pipe stops it."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._workers: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._settings.job_workers < 1:
            return
        with self._lock:
            self._workers = [self._launch() for _ in range(self._settings.job_workers)]
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def _launch(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self._settings.to_environment()}
        return subprocess.Popen([sys.executable, "-m", "mews_newtt_service.jobs.worker"], stdin=subprocess.PIPE, env=environment)

    def wake(self) -> None:
        """Tell the workers that there is new work."""
        with self._lock:
            for worker in self._workers:
                if worker.stdin is not None:
                    with contextlib.suppress(OSError, ValueError):
                        worker.stdin.write(b"\n")
                        worker.stdin.flush()

    def _watch(self) -> None:
        pause, started = 0.5, time.monotonic()
        while not self._stop.wait(0.2):
            with self._lock:
                dead = [place for place, worker in enumerate(self._workers) if worker.poll() is not None]
            if not dead:
                continue
            pause = 0.5 if time.monotonic() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            if self._stop.wait(pause):
                return
            with self._lock:
                for place in dead:
                    _close(self._workers[place])
                    self._workers[place] = self._launch()
            started = time.monotonic()

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
                worker.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()  # its lease runs out, and another worker takes the job
                worker.wait()


def _close(worker: subprocess.Popen[bytes]) -> None:
    if worker.stdin is not None:
        with contextlib.suppress(OSError):
            worker.stdin.close()
