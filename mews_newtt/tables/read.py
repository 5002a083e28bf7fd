"""Reads inputs of every format as chunks of rows, one after another, in bounded memory. Needs the batch extra."""

from __future__ import annotations

import contextlib
import glob
import gzip
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan.report import FILE_STEP, ReadingReport
from mews_newtt.tables.blocks import Block, Blocks, schema
from mews_newtt.tables.formats import DAMAGED, Format
from mews_newtt.tables.json_lines import ArrayLines, json_problem, name_twice
from mews_newtt.tables.nameless import nameless_file
from mews_newtt.tables.sources import Input, Source, sniffed, source_of

ROWS = 1 << 17  # rows of a chunk: enough to share the cost of a call, few enough to keep memory flat
WIDE = [getattr(pl, name) for name in ("Int128", "UInt128") if hasattr(pl, name)]


@dataclass
class Chunk:
    """Rows that are read and scored together.

    frame : reads them
    row_of : where a row (counted from 0) is in its file: a line of CSV, else a row number
    name : of the file; share: of its bytes or rows, done with these rows, where that is known
    fault : what is wrong after these rows, once they are read
    places : the number of each row in its file, where rows of the file were left out or joined
    files : their names, where several are read together; a number then says the file too (`report.row_says`)
    """

    frame: Callable[[], pl.DataFrame]
    row_of: Callable[[int], int]
    name: str
    share: float | None = None
    fault: Callable[[], FileError | None] = lambda: None
    places: pl.Series | None = None
    files: tuple[str, ...] = ()

    def place_of(self, row: int) -> str:
        """Where a row (counted from 0) is, as messages say it."""
        number = self.row_of(row)
        if self.files:
            return f"{self.files[number // FILE_STEP]}, row {number % FILE_STEP}"
        return f"{self.name}, row {number}"

    def numbers(self, rows: int) -> Sequence[int] | pl.Series:
        """Where each of so many rows is in its file."""
        if self.places is not None:
            return self.places
        if rows and self.row_of(rows - 1) - self.row_of(0) == rows - 1:  # the numbers grow with every row
            return range(self.row_of(0), self.row_of(0) + rows)
        return [self.row_of(row) for row in range(rows)]


@dataclass
class Table:
    """One input: its columns are known at once, its rows come a chunk at a time."""

    name: str
    names: list[str]  # of its columns; a name that occurs twice is here twice
    columns: pl.DataFrame  # no rows
    chunks: Callable[[], Iterator[Chunk]]
    size: int = 0  # bytes, where it is a file
    report: ReadingReport | None = None  # what became of the source's cells, where a plan was used
    about: tuple[str, ...] = ()  # columns that say something about a row, and are no reading
    left_alone: frozenset[str] = frozenset()  # columns that a plan leaves alone, whatever they are called
    kind: str | None = None  # of the source that a plan reads
    notes: Callable[[], list[dict[str, object]]] = list  # what was noted of it; complete once its rows are read
    files: tuple[str, ...] = ()  # their names, where several are read together

    def frames(self) -> Iterator[tuple[Chunk, pl.DataFrame]]:
        """Each chunk with its rows. What is wrong after them is raised once the caller has finished with them."""
        for chunk in self.chunks():
            yield chunk, chunk.frame()
            fault = chunk.fault()
            if fault is not None:
                raise fault


def open_table(given: Input, named: str | None) -> contextlib.AbstractContextManager[Table]:
    """An input as a table; `named` is its format, where its name does not say."""
    return table_of(source_of(given, named))


def read_table(path: Path) -> pl.DataFrame:
    """A whole file as one frame; the cells of text files stay text."""
    with open_table(path, None) as table:
        return whole(table)


def whole(table: Table) -> pl.DataFrame:
    """All rows of a table as one frame."""
    return pl.concat([table.columns, *(frame for _, frame in table.frames())])


@contextlib.contextmanager
def table_of(source: Source) -> Iterator[Table]:
    """A source as a table. A file is open only while it is read: a folder may hold more files than may be open at once."""
    form, name = source.form, source.name
    if isinstance(source.given, Path) and source.size:
        yield _file(source.given, form, name, source.size)
        return
    with source.opened() as stream:
        if not form.kind:  # a packed stream
            with _in_our_words(name, str(form.packed)):
                stream, form = sniffed(unpacked(stream, form.packed))
            form = Format(form.kind or "csv")  # packed twice is not text, which the reader of text says
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
    if form.kind not in ("ndjson", "json"):
        raise NotImplementedError(f"nothing here reads a file of the kind {form.kind!r}")

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
    """A stream copied to a temporary file: unpacked, and a JSON array as lines. The file is removed at the end."""
    with nameless_file() as spool:
        with spool.open("wb") as out, _in_our_words(name, form.kind):
            whole = unpacked(source, form.packed)
            shutil.copyfileobj(ArrayLines(whole, name) if form.kind == "json" else whole, out, 1 << 20)
        yield spool


