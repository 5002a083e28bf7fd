"""The application: routes, errors and the gate before them, put together from the settings."""

from __future__ import annotations

import gc
import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt import __version__
from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.access_log import AccessLog
from mews_newtt_service.auth.access import Access
from mews_newtt_service.chart_registry import ChartRegistry
from mews_newtt_service.gate import Gate
from mews_newtt_service.jobs.keeper import Keeper
from mews_newtt_service.jobs.queue import open_queue
from mews_newtt_service.metrics import Metrics
from mews_newtt_service.openapi import describe
from mews_newtt_service.problems import error_response, problem_response
from mews_newtt_service.routes import charts, health, jobs, pack, score, score_many, token, verify
from mews_newtt_service.settings import Settings
from mews_newtt_service.slices import Slices
from mews_newtt_service.turns import Turns

OPTIONAL = ("mews_newtt_service.routes.fhir", "mews_newtt_service.routes.cds", "mews_newtt_service.pages")


class Service(FastAPI):
    """FastAPI whose requests come to the gate at once: what else stands before it (traces, limits, a net for faults) the gate does itself."""

    _gate: Gate | None = None

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        self._gate = self.state.gate
        return stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._gate is None or scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self._gate(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI application.

    `app.state` holds `settings`, `charts` (the chart registry), `queue` (long work), `metrics`, `access` (who may call) and `log`.
    """
    settings = settings or Settings.from_environment()
    app = Service(
        title="mews_newtt",
        version=__version__,
        summary="Scores early-warning observation charts in maternity and newborn care; "
        "every answer says which chart, version and status it rests on.",
        description="Not a registered medical device. Errors are problem details (RFC 9457) with the library's own code, where, what and mend.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.queue = open_queue(settings)
    app.state.metrics = Metrics(app.state.queue)
    app.state.log = log = AccessLog(settings.log_level)

    def kept(what: str) -> Callable[[MewsNewttError], None]:
        return lambda fault: log.event("error", what, problems=[f"{one.where}: {one.what}" for one in fault.problems[:20]])

    app.state.access = Access(settings, app.state.queue, kept("clients_kept"))
    app.state.charts = ChartRegistry(kept("charts_kept"))
    app.state.outcomes = {}
    app.state.slices = Slices()
    app.state.turns = Turns(settings.uploads_at_once)
    app.state.single = score.SingleScores(app.state)
    for module in (score, charts, score_many, verify, pack, jobs, token, health):
        app.router.routes.extend(module.router(settings).routes)
    for name in OPTIONAL:
        if _is_there(name):
            module = importlib.import_module(name)
            app.include_router(module.router(settings))
            if hasattr(module, "outcome"):  # errors before and beside its routes in its own form
                app.state.outcomes["/fhir/"] = (module.outcome, module.MEDIA_TYPE)
    static = Path(__file__).parent / "static"
    if static.is_dir():
        app.mount("/static", _Static(directory=static), name="static")
    app.add_exception_handler(MewsNewttError, _own_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_parameters)
    app.add_middleware(Gate, state=app.state)
    describe(app)
    return app


class _Static(StaticFiles):
    """Files a browser may keep, and asks for again by their ETag."""

    def file_response(self, *given: Any, **named: Any) -> Response:
        response = super().file_response(*given, **named)
        response.headers["cache-control"] = "no-cache"
        return response


def _is_there(name: str) -> bool:
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    state.log.start()
    state.keeper = Keeper(state.settings)
    state.keeper.start()
    gc.collect()
    gc.freeze()  # what stays for good need not be looked through again and again
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(state.keeper.stop)
        state.queue.close()
        state.log.stop()


async def _own_error(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, MewsNewttError):
        raise fault
    return error_response(request.scope, fault)


async def _http_error(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, HTTPException):
        raise fault
    problem = {
        404: Problem("not_found", request.url.path[:200], "there is nothing here", "see /openapi.json for the paths"),
        405: Problem("method_not_allowed", f"{request.method} {request.url.path[:200]}", "is not offered", "see /openapi.json for the methods"),
    }.get(fault.status_code, Problem("http_error", request.url.path[:200], str(fault.detail), "see /openapi.json"))
    return problem_response(request.scope, fault.status_code, [problem], fault.headers)


async def _bad_parameters(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, RequestValidationError):
        raise fault
    problems = [
        Problem("bad_parameter", ".".join(str(part) for part in error["loc"]), str(error["msg"]), "see /openapi.json for what it takes")
        for error in fault.errors()
    ]
    return problem_response(request.scope, 400, problems)
