"""Reads sheets of workbooks as a source: which sheet, what its cells say as text, and what cannot be read as a table.

`workbook_xlsx` and `workbook_ods` take the files apart; the rules for both are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.header import LOOKED_AT, HeaderFound, Record, find_header
from mews_newtt.tables.origins.settings import MOST_COLUMNS, SettingNeeded
from mews_newtt.tables.origins.source_table import Notes, SourceBatch, SourceTable, batches_of, distinct_names, too_many_columns, with_index_name

MOST_UNPACKED = 100_000_000  # bytes of XML: in memory it takes many times as much
MOST_NAMED = 5  # cells or sheets in one message
OLD_WORKBOOK_PARTS = {"EncryptedPackage": "password", "Workbook": "old", "Book": "old"}
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MADE_A_DATE = re.compile(rf"(?:{_MONTHS})-\d{{1,2}}|\d{{1,2}}-(?:{_MONTHS})(?:-\d\d(?:\d\d)?)?|\d{{4}}-\d\d-\d\d(?:T00:00:00)?", re.IGNORECASE)


class Area(NamedTuple):
    """A merged area, by its first and last row and column, counted from 1."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{address(self.top, self.left)}:{address(self.bottom, self.right)}"


@dataclass
class Sheet:
    """One sheet: its cells as text, by row and column (counted from 1), and what is special about some of them."""

    name: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    not_calculated: list[tuple[int, int]] = field(default_factory=list)  # formulas without a stored result
    dates: set[tuple[int, int]] = field(default_factory=set)
    percents: list[tuple[int, int]] = field(default_factory=list)
    struck_out: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


class SheetName(NamedTuple):
    """A sheet of a workbook before its cells are looked at. `rows` is how many it may have; 0 for an empty one."""

    name: str
    hidden: bool
    rows: int


class Book(Protocol):
    """A workbook that a reader of its kind took apart."""

    def sheets(self) -> list[SheetName]: ...

    def sheet(self, name: str) -> Sheet: ...


def read_workbook(book: Book, kind: str, settings: SourceSettings, name: str) -> SourceTable:
    """One sheet of a workbook as a source."""
    notes = Notes()
    chosen = _choose(book.sheets(), settings.sheet, name, notes)
    sheet = book.sheet(chosen)
    where = f"{name}, sheet {chosen}"
    records = _records(sheet)
    found = find_header(records[: LOOKED_AT + (settings.header_line or 0)], settings, where, "row", notes)
    last = _last_row(records, settings.footer_lines or 0, notes)
    rows = [record for record in records if found.ends < record.first <= last]
    if any(record.cells[0] for record in rows):  # a margin has no cells
        found = found._replace(names=with_index_name(found.names, notes))
    used = _used_columns(found, rows, where)
    _check_cells(sheet, found, last, settings, where, notes)
    names = distinct_names([found.names[column - 1] for column in used], notes)
    columns = tuple(names)
    _note_cells(sheet, dict(zip(used, names, strict=True)), [record.first for record in rows], notes)
    complete = replace(settings, kind=kind, sheet=chosen, header_line=found.line)

    def batches(_: Notes) -> Iterator[SourceBatch]:
        cells = ((record.first, [sheet.rows[record.first].get(column) for column in used]) for record in rows)
        yield from batches_of(columns, cells)

    return SourceTable(where, complete, columns, "row", tuple(notes), batches)


