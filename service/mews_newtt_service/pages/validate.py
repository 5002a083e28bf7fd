"""The pages "Validate a file": upload it, say what its columns mean, and start the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import ColumnError, MewsNewttError, Problem
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX, ColumnMap, mapped_columns, read_map
from mews_newtt.reading.suggest import map_file_text, suggest_columns
from mews_newtt.tables.first_look import FirstLook, first_look
from mews_newtt_service.jobs.queue import Queue, started
from mews_newtt_service.jobs.submit import start
from mews_newtt_service.jobs.uploads import keep_text
from mews_newtt_service.pages import drafts, plans, which_chart
from mews_newtt_service.pages.column_form import LEAVE, MOST_WORDS, Chosen, choices, meanings, seen, words_left
from mews_newtt_service.pages.kept_runs import runs_of
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.pages.rows_without_column import without_column
from mews_newtt_service.pages.which_chart import LOOKED_INTO
from mews_newtt_service.problems import status_of
from mews_newtt_service.settings import Settings

MOST_COLUMNS = 500


def add_to(pages: APIRouter, settings: Settings) -> None:
    async def take(request: Request) -> Response:
        with request.app.state.concurrency.slot(request.scope["client_id"]):
            return await _take(request)

    pages.add_api_route("/workbench/validate", shows_faults(upload_page), methods=["GET"])
    pages.add_api_route("/workbench/validate", shows_faults(take), methods=["POST"])
    pages.add_api_route("/workbench/validate/{job}/chart", shows_faults(chart_chosen), methods=["POST"])
    pages.add_api_route("/workbench/validate/{job}", shows_faults(columns_page), methods=["GET", "POST"])


async def upload_page(request: Request) -> Response:
    """The form for a file, and the runs that are kept."""
    charts = request.app.state.charts
    like = request.query_params.get("like", "")[:32]
    return page(
        request,
        "validate.html",
        title="Validate a file",
        here="validate",
        charts=charts.charts(),
        wanted=request.query_params.get("chart", ""),
        like=like,
        runs=await anyio.to_thread.run_sync(runs_of, request, "verify", "score"),
    )


async def _take(request: Request) -> Response:
    """Keep what is sent until its columns are named. A file with a plan, or of a kind that only a plan reads, goes the way of plans."""
    draft = await plans.taken(request)
    plan = draft.upload.fields.get("plan") or await anyio.to_thread.run_sync(_plan_before, request, draft)
    if plan is not None or (draft.upload.format not in LOOKED_INTO and not draft.chart_open):
        return await plans.look(request, draft, plan=plan)
    return RedirectResponse(f"/workbench/validate/{draft.upload.job_id}", 303)


def _plan_before(request: Request, draft: drafts.Draft) -> str | None:
    """The plan of the earlier run, if it had one."""
    try:
        job = drafts.run_of(request, draft.like)
    except MewsNewttError:
        return None  # there is none, or no longer
    path = request.app.state.queue.path(job.id, str(job.parameters.get("plan", "plan.toml")))
    return path.read_text(encoding="utf-8") if path.is_file() else None


async def chart_chosen(request: Request) -> Response:
    """Go on with the chart that was chosen: to the columns, or to a plan for a file of a kind that only a plan reads."""
    draft = await which_chart.chosen(request)
    if draft.waits and draft.upload.format not in LOOKED_INTO:
        return await plans.look(request, draft)
    return RedirectResponse(f"/workbench/validate/{draft.upload.job_id}", 303)


async def columns_page(request: Request) -> Response:
    """What each column means: suggested, changed at will, then run."""
    draft = await anyio.to_thread.run_sync(drafts.find, request, request.path_params["job"])
    if draft.chart_open:
        return RedirectResponse(f"/workbench/validate/{draft.upload.job_id}/chart", 303)
    if not draft.waits and request.method == "GET":
        return RedirectResponse(f"/workbench/runs/{draft.upload.job_id}", 303)
    if not draft.waits and not draft.path(request.app.state.queue).is_file():
        raise started()
    try:
        looked = await anyio.to_thread.run_sync(first_look, draft.path(request.app.state.queue), draft.upload.name, draft.upload.format)
    except MewsNewttError as fault:
        return _not_understood(request, draft, fault)
    if len(looked.columns) > MOST_COLUMNS:
        raise ColumnError(Problem("too_many_columns", draft.upload.name, f"has {len(looked.columns)} columns", f"send at most {MOST_COLUMNS}"))
    problems: tuple[Problem, ...] = ()
    anyway = ask_rows = ask_left = False
    left: dict[str, list[str]] = {}
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=20_000) as form:
            chosen = _chosen(form, looked)
            wants_run, anyway = form.get("do") == "run", form.get("anyway") == "yes"
            left = words_left(draft.chart, looked.columns, chosen)
            ask_words = _new_words(draft.chart, looked, chosen, form)
            ask_rows = bool(without := without_column(draft.chart, chosen.columns.values())) and _text(form, "rows_seen") != without.seen
            ask_left = wants_run and not ask_words and bool(left) and _text(form, "words_left") != seen(left)
        if wants_run and not ask_words and not ask_rows and not ask_left:
            try:
                return await _start(request, draft, looked, chosen.map, anyway)
            except MewsNewttError as fault:
                problems = fault.problems
    else:
        chosen = await anyio.to_thread.run_sync(_first, request, draft, looked)
        ask_words = _new_words(draft.chart, looked, chosen, {})
    return page(
        request,
        "columns.html",
        title="What the columns are",
        here="validate",
        chart=draft.chart,
        name=draft.upload.name,
        job=draft.upload.job_id,
        rows=looked.rows,
        meanings=meanings(draft.chart, looked.columns, chosen),
        choices=choices(draft.chart),
        leave=LEAVE,
        missing=", ".join(sorted(chosen.missing)),
        nothing_expected=not _expects(chosen.columns),
        ask_words=ask_words,
        ask_rows=ask_rows,
        left=left if ask_left else {},
        left_seen=seen(left) if ask_left else "",
        without=without_column(draft.chart, chosen.columns.values()),
        anyway=anyway,
        unread=[name for name, ours in chosen.columns.items() if ours == LEAVE],
        problems=problems,
        status=422 if problems else 200,
    )


def _not_understood(request: Request, draft: drafts.Draft, fault: MewsNewttError) -> Response:
    """A file that is no plain table: what is wrong with it, and the way by a reading plan."""
    return page(
        request,
        "not_understood.html",
        title="The file is no plain table",
        here="validate",
        chart=draft.chart,
        status=status_of(fault),
        name=draft.upload.name,
        job=draft.upload.job_id,
        problems=fault.problems,
    )


def _first(request: Request, draft: drafts.Draft, looked: FirstLook) -> Chosen:
    """The first suggestion: the choices of the earlier run where its columns are the same, else a choice by the names."""
    names = [column.name for column in looked.columns]
    if draft.like:
        try:
            job = drafts.run_of(request, draft.like)
            path = request.app.state.queue.path(job.id, job.parameters.get("map", "map.toml"))
            before = read_map([str(path)]) if path.is_file() else ColumnMap()
            if {*before.columns, *before.ignore} <= {*names}:
                chosen = {name: LEAVE if name in before.ignore else before.ours(name) for name in names}
                return Chosen(chosen, before.units, before.values, before.missing)
        except MewsNewttError:
            pass  # the earlier run is gone: suggest by the names
    suggestions = suggest_columns(draft.chart, names)
    return Chosen({name: suggestions.get(name, LEAVE) for name in names})


def _new_words(chart: Chart, looked: FirstLook, chosen: Chosen, form: Mapping[str, Any]) -> bool:
    """Whether a column holds words nobody was asked about yet."""
    found = meanings(chart, looked.columns, chosen)
    return any(each.unknown and f"theirs-{place}-0" not in form for place, each in enumerate(found))


def _chosen(form: FormData, looked: FirstLook) -> Chosen:
    """The form's choices. Columns are numbered in it, so that no name of a column is a name of a field."""
    chosen: dict[str, str] = {}
    units: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for place, column in enumerate(looked.columns):
        ours = _text(form, f"column-{place}") or LEAVE
        chosen[column.name] = ours
        unit = _text(form, f"unit-{place}")
        if unit:
            units[ours] = unit
        for at in range(MOST_WORDS):
            theirs, answer = _text(form, f"theirs-{place}-{at}"), _text(form, f"answer-{place}-{at}")
            if theirs and answer:
                values.setdefault(ours, {})[theirs] = answer
    missing = frozenset(word.strip() for word in _text(form, "missing").split(",") if word.strip())
    return Chosen(chosen, units, values, missing)


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value.strip()[:300] if isinstance(value, str) else ""


