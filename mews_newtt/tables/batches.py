"""Batches of rows from whoever holds them, one after the other, so that a table larger than memory can be scored.

It knows no chart: `score_batches` (tables/table.py) gives it what scores one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa

from mews_newtt.errors import ColumnError, Problem

BATCH = 1 << 17  # rows of a batch, where we say how many
KINDS = (
    "a pyarrow RecordBatchReader, Table, Dataset or Scanner, a Polars LazyFrame, anything with the Arrow C stream interface, "
    "or an iterable of pyarrow RecordBatches"
)


class Batches(NamedTuple):
    """Batches of one schema, each read when it is asked for."""

    schema: pa.Schema
    rest: Iterator[pa.RecordBatch]

    def first_rows(self, names: list[str], most: int) -> tuple[dict[str, list[Any]], Batches]:
        """The first values of some columns, and all batches again. It reads as many batches as hold these rows, and none for no column."""
        held: list[pa.RecordBatch] = []
        while names and sum(batch.num_rows for batch in held) < most:
            batch = next(self.rest, None)
            if batch is None:
                break
            held.append(batch)
        first = pa.Table.from_batches(held, self.schema).slice(0, most)
        return {name: first.column(name).to_pylist() for name in names}, Batches(self.schema, chain(held, self.rest))


def batches_of(data: Any) -> Batches:
    """Batches of any of KINDS; nothing is read, except the first batch of an iterable, which tells the schema."""
    kind = type(data).__module__.partition(".")[0]
    if kind == "pyarrow" and hasattr(data, "scanner"):
        data = _scanner_of(data)
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if kind == "pyarrow" and hasattr(data, "to_reader"):  # a table, a scanner
        data = data.to_reader()
    if kind == "polars" and hasattr(data, "collect_schema") and not hasattr(data, "__arrow_c_stream__"):
        return _of_polars(data)
    if not isinstance(data, pa.RecordBatchReader) and hasattr(data, "__arrow_c_stream__"):
        data = pa.RecordBatchReader.from_stream(data)
    if isinstance(data, pa.RecordBatchReader):
        return Batches(data.schema, iter(data))
    if not hasattr(data, "__iter__") or hasattr(data, "keys"):
        raise ColumnError(Problem("not_batches", f"a {type(data).__name__}", "does not give its rows in batches", f"give {KINDS}"))
    return _of_iterable(iter(data))


def _scanner_of(dataset: Any) -> Any:
    """A dataset read one batch at a time. With Arrow's own options, reading runs ahead by up to a gigabyte where scoring takes longer."""
    import pyarrow.dataset as ds  # whoever gives a dataset has imported it

    options: dict[str, Any] = {"batch_size": BATCH, "batch_readahead": 1, "fragment_readahead": 1, "use_threads": False}
    if getattr(getattr(dataset, "format", None), "default_extname", None) == "parquet":
        options["fragment_scan_options"] = ds.ParquetFragmentScanOptions(pre_buffer=False)
    return dataset.scanner(**options)


def _of_polars(frame: Any) -> Batches:
    import polars as pl  # whoever gives a Polars frame has it

    if not hasattr(frame, "collect_batches"):
        what = f"cannot give its rows in batches in Polars {pl.__version__}"
        raise ColumnError(Problem("not_batches", "a LazyFrame", what, "update Polars, or use score_frame, which keeps the frame lazy"))
    newest = pl.CompatLevel.newest()
    schema = pl.DataFrame(schema=frame.collect_schema()).to_arrow(compat_level=newest).schema

    def rest() -> Iterator[pa.RecordBatch]:
        for part in frame.collect_batches(chunk_size=BATCH, maintain_order=True, lazy=True):
            yield from part.to_arrow(compat_level=newest).to_batches(BATCH)

    return Batches(schema, rest())


def _of_iterable(given: Iterator[Any]) -> Batches:
    first = next(given, None)
    schema = getattr(first, "schema", pa.schema([]))

    def rest() -> Iterator[pa.RecordBatch]:
        rows = 0
        for number, batch in enumerate(given if first is None else chain([first], given), 1):
            where = f"batch {number}, from row {rows + 1} on"
            if not isinstance(batch, pa.RecordBatch):
                raise ColumnError(Problem("not_batches", where, f"is a {type(batch).__name__}, not a RecordBatch", f"give {KINDS}"))
            if not batch.schema.equals(schema):
                differs = [f.name for f in batch.schema if f.name not in schema.names or schema.field(f.name).type != f.type]
                differs += [name for name in schema.names if name not in batch.schema.names]
                what = f"has other columns than the first batch: {', '.join(differs[:20]) or 'in another order'}"
                raise ColumnError(Problem("columns_differ", where, what, "give batches of one schema"))
            rows += batch.num_rows
            yield batch

    if first is not None and not isinstance(first, pa.RecordBatch):
        next(rest())  # says what is wrong with the first one
    return Batches(schema, rest())


def reader_of(schema: pa.Schema, batches: Batches, scored: Callable[[pa.Table, int], pa.Table]) -> pa.RecordBatchReader:
    """The batches, scored one by one as they are asked for. `scored` takes a batch as a table, and how many rows came before it."""

    def rest() -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in batches.rest:
            found = scored(pa.Table.from_batches([batch]), rows).combine_chunks()
            rows += batch.num_rows
            for part in found.to_batches():
                yield pa.RecordBatch.from_arrays(part.columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, rest())
