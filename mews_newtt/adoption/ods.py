"""Transcription sheets as OpenDocument spreadsheets: what the house's reader of such files finds, as cells with their faults."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from mews_newtt.adoption.cells import MAX_CELLS, Cell, Grid, address
from mews_newtt.adoption.xlsx import SHEET, comment_told
from mews_newtt.errors import FileError, Problem

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"


def read_ods(name: str, content: bytes) -> Grid:
    """The cells of the sheet named Transcription, or of the only sheet there is."""
    try:
        from mews_newtt.tables.origins.workbook_ods import OdsBook  # batch extra
    except ImportError:
        mend = 'pip install "mews-newtt[batch]", or save the sheet as .xlsx or CSV UTF-8'
        raise FileError(Problem("extra_missing", name, "is an .ods sheet, which needs the batch extra", mend)) from None
    book = OdsBook(content, name)
    sheets = book.sheets()
    named = [sheet for sheet in sheets if sheet.name.strip().casefold() == SHEET.casefold()]
    if not named and len(sheets) != 1:
        raise FileError(Problem("sheet_not_found", name, f"has no sheet named {SHEET}", f"name the filled one {SHEET}"))
    chosen = (named or sheets)[0].name
    found = book.sheet(chosen)
    if max(found.rows, default=0) * 30 > MAX_CELLS:
        raise FileError(Problem("sheet_too_large", name, "has far more rows than a sheet", "take out what is not of the sheet"))
    marked = _marked(content, chosen)
    merged = {(row, column) for area in found.merged for row in range(area.top, area.bottom + 1) for column in range(area.left, area.right + 1)}
    rows: list[dict[int, Cell]] = [{} for _ in range(max(found.rows, default=0))]
    for row, cells in found.rows.items():
        for column, text in cells.items():
            place = address(row - 1, column - 1)
            where = f"{name}, cell {place}"
            fault = marked.get((row, column))
            problem = Problem(*fault[:1], where, *fault[1:]) if fault else None
            if (row, column) in found.struck_out:
                problem = Problem("cell_struck_out", where, f"{text!r} is struck out", "take it out, or take the stroke away")
            elif (row, column) in found.percents:
                problem = Problem("cell_percent", where, "is formatted as a percentage", "format it as text and write the number")
            elif (row, column) in found.dates:
                problem = Problem(
                    "cell_became_date",
                    where,
                    f"holds the date {text}",
                    "if a range such as 9-11 was meant, format the cell as text and write it again",
                )
            elif row in found.hidden_rows or column in found.hidden_columns:
                problem = Problem("cell_hidden", where, "is in a hidden row or column", "show it, or take it out")
            elif problem is not None and problem.code == "cell_comment":
                problem = comment_told(where)
            rows[row - 1][column - 1] = Cell(place, text.strip()[:10] if (row, column) in found.dates else text.strip(), problem)
    for row, column, says in found.errors:
        place = address(row - 1, column - 1)
        rows[row - 1][column - 1] = Cell(
            place, says, Problem("cell_error", f"{name}, cell {place}", f"holds the error {says}", "write the value itself")
        )
    for row, column in found.not_calculated:
        place = address(row - 1, column - 1)
        rows.extend({} for _ in range(row - len(rows)))
        rows[row - 1][column - 1] = Cell(place, "", Problem("cell_formula", f"{name}, cell {place}", "holds a formula", "write the value itself"))
    return Grid(name, hashlib.sha256(content).hexdigest(), rows, frozenset(f"{row - 1}:{column - 1}" for row, column in merged))


def _marked(content: bytes, sheet: str) -> dict[tuple[int, int], tuple[str, str, str]]:
    """Cells whose value is not their text alone: formulas, remarks, and texts of which a part is struck out, raised or lowered."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        root = ElementTree.fromstring(packed.read("content.xml"))  # OdsBook has looked at its size and its entities
    odd = {style.get(f"{_STYLE}name") for style in root.iter(f"{_STYLE}style") if _is_odd(style)}
    found = {}
    for page in root.iter(f"{_TABLE}table"):
        if (page.get(f"{_TABLE}name") or "") == sheet:
            for row, column, cell in _cells(page):
                spans = [part for part in cell.iter(f"{_TEXT}span") if part.get(f"{_TEXT}style-name") in odd]
                if cell.get(f"{_TABLE}formula") is not None:
                    found[row, column] = ("cell_formula", "holds a formula", "write the value itself")
                elif spans or cell.get(f"{_TABLE}style-name") in odd:
                    what = "has a part that is struck out, raised or lowered"
                    found[row, column] = ("cell_rich_text", what, "write the value alone; take out a footnote mark or what is struck out")
                elif cell.find(f"{_OFFICE}annotation") is not None:
                    found[row, column] = ("cell_comment", "", "")
    return found


def _is_odd(style: Any) -> bool:
    return any(
        part.get(f"{_STYLE}text-line-through-style") not in (None, "none")
        or str(part.get(f"{_STYLE}text-position") or "0%").split()[0] not in ("0%", "0")
        for part in style.iter(f"{_STYLE}text-properties")
    )


def _cells(page: Any) -> Iterator[tuple[int, int, Any]]:
    row = 1
    for line in page.iter(f"{_TABLE}table-row"):
        column = 1
        for cell in line:
            if not cell.tag.endswith("table-cell"):
                continue
            times = int(cell.get(f"{_TABLE}number-columns-repeated") or 1)
            if len(cell) or cell.get(f"{_TABLE}formula") is not None:
                for place in range(column, column + min(times, 1000)):
                    yield row, place, cell
            column += times
        row += int(line.get(f"{_TABLE}number-rows-repeated") or 1)
