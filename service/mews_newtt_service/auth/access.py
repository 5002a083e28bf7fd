"""Who may call: without a clients file anybody on this machine, else clients with a key or a token."""

from __future__ import annotations

import base64
import binascii
import ipaddress

from starlette.types import Scope

from mews_newtt_service.auth.addresses import address_of
from mews_newtt_service.auth.clients import Client, Clients, OnError
from mews_newtt_service.auth.tokens import Tokens, is_cds_token
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.settings import Settings

LOCAL, ANYBODY = "local", "anonymous"
PROBES = frozenset(("/healthz", "/readyz"))  # asked by whatever keeps the service running: never limited
TOKEN = "/oauth/token"
CDS = "/cds-services/"
SMART = "/.well-known/smart-configuration"
OPEN = PROBES | frozenset((TOKEN, SMART, f"/fhir/R4{SMART}", "/openapi.json"))
OPEN_READS = frozenset(("/fhir/R4/metadata", "/cds-services", "/docs", "/workbench/drawn.css"))


class Access:
    """The clients and their tokens. `clients` is None if nobody has to sign in."""

    def __init__(self, settings: Settings, queue: Queue, on_error: OnError | None = None):
        self.clients = Clients(settings.clients_file, on_error, signing=bool(settings.public_url)) if settings.clients_file is not None else None
        self.tokens = Tokens(settings.data_folder, queue)
        self._public_url = settings.public_url.rstrip("/")
        self._metrics_open = settings.metrics_open
        self.proxies = tuple(ipaddress.ip_network(one, strict=False) for one in settings.proxies)

    def is_open(self, method: str, path: str) -> bool:
        """Whether a path needs no sign-in."""
        return (
            path in OPEN or (method == "GET" and (path in OPEN_READS or path.startswith("/static/"))) or (path == "/metrics" and self._metrics_open)
        )

    def address(self, scope: Scope) -> str:
        """The address that a request comes from."""
        return address_of(scope, self.proxies)

    def cds_token(self, method: str, path: str, headers: dict[bytes, bytes]) -> str | None:
        """The JWT of a CDS Hooks client in a call to a service; None if the call signs in otherwise."""
        if method != "POST" or not path.startswith(CDS):
            return None
        kind, _, value = headers.get(b"authorization", b"").partition(b" ")
        token = value.strip()
        return token.decode("ascii", "replace") if kind.lower() == b"bearer" and token.count(b".") == 2 and is_cds_token(token) else None

    async def cds_client(self, token: str, path: str, clients: Clients) -> Client:
        """The client that signed a JWT for this path. Its audience is the address that is called, or that of the service whose feedback this is.

        Clients with public keys are there only where our public address is set (see `read_clients`), so the Host header plays no part.
        """
        address = f"{self._public_url}{path}"
        return await self.tokens.cds_client(token, clients, [address, address.removesuffix("/feedback")])

    def client_of(self, headers: dict[bytes, bytes]) -> Client | None:
        """Whose key or token the headers hold; None if it is unknown or no longer valid, or if there is none."""
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
