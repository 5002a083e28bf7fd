"""Scores files of every format with the compiled engine, a chunk of rows at a time, in bounded memory. For `score_file`; needs the batch extra.

One thread cuts the input into chunks, several read and score them, and Polars writes the results in order. Only a few chunks are in memory at once.
Cells of text files stay text, digit for digit, and are read by the rules of reading: nothing is guessed to be a number.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from mews_newtt.chart.model import Chart
from mews_newtt.engines.arrow import SMALL_CHUNK, array_of, bitmap_of, numbers_of
from mews_newtt.engines.base import REFUSED, Results, default_threads
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.repeats import Repeats
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.result_cells import points_names
from mews_newtt.tables.atomic import whole_output
from mews_newtt.tables.counts import add_results
from mews_newtt.tables.formats import Format
from mews_newtt.tables.frames import as_polars
from mews_newtt.tables.plain import refusals
from mews_newtt.tables.read import Chunk, Table, table_of
from mews_newtt.tables.sources import Input, Source
from mews_newtt.tables.summary import READ_BY_PLAN, OnBadRow, Progress, Summary, part_of
from mews_newtt.tables.table import result_columns, score_columns
from mews_newtt.tables.write import own_fault, run_interruptibly, sink

WORDED = ("missing", "flags", "error")  # result columns whose empty text is an empty cell of CSV


class Scored(NamedTuple):
    """A chunk with its results."""

    chunk: Chunk
    frame: pl.DataFrame
    results: Results


class Scorer:
    """Scores chunks of the same columns on one chart. Only the columns that are read go to the engine; the others are not converted."""

    def __init__(
        self, chart: Chart, names: Sequence[str], column_map: ColumnMap, points: bool, flags: bool, as_text: bool, about: Sequence[str] = ()
    ):
        self.chart, self.column_map, self.points, self.flags, self.as_text = chart, column_map, points, flags, as_text
        added = points_names(chart) if points else ()
        ours = self.ours_of = dict(zip(names, check_columns(names, chart, column_map, added=added), strict=True))
        read = [their for their in names if ours[their].removeprefix(SKIP_PREFIX) in chart.by_id and their not in column_map.ignore]
        self.read, self.ours = read, [ours[their] for their in read]
        self.theirs = {our: their for their, our in ours.items()}
        self.unread = Unread(names, list(ours.values()), chart, column_map, about)

    def score(self, chunk: Chunk) -> Scored:
        """Read and score a chunk; safe on several threads at once."""
        frame = chunk.frame()
        chosen = frame.select(self.read)
        if frame.height < frame.n_chunks() * SMALL_CHUNK:
            chosen = chosen.rechunk()
        read = chosen.to_arrow(compat_level=pl.CompatLevel.newest())
        expected = round(frame.height / chunk.share) if chunk.share else None
        results = score_columns(self.chart, read, self.ours, self.column_map, self.points, 1, expected)
        columns = dict(result_columns(self.chart, results, self.points, self.flags))
        if self.as_text:
            columns |= {name: _blank_as_null(column) for name, column in columns.items() if name in WORDED}
        return Scored(chunk, frame.hstack(as_polars(self.chart, pa.table(columns))), results)

    def refusals(self, found: Scored) -> list[Problem]:
        """Why the first refused row is refused, with its place in the file."""
        row = int(np.argmax(found.results.status == REFUSED))
        cells = {our: _cell(found.frame.get_column(their), row) for our, their in zip(self.ours, self.read, strict=True)}
        given = given_of_row(cells, self.column_map, frozenset(self.chart.by_id))
        where = found.chunk.place_of(row)
        return refusals(self.chart, given, where, self.theirs)


def add_columns(summary: Summary, scorer: Scorer, found: Scored) -> None:
    """Look at the first rows of columns that are not read, and count rows of one person and one time."""
    frame = found.frame
    if not frame.height:
        return
    if summary.rows == frame.height:  # the first chunk
        summary.unread.look({name: frame.get_column(name).head(LOOKED_AT).to_list() for name in summary.unread.screened})
        before = 1 if found.chunk.row_of(0) > 1 else 0
        flat = {their: our for their, our in scorer.ours_of.items() if not frame.schema[their].is_nested()}
        summary.repeats = Repeats(list(flat), list(flat.values()), before)
    if summary.repeats.looking:
        key = [pl.col(name).cast(pl.String, strict=False).str.strip_chars() for name in summary.repeats.columns]
        blank = pl.any_horizontal([one.is_null() | (one == "") for one in key])
        summary.repeats.add(frame.select(pl.when(~blank).then(pl.struct(key).hash()))[:, 0].to_list())


def _cell(column: pl.Series, row: int) -> Any:
    """A value as the reading rules take it: a 32-bit float stays one, because it stands for fewer digits."""
    value = column[row]
    return np.float32(value) if column.dtype == pl.Float32 and value is not None else value


def score_chunks(
    chart: Chart,
    sources: Sequence[Source | Input],
    output: str | Path | BinaryIO,
    form: Format,
    *,
    column_map: ColumnMap,
    plan: Plan | None = None,
    named: str | None = None,
    points: bool = False,
    flags: bool = True,
    on_bad_row: OnBadRow = "error",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Score sources of one shape into one output of a format. The parameters, the result and the errors are those of `score_file`."""
    with contextlib.ExitStack() as stack:
        tables = [stack.enter_context(one) for one in _opened(chart, sources, named, plan, progress)]
        progress = progress if plan is None else part_of(progress, READ_BY_PLAN, 1)
        _same_columns(tables)
        if plan is not None:
            column_map = _map_beside(column_map, plan, tables[0])
        summary = Summary.of(chart)
        into = stack.enter_context(whole_output(output))
        scorer = Scorer(chart, tables[0].names, column_map, points, flags, form.kind == "csv", tables[0].about)
        summary.unread = scorer.unread
        summary.readings = [table.report for table in tables if table.report is not None]
        for report in summary.readings:
            summary.unread.names += tuple(report.columns_left(summary.unread.names))
        empty = scorer.score(Chunk(lambda: tables[0].columns, lambda row: row, tables[0].name)).frame
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
                    fault = found.chunk.fault()
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
            raise own_fault(failures, failure, str(output)) from None
    return summary


