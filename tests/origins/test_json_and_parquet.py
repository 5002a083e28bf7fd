"""JSON lines, arrays, rows at a path, and Parquet: numbers keep their digits, and nothing that is nested is lost."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt.tables.origins import SourceSettings, read_source
from tests.origins.support import VECTORS, asked, noted, numbers, opened, refused, rows

LINES = '{"p":"P1","temp":36.80,"n":84,"ok":true,"none":null,"blank":""}\n\n{"p":"P2","extra":1e2,"temp":123456789012345678901234567890.5}\n'
READ = [("P1", "36.80", "84", "true", None, "", None), ("P2", "123456789012345678901234567890.5", None, None, None, None, "1e2")]


def test_lines_keep_digits_and_tell_null_from_empty_text() -> None:
    table = opened(LINES, "w.ndjson")
    assert table.columns == ("p", "temp", "n", "ok", "none", "blank", "extra")
    assert rows(table) == READ
    assert numbers(table) == [1, 3]
    assert table.where(3) == "w.ndjson, line 3"


def test_an_array_is_read_alike() -> None:
    body = "[" + ",".join(filter(None, LINES.splitlines())) + "]"
    table = opened(body, "w.json")
    assert rows(table) == READ
    assert numbers(table) == [1, 2]


@pytest.mark.parametrize("name", ["w.ndjson", "w.json", "w"])
@pytest.mark.parametrize("body", ['{"a":1}\n', '{\n"a":\n1}'])
def test_one_object_is_one_row(name: str, body: str) -> None:
    assert rows(opened(body, name)) == [("1",)]


def test_lines_in_a_file_named_json_are_lines() -> None:
    assert rows(opened('{"a":1}\n{"a":2}\n', "w.json")) == [("1",), ("2",)]


def test_objects_become_columns_and_lists_stay_text() -> None:
    table = opened('{"p":"P1","bp":{"sys":118,"dia":72},"notes":["a","b"],"none":{}}\n', "w.ndjson")
    assert table.columns == ("p", "bp.sys", "bp.dia", "notes", "none")
    assert rows(table) == [("P1", "118", "72", '["a", "b"]', "{}")]
    assert noted(table) == {"list_in_cell": 2}


FORMS = {
    "ward": "5",
    "forms": [
        {"patient": {"id": "P1"}, "drugs": ["x"], "observations": [{"code": "hr", "value": 84}, {"code": "rr", "value": 16}]},
        {"patient": {"id": "P2"}, "observations": [{"code": "hr", "value": 90}]},
        {"patient": {"id": "P3"}},
    ],
}


def test_rows_at_a_path_take_what_is_around_them() -> None:
    table = opened(json.dumps(FORMS), "w.json", json_path="forms[].observations")
    assert table.columns == ("$.ward", "$.forms.patient.id", "code", "value")
    assert rows(table) == [("5", "P1", "hr", "84"), ("5", "P1", "rr", "16"), ("5", "P2", "hr", "90")]
    assert noted(table) == {"list_not_read": 1, "path_missing": 1}
    assert opened(json.dumps(FORMS), "w.json", json_path="forms[].observations[]").columns == table.columns


def test_rows_at_a_path_in_lines_and_in_an_array() -> None:
    lines = "\n".join(json.dumps(form) for form in FORMS["forms"])
    assert rows(opened(lines, "w.ndjson", json_path="observations")) == [("P1", "hr", "84"), ("P1", "rr", "16"), ("P2", "hr", "90")]
    assert rows(opened(json.dumps(FORMS["forms"]), "w.json", json_path="observations"))[2] == ("P2", "hr", "90")


def test_the_path_is_asked_for() -> None:
    fault = asked(json.dumps(FORMS), "w.json")
    assert (fault.setting, fault.likely) == ("json_path", "forms[].observations")
    assert fault.problems[0].what == "is an object; it holds lists of objects at forms[].observations (3 rows), forms (3 rows)"


@pytest.mark.parametrize(
    ("body", "settings", "code", "where"),
    [
        ('{"a":1}\n{"a":1,"a":2}\n', {}, "name_twice", "w.ndjson, line 2, a"),
        ('{"a":1}\n{"a":NaN}\n', {}, "not_json", "w.ndjson, line 2"),
        ('{"a":1}\n[1]\n', {}, "not_rows", "w.ndjson, line 2"),
        ('{"a":1}\n{"a":\n', {}, "not_json", "w.ndjson, line 2"),
        ('{"a.b":1,"a":{"b":2}}\n', {}, "name_twice", "w.ndjson, line 1, a.b"),
        ('{"a":{"b":2}}\n{"a":1}\n', {"json_path": "a[].b"}, "json_path", "w.ndjson, line 1"),
        ('{"a":1}\n{"a":2}\n', {"json_path": "a..b"}, "json_path", "w.ndjson"),
        ('{"a":1}\n{"a":2}\n', {"json_path": "a"}, "not_rows", "w.ndjson, line 1"),
        ('{"a":1}\n{"a":2}\n', {"json_path": "b"}, "file_empty", "w.ndjson"),
    ],
)
def test_faults_of_json_have_their_place(body: str, settings: dict[str, Any], code: str, where: str) -> None:
    problem = refused(body, "w.ndjson", **settings).problems[0]
    assert (problem.code, problem.where) == (code, where)


def test_an_array_of_something_else_is_refused() -> None:
    assert refused("[1,2]", "w.json", kind="json").problems[0][:3] == ("not_rows", "w.json, row 1", "holds a number where an object is wanted")


def test_the_export_of_forms_reads_alike_in_every_kind() -> None:
    lines, array = rows(read_source(VECTORS / "c20_eform.ndjson")), rows(read_source(VECTORS / "c20_eform_array.json"))
    plain = rows(read_source(VECTORS / "c20_eform_blank_means_air.csv"))
    assert lines == array
    assert [tuple(cell or None for cell in row) for row in lines] == plain


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([36.8, 120.0, 1e-7, None]), ["36.8", "120", "1e-7", None]),
        (pa.array([36.8, 0.1], pa.float32()), ["36.8", "0.1"]),
        (pa.array([84, -1], pa.int8()), ["84", "-1"]),
        (pa.array([Decimal("36.80"), None]), ["36.80", None]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array(["", None, "x"]), ["", None, "x"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([date(2026, 3, 2)]), ["2026-03-02"]),
        (pa.array([datetime(2026, 3, 2, 8)], pa.timestamp("ns")), ["2026-03-02T08:00:00"]),
        (pa.array([datetime(2026, 3, 2, 8, tzinfo=UTC)], pa.timestamp("us", "UTC")), ["2026-03-02T08:00:00+00:00"]),
        (pa.array([datetime(2026, 3, 2, 8, 0, 0, 500_000), None], pa.timestamp("ms")), ["2026-03-02T08:00:00.500000", None]),
        (pa.array([datetime(2026, 3, 2, 8, tzinfo=UTC)], pa.timestamp("s", "+02:00")), ["2026-03-02T10:00:00+02:00"]),
        (pa.array([b"abc"]), ["abc"]),
    ],
)
def test_columns_of_parquet_are_text_with_their_digits(column: pa.Array, texts: list[str | None]) -> None:
    assert [row[0] for row in rows(opened(parquet(pa.table({"a": column})), "w.parquet"))] == texts


def test_nan_is_nothing_and_noted() -> None:
    table = opened(parquet(pa.table({"a": [36.8, float("nan"), None]})), "w.parquet")
    assert rows(table) == [("36.8",), (None,), (None,)]
    assert noted(table) == {"not_a_number": 1}
    assert table.notes[0].places == (2,)


def test_structs_and_lists_of_parquet() -> None:
    table = opened(parquet(pa.table({"bp": [{"sys": 118, "dia": 72}, None], "notes": [["a"], None]})), "w.parquet")
    assert table.columns == ("bp.sys", "bp.dia", "notes")
    assert rows(table) == [("118", "72", '["a"]'), (None, None, None)]
    assert noted(table) == {"list_in_cell": 1}


def test_rows_of_parquet_have_their_numbers_over_batches() -> None:
    many = pa.table({"a": list(range(1, 200_001))})
    found = [(number, int(cell)) for batch in opened(parquet(many), "w.parquet").batches() for number, cell in zip(batch.numbers.to_pylist(), batch.rows.column(0).to_pylist(), strict=True)]
    assert found == [(number, number) for number in range(1, 200_001)]


def test_a_stream_and_its_kind_by_content() -> None:
    assert read_source(io.BytesIO(parquet(pa.table({"a": [1]}))), SourceSettings()).settings.kind == "parquet"
    assert opened(b"\xef\xbb\xbf" + LINES.encode(), "w").settings.kind == "ndjson"
