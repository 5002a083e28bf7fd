"""Temporary files without a name: they hold readings of people, and nothing of them is left even where the process is killed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def nameless_file() -> Iterator[Path]:
    """A temporary file, empty, that goes when it is closed or the process ends in any way. The path is valid until then, in this process and those
    that it starts. Where the system has no paths of open files, the file has a name, and is removed at the end.
    """
    with tempfile.TemporaryFile(prefix="mews-newtt.") as held:
        path = Path(f"/proc/{os.getpid()}/fd/{held.fileno()}")
        if _is_same(path, held.fileno()):
            yield path
            return
    handle, name = tempfile.mkstemp(prefix="mews-newtt.")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        os.unlink(name)


def _is_same(path: Path, held: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(held)) and os.access(path, os.R_OK | os.W_OK)
    except OSError:
        return False