def unpacked(source: BinaryIO, packed: str | None) -> BinaryIO:
    """The bytes of a stream, unpacked on the way."""
    if packed == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=source, mode="rb"))
    return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(source, "r"), packed)) if packed else source


@contextlib.contextmanager
def _in_our_words(name: str, kind: str, lines: Path | None = None, row: str = "line") -> Iterator[None]:
    """A fault of Polars, Arrow or a packer as a FileError; for JSON `lines` it names the line."""
    try:
        yield
    except (pl.exceptions.PolarsError, pa.ArrowException, *DAMAGED, OSError) as fault:
        if isinstance(fault, OSError) and fault.errno is not None:
            raise
        placed = json_problem(lines, name, row) if lines else None
        if placed:
            raise FileError(placed) from None
        says = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:300]
        raise FileError(Problem("not_readable", name, f"cannot be read as {kind}: {says}", "check the file, or say --format")) from None


def _text_file(path: Path, form: Format, name: str, size: int) -> Table:
    with path.open("rb") as source, _in_our_words(name, "csv"):
        header = Blocks(unpacked(source, form.packed), name).header

    def chunks() -> Iterator[Chunk]:
        with path.open("rb") as source, _in_our_words(name, "csv"):
            for block in Blocks(unpacked(source, form.packed), name):
                yield _of_block(block, name, source.tell() / size)

    return Table(name, header.names, pl.DataFrame(schema=schema(header)), chunks, size)


def _text_stream(source: BinaryIO, form: Format, name: str) -> Table:
    with _in_our_words(name, "csv"):
        blocks = Blocks(unpacked(source, form.packed), name)

    def chunks() -> Iterator[Chunk]:
        with _in_our_words(name, "csv"):
            for block in blocks:
                yield _of_block(block, name, None)

    return Table(name, blocks.header.names, pl.DataFrame(schema=schema(blocks.header)), chunks)


def _of_block(block: Block, name: str, share: float | None) -> Chunk:
    return Chunk(block.frame, block.line_of, name, share, lambda: block.fault)


def _parquet(path: Path, name: str, size: int) -> Table:
    with _in_our_words(name, "parquet"):
        scan = _narrowed(pl.scan_parquet(path, glob=False))
        columns = pl.DataFrame(schema=scan.collect_schema())
        rows = scan.select(pl.len()).collect().item()
    return Table(name, columns.columns, columns, lambda: _batches(scan, name, "parquet", rows), size)


def _ndjson(lines: Callable[[], contextlib.AbstractContextManager[Path]], name: str, size: int, row: str) -> Table:
    """Lines of JSON. Their columns are known only after the last line. Packed ones are unpacked twice, so that never more than one is on disk."""
    with lines() as path, _in_our_words(name, "ndjson", path, row), ThreadPoolExecutor(1, "mews-newtt-names") as beside:
        twice = beside.submit(name_twice, path, name, row)
        kinds = _scan_lines(path).collect_schema()
        problem = twice.result()
    if problem:
        raise FileError(problem)

    def chunks() -> Iterator[Chunk]:
        with lines() as path:
            yield from _batches(_narrowed(_scan_lines(path, kinds)), name, "ndjson", 0, path, row)

    columns = _narrowed(pl.DataFrame(schema=kinds).lazy()).collect()
    return Table(name, columns.columns, columns, chunks, size)


def _scan_lines(path: Path, kinds: pl.Schema | None = None) -> pl.LazyFrame:
    """Polars would take a name with [ or * for a pattern of names, so such characters are escaped."""
    return pl.scan_ndjson(glob.escape(str(path)), schema=kinds, infer_schema_length=None)


def _narrowed(scan: pl.LazyFrame) -> pl.LazyFrame:
    """Integers that are too wide for Arrow become text: every digit stays."""
    wide = [name for name, kind in scan.collect_schema().items() if kind in WIDE]
    return scan.with_columns(pl.col(wide).cast(pl.String)) if wide else scan


def _batches(scan: pl.LazyFrame, name: str, kind: str, rows: int, lines: Path | None = None, row: str = "line") -> Iterator[Chunk]:
    done = 0
    with _in_our_words(name, kind, lines, row):
        for frame in scan.collect_batches(chunk_size=ROWS, maintain_order=True, lazy=True):
            done += frame.height
            yield _ready(frame, done - frame.height, name, done / rows if rows else None)


def _ready(frame: pl.DataFrame, before: int, name: str, share: float | None) -> Chunk:
    return Chunk(lambda: frame, lambda row: before + row + 1, name, share)
