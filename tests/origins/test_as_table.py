"""A source as a table in chunks: the same cells, the same numbers of rows."""

from __future__ import annotations

import polars as pl

from mews_newtt.tables.origins.as_table import as_table
from tests.origins.support import opened


def test_a_source_goes_the_way_of_every_table() -> None:
    source = opened('p;hr\nP1;84\n\nP2;"9\n0"\n')
    table = as_table(source)
    assert (table.name, table.names, table.columns.schema) == ("ward.csv", ["p", "hr"], {"p": pl.String, "hr": pl.String})
    for _ in range(2):
        read = [(chunk.name, frame.rows(), [chunk.row_of(row) for row in range(frame.height)]) for chunk, frame in table.frames()]
        assert read == [("ward.csv", [("P1", "84"), ("P2", "9\n0")], [2, 5])]


def test_a_source_without_rows_has_its_columns() -> None:
    table = as_table(opened("p;hr\n"))
    assert (table.names, list(table.frames())) == (["p", "hr"], [])
