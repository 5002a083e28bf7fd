"""Opens a source of any kind: finds out what it is, and hands it to the reader of that kind."""

from __future__ import annotations

import contextlib
import io
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.formats import CSV, LONGEST_MAGIC, any_of, packing_of
from mews_newtt.tables.origins.delimited import read_delimited
from mews_newtt.tables.origins.fhir_rows import read_fhir
from mews_newtt.tables.origins.hl7_rows import read_hl7
from mews_newtt.tables.origins.json_rows import read_json_rows
from mews_newtt.tables.origins.kinds import MOST_HELD, find_kind
from mews_newtt.tables.origins.parquet_text import read_parquet
from mews_newtt.tables.origins.settings import ORIGINS, SettingNeeded, check_settings
from mews_newtt.tables.origins.source_table import Opened, SourceTable
from mews_newtt.tables.origins.workbook import read_workbook
from mews_newtt.tables.origins.workbook_ods import OdsBook
from mews_newtt.tables.origins.workbook_xlsx import XlsxBook
from mews_newtt.tables.read import unpacked
from mews_newtt.tables.sources import Input, Source, source_of

KEPT = 64 << 20  # bytes of a stream that are kept in memory; more goes to a temporary file
NO_SETTINGS = SourceSettings()
READ_IN_ORDER = ("csv", "ndjson", "fhir")  # kinds that are read from their start to their end


def read_source(given: Input, settings: SourceSettings = NO_SETTINGS, *, name: str | None = None) -> SourceTable:
    """A file or a stream of any kind as a table of text: exactly the cells that the source has.

    Parameters
    ----------
    given : a path, or a stream of bytes; gzip and zstd are unpacked
    settings : what is known about the source. What is left out is found out, where that is certain.
    name : what messages call it, where the path or the stream does not say

    Raises
    ------
    SettingNeeded  the source can be read in several ways; the error names the setting to give, and its likely value
    FileError  the source cannot be read, with the place and what to do
    """
    kept, how_far = ExitStack(), _HowFar()
    try:
        opened, called = _opener(given, name, kept, how_far)
        table = _table(opened, settings, called)
        if table.settings.kind in READ_IN_ORDER:
            table.share = how_far.share
    except BaseException:
        kept.close()
        raise
    table._while_open = kept
    return table


def propose_settings(given: Input, settings: SourceSettings = NO_SETTINGS, *, name: str | None = None) -> tuple[SourceSettings, list[SettingNeeded]]:
    """The settings that a source most likely has, by its start; and the questions that a person has to answer.

    Raises FileError where a source cannot be read whatever the settings are.
    """
    questions: list[SettingNeeded] = []
    with ExitStack() as kept:
        opened, called = _opener(given, name, kept)
        while True:
            try:
                return _table(opened, settings, called).settings, questions
            except SettingNeeded as question:
                questions.append(question)
                known = settings.given()
                if question.likely is None or question.setting in known:
                    return settings, questions
                settings = SourceSettings(**{**known, question.setting: question.likely})  # type: ignore[arg-type]  # by name


def kind_of_source(given: Input, settings: SourceSettings = NO_SETTINGS, *, name: str | None = None) -> str:
    """Which kind of ORIGINS a source is, by its settings, its content and its name."""
    with ExitStack() as kept:
        opened, called = _opener(given, name, kept)
        return find_kind(settings, called, opened)


