"""Reads Parquet as a source: every column as text, with exactly the digits that it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.settings import MOST_COLUMNS
from mews_newtt.tables.origins.source_table import Notes, Opened, SourceBatch, SourceTable, distinct_names, too_many_columns

ROWS = 1 << 17  # rows that are read together


def read_parquet(opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    """A Parquet file as a source."""
    notes = Notes()
    done = 0
    with opened() as stream:
        file = _file(stream, name)
        schema, whole = file.schema_arrow, file.metadata.num_rows
    fields = list(_flat_fields(schema))
    if len(fields) > MOST_COLUMNS:
        raise too_many_columns(name, len(fields), MOST_COLUMNS)
    names = distinct_names([each for each, _ in fields], notes)
    for each, (_, kind) in zip(names, fields, strict=True):
        if _is_nested(kind):
            notes.add("list_in_cell", f"the column {each!r} holds lists; they are given as JSON text")
    text = pa.schema([(each, pa.string()) for each in names])

    def batches(reading: Notes) -> Iterator[SourceBatch]:
        nonlocal done
        done = 0
        with opened() as stream:
            try:
                for batch in _file(stream, name).iter_batches(ROWS):
                    arrays = [as_text(column, each, reading, done) for each, column in zip(names, _flat_columns(batch), strict=True)]
                    numbers = pa.array(np.arange(done + 1, done + 1 + batch.num_rows), pa.int64())
                    done += batch.num_rows
                    yield SourceBatch(pa.RecordBatch.from_arrays(arrays, schema=text), numbers)
            except (pa.ArrowException, OSError) as fault:
                raise _unreadable(name, fault) from None

    return SourceTable(name, replace(settings, kind="parquet"), tuple(names), "row", tuple(notes), batches, lambda: done / whole if whole else None)


def _file(stream: Any, name: str) -> Any:
    import pyarrow.parquet as pq  # only for Parquet: it takes long to load

    try:
        return pq.ParquetFile(stream)
    except (pa.ArrowException, OSError) as fault:
        raise _unreadable(name, fault) from None


def _unreadable(name: str, fault: Exception) -> FileError:
    what = f"cannot be read as Parquet ({type(fault).__name__})"
    return FileError(Problem("not_readable", name, what, "export it again: it seems to be cut off or damaged"))


def _flat_fields(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    def flat(name: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
        if pa.types.is_struct(kind):
            for inner in kind:
                yield from flat(f"{name}.{inner.name}", inner.type)
        else:
            yield name, kind

    for field in schema:
        yield from flat(field.name, field.type)


def _flat_columns(batch: pa.RecordBatch) -> Iterator[pa.Array]:
    def flat(column: pa.Array) -> Iterator[pa.Array]:
        if pa.types.is_struct(column.type):
            for inner in column.flatten():  # an inner value of a row without the outer one is null
                yield from flat(inner)
        else:
            yield column

    for column in batch.columns:
        yield from flat(column)


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_map(kind))


def as_text(column: pa.Array, name: str, notes: Notes, before: int = 0) -> pa.Array:
    """A column as text: numbers with their digits (floats with the fewest that say which float it is), times as ISO 8601; NaN is nothing."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_floating(kind):
        empty = pc.and_kleene(pc.is_nan(column), pc.is_valid(column))
        times = pc.sum(empty).as_py() or 0
        if times:
            notes.add("not_a_number", f"NaN in the column {name!r} counts as nothing", before + 1 + pc.index(empty, True).as_py(), times)
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        if not pa.types.is_float64(kind):
            column = pa.array([None if value is None else _shortest(value, kind) for value in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind):
        whole = column.cast(pa.timestamp("s", kind.tz), safe=False)
        if kind.tz in (None, "UTC") and whole.cast(kind, safe=False).equals(column):  # the usual case: whole seconds
            return pc.binary_join_element_wise(pc.strftime(whole, "%Y-%m-%dT%H:%M:%S"), "+00:00" if kind.tz else "", "")
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)  # Python has no nanoseconds
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_date(kind) or pa.types.is_duration(kind):
        return pa.array([None if value is None else _iso(value) for value in column.to_pylist()], pa.string())
    if _is_nested(kind):
        return pa.array([None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()], pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else value.decode("utf-8", "backslashreplace") for value in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _shortest(value: float, kind: pa.DataType) -> str:
    """The fewest digits of a short float: 36.8 of the float32 next to it, not 36.79999923706055."""
    return str(np.float32(value) if pa.types.is_float32(kind) else np.float16(value))


def _iso(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
