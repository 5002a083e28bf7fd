"""Turns a request into a job and its result into an answer: queues the job, and waits for it or gives the address to poll."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import anyio.to_thread
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt_service.answers import ServedFile, chart_headers, json_answer
from mews_newtt_service.jobs.queue import Job, Queue, new_id
from mews_newtt_service.jobs.supervisor import WorkerSupervisor
from mews_newtt_service.jobs.unread import unread_headers
from mews_newtt_service.jobs.uploads import Upload, disk_refusal
from mews_newtt_service.problems import refuse
from mews_newtt_service.request_helpers import prefers
from mews_newtt_service.stopping import Stopping
from mews_newtt_service.trace_ids import Trace

FIRST_LOOK, LATER_LOOK = 0.02, 0.15
NO_WORKER_SECONDS = 20.0  # after so long in the queue we check whether any worker lives
STOPPING_SECONDS = 1.0  # the same, after the service was told to stop
_KEY = re.compile(r"[!-~]{1,200}")


def wants_async(request: Request) -> bool:
    """Whether the caller wants an address to poll instead of waiting."""
    return prefers(request, "respond-async")


async def submit(
    request: Request,
    kind: str,
    chart: Chart,
    *,
    upload: Upload | None = None,
    parameters: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] = MappingProxyType({}),
    until: float | None = None,
) -> Job:
    """Queue a job for the caller, with the upload that came with the request; where it is refused, nothing of it is kept.

    `files`: by name, what a job without an upload finds in its folder; `until`: see `Queue.add`.

    With respond-async, the same request again under the same Idempotency-Key gives the same job.
    """
    if upload is None:  # one that has come in is kept: a job in the queue outlives a restart
        request.app.state.stopping.refuse_long_work()
    queue: Queue = request.app.state.queue
    job_id = upload.job_id if upload is not None else new_id()
    given = dict(parameters or {})
    digest = _digest(kind, chart, upload, given)

    def add() -> Job:
        try:
            repeat = _repeat(request)
            if upload is None:
                folder = queue.make_folder(job_id)
                for name, content in files.items():
                    (folder / name).write_bytes(content)
            more = given | _trace(request) | (_about(upload) if upload is not None else {})
            size = upload.bytes if upload is not None else sum(map(len, files.values()))
            job = queue.add(job_id, request.scope["client_id"], kind, chart, more, size=size, until=until, request_key=repeat, digest=digest)
        except BaseException:
            queue.drop_folder(job_id)
            raise
        if job.id != job_id:
            queue.drop_folder(job_id)  # it is there already
        return job

    return await _queued(request, add)


async def start(request: Request, kind: str, chart: Chart, upload: Upload, parameters: Mapping[str, Any]) -> Job:
    """Queue the job of an upload that is kept; where it is refused, the upload stays as it is."""
    queue: Queue = request.app.state.queue
    given = dict(parameters)
    digest = _digest(kind, chart, upload, given)
    more = given | _trace(request) | _about(upload)
    return await _queued(request, lambda: queue.start(upload.job_id, request.scope["client_id"], kind, more, digest=digest))


async def _queued(request: Request, add: Callable[[], Job]) -> Job:
    try:
        job = await anyio.to_thread.run_sync(add)
    except OSError as fault:
        raise disk_refusal(fault) from None
    supervisor: WorkerSupervisor | None = getattr(request.app.state, "supervisor", None)  # there is none until the service has started
    if supervisor is not None:
        supervisor.wake()
    return job


def _trace(request: Request) -> dict[str, str]:
    """The trace that the request belongs to: the job goes on with it."""
    trace: Trace | None = request.scope.get("trace")
    return {} if trace is None else {"traceparent": trace.header}


def _about(upload: Upload) -> dict[str, Any]:
    return {"input": upload.stored, "name": upload.name, "format": upload.format, "bytes": upload.bytes, "sha256": upload.sha256}


def _digest(kind: str, chart: Chart, upload: Upload | None, parameters: Mapping[str, Any]) -> str:
    """A text that is the same for two requests that ask for the same job."""
    fields = upload.fields if upload is not None else {}
    said = [f"{part} {hashlib.sha256(fields[part].encode()).hexdigest()}" for part in ("map", "plan") if part in fields]
    sent = " ".join([upload.sha256, *said]) if upload is not None else ""
    return f"{kind} {chart.sha256} {sent} {sorted(parameters.items())}"


def _repeat(request: Request) -> str | None:
    """The key under which a repeated request finds its job. The request id is none: a whole trace may share one."""
    key = request.headers.get("idempotency-key") if wants_async(request) else None
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise refuse(400, "bad_idempotency_key", "Idempotency-Key", "is not a key", "send a UUID, or up to 200 visible characters")
    return f"key {key}"


def accepted_answer(job: Job, chart: Chart) -> Response:
    """202: where to look for it."""
    headers = {**chart_headers(chart), "Content-Location": f"/v1/jobs/{job.id}", "Retry-After": "1", "Preference-Applied": "respond-async"}
    return json_answer(document_of(job), None, 202, headers)


async def finished(request: Request, job_id: str) -> Job:
    """Wait until a job has ended; cancel it when the caller goes away, or when no worker is there to do it."""
    queue: Queue = request.app.state.queue
    stopping: Stopping = request.app.state.stopping
    pause = FIRST_LOOK
    look = time.monotonic() + NO_WORKER_SECONDS
    while True:
        job = await anyio.to_thread.run_sync(queue.get, job_id)
        if job is None:
            raise refuse(503, "job_lost", "job", "was deleted while the request waited for it", "send it again", Retry_After="1")
        if job.ended:
            break
        try:
            await asyncio.sleep(pause)
            if await request.is_disconnected():
                raise ClientDisconnect
        except (asyncio.CancelledError, ClientDisconnect):
            await asyncio.shield(anyio.to_thread.run_sync(queue.cancel, job_id))
            raise
        pause = min(pause * 1.3, LATER_LOOK)
        if stopping.is_over:
            await anyio.to_thread.run_sync(queue.forget, job_id)
            raise stopping.refusal()
        if job.state == "queued" and time.monotonic() > min(look, stopping.since + STOPPING_SECONDS):
            look = time.monotonic() + NO_WORKER_SECONDS
            if not await anyio.to_thread.run_sync(queue.workers):
                await anyio.to_thread.run_sync(queue.forget, job_id)
                stopping.refuse_long_work()
                raise refuse(
                    503,
                    "no_worker",
                    "long work",
                    "has no worker process to do it",
                    "tell whoever runs the service; single scores still work",
                    Retry_After="30",
                )
    if job.state == "cancelled":
        raise refuse(503, "job_cancelled", "job", "was cancelled while it ran", "send it again", Retry_After="1")
    return job


def raise_failed(queue: Queue, job: Job) -> None:
    """Raise the error of a failed job, as if the request had met it itself."""
    if job.state != "failed":
        return
    queue.forget(job.id)
    problems = [Problem(p["code"], p["where"], p["what"], p["mend"]) for p in job.problems]
    codes = {problem.code for problem in problems}
    statuses = {
        "disk_full": 507,
        "io_fault": 503,
        "internal_fault": 500,
        "job_gave_up": 500,
        "too_large_for_memory": 413,
        "job_too_long": 413,
        "chart_changed": 409,
    }
    for code, status in statuses.items():
        if code in codes:
            raise refuse(status, *problems[0][:4])
    raise FileError(problems)


async def direct_answer(request: Request, job: Job, chart: Chart, name: str) -> Response:
    """Wait for a job and answer with one of its files. The job and its files are then deleted."""
    queue: Queue = request.app.state.queue
    job = await finished(request, job.id)
    await anyio.to_thread.run_sync(raise_failed, queue, job)
    unread = await anyio.to_thread.run_sync(unread_headers, queue, job)
    return file_answer(queue, job, name, {**chart_headers(chart), **unread}, forget=True)


def file_answer(queue: Queue, job: Job, name: str, headers: Mapping[str, str], *, forget: bool = False) -> ServedFile:
    """One result file; 404 where the job has none of that name."""
    known = next((file for file in job.files if file["name"] == name), None)
    path = queue.path(job.id, f"{known['folder']}/{name}") if known else None
    if known is None or path is None or not path.is_file():
        raise refuse(404, "file_unknown", f"file {name[:100]}", "is not a result of this job", "see the job's files")
    more = {"Content-Disposition": f'attachment; filename="{name}"'} if known["media_type"].startswith(("text/html", "application/xml")) else {}
    done = BackgroundTask(queue.forget, job.id) if forget else None
    return ServedFile(path, headers={**headers, **more}, media_type=known["media_type"], background=done, stat_result=path.stat())


def document_of(job: Job) -> dict[str, Any]:
    """A job as its owner sees it."""

    def stamp(when: float | None) -> str | None:
        return None if when is None else datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")

    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "chart": {"id": job.chart, "version": job.version, "sha256": job.sha256},
        "rows": job.rows,
        "share": job.share,
        "created": stamp(job.created),
        "started": stamp(job.started),
        "finished": stamp(job.finished),
        "expires": stamp(job.expires),
        "attempts": job.attempts,
        "problems": job.problems,
        "files": [
            {"name": file["name"], "media_type": file["media_type"], "bytes": file["bytes"], "href": f"/v1/jobs/{job.id}/files/{file['name']}"}
            for file in job.files
        ],
    }
