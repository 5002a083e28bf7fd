"""Long work: its progress and its result files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mews_newtt_service.contract.parts import Answer, Count, Engine, Fault, Sha256

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class JobChart(Answer):
    """The chart that a job was sent for."""

    id: str
    version: str
    sha256: Sha256


class JobFile(Answer):
    """One result file."""

    name: str
    media_type: str
    bytes: Count
    href: Annotated[str, Field(description="path of the file")]


class JobSummary(Answer):
    """One piece of long work, as lists show it."""

    id: str
    kind: Literal["score", "verify", "pack", "plan", "series", "track"]
    state: Annotated[
        Literal["queued", "running", "cancelling", "done", "failed", "cancelled"], Field(description="done, failed and cancelled are ends")
    ]
    chart: JobChart
    rows: Annotated[Count, Field(description="rows that are done")]
    share: Annotated[float | None, Field(ge=0, le=1, description="share of the work that is done; null where it is not known")]
    created: Time
    started: Time | None
    finished: Time | None
    expires: Annotated[Time | None, Field(description="when the job and its files are removed")]
    attempts: Count
    problems: Annotated[list[Fault], Field(description="why it failed")]
    files: list[JobFile]


class Job(JobSummary):
    """One piece of long work."""

    engine_version: Engine


class JobList(Answer):
    """Your jobs, the newest first, one page of them."""

    jobs: list[JobSummary]
    next: Annotated[str | None, Field(description="path of the next page; null on the last one. The same as the header Link")]
    engine_version: Engine
