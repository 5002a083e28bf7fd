"""/v1/jobs: the progress of long work, its result files, and how to stop it. A client sees only its own jobs."""

from __future__ import annotations

import re
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt_service.answers import is_unchanged, json_answer
from mews_newtt_service.contract.components import headers
from mews_newtt_service.jobs.events import EVENT_STREAM, NDJSON, events_answer
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.submit import document_of, file_answer
from mews_newtt_service.jobs.tracks import EVENTS_FILE
from mews_newtt_service.openapi import CONDITIONAL, GET_RESPONSES, NOT_MODIFIED, PROBLEM, answer, header
from mews_newtt_service.problems import refuse
from mews_newtt_service.request_helpers import accepted, query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

UNDER_WAY = answer("Job", says="under way; ask again after Retry-After", more=("X-Progress",))

BYTES = {"schema": {"type": "string", "format": "binary"}}
JSON_FILE: dict[str, Any] = {"schema": {"description": "a JSON file, such as summary.json, validation.json, pack.json or fhir.json"}}
OF_FILE = headers("Mews-Newtt-Chart", "Mews-Newtt-Chart-Sha256", "Mews-Newtt-Engine", "ETag", "Accept-Ranges")
FILE = {
    "description": "the file, of the type that the job says",
    "content": {
        "application/octet-stream": BYTES,
        "application/json": JSON_FILE,
        "application/fhir+json": JSON_FILE,
        "*/*": BYTES,
    },
    "headers": OF_FILE,
}
PART = {
    "description": "the part of it that was asked for; several parts come as multipart/byteranges",
    "content": dict.fromkeys(("application/octet-stream", "*/*", "multipart/byteranges"), BYTES),
    "headers": {**OF_FILE, **headers("Content-Range")},
}
NO_SUCH_PART = {**PROBLEM, "headers": headers("Content-Range")}
RANGE = [
    header("Range", "`bytes=0-99`: only these bytes, so that a broken download can go on"),
    header("If-Range", "an ETag: the whole file unless it is still this one"),
]
EVENTS = {
    "description": "the events, in the order of the file",
    "content": {
        NDJSON: {"schema": {"type": "string", "description": "lines, each an event (see CourseEvent)"}},
        EVENT_STREAM: {"schema": {"type": "string", "description": "server-sent events; `data` is the line"}},
    },
}
MOST_LISTED = 200
PAGE: list[dict[str, Any]] = [
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": MOST_LISTED},
        "description": "most jobs of a page",
    },
    {"name": "before", "in": "query", "required": False, "schema": {"type": "string"}, "description": "where a page begins; taken from `next`"},
]
_PLACE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)-([0-9a-f]{32})", re.ASCII)


