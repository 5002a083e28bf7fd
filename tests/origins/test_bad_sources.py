"""Sources that must be refused: each with its whole message, at once, and never with a traceback."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt.errors import FileError
from mews_newtt.tables.origins import SettingNeeded, SourceSettings, read_source
from mews_newtt.tables.origins.settings import APPLIES, ORIGINS, settings_of
from tests.origins.support import opened, refused, spreadsheet, workbook

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
BOOK = workbook([["patient", "hr"], ["P1", 84]])
MANY = [f"c{number}" for number in range(1_000_000)]


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3]}), out)
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("ward.csv", "a,b\n1,2\n")
    return out.getvalue()


AGAIN = "copy it again, or open it in a spreadsheet program and save it again"
BAD: dict[str, tuple[str, bytes, str]] = {
    "empty file": ("w.csv", b"", "w.csv: is empty\n    mend: check how it was exported   [error: file_empty]"),
    "blank lines": ("w.csv", b"\xef\xbb\xbf\r\n \n", "w.csv: is empty\n    mend: check how it was exported   [error: file_empty]"),
    "delimiters alone": ("w.csv", b";;\n;;\n", "w.csv: is empty\n    mend: give a file with the names of the columns and at least one row   [error: file_empty]"),
    "truncated workbook": ("w.xlsx", BOOK[:-200], f"w.xlsx: cannot be read as an Excel workbook (BadZipFile): it may be cut off or damaged\n    mend: {AGAIN}   [error: not_readable]"),
    "workbook cut short at its start": ("w.xlsx", BOOK[:40], f"w.xlsx: cannot be read as an Excel workbook (BadZipFile): it may be cut off or damaged\n    mend: {AGAIN}   [error: not_readable]"),
    "not a workbook": ("w.xlsx", b"patient,hr\nP1,84\n", "w.xlsx: is named as Excel workbook, and its content is something else\n    mend: check the file: it may be cut off, or be of another kind; then give kind   [error: not_readable]"),
    "truncated spreadsheet": ("w.ods", spreadsheet("")[:-40], f"w.ods: cannot be read as an OpenDocument spreadsheet (BadZipFile): it may be cut off or damaged\n    mend: {AGAIN}   [error: not_readable]"),
    "password": ("w.xlsx", OLE2 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512, "w.xlsx: is protected by a password\n    mend: open it in the spreadsheet program, remove the password, and save it again   [error: workbook_password]"),
    "old workbook": ("w.xls", OLE2 + "Workbook".encode("utf-16-le") + b"\0" * 512, "w.xls: is a workbook of the old kind (.xls)\n    mend: open it in a spreadsheet program and save it as .xlsx, or as CSV UTF-8   [error: workbook_old]"),
    "old document": ("w.doc", OLE2, "w.doc: is an old Office file without a workbook\n    mend: open it in a spreadsheet program and save it as .xlsx, or as CSV UTF-8   [error: workbook_old]"),
    "empty sheets": ("w.xlsx", workbook([], []), "w.xlsx: has only empty sheets\n    mend: check how it was exported   [error: file_empty]"),
    "zip archive": ("w.zip", zipped(), "w.zip: is a zip archive\n    mend: unpack it, and give the file inside   [error: format_packed]"),
    "web page named as a workbook": ("w.xls", b"<html><table>", "w.xls: is XML or a web page, whatever its name says\n    mend: open it in a spreadsheet program and save it as .xlsx or CSV UTF-8, or export it as JSON   [error: not_a_table]"),
    "PDF": ("w.csv", b"%PDF-1.7", "w.csv: is a PDF document\n    mend: export the table as CSV or as a workbook   [error: not_a_table]"),
    "array of numbers": ("w.json", b"[1,2]", "w.json: is named as JSON array, and its content is something else\n    mend: check the file: it may be cut off, or be of another kind; then give kind   [error: not_readable]"),
    "truncated Parquet": ("w.parquet", parquet()[:-20], "w.parquet: cannot be read as Parquet (ArrowInvalid)\n    mend: export it again: it seems to be cut off or damaged   [error: not_readable]"),
    "truncated gzip": ("w.csv.gz", gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000)))[:-4000], "w.csv.gz: cannot be unpacked: EOFError\n    mend: pack it again: it seems to be cut off or damaged   [error: not_readable]"),
    "mixed encodings": ("w.csv", "Temp (°C);hr\n36;84\n".encode() + "ä;1\n".encode("cp1252"), "w.csv: line 1 is UTF-8 and line 3 is not: the file was put together from two encodings\n    mend: save each part in UTF-8 before they are put together   [error: encodings_mixed]"),
    "a million columns": ("w.csv", (",".join(MANY) + "\n" + ",".join(MANY) + "\n").encode(), "w.csv: has more than 10,000 columns, the most that are read\n    mend: export the columns with readings only, or check the delimiter   [error: too_many_columns]"),
    "twenty thousand columns": ("w.csv", (";".join(MANY[:20_000]) + "\n").encode(), "w.csv: has 20,000 columns; at most 10,000 are read\n    mend: export the columns with readings only, or check the delimiter   [error: too_many_columns]"),
    "a million names in JSON": ("w.ndjson", json.dumps(dict.fromkeys(MANY, 1)).encode() + b"\n", "w.ndjson, line 1: has an object of 1,000,000 names; 10,000 are read\n    mend: send the readings only   [error: too_many_names]"),
    "no line end": ("w.csv", b"a" * (2 << 20), "w.csv: has a first line of more than 1,048,576 bytes\n    mend: check that it is a text file with one row in each line   [error: line_too_long]"),
    "bytes that are no text": ("w.csv", b"a,b\n1,\0\n", "w.csv, row 2: holds a NUL byte: not a text file, or not UTF-8\n    mend: save the file as CSV in UTF-8   [error: not_text]"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_source_is_refused_with_its_message(name: str) -> None:
    called, body, says = BAD[name]
    began = time.monotonic()
    assert str(refused(body, called)) == says
    assert time.monotonic() - began < 10, "a bad source is refused quickly"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileError) as caught:
            read_source(path)
        assert caught.value.problems[0].code in ("file_missing", "file_unreadable")


def test_the_second_encoding_is_found_deep_in_a_file() -> None:
    body = b"a,b\n" + b"1,2\n" * 600_000 + "°,1\n".encode() + b"3,4\n" * 600_000 + "ä,1\n".encode("cp1252")
    assert str(refused(body)).startswith("ward.csv: line 600002 is UTF-8 and line 1200003 is not")


def test_a_byte_that_is_not_utf_8_is_found_deep_in_a_file() -> None:
    fault = refused(b"a,b\n" + b"1,2\n" * 600_000 + b"\xe4,1\n")
    assert isinstance(fault, SettingNeeded)
    assert fault.setting == "encoding"
    assert fault.problems[0].what == "is not UTF-8 text: see line 600002"


def test_utf_8_where_another_encoding_is_told_is_refused() -> None:
    assert refused("a,°\n1,2\n", encoding="cp1252").problems[0][:3] == ("encodings_mixed", "ward.csv", "line 1 is UTF-8 text, and encoding is cp1252")
    assert refused(b"a,b\n\x81,2\n", encoding="cp1252").problems[0][:3] == ("encoding_wrong", "ward.csv, line 2", "is not text in cp1252")
    assert refused("a,b\n".encode("utf-16"), encoding="cp1252").problems[0].code == "encoding_wrong"
    assert refused("a,b\n1,2\n".encode("utf-16")[:-1]).problems[0].code == "encoding_wrong"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"delimeter": ";"}, "plan.toml, source, delimeter: is no setting of a source\n    mend: did you mean delimiter?   [error: setting_unknown]"),
        ({"header_line": "4"}, "plan.toml, source, header_line: is not a whole number\n    mend: write it so   [error: setting_type]"),
        ({"header_line": True}, "plan.toml, source, header_line: is not a whole number\n    mend: write it so   [error: setting_type]"),
        ({"skip_lines": -1}, "plan.toml, source, skip_lines: is -1\n    mend: count lines from 0 or 1 upwards   [error: setting_value]"),
        ({"sheet": 1}, "plan.toml, source, sheet: is not text\n    mend: write it so   [error: setting_type]"),
        ({"delimiter": ";;"}, "plan.toml, source, delimiter: is ';;', not one character\n    mend: write one, such as \";\" or \"\\t\"   [error: setting_value]"),
        ({"encoding": "utf-9"}, "plan.toml, source, encoding: 'utf-9' is no encoding of text files that Python knows\n    mend: say utf-8, cp1252, latin-1 or utf-16   [error: setting_value]"),
        ({"encoding": "base64"}, "plan.toml, source, encoding: 'base64' is no encoding of text files that Python knows\n    mend: say utf-8, cp1252, latin-1 or utf-16   [error: setting_value]"),
        ({"kind": "pdf"}, "plan.toml, source, kind: is 'pdf'\n    mend: say csv, parquet, ndjson, json, xlsx, ods, fhir or hl7   [error: setting_value]"),
        ({"merged_cells": "yes"}, "plan.toml, source, merged_cells: is 'yes'\n    mend: say fill, or leave it out   [error: setting_value]"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_message(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError) as caught:
        settings_of(settings, "plan.toml, source")
    assert str(caught.value) == says


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(FileError) as caught:
        settings_of({"delimiter": "", "header_line": -1, "x": 1}, "plan.toml")
    assert [problem.where for problem in caught.value.problems] == ["plan.toml, delimiter", "plan.toml, header_line", "plan.toml, x"]
    assert settings_of({"delimiter": ";", "header_line": 2}, "plan.toml") == SourceSettings(delimiter=";", header_line=2)


def test_a_setting_that_a_kind_does_not_have_is_refused() -> None:
    fault = refused(b"a,b\n1,2\n", sheet="Ward", json_path="x")
    assert [problem.what for problem in fault.problems] == ["is read as CSV, which has no setting sheet", "is read as CSV, which has no setting json_path"]
    assert set(APPLIES) == set(ORIGINS)


def test_a_question_survives_pickling() -> None:
    fault = refused(b"x;y\n\xe4;1\n")
    again = pickle.loads(pickle.dumps(fault))
    assert isinstance(again, SettingNeeded)
    assert (again.problems, again.setting, again.likely) == (fault.problems, "encoding", "cp1252")


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("workbook_xlsx", "workbook_ods"):
        monkeypatch.setattr(f"mews_newtt.tables.origins.{module}.MOST_UNPACKED", 100)
    assert refused(BOOK, "w.xlsx").problems[0].code == refused(spreadsheet(""), "w.ods").problems[0].code == "file_too_large"


def test_the_limit_of_columns_holds_in_every_kind() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({name: [1] for name in MANY[:10_001]}), out)
    assert refused(out.getvalue(), "w.parquet").problems[0][:3] == ("too_many_columns", "w.parquet", "has 10,001 columns; at most 10,000 are read")
    lines = json.dumps(dict.fromkeys(MANY[:6000], 1)) + "\n" + json.dumps(dict.fromkeys(MANY[4001:10_001], 1)) + "\n"
    assert refused(lines, "w.ndjson").problems[0].code == "too_many_columns"


def test_what_is_held_in_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt.tables.origins.opening.MOST_HELD", 10)
    assert refused(b'[{"a":1}, {"a":2}]', "w.json").problems[0].code == "file_too_large"


def test_a_kind_that_is_told_and_is_none() -> None:
    assert refused(b"a,b\n1,2\n", kind="pdf").problems[0][:3] == ("setting_value", "ward.csv", "cannot be 'pdf'")


def test_a_workbook_of_another_kind_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("[Content_Types].xml", "<x/>")
        packed.writestr("xl/workbook.bin", "x")
    assert refused(out.getvalue(), "w.xlsb").problems[0][:3] == ("workbook_old", "w.xlsb", "is a binary workbook (.xlsb)")


def test_without_openpyxl_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert str(refused(BOOK, "w.xlsx")) == (
        "an Excel workbook: needs openpyxl, which is not installed\n    mend: pip install \"mews-newtt[plan]\", or save the sheet as CSV UTF-8   [error: extra_missing]"
    )


def test_every_kind_can_be_told() -> None:
    assert opened(b'{"a":1}\n', "w.txt", kind="ndjson").columns == ("a",)
    assert opened(b'{"a":1}\n', "w.txt", kind="csv").columns == ('{"a":1}',)
