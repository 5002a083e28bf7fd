"""What the user's own file leaves open: columns, cells and words that were not read, and the map to paste.

A report says this before any word about the platform: what was not read here may be the reason for a disagreement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.suggest import map_file_text
from mews_newtt.scoring.wording import count

SHOWN_WORDS = 4


@dataclass
class UnreadCells:
    """Cells of one column that cannot be read for one reason.

    row : the first of their rows, as a spreadsheet numbers it; example: what its cell says
    disagree : how many of these rows disagree
    """

    column: str
    parameter: str
    title: str
    code: str
    what: str
    mend: str
    cells: int
    row: int
    example: str
    disagree: int = 0

    @property
    def says(self) -> str:
        name = self.title if self.column in (self.parameter, self.title) else f"{self.title} (column {self.column})"
        these = "1 cell is impossible" if self.cells == 1 else f"{self.cells:,} cells are impossible"
        if self.code != "reading_impossible":
            these = "1 cell cannot be read" if self.cells == 1 else f"{self.cells:,} cells cannot be read"
        where = f"row {self.row:,}" if self.cells == 1 else f"the first in row {self.row:,}"
        return f"{name}: {these}, {where}: {self.example!r} {self.what}. What to do: {self.mend}."

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "says": self.says}


@dataclass
class UnknownWords:
    """Words of one column that no map knows: how often each occurs, and what each may mean; empty where that is not plain."""

    column: str
    ours: str
    title: str
    allowed: tuple[str, ...]
    words: dict[str, int] = field(default_factory=dict)
    guesses: dict[str, str] = field(default_factory=dict)
    row: int = 0
    more: int = 0  # cells with further words

    @property
    def cells(self) -> int:
        return sum(self.words.values()) + self.more

    @property
    def named(self) -> str:
        """The column, and in words what it was read as, where its name does not say so."""
        stated = {"expected_total": "the total", "expected_level": "the level", "expected_status": "the status"}
        read_as = stated.get(self.ours, "points" if self.ours.startswith("expected_points_") else self.title)
        return self.column if self.column == self.ours else f"{self.column} ({read_as})"

    @property
    def says(self) -> str:
        named = ", ".join(f"{word!r} ({times:,})" for word, times in sorted(self.words.items(), key=lambda pair: -pair[1])[:5])
        rest = len(self.words) - 5
        named += f" and {count(rest, 'further word')}" if rest > 0 else ""
        answers = {"expected_total": "no whole number", "expected_level": "no level of the chart", "expected_status": "no status"}
        holds = answers.get(self.ours, "no whole number" if self.ours.startswith("expected_points_") else "words that are not known here")
        cells = f"{count(self.cells, 'cell')} {'holds' if self.cells == 1 else 'hold'}"
        return f"column {self.named}: {cells} {holds}: {named}; the first in row {self.row:,}."

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "allowed": list(self.allowed), "cells": self.cells, "says": self.says}


class FileSide(NamedTuple):
    """What the user's own file leaves open.

    columns_in_doubt : by column that was not read, why it may hold a reading
    cells : cells that cannot be read, by column and reason; words: words that no map knows, by column
    refused_rows, refused_wrong : rows with a cell that cannot be read, and those of them that count as disagreements for that reason alone
    """

    columns_in_doubt: Mapping[str, str] = {}
    cells: tuple[UnreadCells, ...] = ()
    words: tuple[UnknownWords, ...] = ()
    refused_rows: int = 0
    refused_wrong: int = 0

    @property
    def map_text(self) -> str:
        """The lines of a map file for the unknown words; a meaning that is not plain is left empty, to be filled in."""
        values = {each.ours: {word: each.guesses.get(word, "") for word in each.words} for each in self.words if each.words}
        if not values:
            return ""
        text = map_file_text(ColumnMap(values=values))
        tables = text[text.index("[values") :].rstrip("\n").split("\n")
        allowed = {f"[values.{each.ours}]": each.allowed for each in self.words}
        return "\n".join(f"{line}  # one of: {', '.join(allowed[line])}" if allowed.get(line) else line for line in tables)

    def own_words(self, cells: Mapping[str, int]) -> str:
        """What to say before a verdict: at least half of a column's answers are words that no map knows, or of its readings are impossible.

        `cells` : how many answers are compared, by column
        """
        compared = max(cells.values(), default=0)
        impossible = next((each for each in self.cells if each.code == "reading_impossible" and 2 * each.disagree >= compared), None)
        if impossible is not None and impossible.disagree:
            return f"Settle this first: {impossible.says} Then run again."
        told = [each for each in self.words if each.ours in cells and 2 * each.cells >= cells[each.ours]]
        if not told:
            return ""
        each = told[0]
        named = ", ".join(repr(word) for word in list(each.words)[:SHOWN_WORDS])
        return f"Column {each.named} holds words that no map knows, such as {named}: they may be the platform's own words. Map them, then run again."

    def says(self) -> list[str]:
        """In sentences, the most important first; without the map."""
        lines = [f"Look again: column {name} {why}." for name, why in self.columns_in_doubt.items()]
        lines += [each.says for each in self.cells if each.disagree or each.code != "reading_impossible"]  # a platform may refuse those too
        lines += [each.says for each in self.words]
        if self.refused_wrong:
            rows = "1 row has such a cell" if self.refused_rows == 1 else f"{self.refused_rows:,} rows have such a cell"
            wrong = "1 of them counts as a disagreement" if self.refused_wrong == 1 else f"{self.refused_wrong:,} of them count as disagreements"
            lines.append(f"{rows} and cannot be scored here; {wrong}, as a score is stated. That may be a fault of the file, not of the platform.")
        return lines

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns_in_doubt": dict(self.columns_in_doubt),
            "cells_not_read": [each.to_dict() for each in self.cells],
            "unknown_words": [each.to_dict() for each in self.words],
            "rows_with_such_cells": self.refused_rows,
            "of_these_counted_as_disagreements": self.refused_wrong,
            "says": self.says(),
            "map_to_paste": self.map_text,
        }


NOTHING_OPEN = FileSide()


def lines_to_paste(side: FileSide) -> Iterator[str]:
    """The map in lines, with what to do with it."""
    if side.map_text:
        yield "Put this into a map file, fill in what is empty, and run again with --map FILE.toml:"
        yield from ("    " + line for line in side.map_text.split("\n"))
