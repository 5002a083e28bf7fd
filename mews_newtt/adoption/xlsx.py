"""Transcription sheets as spreadsheets: writes an empty one, reads a filled one. The only place that needs openpyxl."""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from mews_newtt.adoption.cells import MAX_CELLS, Cell, Grid, address
from mews_newtt.errors import FileError, Problem

MAX_UNPACKED = 100_000_000
SHEET = "Transcription"
WIDTHS = (24, 30, 30, 22, 12, 14, 16, 24, 24, 24, 24)  # of the columns, in characters


def _openpyxl(part: str = "") -> Any:
    try:
        return import_module(f"openpyxl{part}")
    except ImportError:
        mend = 'pip install "mews-newtt[adopt]", or save the sheet as CSV UTF-8'
        raise FileError(Problem("extra_missing", "an .xlsx sheet", "needs openpyxl, which is not installed", mend)) from None


def read_xlsx(name: str, content: bytes) -> Grid:
    """The cells of the sheet named Transcription, or of the only sheet there is."""
    openpyxl = _openpyxl()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise FileError(Problem("sheet_too_large", name, "unpacks to far more than a sheet", "save the sheet again"))
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=False, rich_text=True)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as fault:
        raise FileError(
            Problem("not_xlsx", name, f"cannot be read as an .xlsx file: {fault}", "open it in a spreadsheet and save it again")
        ) from None
    named = [sheet for sheet in book.worksheets if sheet.title.strip().casefold() == SHEET.casefold()]
    if not named and len(book.worksheets) != 1:
        raise FileError(Problem("sheet_not_found", name, f"has no sheet named {SHEET}", f"name the filled one {SHEET}"))
    sheet = named[0] if named else book.worksheets[0]
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise FileError(Problem("sheet_too_large", name, f"spans {sheet.dimensions}", "take out what is not of the sheet"))
    merged = {
        (row, column): area
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    rows: list[dict[int, Cell]] = []
    for r, row in enumerate(sheet.iter_rows()):
        found: dict[int, Cell] = {}
        for c, cell in enumerate(row):
            area = merged.get((r + 1, c + 1))
            down = area is not None and area.min_col == area.max_col and area.min_row < r + 1  # one value for several rows
            read = _cell(name, sheet.cell(area.min_row, area.min_col) if down and area is not None else cell, address(r, c))
            if read is None and getattr(cell, "comment", None) is not None:
                read = Cell(address(r, c), "")
            if read is not None and read.fault is None and getattr(cell, "comment", None) is not None:
                read = read._replace(fault=comment_told(f"{name}, cell {address(r, c)}"))
            if read is not None:
                found[c] = _hidden(sheet, name, r, c, cell.column_letter if hasattr(cell, "column_letter") else "", read)
        rows.append(found)
    covered = frozenset(f"{row - 1}:{column - 1}" for row, column in merged)
    return Grid(name, hashlib.sha256(content).hexdigest(), rows, covered)


def comment_told(where: str) -> Problem:
    """The warning that a cell has a comment."""
    return Problem("cell_comment", where, "has a comment, which is not read", "write what belongs to the chart into a cell", warning=True)


def _hidden(sheet: Any, name: str, r: int, c: int, letter: str, cell: Cell) -> Cell:
    hidden = sheet.row_dimensions[r + 1].hidden or bool(letter and sheet.column_dimensions[letter].hidden)
    if hidden and (cell.fault is None or cell.fault.warning):
        return cell._replace(fault=Problem("cell_hidden", f"{name}, cell {address(r, c)}", "is in a hidden row or column", "show it, or take it out"))
    return cell


def _cell(name: str, cell: Any, place: str) -> Cell | None:
    """One cell as text. What a spreadsheet changed on its own (a date, a formula) is a fault."""
    value = cell.value
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    where = f"{name}, cell {place}"

    def faulty(code: str, what: str, mend: str) -> Cell:
        return Cell(place, str(value), Problem(code, where, what, mend))

    if not isinstance(value, str | int | float | bool | date):
        marked = next((text for text, font in _runs(value) if font is not None and (font.strike or _raised(font))), None)
        if marked is not None:
            what = f"holds {str(value)!r}, in which {marked!r} is struck out, raised or lowered"
            return faulty("cell_rich_text", what, "write the value alone; take out a footnote mark or what is struck out")
        value = str(value)
    if cell.font is not None and _raised(cell.font):
        return faulty("cell_rich_text", f"{value!r} is raised or lowered, as a footnote mark is", "write the value in plain text, or take it out")
    if cell.font is not None and cell.font.strike:
        return faulty("cell_struck_out", f"{value!r} is struck out", "take it out, or take the stroke away")
    if cell.data_type == "f":
        return faulty("cell_formula", "holds a formula", "write the value itself")
    if cell.data_type == "e":
        return faulty("cell_error", f"holds the error {value}", "write the value itself")
    if isinstance(value, bool):
        return Cell(place, "yes" if value else "no")
    if isinstance(value, datetime):
        return Cell(place, value.date().isoformat(), _date_fault(where, value.date()))
    if isinstance(value, date):
        return Cell(place, value.isoformat(), _date_fault(where, value))
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            return faulty(
                "cell_percent", "is formatted as a percentage, so what is shown is not what is stored", "format it as text and write the number"
            )
        number = Decimal(repr(value))
        if not number.is_finite() or len(number.normalize().as_tuple().digits) > 10:
            return faulty("cell_long_number", f"holds {value!r}, which shows as something shorter", "write the number again, as text")
        text = format(number.normalize(), "f")
        if not _shown_whole(cell.number_format or "", text):
            what = f"holds {text}, and its number format ({cell.number_format}) shows something else"
            return faulty("cell_shows_other", what, "format it as text and write what the document prints")
        return Cell(place, text)
    if ";;" in (cell.number_format or ""):
        return faulty("cell_shows_other", f"holds {value!r}, and its format shows nothing", "format it as text")
    if not isinstance(value, str):
        return faulty("cell_kind", f"holds a {type(value).__name__}", "write it as text")
    return Cell(place, value.strip())


def _shown_whole(number_format: str, number: str) -> bool:
    """Whether a format shows this number as it is: not rounded, and without words beside it."""
    said = number_format.strip().casefold()
    if said in ("", "general", "@"):
        return True
    plain = re.fullmatch(r"(?:#,##)?0+(?:\.(0+))?", said)
    return plain is not None and len(number.partition(".")[2]) <= len(plain[1] or "")


def _runs(value: Any) -> list[tuple[str, Any]]:
    """The parts of a text whose parts look different, each with its font."""
    if not isinstance(value, list):  # a kind of cell that no sheet should hold; it is reported as such
        return []
    return [(part, None) if isinstance(part, str) else (part.text, part.font) for part in value]


def _raised(font: Any) -> bool:
    return getattr(font, "vertAlign", None) in ("superscript", "subscript")


def _date_fault(where: str, found: date) -> Problem:
    """The fault of a date where none is wanted: spreadsheets turn 9-11 into one."""
    return Problem(
        "cell_became_date",
        where,
        f"holds the date {found.isoformat()}",
        "if a range such as 9-11 was meant, format the cell as text and write it again",
    )


def write_xlsx(path: Path, rows: Sequence[Sequence[str | int | None]], headings: set[int], titles: set[int], guide: Sequence[str]) -> None:
    """A workbook with the sheet, every cell as text, and the guide beside it."""
    openpyxl = _openpyxl()
    styles, unwritable = _openpyxl(".styles"), _openpyxl(".cell.cell").ILLEGAL_CHARACTERS_RE
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    line = styles.Side(style="thin", color="BBBBBB")
    asked = 0  # columns that the section's heading names: their cells get a frame, to show what to fill in
    for r, row in enumerate(rows, start=1):
        title, heading = r - 1 in titles, r - 1 in headings
        asked = len([text for text in row if text]) if heading else asked if any(row) and not title else 0
        for c in range(1, max(len(row), len(WIDTHS)) + 1):
            value = row[c - 1] if c <= len(row) else None
            cell = sheet.cell(r, c)
            cell.number_format = "@"  # text: nothing is turned into a date
            if value is not None and value != "":
                cell.value = unwritable.sub("", str(value))
                cell.data_type = "s"
            if title or heading:
                cell.font = styles.Font(bold=True, size=13 if title else 11)
                cell.fill = styles.PatternFill("solid", fgColor="DDE6F0" if title else "EEEEEE")
            if c <= asked:
                cell.border = styles.Border(left=line, right=line, top=line, bottom=line)
            cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
        lines = [math.ceil(1.2 * len(str(text)) / width) for text, width in zip(row, WIDTHS, strict=False) if text]
        sheet.row_dimensions[r].height = (18 if title else 15) * max([1, *lines])
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + place)].width = width
    help_sheet = book.create_sheet("Guide")
    help_sheet.column_dimensions["A"].width = 120
    for r, line in enumerate(guide, start=1):
        cell = help_sheet.cell(r, 1, line or None)
        cell.alignment = styles.Alignment(wrap_text=True)
        if line:
            cell.data_type = "s"
    for page in (sheet, help_sheet):
        page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
        page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True  # one page wide, as long as it is
    book.save(path)
