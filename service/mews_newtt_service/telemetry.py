"""OpenTelemetry, where the operator has switched it on (MEWS_NEWTT_TELEMETRY): who makes the spans, where they go, and what jobs tell in them.

OpenTelemetry is imported inside the functions: without the setting the service needs none of it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mews_newtt import __version__
from mews_newtt.errors import Problem
from mews_newtt_service.jobs.job import Job
from mews_newtt_service.settings import PREFIX, SettingsError
from mews_newtt_service.trace_ids import Trace

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

NAME = "mews_newtt"
LONGEST_SEND = 3.0  # seconds: a collector that is away must not hold up the end of a process


def check_installed() -> None:
    """Raises SettingsError where OpenTelemetry is not installed."""
    try:
        for name in ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk.trace"):
            importlib.import_module(name)
    except ImportError:
        what = "needs OpenTelemetry, which is not installed"
        raise SettingsError(Problem("extra_missing", PREFIX + "TELEMETRY", what, 'pip install "mews-newtt[otel]", or set it to no')) from None


def open_tracer() -> Tracer:
    """The service's tracer. Spans go by OTLP over HTTP to where the OTEL_EXPORTER_OTLP_... variables say, unless a provider is set up already.

    Raises
    ------
    SettingsError  OpenTelemetry is not installed
    """
    check_installed()
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        is_named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        provider = TracerProvider(resource=Resource.create({} if is_named else {"service.name": NAME, "service.version": __version__}))
        exporter = OTLPSpanExporter(timeout=None if "OTEL_EXPORTER_OTLP_TIMEOUT" in os.environ else LONGEST_SEND)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
    return trace.get_tracer("mews_newtt_service", __version__)


def ids_of(span: Span) -> Trace:
    """The ids of a span of ours, for the log and for jobs."""
    context = span.get_span_context()
    return Trace(f"{context.trace_id:032x}", f"{context.span_id:016x}", f"{int(context.trace_flags):02x}")


class JobSpans:
    """Spans around jobs. Each continues the trace of the request that sent the job; of a job's file it says nothing."""

    def __init__(self) -> None:
        self._tracer = open_tracer()

    @contextmanager
    def around(self, job: Job, ended_as: Callable[[], str]) -> Iterator[None]:
        """A span of one job; `ended_as` is asked at its end how the job ended."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        sent_by = TraceContextTextMapPropagator().extract({"traceparent": str(job.parameters.get("traceparent", ""))})
        about: dict[str, str | int] = {"mews_newtt.job.id": job.id, "mews_newtt.job.kind": job.kind, "mews_newtt.job.attempt": job.attempts}
        about["mews_newtt.chart"] = f"{job.chart}@{job.version}"
        with self._tracer.start_as_current_span(
            f"job {job.kind}", sent_by, SpanKind.CONSUMER, about, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            finally:
                span.set_attribute("mews_newtt.job.state", ended_as())
