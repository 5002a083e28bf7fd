"""Routes that FastAPI matches and documents, and that get the request itself. Reading and writing JSON is ours, because it must be exact."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class PlainRoute(APIRoute):
    """A route whose endpoint takes a Request and gives a Response, without FastAPI's validation between. Errors go to `middleware.errors`."""

    matches = Route.matches  # FastAPI's own looks for included routers, which we do not have

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        allowed = self.methods or set()
        if scope["method"] not in allowed:
            offered = methods_here(scope)
            if scope["method"] == "OPTIONS":
                await Response(None, 204, {"Allow": offered})(scope, receive, send)
                return
            raise HTTPException(405, headers={"Allow": offered})
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def methods_here(scope: Scope, *, but: Route | None = None) -> str:
    """The methods that a path takes, for the header Allow. Of `{chart_id}/{version}` and `{chart_id}/pack` the one with fewer parameters counts.

    `but`: a route that does not count; where no other takes the path, the text is blank.
    """
    every = scope["app"].router.routes
    routes = [one for one in every if isinstance(one, PlainRoute) and one is not but and one.path_regex.match(scope["path"])]
    nearest = min(map(_breadth, routes), default=None)
    found = {method for one in routes if _breadth(one) == nearest for method in one.methods or ()}
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set()) | {"OPTIONS"})) if found else ""


def _breadth(route: PlainRoute) -> tuple[bool, int]:
    return ":path}" in route.path, route.path.count("{")


def plain_router(*, include_in_schema: bool = True) -> APIRouter:
    """A router of such routes. In the document an operation has the name of its function, which does not change when its path does."""
    return APIRouter(
        route_class=PlainRoute,
        include_in_schema=include_in_schema,
        default_response_class=Response,  # so that the document names no media type that a route does not name itself
        generate_unique_id_function=lambda route: route.name,
    )
