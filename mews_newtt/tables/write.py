"""Writes scored rows with Polars into a file or a stream, so that Ctrl-C can stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import polars as pl
from polars.io.plugins import register_io_source

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.formats import Format

GROUP = 1 << 18  # rows of a Parquet row group: they are held in memory until it is written
WAKE = 0.1  # seconds between looks for Ctrl-C while other threads work
PATIENCE = 5.0  # seconds to wait for stopped work: it may hang on an input that sends nothing


def sink(plan: pl.LazyFrame, into: Path | BinaryIO, form: Format) -> None:
    """Run a plan into a file or a stream."""
    packing: Literal["uncompressed", "gzip", "zstd"] = "gzip" if form.packed == "gzip" else "zstd" if form.packed else "uncompressed"
    if form.kind == "parquet":
        plan.sink_parquet(into, compression_level=1, row_group_size=GROUP)  # zstd level 1: a fifth less time, and no larger here
    elif form.kind == "ndjson":
        plan.sink_ndjson(into, compression=packing, check_extension=False)
    elif form.kind == "csv":
        plan.sink_csv(into, compression=packing, check_extension=False)
    else:
        raise NotImplementedError(f"nothing here writes a file of the kind {form.kind!r}")


def sink_frames(frames: Iterator[pl.DataFrame], schema: pl.Schema, into: Path | BinaryIO, form: Format) -> None:
    """Write frames of one schema one after another. A fault is raised as the frames raised it."""
    failures: list[BaseException] = []
    stop = threading.Event()

    def each(*_: Any) -> Iterator[pl.DataFrame]:
        try:
            for frame in frames:
                if stop.is_set():
                    raise KeyboardInterrupt
                yield frame
        except BaseException as failure:
            failures.append(failure)
            raise

    try:
        run_interruptibly(lambda: sink(register_io_source(each, schema=schema), into, form), stop)
    except BaseException as failure:
        raise own_fault(failures, failure, str(into)) from None


def own_fault(failures: list[BaseException], failure: BaseException, output: str) -> BaseException:
    """The fault as it was first raised, not as Polars passed it on; a fault of the writer itself as a FileError."""
    if failures and not isinstance(failure, KeyboardInterrupt):
        failure = failures[0]
    if isinstance(failure, pl.exceptions.PolarsError):
        says = (str(failure).strip().splitlines() or ["no reason given"])[0][:300]
        return FileError(Problem("not_written", output, f"could not be written: {says}", "check the free space and the columns' types"))
    return failure


def run_interruptibly(work: Callable[[], None], stop: threading.Event) -> None:
    """Run the work on another thread, so that this thread can take Ctrl-C. Then `stop` is set, and the work is waited for."""
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
