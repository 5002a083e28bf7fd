"""The runs that are kept: those of a caller, what each of them answered, and its files."""

from __future__ import annotations

import contextlib
import json
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request

from mews_newtt.errors import ChartNotFound
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.problems import refuse

RESULTS = {"verify": "validation.json", "pack": "pack.json", "score": "summary.json"}
_results: OrderedDict[str, dict[str, Any]] = OrderedDict()  # the last few answers that were looked at; a run's answer never changes
_verdicts: OrderedDict[str, str] = OrderedDict()

Kept = TypeVar("Kept")


class Run(NamedTuple):
    """A job as the pages show it."""

    id: str
    kind: str
    name: str
    chart: str
    version: str
    state: str
    created: str
    expires: str
    rows: int
    verdict: str
    title: str  # of the chart, short, with its version

    @property
    def outcome(self) -> str:
        return (self.verdict or self.state).replace("_", " ").capitalize()


def runs_of(request: Request, *kinds: str) -> list[Run]:
    """The caller's runs of some kinds, newest first."""
    queue: Queue = request.app.state.queue
    return [shown_run(request, job) for job in queue.jobs(request.scope["client_id"]) if job.kind in kinds and job.state != "cancelled"]


def shown_run(request: Request, job: Job) -> Run:
    verdict = _verdicts.get(job.id, "")
    if not verdict and job.kind == "verify" and job.state == "done":
        verdict = str((result_of(request, job) or {}).get("verdict", ""))
        _keep(_verdicts, job.id, verdict, 5000)
    if not verdict and job.kind == "score" and job.state == "done":
        verdict = "scored"
    name = str(job.parameters.get("name", ""))
    try:
        title = request.app.state.charts.find(job.chart, job.version).short_title
    except ChartNotFound:  # the site took it away after the run
        title = job.chart
    when = _stamp(job.created), _stamp(job.expires)
    return Run(job.id, job.kind, name, job.chart, job.version, job.state, *when, job.rows, verdict, f"{title} {job.version}")


def _stamp(when: float | None) -> str:
    return "" if when is None else datetime.fromtimestamp(when, UTC).strftime("%d %b %Y, %H:%M:%S UTC")


def path_of(request: Request, job: Job, name: str) -> Path:
    """A result file of a run, by a name that the run itself lists."""
    queue: Queue = request.app.state.queue
    known = next((file for file in job.files if file["name"] == name), None)
    path = queue.path(job.id, f"{known['folder']}/{name}") if known else None
    if path is None or not path.is_file():
        raise refuse(404, "file_unknown", "this file", "is not a result of this run", "see the run's files")
    return path


def result_of(request: Request, job: Job) -> dict[str, Any] | None:
    """The run's own answer; read once."""
    found = _results.get(job.id)
    if found is None and job.state == "done" and any(file["name"] == RESULTS.get(job.kind) for file in job.files):
        found = json.loads(path_of(request, job, RESULTS[job.kind]).read_text(encoding="utf-8"))
        _keep(_results, job.id, found, 8)
    return found


def _keep(kept: OrderedDict[str, Kept], name: str, value: Kept, most: int) -> None:
    kept[name] = value
    with contextlib.suppress(KeyError):  # other threads keep results too
        while len(kept) > most:
            kept.popitem(last=False)


def forget(job_id: str) -> None:
    """Drop what was kept of a run that is deleted."""
    _results.pop(job_id, None)
    _verdicts.pop(job_id, None)
