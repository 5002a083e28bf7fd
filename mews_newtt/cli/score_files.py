"""Files of observation sets from the command line: which reader serves, progress, the summary at the end."""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mews_newtt.cli.progress import progress_bar
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.by_row import Progress, Summary, score_csv
from mews_newtt.tables.formats import kind_of, packing_of

if TYPE_CHECKING:
    from mews_newtt.chart.model import Chart

OTHER = frozenset((".parquet", ".pq", ".ndjson", ".jsonl", ".gz", ".zst"))
ARRAYS = frozenset((".json",))  # read as a JSON array of sets; an output of that name is what --json writes
LARGE = 8 << 20  # bytes of CSV from which the batch path has earned its start
STDIO = "-"
MOST_SHOWN = 6
STOPPED = "stopped; no output file was written"


def score_files(chart: Chart, arguments: argparse.Namespace) -> None:
    """Score the files that were named; the summary on stderr, and where it was asked for."""
    column_map = read_map(arguments.map, ignore=arguments.ignore, missing=arguments.missing, units=arguments.unit)
    if arguments.plot is not None:
        from mews_newtt.cli.summary_plot import check_picture

        check_picture(arguments.plot)
    signal.signal(signal.SIGTERM, _stop)  # ends as Ctrl-C does: no half of a file stays behind
    try:
        with progress_bar(chart.short_title) as progress:
            summary = _scored(chart, arguments, column_map, progress)
    except KeyboardInterrupt:
        if "polars" not in sys.modules:
            raise
        print(STOPPED, file=sys.stderr, flush=True)
        os._exit(130)  # no output stands by now; threads of readers that still wait for bytes would make an orderly end abort
    print(says(chart, summary), file=sys.stderr)
    if arguments.summary is not None:
        with whole_file(arguments.summary) as out:
            json.dump(summary.to_dict(), out, ensure_ascii=False, indent=2)
            out.write("\n")
    if arguments.plot is not None:
        from mews_newtt.cli.summary_plot import draw

        draw(chart, summary, arguments.plot)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _scored(chart: Chart, arguments: argparse.Namespace, column_map: ColumnMap, progress: Progress | None) -> Summary:
    output = arguments.output or Path(STDIO)
    formats = {arguments.format, arguments.output_format} - {None, "csv"}
    arrays = any(Path(name).suffix.lower() in ARRAYS for name in arguments.input)
    if Path(output).suffix.lower() in ARRAYS and not (arguments.json or arguments.output_format):
        mend = "name it .ndjson or .csv; with --json a CSV file gives the whole result of each row as JSON"
        raise FileError(Problem("format_not_written", str(output), "would not be JSON: a table is not written as a JSON array", mend))
    if len(arguments.input) > 1 or formats or arrays or not all(map(_is_plain, [*arguments.input, output])):
        return _batch(chart, arguments, column_map, progress, arguments.input)
    given = arguments.input[0]
    whole = arguments.json or arguments.explain
    if given == STDIO:
        if sys.stdin is None:
            raise FileError(Problem("input_closed", "standard input", "is closed", "name a file"))
        if whole or not _has_batch():
            return _core(chart, arguments, column_map, progress, sys.stdin.buffer, "standard input")
        head = sys.stdin.buffer.read(LARGE)
        if len(head) == LARGE or not _is_text(head):
            return _batch(chart, arguments, column_map, progress, [_Standard(head, sys.stdin.buffer)], "csv" if _is_text(head) else None)
        return _core(chart, arguments, column_map, progress, io.BytesIO(head), "standard input", len(head))
    path = Path(given)
    if arguments.output is not None and arguments.output.is_file() and path.exists() and arguments.output.samefile(path):
        raise FileError(Problem("output_is_input", str(path), "is both input and output", "write to another file"))
    try:
        source, size = path.open("rb"), path.stat().st_size
    except OSError as fault:
        raise FileError(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check the name and its permissions")) from None
    with source:
        if size >= LARGE and not whole and _has_batch():
            return _batch(chart, arguments, column_map, progress, [path], "csv")
        return _core(chart, arguments, column_map, progress, source, path.name, size)


def _is_plain(name: str | Path) -> bool:
    """Whether the core alone can read or write it: CSV text, or a standard stream."""
    path = Path(name)
    return not path.is_dir() and not OTHER & {suffix.lower() for suffix in path.suffixes}


def _is_text(head: bytes) -> bool:
    """Whether a stream begins as a table of text does: neither packed, nor Parquet, nor JSON."""
    return packing_of(head) is None and kind_of(head) == "csv"


def _has_batch() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("polars", "pyarrow", "numba"))


