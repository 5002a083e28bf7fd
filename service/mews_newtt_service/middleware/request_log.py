"""Counts every request for Prometheus and writes it into the log: its declared route, never the path as it was sent."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.auth.access import Access
from mews_newtt_service.logs import Log
from mews_newtt_service.metrics import METHODS, OTHER, Metrics

CLIENT_GONE = 499  # the status of a request whose caller went away


class RequestLog:
    """Reads from the scope what the layers and the router inside have put there: `status`, `request_id`, `client_id`, `route`,
    `refused_because`, `trace`.
    """

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._metrics: Metrics = state.metrics
        self._log: Log = state.log
        self._access: Access = state.access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            seconds = time.perf_counter() - started
            route, status, method = route_of(scope), scope.get("status", CLIENT_GONE), scope.get("sent_method") or scope["method"]
            self._metrics.answered(route, method, status, seconds)
            reason = _reason(scope, status) if status >= 400 else None
            if reason is not None:
                self._metrics.refused(reason, status)
            if self._log.logs_requests:
                known = method if method in METHODS else OTHER
                address = self._access.address(scope)
                self._log.request(scope["request_id"], scope.get("client_id"), known, route, status, seconds, address, reason, scope.get("trace"))


def _reason(scope: MutableMapping[str, Any], status: int) -> str:
    """The code of the problem that was answered; some answers of errors name none."""
    found = scope.get("refused_because", "client_gone" if status == CLIENT_GONE else OTHER)
    return str(found)


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The path of the route as it is declared, so that logs and counts never hold what a caller wrote.

    `not_routed`: a layer answered before the router was asked.
    """
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unmatched" if "body_is_read" in scope else "not_routed"
