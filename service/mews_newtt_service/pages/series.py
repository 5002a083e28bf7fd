"""The page "A series": somebody pastes or uploads several sets of one person and sees them drawn over time."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.drawn import series_html
from mews_newtt.errors import ColumnError, FileError, MewsNewttError, Problem
from mews_newtt.reading.times import DATES
from mews_newtt.tables.series import MOST_SETS, NAME, Series, read_series
from mews_newtt_service.pages.render import chart_of, drawn, page, shows_faults

MOST_BYTES = 1 << 20


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/series", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/series/{chart}/{version}", shows_faults(series_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    what = "Paste or upload several sets of one person and see the track."
    return page(request, "choose.html", title="A series", here="series", charts=charts, into="series", what=what)


async def series_page(request: Request) -> Response:
    chart = chart_of(request)
    pasted, dates, file_order = "", "", False
    series: Series | None = None
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            async with request.form(max_files=1, max_fields=10, max_part_size=MOST_BYTES) as form:
                dates, file_order = str(form.get("dates", "")), form.get("file_order") == "yes"
                pasted, content = await _sent(form)
            series = read_series(chart, content, dates=dates if dates in DATES else "", file_order=file_order)
            for _, result in series.sets:
                request.app.state.metrics.scored(chart, result.status)
        except ColumnError as fault:  # the library's hints name options of the command
            problems = tuple(problem._replace(mend="name the column in the first line as listed below, or take it out") for problem in fault.problems)
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
        problems=problems,
        series=series,
        track=drawn(series_html(chart, series.sets, ordered=series.ordered)) if series else None,
        columns=["observed_at", *(p.id for p in chart.parameters if p.role != "recorded" or p.id in chart.context_ids)],
        most=MOST_SETS,
        no_order=file_order or any(code.startswith("time_") for code in codes),
        file_order=file_order,
        ask_dates=bool(dates) or "time_day_or_month" in codes,
        dates=dates,
        date_orders=DATES,
        status=422 if problems else 200,
    )


async def _sent(form: Any) -> tuple[str, bytes]:
    """The text that the page shows again, and the bytes to read: those of the file if one was chosen, else what was pasted."""
    text, file = form.get("sets"), form.get("file")
    pasted = text.replace("\r\n", "\n") if isinstance(text, str) else ""
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise FileError(Problem("body_too_large", "the file", f"is larger than {MOST_BYTES:,} bytes", "validate large files instead"))
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n"), content
        except UnicodeDecodeError:
            return "", content
    if not pasted.strip():
        raise FileError(Problem("nothing_sent", NAME, "is empty", "paste rows with a first line of column names, or choose a file"))
    return pasted, pasted.encode("utf-8", "replace")
