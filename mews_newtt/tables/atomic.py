"""Writes files and folders so that they appear under their name only when they are complete: a failure leaves the old ones untouched."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.formats import STDIO


@contextlib.contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """A temporary file beside the wanted one; it gets the wanted name only when it is complete. Pipes and devices are written directly."""
    if path.exists() and not path.is_dir() and not path.is_file():  # a pipe or a device cannot be replaced by a rename
        yield path
        return
    path = Path(os.path.realpath(path))  # write what a link points to, and keep the link
    if not path.parent.is_dir():
        raise FileError(Problem("folder_missing", str(path.parent), "is not a folder", "make it, or write elsewhere"))
    if path.is_dir():
        raise FileError(Problem("output_is_folder", str(path), "is a folder", "name a file"))
    beside = _made_beside(path, "part", lambda new: os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)))
    try:
        yield beside
        with beside.open("rb") as whole:
            os.fsync(whole.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def whole_output(output: str | Path | BinaryIO) -> Iterator[Path | BinaryIO]:
    """Where the bytes of an output go: a file beside the wanted one (see `whole_path`), standard output for `-`, or the caller's stream."""
    if isinstance(output, (str, Path)) and str(output) != STDIO:
        with whole_path(Path(output)) as beside:
            yield beside
        return
    stream = _standard_output().buffer if isinstance(output, (str, Path)) else output
    yield stream
    stream.flush()


@contextlib.contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """A text file that appears under its name only when it is complete; None is standard output."""
    if path is None:
        yield _standard_output()
        return
    with whole_path(path) as beside, beside.open("w", encoding="utf-8", newline="") as out:
        yield out


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside the wanted one; it appears, or replaces the old one, only when it is complete."""
    beside = _made_beside(folder, "part", os.mkdir)
    try:
        yield beside
        for inside in beside.iterdir():
            with inside.open("rb") as whole:
                os.fsync(whole.fileno())
        if folder.is_dir():
            old = _made_beside(folder, "old", os.mkdir)
            os.replace(folder, old)
            os.replace(beside, folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _standard_output() -> TextIO:
    if sys.stdout is None:
        raise FileError(Problem("output_closed", "standard output", "is closed", "name a file with -o"))
    return sys.stdout


def _made_beside(path: Path, kind: str, make: Callable[[Path], None]) -> Path:
    """Make a new file or folder beside a path. The system applies the umask: to ask for it would change it for all threads for a moment."""
    while True:
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{kind}")
        with contextlib.suppress(FileExistsError):
            make(new)
            return new
