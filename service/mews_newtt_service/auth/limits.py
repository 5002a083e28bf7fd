"""So many requests a minute: buckets by client or by address; the ones not used for longest are forgotten first."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict

from starlette.types import Scope

from mews_newtt_service.problems import refuse

BUCKETS_KEPT = 10_000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Limits:
    """The buckets of one web process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, per_minute: int) -> None:
        """Count a request. Raises ServiceError: 429 where there were too many."""
        bucket = self._buckets.get(who)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = self._buckets[who] = _Bucket(per_minute)
        self._buckets.move_to_end(who)
        if len(self._buckets) > BUCKETS_KEPT:
            self._buckets.popitem(last=False)
        wait = bucket.take()
        if wait > 0:
            raise refuse(
                429,
                "too_many_requests",
                "client",
                f"more than {per_minute} requests a minute",
                "send many sets at once to score-many",
                Retry_After=str(math.ceil(wait)),
            )


class _Bucket:
    """So many requests a minute, with ten seconds' worth at once."""

    __slots__ = ("_at", "_level", "per_minute")

    def __init__(self, per_minute: int):
        self.per_minute = per_minute
        self._level = self._most
        self._at = time.monotonic()

    @property
    def _most(self) -> float:
        return max(1.0, self.per_minute / 6)

    def take(self) -> float:
        """0 where there is room, else the seconds until there is."""
        now = time.monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) * 60 / self.per_minute


def address_of(scope: Scope, headers: dict[bytes, bytes], proxies: tuple[Network, ...]) -> str:
    """Where a request comes from: the peer, or what a proxy that we trust says of it; of IPv6 the network, since one caller has all of it."""
    peer = scope.get("client")
    found = str(peer[0]) if peer else ""
    said = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
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
