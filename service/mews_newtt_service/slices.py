"""Long work between short requests: it goes on for a few milliseconds, then short requests have their turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TypeVar

SLICE_SECONDS = 0.004
Item = TypeVar("Item")


class Slices:
    """Runs long work on the event loop in small steps.

    All long work of a process takes turns, so that many long requests hold up a short one no more than one does.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def list_of(self, items: Iterable[Item]) -> list[Item]:
        """`list(items)`, made in turns; each item must be made in a short time."""
        found: list[Item] = []
        left = iter(items)
        more = True
        while more:
            async with self._lock:
                until = time.monotonic() + SLICE_SECONDS
                more = False
                for item in left:
                    found.append(item)
                    if time.monotonic() >= until:
                        more = True
                        break
            await asyncio.sleep(0)
        return found
