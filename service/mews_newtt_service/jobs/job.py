"""One piece of long work as the database keeps it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.errors import Problem
from mews_newtt_service.jobs.database import Row
from mews_newtt_service.trace_ids import Trace, trace_of

STATES = ("draft", "queued", "running", "cancelling", "done", "failed", "cancelled")
ENDED = ("done", "failed", "cancelled")
COLUMNS = (
    "id, client, kind, chart, version, sha256, parameters, state, num_rows, share, created, started, finished, expires, attempts, "
    "problems, files, digest"
)


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
    def trace(self) -> Trace | None:
        """The trace of the request that sent the job."""
        return trace_of(str(self.parameters.get("traceparent", "")).encode())

    @property
    def ended(self) -> bool:
        return self.state in ENDED


def upload_folder(folder: Path, parameters: Mapping[str, Any]) -> Path:
    """Where the upload of a job is: in the job's own folder, or in that of the draft that the job looks at."""
    return folder.parent / str(parameters["draft"]) if "draft" in parameters else folder


def new_id() -> str:
    return secrets.token_hex(16)


def job_of(row: Row) -> Job:
    found = list(row)
    for place in (6, 15, 16):
        found[place] = json.loads(found[place])
    return Job(*found)


def gave_up(attempts: int) -> dict[str, str]:
    return Problem(
        "job_gave_up", "job", f"its worker died {attempts} times", "send a smaller file; if that fails too, tell whoever runs the service"
    ).to_dict()
