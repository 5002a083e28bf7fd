"""Asks who calls before anything of the request is read, and keeps each caller within its requests a minute."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.auth.access import ANYBODY, LOCAL, PROBES, TOKEN, Access
from mews_newtt_service.logs import Log
from mews_newtt_service.middleware.rate_limit import RateLimits
from mews_newtt_service.problems import refuse

ANONYMOUS_PER_MINUTE = 600  # from one address: failed sign-ins, token requests and other open paths are counted separately


class Authentication:
    """Puts `client_id` into the scope. Raises ServiceError: 401 for an unknown caller, 429 for too many requests."""

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._access: Access = state.access
        self._log: Log = state.log
        self._per_minute: int = state.settings.requests_per_minute
        self._limits = RateLimits()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["client_id"] = LOCAL if self._access.clients is None else self._client_id(scope)
        return self.app(scope, receive, send)

    def _client_id(self, scope: Scope) -> str:
        access, path = self._access, scope["path"]
        if access.is_open(scope["method"], path):
            if path not in PROBES:
                self._limits.take(f"{'token' if path == TOKEN else 'open'} {access.address(scope)}", ANONYMOUS_PER_MINUTE)
            return ANYBODY
        headers = scope["header_map"]
        client = access.client_of(headers)
        if client is None:
            address = access.address(scope)
            self._limits.take(f"failed {address}", ANONYMOUS_PER_MINUTE)  # guessing is slow, and a wrong key locks out nobody else
            self._log.event("warning", "sign_in_failed", request_id=scope["request_id"], address=address)
            tried = b"authorization" in headers or b"x-api-key" in headers
            raise refuse(
                401,
                "not_signed_in",
                "Authorization",
                "holds no key or token that is known and still valid" if tried else "is missing",
                "send 'Authorization: Bearer <key or token>' or 'X-API-Key: <key>'",
                WWW_Authenticate='Bearer realm="mews_newtt", Basic realm="mews_newtt"',
            )
        limit = client.requests_per_minute or self._per_minute
        if limit:
            self._limits.take(f"client {client.id}", limit)
        return client.id
