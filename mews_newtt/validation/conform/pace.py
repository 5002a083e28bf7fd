"""Keeps to the requests per second that a platform allows, and waits in a way that can be stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Limits the requests per second over all threads."""

    def __init__(self, per_second: float, sleep: Callable[[float], object] = time.sleep, now: Callable[[], float] = time.monotonic):
        self._gap, self._sleep, self._now = 1 / per_second, sleep, now
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            start = max(self._now(), self._next)
            self._next = start + self._gap
        pause = start - self._now()
        if pause > 0:
            self._sleep(pause)
