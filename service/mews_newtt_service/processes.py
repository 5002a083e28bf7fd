"""The processes of this service on this machine, with their memory and open files, as the system tells them (Linux)."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mews_newtt_service.jobs import memory

PROC = Path("/proc")
ROLES = ("main", "web", "worker", "other")  # `main` only starts and stops several web processes; `other` is a helper of Python


class Process(NamedTuple):
    """One process: what it does, the bytes it holds for itself, its open files and connections."""

    role: str
    memory: int
    files: int


def processes() -> list[Process]:
    """Every process of this service that is alive. A process that ends during the look is left out. Empty on systems without a list of processes."""
    parent = multiprocessing.parent_process()
    first = os.getpid() if parent is None or parent.pid is None else parent.pid
    found = []
    for process in (first, *_below(first, _children())):
        try:
            role = ("web" if parent is None else "main") if process == first else _role(process)
            found.append(Process(role, memory.held(process), len(os.listdir(PROC / str(process) / "fd"))))
        except OSError:
            continue
    return found


def _children() -> dict[int, list[int]]:
    """The processes that each process has started."""
    found: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        found.setdefault(int(after_name[1]), []).append(int(entry.name))
    return found


def _below(process: int, children: dict[int, list[int]]) -> Iterator[int]:
    for child in children.get(process, ()):
        yield child
        yield from _below(child, children)


def _role(process: int) -> str:
    command = (PROC / str(process) / "cmdline").read_bytes()
    if b"mews_newtt_service.jobs.worker" in command:
        return "worker"
    return "web" if b"--multiprocessing-fork" in command else "other"
