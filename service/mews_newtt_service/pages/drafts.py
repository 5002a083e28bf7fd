"""Uploads whose columns are still to be named. They lie in the folder of the job they will be, and go with it when nobody comes back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request

from mews_newtt.chart.model import Chart
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.uploads import Upload
from mews_newtt_service.problems import refuse

_ID = re.compile(r"[0-9a-f]{32}")
_FILE = "draft.json"


class Draft(NamedTuple):
    """An upload, the chart it is for, and the earlier run whose columns it may share."""

    upload: Upload
    chart: Chart
    like: str

    def path(self, queue: Queue) -> Path:
        return queue.path(self.upload.job_id, self.upload.stored)


def keep(request: Request, draft: Draft) -> None:
    queue: Queue = request.app.state.queue
    held = {**draft.upload._asdict(), "fields": {}, "chart": draft.chart.id, "version": draft.chart.version, "like": draft.like}
    held["client"] = request.scope["client_id"]
    queue.path(draft.upload.job_id, _FILE).write_text(json.dumps(held), encoding="utf-8")


def find(request: Request, job_id: str) -> Draft:
    """The caller's own draft; 404 where there is none, or no longer."""
    queue: Queue = request.app.state.queue
    path = queue.path(job_id, _FILE) if _ID.fullmatch(job_id) else None
    if path is None or not path.is_file():
        raise _gone()
    held = json.loads(path.read_text(encoding="utf-8"))
    if held.pop("client") != request.scope["client_id"]:
        raise _gone()
    chart = request.app.state.shelf.find(held.pop("chart"), held.pop("version"))
    like = held.pop("like")
    return Draft(Upload(**held), chart, like)


def run_of(request: Request, job_id: str) -> Job:
    """The caller's own run; 404 where there is none, or no longer."""
    queue: Queue = request.app.state.queue
    job = queue.get(job_id, request.scope["client_id"]) if _ID.fullmatch(job_id) else None
    if job is None:
        raise refuse(404, "run_unknown", "this run", "is not here, or no longer", "see the runs that are kept, or send the file again")
    return job


def _gone() -> Exception:
    return refuse(404, "upload_gone", "this upload", "is not here, or no longer", "send the file again")
