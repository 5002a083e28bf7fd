"""Writes scored rows with Polars into a file or a stream, so that Ctrl-C can stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

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
