"""The page "A series": somebody pastes or uploads several sets of one person and sees them drawn over time."""

from __future__ import annotations

import re
from functools import partial

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.drawn import series_html, series_svg
from mews_newtt.errors import ColumnError, MewsNewttError, Problem
from mews_newtt.reading.column_names import BY_A_GUESS
from mews_newtt.reading.times import COLUMN, DATES
from mews_newtt.tables.series import MOST_SETS, TWICE, Series
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.pages.plans import said
from mews_newtt_service.pages.render import chart_of, drawn, page, shows_faults
from mews_newtt_service.pages.samples import sample_of
from mews_newtt_service.pages.series_reading import BREAKS, MOST_BYTES, Looked, Sent, pasted_alone, read_sent, sent_in

MOST_IN_PNG = 80  # sets; browsers draw no wider picture
MOST_UNREAD = 50  # columns that are named
EXAMPLE = "course"
QUESTION_OF = {"time_twice": "twice", "time_day_or_month": "dates"}  # where a problem is answered on the page; else the sets are corrected


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/series", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/series/{chart}/{version}", shows_faults(series_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    what = "Paste or upload several sets of one person and see the track."
    return page(request, "choose.html", title="A series", here="series", charts=charts, into="series", what=what)


async def series_page(request: Request) -> Response:
    chart = chart_of(request)
    sent: Sent | None = None
    looked = Looked(None)
    problems: tuple[Problem, ...] = ()
    is_example = request.method == "GET" and request.query_params.get("example") == EXAMPLE
    if request.method == "POST" or is_example:
        try:
            if is_example:
                sent = pasted_alone((await sample_of(chart, "course.csv")).text)
            else:
                async with request.form(max_files=2, max_fields=60, max_part_size=MOST_BYTES) as form:
                    sent = await sent_in(form)
            looked = await read_sent(request, chart, sent)
        except ColumnError as fault:  # the library's hints name options of the command
            problems = fault.problems
            if sent is None or not sent.plan:
                problems = tuple(problem._replace(mend="name the column in the first line as listed below, or take it out") for problem in problems)
        except MewsNewttError as fault:
            problems = fault.problems
        for each in looked.series.sets if looked.series and not is_example else ():
            request.app.state.metrics.scored(chart, each.score.status)
    if sent is not None and looked.series is not None and sent.wants == "svg":
        return await _svg(chart, looked.series, sent)
    return await _page(request, chart, sent, looked, problems)


async def _svg(chart: Chart, series: Series, sent: Sent) -> Response:
    """The track as a file."""
    draw = partial(
        series_svg,
        chart,
        series.sets,
        name=_title(series),
        ordered=series.ordered,
        true_time=sent.true_time,
        break_hours=sent.break_hours,
        made_by=f"mews_newtt {__version__}.",
    )
    text = await anyio.to_thread.run_sync(draw)
    name = f"track-{chart.id}-{chart.version}.svg"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **chart_headers(chart)}
    return Response(text, media_type="image/svg+xml", headers=headers)


def _is_read(chart: Chart, parameter: Parameter) -> bool:
    return parameter.role != "recorded" or parameter.id in chart.context_ids


def _title(series: Series) -> str:
    return f"The track, {series.sets[0].when} to {series.sets[-1].when}"


async def _page(request: Request, chart: Chart, sent: Sent | None, looked: Looked, problems: tuple[Problem, ...]) -> Response:
    codes = {problem.code for problem in problems}
    problems = tuple(problem._replace(where=re.sub(rf"^{COLUMN}\b", "Times", problem.where)) for problem in problems)
    series, file_order = looked.series, sent is not None and sent.file_order
    track = None
    if series is not None and sent is not None:
        draw = partial(series_html, title=_title(series), ordered=series.ordered, true_time=sent.true_time, break_hours=sent.break_hours)
        track = await anyio.to_thread.run_sync(draw, chart, series.sets)
    is_open = sum(bool(question["open"]) for question in looked.questions)
    dates, twice = (sent.dates, sent.twice) if sent is not None else ("", "")
    return page(
        request,
        "series.html",
        title=f"A series on {chart.short_title} {chart.version}",
        here="series",
        chart=chart,
        pasted=sent.pasted if sent is not None else "",
        plan=sent.plan if sent is not None else "",
        reading=looked.reading,
        problems=problems,
        places={problem.where: QUESTION_OF.get(problem.code, "sets") for problem in problems},
        packs=request.method == "GET",
        series=series,
        track=drawn(track) if track else None,
        questions=looked.questions,
        is_open=is_open,
        kept_answers=sent.answers if sent is not None and not looked.questions else {},
        entries=[said(chart, entry) for entry in looked.entries],
        guessed=[said(chart, entry) for entry in looked.entries if entry["why"].startswith(BY_A_GUESS)],
        example=EXAMPLE,
        unread=series.unread[:MOST_UNREAD] if series is not None else [],
        more_unread=max(0, len(series.unread) - MOST_UNREAD) if series is not None else 0,
        proposed=looked.plan,
        replaced=sum(each.replaced for each in series.sets) if series is not None else 0,
        columns=[(COLUMN, "When the set was taken"), *((p.id, p.title) for p in chart.parameters if _is_read(chart, p))],
        most=MOST_SETS,
        most_in_png=MOST_IN_PNG,
        no_order=file_order or any(code.startswith("time_") for code in codes),
        file_order=file_order,
        ask_dates=not (sent and sent.plan) and (bool(dates) or "time_day_or_month" in codes),
        dates=dates,
        date_orders=DATES,
        ask_twice=bool(twice) or "time_twice" in codes,
        twice=twice,
        ways_twice=TWICE,
        true_time=sent is not None and sent.true_time,
        breaks=sent.breaks if sent is not None else "12",
        all_breaks=list(BREAKS),
        again=sent is not None and (bool(sent.pasted) or not series),
        status=422 if problems else 200,
    )
