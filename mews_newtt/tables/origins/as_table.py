"""Hands a source to what reads tables in chunks (`tables/read.py`), so that a plan's rows go the way of every other table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import polars as pl

from mews_newtt.tables.origins.source_table import SourceBatch, SourceTable
from mews_newtt.tables.read import Chunk, Table


def as_table(source: SourceTable) -> Table:
    """The same rows as a `Table`: every column is text, and each row knows its number in the source."""

    def chunks() -> Iterator[Chunk]:
        for batch in source.batches():
            yield _chunk(batch, source.name, source.share())

    columns = pl.DataFrame(schema=dict.fromkeys(source.columns, pl.String))

    def notes() -> list[dict[str, object]]:
        return [note.to_dict() for note in source.notes]

    return Table(source.name, list(source.columns), columns, chunks, kind=source.settings.kind, notes=notes)


def _chunk(batch: SourceBatch, name: str, share: float | None) -> Chunk:
    numbers = batch.numbers.to_numpy()
    return Chunk(lambda: cast(pl.DataFrame, pl.from_arrow(batch.rows)), lambda row: int(numbers[row]), name, share, places=pl.Series(numbers))
