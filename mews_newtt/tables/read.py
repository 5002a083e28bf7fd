"""Inputs as stretches of rows, one after another: CSV in blocks, Parquet and NDJSON by Polars as they stream."""

from __future__ import annotations

import contextlib
import glob
import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.blocks import Block, Blocks, schema
from mews_newtt.tables.formats import Format
from mews_newtt.tables.json_lines import ArrayLines, json_problem, name_twice
from mews_newtt.tables.sources import Input, Source, sniffed, source_of

ROWS = 1 << 18  # rows of a stretch: enough to share the cost of a call, few enough to keep memory flat
WIDE = [getattr(pl, name) for name in ("Int128", "UInt128") if hasattr(pl, name)]


@dataclass
class Stretch:
    """Rows to be read and scored together."""

    frame: Callable[[], pl.DataFrame]
    row_of: Callable[[int], int]  # where a row stands in its file: a line of CSV, else a row number
    name: str
    share: float | None = None  # of the input, done when these rows are
    fault: Callable[[], FileError | None] = lambda: None  # what is wrong after these rows, once they are read


@dataclass
class Table:
    """One input: its columns, known at once, and its rows, a stretch at a time."""

    name: str
    names: list[str]  # of its columns; one that stands twice is twice here
    columns: pl.DataFrame  # no rows
    stretches: Callable[[], Iterator[Stretch]]
    size: int = 0  # bytes, where it is a file


def open_table(given: Input, named: str | None) -> contextlib.AbstractContextManager[Table]:
    """An input as a table; `named` is its format, where its name does not say."""
    return table_of(source_of(given, named))


@contextlib.contextmanager
def table_of(source: Source) -> Iterator[Table]:
    """A source as a table. A file is open only while it is read: a folder may hold more files than may be open at once."""
    form, name = source.form, source.name
    if isinstance(source.given, Path) and source.size:
        yield _file(source.given, form, name, source.size)
        return
    with source.opened() as stream:
        if not form.kind:  # a packed stream
            with _told(name, str(form.packed)):
                stream, form = sniffed(unpacked(stream, form.packed))
            form = Format(form.kind or "csv")  # packed twice is no text, which the reader of text says
        if form.kind == "csv":
            yield _text_stream(stream, form, name)
            return
        # the columns, or all rows, are known only at the end of the stream: meanwhile it is kept on disk
        with _spooled(stream, form, name) as spool:
            yield _file(spool, Format("ndjson" if form.kind == "json" else form.kind), name, 0, form.kind)


def _file(path: Path, form: Format, name: str, size: int, kind: str = "") -> Table:
    if form.kind == "csv":
        return _text_file(path, form, name, size)
    if form.kind == "parquet":
        return _parquet(path, name, size)

    @contextlib.contextmanager
    def lines() -> Iterator[Path]:
        if form == Format("ndjson"):
            yield path
            return
        with path.open("rb") as source, _spooled(source, form, name) as spool:
            yield spool

    return _ndjson(lines, name, size, "set" if "json" in (form.kind, kind) else "line")


@contextlib.contextmanager
def _spooled(source: BinaryIO, form: Format, name: str) -> Iterator[Path]:
    """A stream on disk, unpacked, a JSON array as lines; removed in the end, and closed meanwhile."""
    handle, spool = tempfile.mkstemp(prefix="mews-newtt.")
    try:
        with os.fdopen(handle, "wb") as out, _told(name, form.kind):
            whole = unpacked(source, form.packed)
            shutil.copyfileobj(ArrayLines(whole, name) if form.kind == "json" else whole, out, 1 << 20)
        yield Path(spool)
    finally:
        os.unlink(spool)


def unpacked(source: BinaryIO, packed: str | None) -> BinaryIO:
    """The bytes of a stream, unpacked on the way."""
    if packed == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=source, mode="rb"))
    return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(source, "r"), packed)) if packed else source


