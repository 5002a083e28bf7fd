"""Takes an OpenDocument spreadsheet apart. Its cells hold their exact values as attributes, so that no spreadsheet library is needed.

The libraries at hand were tried: they give a cell with an error as a blank one, which would pass a reading over in silence.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.origins.workbook import MOST_UNPACKED, Area, Sheet, SheetName, number_text, percent_text

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_FAULTS = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, RuntimeError, ElementTree.ParseError)
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_ERROR = re.compile(r"#[A-Z/0!?]+[!?A]?|Err:\d+")
MOST_REPEATED = 100_000  # equal rows or cells in a row; programs write blank ones to the end of the sheet as one repeated row


class OdsBook:
    """A spreadsheet that is held in memory."""

    def __init__(self, body: bytes, name: str):
        self._name = name
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                    raise FileError(Problem("file_too_large", name, "unpacks to more than is read", "save the sheet as CSV UTF-8"))
                if "META-INF/manifest.xml" in packed.namelist() and b"encryption-data" in packed.read("META-INF/manifest.xml"):
                    raise FileError(Problem("workbook_password", name, "is protected by a password", "remove the password, and save it again"))
                content = packed.read("content.xml")
            if b"<!DOCTYPE" in content[:2000] or b"<!ENTITY" in content[:2000]:
                raise ValueError("a spreadsheet has no entities of its own")
            root = ElementTree.fromstring(content)
        except _FAULTS as fault:
            what = f"cannot be read as an OpenDocument spreadsheet ({type(fault).__name__}): it may be cut off or damaged"
            raise FileError(Problem("not_readable", name, what, "copy it again, or open it in a spreadsheet program and save it again")) from None
        hidden = {
            style.get(f"{_STYLE}name")
            for style in root.iter(f"{_STYLE}style")
            if any(part.get(f"{_TABLE}display") == "false" for part in style.iter(f"{_STYLE}table-properties"))
        }
        self._struck = {
            style.get(f"{_STYLE}name")
            for style in root.iter(f"{_STYLE}style")
            if any(part.get(f"{_STYLE}text-line-through-style") not in (None, "none") for part in style.iter(f"{_STYLE}text-properties"))
        }
        self._pages: dict[str, tuple[ElementTree.Element, bool]] = {}
        for page in root.findall(f"{_OFFICE}body/{_OFFICE}spreadsheet/{_TABLE}table"):
            self._pages[page.get(f"{_TABLE}name") or ""] = page, page.get(f"{_TABLE}style-name") in hidden
        self._read: dict[str, Sheet] = {}

    def sheets(self) -> list[SheetName]:
        return [SheetName(name, hidden, max(self.sheet(name).rows, default=0)) for name, (_, hidden) in self._pages.items()]

    def sheet(self, name: str) -> Sheet:
        if name not in self._read:
            self._read[name] = self._sheet(name)
        return self._read[name]

    def _sheet(self, name: str) -> Sheet:
        page, _ = self._pages[name]
        found = Sheet(name)
        column = 1
        for each in page.iter(f"{_TABLE}table-column"):
            times = int(each.get(f"{_TABLE}number-columns-repeated") or 1)
            if each.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                found.hidden_columns |= set(range(column, column + min(times, MOST_REPEATED)))
            column += times
        row = 1
        for line in page.iter(f"{_TABLE}table-row"):
            times = int(line.get(f"{_TABLE}number-rows-repeated") or 1)
            cells = list(self._cells(line))
            if cells:
                if times > MOST_REPEATED:
                    what = f"has {times:,} equal rows from row {row} on"
                    raise FileError(Problem("sheet_too_large", f"{self._name}, sheet {name}", what, "take out the rows that are no readings"))
                for _ in range(times):
                    self._keep(row, cells, found)
                    row += 1
                    if line.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                        found.hidden_rows.add(row - 1)
            else:
                row += times
        return found

    def _cells(self, line: ElementTree.Element) -> Iterator[tuple[int, ElementTree.Element]]:
        """The cells of a row that hold something or cover others, each with its column."""
        column = 1
        for cell in line:
            if cell.tag not in _CELLS:
                continue
            times = int(cell.get(f"{_TABLE}number-columns-repeated") or 1)
            spans = max(int(cell.get(f"{_TABLE}number-{way}-spanned") or 1) for way in ("columns", "rows")) > 1
            holds = cell.get(f"{_OFFICE}value-type") or cell.get(f"{_TABLE}formula") or cell.find(f"{_TEXT}p") is not None
            if cell.tag == _CELLS[0] and (holds or spans):
                for place in range(column, column + min(times, MOST_REPEATED)):
                    yield place, cell
            column += times

    def _keep(self, row: int, cells: list[tuple[int, ElementTree.Element]], found: Sheet) -> None:
        for column, cell in cells:
            wide, high = (int(cell.get(f"{_TABLE}number-{way}-spanned") or 1) for way in ("columns", "rows"))
            if wide > 1 or high > 1:
                found.merged.append(Area(row, column, row + high - 1, column + wide - 1))
            text = self._text(row, column, cell, found)
            if text is None or not text.strip():
                continue
            if cell.get(f"{_TABLE}style-name") in self._struck:
                found.struck_out.append((row, column))
            found.rows.setdefault(row, {})[column] = text

    def _text(self, row: int, column: int, cell: ElementTree.Element, found: Sheet) -> str | None:
        kind, shown = cell.get(f"{_OFFICE}value-type"), _shown(cell)
        formula = cell.get(f"{_TABLE}formula") is not None
        if cell.get(f"{_CALC}value-type") == "error" or (formula and _ERROR.fullmatch(shown or "")):
            found.errors.append((row, column, shown or "#ERROR"))
            return shown or "#ERROR"
        if formula and kind is None and shown is None:
            found.not_calculated.append((row, column))
            return None
        if kind in ("float", "currency"):
            return number_text(cell.get(f"{_OFFICE}value") or "NaN")
        if kind == "percentage":
            found.percents.append((row, column))
            return percent_text(cell.get(f"{_OFFICE}value") or "NaN")
        if kind == "date":
            found.dates.add((row, column))
            return cell.get(f"{_OFFICE}date-value")
        if kind == "time":
            found.dates.add((row, column))
            return _clock(cell.get(f"{_OFFICE}time-value") or "")
        if kind == "boolean":
            return cell.get(f"{_OFFICE}boolean-value")
        return cell.get(f"{_OFFICE}string-value") or shown


def _shown(cell: ElementTree.Element) -> str | None:
    """The text of a cell as it is shown; remarks on the cell do not belong to it."""
    lines = ["".join(_pieces(part)) for part in cell.findall(f"{_TEXT}p")]
    return "\n".join(lines) if lines else None


def _pieces(part: ElementTree.Element) -> Iterator[str]:
    yield part.text or ""
    for inner in part:
        if inner.tag == f"{_TEXT}s":
            yield " " * int(inner.get(f"{_TEXT}c") or 1)
        elif inner.tag == f"{_TEXT}tab":
            yield "\t"
        elif inner.tag == f"{_TEXT}line-break":
            yield "\n"
        elif inner.tag != f"{_OFFICE}annotation":
            yield from _pieces(inner)
        yield inner.tail or ""


def _clock(duration: str) -> str:
    """A time of day of `PT08H05M00S`: 08:05:00."""
    found = _DURATION.fullmatch(duration)
    return ":".join(f"{int(part):02}" for part in found.groups()) if found else duration
