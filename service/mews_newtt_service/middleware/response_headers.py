"""Adds headers to every answer: what a browser may do with it, and the ids of the request."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mews_newtt_service.stopping import Stopping

# Pages have more headers than data. Each header makes a single score half a per cent slower.
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
CLOSING = ((b"connection", b"close"),)  # so that the next request of this client goes to another instance


class ResponseHeaders:
    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._stopping: Stopping = state.stopping

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._stopping.draining:
            scope["closing_headers"] = CLOSING
        return self.app(scope, receive, _HeaderAddingSend(scope, send))


class _HeaderAddingSend:
    """`send` that adds the headers when an answer starts. It also puts the answer's status into the scope, for the layers outside."""

    __slots__ = ("_scope", "_send")

    def __init__(self, scope: Scope, send: Send):
        self._scope = scope
        self._send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            scope = self._scope
            scope["status"] = message["status"]
            headers = message["headers"]
            own = dict(headers)
            wanted = PAGE_HEADERS if own.get(b"content-type", b"").startswith((b"text/html", b"image/svg")) else DATA_HEADERS
            headers.extend([pair for pair in wanted if pair[0] not in own])  # a route's own header is kept
            headers.extend(scope["id_headers"])
            if "closing_headers" in scope:
                headers.extend(scope["closing_headers"])
        return self._send(message)
