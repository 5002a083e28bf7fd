"""What the benchmarks share: medians of interleaved rounds, memory's own speed, and where results are written."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
RESULTS = Path(__file__).parent / "RESULTS.md"


def medians(works: Mapping[str, Callable[[], Any]], rounds: int, longest: float = 30.0) -> dict[str, float]:
    """Median seconds of each, in rounds one after the other, so that the machine's moods fall on all; one that takes long gets fewer rounds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            if sum(times[name]) > longest / 10 and len(times[name]) >= 2:
                continue
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


@njit(nogil=True)
def _read_all(values: Any) -> int:
    a = b = c = d = np.int64(0)
    for start in range(0, len(values) - 31, 32):
        for i in range(8):
            a += values[start + i]
            b += values[start + 8 + i]
            c += values[start + 16 + i]
            d += values[start + 24 + i]
    return a + b + c + d


class Memory:
    """Reading and copying memory on all threads: the floor under every engine."""

    def __init__(self, size: int):
        self.values = np.ones(size // 8, np.int64)
        self.target = np.ones_like(self.values)
        _read_all(self.values[:64])
        each = len(self.values) // THREADS
        self.parts = [slice(place * each, (place + 1) * each) for place in range(THREADS)]
        self.pool = ThreadPoolExecutor(THREADS)

    def read(self) -> None:
        list(self.pool.map(lambda part: _read_all(self.values[part]), self.parts))

    def copy(self) -> None:
        list(self.pool.map(lambda part: np.copyto(self.target[part], self.values[part]), self.parts))

    def speed(self, seconds: float) -> float:
        """Bytes a second."""
        return self.values.nbytes / seconds


def machine() -> str:
    """One line on where and when."""
    cpu = next((line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")), platform.machine())
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, {cpu}, {THREADS} threads, {platform.system()}, Python {platform.python_version()}"


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text("utf-8").splitlines() if path.exists() else []


def write_section(name: str, title: str, lines: list[str]) -> None:
    """Replace one script's section of RESULTS.md."""
    before = RESULTS.read_text("utf-8") if RESULTS.exists() else "# Results\n"
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, rest = before.partition(start)
    section = "\n".join([start, f"# {title}", "", *lines, end])
    RESULTS.write_text(head.rstrip() + "\n\n" + section + (rest.partition(end)[2] or "\n"), "utf-8")
