"""Cells of a table of text or values, as `values.read` and `ObservationSet` take them. Plain Python, one row or one cell at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.values import SKIP_PREFIX, is_missing


def given_of_row(row: Mapping[str, Any], column_map: ColumnMap, read: frozenset[str]) -> dict[str, Any]:
    """What a row gives: its cells by our names, as `given_of_cell` has them.

    Parameters
    ----------
    row : our name of each column to its cell
    read : the parameters that the chart reads; other columns are left out
    """
    cells = {ours: given_of_cell(ours, cell, column_map) for ours, cell in row.items() if ours.removeprefix(SKIP_PREFIX) in read}
    return {ours: cell for ours, cell in cells.items() if cell is not None}


def given_of_cell(ours: str, cell: Any, column_map: ColumnMap) -> Any:
    """One cell of a column: its value translated, None where a mark says that it is missing, a pair with the unit where the map gives one."""
    if isinstance(cell, str):
        cell = cell.strip()
    translated = column_map.values.get(ours)
    meant = next((text for text in spellings(cell) if text in translated), None) if translated else None
    if translated and meant is not None:  # what a value is said to mean is stronger than a mark for missing
        cell = translated[meant]
    elif not column_map.marks(ours).isdisjoint(spellings(cell)):
        return None
    unit = column_map.units.get(ours)
    return (cell, unit.strip()) if unit and cell is not None else cell


def spellings(cell: Any) -> tuple[str, ...]:
    """How a map may name a cell: as it is written; 99.0 (what a column with blanks makes of 99) also as 99; a missing value also as ""."""
    text = "" if cell is None else str(cell)
    if is_missing(cell):
        return (text, "")
    return (text, text.rstrip("0").rstrip(".")) if "." in text and not text.strip("+-.0123456789") else (text,)
