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


def bytes_as_text(file: pq.ParquetFile, most: int) -> int:
    """The bytes of all cells as text, at least; counting ends when they are more than `most`.

    Raises
    ------
    pyarrow.ArrowException, OSError  the file is damaged
    """
    size = int(file.metadata.num_rows) * int(file.metadata.num_columns) * CELL_BYTES
    texts = text_columns(file.schema_arrow)
    if not texts or size > most:
        return size
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=texts):
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
    if not isinstance(column, pa.DictionaryArray):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0)
    lengths = np.asarray(pc.fill_null(pc.binary_length(column.dictionary), 0), dtype=np.int64)
    places = np.asarray(column.indices.drop_null(), dtype=np.int64)
    return int(lengths[places].sum())
