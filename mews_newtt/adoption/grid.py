"""Reads a filled transcription sheet from CSV or XLSX into cells, and writes an empty one as CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mews_newtt.adoption.cells import Cell, Grid, address
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
        return read_xlsx(name, content)
    return read_csv(name, content)


def read_csv(name: str, content: bytes) -> Grid:
    """The cells of a CSV sheet: comma, semicolon or tab, whichever parts its first headings."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FileError(
            Problem("not_utf8", f"{name}, byte {fault.start}", "is neither an .xlsx file nor UTF-8 text", "save the sheet as .xlsx, or as CSV UTF-8")
        ) from None
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
