"""Opens an OpenTelemetry span for every request, if the operator wants that: method, declared route and status, never a reading."""

from __future__ import annotations

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt import __version__
from mews_newtt.errors import Problem
from mews_newtt_service.middleware.request_log import CLIENT_GONE, route_of
from mews_newtt_service.settings import PREFIX, SettingsError


class Tracing:
    def __init__(self, app: ASGIApp, _: State):
        self.app = app
        try:
            from opentelemetry import trace  # the operator installs it, only for this
        except ImportError:
            raise SettingsError(
                Problem(
                    "extra_missing",
                    PREFIX + "TELEMETRY",
                    "needs opentelemetry-api, which is not installed",
                    "pip install opentelemetry-sdk, or set it to no",
                )
            ) from None
        self._tracer = trace.get_tracer("mews_newtt_service", __version__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        with self._tracer.start_as_current_span(f"{method} request", record_exception=False, set_status_on_exception=False) as span:
            span.set_attribute("http.request.method", method)
            await self.app(scope, receive, send)
            span.set_attribute("http.route", route_of(scope))
            span.set_attribute("http.response.status_code", scope.get("status", CLIENT_GONE))
