"""/healthz, /readyz and /metrics: whether the process answers, whether it can take work, and its counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import anyio.to_thread
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt_service.answers import json_answer
from mews_newtt_service.gauges import Gauges
from mews_newtt_service.jobs.database import away
from mews_newtt_service.jobs.job_times import QueueNumbers
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.openapi import GET_RESPONSES, answer
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

LOOK_SECONDS = 0.05
LONGEST_LOOK = 1.0
LONGEST_SCRAPE = 3.0  # seconds: Prometheus gives up after ten, and then knows nothing at all
T = TypeVar("T")


class _Look(Generic[T]):
    """Asks the database. Many requests share one answer, because anybody may ask /readyz, and /metrics if it is open."""

    def __init__(self, ask: Callable[[Queue], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: tuple[float, T] | None = None

    def at(self, queue: Queue) -> T:
        """The answer, a moment old at most. Raises ServiceError (503) where the database cannot be reached."""
        if not self._lock.acquire(timeout=LONGEST_LOOK):
            raise away()
        try:
            if self._known is None or time.monotonic() >= self._known[0]:
                told = self._ask(queue)
                self._known = (time.monotonic() + LOOK_SECONDS, told)
            return self._known[1]
        finally:
            self._lock.release()


async def _numbers(look: _Look[QueueNumbers], queue: Queue) -> QueueNumbers | None:
    """The numbers of the queue; None where the database does not give them soon: the other numbers are told all the same."""
    with anyio.move_on_after(LONGEST_SCRAPE):
        try:
            return await anyio.to_thread.run_sync(look.at, queue, abandon_on_cancel=True)
        except ServiceError:
            return None
    return None


def router(settings: Settings) -> APIRouter:
    """The routes for whoever runs the service."""
    routes = plain_router()
    workers_alive, numbers = _Look(Queue.workers), _Look(Queue.numbers)

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
        workers = await anyio.to_thread.run_sync(workers_alive.at, state.queue)
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
        state = request.app.state
        kept = {"charts": state.charts.fault is not None, "clients": state.access.clients is not None and state.access.clients.fault is not None}
        gauges = Gauges(state.settings.data_folder, kept, await _numbers(numbers, state.queue))
        text = await anyio.to_thread.run_sync(state.metrics.text, gauges)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes
