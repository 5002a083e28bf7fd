"""Folders that a command writes into, checked before the long work."""

from __future__ import annotations

import os
from pathlib import Path

from mews_newtt.errors import FileError, Problem


def check_report_folder(folder: Path | str) -> Path:
    """The folder for reports, checked before the long work; it need not exist yet, nor the folders above it. Raises FileError."""
    folder = Path(folder)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise FileError(Problem("output_is_file", str(there), "is a file", "name a folder"))
    check_writable(there)
    return folder


def check_writable(folder: Path) -> None:
    """Raise FileError where a folder cannot be written to."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(Problem("folder_read_only", str(folder), "cannot be written to", "write elsewhere, or change its permissions"))
