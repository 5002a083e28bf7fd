"""`score_table` scores a table in memory: an Arrow table in, the same table with its scores out. Also `score_frame`, for Polars and pandas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from mews_newtt.chart.model import Chart
from mews_newtt.compiled.states import States
from mews_newtt.engines.numba.careful import COMPLETE, REFUSED
from mews_newtt.engines.numba.engine import Results, default_threads, empty_results, engine_of
from mews_newtt.engines.numba.layout import NO_POINTS
from mews_newtt.engines.numba.refusals import wording
from mews_newtt.engines.numba.sources import Source, absent_source, code_source, plain_text, readable, source_of
from mews_newtt.errors import ColumnError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.reading.values import SKIP_PREFIX, read_reason
from mews_newtt.scoring.result_cells import points_columns, points_names
from mews_newtt.tables.frames import as_pandas, as_polars

STATUSES = ("complete", "partial", "refused")
SMALL_BATCH = 1 << 16  # chunks smaller than this are joined first


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
    for name, column in result_columns(chart, results, points, flags, plain_text):
        table = table.append_column(name, column)
    said = {f"mews_newtt.{name}": json.dumps(found, ensure_ascii=False) for name, found in unread.to_dict().items()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **said})


def as_table(data: ArrowStream) -> pa.Table:
    """The data as an Arrow table. Raises ColumnError for a column whose values are of different kinds."""
    if isinstance(data, pa.Table):
        return data
    try:
        return pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as fault:
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
    """`score_table` for frames: Polars in, Polars out; pandas in, pandas out; anything else, Arrow out.

    The frame's own columns are not converted or copied; the result columns are added beside them.
    """
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


def score_columns(chart: Chart, table: pa.Table, ours: list[str], column_map: ColumnMap, points: bool, threads: int) -> Results:
    """The results of all rows."""
    engine = engine_of(chart)
    states = {name: step.states for name, step in engine.steps.steps.items()}
    read = {
        name: place
        for place, name in enumerate(ours)
        if name.removeprefix(SKIP_PREFIX) in states and table.column_names[place] not in column_map.ignore
    }
    results = empty_results(table.num_rows, len(points_columns(chart)), points)
    start = 0
    for batch in _batches(table, list(read.values())):
        columns = dict(zip(read, batch.columns if batch is not None else (), strict=True))
        rows = table.num_rows if batch is None else batch.num_rows
        sources = _sources(states, columns, column_map, threads if rows > SMALL_BATCH else 1)
        skips = [_skip_source(own, columns[SKIP_PREFIX + name], column_map) for name, own in states.items() if SKIP_PREFIX + name in columns]
        engine.run(sources, skips, results, start, rows, threads, wording(chart, columns, column_map))
        start += rows
    return results


def _batches(table: pa.Table, places: list[int]) -> Iterator[pa.RecordBatch | None]:
    """Batches of rows that are contiguous in every column; None where there is no column to read."""
    if not places:
        yield None
        return
    chosen = _readable(table.select(places))
    pieces = max(column.num_chunks for column in chosen.columns)
    if pieces > 1 and table.num_rows < pieces * SMALL_BATCH:
        chosen = chosen.combine_chunks()
    yield from chosen.to_batches()


def _readable(table: pa.Table) -> pa.Table:
    """The columns as types that readings can have. Raises ColumnError for any other type."""
    faults = []
    for place, field in enumerate(table.schema):
        column = readable(table.column(place))
        if column is None:
            faults.append(Problem("column_kind", f"column {field.name}", f"holds {str(field.type)[:60]}, no reading", "give numbers or text"))
        elif column.type != field.type:
            table = table.set_column(place, field.name, column)
    if faults:
        raise ColumnError(faults)
    return table


def _prepare(name: str, column_map: ColumnMap) -> Callable[[Any], Any] | None:
    """What the map does to a raw value before it is read; None where it does nothing."""
    if name not in column_map.values and name not in column_map.units and not column_map.marks(name):
        return None
    return lambda raw: given_of_cell(name, raw, column_map)


def _sources(states: Mapping[str, States], columns: Mapping[str, pa.Array], column_map: ColumnMap, threads: int) -> list[Source]:
    """Every parameter's column, encoded; on several threads where there are many rows."""

    def one(name: str) -> Source:
        return _source(states[name], columns.get(name), column_map)

    if threads == 1:
        return [one(name) for name in states]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, states))


def _source(states: States, values: pa.Array | None, column_map: ColumnMap) -> Source:
    if values is None:
        return absent_source(states)
    return source_of(states, values, _prepare(states.parameter.id, column_map))


def _skip_source(states: States, values: pa.Array, column_map: ColumnMap) -> Source:
    """Skip reasons: the state that each one gives to a parameter without a reading; -1 for none."""
    prepare = _prepare(SKIP_PREFIX + states.parameter.id, column_map)
    values = plain_text(values)
    coded = values if isinstance(values, pa.DictionaryArray) else pa.compute.dictionary_encode(values)
    places = []
    for raw in coded.dictionary.to_pylist():
        reason = read_reason(prepare(raw) if prepare else raw)
        places.append(states.of_skip(reason) if reason else -1)
    source = code_source(states, coded, places, nothing=-1)
    source.places[-1] = -1
    return source


def result_columns(chart: Chart, results: Results, points: bool, flags: bool, plain_text: bool = False) -> Iterator[tuple[str, pa.Array]]:
    """The columns that a score adds, in their order."""
    complete = _bitmap(results.status == COMPLETE) if results.partial else None
    scored = _bitmap(results.status != REFUSED) if results.refused else None
    levels = [level.id for level in chart.levels]

    def texts(codes: npt.NDArray[Any], words: Any, valid: pa.Buffer | None = None, ordered: bool = False) -> pa.Array:
        column = _texts(codes, words, valid, ordered)
        return column.cast(pa.string()) if plain_text else column

    yield "score_status", texts(results.status, STATUSES)
    if chart.has_points:
        yield "total", _numbers(results.least, complete)
        yield "total_min", _numbers(results.least, scored)
        yield "total_max", _numbers(results.most, scored)
    else:
        for name in ("total", "total_min", "total_max"):
            yield name, pa.nulls(len(results.status), pa.int16())
    yield "level", texts(results.level, levels, scored, ordered=True)
    yield "level_max", texts(results.level_max, levels, scored, ordered=True)
    yield "level_rank", _numbers(results.level.view(np.int8), scored)
    yield "level_max_rank", _numbers(results.level_max.view(np.int8), scored)
    yield "missing", texts(results.missing, results.missing_texts.all())
    if flags:
        yield "flags", texts(results.flags, results.flag_texts.all())
    yield "error", texts(results.error, results.error_texts.all())
    for name, found in zip(points_names(chart), results.points, strict=True) if points else ():
        yield name, _numbers(found, _bitmap(found != NO_POINTS))


def _bitmap(valid: npt.NDArray[np.bool_]) -> pa.Buffer | None:
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def _numbers(values: npt.NDArray[Any], valid: pa.Buffer | None) -> pa.Array:
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [valid, pa.py_buffer(values)])


def _texts(codes: npt.NDArray[Any], texts: Any, valid: pa.Buffer | None, ordered: bool) -> pa.Array:
    kind = {1: pa.int8(), 4: pa.int32()}[codes.itemsize]
    indices = pa.Array.from_buffers(kind, len(codes), [valid, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(texts), pa.string()), ordered=ordered, safe=False)  # our own codes need no check
