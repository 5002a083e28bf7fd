"""Limits how many requests a minute one client or one address may send. Each web process counts by itself; see also `shared_limits`."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from mews_newtt_service.problems import ServiceError, refuse

BUCKETS_KEPT = 10_000


class RateLimits:
    """One bucket for each client or address; when there are too many, the one that was not used for longest is dropped."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, per_minute: int) -> None:
        """Count a request. Raises ServiceError: 429 if there were too many."""
        bucket = self._buckets.get(who)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = self._buckets[who] = _Bucket(per_minute)
        self._buckets.move_to_end(who)
        if len(self._buckets) > BUCKETS_KEPT:
            self._buckets.popitem(last=False)
        wait = bucket.take()
        if wait > 0:
            raise too_many(per_minute, wait)


def too_many(per_minute: int, wait: float) -> ServiceError:
    """429: the client has to wait so many seconds."""
    what, mend = f"more than {per_minute} requests a minute", "send many sets at once to score-many"
    return refuse(429, "too_many_requests", "client", what, mend, Retry_After=str(math.ceil(wait)))


def at_once(per_minute: int) -> float:
    """How many requests of a minute may come at once: those of ten seconds."""
    return max(1.0, per_minute / 6)


class _Bucket:
    """A token bucket: so many requests a minute, of which those of ten seconds may come at once."""

    __slots__ = ("_at", "_level", "per_minute")

    def __init__(self, per_minute: int):
        self.per_minute = per_minute
        self._level = self._most
        self._at = time.monotonic()

    @property
    def _most(self) -> float:
        return at_once(self.per_minute)

    def take(self) -> float:
        """Seconds to wait until there is room; 0 if there is."""
        now = time.monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) * 60 / self.per_minute
