"""The queue of long work: jobs, their leases and results, kept in SQLite or PostgreSQL so that they survive a restart.

A job is `queued`, then `running` under a lease that its worker renews. A worker that dies stops renewing, and the job is taken again by
another, or failed when that has happened too often. Whatever a worker writes back counts only while the lease is its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt_service.jobs.database import Database, Row, open_database
from mews_newtt_service.problems import refuse
from mews_newtt_service.settings import Settings

ENDED = ("done", "failed", "cancelled")
COLUMNS = (
    "id, client, kind, chart, version, sha256, parameters, state, num_rows, share, created, started, finished, expires, attempts, "
    "problems, files, digest"
)
ORPHAN_SECONDS = 3600.0


class Job(NamedTuple):
    """One piece of long work. `files` are its results, once it is done; `problems` say why it failed."""

    id: str
    client: str
    kind: str
    chart: str
    version: str
    sha256: str
    parameters: dict[str, Any]
    state: str
    rows: int
    share: float | None
    created: float
    started: float | None
    finished: float | None
    expires: float | None
    attempts: int
    problems: list[dict[str, str]]
    files: list[dict[str, Any]]
    digest: str

    @property
    def ended(self) -> bool:
        return self.state in ENDED


def new_id() -> str:
    return secrets.token_hex(16)


class Queue:
    """Jobs in the database, their files in `<data folder>/jobs/<id>/`."""

    def __init__(self, settings: Settings, database: Database):
        self.settings = settings
        self._database = database
        self.folder = settings.data_folder / "jobs"

    def close(self) -> None:
        self._database.close()

    def ping(self) -> None:
        """Raise ServiceError (503) where the database cannot be reached."""
        self._database.run(("SELECT 1", ()))

    def make_folder(self, job_id: str) -> Path:
        """The folder of a new job, for its owner only."""
        made = self.folder / job_id
        made.mkdir(parents=True, mode=0o700)
        return made

    def path(self, job_id: str, name: str) -> Path:
        return self.folder / job_id / name

    def drop_folder(self, job_id: str) -> None:
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def add(
        self, job_id: str, client: str, kind: str, chart: Chart, parameters: dict[str, Any], *, request_key: str | None = None, digest: str = ""
    ) -> Job:
        """Queue a job; the one already there where this client sent the same request before (409 where it sent another under that id)."""
        (waiting,) = self._database.run(
            ("SELECT count(*) FROM mews_newtt_jobs WHERE client = ? AND state IN ('queued', 'running', 'cancelling')", (client,))
        )
        if request_key is not None:
            known = self._by_key(client, request_key)
            if known is not None:
                return self._same(known, digest)
        if int(waiting[0]) >= self.settings.jobs_per_client:
            raise refuse(429, "too_many_jobs", "jobs", f"{waiting[0]} of yours wait or run already", "wait until one has ended", Retry_After="10")
        self._database.run(
            (
                f"INSERT INTO mews_newtt_jobs ({COLUMNS}, request_key) VALUES "
                f"(?, ?, ?, ?, ?, ?, ?, 'queued', 0, NULL, {self._now}, NULL, NULL, NULL, 0, "
                "'[]', '[]', ?, ?) ON CONFLICT DO NOTHING",
                (job_id, client, kind, chart.id, chart.version, chart.sha256, json.dumps(parameters), digest, request_key),
            )
        )
        found = self.get(job_id) or (self._by_key(client, request_key) if request_key is not None else None)
        if found is None:
            raise refuse(503, "database_unavailable", "jobs", "could not be kept", "try again", Retry_After="5")
        return found if found.id == job_id else self._same(found, digest)

    def _by_key(self, client: str, request_key: str) -> Job | None:
        rows = self._database.run((f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE client = ? AND request_key = ?", (client, request_key)))
        return _job(rows[0]) if rows else None

    def _same(self, known: Job, digest: str) -> Job:
        if known.digest != digest:
            raise refuse(
                409,
                "request_id_reused",
                "X-Request-ID",
                "was used for another job",
                "give each request its own id; keep it only to repeat the same request",
            )
        return known

    def get(self, job_id: str, client: str | None = None) -> Job | None:
        rows = self._database.run((f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE id = ?", (job_id,)))
        found = _job(rows[0]) if rows else None
        return None if found is None or (client is not None and found.client != client) else found

    def jobs(self, client: str) -> list[Job]:
        """A client's own jobs, newest first."""
        rows = self._database.run((f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE client = ? ORDER BY created DESC LIMIT 200", (client,)))
        return [_job(row) for row in rows]

    def counts(self) -> dict[str, int]:
        return {str(state): int(count) for state, count in self._database.run(("SELECT state, count(*) FROM mews_newtt_jobs GROUP BY state", ()))}

    def claim(self, worker: str) -> Job | None:
        """Take the oldest job that waits or whose worker has fallen silent."""
        lease = f"{self._now} + {self.settings.lease_seconds}"
        gave_up = json.dumps([_gave_up(self.settings.job_attempts)])
        rows = self._database.run(
            (
                f"UPDATE mews_newtt_jobs SET state = 'cancelled', finished = {self._now}, expires = {self._keep} "
                f"WHERE state = 'cancelling' AND lease < {self._now}",
                (),
            ),
            (
                f"UPDATE mews_newtt_jobs SET state = 'failed', problems = ?, finished = {self._now}, expires = {self._keep} "
                f"WHERE state = 'running' AND lease < {self._now} AND attempts >= ?",
                (gave_up, self.settings.job_attempts),
            ),
            (
                f"UPDATE mews_newtt_jobs SET state = 'running', worker = ?, lease = {lease}, attempts = attempts + 1, num_rows = 0, share = NULL, "
                f"started = {self._now} WHERE id = (SELECT id FROM mews_newtt_jobs "
                f"WHERE state = 'queued' OR (state = 'running' AND lease < {self._now}) ORDER BY created LIMIT 1 {self._database.skip_locked}) "
                f"RETURNING {COLUMNS}",
                (worker,),
            ),
        )
        return _job(rows[0]) if rows else None

    def beat(self, job_id: str, worker: str, rows: int, share: float | None = None) -> bool:
        """Renew the lease; False where the job is no longer this worker's to finish."""
        return bool(
            self._database.run(
                (
                    f"UPDATE mews_newtt_jobs SET lease = {self._now} + {self.settings.lease_seconds}, num_rows = ?, share = ? "
                    "WHERE id = ? AND worker = ? AND state = 'running' RETURNING id",
                    (rows, share, job_id, worker),
                )
            )
        )

    def finish(self, job_id: str, worker: str, rows: int, files: Sequence[dict[str, Any]]) -> bool:
        return self._end(job_id, worker, "done", rows, [], files)

    def fail(self, job_id: str, worker: str, problems: Sequence[Problem]) -> bool:
        return self._end(job_id, worker, "failed", 0, [problem.to_dict() for problem in problems], [])

    def _end(self, job_id: str, worker: str, state: str, rows: int, problems: Sequence[Any], files: Sequence[Any]) -> bool:
        ended = self._database.run(
            (
                f"UPDATE mews_newtt_jobs SET state = ?, num_rows = ?, problems = ?, files = ?, finished = {self._now}, expires = {self._keep} "
                "WHERE id = ? AND worker = ? AND state = 'running' RETURNING id",
                (state, rows, json.dumps(list(problems)), json.dumps(list(files)), job_id, worker),
            )
        )
        if ended:
            self._drop_all_but(job_id, {str(file["folder"]) for file in files})
        return bool(ended)

    def _drop_all_but(self, job_id: str, kept: set[str]) -> None:
        """What was sent is not kept longer than the work needs it, nor what attempts that died have left."""
        for path in (*self.path(job_id, "").glob("*input*"), *self.path(job_id, "").glob("out-*")):
            if path.is_file():
                path.unlink(missing_ok=True)
            elif path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def release(self, job_id: str, worker: str) -> None:
        """Give a job back because its worker stops; this counts as no attempt."""
        self._database.run(
            (
                "UPDATE mews_newtt_jobs SET state = 'queued', worker = NULL, lease = NULL, attempts = attempts - 1 "
                "WHERE id = ? AND worker = ? AND state = 'running'",
                (job_id, worker),
            )
        )

    def was_cancelled(self, job_id: str, worker: str) -> None:
        """The worker has stopped a job that somebody cancelled."""
        stopped = self._database.run(
            (
                f"UPDATE mews_newtt_jobs SET state = 'cancelled', finished = {self._now}, expires = {self._keep} "
                "WHERE id = ? AND worker = ? AND state = 'cancelling' RETURNING id",
                (job_id, worker),
            )
        )
        if stopped:
            self.drop_folder(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job that waits or runs; drop the results of one that has ended."""
        self._database.run(
            ("UPDATE mews_newtt_jobs SET state = 'cancelling' WHERE id = ? AND state = 'running'", (job_id,)),
            (
                f"UPDATE mews_newtt_jobs SET state = 'cancelled', files = '[]', finished = {self._now}, expires = {self._keep} "
                "WHERE id = ? AND state IN ('queued', 'done')",
                (job_id,),
            ),
        )
        found = self.get(job_id)
        if found is not None and found.ended:
            self.drop_folder(job_id)

    def forget(self, job_id: str) -> None:
        """A job and all its files, gone; one that still runs is cancelled first."""
        self.cancel(job_id)
        self._database.run(("DELETE FROM mews_newtt_jobs WHERE id = ? AND state IN ('done', 'failed', 'cancelled')", (job_id,)))
        self.drop_folder(job_id)

    def tidy(self) -> int:
        """Remove what has expired, and folders that no job owns; how many jobs went."""
        gone = self._database.run(
            (f"DELETE FROM mews_newtt_jobs WHERE expires < {self._now} AND state IN ('done', 'failed', 'cancelled') RETURNING id", ())
        )
        self._database.run((f"DELETE FROM mews_newtt_tokens WHERE expires < {self._now}", ()))
        stopped = self._database.run(("SELECT id FROM mews_newtt_jobs WHERE state = 'cancelled'", ()))
        for (job_id,) in (*gone, *stopped):
            self.drop_folder(str(job_id))
        if self.folder.is_dir():
            kept = {str(row[0]) for row in self._database.run(("SELECT id FROM mews_newtt_jobs", ()))}
            for entry in os.scandir(self.folder):
                if entry.name not in kept and time.time() - _touched(entry.path) > ORPHAN_SECONDS:
                    self.drop_folder(entry.name)
        return len(gone)

    def first_use(self, client: str, token_id: str, expires: float) -> bool:
        """Whether a signed assertion is used for the first time, by any of the service's processes."""
        return bool(
            self._database.run(
                (
                    "INSERT INTO mews_newtt_tokens (client, token_id, expires) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING token_id",
                    (client, token_id, expires),
                )
            )
        )

    @property
    def _now(self) -> str:
        return self._database.now

    @property
    def _keep(self) -> str:
        return f"{self._now} + {self.settings.result_hours * 3600}"


def _touched(folder: str) -> float:
    """When something was last written there: an upload may come in for hours. What goes while we look is none of ours."""
    times = [time.time()]
    with contextlib.suppress(FileNotFoundError):
        times = [os.stat(folder).st_mtime, *(os.stat(entry).st_mtime for entry in os.scandir(folder))]
    return max(times)


def _gave_up(attempts: int) -> dict[str, str]:
    return Problem(
        "job_gave_up", "job", f"its worker died {attempts} times", "send a smaller file; if that fails too, tell whoever runs the service"
    ).to_dict()


def _job(row: Row) -> Job:
    found = list(row)
    for place in (6, 15, 16):
        found[place] = json.loads(found[place])
    return Job(*found)


def open_queue(settings: Settings) -> Queue:
    """The queue that the settings name; the database is not yet asked for anything."""
    return Queue(settings, open_database(settings))
