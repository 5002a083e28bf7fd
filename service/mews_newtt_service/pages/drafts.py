"""Drafts: uploads whose columns have no meaning yet. A draft becomes a job, or is removed after an hour."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request

from mews_newtt.chart.model import Chart
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.uploads import Upload
from mews_newtt_service.problems import refuse

_ID = re.compile(r"[0-9a-f]{32}")


class Draft(NamedTuple):
    """An upload, the chart it is for, and the earlier run whose columns it may share; `waits` until its run is started."""

    upload: Upload
    chart: Chart
    like: str
    waits: bool = True
    until: float | None = None  # when it is removed
    chart_open: bool = False  # nobody has said yet which chart it is for; `chart` is any

    def path(self, queue: Queue) -> Path:
        return queue.path(self.upload.job_id, self.upload.stored)


def keep(request: Request, draft: Draft) -> float | None:
    """Keep an upload until its run is started. Returns when it is removed."""
    queue: Queue = request.app.state.queue
    upload = draft.upload
    parameters = _parameters(draft)
    job = queue.add(upload.job_id, request.scope["client_id"], "verify", draft.chart, parameters, size=upload.bytes, draft=True)
    return job.expires


def choose(request: Request, draft: Draft, chart: Chart) -> None:
    """Say which chart a draft is for."""
    queue: Queue = request.app.state.queue
    chosen = draft._replace(chart=chart, chart_open=False)
    queue.draft_for(draft.upload.job_id, request.scope["client_id"], chart, _parameters(chosen))


def _parameters(draft: Draft) -> dict[str, Any]:
    return {"upload": {**draft.upload._asdict(), "fields": {}}, "like": draft.like, "chart_open": draft.chart_open}


def find(request: Request, job_id: str) -> Draft:
    """The caller's own draft, also if its job was started. Raises ServiceError: 404 if there is none."""
    queue: Queue = request.app.state.queue
    job = queue.upload(job_id, request.scope["client_id"]) if _ID.fullmatch(job_id) else None
    if job is None or "upload" not in job.parameters:
        raise refuse(404, "upload_gone", "this upload", "is not here, or no longer", "send the file again")
    chart = request.app.state.charts.find(job.chart, job.version)
    is_open = job.state == "draft" and bool(job.parameters.get("chart_open"))
    return Draft(Upload(**job.parameters["upload"]), chart, job.parameters["like"], job.state == "draft", job.expires, is_open)


def run_of(request: Request, job_id: str) -> Job:
    """The caller's own run. Raises ServiceError: 404 if there is none."""
    queue: Queue = request.app.state.queue
    job = queue.get(job_id, request.scope["client_id"]) if _ID.fullmatch(job_id) else None
    if job is None:
        raise refuse(404, "run_unknown", "this run", "is not here, or no longer", "see the runs that are kept, or send the file again")
    return job
