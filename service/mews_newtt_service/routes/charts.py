"""GET /v1/charts: the list of charts, the versions of one chart, and one version with all its content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt_service.answers import JSONAnswer, chart_headers, is_unchanged
from mews_newtt_service.chart_registry import ChartRegistry, summary_of, tag_of
from mews_newtt_service.openapi import CONDITIONAL, GET_RESPONSES, NOT_MODIFIED, answer, chart_answer
from mews_newtt_service.problems import refuse
from mews_newtt_service.request_helpers import accepted, query
from mews_newtt_service.routing import methods_here, plain_router
from mews_newtt_service.settings import Settings

REVALIDATE = "private, no-cache"
LISTED = ("ETag", "Mews-Newtt-Engine")


def _tag(charts: Sequence[Chart]) -> str:
    """The ETag of a list: it changes with the content of a chart, and with who signed it off."""
    return tag_of(__version__, *(part for chart in charts for part in (chart.sha256, chart.signed)))


def router(settings: Settings) -> APIRouter:
    """The routes of charts."""
    routes = plain_router()

    @routes.get(
        "/v1/charts",
        summary="Every version of every chart",
        tags=["charts"],
        responses={200: answer("ChartList", more=LISTED), **NOT_MODIFIED, **GET_RESPONSES},
        openapi_extra=CONDITIONAL,
    )
    async def list_charts(request: Request) -> Response:
        query(request)
        accepted(request, "application/json")
        charts = _charts(request).charts()
        return _tagged(request, _tag(charts), {"charts": [summary_of(chart) for chart in charts]})

    @routes.get(
        "/v1/charts/{chart_id}",
        summary="All versions of one chart",
        tags=["charts"],
        responses={200: answer("ChartVersions", more=LISTED), **NOT_MODIFIED, **GET_RESPONSES},
        openapi_extra=CONDITIONAL,
    )
    async def get_chart_versions(request: Request) -> Response:
        query(request)
        accepted(request, "application/json")
        found = _charts(request).versions(request.path_params["chart_id"])
        chosen = _charts(request).find(found[0].id)
        document = {"id": chosen.id, "default_version": chosen.version, "versions": [summary_of(chart) for chart in found]}
        return _tagged(request, _tag(found), document)

    @routes.get(
        "/v1/charts/{chart_id}/{version}",
        summary="One version of a chart, whole; its ETag is its content hash",
        tags=["charts"],
        responses={200: chart_answer("WholeChart", more=("ETag",)), **NOT_MODIFIED, **GET_RESPONSES},
        openapi_extra=CONDITIONAL,
    )
    async def get_chart(request: Request) -> Response:
        query(request)
        accepted(request, "application/json")
        version: str = request.path_params["version"]
        offered = methods_here(request.scope)
        if "GET" not in offered:  # a path such as .../score looks like that of a version
            raise refuse(405, "method_not_allowed", f"{request.method} {version}", "is not offered", "use POST", Allow=offered)
        chart = _charts(request).find(request.path_params["chart_id"], version)
        tag = tag_of(chart.sha256)
        headers = {**chart_headers(chart), "ETag": tag, "Cache-Control": REVALIDATE}
        if is_unchanged(request, tag):
            return Response(None, 304, headers)
        return JSONAnswer(_charts(request).content(chart), 200, headers)

    return routes


def _charts(request: Request) -> ChartRegistry:
    found: ChartRegistry = request.app.state.charts
    return found


def _tagged(request: Request, tag: str, document: dict[str, Any]) -> Response:
    headers = {"ETag": tag, "Cache-Control": REVALIDATE, "Mews-Newtt-Engine": __version__}
    if is_unchanged(request, tag):
        return Response(None, 304, headers)
    return JSONAnswer(json.dumps({**document, "engine_version": __version__}, ensure_ascii=False).encode(), 200, headers)
