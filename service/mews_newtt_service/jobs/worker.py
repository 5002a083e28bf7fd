"""A worker process: takes one job after another from the queue and does it, at the lowest priority. A job is done wholly or not at all.

The supervisor starts it with a pipe: a byte means new work, the end of the pipe means stop. A heartbeat thread renews the lease. It ends the
process when the job is cancelled, runs too long, or does not stop in time: nothing else can interrupt a running call of the library.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from mews_newtt.errors import FileError, MewsNewttError, Problem
from mews_newtt.tables.csv_rows import allow_long_cells
from mews_newtt_service.jobs import memory
from mews_newtt_service.jobs.job import upload_folder
from mews_newtt_service.jobs.queue import Job, Queue, new_id, open_queue
from mews_newtt_service.logs import log_now, places_of, trace_words
from mews_newtt_service.problems import ServiceError
from mews_newtt_service.settings import Settings
from mews_newtt_service.telemetry import JobSpans

POLL_SECONDS = 0.5
TIDY_SECONDS = 60.0
AGAIN_SECONDS = 1.0
NO_MEMORY = Problem("too_large_for_memory", "job", "needs more memory than there is", "send a smaller file, or shorter texts")
KEPT_MEMORY = 1 << 30  # bytes: a worker that holds more after a job makes room for a fresh one
ALIVE_AGAIN = 10.0
LEFT_EARLY = 75  # exit code: the supervisor starts a fresh worker


class Stopped(Exception):
    """The worker must leave off the job."""


class Worker:
    """One worker process: it takes jobs from the queue and does them."""

    def __init__(self, settings: Settings, queue: Queue, name: str | None = None):
        self.settings = settings
        self.queue = queue
        self.name = name or f"{os.uname().nodename}:{os.getpid()}:{new_id()[:8]}"
        self.stopping = threading.Event()
        self._asked = 0.0
        self._ended_as = ""
        self._spans = JobSpans() if settings.telemetry else None

    def stop(self, *_: int | FrameType | None) -> None:
        if not self.stopping.is_set():
            self._asked = time.monotonic()
            self.stopping.set()

    def run(self) -> None:
        """Until told to stop: work, tidy, wait."""
        threading.Thread(target=self._say_alive, name="alive", daemon=True).start()
        tidied = 0.0
        while not self.stopping.is_set():
            _notice_parent(self)  # a worker with many short jobs comes to no other look at the pipe
            if self.stopping.is_set():
                return
            try:
                job = self.queue.claim(self.name)
                if job is not None:
                    with self._spans.around(job, lambda: self._ended_as) if self._spans else contextlib.nullcontext():
                        self.work(job)
                    if memory.held() > KEPT_MEMORY:  # a fresh process starts without the memory of a large job
                        log_now("info", "worker_renewed", worker=self.name)
                        self.stop()
                    continue
                if time.monotonic() - tidied > TIDY_SECONDS:
                    self.queue.tidy()
                    tidied = time.monotonic()
            except MewsNewttError:  # the database is away: wait for it
                log_now("warning", "queue_unavailable", worker=self.name)
                self.stopping.wait(2)
            self._wait()

    def _say_alive(self) -> None:
        while not self.stopping.wait(ALIVE_AGAIN):
            with contextlib.suppress(MewsNewttError):
                self.queue.alive(self.name)

    def _wait(self) -> None:
        try:
            ready, _, _ = select.select([sys.stdin.buffer], [], [], POLL_SECONDS)
            if ready and not os.read(sys.stdin.fileno(), 4096):
                self.stop()
        except (OSError, ValueError):
            self.stop()

    def work(self, job: Job) -> None:
        """Do one job to its end."""
        from mews_newtt_service.jobs.work import do  # loads Polars: `main` must have set its number of threads before

        heartbeat = _Heartbeat(self, job)
        _say(job, "info", "job_started", kind=job.kind, attempt=job.attempts)
        out = self.queue.path(job.id, f"out-{job.attempts}")
        try:
            shutil.rmtree(out, ignore_errors=True)  # a worker that gave the job back may have begun
            out.mkdir(mode=0o700)
            heartbeat.start()
            rows, files = do(job, self.queue.folder / job.id, out, self.settings, heartbeat.progress)
            kept = self._finish(job, rows, files)
            self._ended_as = "done" if kept else "lost"
            _say(job, "info" if kept else "warning", "job_done" if kept else "job_lost", rows=rows)
            if not kept:
                self.queue.was_cancelled(job.id, self.name)
        except Stopped:
            self._left(job, heartbeat)
        except ServiceError:  # the database is away: the lease says who does the job again
            raise
        except MewsNewttError as fault:
            problems = tidy_problems(fault.problems, self.queue.folder / job.id, job.parameters)
            self._fail(job, problems)
            _say(job, "info", "job_failed", codes=sorted({problem.code for problem in problems}))
        except MemoryError:
            self._fail(job, [NO_MEMORY])
        except OSError as fault:
            told = _disk_problem(fault)
            self._fail(job, [told])
            _say(job, "error", "job_failed", codes=[told.code], errno=fault.errno)
        except Exception as fault:  # whatever happens, the job ends as failed and the worker goes on
            self._fail(job, [Problem("internal_fault", "job", "failed in the service itself", "tell whoever runs the service the job's id")])
            _say(job, "error", "fault", kind=type(fault).__name__, places=places_of(fault))
        finally:
            heartbeat.end()

    def _fail(self, job: Job, problems: list[Problem]) -> None:
        self._ended_as = "failed"
        if not self.queue.fail(job.id, self.name, problems):
            self.queue.was_cancelled(job.id, self.name)

    def _finish(self, job: Job, rows: int, files: list[dict[str, Any]]) -> bool:
        """Record that the job is done. If the database is away, try until it is back, or until the heartbeat ends the process."""
        while True:
            try:
                return self.queue.finish(job.id, self.name, rows, files)
            except ServiceError:
                _say(job, "warning", "queue_unavailable", worker=self.name)
                time.sleep(AGAIN_SECONDS)

    def _left(self, job: Job, heartbeat: _Heartbeat) -> None:
        self._ended_as = "returned" if heartbeat.released else "cancelled"
        if heartbeat.released:
            self.queue.release(job.id, self.name)
            _say(job, "info", "job_returned")
        else:
            self.queue.was_cancelled(job.id, self.name)
            _say(job, "info", "job_cancelled")

    @property
    def overdue(self) -> bool:
        """Whether running work has had its time after the call to stop."""
        return self.stopping.is_set() and time.monotonic() - self._asked > self.settings.shutdown_seconds


class _Heartbeat:
    """Renews the lease of one job while the work runs, and ends the process if the work must stop."""

    def __init__(self, worker: Worker, job: Job):
        self._worker, self._job = worker, job
        self._rows = 0
        self._share: float | None = None
        self._left = self._ended = False
        self.released = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def progress(self, rows: int, share: float | None = None) -> None:
        """Called by the work with the rows done, and the share of the whole where it is known; raises Stopped where it should leave off."""
        self._rows, self._share = rows, share
        most = self._worker.settings.upload_rows
        if rows > most:
            raise FileError(Problem("too_many_rows", "input", f"has more than {most:,} rows", "send it in parts"))
        if self._left:
            raise Stopped

    def _run(self) -> None:
        worker, job = self._worker, self._job
        every = min(worker.settings.lease_seconds / 4, 2.0)
        began, left_at, lost = time.monotonic(), 0.0, 0.0
        most = memory.most(worker.settings)
        while not self._done.wait(min(every, 0.1)):
            _notice_parent(worker)
            now = time.monotonic()
            if most and memory.held() > most:  # before the system kills some process
                self._end_with(NO_MEMORY)
            if now - began > worker.settings.job_seconds:
                self._end_with(Problem("job_too_long", "job", f"ran for more than {worker.settings.job_seconds} s", "send it in parts"))
            if worker.overdue and not self._left:
                self._left, self.released, left_at = True, True, now
            if not self._left and now - lost >= every:
                lost = now
                try:
                    if not worker.queue.renew_lease(job.id, worker.name, self._rows, self._share):
                        self._left, left_at = True, now
                except MewsNewttError:
                    continue  # the database is away; the lease tells whether somebody else takes the job
            if self._left and now - left_at > 1.0:
                with contextlib.suppress(MewsNewttError):
                    worker._left(job, self)
                os._exit(LEFT_EARLY)

    def _end_with(self, why: Problem) -> NoReturn:
        """Fail the job and end the process: nothing else stops what the library is doing."""
        with contextlib.suppress(MewsNewttError):
            self._worker.queue.fail(self._job.id, self._worker.name, [why])
        _say(self._job, "error", "job_failed", codes=[why.code])
        os._exit(LEFT_EARLY)


def _say(job: Job, level: str, event: str, **more: Any) -> None:
    """One event of a job, with the trace that it belongs to."""
    log_now(level, event, job=job.id, **trace_words(job.trace), **more)


def _notice_parent(worker: Worker) -> None:
    """See whether the pipe has ended: while a job runs, nothing else reads it."""
    with contextlib.suppress(OSError, ValueError):
        ready, _, _ = select.select([sys.stdin.buffer], [], [], 0)
        if ready and not os.read(sys.stdin.fileno(), 4096):
            worker.stop()


def tidy_problems(problems: tuple[Problem, ...], folder: Path, parameters: Mapping[str, Any]) -> list[Problem]:
    """Problems with the caller's name of the file instead of our paths."""
    name, folders = str(parameters.get("name", "input")), dict.fromkeys((folder, upload_folder(folder, parameters)))
    inputs = sorted((path for each in folders for path in each.glob("*input*")), reverse=True)
    said = [(str(path), part) for part in ("map", "plan") for path in folder.rglob(f"{part}.toml")]

    def theirs(text: str) -> str:
        for word, part in said:
            text = text.replace(word, part)
        for word in (*map(str, inputs), *map(str, folders), *(path.name for path in inputs)):
            text = text.replace(word, name)
        return text

    return [Problem(problem.code, theirs(problem.where), theirs(problem.what), theirs(problem.mend)) for problem in problems]


