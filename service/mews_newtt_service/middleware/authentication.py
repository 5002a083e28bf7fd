"""Asks who calls before anything of the request is read, and keeps each caller within its requests a minute."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.auth.access import ANYBODY, LOCAL, PROBES, TOKEN, Access
from mews_newtt_service.auth.clients import Client, Clients
from mews_newtt_service.auth.tokens import TokenError
from mews_newtt_service.logs import Log, trace_words
from mews_newtt_service.middleware.rate_limit import RateLimits
from mews_newtt_service.middleware.shared_limits import SharedLimits
from mews_newtt_service.problems import refuse

REALM = 'Bearer realm="mews_newtt", Basic realm="mews_newtt"'
ANONYMOUS_PER_MINUTE = 600  # from one address: failed sign-ins, token requests and other open paths are counted separately


class Authentication:
    """Puts `client_id` into the scope. Raises ServiceError: 401 for an unknown caller, 429 for too many requests."""

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._access: Access = state.access
        self._log: Log = state.log
        self._per_minute: int = state.settings.requests_per_minute
        self._limits: RateLimits = state.limits
        self._shared: SharedLimits | None = state.shared_limits

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        clients = self._access.clients
        if clients is None:
            scope["client_id"] = LOCAL
            return self.app(scope, receive, send)
        signed = self._access.cds_token(scope["method"], scope["path"], scope["header_map"])
        if signed is not None:
            return self._signed(signed, clients, scope, receive, send)
        client = self._client(scope)
        scope["client_id"] = ANYBODY if client is None else client.id
        if client is None or self._count(client):
            return self.app(scope, receive, send)
        return self._counted(client, scope, receive, send)

    async def _signed(self, token: str, clients: Clients, scope: Scope, receive: Receive, send: Send) -> None:
        """A call with a JWT of CDS Hooks, whose keys may have to be fetched."""
        try:
            client = await self._access.cds_client(token, scope["path"], clients)
        except TokenError as refusal:
            self._failed(scope)
            if refusal.status == 503:
                raise refuse(503, "keys_unavailable", "Authorization", refusal.what, "try again in half a minute", Retry_After="30") from None
            mend = "sign a new JWT for the address that is called: see docs/fhir.md, CDS Hooks"
            what = f"holds a JWT that is not taken: {refusal.what}"
            raise refuse(401, "not_signed_in", "Authorization", what, mend, WWW_Authenticate=REALM) from None
        scope["client_id"] = client.id
        if self._count(client):
            await self.app(scope, receive, send)
        else:
            await self._counted(client, scope, receive, send)

    async def _counted(self, client: Client, scope: Scope, receive: Receive, send: Send) -> None:
        """A call that has to ask the other processes whether it is one too many."""
        if self._shared is not None:
            await self._shared.ask(client.id, client.requests_per_minute or self._per_minute)
        await self.app(scope, receive, send)

    def _failed(self, scope: Scope) -> None:
        address = self._access.address(scope)
        self._limits.take(f"failed {address}", ANONYMOUS_PER_MINUTE)  # guessing is slow, and a wrong key locks out nobody else
        self._log.event("warning", "sign_in_failed", request_id=scope["request_id"], **trace_words(scope.get("trace")), address=address)

    def _count(self, client: Client) -> bool:
        """Count a request of a client; False if `_counted` has to."""
        limit = client.requests_per_minute or self._per_minute
        if not limit:
            return True
        if self._shared is not None:
            return self._shared.take(client.id, limit)
        self._limits.take(f"client {client.id}", limit)
        return True

    def _client(self, scope: Scope) -> Client | None:
        """Who calls; None on open paths."""
        access, path = self._access, scope["path"]
        if access.is_open(scope["method"], path):
            if path not in PROBES:
                self._limits.take(f"{'token' if path == TOKEN else 'open'} {access.address(scope)}", ANONYMOUS_PER_MINUTE)
            return None
        headers = scope["header_map"]
        client = access.client_of(headers)
        if client is None:
            self._failed(scope)
            tried = b"authorization" in headers or b"x-api-key" in headers
            raise refuse(
                401,
                "not_signed_in",
                "Authorization",
                "holds no key or token that is known and still valid" if tried else "is missing",
                "send 'Authorization: Bearer <key or token>' or 'X-API-Key: <key>'",
                WWW_Authenticate=REALM,
            )
        return client
