"""Who may call: on loopback without a clients file anybody on this machine, else clients by key or token, each within its limit."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re

from starlette.types import Scope

from mews_newtt_service.auth.clients import Client, Clients, Told
from mews_newtt_service.auth.limits import Limits, address_of
from mews_newtt_service.auth.tokens import Tokens
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.settings import Settings

LOCAL, ANYBODY = "local", "anonymous"
LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]", "::1"))
PROBES = frozenset(("/healthz", "/readyz"))  # asked by whatever keeps the service running: never refused
TOKEN = "/oauth/token"
PUBLIC = PROBES | frozenset((TOKEN, "/.well-known/smart-configuration", "/openapi.json"))
PUBLIC_READS = frozenset(("/fhir/R4/metadata", "/cds-services"))
CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
ANONYMOUS_PER_MINUTE = 600  # of one address: failed sign-ins, token requests, other paths that need no sign-in, each by itself
_PORT = re.compile(r":\d+$")


class Access:
    """Decides about each request before anything of it is read."""

    def __init__(self, settings: Settings, queue: Queue, told: Told | None = None):
        self.settings = settings
        self.clients = Clients(settings.clients_file, told, signing=bool(settings.public_url)) if settings.clients_file is not None else None
        self.tokens = Tokens(settings.data_folder, queue)
        self._hosts = frozenset(settings.hosts) or (LOOPBACK_NAMES if self.clients is None else frozenset())
        self._limits = Limits()
        self._proxies = tuple(ipaddress.ip_network(one, strict=False) for one in settings.proxies)

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Who calls. Raises ServiceError: 401, 403 from another site's page, 421 for a name that is not ours, 429."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self._hosts and _PORT.sub("", host) not in self._hosts:  # a page elsewhere must not reach us by a name of its own
            raise refuse(421, "wrong_host", "Host", "is no name of this service", "call it by its own name, or add the name to MEWS_NEWTT_HOSTS")
        origin = headers.get(b"origin")
        if origin is not None and scope["method"] in CHANGING and origin.decode("latin-1").lower().partition("://")[2] != host:
            raise refuse(403, "cross_origin", "Origin", "is another site", "call the service from its own pages, or from a program")
        if self.clients is None:
            return LOCAL
        path: str = scope["path"]
        if (
            path in PUBLIC
            or (scope["method"] == "GET" and (path in PUBLIC_READS or path.startswith("/static/")))
            or (path == "/metrics" and self.settings.metrics_open)
        ):
            if path not in PROBES:
                self._limits.take(f"{'token' if path == TOKEN else 'open'} {self.address(scope, headers)}", ANONYMOUS_PER_MINUTE)
            return ANYBODY
        client = self._known(headers)
        if client is None:
            self._limits.take(f"failed {self.address(scope, headers)}", ANONYMOUS_PER_MINUTE)  # guessing is slow, and shuts out nobody else
            raise _sign_in(b"authorization" in headers or b"x-api-key" in headers)
        limit = client.requests_per_minute or self.settings.requests_per_minute
        if limit:
            self._limits.take(f"client {client.id}", limit)
        return client.id

    def address(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Where a request comes from, for its limit and for the log."""
        return address_of(scope, headers, self._proxies)

    def _known(self, headers: dict[bytes, bytes]) -> Client | None:
        if self.clients is None:
            return None
        key = headers.get(b"x-api-key")
        if key is not None:
            return self.clients.by_key(key)
        kind, _, value = headers.get(b"authorization", b"").partition(b" ")
        value = value.strip()
        if kind.lower() == b"bearer" and value:
            if value.count(b".") == 2:
                name = self.tokens.client_of(value)
                return None if name is None else self.clients.named(name)
            return self.clients.by_key(value)
        if kind.lower() == b"basic":  # browsers: any name, the key as password
            try:
                return self.clients.by_key(base64.b64decode(value, validate=True).partition(b":")[2])
            except (binascii.Error, ValueError):
                return None
        return None


def _sign_in(tried: bool) -> ServiceError:
    return refuse(
        401,
        "not_signed_in",
        "Authorization",
        "holds no key or token that is known and still valid" if tried else "is missing",
        "send 'Authorization: Bearer <key or token>' or 'X-API-Key: <key>'",
        WWW_Authenticate='Bearer realm="mews_newtt", Basic realm="mews_newtt"',
    )