def _disk_problem(fault: OSError) -> Problem:
    number = fault.errno
    told = re.search(r"os error (\d+)", str(fault))  # as Polars writes it
    if number is None and told is not None:
        number = int(told[1])
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Problem("disk_full", "the service's data folder", "is full; nothing was written", "try again later, or tell whoever runs the service")
    return Problem("io_fault", "the service's data folder", "cannot be read or written", "tell whoever runs the service the job's id")


def lower_priority() -> None:
    """Give long work the lowest priority, so that single scores come first."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(19)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main() -> int:
    """Work until the pipe on standard input ends, or a signal says stop."""
    settings = Settings.from_environment()
    lower_priority()
    allow_long_cells()
    if settings.job_threads:
        os.environ["POLARS_MAX_THREADS"] = str(settings.job_threads)
    os.umask(0o077)  # what it writes is for its owner only
    worker = Worker(settings, open_queue(settings), sys.argv[1] if len(sys.argv) > 1 else None)
    with contextlib.suppress(MewsNewttError):
        worker.queue.alive(worker.name)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor says when
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file above the size limit is an error and does not end the process
    from mews_newtt_service.jobs.work import warm  # loads Polars, as above

    warm()

    worker.run()
    with contextlib.suppress(MewsNewttError):
        worker.queue.gone(worker.name)
    worker.queue.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
