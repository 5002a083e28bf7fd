"""Properties: a table of text, written in each kind of source and read back, is the same table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt.tables.origins.hl7_text import Marks, plain
from mews_newtt.tables.origins.workbook import number_text
from tests.origins.support import opened, rows, spreadsheet, workbook

# What people write in cells; no control characters, and nothing that only a quoted cell could hold is left out.
LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\ufeff\ue000")
CELL = st.text(LETTERS, max_size=8).map(str.strip)
NAMES = st.lists(st.text("abcdefgh_", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)
LATIN = st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "S")), max_size=8)


@st.composite
def tables(draw: st.DrawFn, cell: st.SearchStrategy[str] = CELL) -> tuple[list[str], list[list[str | None]]]:
    names = draw(NAMES)
    row = st.lists(cell.map(lambda text: text or None), min_size=len(names), max_size=len(names)).filter(any)
    return names, draw(st.lists(row, min_size=1, max_size=6))


def as_csv(names: Sequence[str], cells: Sequence[Sequence[str | None]], delimiter: str, end: str, quoting: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(names)
    writer.writerows([[cell or "" for cell in row] for row in cells])
    return out.getvalue()


@settings(max_examples=200)
@given(
    tables(), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_csv_in_every_dress(table: tuple[list[str], list[list[str | None]]], delimiter: str, end: str, encoding: str, quoting: Any) -> None:
    names, cells = table
    body = as_csv(names, cells, delimiter, end, quoting).encode(encoding)
    told = {"encoding": encoding} if encoding == "utf-16-be" else {}
    read = opened(body, delimiter=delimiter, header_line=1, skip_lines=0, **told)
    assert read.columns == tuple(names)
    assert rows(read) == [tuple(row) for row in cells]


@given(tables(LATIN), st.sampled_from(["latin-1", "cp1252"]))
def test_csv_in_encodings_that_are_told(table: tuple[list[str], list[list[str | None]]], encoding: str) -> None:
    names, cells = table
    text = as_csv(names, cells, ";", "\n", csv.QUOTE_MINIMAL)
    try:
        body = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if not body.isascii() and any(not line.isascii() and _is_utf_8(line) for line in body.split(b"\n")):
        return  # such a file is refused: see test_bad_sources
    assert rows(opened(body, encoding=encoding, delimiter=";", header_line=1, skip_lines=0)) == [tuple(row) for row in cells]


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=100)
@given(tables())
def test_a_workbook_of_text(table: tuple[list[str], list[list[str | None]]]) -> None:
    names, cells = table
    assert rows(opened(workbook([names, *cells]), "w.xlsx", header_line=1, skip_lines=0)) == [tuple(row) for row in cells]


@settings(max_examples=100)
@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 4)), min_size=1, max_size=10))
def test_numbers_of_a_workbook_have_the_digits_that_were_typed(values: list[float]) -> None:
    assert rows(opened(workbook([["p", "x"], *(["P", value] for value in values)]), "w.xlsx")) == [("P", number_text(repr(value))) for value in values]
    assert [float(number_text(repr(value))) for value in values] == values


@settings(max_examples=100)
@given(tables())
def test_an_open_document_of_text(table: tuple[list[str], list[list[str | None]]]) -> None:
    names, cells = table

    def cell(text: str | None) -> str:
        if text is None:
            return "<table:table-cell/>"
        safe = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return f'<table:table-cell office:value-type="string" office:string-value="{safe}"><text:p>{safe}</text:p></table:table-cell>'

    page = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in [names, *cells])
    read = opened(spreadsheet(f'<table:table table:name="W">{page}</table:table>'), "w.ods", header_line=1, skip_lines=0)
    assert rows(read) == [tuple(row) for row in cells]


@given(tables(), st.booleans())
def test_json(table: tuple[list[str], list[list[str | None]]], array: bool) -> None:
    names, cells = table
    objects = [dict(zip(names, row, strict=True)) for row in cells]
    body = json.dumps(objects) if array else "\n".join(json.dumps(one, ensure_ascii=False) for one in objects)
    assert rows(opened(body, "w.json" if array else "w.ndjson")) == [tuple(row) for row in cells]


@given(tables())
def test_parquet(table: tuple[list[str], list[list[str | None]]]) -> None:
    names, cells = table
    out = io.BytesIO()
    pq.write_table(pa.table({name: pa.array([row[place] for row in cells], pa.string()) for place, name in enumerate(names)}), out)
    assert rows(opened(out.getvalue(), "w.parquet")) == [tuple(row) for row in cells]


READING = st.fixed_dictionaries({
    "subject": st.text("abcdefghijk0123456789", min_size=1, max_size=6),
    "minute": st.integers(0, 59),
    "code": st.text("0123456789-", min_size=1, max_size=7).filter(bool),
    "text": CELL.filter(bool),
    "value": st.decimals(-999, 999, places=2).map(str),
    "unit": st.sampled_from(["/min", "mm[Hg]", "Cel", "%"]),
    "status": st.sampled_from(["final", "corrected", "entered-in-error"]),
})
LETTER = {"final": "F", "corrected": "C", "entered-in-error": "W"}
COLUMNS = ("subject", "time", "code", "text", "value", "unit", "status")


def wanted(reading: dict[str, Any], subject: str, zone: str, status: str) -> tuple[str, ...]:
    time = f"2026-03-02T08:{reading['minute']:02}:00{zone}"
    return subject, time, f"http://loinc.org|{reading['code']}", reading["text"], reading["value"], reading["unit"], status


def long_rows(body: str, name: str) -> list[tuple[str | None, ...]]:
    return [tuple(row[column] for column in COLUMNS) for row in opened(body, name).table().to_pylist()]


@settings(max_examples=100)
@given(st.lists(READING, min_size=1, max_size=6), st.booleans())
def test_readings_as_fhir(readings: list[dict[str, Any]], as_lines: bool) -> None:
    resources = [
        {
            "resourceType": "Observation", "status": one["status"], "subject": {"reference": f"Patient/{one['subject']}"},
            "effectiveDateTime": f"2026-03-02T08:{one['minute']:02}:00Z", "code": {"coding": [{"system": "http://loinc.org", "code": one["code"]}], "text": one["text"]},
            "valueQuantity": {"value": f"@@{one['value']}@@", "unit": one["unit"], "code": one["unit"]},
        }
        for one in readings
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    body = "\n".join(map(json.dumps, resources)) if as_lines else json.dumps(bundle)
    body = body.replace('"@@', "").replace('@@"', "")
    assert long_rows(body, "b.json") == [wanted(one, f"Patient/{one['subject']}", "Z", one["status"]) for one in readings]


def escaped(text: str) -> str:
    return "".join({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}.get(letter, letter) for letter in text)


@settings(max_examples=100)
@given(st.lists(READING, min_size=1, max_size=6), st.sampled_from(["\r", "\n", "\r\n"]), st.booleans())
def test_readings_as_hl7(readings: list[dict[str, Any]], end: str, framed: bool) -> None:
    body = ""
    for number, one in enumerate(readings):
        segments = [
            f"MSH|^~\\&|A|B|C|D|20260302||ORU^R01|M{number}|P|2.5.1", f"PID|1||{one['subject']}^^^HOSP", "OBR|1",
            f"OBX|1|NM|{one['code']}^{escaped(one['text'])}^LN||{one['value']}|{one['unit']}|||||{LETTER[one['status']]}|||2026030208{one['minute']:02}00+0000",
        ]
        text = end.join(segments) + end
        body += f"\x0b{text}\x1c\r" if framed else text
    assert long_rows(body, "m.hl7") == [wanted(one, f"HOSP|{one['subject']}", "+00:00", LETTER[one["status"]]) for one in readings]


@given(st.text(max_size=20))
def test_what_is_escaped_is_read_back(text: str) -> None:
    assert plain(escaped(text), Marks()) == text
