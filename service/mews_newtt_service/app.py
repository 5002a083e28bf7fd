"""The application: its charts, queue, clients and log, the routes, and the middleware around them, made from the settings."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.datastructures import Headers, State
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt import __version__
from mews_newtt.errors import MewsNewttError
from mews_newtt_service.answers import ServedFile
from mews_newtt_service.auth.access import Access
from mews_newtt_service.chart_registry import ChartRegistry
from mews_newtt_service.contract.document import describe
from mews_newtt_service.jobs.events import SharedLook
from mews_newtt_service.jobs.queue import open_queue
from mews_newtt_service.jobs.supervisor import WorkerSupervisor
from mews_newtt_service.logs import Log
from mews_newtt_service.metrics import Metrics
from mews_newtt_service.middleware.authentication import Authentication
from mews_newtt_service.middleware.body_limits import BodyLimits
from mews_newtt_service.middleware.compression import Compression
from mews_newtt_service.middleware.concurrency import ConcurrencyLimit
from mews_newtt_service.middleware.cors import Cors
from mews_newtt_service.middleware.errors import Errors
from mews_newtt_service.middleware.head_as_get import HeadAsGet
from mews_newtt_service.middleware.hosts import Hosts
from mews_newtt_service.middleware.rate_limit import RateLimits
from mews_newtt_service.middleware.request_ids import RequestIds
from mews_newtt_service.middleware.request_log import RequestLog
from mews_newtt_service.middleware.response_headers import ResponseHeaders
from mews_newtt_service.middleware.shared_limits import SharedLimits
from mews_newtt_service.middleware.tracing import Tracing
from mews_newtt_service.routes import charts, contract, health, jobs, pack, score, score_many, token, track, verify
from mews_newtt_service.settings import Settings
from mews_newtt_service.slices import Slices
from mews_newtt_service.stopping import Stopping

FILE_METHODS = "GET, HEAD, OPTIONS"  # of the files of the pages
OPTIONAL = ("mews_newtt_service.routes.fhir", "mews_newtt_service.routes.cds", "mews_newtt_service.pages")


class Service(FastAPI):
    """FastAPI's routes and document, with Starlette's router and our own middleware around them.

    Requests do not pass FastAPI's own middleware and router: they would render errors a second time and make a single score slower, and
    FastAPI's telemetry sends the messages of faults, which may hold readings, to wherever OpenTelemetry is set up.
    """

    _http: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if self._http is None:
            self._http = with_middleware(Router(self.router.routes), self.state)
        scope["app"] = self
        await self._http(scope, receive, send)


def with_middleware(app: ASGIApp, state: State) -> ASGIApp:
    """The layers of `middleware` around an application, outermost first."""
    layers: list[Callable[[ASGIApp, State], ASGIApp]] = [HeadAsGet, RequestLog, *([Tracing] if state.settings.telemetry else [])]
    layers += [ResponseHeaders, Errors, RequestIds, *([Cors] if state.settings.cors_origins else []), Compression, Hosts, Authentication, BodyLimits]
    for layer in reversed(layers):
        app = layer(app, state)
    return app


def create_app(settings: Settings | None = None, before: State | None = None) -> FastAPI:
    """The service as an ASGI application. `before`: the state of the application that it replaces, whose queue, counts and log go on.

    `app.state` holds `settings`, `charts` (the chart registry), `queue` (long work), `metrics`, `access` (who may call), `log`, `concurrency`
    (uploads at once), `slices` (long work on the event loop), `outcomes` (errors in the form of a path), `limits` and `shared_limits` (of requests),
    `stopping` (whether the process is about to stop) and `settings_fault` (why a reload was refused).
    """
    settings = settings or Settings.from_environment()
    app = Service(
        title="mews_newtt",
        version=__version__,
        summary="Scores early-warning observation charts in maternity and newborn care; every answer names its chart, with version and status.",
        description="Not a registered medical device. Errors are problem details (RFC 9457) with the library's own code, where, what and mend.",
        openapi_url=None,  # `routes.contract` serves the document, and `pages.api_page` shows it
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.is_replaced = False
    app.state.settings_fault = None
    app.state.queue = open_queue(settings) if before is None else before.queue
    app.state.shared_look = SharedLook(app.state.queue) if before is None else before.shared_look
    app.state.metrics = Metrics() if before is None else before.metrics
    app.state.log = log = Log(settings.log_level) if before is None else before.log
    app.state.limits = RateLimits() if before is None else before.limits
    app.state.shared_limits = before.shared_limits if before is not None else _shared_limits(app.state)
    app.state.stopping = Stopping() if before is None else before.stopping

    def logged_as(what: str) -> Callable[[MewsNewttError], None]:
        return lambda fault: log.event("error", what, problems=[f"{one.where}: {one.what}" for one in fault.problems[:20]])

    app.state.access = Access(settings, app.state.queue, logged_as("clients_kept"))
    app.state.charts = ChartRegistry(logged_as("charts_kept"))
    app.state.outcomes = {}
    app.state.slices = Slices()
    app.state.concurrency = ConcurrencyLimit(settings.uploads_at_once, None if before is None else before.concurrency)
    routes: list[BaseRoute] = []
    for module in (score, charts, score_many, verify, track, pack, jobs, token, health, contract):
        routes.extend(module.router(settings).routes)
    for name in OPTIONAL:
        if _is_there(name):
            module = importlib.import_module(name)
            routes.extend(module.router(settings).routes)
            if hasattr(module, "outcome"):  # its paths have their own form of error, also for what the middleware refuses
                app.state.outcomes["/fhir/"] = (module.outcome, module.MEDIA_TYPE)
    app.router.routes[:0] = routes  # in front of FastAPI's own: the router tries them in turn, and single scores are the first
    static = Path(__file__).parent / "static"
    if static.is_dir():
        app.mount("/static", _Static(directory=static), name="static")
    describe(app)
    return app


def _shared_limits(state: State) -> SharedLimits | None:
    """The limits that all web processes share; None if this is the only one."""
    return SharedLimits(state.queue, state.limits) if state.settings.database_url or state.settings.workers > 1 else None


class _Static(StaticFiles):
    """Files that a browser may keep; it asks each time whether they changed (ETag)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] in ("GET", "HEAD"):
            return await super().get_response(path, scope)
        if scope["method"] != "OPTIONS":
            raise HTTPException(405, headers={"Allow": FILE_METHODS})
        await super().get_response(path, {**scope, "method": "HEAD"})  # 404 if there is no such file
        return Response(None, 204, {"Allow": FILE_METHODS})

    def file_response(self, full_path: Any, stat_result: os.stat_result, scope: Scope, status_code: int = 200) -> Response:
        response = ServedFile(full_path, status_code, {"cache-control": "no-cache"}, stat_result=stat_result)
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, Headers(scope=scope)) else response


def _is_there(name: str) -> bool:
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    state.log.start()
    state.supervisor = WorkerSupervisor(state.settings)
    state.supervisor.start()
    gc.unfreeze()  # what an application before this one has left
    gc.collect()
    gc.freeze()  # the garbage collector need not look again at what stays for good
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(state.supervisor.stop)
        if not state.is_replaced:
            state.queue.close()
            state.log.stop()
