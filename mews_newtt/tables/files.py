"""`score_file`: files in, one scored file out, a stretch of rows at a time; the output appears under its name only when it is whole.

One thread cuts the input into stretches, a few read and score them, Polars writes what comes out in order; only so many stretches are under
way at once. Cells of text files stay text, digit for digit, and are read by the rules of reading: nothing is guessed to be a number.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from mews_newtt.chart.model import Chart
from mews_newtt.engines.arrow import SMALL_CHUNK
from mews_newtt.engines.base import REFUSED, Results, default_threads
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.observations import SKIP_PREFIX
from mews_newtt.reading.repeats import Repeats
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result_cells import points_names
from mews_newtt.tables.by_row import OnBadRow, Progress, Summary, refused_row
from mews_newtt.tables.counts import add_results
from mews_newtt.tables.formats import Format, Input, opened
from mews_newtt.tables.frames import as_polars
from mews_newtt.tables.read import Stretch, Table, open_table
from mews_newtt.tables.table import result_columns, score_columns
from mews_newtt.tables.write import run_interruptibly, sink, target

WORDED = ("missing", "flags", "error")  # result columns whose empty text is an empty cell of CSV


class Scored(NamedTuple):
    """A stretch with its results."""

    stretch: Stretch
    frame: pl.DataFrame
    results: Results


class Scorer:
    """One chart over stretches of the same columns: only the columns that are read go to the kernel, the others stay where they are."""

    def __init__(self, chart: Chart, names: Sequence[str], column_map: ColumnMap, points: bool, flags: bool, as_text: bool):
        self.chart, self.column_map, self.points, self.flags, self.as_text = chart, column_map, points, flags, as_text
        added = points_names(chart) if points else ()
        ours = self.ours_of = dict(zip(names, check_columns(names, chart, column_map, added=added), strict=True))
        read = [their for their in names if ours[their].removeprefix(SKIP_PREFIX) in chart.by_id and their not in column_map.ignore]
        self.read, self.ours = read, [ours[their] for their in read]
        self.theirs = {our: their for their, our in ours.items()}
        self.unread = Unread(names, list(ours.values()), chart, column_map)

    def score(self, stretch: Stretch) -> Scored:
        """Read and score a stretch; safe on several threads at once."""
        frame = stretch.frame()
        chosen = frame.select(self.read)
        if frame.height < frame.n_chunks() * SMALL_CHUNK:
            chosen = chosen.rechunk()
        read = chosen.to_arrow(compat_level=pl.CompatLevel.newest())
        results = score_columns(self.chart, read, self.ours, self.column_map, self.points, 1)
        columns = dict(result_columns(self.chart, results, self.points, self.flags))
        if self.as_text:
            columns |= {name: _blank_as_null(column) for name, column in columns.items() if name in WORDED}
        return Scored(stretch, frame.hstack(as_polars(self.chart, pa.table(columns))), results)

    def refusals(self, found: Scored) -> list[Problem]:
        """Why the first refused row is refused, placed in its file: the reference says it, of this one row."""
        row = int(np.argmax(found.results.status == REFUSED))
        cells = {our: _cell(found.frame.get_column(their), row) for our, their in zip(self.ours, self.read, strict=True)}
        given = given_of_row(cells, self.column_map, frozenset(self.chart.by_id))
        where = f"{found.stretch.name}, row {found.stretch.row_of(row)}"
        return [refused_row(problem, where, self.theirs) for problem in score(self.chart, given, raise_refused=False).problems]


def add_columns(summary: Summary, scorer: Scorer, found: Scored) -> None:
    """What the first rows say of columns that are not read, and of persons and times that come twice."""
    frame = found.frame
    if not frame.height:
        return
    if summary.rows == frame.height:  # the first stretch
        summary.unread.look({name: frame.get_column(name).head(LOOKED_AT).to_list() for name in summary.unread.screened})
        before = 1 if found.stretch.row_of(0) > 1 else 0
        flat = {their: our for their, our in scorer.ours_of.items() if not frame.schema[their].is_nested()}
        summary.repeats = Repeats(list(flat), list(flat.values()), before)
    if summary.repeats.looking:
        key = [pl.col(name).cast(pl.String, strict=False).str.strip_chars() for name in summary.repeats.columns]
        blank = pl.any_horizontal([one.is_null() | (one == "") for one in key])
        summary.repeats.add(frame.select(pl.when(~blank).then(pl.struct(key).hash()))[:, 0].to_list())


def _cell(column: pl.Series, row: int) -> Any:
    """A value as the rules of reading take it: a narrow float says how narrow it is."""
    value = column[row]
    return np.float32(value) if column.dtype == pl.Float32 and value is not None else value


def score_file(
    chart: Chart,
    inputs: Input | Sequence[Input],
    output: str | Path | BinaryIO,
    *,
    column_map: ColumnMap | None = None,
    format: str | None = None,
    output_format: str | None = None,
    points: bool = False,
    flags: bool = True,
    on_bad_row: OnBadRow = "error",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Score files of observation sets into one file: the same rows in the same order, their columns and the scores.

    Parameters
    ----------
    inputs : one or more files, or a folder of them (by name); `-` is stdin; a binary stream. CSV (also .gz, .zst), Parquet, NDJSON
    output : a file; `-` is stdout; a binary stream
    format, output_format : csv, parquet or ndjson, where the names do not say
    points : add `points_<parameter>`; flags: False leaves the flags column out
    on_bad_row : `error` stops at the first row that cannot be scored; `report` keeps it with status refused
    threads : how many read and score; as many as there are cores where none are given
    progress : called after each stretch with the rows done, and the share of the work where it is known

    Raises
    ------
    FileError  an input that is not what it says, columns that are a slip, or (with `error`) a row that cannot be scored
    """
    if on_bad_row not in ("error", "report"):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    with contextlib.ExitStack() as stack:
        paths = opened(inputs)
        tables = [stack.enter_context(open_table(path, format)) for path in paths]
        _same_columns(tables)
        _not_over_an_input(paths, output)
        summary = Summary.of(chart)
        into, form = stack.enter_context(target(output, output_format))
        scorer = Scorer(chart, tables[0].names, column_map or ColumnMap(), points, flags, form.kind == "csv")
        summary.unread = scorer.unread
        empty = scorer.score(Stretch(lambda: tables[0].columns, lambda row: row, tables[0].name)).frame
        _fits(empty, form, tables[0].name)
        failures: list[BaseException] = []
        stop = threading.Event()

        def scored(*_: Any) -> Iterator[pl.DataFrame]:
            try:
                for found, share in _in_order(scorer, tables, threads or default_threads()):
                    if stop.is_set():
                        raise KeyboardInterrupt
                    if on_bad_row == "error" and found.results.refused and (found.results.status == REFUSED).any():
                        raise FileError(scorer.refusals(found))
                    fault = found.stretch.fault()
                    if fault is not None:
                        raise fault
                    add_results(summary, chart, found.results, flags)
                    add_columns(summary, scorer, found)
                    if progress is not None:
                        progress(summary.rows, share)
                    yield found.frame
            except BaseException as failure:
                failures.append(failure)
                raise

        try:
            run_interruptibly(lambda: sink(register_io_source(scored, schema=empty.schema), into, form), stop)
        except BaseException as failure:
            raise _own(failures, failure, output) from None
    return summary


