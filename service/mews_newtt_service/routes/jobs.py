"""/v1/jobs: the progress of long work, its result files, and how to stop it. A client sees only its own jobs."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt_service.answers import json_answer
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.submit import document_of, file_answer
from mews_newtt_service.openapi import GET_RESPONSES, PROBLEM, examples, path_parameter
from mews_newtt_service.problems import refuse
from mews_newtt_service.request_helpers import query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

UNDER_WAY = {"description": "under way; see X-Progress and Retry-After", "content": {"application/json": {"schema": {"type": "object"}}}}
JOB_ID = [path_parameter("job_id")]


def router(settings: Settings) -> APIRouter:
    """The routes of long work."""
    routes = plain_router()

    @routes.get("/v1/jobs", summary="Your jobs, newest first", tags=["jobs"], responses={200: examples(), **GET_RESPONSES})
    async def list_jobs(request: Request) -> Response:
        query(request)
        found = await anyio.to_thread.run_sync(_queue(request).jobs, request.scope["client_id"])
        return json_answer({"jobs": [document_of(job) for job in found]})

    @routes.get(
        "/v1/jobs/{job_id}",
        summary="One job: 202 while it is under way, 200 when it has ended",
        tags=["jobs"],
        responses={200: examples(), 202: UNDER_WAY, **GET_RESPONSES},
        openapi_extra={"parameters": JOB_ID},
    )
    async def one_job(request: Request) -> Response:
        query(request)
        job = await _own(request)
        if job.ended:
            return json_answer(document_of(job))
        done = f"{job.rows} rows" + (f", {job.share:.0%}" if job.share is not None else "")
        progress = {"running": done, "queued": "waiting"}.get(job.state, "stopping")
        return json_answer(document_of(job), None, 202, {"X-Progress": progress, "Retry-After": "1"})

    @routes.delete(
        "/v1/jobs/{job_id}",
        summary="Stop a job, or drop its results",
        tags=["jobs"],
        responses={202: UNDER_WAY, **GET_RESPONSES},
        status_code=202,
        openapi_extra={"parameters": JOB_ID},
    )
    async def cancel_job(request: Request) -> Response:
        query(request)
        job = await _own(request)
        await anyio.to_thread.run_sync(_queue(request).cancel, job.id)
        return json_answer(document_of(await _own(request)), None, 202)

    @routes.get(
        "/v1/jobs/{job_id}/files/{name}",
        summary="One result file",
        tags=["jobs"],
        responses={200: {"description": "the file", "content": {"application/octet-stream": {}}}, 409: PROBLEM, **GET_RESPONSES},
        openapi_extra={"parameters": [*JOB_ID, path_parameter("name")]},
    )
    async def job_file(request: Request) -> Response:
        query(request)
        job = await _own(request)
        if job.state != "done":
            raise refuse(409, "job_not_done", f"job {job.id}", f"is {job.state}", "wait until it is done")
        headers = {"Mews-Newtt-Chart": f"{job.chart}@{job.version}", "Mews-Newtt-Chart-Sha256": job.sha256, "Mews-Newtt-Engine": __version__}
        return file_answer(_queue(request), job, request.path_params["name"], headers)

    return routes


def _queue(request: Request) -> Queue:
    found: Queue = request.app.state.queue
    return found


async def _own(request: Request) -> Job:
    job_id: str = request.path_params["job_id"]
    job = await anyio.to_thread.run_sync(_queue(request).get, job_id, request.scope["client_id"]) if job_id.isascii() and job_id.isalnum() else None
    if job is None:
        raise refuse(404, "job_unknown", f"job {job_id[:60]}", "there is no such job of yours", "results are kept for a limited time; see /v1/jobs")
    return job
