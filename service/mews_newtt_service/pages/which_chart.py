"""Which chart a file is for, where its user does not know: the charts that fit its columns, one to be chosen."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError
from mews_newtt.reading.suggest_chart import best_of, fits_of
from mews_newtt.tables.first_look import first_look
from mews_newtt.tables.origins.opening import propose_settings, read_source
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.pages import drafts
from mews_newtt_service.pages.render import page, pinned_chart, shows_faults

SUGGEST = "suggest"  # the choice of the form instead of a chart
LOOKED_INTO = ("csv", "ndjson", "parquet")  # kinds whose columns the pages can ask about
WORKBOOKS = ("xlsx", "ods")
MOST_BYTES = 5 << 20  # of a workbook that is opened to see the names of its columns


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/validate/{job}/chart", shows_faults(chart_page), methods=["GET"])


def named_chart(request: Request, text: str) -> tuple[Chart, bool]:
    """The chart that a form names; where it asks for a suggestion, any chart, and True."""
    if text == SUGGEST:
        return request.app.state.charts.charts()[0], True
    return pinned_chart(request, text), False


async def chart_page(request: Request) -> Response:
    """The charts that find rows among the columns of the file, the best fit first. None is taken before somebody chooses it."""
    draft = await anyio.to_thread.run_sync(drafts.find, request, request.path_params["job"])
    there = f"/workbench/validate/{draft.upload.job_id}"
    if not draft.chart_open:
        return RedirectResponse(there, 303)
    names = await anyio.to_thread.run_sync(_names, draft, request.app.state.queue)
    charts = request.app.state.charts.charts()
    fits = fits_of(charts, names)
    return page(
        request,
        "which_chart.html",
        title="Which chart should it follow?",
        here="validate",
        name=draft.upload.name,
        has_names=bool(names),
        job=draft.upload.job_id,
        fits=fits,
        best=best_of(fits),
        others=[chart for chart in charts if chart not in [fit.chart for fit in fits]],
    )


async def chosen(request: Request) -> drafts.Draft:
    """The draft with the chart that its user chose."""
    draft = await anyio.to_thread.run_sync(drafts.find, request, request.path_params["job"])
    if draft.chart_open:
        async with request.form(max_files=0, max_fields=5) as form:
            draft = draft._replace(chart=pinned_chart(request, str(form.get("chart", ""))), chart_open=False)
        await anyio.to_thread.run_sync(drafts.choose, request, draft, draft.chart)
    return draft


def _names(draft: drafts.Draft, queue: Queue) -> list[str]:
    """The names of the file's columns; none where only a reading plan can say what they are."""
    path, upload = draft.path(queue), draft.upload
    if upload.format in LOOKED_INTO:
        return [column.name for column in first_look(path, upload.name, upload.format).columns]
    if upload.format not in WORKBOOKS or upload.bytes > MOST_BYTES:
        return []
    try:
        settings, _ = propose_settings(path, name=upload.name)
        return list(read_source(path, settings, name=upload.name).columns)
    except FileError:
        return []  # such as several sheets: the plan asks which one
