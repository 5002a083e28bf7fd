"""Opens an OpenTelemetry span for every request, if the operator wants that: method, declared route and status, never a reading.

The span continues the caller's trace (`traceparent`, `tracestate`). Its ids go into the log, and to the jobs that the request sends.
"""

from __future__ import annotations

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.metrics import METHODS
from mews_newtt_service.middleware.request_log import CLIENT_GONE, route_of
from mews_newtt_service.telemetry import ids_of, open_tracer
from mews_newtt_service.trace_ids import trace_of_headers

OTHER_METHOD = "_OTHER"  # OpenTelemetry's word for a method that is no usual one


class Tracing:
    """Puts `trace` into the scope: the ids of the span. Raises SettingsError where OpenTelemetry is not installed."""

    def __init__(self, app: ASGIApp, _: State):
        self.app = app
        self._tracer = open_tracer()
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._server, self._error = SpanKind.SERVER, Status(StatusCode.ERROR)
        self._extract = TraceContextTextMapPropagator().extract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = trace_of_headers(scope["headers"])
        states = [value.decode("latin-1") for name, value in scope["headers"] if name == b"tracestate"]
        caller = self._extract({"traceparent": sent.header, "tracestate": ",".join(states)} if sent is not None else {})
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        with self._tracer.start_as_current_span(method, caller, self._server, record_exception=False, set_status_on_exception=False) as span:
            scope["trace"] = ids_of(span)
            span.set_attribute("http.request.method", method)
            try:
                await self.app(scope, receive, send)
            finally:
                route, status = route_of(scope), scope.get("status", CLIENT_GONE)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if "refused_because" in scope:
                    span.set_attribute("mews_newtt.refused_because", scope["refused_because"])
                if status >= 500:
                    span.set_attribute("error.type", str(status))
                    span.set_status(self._error)
