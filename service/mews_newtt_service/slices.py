"""Long work between short requests: it goes on for a few milliseconds, then short requests have their turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

SLICE_SECONDS = 0.004


class Slices:
    """Runs long work on the event loop in small steps. All long work of a process takes turns, so that many long requests hold up a short one no more than one does."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def run(self, steps: Iterable[object]) -> None:
        """Go through the steps; each must be short."""
        left = iter(steps)
        more = True
        while more:
            async with self._lock:
                until = time.monotonic() + SLICE_SECONDS
                more = any(time.monotonic() >= until for _ in left)
            await asyncio.sleep(0)
