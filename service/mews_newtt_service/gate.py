"""The gate in front of every path: request ids, who calls, limits, timeouts, headers, counts and the log. Plain ASGI, because it is on every path."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
import traceback
from collections.abc import Awaitable, MutableMapping
from typing import Any

from starlette.datastructures import State
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.access_log import AccessLog
from mews_newtt_service.auth.access import PUBLIC, Access
from mews_newtt_service.metrics import METHODS, Metrics
from mews_newtt_service.problems import ServiceError, error_response, problem_response, refuse
from mews_newtt_service.routes.score import MATCH, SingleScores
from mews_newtt_service.settings import Settings
from mews_newtt_service.telemetry import span_of

# What every answer bears; pages bear more. (Each header costs a single score a half per cent.)
DATA_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
PAGE_HEADERS = (
    *DATA_HEADERS[:2],
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
SLOWEST = 1024  # bytes a second: a body that comes in more slowly than this is given up
GONE = 499  # as the log and the counts name a caller who went away
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_UPLOAD = re.compile(r"/v1/charts/[^/]+/(score-many|verify)|/workbench/validate")


class Gate:
    """Wraps the application; see the module's words."""

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        state.gate = self
        self.settings: Settings = state.settings
        self.metrics: Metrics = state.metrics
        self.access: Access = state.access
        self.log: AccessLog = state.log
        self.single: SingleScores = state.single
        self._span = span_of(self.settings.telemetry)
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}  # answered as GET is; the server leaves the body out
        passage = _Passage(send)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        valid = given is not None and _REQUEST_ID.fullmatch(given) is not None
        request_id = given.decode("ascii") if given is not None and valid else f"{self._prefix}-{next(self._numbers):x}"
        scope["request_id"] = request_id
        passage.request_id = request_id.encode("ascii")
        correlation = headers.get(b"x-correlation-id")
        if correlation is not None and _REQUEST_ID.fullmatch(correlation):
            passage.correlation_id = correlation
        body: _Body | None = None
        try:
            if given is not None and not valid:
                raise refuse(400, "bad_request_id", "X-Request-ID", "is no id", "send a UUID, or up to 128 letters, digits and . _ : -")
            client = self.access.admit(scope, headers)
            scope["client_id"] = client
            single = MATCH.fullmatch(scope["path"]) if scope["method"] == "POST" else None
            body = _Body(self.settings, receive, self.settings.json_bytes if single else self._limit(scope["path"], headers), headers)
            app = self.app
            if single is not None:
                scope["path_params"] = {"chart_id": single[1]}
                scope["route"] = app = self.single
            if self._span is None:
                await app(scope, body, passage)
            else:
                with self._span(scope["method"]) as span:
                    await app(scope, body, passage)
                    span.end_as(_route(scope), passage.status)
        except MewsNewttError as refusal:
            if body is None:
                code = refusal.problems[0].code
                self.metrics.refused.labels(code).inc()
                if code == "not_signed_in":
                    self.log.event("warning", "sign_in_failed", request_id=request_id, address=self.access.address(scope, headers))
            await self._answer(passage, scope, refusal, body is not None and body.done)
        except asyncio.CancelledError:
            passage.status = passage.status or GONE
            raise
        except ClientDisconnect:  # nobody is there to be answered
            passage.status = passage.status or GONE
        except Exception as fault:  # the last net: an answer in our form, and no words of the fault, which may hold a reading
            self._fault(fault, request_id)
            if passage.status:
                raise _Broken from None  # half an answer: the connection is cut, so that nobody takes it for a whole one
            await self._answer(passage, scope, None, False)
        finally:
            took = time.perf_counter() - started
            route = _route(scope)
            self.metrics.answered(route, method, passage.status, took)
            if self.log.logs_requests:
                self.log.request(request_id, scope.get("client_id"), method if method in METHODS else "other", route, passage.status, took)

    def _limit(self, path: str, headers: dict[bytes, bytes]) -> int:
        if path in PUBLIC:
            return self.settings.json_bytes  # nobody has signed in yet
        is_json = headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"  # read into memory, not onto the disk
        return self.settings.upload_bytes if _UPLOAD.fullmatch(path) and not is_json else self.settings.array_bytes

    async def _answer(self, passage: _Passage, scope: Scope, refusal: MewsNewttError | None, read: bool) -> None:
        if passage.status:
            raise _Broken from None
        if refusal is not None:
            response = error_response(scope, refusal)
        else:
            told = Problem("internal_fault", "the service", "failed on this request", "send the request id to whoever runs the service")
            response = problem_response(scope, 500, [told])
        if not read:
            response.headers["connection"] = "close"  # what is left of the body is not read
        await response(scope, _nothing, passage)

    def _fault(self, fault: Exception, request_id: str) -> None:
        """A fault of our own: its kind and place, never its words, which may hold a reading."""
        places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)[-6:]]
        self.metrics.faults.inc()
        self.log.event("error", "fault", request_id=request_id, kind=type(fault).__name__, places=places)


class _Broken(ConnectionError):
    """An answer that cannot be finished; its connection must be cut."""


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _route(scope: MutableMapping[str, Any]) -> str:
    """The path as it is declared, so that no words of a caller come into logs and metrics."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "unmatched"


class _Passage:
    """`send` with our headers on the way out."""

    __slots__ = ("_send", "correlation_id", "request_id", "status")

    def __init__(self, send: Send):
        self._send = send
        self.status = 0
        self.request_id = b""
        self.correlation_id: bytes | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            own = dict(headers)
            wanted = PAGE_HEADERS if own.get(b"content-type", b"").startswith((b"text/html", b"image/svg")) else DATA_HEADERS
            headers.extend([pair for pair in wanted if pair[0] not in own])
            headers.append((b"x-request-id", self.request_id))
            if self.correlation_id is not None:
                headers.append((b"x-correlation-id", self.correlation_id))
        return self._send(message)


class _Body:
    """`receive` with a limit on its size and on its silence."""

    __slots__ = ("_done", "_limit", "_receive", "_settings", "_size", "_waited")

    def __init__(self, settings: Settings, receive: Receive, limit: int, headers: dict[bytes, bytes]):
        self._settings, self._receive, self._limit = settings, receive, limit
        self._size, self._waited, self._done = 0, 0.0, False
        length = headers.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            raise self._too_large()

    @property
    def done(self) -> bool:
        """Whether the whole body was read."""
        return self._done

    async def __call__(self) -> Message:
        if self._done:
            return await self._receive()
        settings = self._settings
        began = time.monotonic()
        left = settings.body_seconds + self._size / SLOWEST - self._waited
        try:
            async with asyncio.timeout(min(settings.body_seconds, max(left, 0.001))):
                message = await self._receive()
        except TimeoutError:
            raise refuse(408, "body_too_slow", "body", "did not come in time", "send it in one go", Connection="close") from None
        self._waited += time.monotonic() - began
        if message["type"] != "http.request":
            self._done = True
            return message
        chunk = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._limit:
            raise self._too_large()
        self._done = not message.get("more_body")
        return message

    def _too_large(self) -> ServiceError:
        return refuse(
            413, "body_too_large", "body", f"is larger than {self._limit:,} bytes", "send less at once, or a file to score-many", Connection="close"
        )
