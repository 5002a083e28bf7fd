"""Lets pages of other sites call from a browser (CORS), if the operator names those sites. Without `cors_origins` this layer is not there.

Credentials of the browser (cookies, Basic) are never allowed: a page sends its own key or token. Error answers have the headers too.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = b"GET, HEAD, POST, DELETE"
HEADERS = b"Accept, Authorization, Content-Type, Idempotency-Key, Prefer, X-API-Key, X-Correlation-ID, X-Request-ID"
SHOWN = b"Content-Location, Location, Mews-Newtt-Chart, Mews-Newtt-Chart-Sha256, Mews-Newtt-Chart-Status, Mews-Newtt-Engine, Retry-After"
SECONDS_KEPT = b"600"  # how long a browser keeps the answer to a preflight


class Cors:
    """Answers preflights of allowed origins; for their other requests puts `origin_is_allowed` into the scope and the headers into `id_headers`."""

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._any = "*" in state.settings.cors_origins
        self._origins = frozenset(state.settings.cors_origins)
        self._paths = tuple(path.rstrip("/") for path in state.settings.cors_paths)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not self._covers(scope["path"]):
            return self.app(scope, receive, send)
        if not self._any:
            scope["id_headers"].append((b"vary", b"Origin"))  # also for callers without an origin: a cache must not give theirs to a page
        origin: bytes | None = scope["header_map"].get(b"origin")
        if origin is None or not (self._any or origin.decode("latin-1").lower() in self._origins):
            return self.app(scope, receive, send)
        scope["origin_is_allowed"] = True
        scope["id_headers"].append((b"access-control-allow-origin", b"*" if self._any else origin))
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in scope["header_map"]:
            return self._preflight(scope, receive, send)
        scope["id_headers"].append((b"access-control-expose-headers", SHOWN))
        return self.app(scope, receive, send)

    def _covers(self, path: str) -> bool:
        return any(path == one or path.startswith(f"{one}/") for one in self._paths)

    def _preflight(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["id_headers"] += [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            (b"access-control-max-age", SECONDS_KEPT),
        ]
        if scope["header_map"].get(b"access-control-request-private-network") == b"true":  # a page of the internet and a service on a hospital's net
            scope["id_headers"].append((b"access-control-allow-private-network", b"true"))
        return Response(status_code=204)(scope, receive, send)
