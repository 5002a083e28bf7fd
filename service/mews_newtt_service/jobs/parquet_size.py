"""How many bytes a Parquet file is as text, before anything unpacks it.

Parquet writes a value that repeats only once, so a file of 1 kB can hold 2 GB of text. Its metadata give the written size. So the cells
are counted here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CELL_BYTES = 2  # the least that a cell takes as text: one character and a separator
BATCH_ROWS = 65_536
NESTED_ROWS = 1_024  # lists and structures hold each text again, so fewer rows are read at once


def bytes_as_text(file: pq.ParquetFile, most: int) -> int:
    """The bytes of all cells as text, at least; counting ends when they are more than `most`.

    Raises
    ------
    pyarrow.ArrowException, OSError  the file is damaged
    """
    rows, schema = int(file.metadata.num_rows), file.schema_arrow
    size: int = rows * int(file.metadata.num_columns) * CELL_BYTES
    size += rows * sum(field.type.byte_width for field in schema if pa.types.is_fixed_size_binary(field.type))
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    for columns, at_once in ((text_columns(schema), BATCH_ROWS), (nested, NESTED_ROWS)):
        for batch in file.iter_batches(batch_size=at_once, columns=columns) if columns and size <= most else ():
            size += sum(_text_bytes(column) for column in batch.columns)
            if size > most:
                break
    return size


def text_columns(schema: pa.Schema) -> list[str]:
    """The columns whose repeated values are to be read once only (`read_dictionary`)."""
    return [field.name for field in schema if _is_text(field.type)]


def _is_text(kind: Any) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text_bytes(column: pa.Array) -> int:
    """The bytes of the texts in a column, and in its lists and structures."""
    kind = column.type
    if isinstance(column, pa.DictionaryArray):
        if not _is_text(kind):
            return 0
        lengths = np.asarray(pc.fill_null(pc.binary_length(column.dictionary), 0), dtype=np.int64)
        places = np.asarray(column.indices.drop_null(), dtype=np.int64)
        return int(lengths[places].sum())
    if isinstance(column, pa.MapArray):
        return _text_bytes(column.keys) + _text_bytes(column.items)
    if pa.types.is_struct(kind):
        return sum(map(_text_bytes, column.flatten()))
    if pa.types.is_nested(kind):
        return _text_bytes(column.flatten())
    if pa.types.is_fixed_size_binary(kind):
        return int(kind.byte_width) * (len(column) - int(column.null_count))
    return int(pc.sum(pc.binary_length(column)).as_py() or 0) if _is_text(kind) else 0
