"""`score_file`: files in, one scored file out, a stretch of rows at a time; the output appears under its name only when it is whole.

Polars reads and writes (it streams, and its writers use every core); each stretch passes through `score_table` in between. Cells of text
files are kept as text, digit for digit, and read by the rules of reading: nothing is guessed to be a number on the way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from polars.io.plugins import register_io_source

from mews_newtt.batch.table import score_table
from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.files import Summary
from mews_newtt.scoring.columns import ColumnMap
from mews_newtt.scoring.result import chart_identity

ROWS = 1 << 18  # rows scored at once: enough to share among threads, few enough to keep memory flat
FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".ndjson": "ndjson", ".jsonl": "ndjson"}
PACKED = {".gz": "gzip", ".zst": "zstd"}
DELIMITERS = ",;\t|"
STDIO = "-"
Progress = Callable[[int], None]


def format_of(path: str | Path, named: str | None = None) -> tuple[str, str | None]:
    """What a file is (csv, parquet, ndjson) and how it is packed, by its name or as somebody says."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    packed = PACKED.get(suffixes[-1]) if suffixes else None
    own = suffixes[-2:-1] if packed else suffixes[-1:]
    found = named or (FORMATS.get(own[0]) if own else None)
    if found is None or found not in FORMATS.values():
        raise FileError(
            Problem("format_unknown", str(path), "does not say what it is", "name it .csv, .csv.gz, .csv.zst, .parquet or .ndjson, or use --format")
        )
    if packed and found == "parquet":
        raise FileError(Problem("format_packed", str(path), "is a packed Parquet file", "Parquet packs its own columns: unpack it first"))
    return found, packed


