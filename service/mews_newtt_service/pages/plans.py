"""The pages of reading plans: propose one for a file, answer its questions, see the first sets as they will be read, and go on with the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX
from mews_newtt.reading.plan.time_formats import in_words
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.submit import start, submit
from mews_newtt_service.jobs.uploads import FIELD_BYTES, keep_text, receive_upload
from mews_newtt_service.pages import drafts
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.pages.which_chart import named_chart
from mews_newtt_service.problems import refuse

LOOKED, PLAN = "looked.json", "plan.toml"
LONGEST = 300  # characters of a setting that are read
NUMBERS = ("header_line", "skip_lines", "footer_lines")
# What the page asks about the layout of a file, and for which kinds of files.
SETTINGS = {
    "sheet": "Sheet of the workbook",
    "header_line": "Line of the column names (a number)",
    "skip_lines": "Lines to leave out after it (a number)",
    "footer_lines": "Lines to leave out at the end (a number)",
    "encoding": "Encoding, such as cp1252",
    "delimiter": "Sign between the cells, such as ;",
    "json_path": "Path of the rows in JSON",
    "identifier": "Type of the patient identifier in HL7, such as MR",
}

# Entries of a plan in words, where the name of the key does not say enough.
SAYS = {
    "source.kind": "kind of file",
    "source.header_line": "line of the column names",
    "source.skip_lines": "lines left out after the column names",
    "source.footer_lines": "lines left out at the end",
    "source.delimiter": "sign between the cells",
    "source.json_path": "path of the rows",
    "source.identifier": "type of the patient identifier",
    "source.formula_errors": "cells with a formula error",
    "source.merged_cells": "merged cells",
    "long.code": "column that says what was measured",
    "long.value": "column of the values",
    "long.unit": "column of the units",
    "long.units": "their names of units",
    "long.subject": "column that says who it is",
    "long.time": "column of the times",
    "ignore.": "columns that are left alone",
    "long.ignore": "codes that are left alone",
    "times.columns": "columns of the times",
    "times.format": "how times are written",
    "times.zone": "time zone",
    "sets.window": "rows of one person are one set within",
    "sets.differing": "a reading that is given twice with different values",
    "status.column": "column that says which rows count",
    "status.counts": "rows with these words count",
    "status.void": "rows with these words do not count",
    "numbers.decimal": "decimal marks",
    "numbers.thousands": "mark between thousands",
    "numbers.strip": "signs taken off numbers",
    "numbers.ranges": "ranges that mean one thing are read",
}


NOT_READINGS = {
    "observed_at": "when the set was taken",
    "recorded_at": "when it was written down",
    "patient_id": "who the set is of",
    "case_id": "name of the set",
    "expected_total": "the total of the other system",
    "expected_level": "the level of the other system",
}
UNANSWERED = Problem("unanswered", "questions", "no answer was chosen", "choose an answer to a question, then write the answers again")
PARTS_OF = re.compile(r"\(\?P<(\w+)>")  # the readings that a pattern finds in one cell


class Said(NamedTuple):
    """One entry of a proposed plan in words: what of the file it is about, how that is read, and why."""

    where: str
    meaning: str
    why: str


def add_to(pages: APIRouter) -> None:
    async def take(request: Request) -> Response:
        with request.app.state.concurrency.slot(request.scope["client_id"]):
            return await look(request, await taken(request))

    pages.add_api_route("/workbench/plan", shows_faults(upload_page), methods=["GET"])
    pages.add_api_route("/workbench/plan", shows_faults(take), methods=["POST"])
    pages.add_api_route("/workbench/plan/{job}", shows_faults(looked_page), methods=["GET"])
    pages.add_api_route("/workbench/plan/{job}", shows_faults(act), methods=["POST"])
    pages.add_api_route("/workbench/validate/{job}/plan", shows_faults(propose_for_draft), methods=["POST"])


async def upload_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    return page(request, "plan.html", title="Propose a reading plan", here="plan", charts=charts, wanted=request.query_params.get("chart", ""))


async def taken(request: Request) -> drafts.Draft:
    """Keep the file that is sent, whatever its kind is."""
    queue: Queue = request.app.state.queue
    upload = await receive_upload(request, any_kind=True)
    try:
        if not upload.bytes:
            raise FileError(Problem("file_empty", "the file", "is empty, or none was chosen", "choose a file with a first line of column names"))
        chart, is_open = named_chart(request, upload.fields.get("chart", ""))
        if is_open and "plan" in upload.fields:
            what = "cannot be suggested for a file with a plan"
            raise FileError(Problem("chart_unnamed", "the chart", what, "choose a chart, then send the file again"))
        draft = drafts.Draft(upload, chart, upload.fields.get("like", ""), chart_open=is_open)
        until = await anyio.to_thread.run_sync(drafts.keep, request, draft)
        return draft._replace(until=until)
    except BaseException:
        queue.drop_folder(upload.job_id)
        raise


async def propose_for_draft(request: Request) -> Response:
    """Propose a plan for a file that was sent to be validated."""
    draft = await anyio.to_thread.run_sync(drafts.find, request, request.path_params["job"])
    if draft.chart_open:
        return RedirectResponse(f"/workbench/validate/{draft.upload.job_id}/chart", 303)
    return await look(request, draft)


async def look(
    request: Request,
    draft: drafts.Draft,
    *,
    plan: str | None = None,
    answers: Mapping[str, str] | None = None,
    source: Mapping[str, str | int] | None = None,
) -> Response:
    """Have a worker read the draft by a plan, or propose one with these answers and settings of the file. Its results go when the draft goes."""
    if plan is not None and len(plan.encode()) > FIELD_BYTES:
        raise refuse(413, "body_too_large", "the plan", f"is larger than {FIELD_BYTES:,} bytes", "send a shorter plan")
    upload = draft.upload
    parameters = {"draft": upload.job_id, "input": upload.stored, "name": upload.name, "answers": dict(answers or {}), "source": dict(source or {})}
    files = {} if plan is None else {PLAN: plan.replace("\r\n", "\n").encode()}
    job = await submit(request, "plan", draft.chart, parameters=parameters, files=files, until=draft.until)
    return RedirectResponse(f"/workbench/plan/{job.id}", 303)


async def looked_page(request: Request) -> Response:
    """What a plan makes of the file: its questions, or the first sets."""
    job = await anyio.to_thread.run_sync(_job, request)
    chart = request.app.state.charts.find(job.chart, job.version)
    name = str(job.parameters["name"])
    if not job.ended:
        return page(request, "plan_waiting.html", title="Looking at the file", here="plan", chart=chart, job=job.id, name=name)
    if job.state != "done":
        problems = [Problem(p["code"], p["where"], p["what"], p["mend"]) for p in job.problems]
        return page(request, "plan_failed.html", title="The file could not be looked at", here="plan", chart=chart, problems=problems, name=name)
    found = await anyio.to_thread.run_sync(_looked, request, job)
    problems = [Problem(p["code"], p["where"], p["what"], p["mend"]) for p in found["problems"]]
    without = [chart.by_id[name] for name in found["without"]]
    is_open = [question for question in found["questions"] if question["open"]]
    return page(
        request,
        "plan_looked.html",
        title=_title(found, is_open, problems),
        here="plan",
        chart=chart,
        job=job.id,
        draft=job.parameters["draft"],
        name=name,
        found=found,
        problems=problems,
        questions=[question for question in found["questions"] if not question["by_hand"]],
        by_hand=[question for question in found["questions"] if question["by_hand"]],
        is_open=len(is_open),
        entries=[said(chart, entry) for entry in found["entries"]],
        settings=SETTINGS,
        source=job.parameters["source"],
        without_scored=[p for p in without if p.role == "scored"],
        without_triggers=[p for p in without if p.role == "trigger" and p.required],
        states_results=any(name in EXPECTED or name.startswith(EXPECTED_POINTS_PREFIX) for name in found["columns"]),
        failed=bool(problems),
        unanswered=[UNANSWERED] if "unanswered" in request.query_params else [],
    )


def _title(found: Mapping[str, Any], is_open: list[Any], problems: list[Problem]) -> str:
    if problems:
        return "The plan does not fit the file" if found["plan"] else "The file could not be read"
    return "A proposed reading plan" if is_open else "How the plan reads the file"


def said(chart: Chart, entry: Mapping[str, str]) -> Said:
    """An entry of the plan in words."""

    def title(name: str) -> str:
        return chart.observations[name].title if name in chart.observations else NOT_READINGS.get(name, name.replace("_", " "))

    table, _, about = entry["table"].partition(".")
    key, value, why = entry["key"], entry["value"], entry["why"]
    if table == "times" and key == "format":
        value = in_words(value)
    where, meaning = {
        "columns": (f"column {key}", title(value)),
        "codes": (f"code {key}", title(value)),
        "units": (f"unit of {title(key)}", value),
        "values": (f"{title(about)}: the cell {key!r}", value),
        "missing": (f"marks for no reading: {'every row of the chart' if key == '*' else title(key)}", value),
        "cells": (f"cells of {key}", " and ".join(map(title, PARTS_OF.findall(value))) or f"by the pattern {value}"),
        "readings": (f"{title(about)}: {key}", value),
        "air_or_oxygen": (f"{title(table)}: {key}", value),
    }.get(table, (SAYS.get(f"{table}.{key}", f"{table}: {key}".replace("_", " ")), {"true": "yes", "false": "no"}.get(value, value)))
    return Said(where, meaning, why)


async def act(request: Request) -> Response:
    """What a person does with the page: answer, correct, go on, or remove the file."""
    job = await anyio.to_thread.run_sync(_job, request)
    async with request.form(max_files=0, max_fields=2_000, max_part_size=FIELD_BYTES) as form:
        given = {name: text for name, text in form.items() if isinstance(text, str)}
    draft = await anyio.to_thread.run_sync(drafts.find, request, str(job.parameters["draft"]))
    do = given.get("do", "")
    if not draft.waits:
        return RedirectResponse(f"/workbench/runs/{draft.upload.job_id}", 303)
    if do == "remove":
        await anyio.to_thread.run_sync(_forget, request, draft.upload.job_id, True)
        return RedirectResponse("/workbench/plan", 303)
    if do in ("validate", "score"):
        return await _go_on(request, job, draft, "verify" if do == "validate" else "score", anyway=given.get("anyway") == "yes")
    if do == "by_hand":
        return await look(request, draft, plan=given.get("plan", ""), answers=job.parameters["answers"], source=job.parameters["source"])
    chosen = {name.removeprefix("q-")[:16]: text[:16] for name, text in given.items() if name.startswith("q-")}
    if do == "answer" and not chosen:
        return RedirectResponse(f"/workbench/plan/{job.id}?unanswered=yes", 303)
    answers = {**job.parameters["answers"], **chosen}
    return await look(request, draft, answers=answers, source=_settings(given) if do == "source" else job.parameters["source"])


def _settings(given: Mapping[str, str]) -> dict[str, str | int]:
    """What was said of the file's layout. A number that is none is kept as it is: the reader of settings says what is wrong."""
    found: dict[str, str | int] = {}
    for name in SETTINGS:
        text = given.get(f"source-{name}", "")[:LONGEST]
        text = text if name == "delimiter" and text else text.strip()
        if text:
            found[name] = int(text) if name in NUMBERS and text.isascii() and text.isdigit() and len(text) < 10 else {"\\t": "\t"}.get(text, text)
    return found


