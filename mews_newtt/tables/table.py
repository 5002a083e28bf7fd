"""`score_table` scores a table in memory: an Arrow table in, the same table with its scores out. `score_frame` does so for Polars and pandas, and
`score_batches` for rows that come in batches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_for
from mews_newtt.engines.arrow import array_of, bitmap_of, text_array
from mews_newtt.engines.base import COMPLETE, NO_POINTS, REFUSED, STATUSES, Results, default_threads, empty_results
from mews_newtt.engines.refusals import python_values
from mews_newtt.errors import ColumnError, ObservationError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.result_cells import points_columns, points_names
from mews_newtt.tables.batches import batches_of, reader_of
from mews_newtt.tables.frames import as_pandas, as_polars
from mews_newtt.tables.plain import refusals
from mews_newtt.tables.summary import OnBadRow

LAZY_WITH_STREAM = ("duckdb", "_duckdb", "ibis", "pyspark", "polars")  # frames of theirs that give an Arrow stream may be lazy all the same


class ArrowStream(Protocol):
    """A table with the Arrow C stream interface: of pyarrow, Polars, pandas or DuckDB."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


def score_table(
    chart: Chart,
    data: ArrowStream,
    *,
    points: bool = False,
    flags: bool = True,
    threads: int | None = None,
    column_map: ColumnMap | None = None,
    plain_text: bool = False,
) -> pa.Table:
    """Score every row of a table on one chart; row by row exactly what `score` gives.

    Parameters
    ----------
    data : n rows, anything with the Arrow C stream interface
        Columns named by parameter id, `skip_<parameter>` for coded reasons. Numbers in the parameter's own unit, null or NaN
        for no reading; categories as text or dictionary. A parameter without a column is missing in every row; other columns
        travel through.
    points : add `points_<parameter>` (int16, null for no points) for each scored parameter
    flags : False leaves the flags column out
    threads : how many; as many as there are cores where none are given
    column_map : how somebody else's columns, values and units are read
    plain_text : words as text instead of dictionaries, for programs that cannot take those, such as Spark; the types are `result_schema`'s

    Returns
    -------
    n rows, same order: the input and `score_status`, `total` (int16, null unless complete), `total_min`, `total_max` (int16),
    `level`, `level_max` (ids of the chart, an ordered dictionary), `level_rank`, `level_max_rank` (int8, 0 for the lowest level: their maximum
    over rows means something), `missing`, `flags`, `error` (text, empty for none). The types follow from the chart, never from the rows.
    A reading that cannot be refuses its row and says so in `error`; it never stops the table.
    The schema's metadata names the columns that were not read (`mews_newtt.columns_not_read`) and those of them that may hold readings
    (`mews_newtt.columns_in_doubt`, with the reason), each as JSON; `columns_not_read(chart, names)` gives the same without scoring.

    Raises
    ------
    ColumnError  a name that looks like a misspelt parameter, a column given twice, one that a result would overwrite, or readings in a
        column of lists, structs or a type of somebody's own

    Source
    ------
    The chart file: its bands, levels and reading rules. No rule lives in this function.
    """
    table = as_table(data)
    column_map = column_map or ColumnMap()
    ours = check_columns(table.column_names, chart, column_map, added=points_names(chart) if points else ())
    unread = Unread(table.column_names, ours, chart, column_map)
    unread.look({name: table.column(name).slice(0, LOOKED_AT).to_pylist() for name in unread.screened})
    results = score_columns(chart, table, ours, column_map, points, threads or default_threads())
    return _with_results(chart, table, results, unread, points, flags, plain_text)


def _with_results(chart: Chart, table: pa.Table, results: Results, unread: Unread, points: bool, flags: bool, plain_text: bool) -> pa.Table:
    for name, column in result_columns(chart, results, points, flags, plain_text):
        table = table.append_column(name, column)
    said = {f"mews_newtt.{name}": json.dumps(found, ensure_ascii=False) for name, found in unread.to_dict().items()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **said})