def score_file(
    chart: Chart,
    inputs: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    column_map: ColumnMap | None = None,
    format: str | None = None,
    output_format: str | None = None,
    points: bool = False,
    flags: bool = True,
    on_bad_row: str = "error",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Score files of observation sets into one file: the same rows in the same order, their columns and the scores.

    Parameters
    ----------
    inputs : one or more files, or a folder of them (by name); `-` is stdin. CSV (also .gz, .zst), Parquet, NDJSON
    output : a file; `-` is stdout
    format, output_format : csv, parquet or ndjson, where the names do not say
    on_bad_row : `error` stops at the first row that cannot be scored; `report` keeps it with status refused
    progress : called with the rows done so far, after each stretch

    Raises
    ------
    FileError  an input that is not what it says, columns that are a slip, or (with `error`) a row that cannot be scored
    """
    if on_bad_row not in ("error", "report"):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    summary = Summary(chart_identity(chart))
    failures: list[BaseException] = []
    with contextlib.ExitStack() as stack:
        paths = [_local(path, stack) for path in _listed(inputs)]
        scans = [_scan(path, format) for path in paths]
        try:
            _same_columns(paths, scans)
        except pl.exceptions.PolarsError as failure:
            _raise_own([], failure, paths)

        def score(frame: pl.DataFrame) -> pl.DataFrame:
            return _plain(score_table(chart, frame, points=points, flags=flags, threads=threads, column_map=column_map))

        def stretches(*_: Any) -> Iterator[pl.DataFrame]:
            try:
                for path, scan in zip(paths, scans, strict=True):
                    row = 0
                    for frame in scan.collect_batches(chunk_size=ROWS, maintain_order=True, lazy=True):
                        scored = score(frame)
                        if on_bad_row == "error":
                            _stop_at_refused(scored, path, row, column_map or ColumnMap())
                        row += frame.height
                        _count(summary, scored)
                        if progress is not None:
                            progress(summary.rows)
                        yield scored
            except BaseException as failure:
                failures.append(failure)
                raise

        empty = score(pl.DataFrame(schema=scans[0].collect_schema()))
        plan = register_io_source(stretches, schema=empty.schema)
        try:
            _write(plan, output, output_format)
        except BaseException as failure:
            _raise_own(failures, failure, paths)
    return summary


def _raise_own(failures: list[BaseException], failure: BaseException, paths: list[Path]) -> None:
    """The fault as it was raised, not as it came back through the writer."""
    cause = failures[0] if failures else failure
    if isinstance(cause, pl.exceptions.PolarsError):
        says = str(cause).strip().splitlines()[0][:300]
        raise FileError(Problem("not_readable", ", ".join(map(str, paths)), f"cannot be read: {says}", "check the file at that place")) from cause
    raise cause


def _listed(inputs: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """Files, with folders opened."""
    found: list[str | Path] = []
    for one in [inputs] if isinstance(inputs, (str, Path)) else inputs:
        if str(one) != STDIO and Path(one).is_dir():
            inside = sorted(path for path in Path(one).iterdir() if path.is_file() and FORMATS.keys() & {s.lower() for s in path.suffixes})
            if not inside:
                raise FileError(Problem("folder_empty", str(one), "holds no CSV, Parquet or NDJSON file", "name another folder"))
            found += inside
        else:
            found.append(one)
    return found


def _local(path: str | Path, stack: contextlib.ExitStack) -> Path:
    """The file itself; stdin is kept in a temporary one, because columns must be known before rows are read."""
    if str(path) != STDIO:
        if not Path(path).is_file():
            raise FileError(Problem("file_missing", str(path), "is no file", "check the name"))
        return Path(path)
    spool = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".stdin"))  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(sys.stdin.buffer, spool)
    spool.flush()
    return Path(spool.name)


def _scan(path: Path, named: str | None) -> pl.LazyFrame:
    kind, _ = format_of(path, named)
    try:
        if kind == "parquet":
            return pl.scan_parquet(path)
        if kind == "ndjson":
            scan = pl.scan_ndjson(path, infer_schema_length=None)
        else:
            scan = pl.scan_csv(path, separator=_delimiter(path), infer_schema=False)
        scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as fault:
        says = str(fault).strip().splitlines()[0][:300]
        raise FileError(
            Problem("not_readable", str(path), f"is no {kind} file that can be read: {says}", "check the file, or say --format")
        ) from None
    return scan


def _delimiter(path: Path) -> str:
    """The delimiter that the header uses most."""
    with _unpacked(path) as stream:
        head = stream.read(1 << 16)
    header = head.split(b"\n", 1)[0]
    if not header.strip():
        raise FileError(Problem("file_empty", str(path), "is empty", "the first line must name the columns"))
    if b"\0" in head:
        raise FileError(Problem("not_text", str(path), "holds a NUL byte: not a text file, or not UTF-8", "save the file as CSV in UTF-8"))
    counts = {mark: header.count(mark.encode()) for mark in DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[Any]:
    with path.open("rb") as stream:
        magic = stream.read(4)
    packing = "gzip" if magic[:2] == b"\x1f\x8b" else "zstd" if magic == b"\x28\xb5\x2f\xfd" else None
    with pa.input_stream(str(path), compression=packing) as stream:
        yield stream


def _same_columns(paths: list[Path], scans: list[pl.LazyFrame]) -> None:
    first = scans[0].collect_schema().names()
    for path, scan in zip(paths, scans, strict=True):
        if scan.collect_schema().names() != first:
            raise FileError(Problem("columns_differ", str(path), f"has other columns than {paths[0]}", "score files of different shape one by one"))


def _plain(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table is a frame")
    return frame


def _stop_at_refused(scored: pl.DataFrame, path: Path, before: int, column_map: ColumnMap) -> None:
    refused = scored.get_column("score_status") == "refused"
    if not refused.any():
        return
    place = int(refused.arg_max() or 0)
    theirs = {ours: their for their, ours in column_map.columns.items()}
    problems = []
    for told in str(scored.get_column("error")[place]).split("; "):
        where, _, what = told.partition(": ")
        row = before + place + (2 if _has_header(path) else 1)
        problems.append(
            Problem("row_refused", f"{path}, row {row}, column {theirs.get(where, where)}", what, "correct the row, or use --on-bad-row report")
        )
    raise FileError(problems)


def _has_header(path: Path) -> bool:
    """Whether rows of the file have a header above them."""
    return not any(suffix.lower() in (".parquet", ".pq", ".ndjson", ".jsonl") for suffix in path.suffixes)


def _count(summary: Summary, scored: pl.DataFrame) -> None:
    """Add a stretch to the summary."""
    table = scored.select([name for name in ("score_status", "total", "level", "missing", "flags") if name in scored.columns]).to_arrow()
    summary.rows += scored.height
    for name, into in (("score_status", summary.status), ("level", summary.levels), ("missing", summary.missing), ("flags", summary.flags)):
        if name not in table.column_names:
            continue
        for entry in pc.value_counts(table.column(name)).to_pylist():
            for part in (entry["values"] or "").split(";") if entry["values"] is not None else ():
                if part:
                    into[part] += entry["counts"]
    totals = table.column("total").drop_null()
    if len(totals):
        for total, times in enumerate(np.bincount(totals.to_numpy()).tolist()):
            if times:
                summary.totals[total] += times


def _write(plan: pl.LazyFrame, output: str | Path, named: str | None) -> None:
    if str(output) == STDIO:
        _sink(plan, sys.stdout.buffer, named or "csv", None)
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    kind, packed = format_of(path, named)
    if path.is_dir():
        raise FileError(Problem("output_is_folder", str(path), "is a folder", "name a file"))
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        _sink(plan, beside, kind, packed)
        with open(beside, "rb") as whole:
            os.fsync(whole.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _sink(plan: pl.LazyFrame, target: str | BinaryIO, kind: str, packed: str | None) -> None:
    packing: Any = packed or "uncompressed"
    if kind == "parquet":
        plan.sink_parquet(target)
    elif kind == "ndjson":
        plan.sink_ndjson(target, compression=packing, check_extension=False)
    else:
        plan.sink_csv(target, compression=packing, check_extension=False)