def _size(one: Source | Input) -> int:
    """Of an input that a plan reads, in bytes; 0 where it is not known."""
    return Path(one).stat().st_size if isinstance(one, (str, Path)) and Path(one).is_file() else 0


def _opened(
    chart: Chart, sources: Sequence[Source | Input], named: str | None, plan: Plan | None, progress: Progress | None
) -> Iterator[contextlib.AbstractContextManager[Table]]:
    """The tables to score. Where a plan makes sets, several inputs are one table: a set may have its rows in several of them."""
    inputs = [one for one in sources if not isinstance(one, Source)]
    if plan is None:
        yield from (table_of(one) for one in sources if isinstance(one, Source))
        return
    # Only here: what reads by a plan loads Arrow's functions on columns, which a small table does without.
    from mews_newtt.tables.planned.joined import makes_sets
    from mews_newtt.tables.planned.table import open_planned, open_together

    if len(inputs) > 1 and makes_sets(plan, inputs, named):
        yield open_together(chart, inputs, named, plan, part_of(progress, 0, READ_BY_PLAN))
        return
    sizes = [0, *accumulate(_size(one) for one in inputs)]
    for one, pair in zip(inputs, pairwise(sizes), strict=True):
        yield open_planned(chart, one, named, plan, part_of(progress, *(READ_BY_PLAN * size / (sizes[-1] or 1) for size in pair)))


def _map_beside(column_map: ColumnMap, plan: Plan, table: Table) -> ColumnMap:
    # As above.
    from mews_newtt.tables.planned.table import map_beside

    return map_beside(column_map, plan, table)


def _in_order(scorer: Scorer, tables: list[Table], threads: int) -> Iterator[tuple[Scored, float | None]]:
    """Scored chunks in the order of the input, with the share of all bytes done. Only a few chunks are in work at once."""
    under_way: deque[tuple[Future[Scored], float | None]] = deque()
    chunks = _all_chunks(tables)
    fault: FileError | None = None
    with ThreadPoolExecutor(threads, "mews-newtt-score") as pool:
        try:
            while True:
                try:
                    entry = next(chunks, None) if fault is None else None
                except FileError as found:  # raised after what is wrong with earlier rows
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


def _all_chunks(tables: list[Table]) -> Iterator[tuple[Chunk, float | None]]:
    whole, before = sum(table.size for table in tables), 0
    for table in tables:
        for chunk in table.chunks():
            yield chunk, (before + chunk.share * table.size) / whole if chunk.share is not None and whole else None
        before += table.size


def _same_columns(tables: list[Table]) -> None:
    first = tables[0]
    for table in tables:
        if table.names != first.names or table.columns.schema != first.columns.schema:
            what = "has other columns" if table.names != first.names else "has columns of other types"
            raise FileError(Problem("columns_differ", table.name, f"{what} than {first.name}", "score files of different shape one by one"))


def _fits(frame: pl.DataFrame, form: Format, name: str) -> None:
    """Refuse columns that CSV cannot hold, before anything is scored."""
    held = [column for column, kind in frame.schema.items() if form.kind == "csv" and (kind.is_nested() or kind == pl.Binary)]
    if held:
        where = f"{name}, column {', '.join(held[:20])}"
        raise FileError(Problem("not_for_csv", where, "holds lists, structs or bytes, which CSV cannot", "write Parquet or NDJSON, or leave it out"))


def _blank_as_null(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """The empty text (the first of the dictionary) as null."""
    codes = numbers_of(column.indices)
    return pa.DictionaryArray.from_arrays(array_of(codes, bitmap_of(codes != 0)), column.dictionary, safe=False)