def router(settings: Settings) -> APIRouter:
    """The routes of long work."""
    routes = plain_router()

    @routes.get(
        "/v1/jobs",
        summary="Your jobs, newest first",
        tags=["jobs"],
        responses={200: answer("JobList", more=("Link",)), **GET_RESPONSES},
        openapi_extra={"parameters": PAGE},
    )
    async def list_jobs(request: Request) -> Response:
        asked = query(request, "limit", "before")
        most, before = _limit(asked), _place(asked)
        found = await anyio.to_thread.run_sync(_queue(request).jobs, request.scope["client_id"], most + 1, before)
        shown = found[:most]
        after = f"/v1/jobs?limit={most}&before={shown[-1].created!r}-{shown[-1].id}" if len(found) > most else None
        link = {"Link": f'<{after}>; rel="next"'} if after else {}
        return json_answer({"jobs": [document_of(job) for job in shown], "next": after}, None, 200, link)

    @routes.get(
        "/v1/jobs/{job_id}",
        summary="One job: 202 while it is under way, 200 when it has ended",
        tags=["jobs"],
        responses={200: answer("Job", says="it has ended"), 202: UNDER_WAY, **GET_RESPONSES},
    )
    async def get_job(request: Request) -> Response:
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
        responses={202: answer("Job", says="the job as it is now"), **GET_RESPONSES},
        status_code=202,
    )
    async def delete_job(request: Request) -> Response:
        query(request)
        job = await _own(request)
        await anyio.to_thread.run_sync(_queue(request).cancel, job.id)
        return json_answer(document_of(await _own(request)), None, 202)

    @routes.get(
        "/v1/jobs/{job_id}/files/{name}",
        summary="One result file",
        tags=["jobs"],
        responses={**GET_RESPONSES, **NOT_MODIFIED, 200: FILE, 206: PART, 409: PROBLEM, 416: NO_SUCH_PART},
        openapi_extra={"parameters": [*CONDITIONAL["parameters"], *RANGE]},
    )
    async def get_job_file(request: Request) -> Response:
        query(request)
        job = await _own(request)
        if job.state != "done":
            raise refuse(409, "job_not_done", f"job {job.id}", f"is {job.state}", "wait until it is done")
        of_chart = {"Mews-Newtt-Chart": f"{job.chart}@{job.version}", "Mews-Newtt-Chart-Sha256": job.sha256, "Mews-Newtt-Engine": __version__}
        found = file_answer(_queue(request), job, request.path_params["name"], of_chart)
        if is_unchanged(request, found.headers["etag"]):
            return Response(None, 304, {"ETag": found.headers["etag"]})
        return found

    @routes.get(
        "/v1/jobs/{job_id}/events",
        summary="What happened in the courses of a file that was tracked",
        description="As NDJSON once the job is done, or as server-sent events, which wait for it. The id of an event follows from its content: "
        "what comes twice has one id. A stream goes on after `Last-Event-ID`, or begins anew where that is not known, and ends with the event `end`.",
        tags=["jobs"],
        responses={**GET_RESPONSES, 200: EVENTS, 204: {"description": "nothing follows the event in Last-Event-ID"}, 409: PROBLEM},
        openapi_extra={"parameters": [header("Last-Event-ID", "the id of the last event that you have")]},
    )
    async def get_job_events(request: Request) -> Response:
        query(request)
        form = accepted(request, NDJSON, EVENT_STREAM)
        job = await _own(request)
        if job.kind != "track":
            raise refuse(404, "no_events", f"job {job.id}", f"is of the kind {job.kind} and has no events", "see track-file")
        if form == EVENT_STREAM:
            return await events_answer(request, _queue(request), job)
        if job.state != "done":
            raise refuse(409, "job_not_done", f"job {job.id}", f"is {job.state}", "wait until it is done, or ask for text/event-stream")
        return file_answer(_queue(request), job, EVENTS_FILE, {})

    return routes


def _limit(asked: dict[str, str]) -> int:
    """How many jobs a page may hold."""
    text = asked.get("limit", str(MOST_LISTED))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST_LISTED):
        raise refuse(400, "bad_parameter", "query limit", f"is {text[:60]!r}", f"write a whole number from 1 to {MOST_LISTED}")
    return int(text)


def _place(asked: dict[str, str]) -> tuple[float, str] | None:
    """Time and id of the last job of the page before this one."""
    if "before" not in asked:
        return None
    found = _PLACE.fullmatch(asked["before"])
    if found is None:
        raise refuse(400, "bad_parameter", "query before", "is not a place in the list", "take the whole path from `next` or the header Link")
    return float(found[1]), found[2]


def _queue(request: Request) -> Queue:
    found: Queue = request.app.state.queue
    return found


async def _own(request: Request) -> Job:
    job_id: str = request.path_params["job_id"]
    job = await anyio.to_thread.run_sync(_queue(request).get, job_id, request.scope["client_id"]) if job_id.isascii() and job_id.isalnum() else None
    if job is None:
        raise refuse(404, "job_unknown", f"job {job_id[:60]}", "there is no such job of yours", "results are kept for a limited time; see /v1/jobs")
    return job