def _choose(sheets: Sequence[SheetName], wanted: str | None, name: str, notes: Notes) -> str:
    """The sheet that is meant: the named one, or the only one that is visible and not empty."""
    names = ", ".join(repr(sheet.name) for sheet in sheets)
    if wanted is not None and wanted not in [sheet.name for sheet in sheets]:
        raise FileError(Problem("sheet_not_found", name, f"has no sheet {wanted!r}", f"its sheets are {names}"))
    filled = [sheet for sheet in sheets if sheet.rows and not sheet.hidden]
    if wanted is None and len(filled) > 1:
        said = ", ".join(f"{sheet.name!r} ({sheet.rows:,} rows)" for sheet in filled)
        likely = max(filled, key=lambda sheet: sheet.rows).name
        mend = f'give the one with the readings, such as sheet = "{likely}"'
        options = tuple((sheet.name, f"{sheet.rows:,} rows") for sheet in filled)
        raise SettingNeeded(Problem("sheet_needed", name, f"has several sheets: {said}", mend), "sheet", likely, options)
    if wanted is None and not filled:
        hidden = [sheet.name for sheet in sheets if sheet.rows]
        if hidden:
            what = f"has cells only in hidden sheets: {', '.join(map(repr, hidden))}"
            options = tuple((each, "hidden") for each in hidden)
            raise SettingNeeded(Problem("sheet_needed", name, what, "show the sheet, or give its name as sheet"), "sheet", hidden[0], options)
        raise FileError(Problem("file_empty", name, "has only empty sheets", "check how it was exported"))
    chosen = wanted if wanted is not None else filled[0].name
    for sheet in sheets:
        if sheet.name != chosen:
            how = "empty" if not sheet.rows else "hidden" if sheet.hidden else "other"
            notes.add("sheet_not_read", f"the {how} sheet {sheet.name!r} is not read")
    return chosen


def _records(sheet: Sheet) -> list[Record]:
    width = max((max(cells) for cells in sheet.rows.values() if cells), default=0)
    if width > MOST_COLUMNS:
        raise too_many_columns(sheet.name, width, MOST_COLUMNS)
    return [Record(row, row, [cells.get(column) for column in range(1, width + 1)]) for row, cells in sorted(sheet.rows.items()) if cells]


def _last_row(records: Sequence[Record], footer: int, notes: Notes) -> int:
    """The last row that is no footer."""
    if footer:
        notes.add("footer_lines", "rows at the end are not read", times=footer)
    kept = records[: len(records) - footer]
    return kept[-1].last if kept else 0


def _used_columns(found: HeaderFound, rows: Sequence[Record], where: str) -> list[int]:
    """The columns with a name; a column without one may hold nothing."""
    used = [column for column, each in enumerate(found.names, start=1) if each.strip()]
    named = set(used)
    for record in rows:
        stray = next((column for column, cell in enumerate(record.cells, start=1) if cell and column not in named), None)
        if stray:
            what = f"has a value in cell {address(record.first, stray)}, whose column has no name"
            raise FileError(Problem("column_unnamed", where, what, f"name the column in row {found.line}, or take the cell out"))
    return used


def _check_cells(sheet: Sheet, found: HeaderFound, last: int, settings: SourceSettings, where: str, notes: Notes) -> None:
    """Refuse what a table cannot hold: merged cells, errors of formulas, and formulas that were never calculated."""
    first = min(found.line or 1, found.ends or 1)
    problems = []
    areas = [area for area in sheet.merged if area.bottom >= first and area.top <= last]
    if areas and settings.merged_cells != "fill":
        mend = 'take the merging away; or give merged_cells = "fill" if each of the cells means the value shown'
        problems.append(Problem("cells_merged", where, f"has merged cells: {_some(map(str, areas), len(areas))}", mend))
    elif areas:
        for area in areas:
            _fill(sheet, area)
        notes.add("cells_filled", "merged areas gave their value to each of their cells", areas[0].top, len(areas))
    errors = [each for each in sheet.errors if found.ends < each[0] <= last]
    if errors and settings.formula_errors != "keep":
        said = _some((f"{text} in {address(row, column)}" for row, column, text in errors), len(errors))
        mend = 'mend the formulas; or give formula_errors = "keep": then the cells hold this text, which the plan can name as a missing mark'
        problems.append(Problem("formula_errors", where, f"has errors of formulas: {said}", mend))
    elif errors:
        notes.add("formula_errors", "errors of formulas are given as their text", errors[0][0], len(errors))
    open_ones = [each for each in sheet.not_calculated if found.line <= each[0] <= last]
    if open_ones:
        said = _some((address(*each) for each in open_ones), len(open_ones))
        what = f"has formulas without a stored result: {said}"
        mend = "open the workbook in a spreadsheet program and save it, so that it is calculated"
        problems.append(Problem("formula_not_calculated", where, what, mend))
    if problems:
        raise FileError(problems)


