"""The address that a request comes from, for limits and for the log."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(scope: Scope, proxies: tuple[Network, ...]) -> str:
    """The peer, or the address that a trusted proxy forwards. For IPv6 the /64 network, because one caller has all of its addresses."""
    peer = scope.get("client")
    found = str(peer[0]) if peer else ""
    said = scope["header_map"].get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    while said and _is_one_of(found, proxies):
        before = said.pop().strip().strip("[]")
        if _address(before) is None:
            break
        found = before
    address = _address(found)
    return str(ipaddress.ip_network((found, 64), strict=False)) if isinstance(address, ipaddress.IPv6Address) else found


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_one_of(text: str, networks: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)
