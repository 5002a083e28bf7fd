"""Inputs before anything is read from them: files, folders, standard input and streams, each with its format, name and size."""

from __future__ import annotations

import contextlib
import io
import stat
import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.formats import LONGEST_MAGIC, STDIO, TITLES, Format, any_of, format_of, is_table, kind_of, packing_of

Input = str | Path | BinaryIO
PART = 1 << 20  # bytes that are read at once
HEAD = 1 << 12  # bytes that are looked at to tell what a stream is


class Source(NamedTuple):
    """One input. `size` is in bytes, and 0 where it is not known (a stream, a pipe). `name` is what messages call it."""

    given: Path | BinaryIO
    form: Format
    name: str
    size: int = 0

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The bytes from the start. A file is closed at the end; a stream belongs to the caller."""
        if not isinstance(self.given, Path):
            yield self.given
            return
        try:
            stream = self.given.open("rb")
        except OSError as fault:
            raise _unreadable(self.given, fault) from None
        with stream:
            yield stream


def each_input(inputs: Input | Sequence[Input], more: Collection[str] = ()) -> list[Input]:
    """The inputs one by one; for a folder, its tables in the order of their names. `more` are further suffixes of tables."""
    found: list[Input] = []
    for one in inputs if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [inputs]:
        if isinstance(one, (str, Path)) and str(one) != STDIO and Path(one).is_dir():
            files = (path for path in Path(one).iterdir() if path.is_file() and not path.name.startswith("."))
            inside = sorted(path for path in files if is_table(path) or path.suffix.lower() in more)
            if not inside:
                raise FileError(Problem("folder_empty", str(one), f"holds no {any_of(TITLES)}", "name another folder"))
            found += inside
        else:
            found.append(one)
    if not found:
        raise FileError(Problem("no_input", "inputs", "there are none", "name a file or a folder"))
    return found


def source_of(given: Input, named: str | None = None, *, stream_kind: str | None = None) -> Source:
    """An input with its format: as the caller says (`named`), else by a file's name or a stream's first bytes.

    `stream_kind` is what a stream is taken for where nobody says, instead of looking. Raises FileError for a file that is not there, or whose
    format nothing tells.
    """
    if isinstance(given, (str, Path)) and str(given) != STDIO:
        path = Path(given)
        try:
            found = path.stat()
        except OSError as fault:
            raise _unreadable(path, fault) from None
        return Source(path, format_of(path, named), path.name, found.st_size if stat.S_ISREG(found.st_mode) else 0)
    if not isinstance(given, (str, Path)):
        stream, name = given, Path(str(getattr(given, "name", "stream"))).name
    elif sys.stdin is None:
        raise FileError(Problem("input_closed", "standard input", "is closed", "name a file"))
    else:
        stream, name = sys.stdin.buffer, "standard input"
    kind = named or stream_kind
    return Source(*sniffed(stream, kind and format_of(name, kind).kind), name)


def sniffed(stream: BinaryIO, named: str | None = None) -> tuple[BinaryIO, Format]:
    """A stream from its start again, and its format by its first bytes. The content of a packed stream is known only once it is unpacked."""
    head = stream.read(LONGEST_MAGIC if named else HEAD)
    packed = packing_of(head)
    return read_ahead(head, stream), Format(named or ("" if packed else kind_of(head)), packed)


def _unreadable(path: Path, fault: OSError) -> FileError:
    if isinstance(fault, FileNotFoundError):
        return FileError(Problem("file_missing", str(path), "there is no such file", "check the name"))
    return FileError(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check the name and its permissions"))


def read_ahead(head: bytes, rest: BinaryIO) -> BinaryIO:
    """A stream from its start: the bytes that were read already, then the rest."""
    return stream_of(chain([head], iter(lambda: rest.read(PART), b"")))


def stream_of(parts: Iterator[bytes]) -> BinaryIO:
    """Parts of bytes as a stream."""
    return cast(BinaryIO, io.BufferedReader(_Parts(parts), PART))


class _Parts(io.RawIOBase):
    def __init__(self, parts: Iterator[bytes]):
        self._parts, self._left = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]  # the base class promises any buffer
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = memoryview(part)
        size = min(len(into), len(self._left))
        into[:size], self._left = self._left[:size], self._left[size:]
        return size
