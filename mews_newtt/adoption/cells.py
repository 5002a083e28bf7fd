"""A transcription sheet as cells with addresses, whatever file it came from."""

from __future__ import annotations

from typing import NamedTuple

from mews_newtt.errors import Problem

MAX_CELLS = 200_000  # a sheet is a few pages, never more


class Cell(NamedTuple):
    """The text at an address; a fault where the file holds something that no sheet should hold."""

    address: str
    text: str
    fault: Problem | None = None


class Grid(NamedTuple):
    """The cells of one worksheet that are not empty, by row."""

    name: str
    sha256: str
    rows: list[dict[int, Cell]]  # column (0 is A) to its cell
    merged: frozenset[str] = frozenset()  # row:column of every cell that a merged cell covers

    @property
    def texts(self) -> list[dict[int, str]]:
        """The text of every cell, without empty rows at the end."""
        last = max((place for place, row in enumerate(self.rows) if row), default=-1)
        return [{column: cell.text for column, cell in row.items()} for row in self.rows[: last + 1]]


def address(row: int, column: int) -> str:
    """A1 for row 0, column 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
