"""A column of a file that a plan is proposed for: its name and its distinct cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from mews_newtt.reading.column_names import words_of

NUMBER = re.compile(r"""['"=]*[-+<>]?\d+(?:[.,·]\d+)?.{0,12}""")


class Column(NamedTuple):
    """A column of the file: its distinct cells that are not blank, with their numbers. `called`: the words of its name, if the name is a number."""

    name: str
    cells: Counter[str]
    called: str = ""

    @classmethod
    def of(cls, name: str, column: pl.Series, most: int, called: str = "") -> Column:
        texts = pl.DataFrame({"cell": column.str.strip_chars()}).drop_nulls()
        counts = texts.group_by("cell", maintain_order=True).len().sort("len", descending=True, maintain_order=True)
        cells = Counter({cell: count for cell, count in counts.head(most).iter_rows() if cell})
        return cls(name, cells, called)

    @property
    def words(self) -> tuple[str, ...]:
        return words_of(self.title)

    @property
    def title(self) -> str:
        """The words by which the file calls the column."""
        return self.called or self.name

    def share(self, cells: Iterable[str]) -> float:
        """How much of the column some of its cells are."""
        return sum(self.cells[cell] for cell in cells) / max(1, self.cells.total())

    def examples(self) -> str:
        return ", ".join(repr(cell[:30]) for cell in list(self.cells)[:3])
