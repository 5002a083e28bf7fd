"""`ReadingReport`: what a plan read from a file, what it changed, what it refused, and what it did not read. For people, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mews_newtt.errors import short
from mews_newtt.reading.plan.cells import Piece
from mews_newtt.reading.plan.model import Plan, Where

PLACES = 5  # first places of a reason that are named
WORDS = 200  # distinct words, ranges and units that are listed for one parameter; the rest is counted
FILE_STEP = 1 << 40  # of several files that are read together, the number of a row is that in its file, and so much more for each file before
SHOWN = 8  # of a list in the lines for the terminal


@dataclass
class Became:
    """One column or code of the source: what it is read as, and how many of its cells were blank, marked as missing, read and refused."""

    name: str
    is_code: bool
    read_as: tuple[str, ...] = ()
    note: str = ""
    cells: int = 0
    blank: int = 0
    marked_missing: int = 0
    read: int = 0
    refused: int = 0

    def to_dict(self) -> dict[str, Any]:
        numbers = {"cells": self.cells, "blank": self.blank, "marked_missing": self.marked_missing, "read": self.read, "refused": self.refused}
        return {"code" if self.is_code else "column": self.name, "read_as": list(self.read_as), "note": self.note, **numbers}


@dataclass
class Refused:
    """Cells of one place that were refused for one reason, with the first of them."""

    where: str
    reason: str
    cells: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, cells: int, row: int, cell: str) -> None:
        self.cells += cells
        if len(self.first) < PLACES:
            self.first.append((row, short(cell)))

    def to_dict(self, files: Sequence[str] = ()) -> dict[str, Any]:
        first = [{**_place(row, files), "cell": cell} for row, cell in self.first]
        return {"where": self.where, "reason": self.reason, "cells": self.cells, "first": first}


class ReadingReport:
    """What became of every column, code and row of a source.

    rows : of the source; sets : that were made of them
    became : every column and code; not_read: those that nothing was read from
    converted, words, ranges : by parameter, what was converted, mapped and read as one band, with the number of cells
    left_out : rows that do not count, by reason, with the first of them
    notes : of whoever read the file itself
    files : their names, where several were read together
    """

    def __init__(self, plan: Plan, source: str = "", files: Sequence[str] = ()):
        self.plan, self.source, self.files = plan, source, tuple(files)
        self.rows = self.sets = 0
        self.became: dict[Where, Became] = {}
        self.refused: dict[tuple[str, str], Refused] = {}
        self.converted: dict[str, Counter[str]] = {}
        self.words: dict[str, Counter[tuple[str, str]]] = {}
        self.ranges: dict[str, Counter[tuple[str, str]]] = {}
        self.left_out: dict[str, Refused] = {}
        self.notes: list[dict[str, Any]] = []  # what was noted when the file itself was read, each with `what` and `times`
        self.sets_merged = self.repeated_alike = self.repeated_differing = self.superseded = 0

    def knows(self, where: Where, read_as: Iterable[str] = (), note: str = "") -> Became:
        """The entry of a column or code; made when it is first named."""
        found = self.became.get(where)
        if found is None:
            found = self.became[where] = Became(where.name, where.is_code, tuple(read_as), note)
        return found

    def count(self, where: Where, cell: str | None, pieces: Iterable[Piece], cells: int, row: int) -> None:
        """Count equal cells of one place. `row` is the first of them, as a person finds it in the file."""
        entry = self.knows(where)
        entry.cells += cells
        hows, said = set[str](), set[str]()
        for piece in pieces:
            hows.add(piece.how)
            ours = piece.out.partition("@")[0]
            if piece.how == "refused" and piece.detail not in said:
                said.add(piece.detail)
                self.refuse(where.says, piece.detail, cells, row, cell or "")
            elif piece.how == "converted":
                self.converted.setdefault(ours, Counter())[piece.detail] += cells
            elif piece.how == "word":
                self.words.setdefault(ours, Counter())[cell or "", piece.detail] += cells
            elif piece.how == "range":
                self.ranges.setdefault(ours, Counter())[cell or "", piece.detail] += cells
        if "refused" in hows:
            entry.refused += cells
        elif hows - {"blank", "mark"}:
            entry.read += cells
        elif "mark" in hows:
            entry.marked_missing += cells
        else:
            entry.blank += cells

    def count_columns(self) -> None:
        """Columns whose cells were not looked at one by one have a cell in every row."""
        for where, entry in self.became.items():
            if not where.is_code and not entry.cells:
                entry.cells, entry.read = self.rows, self.rows if entry.read_as else 0

    def refuse(self, where: str, reason: str, cells: int, row: int, cell: str) -> None:
        self.refused.setdefault((where, reason), Refused(where, reason)).add(cells, row, cell)

    def leave_out(self, reason: str, rows: int, row: int, cell: str) -> None:
        self.left_out.setdefault(reason, Refused("rows", reason)).add(rows, row, cell)

    def columns_left(self, named: Iterable[str]) -> list[str]:
        """Columns that nothing was read from, and that are not named yet."""
        known = set(named)
        return [entry.name for where, entry in self.became.items() if not where.is_code and not entry.read_as and entry.name not in known]

    @property
    def not_read(self) -> list[str]:
        """Columns and codes that nothing was read from."""
        return [entry.name for entry in self.became.values() if not entry.read_as]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "schema_version": 1,
            "plan": self.plan.to_dict(),
            "source": self.source,
            **({"files": list(self.files)} if self.files else {}),
            "rows": self.rows,
            "sets": self.sets,
            "columns": [entry.to_dict() for where, entry in self.became.items() if not where.is_code],
            "codes": [entry.to_dict() for where, entry in self.became.items() if where.is_code],
            "not_read": {
                "columns": [entry.name for where, entry in self.became.items() if not where.is_code and not entry.read_as],
                "codes": [entry.name for where, entry in self.became.items() if where.is_code and not entry.read_as],
            },
            "refused": [entry.to_dict(self.files) for entry in sorted(self.refused.values(), key=lambda one: -one.cells)],
            "converted": {ours: dict(counts.most_common(WORDS)) for ours, counts in self.converted.items()},
            "words": {ours: _words(counts, "means") for ours, counts in self.words.items()},
            "ranges": {ours: _words(counts, "read_as") for ours, counts in self.ranges.items()},
            "rows_left_out": [entry.to_dict(self.files) for entry in self.left_out.values()],
            "sets_merged": self.sets_merged,
            "repeated_alike": self.repeated_alike,
            "repeated_differing": self.repeated_differing,
            "superseded": self.superseded,
            "notes": self.notes,
        }

    def says(self) -> list[str]:
        """The report in a few lines."""
        lines = [f"read by the plan {self.plan.name}: {_number(self.rows, 'row')}, {_number(self.sets, 'set')}"]
        lines += [f"files read together: {len(self.files):,}"] if self.files else []
        for title, counts in (("converted", self.converted),):
            parts = [f"{ours} from {unit} {cells}" for ours, units in counts.items() for unit, cells in units.items()]
            lines += [f"{title}: {_some(parts)}"] if parts else []
        mapped = {ours: sum(counts.values()) for ours, counts in self.words.items()}
        lines += ["words mapped: " + _some([f"{ours} {cells}" for ours, cells in mapped.items()])] if mapped else []
        ranges = [f"{cell} as {value} ({ours}, {cells})" for ours, counts in self.ranges.items() for (cell, value), cells in counts.items()]
        lines += [f"ranges read as one band: {_some(ranges)}"] if ranges else []
        for entry in self.left_out.values():
            lines.append(f"rows left out: {entry.reason}: {entry.cells}, first row {row_says(entry.first[0][0], self.files)}")
        if self.sets_merged:
            repeated = f"readings given twice alike: {self.repeated_alike}, differing: {self.repeated_differing}"
            lines.append(f"sets made of several rows: {self.sets_merged}; {repeated}")
        lines += [f"readings superseded by a newer row: {self.superseded}"] if self.superseded else []
        for refused in sorted(self.refused.values(), key=lambda one: -one.cells)[:SHOWN]:
            row, cell = refused.first[0]
            first = f"first {cell!r} in row {row_says(row, self.files)}"
            lines.append(f"refused: {refused.where}: {refused.reason}: {_number(refused.cells, 'cell')}, {first}")
        codes = [entry.name for where, entry in self.became.items() if where.is_code and not entry.read_as]
        lines += [f"codes not read: {_some(codes)}"] if codes else []
        lines += [f"noted: {note['what']}" + (f" ({note['times']} times)" if note.get("times", 1) > 1 else "") for note in self.notes]
        return lines


def _place(row: int, files: Sequence[str]) -> dict[str, Any]:
    return {"file": files[row // FILE_STEP], "row": row % FILE_STEP} if files else {"row": row}


def row_says(row: int, files: Sequence[str]) -> str:
    """The number of a row as people find it; of several files that were read together, with the file."""
    return f"{row % FILE_STEP} of {files[row // FILE_STEP]}" if files else str(row)


def _words(counts: Mapping[tuple[str, str], int], title: str) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    listed = [{"cell": short(cell), title: meaning, "cells": cells} for (cell, meaning), cells in ordered[:WORDS]]
    more = sum(cells for _, cells in ordered[WORDS:])
    return [*listed, {"cell": f"{len(ordered) - WORDS} more", title: "", "cells": more}] if more else listed


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _some(parts: list[str]) -> str:
    return ", ".join(parts[:SHOWN]) + (f", and {len(parts) - SHOWN} more" if len(parts) > SHOWN else "")
