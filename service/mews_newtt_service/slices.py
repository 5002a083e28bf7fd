"""Runs long work on the event loop a few milliseconds at a time, so that short requests do not wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TypeVar

SLICE_SECONDS = 0.004
Item = TypeVar("Item")


class Slices:
    """The time slices of one process. Only one piece of long work runs at a time, so many long requests delay a short one no more than one does."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def list_of(self, items: Iterable[Item]) -> list[Item]:
        """`list(items)`, made in time slices. Making one item must take a short time."""
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
