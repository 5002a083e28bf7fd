"""The page of a pack that is made: its files, its cases, and a box for what a platform showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt.validation.reports.titles import readings_of
from mews_newtt_service.jobs.queue import Job
from mews_newtt_service.pages.kept_runs import shown_run
from mews_newtt_service.pages.render import page

SHOWN = 25  # cases on the page


def pack_made(request: Request, job: Job, chart: Chart, found: Mapping[str, Any], *, pasted: str = "", problems: Sequence[Problem] = ()) -> Response:
    """The page; `pasted` and its `problems` where it could not be read."""
    levels = {level.id: level.title for level in chart.levels}
    cases = [
        (case["case_id"], readings_of(chart, case["given"]), _expected(case["expected"], levels), case["why"]) for case in found["cases"][:SHOWN]
    ]
    return page(
        request,
        "pack_made.html",
        title="A pack",
        here="pack",
        chart=chart,
        run=shown_run(request, job),
        made=found,
        kill_rate=f"{kill_rate_of(found):.1%}",
        cases=cases,
        pages=[file for file in job.files if file["media_type"].startswith("text/html")],
        files=sorted(job.files, key=lambda file: file["name"]),
        pasted=pasted,
        problems=problems,
        status=422 if problems else 200,
    )


def kill_rate_of(found: Mapping[str, Any]) -> float:
    """The share of the faults that cases can show, unrounded: the document of a pack rounds it, and its words do not."""
    mutants = found["mutants"]
    wanted = mutants["made"] - mutants["equivalent"]
    return mutants["killed"] / wanted if wanted else 1.0


def _expected(expected: Mapping[str, str], levels: Mapping[str, str]) -> str:
    """What the platform must show, in words."""
    if expected["expected_status"] == "refused":
        return "No score: the set is refused"
    level = levels.get(expected["expected_level"], expected["expected_level"])
    if expected["expected_status"] == "partial":
        return f"No total, at least level {level}" if level else "No total"
    return ", ".join(
        part for part in (f"Total {expected['expected_total']}" if expected["expected_total"] else "", f"level {level}" if level else "") if part
    )
