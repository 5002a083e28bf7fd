"""Finds the line that names the columns, among title lines, units and rows. The same rules for text files and for sheets of a workbook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.settings import SettingNeeded
from mews_newtt.tables.origins.source_table import Notes

LOOKED_AT = 50  # records at the start
_VALUE = re.compile(r"""\s*(?:['"]|=")?[<>]?[-+]?[.,]?\d""")  # starts as a number, a date or a time does


class Record(NamedTuple):
    """The cells of one record; it goes from the line `first` to the line `last` (for a sheet, both are the row)."""

    first: int
    last: int
    cells: Sequence[str | None]

    @property
    def filled(self) -> int:
        return sum(1 for cell in self.cells if cell and cell.strip())


class HeaderFound(NamedTuple):
    """The names of the columns, and the last line before the rows. A name is empty where a column has none."""

    names: list[str]
    line: int  # 0 where no line has the names
    ends: int


def find_header(records: Sequence[Record], settings: SourceSettings, name: str, line: str, notes: Notes) -> HeaderFound:
    """The header among the first records of a source.

    Parameters
    ----------
    line : what the source counts: line or row

    Raises
    ------
    SettingNeeded  the header is not certain: title lines before it, two lines of names, or none
    """
    there = [record for record in records if record.filled]
    if not there:
        raise FileError(Problem("file_empty", name, "is empty", "give a file with the names of the columns and at least one row"))
    header = _told(there, settings.header_line, name, line) if settings.header_line is not None else _found(there, name, line)
    if header is None:
        width = max(len(record.cells) for record in there)
        return HeaderFound([f"column {number}" for number in range(1, width + 1)], 0, settings.skip_lines or 0)
    rows = [record for record in there if record.first > header.last]
    if settings.skip_lines is None and rows:
        _check_second(header, rows, name, line)
    before = [record for record in there if record.first < header.first]
    if before:
        notes.add("title_lines", f"{line}s before the names of the columns are not read", before[0].first, len(before))
    if settings.skip_lines:
        notes.add("lines_skipped", f"{line}s behind the names of the columns are not read", header.last + 1, settings.skip_lines)
    return HeaderFound([(cell or "").strip("\ufeff") for cell in header.cells], header.first, header.last + (settings.skip_lines or 0))


def _told(there: Sequence[Record], number: int, name: str, line: str) -> Record | None:
    if number == 0:
        return None
    found = next((record for record in there if record.first == number), None)
    if found is None:
        what = f"has no names of columns in {line} {number}, as header_line says"
        raise FileError(Problem("header_line", name, what, f"the first {line} with cells is {there[0].first}: give the {line} with the names"))
    return found


def _found(there: Sequence[Record], name: str, line: str) -> Record:
    most = max(record.filled for record in there)
    header = next((record for record in there if record.filled * 2 > most and _is_names(record)), None)
    if header is None:
        what = f"{line} {there[0].first} holds values, and no {line} names the columns"
        mend = "add the names of the columns; or give header_line = 0, then the columns are called column 1, column 2 and so on"
        raise SettingNeeded(Problem("header_missing", name, what, mend), "header_line")
    if header is not there[0]:
        titles = f"{line} {there[0].first} is" if header is there[1] else f"{line}s {there[0].first} to {there[there.index(header) - 1].last} are"
        what = f"{titles} not like the header; {line} {header.first} seems to name the columns"
        mend = f"give header_line = {header.first} if it does, else the {line} that does"
        raise SettingNeeded(Problem("header_unclear", name, what, mend), "header_line", header.first)
    return header


def _is_names(record: Record) -> bool:
    """Whether most cells of a record may be names: text that does not start as a number does."""
    cells = [cell for cell in record.cells if cell and cell.strip()]
    return sum(1 for cell in cells if _VALUE.match(cell)) * 2 < len(cells)


def _check_second(header: Record, rows: Sequence[Record], name: str, line: str) -> None:
    """Refuse a second line of names or units: words in columns whose other cells are all values."""
    second, others = rows[0], rows[1:]
    words = values = 0
    for place, cell in enumerate(second.cells):
        below = [cells[place] for _, _, cells in others if place < len(cells)]
        filled = [text for text in below if text and text.strip()]
        if filled and all(_VALUE.match(text) for text in filled):
            values += 1
            words += bool(cell and cell.strip() and not _VALUE.match(cell))
    unnamed = [place for place, cell in enumerate(header.cells) if not (cell or "").strip()]
    named_below = [place for place in unnamed if place < len(second.cells) and (second.cells[place] or "").strip()]
    groups = bool(named_below) and second.filled >= header.filled and not any(cell and _VALUE.match(cell) for cell in second.cells)
    if not groups and (words < 2 or words * 2 <= values):
        return
    what = f"{line} {second.first} has words where the {line}s below have values: the columns may have two {line}s of names, or of units"
    behind = second.last - header.last
    mend = (
        f"give skip_lines = {behind} if {line} {header.first} has the names, header_line = {second.first} if {line} {second.first} has them, "
        f"or skip_lines = 0 if {line} {second.first} is a row"
    )
    setting, likely = ("header_line", second.first) if groups else ("skip_lines", behind)
    raise SettingNeeded(Problem("header_rows", name, what, mend), setting, likely, ((header.first, "names"), (second.first, "names or units")))
