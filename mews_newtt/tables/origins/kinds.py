"""Finds out what kind a source is: as the settings say, by its content, then by its name."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.json_text import JsonError, read_object
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.formats import kind_of
from mews_newtt.tables.origins.fhir_rows import is_fhir
from mews_newtt.tables.origins.settings import ORIGINS
from mews_newtt.tables.origins.source_table import Opened
from mews_newtt.tables.origins.workbook import refuse_old_workbook

HEAD = 1 << 16  # bytes that are looked at to tell what a source is
MOST_HELD = 500_000_000  # bytes of a source that is held in memory as a whole
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls, and of a workbook with a password
ZIP = b"PK\x03\x04"
ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)  # zipfile raises all of them for a damaged archive
SUFFIXES = {suffix: name for name, kind in ORIGINS.items() for suffix in kind.suffixes}
# What people take for tables: how it starts, what it is, and what to do.
NO_TABLES = (
    (
        rb"\s*<",
        "is XML or a web page, whatever its name says",
        "open it in a spreadsheet program and save it as .xlsx or CSV UTF-8, or export it as JSON",
    ),
    (rb"%PDF", "is a PDF document", "export the table as CSV or as a workbook"),
    (rb"SQLite format 3", "is a database file", "export the table as CSV or Parquet"),
)


def find_kind(settings: SourceSettings, name: str, opened: Opened) -> str:
    """One of ORIGINS. Raises FileError for what is none of them."""
    with opened() as stream:
        head = stream.read(HEAD)
        if head.startswith(OLD_WORKBOOK):
            refuse_old_workbook(head + stream.read(MOST_HELD), name)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise FileError(Problem("file_empty", name, "is empty", "check how it was exported"))
    if settings.kind:
        return settings.kind
    if head.startswith(ZIP):
        return _zip_kind(name, opened)
    if re.match(ORIGINS["hl7"].starts, head):
        return "hl7"
    text = head.removeprefix(b"\xef\xbb\xbf")
    for starts, what, mend in NO_TABLES:
        if re.match(starts, text):
            raise FileError(Problem("not_a_table", name, what, mend))
    plain = re.sub(r"(\.gz|\.zst)$", "", name.lower())
    named = next((kind for suffix, kind in SUFFIXES.items() if plain.endswith(suffix)), None)
    seen = kind_of(text)
    if seen in ("ndjson", "json"):
        return "fhir" if is_fhir(text) else "json" if seen == "json" or not _is_lines(text, settings, named) else "ndjson"
    if seen == "csv" and named not in (None, "csv"):
        what = f"is named as {ORIGINS[named].title}, and its content is something else"
        raise FileError(Problem("not_readable", name, what, "check the file: it may be cut off, or be of another kind; then give kind"))
    return seen


def _is_lines(text: bytes, settings: SourceSettings, named: str | None) -> bool:
    """Whether a text that starts with an object has one in each line, or is one object over several lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        return len(text) >= HEAD or (named != "json" and not settings.json_path)
    try:
        read_object(lines[0], "", "")
    except JsonError as fault:
        return fault.problems[0].code != "not_json"  # another fault of a whole object is named with its line
    return True


def _zip_kind(name: str, opened: Opened) -> str:
    with opened() as stream:
        held = stream.read(MOST_HELD)
    try:
        with zipfile.ZipFile(io.BytesIO(held)) as packed:
            names = packed.namelist()
            if "mimetype" in names and b"opendocument.spreadsheet" in packed.read("mimetype")[:100]:
                return "ods"
    except ZIP_FAULTS:
        return "ods" if name.lower().endswith(".ods") else "xlsx"  # the reader says what is wrong with it
    if any(each.endswith("workbook.xml") for each in names):
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise FileError(Problem("workbook_old", name, "is a binary workbook (.xlsb)", "save it as .xlsx, or as CSV UTF-8"))
    raise FileError(Problem("format_packed", name, "is a zip archive", "unpack it, and give the file inside"))