@contextlib.contextmanager
def _told(name: str, kind: str, lines: Path | None = None, row: str = "line") -> Iterator[None]:
    """A reader's fault in our words; of JSON `lines`, which line has it."""
    try:
        yield
    except (pl.exceptions.PolarsError, pa.ArrowException, EOFError, OSError) as fault:
        if isinstance(fault, OSError) and fault.errno is not None:
            raise
        placed = json_problem(lines, name, row) if lines else None
        if placed:
            raise FileError(placed) from None
        says = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:300]
        raise FileError(Problem("not_readable", name, f"cannot be read as {kind}: {says}", "check the file, or say --format")) from None


def _text_file(path: Path, form: Format, name: str, size: int) -> Table:
    with path.open("rb") as source, _told(name, "csv"):
        header = Blocks(unpacked(source, form.packed), name).header

    def stretches() -> Iterator[Stretch]:
        with path.open("rb") as source, _told(name, "csv"):
            for block in Blocks(unpacked(source, form.packed), name):
                yield _of_block(block, name, source.tell() / size)

    return Table(name, header.names, pl.DataFrame(schema=schema(header)), stretches, size)


def _text_stream(source: BinaryIO, form: Format, name: str) -> Table:
    with _told(name, "csv"):
        blocks = Blocks(unpacked(source, form.packed), name)

    def stretches() -> Iterator[Stretch]:
        with _told(name, "csv"):
            for block in blocks:
                yield _of_block(block, name, None)

    return Table(name, blocks.header.names, pl.DataFrame(schema=schema(blocks.header)), stretches)


def _of_block(block: Block, name: str, share: float | None) -> Stretch:
    return Stretch(block.frame, block.line_of, name, share, lambda: block.fault)


def _parquet(path: Path, name: str, size: int) -> Table:
    with _told(name, "parquet"):
        scan = _narrowed(pl.scan_parquet(path, glob=False))
        columns = pl.DataFrame(schema=scan.collect_schema())
        rows = scan.select(pl.len()).collect().item()
    return Table(name, columns.columns, columns, lambda: _batches(scan, name, "parquet", rows), size)


def _ndjson(lines: Callable[[], contextlib.AbstractContextManager[Path]], name: str, size: int, row: str) -> Table:
    """Lines of JSON. Their columns are known only after all of them: packed ones are unpacked twice, so that no more than one file is on disk."""
    with lines() as path, _told(name, "ndjson", path, row), ThreadPoolExecutor(1, "mews-newtt-names") as beside:
        twice = beside.submit(name_twice, path, name, row)
        kinds = _scan_lines(path).collect_schema()
        problem = twice.result()
    if problem:
        raise FileError(problem)

    def stretches() -> Iterator[Stretch]:
        with lines() as path:
            yield from _batches(_narrowed(_scan_lines(path, kinds)), name, "ndjson", 0, path, row)

    columns = _narrowed(pl.DataFrame(schema=kinds).lazy()).collect()
    return Table(name, columns.columns, columns, stretches, size)


def _scan_lines(path: Path, kinds: pl.Schema | None = None) -> pl.LazyFrame:
    """Polars takes a name for a pattern of names, unless its marks are escaped."""
    return pl.scan_ndjson(glob.escape(str(path)), schema=kinds, infer_schema_length=None)


def _narrowed(scan: pl.LazyFrame) -> pl.LazyFrame:
    """Whole numbers too wide for Arrow as text: every digit stays."""
    wide = [name for name, kind in scan.collect_schema().items() if kind in WIDE]
    return scan.with_columns(pl.col(wide).cast(pl.String)) if wide else scan


def _batches(scan: pl.LazyFrame, name: str, kind: str, rows: int, lines: Path | None = None, row: str = "line") -> Iterator[Stretch]:
    done = 0
    with _told(name, kind, lines, row):
        for frame in scan.collect_batches(chunk_size=ROWS, maintain_order=True, lazy=True):
            done += frame.height
            yield _ready(frame, done - frame.height, name, done / rows if rows else None)


def _ready(frame: pl.DataFrame, before: int, name: str, share: float | None) -> Stretch:
    return Stretch(lambda: frame, lambda row: before + row + 1, name, share)
