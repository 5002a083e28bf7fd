"""Arrow tables as engines take them: columns of kinds that readings have, in chunks that are one piece in every column."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute

from mews_newtt.errors import ColumnError, Problem

SMALL_CHUNK = 1 << 16  # chunks with fewer rows than this are joined first


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
        return readable(pa.compute.run_end_decode(column))
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(own) or isinstance(own, pa.BaseExtensionType):
        return None
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        return column.cast(pa.decimal128(kind.precision, kind.scale))
    return column.cast(pa.large_binary()) if pa.types.is_binary_view(kind) else column


def plain_text(values: pa.Array) -> pa.Array:
    """Text views as text that Arrow can select from and dictionary-code."""
    if isinstance(values, pa.DictionaryArray) and pa.types.is_string_view(values.dictionary.type):
        return pa.DictionaryArray.from_arrays(values.indices, values.dictionary.cast(pa.large_string()))
    if pa.types.is_string_view(values.type):
        return values.cast(pa.large_string())
    return values
