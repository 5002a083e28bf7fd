"""Limits how many uploads and streams of one client run at the same time, over all routes of a process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mews_newtt_service.problems import refuse


class ConcurrencyLimit:
    """At most `most` uploads and streams of each client at once. `before`: a limit that this one replaces; what runs under it counts here too."""

    def __init__(self, most: int, before: ConcurrencyLimit | None = None):
        self._most = most
        self._running: Counter[str] = Counter() if before is None else before._running
        self._lock: threading.Lock = threading.Lock() if before is None else before._lock

    @contextmanager
    def slot(self, client: str) -> Iterator[None]:
        """Hold one of the client's slots. Raises ServiceError: 429 if none is free."""
        with self._lock:
            if self._running[client] >= self._most:
                raise refuse(
                    429, "too_many_uploads", "client", f"{self._most} uploads or streams run already", "wait until one has ended", Retry_After="2"
                )
            self._running[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[client] -= 1
                if self._running[client] <= 0:
                    del self._running[client]
