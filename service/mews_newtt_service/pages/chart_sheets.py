"""A chart on one sheet: the page that prints on one A4, and the same as an SVG file."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt.drawn import chart_svg
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.pages.chart_pages import chosen_contexts
from mews_newtt_service.pages.render import chart_of, drawn, page, shows_faults


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/charts/{chart}/{version}/sheet", shows_faults(sheet_page), methods=["GET"])
    pages.add_api_route("/workbench/charts/{chart}/{version}/sheet.svg", shows_faults(sheet_file), methods=["GET"])


def _drawn(request: Request) -> str:
    chart = chart_of(request)
    only, _ = chosen_contexts(chart, request.query_params)
    return chart_svg(chart, only, f"mews_newtt {__version__}.")


async def sheet_page(request: Request) -> Response:
    chart = chart_of(request)
    _, tabs = chosen_contexts(chart, request.query_params)
    title = f"{chart.short_title} {chart.version} on one sheet"
    query = f"?{request.url.query}" if request.url.query else ""
    return page(request, "chart_sheet.html", title=title, here="charts", chart=chart, tabs=tabs, sheet=drawn(_drawn(request)), query=query)


async def sheet_file(request: Request) -> Response:
    chart = chart_of(request)
    headers = {"Content-Disposition": f'attachment; filename="chart-{chart.id}-{chart.version}.svg"', **chart_headers(chart)}
    return Response(_drawn(request), media_type="image/svg+xml", headers=headers)
