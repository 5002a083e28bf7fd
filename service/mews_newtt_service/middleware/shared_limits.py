"""Requests a minute of a client over all web processes and machines: they share one token bucket in the database of the jobs.

A process takes about a second's worth of requests from the bucket at once, so that most requests need no database.
If the database does not answer at once, the process counts by itself for a while: scores do not wait for it.
"""

from __future__ import annotations

import asyncio
import time

import anyio.to_thread

from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.middleware.rate_limit import RateLimits, at_once, too_many

ASK_SECONDS = 0.5  # longest wait for the database
ALONE_SECONDS = 10.0  # how long a process counts by itself after such a wait
HELD_SECONDS = 2.0  # how long requests that were taken from the bucket may be used


class SharedLimits:
    """The limits of signed-in clients. `alone` counts while the database is away."""

    def __init__(self, queue: Queue, alone: RateLimits):
        self._queue, self._alone = queue, alone
        self._held: dict[str, tuple[int, float]] = {}  # by client: requests at hand, and until when
        self._refused_until: dict[str, float] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._alone_until = 0.0

    def take(self, who: str, per_minute: int) -> bool:
        """Count a request without the database. False: `ask` has to.

        Raises
        ------
        ServiceError  429: there were too many, as the database said a moment ago
        """
        now = time.monotonic()
        if now < self._alone_until:
            self._alone.take(who, per_minute)
            return True
        wait = self._refused_until.get(who, 0.0) - now
        if wait > 0:
            raise too_many(per_minute, wait)
        number, until = self._held.get(who, (0, 0.0))
        if number < 1 or now > until:
            return False
        self._held[who] = (number - 1, until)
        return True

    async def ask(self, who: str, per_minute: int) -> None:
        """Take requests from the shared bucket, and count one. Raises ServiceError: 429 if the bucket is empty."""
        async with self._asking.setdefault(who, asyncio.Lock()):
            if self.take(who, per_minute):  # another request has asked meanwhile
                return
            asked = asyncio.ensure_future(anyio.to_thread.run_sync(self._queue.take_requests, who, per_minute, at_once(per_minute)))
            done, _ = await asyncio.wait((asked,), timeout=ASK_SECONDS)
            if not done or asked.exception() is not None:
                asked.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody waits for it any more
                self._alone_until = time.monotonic() + ALONE_SECONDS
                self._alone.take(who, per_minute)
                return
            number, wait = asked.result()
            now = time.monotonic()
            if number < 1:
                self._refused_until[who] = now + min(wait, 1.0)  # ask again each second: the limit may have been raised
                raise too_many(per_minute, wait)
            self._held[who] = (number - 1, now + HELD_SECONDS)
