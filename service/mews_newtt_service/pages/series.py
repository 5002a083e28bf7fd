"""The page "A series": somebody pastes or uploads several sets of one person and sees them drawn over time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.drawn import series_html
from mews_newtt.errors import ColumnError, FileError, MewsNewttError, Problem
from mews_newtt.reading.times import DATES
from mews_newtt.tables.series import MOST_SETS, NAME, PlannedSets, Series, read_series, series_of_planned
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.submit import finished, raise_failed, submit
from mews_newtt_service.jobs.uploads import FIELD_BYTES, plain_name, stored_name
from mews_newtt_service.pages.render import chart_of, drawn, page, shows_faults

MOST_BYTES = 1 << 20
SETS = "sets.json"


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/series", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/series/{chart}/{version}", shows_faults(series_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    what = "Paste or upload several sets of one person and see the track."
    return page(request, "choose.html", title="A series", here="series", charts=charts, into="series", what=what)


async def series_page(request: Request) -> Response:
    chart = chart_of(request)
    pasted, dates, file_order, plan = "", "", False, ""
    series: Series | None = None
    reading: Mapping[str, Any] | None = None
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            async with request.form(max_files=2, max_fields=10, max_part_size=MOST_BYTES) as form:
                dates, file_order = str(form.get("dates", "")), form.get("file_order") == "yes"
                plan = await _plan_sent(form)
                pasted, content, name = await _sent(form, by_plan=bool(plan))
            if plan:
                planned = await _by_plan(request, chart, name, content, plan)
                reading = planned.reading
                series = series_of_planned(chart, planned, file_order=file_order)
            else:
                series = read_series(chart, content, dates=dates if dates in DATES else "", file_order=file_order)
            for _, result in series.sets:
                request.app.state.metrics.scored(chart, result.status)
        except ColumnError as fault:  # the library's hints name options of the command
            problems = fault.problems
            if not plan:
                problems = tuple(problem._replace(mend="name the column in the first line as listed below, or take it out") for problem in problems)
        except MewsNewttError as fault:
            problems = fault.problems
    codes = {problem.code for problem in problems}
    return page(
        request,
        "series.html",
        title=f"A series on {chart.short_title} {chart.version}",
        here="series",
        chart=chart,
        pasted=pasted,
        plan=plan,
        reading=reading,
        problems=problems,
        series=series,
        track=drawn(series_html(chart, series.sets, ordered=series.ordered)) if series else None,
        columns=["observed_at", *(p.id for p in chart.parameters if p.role != "recorded" or p.id in chart.context_ids)],
        most=MOST_SETS,
        no_order=file_order or any(code.startswith("time_") for code in codes),
        file_order=file_order,
        ask_dates=not plan and (bool(dates) or "time_day_or_month" in codes),
        dates=dates,
        date_orders=DATES,
        status=422 if problems else 200,
    )


async def _sent(form: FormData, *, by_plan: bool) -> tuple[str, bytes, str]:
    """The text that the page shows again, the bytes to read, and their name: those of the file if one was chosen, else what was pasted."""
    text, file = form.get("sets"), form.get("file")
    pasted = text.replace("\r\n", "\n") if isinstance(text, str) else ""
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise FileError(Problem("body_too_large", "the file", f"is larger than {MOST_BYTES:,} bytes", "validate large files instead"))
        if by_plan:
            return "", content, plain_name(file.filename)  # it may be of any kind and encoding
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n"), content, NAME
        except UnicodeDecodeError:
            return "", content, NAME
    if not pasted.strip():
        raise FileError(Problem("nothing_sent", NAME, "is empty", "paste rows with a first line of column names, or choose a file"))
    return pasted, pasted.encode("utf-8", "replace"), NAME


async def _plan_sent(form: FormData) -> str:
    """The reading plan: the file if one was chosen, else what was pasted; "" where there is none."""
    text, file = form.get("plan"), form.get("plan_file")
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(FIELD_BYTES + 1)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise FileError(Problem("not_utf8", "the plan", "is not UTF-8 text", "choose the TOML file of a reading plan")) from None
    plan = text.replace("\r\n", "\n") if isinstance(text, str) else ""
    if len(plan.encode()) > FIELD_BYTES:
        raise FileError(Problem("body_too_large", "the plan", f"is larger than {FIELD_BYTES:,} bytes", "choose the TOML file of a reading plan"))
    return plan if plan.strip() else ""


async def _by_plan(request: Request, chart: Chart, name: str, content: bytes, plan: str) -> PlannedSets:
    """The sets as the plan reads them. A worker reads them, as it reads every file with a plan; nothing of it is kept."""
    queue: Queue = request.app.state.queue
    stored = stored_name(name, content)
    files = {stored: content, "plan.toml": plan.encode()}
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        job = await submit(request, "series", chart, parameters={"input": stored, "name": name}, files=files)
        try:
            job = await finished(request, job.id)
            await anyio.to_thread.run_sync(raise_failed, queue, job)
            return await anyio.to_thread.run_sync(_planned, queue, job)
        finally:
            await anyio.to_thread.run_sync(queue.forget, job.id)


def _planned(queue: Queue, job: Job) -> PlannedSets:
    known = next(file for file in job.files if file["name"] == SETS)
    found = json.loads(queue.path(job.id, f"{known['folder']}/{SETS}").read_text(encoding="utf-8"))
    return PlannedSets(found["columns"], found["rows"], found["reading"])