async def _go_on(request: Request, job: Job, draft: drafts.Draft, kind: str, *, anyway: bool) -> Response:
    """Start the run of the file by the plan."""
    queue: Queue = request.app.state.queue
    found = await anyio.to_thread.run_sync(_looked, request, job)
    if found["problems"] or found["reading"] is None:
        raise refuse(409, "plan_not_ready", "the plan", "has open questions, or does not fit the file", "answer its questions, or correct it")
    plan = await anyio.to_thread.run_sync(keep_text, queue.path(draft.upload.job_id, ""), "plan", found["plan"])
    without = [draft.chart.by_id[name] for name in found["without"]]
    more: dict[str, Any] = {"upload": draft.upload._asdict(), "like": draft.like, "plan": plan, "about_rows": found["reading"]["sets"]}
    if kind == "verify":
        more["undiagnosed"] = [] if anyway else [p.title for p in without if p.role == "scored"]
    else:
        more |= {"output_format": "csv", "points": True, "on_bad_row": "report"}
    run = await start(request, kind, draft.chart, draft.upload, more)
    await anyio.to_thread.run_sync(_forget, request, draft.upload.job_id)
    return RedirectResponse(f"/workbench/runs/{run.id}", 303)


def _job(request: Request) -> Job:
    job = drafts.run_of(request, request.path_params["job"])
    if job.kind != "plan" or job.state == "cancelled":
        raise refuse(404, "run_unknown", "this page", "is not here, or no longer", "send the file again")
    return job


def _looked(request: Request, job: Job) -> dict[str, Any]:
    """What the worker found."""
    queue: Queue = request.app.state.queue
    known = next((file for file in job.files if file["name"] == LOOKED), None)
    path = queue.path(job.id, f"{known['folder']}/{LOOKED}") if known else None
    if path is None or not path.is_file():
        raise refuse(404, "run_unknown", "this page", "is not here, or no longer", "send the file again")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _forget(request: Request, draft_id: str, whole: bool = False) -> None:
    """Remove what was looked at of a draft; `whole`: the draft too."""
    queue: Queue = request.app.state.queue
    for job in queue.jobs(request.scope["client_id"]):
        if job.kind == "plan" and job.parameters.get("draft") == draft_id:
            queue.forget(job.id)
    if whole:
        queue.forget(draft_id)
