"""How much memory a worker may use and how much it uses. A small file can become very large once it is unpacked and read."""

from __future__ import annotations

import os
from pathlib import Path

from mews_newtt_service.settings import Settings

CONTAINER = Path("/sys/fs/cgroup/memory.max")


def most(settings: Settings) -> int:
    """Bytes that one worker may hold: the setting, or its share of three quarters of the memory; 0 if that is unknown."""
    return settings.job_memory_bytes or there_is() * 3 // 4 // max(1, settings.job_workers)


def there_is() -> int:
    """Bytes of memory of the machine, or of the container where it has less; 0 where the system does not say."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        told = CONTAINER.read_text().strip() if CONTAINER.is_file() else ""
    except (OSError, ValueError):
        return 0
    return min(whole, int(told)) if told.isdigit() else whole


def held(process: int | str = "self") -> int:
    """Bytes that a process (this one, or that of an id) holds for itself, without pages of files; 0 where the system does not say."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
