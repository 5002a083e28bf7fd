"""The workbench: pages to see the charts, try a set, follow a series, validate a file and make a pack. They also work without scripts."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt_service.pages import (
    api_page,
    chart_pages,
    chart_sheets,
    fhir_page,
    learn,
    pack,
    paper,
    paste,
    plans,
    runs,
    samples,
    series,
    try_set,
    validate,
    which_chart,
)  # fmt: skip
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.problems import refuse
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings


async def about_page(request: Request) -> Response:
    hours = f"{request.app.state.settings.result_hours:g}"
    return page(request, "about.html", title="About this workbench", hours=hours)


async def nowhere(request: Request) -> Response:
    raise refuse(404, "not_found", request.url.path[:200], "there is no such page", "start from the charts")


def router(settings: Settings) -> APIRouter:
    """The routes of all pages. The OpenAPI document leaves them out."""
    pages = plain_router(include_in_schema=False)
    for part in (chart_pages, chart_sheets, try_set, learn, samples, series, runs, pack, paste, paper, which_chart, plans, api_page, fhir_page):
        part.add_to(pages)
    validate.add_to(pages, settings)
    pages.add_api_route("/workbench/about", shows_faults(about_page), methods=["GET"])
    pages.add_api_route("/workbench/{rest:path}", shows_faults(nowhere), methods=["GET"])  # last: what no page above answers
    return pages
