"""POST /v1/charts/{id}/score: one observation set, one score. The path that must be fast: the gate hands it over without the framework between."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt_service.answers import chart_headers, score_text
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import PIN, POST_RESPONSES, body, examples
from mews_newtt_service.plain import accepted, plain_router, query, require_json
from mews_newtt_service.settings import Settings

PATH = "/v1/charts/{chart_id}/score"
MATCH = re.compile(r"/v1/charts/([^/]+)/score")
Headers = list[tuple[bytes, bytes]]


class SingleScores:
    """The endpoint as plain ASGI."""

    path = PATH  # as the log and the metrics name it

    def __init__(self, state: State):
        self._state = state
        self._depth: int = state.settings.json_depth
        self._headers: dict[str, Headers] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"content-type") != b"application/json" or b"content-encoding" in headers:
            require_json(Request(scope))
        if headers.get(b"accept", b"*/*") not in (b"*/*", b"application/json"):
            accepted(Request(scope), "application/json")
        chart = self._chart(scope)
        result = score(chart, strict_object(await _whole(receive), self._depth))
        self._state.metrics.scored(chart, result.status)
        text = score_text(result).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [*self._of(chart), (b"content-length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text})

    def _chart(self, scope: Scope) -> Chart:
        found = query(Request(scope), "version", "sha256") if scope["query_string"] else {}
        chart: Chart = self._state.charts.find(scope["path_params"]["chart_id"], found.get("version"), found.get("sha256"))
        return chart

    def _of(self, chart: Chart) -> Headers:
        found = self._headers.get(chart.sha256)
        if found is None:
            named = {"Content-Type": "application/json", **chart_headers(chart)}
            found = self._headers[chart.sha256] = [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]
        return found


async def _whole(receive: Receive) -> bytes:
    """A body to its end."""
    message = await receive()
    found: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        found += message.get("body", b"")
    return found


class _Handed(Response):
    """A response that is the plain endpoint itself."""

    def __init__(self, single: SingleScores):
        super().__init__()
        self._single = single

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._single(scope, receive, send)


def router(settings: Settings) -> APIRouter:
    """The route of single scores."""
    routes = plain_router()

    @routes.post(
        PATH,
        summary="Score one observation set",
        description="A partial set is 200 with `status: partial`, without a total. What cannot be scored is 422 and names every fault at once.",
        tags=["scores"],
        responses={200: examples("score", "score_partial"), **POST_RESPONSES},
        openapi_extra={"requestBody": body("set", "set_partial"), "parameters": PIN},
    )
    async def score_one(request: Request) -> Response:
        return _Handed(request.app.state.single)

    return routes
