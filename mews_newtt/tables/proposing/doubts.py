"""A cell that a proposed plan refuses, or that can hardly be: what the questions about cells are made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.reading.plan.model import Where
from mews_newtt.tables.proposing.names import joined, rows_said

# The largest numbers of some bits: devices send them for no reading, and a chart may find them possible.
OF_DEVICES = {str(2**bits - 1) for bits in (8, 9, 11, 15, 16)}
REFUSE = "rows with it are refused"
MOST_NAMED = 10  # cells that one question quotes


class Doubt(NamedTuple):
    """A cell that is refused or hardly possible, of a column or a code, for one reading; `unit` is the cell of a unit column beside it."""

    where: Where
    ours: str
    cell: str
    why: str
    refused: bool
    unit: str = ""


Doubts = Counter[Doubt]


def quoted(doubts: Doubts, *, places: bool = True) -> str:
    """Cells as a question quotes them, each once, with its rows and where it is."""
    cells: dict[str, tuple[int, list[str]]] = {}
    for doubt, count in doubts.most_common():
        rows, names = cells.get(doubt.cell, (0, []))
        cells[doubt.cell] = rows + count, names if doubt.where.name in names else [*names, doubt.where.name]
    parts = [
        f"{cell[:60]!r} ({rows_said(rows)}{f' of {joined(names[:4])}' if places else ''})" for cell, (rows, names) in list(cells.items())[:MOST_NAMED]
    ]
    return joined(parts) + (f"; and {len(cells) - MOST_NAMED} more" if len(cells) > MOST_NAMED else "")


def without(doubts: Doubts, used: Iterable[Doubt]) -> Doubts:
    """The doubts that are left."""
    gone = set(used)
    return Counter({doubt: count for doubt, count in doubts.items() if doubt not in gone})
