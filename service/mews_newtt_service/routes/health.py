"""/healthz, /readyz and /metrics: whether the process answers, whether it can take work, and its counts."""

from __future__ import annotations

import threading
import time

import anyio.to_thread
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt_service.answers import json_answer
from mews_newtt_service.jobs.database import away
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.openapi import GET_RESPONSES, answer
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

LOOK_SECONDS = 0.05
LONGEST_LOOK = 1.0


class _Look:
    """Counts the workers in the database. Many requests share one count, because anybody may ask /readyz."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._workers = 0

    def workers(self, queue: Queue) -> int:
        """How many worker processes live. Raises ServiceError (503) where the database cannot be reached."""
        if not self._lock.acquire(timeout=LONGEST_LOOK):
            raise away()
        try:
            if time.monotonic() >= self._until:
                self._workers = queue.workers()
                self._until = time.monotonic() + LOOK_SECONDS
            return self._workers
        finally:
            self._lock.release()


def router(settings: Settings) -> APIRouter:
    """The routes for whoever runs the service."""
    routes = plain_router()
    look = _Look()

    @routes.get("/healthz", summary="Whether the process answers", tags=["running"], responses={200: answer("Health", "health"), **GET_RESPONSES})
    async def get_health(request: Request) -> Response:
        query(request)
        return json_answer({"status": "ok", "version": __version__})

    @routes.get(
        "/readyz",
        summary="Whether it can take work: charts read, database reached",
        tags=["running"],
        responses={200: answer("Readiness"), **GET_RESPONSES},
    )
    async def get_readiness(request: Request) -> Response:
        query(request)
        state = request.app.state
        if state.stopping.draining:
            raise refuse(503, "draining", "the service", "is about to stop", "send requests to another instance", Retry_After="10")
        charts = state.charts.charts()
        if state.charts.lost is not None:  # still answering with the charts as they were; a new process could not
            raise ServiceError(503, state.charts.lost.problems)
        workers = await anyio.to_thread.run_sync(look.workers, state.queue)
        ready: dict[str, str | int] = {"status": "ok", "charts": len(charts), "database": "ok", "workers": workers}
        if not workers:  # single scores still work
            ready["long_work"] = "waits: no worker process is alive"
        if state.charts.fault is not None:  # still serving the charts as they were
            ready["charts_kept_because"] = state.charts.fault.problems[0].code
        if state.access.clients is not None and state.access.clients.fault is not None:
            ready["clients_kept_because"] = state.access.clients.fault.problems[0].code
        if state.settings_fault is not None:
            ready["settings_kept_because"] = state.settings_fault.problems[0].code
        return json_answer(ready)

    @routes.get(
        "/metrics",
        summary="Counts for Prometheus; no patient data",
        tags=["running"],
        responses={200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}, **GET_RESPONSES},
    )
    async def get_metrics(request: Request) -> Response:
        query(request)
        text = await anyio.to_thread.run_sync(request.app.state.metrics.text)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes
