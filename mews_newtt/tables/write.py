"""A plan of scored rows into a file, written beside it and renamed when whole, or into a stream."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_path
from mews_newtt.tables.formats import STDIO, Format, format_of

GROUP = 1 << 18  # rows of a Parquet row group: whole columns of them are held until they are written
WAKE = 0.1  # seconds between looks for Ctrl-C while other threads work
PATIENCE = 5.0  # seconds that stopped work is waited for: it may hang on an input that sends nothing


@contextlib.contextmanager
def target(output: str | Path | BinaryIO, named: str | None) -> Iterator[tuple[Path | BinaryIO, Format]]:
    """Where to write, and in which format; a file takes its name when the block ends well."""
    if isinstance(output, (str, Path)) and str(output) != STDIO:
        if Path(output).is_dir():
            raise FileError(Problem("output_is_folder", str(output), "is a folder", "name a file"))
        form = _written(str(output), format_of(output, named))
        with whole_path(Path(output)) as beside:
            yield beside, form
        return
    if isinstance(output, (str, Path)):
        if sys.stdout is None:
            raise FileError(Problem("output_closed", "standard output", "is closed", "name a file with -o"))
        output = sys.stdout.buffer
    yield output, _written("output", Format(format_of("stream.csv", named).kind))
    output.flush()


def _written(name: str, form: Format) -> Format:
    if form.kind == "json":
        raise FileError(Problem("format_not_written", name, "cannot be written as a JSON array", "write .ndjson: one JSON object in each line"))
    return form


def sink(plan: pl.LazyFrame, into: Path | BinaryIO, form: Format) -> None:
    """Run a plan into a file or a stream."""
    packing: Literal["uncompressed", "gzip", "zstd"] = "gzip" if form.packed == "gzip" else "zstd" if form.packed else "uncompressed"
    if form.kind == "parquet":
        plan.sink_parquet(into, compression_level=1, row_group_size=GROUP)  # level 1 of zstd: a fifth less time, no larger here
    elif form.kind == "ndjson":
        plan.sink_ndjson(into, compression=packing, check_extension=False)
    else:
        plan.sink_csv(into, compression=packing, check_extension=False)


def run_interruptibly(work: Callable[[], None], stop: threading.Event) -> None:
    """Work on another thread, so that this one can take Ctrl-C: then the work is told to stop, and waited for."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run, name="mews-newtt-write", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(WAKE)
    except BaseException:
        stop.set()
        thread.join(PATIENCE)
        raise
    if failures:
        raise failures[0]
