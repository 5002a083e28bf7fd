"""Arrow tables as engines take them: columns of kinds that readings have, in chunks that are one piece in every column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.errors import ColumnError, Problem

SMALL_CHUNK = 1 << 16  # chunks with fewer rows than this are joined first
FEW = 1000  # values that are coded one by one


def compute() -> Any:
    """Arrow's functions on columns. They take a tenth of a second to load: a small table of usual kinds of columns does without them."""
    import pyarrow.compute  # only where a column needs it

    return pyarrow.compute


def chunks_of(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Chunks of rows. Raises ColumnError for columns that hold no readings."""
    table = readable_table(table)
    pieces = max((column.num_chunks for column in table.columns), default=0)
    if pieces > 1 and table.num_rows < pieces * SMALL_CHUNK:
        table = table.combine_chunks()
    yield from table.to_batches()


def readable_table(table: pa.Table) -> pa.Table:
    """A table with columns of kinds that readings have. Raises ColumnError for the others."""
    faults = []
    for index, field in enumerate(table.schema):
        column = readable(table.column(index))
        if column is None:
            faults.append(Problem("column_kind", f"column {field.name}", f"holds {str(field.type)[:60]}, no reading", "give numbers or text"))
        elif column.type != field.type:
            table = table.set_column(index, field.name, column)
    if faults:
        raise ColumnError(faults)
    return table


def readable(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column as a kind that Arrow can select from and code; None for kinds that no reading has: lists, structs, somebody's own types."""
    kind = column.type
    if pa.types.is_run_end_encoded(kind):
        return readable(compute().run_end_decode(column))
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(own) or isinstance(own, pa.BaseExtensionType):
        return None
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        return column.cast(pa.decimal128(kind.precision, kind.scale))
    return column.cast(pa.large_binary()) if pa.types.is_binary_view(kind) else column


def plain_text(values: pa.Array) -> pa.Array:
    """Text views as text that Arrow can select from and dictionary-code."""
    if isinstance(values, pa.DictionaryArray) and pa.types.is_string_view(values.dictionary.type):
        few = len(values.dictionary) <= FEW and not values.dictionary.null_count
        words = text_array(values.dictionary.to_pylist()) if few else values.dictionary.cast(pa.large_string())
        return pa.DictionaryArray.from_arrays(values.indices, words)
    if pa.types.is_string_view(values.type):
        return values.cast(pa.large_string())
    return values


def coded(values: pa.Array) -> pa.DictionaryArray:
    """A column by its distinct values, in the order in which they come."""
    if isinstance(values, pa.DictionaryArray):
        return plain_text(values)
    if len(values) <= FEW and (is_text(values.type) or pa.types.is_float64(values.type) or pa.types.is_int64(values.type)):
        return _coded_few(values)
    return compute().dictionary_encode(plain_text(values))


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _coded_few(values: pa.Array) -> pa.DictionaryArray:
    number: dict[Any, int] = {}
    cells = values.to_pylist()
    codes = np.array([-1 if cell is None else number.setdefault(cell, len(number)) for cell in cells], np.int32)
    distinct = text_array(list(number)) if is_text(values.type) else array_of(np.array(list(number), values.type.to_pandas_dtype()))
    return pa.DictionaryArray.from_arrays(array_of(codes, bitmap_of(codes >= 0)), distinct, safe=False)


# `pa.array` and `Array.to_numpy` look for pandas first, and load it where it is installed: half a second for a program that never uses it.


def numbers_of(values: pa.Array, missing: int = 0) -> npt.NDArray[Any]:
    """Whole numbers of an array; `missing` stands for one that is missing."""
    part = slice(values.offset, values.offset + len(values))
    bitmap, data = values.buffers()
    found = np.frombuffer(data or b"", np.dtype(values.type.to_pandas_dtype()))[part]
    if not values.null_count:
        return found
    valid = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")[part]
    return np.where(valid, found.astype(np.int64), missing)


def array_of(values: npt.NDArray[Any], valid: pa.Buffer | None = None) -> pa.Array:
    """Numbers as an Arrow array, not copied; `valid` is a bitmap, None where all are."""
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [valid, pa.py_buffer(values)])


def bitmap_of(valid: npt.NDArray[np.bool_]) -> pa.Buffer | None:
    """Which rows hold a value, as Arrow has it; None where all do."""
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def text_array(texts: Sequence[str]) -> pa.Array:
    """Texts as an Arrow array."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])