def _expects(chosen: Mapping[str, str]) -> bool:
    return any(ours in EXPECTED or ours.startswith(EXPECTED_POINTS_PREFIX) for ours in chosen.values())


async def _start(request: Request, draft: drafts.Draft, looked: FirstLook, column_map: ColumnMap, anyway: bool) -> Response:
    """Queue the run; `anyway`: diagnose the platform although scored rows have no column, since it did not have their readings either."""
    queue: Queue = request.app.state.queue
    names = [column.name for column in looked.columns]
    _check(draft.chart, names, column_map)
    if not _expects({name: column_map.ours(name) for name in names}):
        raise ColumnError(
            Problem(
                "nothing_expected", draft.upload.name, "has no column of the other system's result", "say which column is its total, level or points"
            )
        )
    more: dict[str, Any] = {"upload": draft.upload._asdict(), "like": draft.like}
    more["map"] = await anyio.to_thread.run_sync(keep_text, queue.path(draft.upload.job_id, ""), "map", map_file_text(column_map))
    if looked.rows:
        more["about_rows"] = looked.rows
    without = without_column(draft.chart, [column_map.ours(name) for name in names if name not in column_map.ignore])
    more["undiagnosed"] = [] if anyway else [p.title for p in without.scored]
    job = await start(request, "verify", draft.chart, draft.upload, more)
    return RedirectResponse(f"/workbench/runs/{job.id}", 303)


def _check(chart: Chart, names: list[str], column_map: ColumnMap) -> None:
    """The library's check with hints for this page, because its own hints name options of the command."""
    try:
        mapped_columns(names, chart, column_map, chart.observations, results=())  # nothing is written into this file, so no name is in the way
    except ColumnError as fault:
        raise ColumnError([problem._replace(mend="choose another meaning for it below") for problem in fault.problems]) from None