class _Standard(io.RawIOBase):
    """Standard input, of which some has been read."""

    name = "standard input"

    def __init__(self, head: bytes, rest: BinaryIO):
        self._head, self._rest = io.BytesIO(head), rest

    def read(self, size: int = -1) -> bytes:
        return self._head.read(size) or self._rest.read(size)


def _core(
    chart: Chart,
    arguments: argparse.Namespace,
    column_map: ColumnMap,
    progress: Progress | None,
    source: BinaryIO,
    name: str,
    size: int | None = None,
) -> Summary:
    with whole_file(arguments.output) as out:
        return score_csv(
            chart,
            source,
            out,
            name=name,
            column_map=column_map,
            points=arguments.points,
            explain=arguments.explain,
            as_json=arguments.json,
            on_bad_row=arguments.on_bad_row,
            progress=progress,
            size=size,
        )


def _batch(
    chart: Chart,
    arguments: argparse.Namespace,
    column_map: ColumnMap,
    progress: Progress | None,
    inputs: Iterable[Any],
    form: str | None = None,
) -> Summary:
    """Parquet, NDJSON, packed files, folders, large files: the batch extra reads and writes them, the same answers."""
    if arguments.json or arguments.explain:
        raise FileError(Problem("option_of_csv", "--json, --explain", "is only for one plain CSV file", "leave it out, or score a CSV file"))
    try:
        from mews_newtt.tables.files import score_file
    except ImportError as absent:
        raise FileError(
            Problem(
                "extra_missing",
                ", ".join(map(str, arguments.input)),
                f"needs the batch extra ({absent.name} is not installed)",
                'pip install "mews-newtt[batch]"',
            )
        ) from None
    output = arguments.output or Path(STDIO)
    return score_file(
        chart,
        list(inputs),
        output,
        column_map=column_map,
        format=arguments.format or form,
        output_format=arguments.output_format or ("csv" if _is_plain(output) else None),
        points=arguments.points,
        on_bad_row=arguments.on_bad_row,
        progress=progress,
    )


def says(chart: Chart, summary: Summary) -> str:
    """The summary in a few lines."""
    counts = ", ".join(f"{summary.status[status]} {status}" for status in ("complete", "partial", "refused"))
    levels = ", ".join(f"{level.id} {summary.levels[level.id]}" for level in chart.levels if summary.levels[level.id])
    lines = [f"{chart.short_title} {chart.version} ({chart.status}): {summary.rows} rows: {counts}"]
    if levels:
        lines.append(f"  levels certainly reached: {levels}")
    if summary.totals:
        lines.append(f"  totals: {_totals(summary)}")
    counted = summary.to_dict()
    for what in ("missing", "flags"):
        entries = list(counted[what].items())
        if entries:
            more = f", and {len(entries) - MOST_SHOWN} more" if len(entries) > MOST_SHOWN else ""
            lines.append(f"  {what}: " + ", ".join(f"{name}: {count}" for name, count in entries[:MOST_SHOWN]) + more)
    lines += [f"  {line}" for line in (*summary.unread.says(), *summary.repeats.says())]
    return "\n".join(lines)


def _totals(summary: Summary) -> str:
    """Least, greatest and (lower) median total of the complete sets."""
    ordered, rows, seen = sorted(summary.totals), summary.totals.total(), 0
    for middle in ordered:
        seen += summary.totals[middle]
        if 2 * seen >= rows:
            break
    return f"{ordered[0]} to {ordered[-1]}, median {middle}"
