"""Takes an Excel workbook apart, by openpyxl. Cells that Excel shows as dates, percentages or errors are marked as such."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from datetime import datetime, time
from importlib import import_module
from typing import Any

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.origins.workbook import MOST_UNPACKED, Area, Sheet, SheetName, cell_text, percent_text

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    OSError,
    EOFError,
    SyntaxError,
    AttributeError,
    IndexError,
    NotImplementedError,
)


def _openpyxl() -> Any:
    try:
        return import_module("openpyxl")
    except ImportError:
        mend = 'pip install "mews-newtt[plan]", or save the sheet as CSV UTF-8'
        raise FileError(Problem("extra_missing", "an Excel workbook", "needs openpyxl, which is not installed", mend)) from None


class XlsxBook:
    """A workbook that is held in memory."""

    def __init__(self, body: bytes, name: str):
        openpyxl = _openpyxl()
        self._name, self._body, self._openpyxl = name, body, openpyxl
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                    raise FileError(Problem("file_too_large", name, "unpacks to more than is read", "save the sheet as CSV UTF-8"))
                if any(entry.flag_bits & 1 for entry in packed.infolist()):
                    raise FileError(Problem("workbook_password", name, "is protected by a password", "remove the password, and save it again"))
            self._book = self._load(data_only=True)
        except _FAULTS as fault:
            raise self._damaged(fault) from None

    def _load(self, *, data_only: bool) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are no cells: styles, checks of input, headers of printed pages
            return self._openpyxl.load_workbook(io.BytesIO(self._body), data_only=data_only)

    def _damaged(self, fault: Exception) -> FileError:
        what = f"cannot be read as an Excel workbook ({type(fault).__name__}): it may be cut off or damaged"
        return FileError(Problem("not_readable", self._name, what, "copy it again, or open it in a spreadsheet program and save it again"))

    def sheets(self) -> list[SheetName]:
        """Every sheet with cells of its own; sheets that are one chart have none."""
        found = [SheetName(sheet.title, sheet.sheet_state != "visible", _filled_rows(sheet)) for sheet in self._book.worksheets]
        return found + [SheetName(sheet.title, sheet.sheet_state != "visible", 0) for sheet in self._book.chartsheets]

    def sheet(self, name: str) -> Sheet:
        page = self._book[name]
        found = Sheet(name)
        if not hasattr(page, "iter_rows"):
            return found
        strikes = any(font.strike for font in self._book._fonts)
        blank: list[tuple[int, int]] = []
        for place, cell in sorted(page._cells.items()):  # only those that are there: a stray one far away costs nothing
            if cell.value is not None:
                self._keep(cell, found, strikes)
            elif cell.data_type == "n":  # a formula whose result is an empty text has another type
                blank.append(place)
        found.merged = [Area(area.min_row, area.min_col, area.max_row, area.max_col) for area in page.merged_cells.ranges]
        found.hidden_rows = {row for row, size in page.row_dimensions.items() if size.hidden}
        for size in page.column_dimensions.values():
            if size.hidden and size.min and size.max:
                found.hidden_columns |= set(range(size.min, min(size.max, 20_000) + 1))
        found.not_calculated = self._open_formulas(name, blank)
        return found

    def _keep(self, cell: Any, found: Sheet, strikes: bool) -> None:
        place, value = (cell.row, cell.column), cell.value
        if cell.data_type == "e":
            found.errors.append((*place, str(value)))
            text: str | None = str(value)
        elif cell.data_type == "n" and isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
            found.percents.append(place)
            text = percent_text(repr(value))
        elif isinstance(value, datetime) and value.time() == time() and "h" not in (cell.number_format or "").lower():
            text = value.date().isoformat()  # a day, without a time of day
        else:
            text = cell_text(value)
        if text is None or not text.strip():
            return
        if cell.data_type == "d":
            found.dates.add(place)
        if strikes and cell.font is not None and cell.font.strike:
            found.struck_out.append(place)
        found.rows.setdefault(cell.row, {})[cell.column] = text

    def _open_formulas(self, name: str, blank: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Cells with a formula but no result: a program that does not calculate wrote the workbook. Without this they would be blank."""
        if not blank:
            return []
        with zipfile.ZipFile(io.BytesIO(self._body)) as packed:
            sheets = [entry for entry in packed.namelist() if entry.startswith("xl/worksheets/") and entry.endswith(".xml")]
            if not any(b"<f" in packed.read(entry) or b":f>" in packed.read(entry) for entry in sheets):
                return []
        formulas = self._load(data_only=False)[name]
        return [place for place in blank if (cell := formulas._cells.get(place)) is not None and cell.data_type == "f"]


def _filled_rows(sheet: Any) -> int:
    """How many rows a sheet has down to its last cell that holds something."""
    rows = [row for (row, _), cell in sheet._cells.items() if cell.value is not None]
    return max(rows) if rows else 0
