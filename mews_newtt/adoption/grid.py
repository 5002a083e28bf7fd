"""Reads a filled transcription sheet from CSV, XLSX or ODS into cells, and writes an empty one as CSV."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mews_newtt.adoption.cells import Cell, Grid, address
from mews_newtt.adoption.ods import read_ods
from mews_newtt.adoption.xlsx import read_xlsx
from mews_newtt.errors import FileError, Problem

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
MAX_BYTES = 10_000_000  # a sheet is a few pages, never more


def read_grid(path: Path, name: str | None = None) -> Grid:
    """The cells of a filled sheet, CSV or XLSX; faults call it by the name given."""
    name = name or path.name
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise FileError(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check the path and its permissions")) from None
    if len(content) > MAX_BYTES:
        raise FileError(
            Problem("sheet_too_large", str(path), f"has {len(content)} bytes", "a transcription sheet is far smaller; take out what is not of it")
        )
    if content[:4] == b"PK\x03\x04":
        if b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet" in content[:200]:
            return read_ods(name, content)
        return read_xlsx(name, content)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        what = "is a workbook of an old kind (.xls), or one with a password"
        raise FileError(Problem("old_workbook", name, what, "take the password away; save it as .xlsx, .ods or CSV UTF-8"))
    return read_csv(name, content)


def read_csv(name: str, content: bytes) -> Grid:
    """The cells of a CSV sheet: comma, semicolon or tab, whichever parts its first headings."""
    text = _decoded(name, content)
    if "\0" in text:
        raise FileError(Problem("not_text", name, "holds a NUL byte", "save the sheet as .xlsx, or as CSV UTF-8"))
    heading = re.search(r'^"?item"?\s*([,;\t])\s*"?value', text, re.I | re.M)
    delimiter = heading[1] if heading else ","
    rows: list[dict[int, Cell]] = []
    try:
        for r, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)):
            rows.append({c: Cell(address(r, c), _unguarded(cell).strip()) for c, cell in enumerate(cells) if cell.strip()})
    except csv.Error as fault:
        raise FileError(Problem("not_csv", f"{name}, row {len(rows) + 1}", f"is not CSV: {fault}", "check the quotes in that row")) from None
    return Grid(name, hashlib.sha256(content).hexdigest(), rows)


def _decoded(name: str, content: bytes) -> str:
    """The text of a CSV file: UTF-8, UTF-16, or as Excel saves CSV where it does not ask (cp1252)."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    encoding = _likely_encoding(name, content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise FileError(
            Problem("not_text", f"{name}, byte {fault.start}", f"is not text in {encoding}", "save the sheet as .xlsx, or as CSV UTF-8")
        ) from None


def _likely_encoding(name: str, content: bytes) -> str:
    try:
        from mews_newtt.tables.origins.encodings import find_encoding  # numpy
        from mews_newtt.tables.origins.settings import SettingNeeded
    except ImportError:
        raise FileError(Problem("not_utf8", name, "is neither an .xlsx file nor UTF-8 text", "save the sheet as .xlsx, or as CSV UTF-8")) from None
    try:
        return find_encoding(content, None, name)
    except SettingNeeded as needed:
        return str(needed.likely)


def csv_text(rows: Iterable[Sequence[str | int | None]]) -> str:
    """Rows as CSV for a spreadsheet: a text that would start a formula there is guarded by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    width = max((len(row) for row in rows), default=0) if isinstance(rows, list) else 0
    for row in rows:
        cells = ["" if cell is None else _guarded(cell) if isinstance(cell, str) else str(cell) for cell in row]
        writer.writerow([*cells, *[""] * (width - len(cells))])
    return "\ufeff" + out.getvalue()  # the mark by which a spreadsheet knows UTF-8


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) and text != "-" else text


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_STARTS_A_FORMULA) else text
