"""GET /openapi.json: the contract of the service."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt_service.answers import JSONAnswer, is_unchanged
from mews_newtt_service.request_helpers import query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings


def router(settings: Settings) -> APIRouter:
    """The route of the contract."""
    routes = plain_router(include_in_schema=False)
    made: tuple[dict[str, Any], bytes, str] | None = None

    @routes.get("/openapi.json")
    async def contract(request: Request) -> Response:
        nonlocal made
        query(request)
        document = request.app.openapi()
        if made is None or made[0] is not document:  # it is made anew when the charts have changed
            text = json.dumps(document, ensure_ascii=False).encode()
            made = (document, text, f'"{hashlib.sha256(text).hexdigest()}"')
        _, text, tag = made
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        return Response(None, 304, headers) if is_unchanged(request, tag) else JSONAnswer(text, 200, headers)

    return routes
