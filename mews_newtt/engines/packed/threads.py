"""Slices of rows, each on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any


def slices_of(rows: int, threads: int, least: int) -> list[tuple[int, int]]:
    """First and last row of each thread's slice, of at least so many rows."""
    threads = max(1, min(threads, rows // least))
    bounds = [rows * part // threads // 64 * 64 for part in range(threads)] + [rows]
    return list(pairwise(bounds))


def each_slice(work: Callable[[int, int], Any], slices: Sequence[tuple[int, int]]) -> list[Any]:
    """The work done on every slice, the first on this thread and each other on one of its own; what it gives, in their order."""
    if len(slices) == 1:
        return [work(*slices[0])]
    with ThreadPoolExecutor(len(slices) - 1) as pool:
        others = [pool.submit(work, *part) for part in slices[1:]]
        return [work(*slices[0]), *(other.result() for other in others)]