def _fill(sheet: Sheet, area: Area) -> None:
    value = sheet.rows.get(area.top, {}).get(area.left)
    for row in range(area.top, area.bottom + 1):
        for column in range(area.left, area.right + 1):
            if value is not None and row in sheet.rows:
                sheet.rows[row][column] = value


def _note_cells(sheet: Sheet, names: dict[int, str], rows: Sequence[int], notes: Notes) -> None:
    """What a person should know about cells: dates among other values, percentages, struck-out and hidden ones."""
    inside = set(rows)
    for column, each in names.items():
        filled = [row for row in rows if column in sheet.rows[row]]
        dated = [row for row in filled if (row, column) in sheet.dates]
        if dated and len(dated) < len(filled):
            what = f"some cells of the column {each!r} are dates and others are not: a spreadsheet may have made dates of readings"
            _add(notes, "dates_among_others", what, dated)
        shown = [row for row, place in sheet.percents if place == column and row in inside]
        _add(notes, "percent_cells", f"cells of the column {each!r} are shown as percentages: they are given as shown (98%, not 0.98)", shown)
        struck = [row for row, place in sheet.struck_out if place == column and row in inside]
        _add(notes, "struck_out", f"cells of the column {each!r} are struck out; they are read as the others", struck)
        if column in sheet.hidden_columns:
            notes.add("hidden_column", f"the column {each!r} is hidden; it is read as the others")
    _add(notes, "hidden_rows", "hidden rows are read as the others", [row for row in rows if row in sheet.hidden_rows])


def _add(notes: Notes, code: str, what: str, rows: Sequence[int]) -> None:
    for row in rows:
        notes.add(code, what, row)


def _some(texts: Iterator[str] | map[str], count: int) -> str:
    first = [text for text, _ in zip(texts, range(MOST_NAMED), strict=False)]
    return ", ".join(first) + (f" and {count - MOST_NAMED} more" if count > MOST_NAMED else "")


def address(row: int, column: int) -> str:
    """A cell as spreadsheets name it: B12."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return f"{letters}{row}"


def cell_text(value: object) -> str | None:
    """A value of a cell as text: a number with the fewest digits that say it, a date or a time as ISO 8601."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(repr(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return str(value)


def number_text(digits: str) -> str:
    """A number without an exponent and without zeros that say nothing: 120 of 120.0."""
    number = Decimal(digits)
    if not number:
        return "0"
    if not number.is_finite():
        return digits
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def percent_text(digits: str) -> str:
    """A number that is shown as a percentage: 98% of 0.98."""
    return f"{number_text(str(Decimal(digits).scaleb(2)))}%"


def made_a_date(text: str) -> bool:
    """Whether a cell looks like a reading of which a spreadsheet made a date: `Feb-80` or `12-Mar`, and the ISO date of such a cell."""
    return bool(_MADE_A_DATE.fullmatch(text.strip()))


def refuse_old_workbook(body: bytes, name: str) -> None:
    """Refuse what is in the container of old Office files: a workbook with a password, or an .xls one."""
    means = next((what for part, what in OLD_WORKBOOK_PARTS.items() if part.encode("utf-16-le") in body), "other")
    if means == "password":
        what, mend = "is protected by a password", "open it in the spreadsheet program, remove the password, and save it again"
        raise FileError(Problem("workbook_password", name, what, mend))
    what = "is a workbook of the old kind (.xls)" if means == "old" else "is an old Office file without a workbook"
    raise FileError(Problem("workbook_old", name, what, "open it in a spreadsheet program and save it as .xlsx, or as CSV UTF-8"))
