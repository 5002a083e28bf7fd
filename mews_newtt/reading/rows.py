"""Observation sets from the rows of a table of text. Plain Python, one row at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.observations import SKIP_PREFIX, is_nothing


def given_of_row(row: Mapping[str, Any], column_map: ColumnMap, read: frozenset[str]) -> dict[str, Any]:
    """The cells of a row that a scorer reads, by our names: values translated, marks for missing left out, units declared."""
    given: dict[str, Any] = {}
    for ours, cell in row.items():
        name = ours.removeprefix(SKIP_PREFIX)
        if name not in read:
            continue
        if isinstance(cell, str):
            cell = cell.strip()
        translated = column_map.values.get(ours, {})
        meant = next((text for text in written(cell) if text in translated), None) if translated else None
        if meant is not None:  # a mark for missing is never stronger than what a value is said to mean
            cell = translated[meant]
        elif not column_map.marks(ours).isdisjoint(written(cell)):
            continue
        unit = column_map.units.get(ours)
        given[ours] = {"value": cell, "unit": unit} if unit else cell
    return given


def written(cell: Any) -> tuple[str, ...]:
    """How a cell may be named in a map: as it is written; 99.0, as columns with blanks become, also as 99; every way to give nothing also as ""."""
    text = "" if cell is None else str(cell)
    if is_nothing(cell):
        return (text, "")
    return (text, text.rstrip("0").rstrip(".")) if "." in text and not text.strip("+-.0123456789") else (text,)