def score_batches(
    chart: Chart,
    data: Any,
    *,
    points: bool = False,
    flags: bool = True,
    threads: int | None = None,
    column_map: ColumnMap | None = None,
    plain_text: bool = False,
    on_bad_row: OnBadRow = "report",
) -> pa.RecordBatchReader:
    """Score rows that come in batches, so that a table larger than memory goes through. One batch is in memory at a time.

    Parameters
    ----------
    data : a pyarrow RecordBatchReader, Dataset or Scanner, a Polars LazyFrame, anything with the Arrow C stream interface, or an iterable of
        pyarrow RecordBatches of one schema
    on_bad_row : `report` keeps a row that cannot be scored, and says why in `error`, as `score_table` does; `error` stops at the first one
    Everything else is as `score_table` has it.

    Returns
    -------
    A reader of the same rows in the same order, with the columns of `score_table`. A batch is read and scored when it is asked for. Names and
    kinds of columns are checked now. Where unread columns may hold readings, the batches with the first thousand rows are read now too.
    Each batch has dictionaries of its own; programs that want one for all batches, such as Arrow IPC files, take `plain_text=True`.

    Raises
    ------
    ColumnError  as `score_table`, now
    ObservationError  with `on_bad_row="error"`, when the batch of that row is asked for: the first row that cannot be scored, by its number in
        the whole stream (the first row is 1)

    Source
    ------
    The chart file: its bands, levels and reading rules. No rule lives in this function.
    """
    if on_bad_row not in get_args(OnBadRow):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    given, marks, workers = batches_of(data), column_map or ColumnMap(), threads or default_threads()
    names = given.schema.names
    ours = check_columns(names, chart, marks, added=points_names(chart) if points else ()) if names else []
    unread = Unread(names, ours, chart, marks)

    def scored(table: pa.Table, before: int) -> pa.Table:
        results = score_columns(chart, table, ours, marks, points, workers)
        if on_bad_row == "error" and results.refused and (bad := np.flatnonzero(results.status == REFUSED)).size:
            row = int(bad[0])
            raise ObservationError(_refusals(chart, table, dict(zip(ours, names, strict=True)), marks, row, before))
        return _with_results(chart, table, results, unread, points, flags, plain_text)

    scored(given.schema.empty_table(), 0)  # says now which columns hold no readings
    values, given = given.first_rows(unread.screened, LOOKED_AT)
    unread.look(values)
    return reader_of(scored(given.schema.empty_table(), 0).schema, given, scored)


def _refusals(chart: Chart, table: pa.Table, theirs: Mapping[str, str], column_map: ColumnMap, row: int, before: int) -> list[Problem]:
    """Why one row is refused, with its number in the whole stream."""
    cells = {our: _cell(table, their, row) for our, their in theirs.items() if our.removeprefix(SKIP_PREFIX) in chart.by_id}
    return refusals(chart, given_of_row(cells, column_map, frozenset(chart.by_id)), f"row {before + row + 1}", theirs)


def _cell(table: pa.Table, name: str, row: int) -> Any:
    return python_values(table.column(name).slice(row, 1).combine_chunks())[0]


def as_table(data: ArrowStream) -> pa.Table:
    """The data as an Arrow table. Raises ColumnError for a column whose values are of different kinds."""
    if isinstance(data, pa.Table):
        return data
    try:
        return pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as fault:  # its three words for values of different kinds
        mixed = [str(name) for name in getattr(data, "columns", data if isinstance(data, Mapping) else ()) if not _is_column(data, name)]
        where = f"column {', '.join(mixed[:20])}" if mixed else "table"
        what = "holds values of different kinds, such as numbers and words" if mixed else f"cannot be read as a table: {str(fault)[:200]}"
        mend = 'make it text, frame[column].astype("string"), and name marks for missing (missing=...); or numbers, pandas.to_numeric'
        raise ColumnError(Problem("column_mixed", where, what, mend)) from None


