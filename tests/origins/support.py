"""Small sources for tests, made where the test can show them, and what was read from them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mews_newtt.errors import FileError
from mews_newtt.tables.origins import SettingNeeded, SourceSettings, SourceTable, read_source

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "cases"


def opened(body: bytes | str, name: str = "ward.csv", **settings: Any) -> SourceTable:
    return read_source(io.BytesIO(body.encode() if isinstance(body, str) else body), SourceSettings(**settings), name=name)


def rows(table: SourceTable) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for row in table.table().to_pylist()]


def numbers(table: SourceTable) -> list[int]:
    return [number for batch in table.batches() for number in batch.numbers.to_pylist()]


def noted(table: SourceTable) -> dict[str, int]:
    """The codes of the notes, each with how often; the table is read to its end first."""
    table.table()
    found: dict[str, int] = {}
    for note in table.notes:
        found[note.code] = found.get(note.code, 0) + note.times
    return found


def refused(body: bytes | str, name: str = "ward.csv", **settings: Any) -> FileError:
    """The error of a source that must not be read."""
    with pytest.raises(FileError) as caught:
        opened(body, name, **settings).table()
    return caught.value


def asked(body: bytes | str, name: str = "ward.csv", **settings: Any) -> SettingNeeded:
    fault = refused(body, name, **settings)
    assert isinstance(fault, SettingNeeded), fault
    return fault


def workbook(*sheets: Sequence[Sequence[Any]], change: Callable[[Any], None] = lambda book: None, names: Sequence[str] = ()) -> bytes:
    """An .xlsx workbook; `change` may change it before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, sheet in enumerate(sheets):
        page = book.create_sheet(names[number] if names else f"Sheet{number + 1}")
        for r, row in enumerate(sheet, start=1):
            for c, value in enumerate(row, start=1):
                cell = page.cell(r, c)
                if isinstance(value, str):
                    cell.value, cell.data_type = value, "s"  # text, even where it starts with =
                elif value is not None:
                    cell.value = value
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CONTENT = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">
<office:automatic-styles><style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>
<style:style style:name="struck" style:family="table-cell"><style:text-properties style:text-line-through-style="solid"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"""


def spreadsheet(tables: str, manifest: str = "<m/>") -> bytes:
    """An .ods spreadsheet with these table elements."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", manifest)
        packed.writestr("content.xml", CONTENT.replace("{tables}", tables))
    return out.getvalue()


def ods_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def ods_text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def ods_number(digits: str, kind: str = "float") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{digits}"><text:p>shown</text:p></table:table-cell>'
