"""From a request to a job and back: queue it, wait for it or hand out its address, and give its result."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt_service.answers import chart_headers, json_answer
from mews_newtt_service.jobs.queue import Job, Queue, new_id
from mews_newtt_service.jobs.unread import unread_headers
from mews_newtt_service.jobs.uploads import Upload, disk_refusal
from mews_newtt_service.problems import refuse

FIRST_LOOK, LATER_LOOK = 0.02, 0.15


def wants_async(request: Request) -> bool:
    """Whether the caller prefers an address to poll over waiting."""
    return any("respond-async" in value.replace(" ", "").lower().split(",") for value in request.headers.getlist("prefer"))


async def submit(request: Request, kind: str, chart: Chart, *, upload: Upload | None = None, parameters: Mapping[str, Any] | None = None) -> Job:
    """Queue a job for the caller. With X-Request-ID and respond-async the same request again gives the same job."""
    queue: Queue = request.app.state.queue
    more: dict[str, Any] = dict(parameters or {})
    job_id = upload.job_id if upload is not None else new_id()
    digest = ""
    if upload is not None:
        more |= {"input": upload.stored, "name": upload.name, "format": upload.format, "bytes": upload.bytes, "sha256": upload.sha256}
        digest = f"{upload.sha256} {hashlib.sha256(upload.fields.get('map', '').encode()).hexdigest()}"
    repeat = request.headers.get("x-request-id") if wants_async(request) else None
    digest = f"{kind} {chart.sha256} {digest} {sorted((parameters or {}).items())}"

    def add() -> Job:
        try:
            if upload is None:
                queue.make_folder(job_id)
            job = queue.add(job_id, request.scope["client_id"], kind, chart, more, request_key=repeat, digest=digest)
        except BaseException:
            queue.drop_folder(job_id)
            raise
        if job.id != job_id:
            queue.drop_folder(job_id)  # it is there already
        return job

    try:
        job = await anyio.to_thread.run_sync(add)
    except OSError as fault:
        raise disk_refusal(fault) from None
    keeper = getattr(request.app.state, "keeper", None)
    if keeper is not None:
        keeper.wake()
    return job


def accepted_answer(job: Job, chart: Chart) -> Response:
    """202: where to look for it."""
    headers = {**chart_headers(chart), "Content-Location": f"/v1/jobs/{job.id}", "Retry-After": "1", "Preference-Applied": "respond-async"}
    return json_answer(document_of(job), None, 202, headers)


async def finished(request: Request, job_id: str) -> Job:
    """Wait until a job has ended; cancel it when the caller goes away."""
    queue: Queue = request.app.state.queue
    pause = FIRST_LOOK
    while True:
        job = await anyio.to_thread.run_sync(queue.get, job_id)
        if job is None:
            raise refuse(503, "job_lost", "job", "was removed while it was waited for", "send it again", Retry_After="1")
        if job.ended:
            break
        try:
            await asyncio.sleep(pause)
            if await request.is_disconnected():
                raise asyncio.CancelledError
        except asyncio.CancelledError:
            await asyncio.shield(anyio.to_thread.run_sync(queue.cancel, job_id))
            raise
        pause = min(pause * 1.3, LATER_LOOK)
    if job.state == "cancelled":
        raise refuse(503, "job_cancelled", "job", "was cancelled while it ran", "send it again", Retry_After="1")
    return job


def raise_failed(queue: Queue, job: Job) -> None:
    """A failed job as the error that it would have been."""
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
    """Wait for a job and answer with one of its files; nothing of it is kept."""
    queue: Queue = request.app.state.queue
    job = await finished(request, job.id)
    await anyio.to_thread.run_sync(raise_failed, queue, job)
    unread = await anyio.to_thread.run_sync(unread_headers, queue, job)
    return file_answer(queue, job, name, {**chart_headers(chart), **unread}, forget=True)


class _ResultFile(FileResponse):
    chunk_size = 1 << 20


def file_answer(queue: Queue, job: Job, name: str, headers: Mapping[str, str], *, forget: bool = False) -> Response:
    """One result file; 404 where the job has none of that name."""
    known = next((file for file in job.files if file["name"] == name), None)
    path = queue.path(job.id, f"{known['folder']}/{name}") if known else None
    if known is None or path is None or not path.is_file():
        raise refuse(404, "file_unknown", f"file {name[:100]}", "is no result of this job", "see the job's files")
    more = {"Content-Disposition": f'attachment; filename="{name}"'} if known["media_type"].startswith(("text/html", "application/xml")) else {}
    done = BackgroundTask(queue.forget, job.id) if forget else None
    return _ResultFile(path, headers={**headers, **more}, media_type=known["media_type"], background=done)


def document_of(job: Job) -> dict[str, Any]:
    """A job as its owner sees it."""
    from datetime import UTC, datetime

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
