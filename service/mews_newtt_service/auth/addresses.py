"""What a trusted proxy says of a request: the address that it comes from, for limits and the log, and the address it was sent to, for links."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from starlette.requests import Request
from starlette.types import Scope

from mews_newtt_service.settings import Settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([0-9.]+):\d+")


def address_of(scope: Scope, proxies: tuple[Network, ...]) -> str:
    """The peer, or the address that a trusted proxy forwards. For IPv6 the /64 network, because one caller has all of its addresses.

    Proxies add the address that they see at the end of X-Forwarded-For, or as a further header, some of them with a port.
    """
    found = _peer(scope)
    if proxies and _is_one_of(found, proxies):
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        said = ",".join(lines).split(",")
        while said and _is_one_of(found, proxies):
            before = said.pop().strip()
            with_port = _WITH_PORT.fullmatch(before)
            before = (with_port[1] or with_port[2]) if with_port else before
            if _address(before) is None:
                break
            found = before
    return _network(found)


def base_of(request: Request) -> str:
    """The address by which clients know the service, without a slash at its end.

    It is the setting, or else what the request was sent to. A trusted proxy says that by X-Forwarded-Proto, and by X-Forwarded-Host if the
    setting `hosts` has the name: a proxy may pass on what a caller has written there.
    """
    settings: Settings = request.app.state.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    url = request.base_url
    if settings.proxies and _is_one_of(_peer(request.scope), request.app.state.access.proxies):
        scheme = _last(request, "x-forwarded-proto").lower()
        host = _last(request, "x-forwarded-host").lower()
        if scheme in ("http", "https"):
            url = url.replace(scheme=scheme)
        if re.sub(r":\d+$", "", host) in settings.hosts:
            url = url.replace(netloc=host)
    return str(url).rstrip("/")


def _last(request: Request, name: str) -> str:
    """What the nearest proxy has said."""
    return request.headers.get(name, "").rpartition(",")[2].strip()


def _peer(scope: Scope) -> str:
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


@lru_cache(maxsize=1024)
def _network(found: str) -> str:
    """As limits and the log have it. An address may carry a zone (`%eth0`), which the caller wrote: it is left out."""
    address = _address(found)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return found if address is None else str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_one_of(text: str, networks: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)
