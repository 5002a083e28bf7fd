"""The queue of long work: jobs, their leases and results, kept in SQLite or PostgreSQL so that they survive a restart.

An upload whose columns have no meaning yet waits as a `draft`. A job is `queued`, then `running` under a lease that its worker
renews. If a worker dies, its lease runs out, and another worker takes the job; after some attempts the job fails.
The queue accepts a result only from the worker that holds the lease.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt_service.jobs import job_times
from mews_newtt_service.jobs.database import Database, Row, open_database
from mews_newtt_service.jobs.job import COLUMNS, ENDED, STATES, Job, gave_up, job_of, new_id
from mews_newtt_service.jobs.shared import ALIVE_SECONDS, Shared
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.settings import Settings

__all__ = ("Job", "Queue", "new_id", "open_queue")
ORPHAN_SECONDS = 3600.0
DRAFT_SECONDS = 3600.0  # how long an upload waits for its columns to be named
CLOCK_SECONDS = 3600.0  # a lease that ends later than any should: the clock was set back
LIMIT_SECONDS = 3600.0  # a bucket that was not used for so long is full
_WAITING = "('queued', 'running', 'cancelling')"
# Clients take turns, so that one with many jobs does not hold up the others.
_LAST_STARTED = "(SELECT coalesce(max(others.started), 0) FROM mews_newtt_jobs AS others WHERE others.client = mews_newtt_jobs.client)"
_ENDED = "id, kind, state, coalesce(finished - started, 0)"
_HELD = "(SELECT coalesce(sum(bytes), 0) FROM mews_newtt_jobs WHERE client = ?)"


class Queue(Shared):
    """Jobs in the database, their files in `<data folder>/jobs/<id>/`."""

    def __init__(self, settings: Settings, database: Database):
        super().__init__(database)
        self.settings = settings
        self.folder = settings.data_folder / "jobs"

    def make_folder(self, job_id: str) -> Path:
        """The folder of a new job, for its owner only. Raises ServiceError (507) if the disk is nearly full."""
        made = self.folder / job_id
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.require_disk(0)
        made.mkdir(mode=0o700)
        return made

    def require_disk(self, size: int) -> None:
        """Raise ServiceError (507) if so many bytes more would leave less of the disk than must stay free."""
        if shutil.disk_usage(self.folder).free - size < self.settings.free_bytes:
            what = f"has no room for {size:,} bytes; {self.settings.free_bytes:,} must stay free" if size else "is nearly full"
            mend = "send a smaller file, delete results that you have fetched, or try again later"
            raise refuse(507, "disk_full", "the service's disk", what, mend, Retry_After="60")

    def path(self, job_id: str, name: str) -> Path:
        return self.folder / job_id / name

    def drop_folder(self, job_id: str) -> None:
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def add(
        self,
        job_id: str,
        client: str,
        kind: str,
        chart: Chart,
        parameters: dict[str, Any],
        *,
        size: int = 0,
        draft: bool = False,
        until: float | None = None,
        request_key: str | None = None,
        digest: str = "",
    ) -> Job:
        """Queue a job, or keep an upload as a draft; the job already there where this client sent the same request before.

        `until`: when the job and its results are removed at the latest, in seconds; without it, some hours after its end.

        Raises
        ------
        ServiceError  409 another request under the same key, 429 as many jobs or bytes of this client as are allowed
        """
        states, expires = ("('draft')", f"{self._now} + {DRAFT_SECONDS}") if draft else (_WAITING, "NULL" if until is None else repr(float(until)))
        made = self._database.run(
            (self._database.one_at_a_time, (client,)),
            (
                f"INSERT INTO mews_newtt_jobs ({COLUMNS}, request_key, bytes) SELECT "
                f"?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, {self._now}, NULL, NULL, {expires}, 0, '[]', '[]', ?, ?, ? "
                f"WHERE (SELECT count(*) FROM mews_newtt_jobs WHERE client = ? AND state IN {states}) < ? "
                f"AND {_HELD} <= ? ON CONFLICT DO NOTHING RETURNING id",
                (
                    *(job_id, client, kind, chart.id, chart.version, chart.sha256, json.dumps(parameters), "draft" if draft else "queued"),
                    *(digest, request_key, size),
                    *(client, self.settings.jobs_per_client),
                    *(client, self.settings.client_bytes - size),
                ),
            ),
        )
        known = self._any(job_id) if made else self._by_key(client, request_key) if request_key is not None else None
        if known is None:
            raise self._too_much(client, size, states)
        return known if made else self._same(known, digest)

    def draft_for(self, job_id: str, client: str, chart: Chart, parameters: dict[str, Any]) -> None:
        """Say which chart a draft is for. A draft that was started already stays as it is."""
        self._database.run(
            (
                "UPDATE mews_newtt_jobs SET chart = ?, version = ?, sha256 = ?, parameters = ? WHERE id = ? AND client = ? AND state = 'draft'",
                (chart.id, chart.version, chart.sha256, json.dumps(parameters), job_id, client),
            )
        )

    def start(self, job_id: str, client: str, kind: str, parameters: dict[str, Any], *, digest: str = "") -> Job:
        """Queue the job of a draft; a draft that was started already is not started again.

        Raises
        ------
        ServiceError  404 no such draft, 409 it was started with other parameters, 429 as many jobs of this client as are allowed
        """
        self._database.run(
            (self._database.one_at_a_time, (client,)),
            (
                f"UPDATE mews_newtt_jobs SET state = 'queued', kind = ?, parameters = ?, digest = ?, created = {self._now}, expires = NULL "
                "WHERE id = ? AND client = ? AND state = 'draft' "
                f"AND (SELECT count(*) FROM mews_newtt_jobs WHERE client = ? AND state IN {_WAITING}) < ?",
                (kind, json.dumps(parameters), digest, job_id, client, client, self.settings.jobs_per_client),
            ),
        )
        found = self._any(job_id, client)
        if found is None:
            raise refuse(404, "upload_gone", "this upload", "is not here, or no longer", "send the file again")
        if found.state == "draft":
            raise self._too_much(client, 0, _WAITING)
        if found.digest != digest:
            raise started()
        return found

    def _too_much(self, client: str, size: int, states: str) -> ServiceError:
        """Why a job could not be added."""
        ((jobs, held),) = self._database.run(
            (f"SELECT (SELECT count(*) FROM mews_newtt_jobs WHERE client = ? AND state IN {states}), {_HELD}", (client, client))
        )
        if int(jobs) >= self.settings.jobs_per_client:
            return refuse(429, "too_many_jobs", "jobs", f"{jobs} of yours wait or run already", "wait until one has ended", Retry_After="10")
        if int(held) + size > self.settings.client_bytes:
            return self.full(int(held))
        return refuse(503, "database_unavailable", "jobs", "could not be kept", "try again", Retry_After="5")

    def room(self, client: str) -> int:
        """How many bytes this client may still send."""
        ((held,),) = self._database.run((f"SELECT {_HELD}", (client,)))
        return self.settings.client_bytes - int(held)

    def full(self, held: int | None = None) -> ServiceError:
        most = self.settings.client_bytes
        what = f"hold {held:,} bytes already; {most:,} are allowed" if held is not None else f"would hold more than the {most:,} bytes allowed"
        return refuse(429, "storage_used", "your uploads and results", what, "delete results that you have fetched, or wait", Retry_After="60")

    def _by_key(self, client: str, request_key: str) -> Job | None:
        rows = self._database.run((f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE client = ? AND request_key = ?", (client, request_key)))
        return job_of(rows[0]) if rows else None

    def _same(self, known: Job, digest: str) -> Job:
        if known.digest != digest:
            raise refuse(
                409,
                "idempotency_key_reused",
                "Idempotency-Key",
                "was used for another job",
                "give each job its own key; keep it only to repeat the same request",
            )
        return known

    def _any(self, job_id: str, client: str | None = None) -> Job | None:
        """A job or a draft."""
        rows = self._database.run((f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE id = ?", (job_id,)))
        found = job_of(rows[0]) if rows else None
        return None if found is None or (client is not None and found.client != client) else found

    def get(self, job_id: str, client: str | None = None) -> Job | None:
        found = self._any(job_id, client)
        return None if found is None or found.state == "draft" else found

    def upload(self, job_id: str, client: str) -> Job | None:
        """A client's draft, or the job that has become of it."""
        return self._any(job_id, client)

    def jobs(self, client: str, most: int = 200, before: tuple[float, str] | None = None) -> list[Job]:
        """A client's own jobs, newest first. `before`: only those that come after this one (time and id) in that order."""
        after, values = ("AND (created, id) < (?, ?) ", before) if before is not None else ("", ())
        rows = self._database.run(
            (
                f"SELECT {COLUMNS} FROM mews_newtt_jobs WHERE client = ? AND state <> 'draft' {after}ORDER BY created DESC, id DESC LIMIT ?",
                (client, *values, most),
            )
        )
        return [job_of(row) for row in rows]

    def numbers(self) -> job_times.QueueNumbers:
        """What /metrics tells of the queue. Machines that share a database all tell the same."""
        by_state = self._database.run((f"SELECT state, count(*), max({self._now} - created) FROM mews_newtt_jobs GROUP BY state", ()))
        jobs = dict.fromkeys(STATES, 0) | {str(state): int(count) for state, count, _ in by_state}
        oldest = max([0.0, *(float(age) for state, _, age in by_state if state == "queued")])
        return job_times.QueueNumbers(jobs, oldest, self.workers(), job_times.told(self._database.run((job_times.READ, ()))))

    def claim(self, worker: str) -> Job | None:
        """Take a job that waits, or whose lease has run out: of the client whose last job began longest ago, the oldest one."""
        self._end_silent()
        rows = self._database.run(
            (
                f"UPDATE mews_newtt_jobs SET state = 'running', worker = ?, lease = {self._lease}, attempts = attempts + 1, num_rows = 0, "
                f"share = NULL, started = {self._now} WHERE id = (SELECT id FROM mews_newtt_jobs "
                f"WHERE state = 'queued' OR (state = 'running' AND {self._is_silent}) "
                f"ORDER BY {_LAST_STARTED}, created LIMIT 1 {self._database.skip_locked}) "
                f"RETURNING {COLUMNS}",
                (worker,),
            )
        )
        return job_of(rows[0]) if rows else None

    def _end_silent(self) -> None:
        """End the jobs that no worker will take: cancelled ones whose worker is gone, and those with too many attempts."""
        ended = self._database.run(
            (
                f"UPDATE mews_newtt_jobs SET finished = {self._now}, expires = {self._keep}, bytes = 0, "
                "problems = CASE state WHEN 'running' THEN ? ELSE problems END, "
                "state = CASE state WHEN 'running' THEN 'failed' ELSE 'cancelled' END "
                f"WHERE {self._is_silent} AND (state = 'cancelling' OR (state = 'running' AND attempts >= ?)) RETURNING {_ENDED}",
                (json.dumps([gave_up(self.settings.job_attempts)]), self.settings.job_attempts),
            )
        )
        self._count(ended)
        for job_id, *_ in ended:
            self.drop_folder(str(job_id))

    def _count(self, ended: Sequence[Row]) -> None:
        """Count jobs that have ended, for /metrics. Where that fails, the jobs have ended all the same."""
        if ended:
            with contextlib.suppress(ServiceError):
                self._database.run(*(job_times.counted(str(kind), str(state), float(seconds)) for _, kind, state, seconds in ended))

    @property
    def _lease(self) -> str:
        return f"{self._now} + {self.settings.lease_seconds}"

    @property
    def _is_silent(self) -> str:
        return f"(lease < {self._now} OR lease > {self._lease} + {CLOCK_SECONDS})"

    def renew_lease(self, job_id: str, worker: str, rows: int, share: float | None = None) -> bool:
        """Renew the lease and write down the progress. False if the job is no longer this worker's."""
        return bool(
            self._database.run(
                (
                    f"UPDATE mews_newtt_jobs SET lease = {self._lease}, num_rows = ?, share = ? "
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
        size = sum(int(file["bytes"]) for file in files)
        ended = self._database.run(
            (
                "UPDATE mews_newtt_jobs SET state = ?, num_rows = ?, problems = ?, files = ?, bytes = ?, "
                f"finished = {self._now}, expires = {self._keep} WHERE id = ? AND worker = ? AND state = 'running' RETURNING {_ENDED}",
                (state, rows, json.dumps(list(problems)), json.dumps(list(files)), size, job_id, worker),
            )
        )
        if ended:
            self._count(ended)
            self._drop_all_but(job_id, files)
        return bool(ended)

    def _drop_all_but(self, job_id: str, files: Sequence[dict[str, Any]]) -> None:
        """Remove the upload and what failed attempts have left; keep the results."""
        kept = {str(file["folder"]) for file in files}
        if not kept:
            self.drop_folder(job_id)
            return
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
                f"UPDATE mews_newtt_jobs SET state = 'cancelled', bytes = 0, finished = {self._now}, expires = {self._keep} "
                f"WHERE id = ? AND worker = ? AND state = 'cancelling' RETURNING {_ENDED}",
                (job_id, worker),
            )
        )
        if stopped:
            self._count(stopped)
            self.drop_folder(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job that waits or runs; drop the results of one that has ended, which stays what it was: done or failed."""
        ended = self._database.run(
            ("UPDATE mews_newtt_jobs SET state = 'cancelling' WHERE id = ? AND state = 'running'", (job_id,)),
            (
                f"UPDATE mews_newtt_jobs SET finished = coalesce(finished, {self._now}), expires = {self._keep}, "
                "files = '[]', bytes = 0, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END "
                "WHERE id = ? AND state IN ('queued', 'done', 'failed', 'cancelled') RETURNING id",
                (job_id,),
            ),
        )
        if ended:
            self.drop_folder(job_id)

    def forget(self, job_id: str) -> None:
        """A job and all its files, gone; one that still runs is cancelled, and its files go when its worker has stopped."""
        self.cancel(job_id)
        gone = self._database.run(
            ("DELETE FROM mews_newtt_jobs WHERE id = ? AND state IN ('draft', 'done', 'failed', 'cancelled') RETURNING id", (job_id,))
        )
        if gone:
            self.drop_folder(job_id)
            self._database.scrub()

    def tidy(self) -> int:
        """Remove what has expired, what ended jobs no longer need, and folders that no job owns; how many jobs went."""
        gone = self._database.run(
            (f"DELETE FROM mews_newtt_jobs WHERE expires < {self._now} AND state IN ('draft', 'done', 'failed', 'cancelled') RETURNING id", ())
        )
        self._database.run(
            (f"DELETE FROM mews_newtt_tokens WHERE expires < {self._now}", ()),
            (f"DELETE FROM mews_newtt_limits WHERE abs({self._now} - at) > {LIMIT_SECONDS}", ()),
            (f"DELETE FROM mews_newtt_workers WHERE abs({self._now} - seen) > {ALIVE_SECONDS * 10}", ()),
        )
        for (job_id,) in gone:
            self.drop_folder(str(job_id))
        self._database.scrub()
        if self.folder.is_dir():
            there = {entry.name: entry.path for entry in os.scandir(self.folder)}  # before the database: a job added meanwhile is not an orphan
            jobs = {str(row[0]): row for row in self._database.run(("SELECT id, state, files FROM mews_newtt_jobs", ()))}
            for name, path in there.items():
                job = jobs.get(name)
                if job is None and time.time() - _touched(path) > ORPHAN_SECONDS:
                    self.drop_folder(name)
                elif job is not None and job[1] in ENDED:  # a worker may have died after it wrote the result and before it removed the upload
                    self._drop_all_but(name, json.loads(job[2]))
        return len(gone)

    @property
    def _keep(self) -> str:
        return f"coalesce(expires, {self._now} + {self.settings.result_hours * 3600})"


def _touched(folder: str) -> float:
    """When something was last written into a folder; an upload may take hours. Files deleted during the scan are ignored."""
    times = [time.time()]
    with contextlib.suppress(FileNotFoundError):
        times = [os.stat(folder).st_mtime, *(os.stat(entry).st_mtime for entry in os.scandir(folder))]
    return max(times)


def started() -> ServiceError:
    return refuse(
        409,
        "already_started",
        "this upload",
        "was started already, and its columns can no longer be changed",
        "see it among the runs that are kept, or send the file again",
    )


def open_queue(settings: Settings) -> Queue:
    """The queue that the settings name; the database is not yet asked for anything."""
    return Queue(settings, open_database(settings))