def _is_column(frame: Any, name: Any) -> bool:
    try:
        pa.array(frame[name], from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True


def score_frame(chart: Chart, data: Any, **options: Any) -> Any:
    """`score_table` for frames: the same kind of frame out. Polars in, Polars out; pandas in, pandas out; an Arrow table for anything else.

    A pyarrow RecordBatchReader, Dataset or Scanner gives a RecordBatchReader: see `score_batches`.

    A frame in memory: its own columns are not converted or copied; the result columns are added beside them.

    A Dask frame stays lazy: every partition of it is scored as a pandas frame.

    Any other lazy frame (Polars LazyFrame, DuckDB relation, PySpark, Ibis) stays lazy too. Nothing is collected: the scores are expressions that run
    where the frame runs. Options are `points`, `flags` and `column_map` (names only). Result columns have the types of `result_schema`. What
    expressions cannot read (text with a unit, for instance) is never guessed: the row is refused, and `error` names the column. The words of
    `error` are shorter than those of `score_table`. `mews_newtt.engines.expressions` lists what expressions do not carry.
    """
    if type(data).__module__.partition(".")[0] == "dask":  # its expressions do not carry as many columns as scoring adds on the way
        return data.map_partitions(partial(score_frame, chart, **options), meta=score_frame(chart, data._meta, **options))
    if isinstance(data, pa.RecordBatchReader) or type(data).__module__ == "pyarrow._dataset":
        return score_batches(chart, data, **options)
    if not hasattr(data, "__arrow_c_stream__") or type(data).__module__.partition(".")[0] in LAZY_WITH_STREAM:
        from mews_newtt.tables.lazy_frames import lazy_frame, score_lazy_frame  # only for lazy frames

        lazy = lazy_frame(data)
        if lazy is not None:
            return score_lazy_frame(chart, lazy, **options)
    rows = data if isinstance(data, pa.Table) else pa.table(data)  # a pandas index becomes a column here; it is none of the results
    table = score_table(chart, rows, **options)
    kind = type(data).__module__.partition(".")[0]
    if kind not in ("polars", "pandas"):
        return table
    found = table.select(list(range(rows.num_columns, table.num_columns))).replace_schema_metadata()
    if kind == "polars":
        return data.hstack(as_polars(chart, found))
    added = as_pandas(found)
    return data.assign(**{name: added[name].array for name in added.columns})  # arrays, because pandas would match columns by their index


def result_schema(chart: Chart, *, points: bool = False, flags: bool = True) -> pa.Schema:
    """The columns that `score_table(..., plain_text=True)` adds, and their types. Spark needs them before it calls `mapInArrow`."""
    nothing = empty_results(0, len(points_columns(chart)), points)
    return pa.schema([(name, column.type) for name, column in result_columns(chart, nothing, points, flags, plain_text=True)])


def score_columns(
    chart: Chart, table: pa.Table, ours: list[str], column_map: ColumnMap, points: bool, threads: int, expected: int | None = None
) -> Results:
    """The results of all rows.

    Parameters
    ----------
    ours : our names of the table's columns; only those that the chart reads go to the engine
    expected : about how many rows there will be in all, where this table is a part
    """
    read = {
        name: place
        for place, name in enumerate(ours)
        if name.removeprefix(SKIP_PREFIX) in chart.by_id and table.column_names[place] not in column_map.ignore
    }
    chosen = table.select(list(read.values())).rename_columns(list(read))
    return engine_for(chart, max(expected or 0, table.num_rows)).score(chosen, column_map, points=points, threads=threads)


def result_columns(chart: Chart, results: Results, points: bool, flags: bool, plain_text: bool = False) -> Iterator[tuple[str, pa.Array]]:
    """The columns that a score adds, in their order."""
    complete = bitmap_of(results.status == COMPLETE) if results.partial else None
    scored = bitmap_of(results.status != REFUSED) if results.refused else None
    levels = [level.id for level in chart.levels]

    def texts(codes: npt.NDArray[Any], words: Any, valid: pa.Buffer | None = None, ordered: bool = False) -> pa.Array:
        column = _texts(codes, words, valid, ordered)
        return column.cast(pa.string()) if plain_text else column

    yield "score_status", texts(results.status, STATUSES)
    if chart.has_points:
        yield "total", array_of(results.least, complete)
        yield "total_min", array_of(results.least, scored)
        yield "total_max", array_of(results.most, scored)
    else:
        for name in ("total", "total_min", "total_max"):
            yield name, pa.nulls(len(results.status), pa.int16())
    yield "level", texts(results.level, levels, scored, ordered=True)
    yield "level_max", texts(results.level_max, levels, scored, ordered=True)
    yield "level_rank", array_of(results.level.view(np.int8), scored)
    yield "level_max_rank", array_of(results.level_max.view(np.int8), scored)
    yield "missing", texts(results.missing, results.missing_texts.all())
    if flags:
        yield "flags", texts(results.flags, results.flag_texts.all())
    yield "error", texts(results.error, results.error_texts.all())
    for name, found in zip(points_names(chart), results.points, strict=True) if points else ():
        yield name, array_of(found, bitmap_of(found != NO_POINTS))


def _texts(codes: npt.NDArray[Any], texts: Any, valid: pa.Buffer | None, ordered: bool) -> pa.Array:
    kind = {1: pa.int8(), 4: pa.int32()}[codes.itemsize]
    indices = pa.Array.from_buffers(kind, len(codes), [valid, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, text_array(list(texts)), ordered=ordered, safe=False)  # our own codes need no check
