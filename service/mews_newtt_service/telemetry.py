"""OpenTelemetry spans, where the operator wants them: the declared route, the method and the status; never a reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from mews_newtt import __version__
from mews_newtt.errors import Problem
from mews_newtt_service.settings import PREFIX, SettingsError


class Span:
    """One request's span."""

    def __init__(self, span: Any):
        self._span = span

    def end_as(self, route: str, status: int) -> None:
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)


def span_of(wanted: bool) -> Callable[[str], AbstractContextManager[Span]] | None:
    """What opens a span for a request; None where telemetry is off."""
    if not wanted:
        return None
    try:
        from opentelemetry import trace
    except ImportError:
        raise SettingsError(
            Problem(
                "extra_missing",
                PREFIX + "TELEMETRY",
                "needs opentelemetry-api, which is not installed",
                "pip install opentelemetry-sdk, or set it to no",
            )
        ) from None
    tracer = trace.get_tracer("mews_newtt_service", __version__)

    @contextmanager
    def opened(method: str) -> Iterator[Span]:
        with tracer.start_as_current_span(f"{method} request", record_exception=False, set_status_on_exception=False) as span:
            span.set_attribute("http.request.method", method)
            yield Span(span)

    return opened