def _in_order(scorer: Scorer, tables: list[Table], threads: int) -> Iterator[tuple[Scored, float | None]]:
    """Scored stretches in the order of the input, with the share of all bytes done; a few are under way at once, no more."""
    under_way: deque[tuple[Future[Scored], float | None]] = deque()
    stretches = _all_stretches(tables)
    fault: FileError | None = None
    with ThreadPoolExecutor(threads, "mews-newtt-score") as pool:
        try:
            while True:
                try:
                    entry = next(stretches, None) if fault is None else None
                except FileError as found:  # told after what is wrong with the rows before it
                    entry, fault = None, found
                if entry is not None:
                    under_way.append((pool.submit(scorer.score, entry[0]), entry[1]))
                    if len(under_way) <= threads:
                        continue
                elif not under_way:
                    break
                future, share = under_way.popleft()
                yield future.result(), share
        finally:
            for future, _ in under_way:
                future.cancel()
    if fault is not None:
        raise fault


def _all_stretches(tables: list[Table]) -> Iterator[tuple[Stretch, float | None]]:
    whole, before = sum(table.size for table in tables), 0
    for table in tables:
        for stretch in table.stretches():
            yield stretch, (before + stretch.share * table.size) / whole if stretch.share is not None and whole else None
        before += table.size


def _own(failures: list[BaseException], failure: BaseException, output: str | Path | BinaryIO) -> BaseException:
    """The fault as it was raised, not as it came back through the writer; the writer's own in our words."""
    if failures and not isinstance(failure, KeyboardInterrupt):
        failure = failures[0]
    if isinstance(failure, pl.exceptions.PolarsError):
        says = (str(failure).strip().splitlines() or ["no reason given"])[0][:300]
        return FileError(Problem("not_written", str(output), f"could not be written: {says}", "check the free space and the columns' types"))
    return failure


def _same_columns(tables: list[Table]) -> None:
    first = tables[0]
    for table in tables:
        if table.names != first.names or table.columns.schema != first.columns.schema:
            what = "has other columns" if table.names != first.names else "has columns of other types"
            raise FileError(Problem("columns_differ", table.name, f"{what} than {first.name}", "score files of different shape one by one"))


def _fits(frame: pl.DataFrame, form: Format, name: str) -> None:
    """Whether CSV can hold all columns; told before anything is scored."""
    held = [column for column, kind in frame.schema.items() if form.kind == "csv" and (kind.is_nested() or kind == pl.Binary)]
    if held:
        where = f"{name}, column {', '.join(held[:20])}"
        raise FileError(Problem("not_for_csv", where, "holds lists, structs or bytes, which CSV cannot", "write Parquet or NDJSON, or leave it out"))


def _not_over_an_input(paths: list[Input], output: str | Path | BinaryIO) -> None:
    if not isinstance(output, (str, Path)) or not Path(output).is_file():
        return
    for path in paths:
        if isinstance(path, (str, Path)) and Path(path).exists() and Path(path).samefile(output):
            raise FileError(Problem("output_is_input", str(path), "is both input and output", "write to another file"))


def _blank_as_null(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """An empty text (the first of the dictionary) as no text."""
    codes = column.indices.to_numpy(zero_copy_only=False)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes == 0), column.dictionary, safe=False)
