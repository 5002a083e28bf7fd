"""Routes that take the request and give a response, with nothing between: reading and writing JSON is ours, exact and fast."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt_service.problems import refuse

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(APIRoute):
    """A route of FastAPI (documented, matched) whose endpoint is called with the request itself."""

    def get_route_handler(self) -> Endpoint:
        endpoint: Endpoint = self.endpoint
        return endpoint


def plain_router() -> APIRouter:
    return APIRouter(route_class=PlainRoute)


def query(request: Request, *known: str) -> dict[str, str]:
    """The query parameters; an unknown or doubled one is a fault, so that a misspelt pin is never passed over."""
    if not request.scope.get("query_string"):
        return {}
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise refuse(
                400, "unknown_parameter_of_query", f"query {name[:60]}", "is no parameter of this path", "known: " + (", ".join(known) or "none")
            )
        if name in found:
            raise refuse(400, "query_twice", f"query {name}", "is given twice", "give it once")
        found[name] = value
    return found


def one_of(found: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """A query parameter with few values; the first one holds where it is not given."""
    value = found.get(name, allowed[0])
    if value not in allowed:
        raise refuse(400, "bad_parameter", f"query {name}", f"is {value[:60]!r}", "write one of: " + ", ".join(allowed))
    return value


def yes(found: dict[str, str], name: str) -> bool:
    return one_of(found, name, ("false", "true")) == "true"


def media_type(request: Request) -> str:
    """The Content-Type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def accepted(request: Request, *offered: str) -> str:
    """The first offered media type that the caller takes, by quality; 406 where there is none."""
    wanted = request.headers.get("accept")
    if not wanted or wanted == "*/*":
        return offered[0]
    qualities = _qualities(wanted)
    best, best_quality = None, 0.0
    for name in offered:
        group = name.partition("/")[0] + "/*"
        quality = qualities.get(name, qualities.get(group, qualities.get("*/*", 0.0)))
        if quality > best_quality:
            best, best_quality = name, quality
    if best is None:
        raise refuse(406, "not_acceptable", "Accept", "asks for nothing that is offered here", "offered: " + ", ".join(offered))
    return best


def _qualities(wanted: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in wanted.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        found[name] = max(quality, found.get(name, 0.0))
    return found


def require_json(request: Request) -> None:
    """415 unless the body is said to be JSON."""
    kind = request.headers.get("content-type", "")
    if kind != "application/json" and media_type(request) != "application/json":
        raise refuse(415, "unsupported_media_type", "Content-Type", f"is {kind[:60]!r}", "send application/json", Accept="application/json")
    packed = request.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise refuse(415, "unsupported_encoding", "Content-Encoding", f"is {packed[:60]!r}", "send JSON as it is", Accept_Encoding="identity")