def _table(opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    given = replace(settings, kind=settings.kind or None)
    if given.kind is None or given.kind in ORIGINS:
        kind = find_kind(given, name, opened)
        check_settings(given, kind, name)
        return _read(kind, opened, replace(given, kind=kind), name)
    raise FileError(Problem("setting_value", name, f"cannot be {given.kind!r}", f"say {any_of(ORIGINS)}"))


class _HowFar:
    """How much of a file was read, by the place in its bytes."""

    def __init__(self) -> None:
        self.stream: BinaryIO | None = None
        self.size = 0

    def share(self) -> float | None:
        if self.stream is None or self.stream.closed or not self.size:
            return None
        return min(self.stream.tell() / self.size, 1.0)


def _opener(given: Input, name: str | None, kept: ExitStack, how_far: _HowFar | None = None) -> tuple[Opened, str]:
    """What opens the bytes of a source from their start, unpacked; and what messages call it."""
    # What it is comes later, from its content.
    source = source_of(given, "csv") if isinstance(given, (str, Path)) else Source(given, CSV, Path(str(getattr(given, "name", "stream"))).name)
    called = name or source.name
    if isinstance(source.given, Path) and source.given.is_file():
        path, first = source.given, _state(source.given)

        @contextlib.contextmanager
        def from_path() -> Iterator[BinaryIO]:
            """A source may be opened several times, to find out its kind, its columns and its rows: each time it has to be the same."""
            _refuse_changed(path, first, called)
            with source.opened() as stream:
                if how_far is not None:
                    how_far.stream, how_far.size = stream, source.size
                yield _plain(stream, called)
            _refuse_changed(path, first, called)

        return from_path, called
    spool = kept.enter_context(tempfile.SpooledTemporaryFile(KEPT))  # noqa: SIM115 - the table closes it
    with source.opened() as stream:
        while part := stream.read(1 << 20):
            spool.write(part)

    @contextlib.contextmanager
    def from_spool() -> Iterator[BinaryIO]:
        spool.seek(0)
        yield _plain(cast(BinaryIO, spool), called)

    weakref.finalize(from_spool, spool.close)  # for a table that nobody closes: its rows are read by this function
    return from_spool, called


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _refuse_changed(path: Path, first: tuple[int, int, int], name: str) -> None:
    try:
        same = _state(path) == first
    except FileNotFoundError:
        same = False
    if not same:
        raise FileError(Problem("file_changed", name, "changed while it was read", "wait until it is written to its end, then read it again"))


def _plain(stream: BinaryIO, name: str) -> BinaryIO:
    packed = packing_of(stream.read(LONGEST_MAGIC))
    stream.seek(0)
    return cast(BinaryIO, io.BufferedReader(_InOurWords(unpacked(stream, packed), name))) if packed else stream


class _InOurWords(io.RawIOBase):
    """A packed stream whose faults are a FileError."""

    def __init__(self, stream: BinaryIO, name: str):
        self._stream, self._name = stream, name

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            part = self._stream.read(len(into))
        except (OSError, EOFError, ValueError, zlib.error) as fault:
            what = f"cannot be unpacked: {type(fault).__name__}"
            raise FileError(Problem("not_readable", self._name, what, "pack it again: it seems to be cut off or damaged")) from None
        into[: len(part)] = part
        return len(part)


def _read(kind: str, opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    if kind == "csv":
        return read_delimited(opened, settings, name)
    if kind == "parquet":
        return read_parquet(opened, settings, name)
    if kind == "ndjson":
        return read_json_rows(opened, settings, name, lines=True)
    if kind == "fhir":
        return read_fhir(opened, settings, name)
    body = _held(opened, name)
    if kind == "json":
        return read_json_rows(lambda: contextlib.nullcontext(io.BytesIO(body)), settings, name, lines=False)
    if kind == "hl7":
        return read_hl7(body, settings, name)
    if kind == "xlsx":
        return read_workbook(XlsxBook(body, name), kind, settings, name)
    if kind == "ods":
        return read_workbook(OdsBook(body, name), kind, settings, name)
    raise NotImplementedError(f"nothing here reads a source of the kind {kind!r}")


def _held(opened: Opened, name: str) -> bytes:
    with opened() as stream:
        body = stream.read(MOST_HELD + 1)
    if len(body) > MOST_HELD:
        what = f"is larger than {MOST_HELD:,} bytes, the most that is held in memory for its kind"
        raise FileError(Problem("file_too_large", name, what, "save it as CSV, Parquet or NDJSON, which are read part by part"))
    return body
