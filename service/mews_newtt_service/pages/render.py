"""Renders pages from templates. Everything is escaped, except HTML that `mews_newtt.drawn` has made."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.chart.statuses import IN_SHORT
from mews_newtt.chart.units import as_written
from mews_newtt.drawn import stamp_html
from mews_newtt.drawn.words import NOT_FOR_CARE, title_at
from mews_newtt.errors import ChartNotFound, MewsNewttError, Problem
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.pages.audience import by_audience
from mews_newtt_service.pages.page_words import on_page
from mews_newtt_service.problems import noted, status_of

View = Callable[[Request], Awaitable[Response]]
OF_FILES = ("/workbench/validate", "/workbench/runs", "/workbench/pasted", "/workbench/sampled")
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


def drawn(html: str) -> Markup:
    """HTML of `mews_newtt.drawn`, which has escaped whatever came from outside."""
    return Markup(html)


def chart_path(chart: Chart) -> str:
    return f"{chart.id}/{chart.version}"


def _number(value: int) -> str:
    return f"{value:,}"


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)
_ENVIRONMENT.globals.update(engine_version=__version__, not_for_care=NOT_FOR_CARE)
_ENVIRONMENT.filters.update(
    drawn=drawn,
    path=chart_path,
    number=_number,
    units=as_written,
    on_page=on_page,
    by_audience=by_audience,
    in_short=lambda status: IN_SHORT.get(status, ""),
    title_at=lambda where, chart: title_at(chart, where),
)


def html(template: str, **context: Any) -> str:
    """A template as text."""
    return _ENVIRONMENT.get_template(template).render(**context)


def page(
    request: Request,
    template: str,
    *,
    title: str,
    here: str = "",
    chart: Chart | None = None,
    rests_on: Sequence[Chart] = (),
    status: int = 200,
    failed: bool = False,
    packs: bool = False,
    **context: Any,
) -> HTMLResponse:
    """A whole page, with the chart it rests on in its headers, and every chart it rests on printed on every sheet.

    `failed`, or a status of 400 or more: the title begins with "Error:". `packs`: the page is made from charts alone and shows nothing that
    anybody sent, so it may be sent packed (`middleware/compression.py`).
    """
    if packs:
        request.scope["packs"] = True
    request_id = request.scope.get("request_id", "")
    stamp = drawn(stamp_html(rests_on or ([chart] if chart else []), f"mews_newtt {__version__}."))
    text = html(template, title=title, here=here, chart=chart, stamp=stamp, failed=failed or status >= 400, request_id=request_id, **context)
    return HTMLResponse(text, status, {"Referrer-Policy": "same-origin", **(chart_headers(chart) if chart else {})})


def shows_faults(view: View) -> View:
    """Show the problems of a refused request as a page."""

    @functools.wraps(view)
    async def shown(request: Request) -> Response:
        try:
            return await view(request)
        except MewsNewttError as fault:
            noted(request.scope, fault.problems)
            of_files = request.url.path.startswith(OF_FILES)
            return page(request, "fault.html", title="That did not work", status=status_of(fault), problems=fault.problems, of_files=of_files)

    return shown


def pinned_chart(request: Request, text: str) -> Chart:
    """The chart that a form or a link names as `id@version`."""
    name, sign, version = text.partition("@")
    if not name:
        raise ChartNotFound(Problem("chart_unnamed", "the chart", "is not named", "choose a chart"))
    found: Chart = request.app.state.charts.find(name, version if sign else None)
    return found


def chart_of(request: Request) -> Chart:
    """The chart that a path names; without a version, the one that the library chooses."""
    charts = request.app.state.charts
    found: Chart = charts.find(request.path_params["chart"], request.path_params.get("version"))
    return found
