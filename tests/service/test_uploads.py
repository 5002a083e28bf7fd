"""Files over HTTP: the library's answer to the byte, and every way a file can be bad told without harm."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt import load_chart
from mews_newtt.tables.files import score_file
from tests.patience import until
from tests.service.support import CSV, FULL, MANY, VERIFY, client, codes, lines

MIB = 1 << 20


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data"), job_workers=1, unpacked_bytes=4 * MIB, upload_rows=50_000, upload_bytes=3 * MIB) as found:
        yield found


def folders(http: Any) -> list[str]:
    return os.listdir(http.app.state.queue.folder)


def parquet(rows: int = 2) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"respiratory_rate": [21] * rows, "temperature": [37.5] * rows}), out)
    return out.getvalue()


def wide(columns: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({f"c{number}": [1] for number in range(columns)}), out)
    return out.getvalue()


def test_csv_gives_what_the_library_gives(http: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(CSV)
    score_file(load_chart("news2"), tmp_path / "in.csv", tmp_path / "out.csv", points=True, on_bad_row="report")
    answer = http.post(MANY + "?points=true", content=CSV, headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.content == (tmp_path / "out.csv").read_bytes()
    assert answer.headers["mews-newtt-chart-sha256"] == load_chart("news2").sha256
    assert folders(http) == []  # nothing of a direct answer is kept


def test_cells_of_the_caller_come_back_as_they_were(http: Any) -> None:
    """Scores go back into a system by the caller's own ids: no cell is changed, not even one that a spreadsheet would run (docs/service.md)."""
    cells = ["=1+1", "@SUM(1)", "+447700900000", "-5", "=cmd|' /C calc'!A0", "'=1", "\t=1", "=HYPERLINK(\"http://x.example\",\"y\")"]
    out = io.StringIO()
    csv.writer(out).writerows([["case_id", "heart_rate", "=own"], *([cell, 80, cell] for cell in cells)])
    answer = http.post(MANY, content=out.getvalue(), headers={"Content-Type": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["case_id", "heart_rate", "=own"]
    assert [row[:3] for row in rows[1:]] == [[cell, "80", cell] for cell in cells]


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_packed_bodies_are_unpacked(http: Any, packed: str) -> None:
    body = gzip.compress(CSV.encode()) if packed == "gzip" else pa.compress(CSV.encode(), codec="zstd", asbytes=True)
    plain = http.post(MANY, content=CSV, headers={"Content-Type": "text/csv"})
    answer = http.post(MANY, content=body, headers={"Content-Type": "text/csv", "Content-Encoding": packed})
    assert (answer.status_code, answer.content) == (200, plain.content)


def test_a_form_with_a_map(http: Any) -> None:
    body = "RR,Temp\n21,37.5\n"
    form = {"file": ("../../ward 7.csv", body, "text/csv")}
    answer = http.post(MANY, files=form, data={"map": '[columns]\nRR = "respiratory_rate"\nTemp = "temperature"\n'})
    assert answer.status_code == 200
    assert "partial" in answer.text.splitlines()[1]


@pytest.mark.parametrize(("accept", "suffix"), [("text/csv", "csv"), ("application/x-ndjson", "ndjson"), ("application/vnd.apache.parquet", "parquet")])
def test_the_answers_form_is_the_callers_choice(http: Any, accept: str, suffix: str) -> None:
    answer = http.post(MANY, content=parquet(), headers={"Content-Type": "application/vnd.apache.parquet", "Accept": accept})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, accept)
    if suffix == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).column("score_status").to_pylist() == ["partial", "partial"]
    elif suffix == "ndjson":
        assert [one["score_status"] for one in lines(answer.text)] == ["partial", "partial"]


def test_a_slip_in_a_column_is_told_in_the_callers_words(http: Any) -> None:
    answer = http.post(MANY, files={"file": ("ward.csv", "respiratory_rate,temprature\n21,37\n")})
    assert (answer.status_code, codes(answer)) == (422, ["column_misspelt"])
    assert str(http.app.state.settings.data_folder) not in answer.text
    answer = http.post(MANY + "?on_bad_row=error", files={"file": ("ward.csv", "respiratory_rate,temperature\n21,370\n")})
    assert (answer.status_code, "ward.csv, row 2" in answer.text) == (422, True)
    assert str(http.app.state.settings.data_folder) not in answer.text


BOUNDARY = "b0"


def form(*parts: str, end: str = f"--{BOUNDARY}--\r\n") -> bytes:
    return ("".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts) + end).encode()


FILE_PART = f'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{CSV}'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", form(FILE_PART)),
        (f"multipart/form-data; boundary={'b' * 71}", form(FILE_PART)),
        (f"multipart/form-data; boundary={BOUNDARY}", b""),
        (f"multipart/form-data; boundary={BOUNDARY}", b"no form at all"),
        (f"multipart/form-data; boundary={BOUNDARY}", form(FILE_PART, end="")),
        (f"multipart/form-data; boundary={BOUNDARY}", form(FILE_PART, FILE_PART)),
        (f"multipart/form-data; boundary={BOUNDARY}", form('Content-Disposition: form-data; name="data"\r\n\r\n1')),
        (f"multipart/form-data; boundary={BOUNDARY}", form("no header line\r\n\r\nx")),
        (f"multipart/form-data; boundary={BOUNDARY}", form(*['Content-Disposition: form-data; name="x"\r\n\r\n1'] * 30)),
    ],
)
def test_a_malformed_form_is_400(http: Any, kind: str, body: bytes) -> None:
    answer = http.post(MANY, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, codes(answer)) == (400, ["malformed_multipart"])
    assert folders(http) == []


def test_a_huge_field_of_a_form_is_413(http: Any) -> None:
    answer = http.post(MANY, files={"file": ("a.csv", CSV)}, data={"map": "x" * 100_000})
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("text/csv", b"", 400, "file_empty"),
        ("text/csv", b"\x1f\x8b", 400, "not_readable"),
        ("text/csv", gzip.compress(CSV.encode())[:-9], 400, "not_readable"),
        ("text/csv", b"respiratory_rate\n\xff\xfe\n", 400, "not_utf8"),
        ("application/vnd.apache.parquet", b"PAR1 and nothing", 400, "not_readable"),
        ("application/vnd.apache.parquet", parquet()[:-5], 400, "not_readable"),
        ("application/vnd.apache.parquet", gzip.compress(parquet()), 400, "format_packed"),
        ("text/csv", b"respiratory_rate,temperature\n1,2,3\n", 400, "row_ragged"),
    ],
)
def test_a_bad_file_is_told_not_scored(http: Any, kind: str, body: bytes, status: int, code: str) -> None:
    answer = http.post(MANY, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert folders(http) == []


def bombs() -> Iterator[tuple[str, bytes]]:
    yield "text/csv", gzip.compress(b"respiratory_rate\n" + b"0" * 64 * MIB)
    yield "text/csv", pa.compress(b"respiratory_rate\n" + b"0" * 64 * MIB, codec="zstd", asbytes=True)


@pytest.mark.parametrize(("kind", "body"), list(bombs()), ids=["gzip", "zstd"])
def test_what_unpacks_without_end_is_413(http: Any, kind: str, body: bytes) -> None:
    answer = http.post(MANY, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, codes(answer)) == (413, ["unpacked_too_large"])
    assert folders(http) == []


def test_a_parquet_file_with_too_many_rows_is_413(http: Any) -> None:
    answer = http.post(MANY, content=parquet(60_000), headers={"Content-Type": "application/vnd.apache.parquet"})
    assert (answer.status_code, codes(answer)) == (413, ["too_many_rows"])


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("text/csv", b"a" * 2_000_000 + b"\n1\n", 400, "not_csv"),
        ("text/csv", b",".join(b"c%d" % number for number in range(10_000)) + b"\n1\n", 413, "too_many_columns"),
        ("application/vnd.apache.parquet", wide(6_000), 413, "too_many_columns"),
    ],
)
def test_a_flood_of_columns_is_refused_at_once(http: Any, kind: str, body: bytes, status: int, code: str) -> None:
    answer = http.post(MANY, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert "input" in answer.json()["where"] and "/" not in answer.json()["where"]


def test_a_small_file_that_takes_all_memory_is_413(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), pa.array(["x" * 1_000_000]))
    body = io.BytesIO()
    pq.write_table(pa.table({"ward": texts, "temperature": pa.array([37.0] * 2_000)}), body)
    assert len(body.getvalue()) < 100_000, "2 GB of text once it is written as CSV"
    with client(tmp_path, job_workers=1, job_memory_bytes=500_000_000) as small:
        answer = small.post(MANY, content=body.getvalue(), headers={"Content-Type": "application/vnd.apache.parquet", "Accept": "text/csv"})
        assert (answer.status_code, codes(answer)) == (413, ["too_large_for_memory"])


def test_csv_with_too_many_rows_is_413(http: Any) -> None:
    answer = http.post(MANY, content="respiratory_rate\n" + "20\n" * 60_000, headers={"Content-Type": "text/csv"})
    assert (answer.status_code, codes(answer)) == (413, ["too_many_rows"])


def test_an_upload_beyond_the_limit_is_413(http: Any) -> None:
    body = random.Random(1).randbytes(3 * MIB + 1)
    answer = http.post(MANY, content=body, headers={"Content-Type": "text/csv"})
    assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


def test_what_is_accepted_is_asked_before_the_work(http: Any) -> None:
    answer = http.post(MANY, content=CSV, headers={"Content-Type": "text/csv", "Accept": "image/png"})
    assert (answer.status_code, codes(answer)) == (406, ["not_acceptable"])
    assert folders(http) == []


def test_a_file_of_stated_scores_is_verified_with_its_diagnosis(http: Any) -> None:
    rows = [{**FULL, "expected_total": 5}, {**FULL, "expected_total": 6}]
    answer = http.post(VERIFY, json=rows)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["verdict"], answer.json()["agreed"], answer.json()["disagreed"]) == ("disagrees", 1, 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a Validation keeps its rows in a temporary file as long as it lives
def test_a_verified_file_keeps_its_name_and_comes_with_reports(http: Any, tmp_path: Path) -> None:
    header, line, _ = CSV.split("\n", 2)
    body = f"{header},expected_total\n{line},6\n"
    (tmp_path / "ward 7.csv").write_text(body)
    from mews_newtt.validation.compare import diagnosed, validate_file

    answer = http.post(VERIFY, files={"file": ("C:\\charts\\ward 7.csv", body)})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found.pop("engine_version") and found.pop("letter").startswith("Subject: NEWS2 2017.1")
    assert found.pop("cards"), "what the pages draw beside what the library gives"
    assert found == json.loads(json.dumps(diagnosed(validate_file(load_chart("news2"), tmp_path / "ward 7.csv")).to_dict()))
    assert found["source"]["name"] == "ward 7.csv"
    assert found["diagnosis"]["disagreements"] == 1


def test_a_pack_is_the_librarys(http: Any) -> None:
    from mews_newtt.fhir.jsontext import write_json
    from mews_newtt.fhir.packs import pack_bundles
    from mews_newtt.validation.packs import make_pack
    from mews_newtt.validation.packs.files import as_csv
    from tests.fhir.support import assert_r4

    made = make_pack(load_chart("mewc"), seed=3)
    path = "/v1/charts/mewc/pack"
    answer = http.post(path, json={"seed": 3}).json()
    assert answer.pop("engine_version")
    assert answer == json.loads(json.dumps(made.to_dict()))
    assert http.post(path, json={"seed": 3}, headers={"Accept": "text/csv"}).text == as_csv(made)
    whole = http.post(path, json={"seed": 3}, headers={"Accept": "application/fhir+json"})
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/fhir+json")
    bundles = [write_json(each) for each in pack_bundles(made, load_chart("mewc"))]
    assert_r4(whole.json())
    assert [json.loads(each) for each in bundles] == [entry["resource"] for entry in whole.json()["entry"]]
    assert http.post(path, json={"seed": 3}, headers={"Accept": "application/fhir+ndjson"}).text == "".join(each + "\n" for each in bundles)
    refused = http.post(path, json={"seed": -1, "manual": "no", "sead": 1})
    assert (refused.status_code, sorted(codes(refused))) == (422, ["bad_parameter", "bad_parameter", "unknown_key"])


@pytest.mark.parametrize("packed", [None, "parquet"])
def test_columns_that_were_not_read_are_named_in_the_answer(http: Any, packed: str | None) -> None:
    body = "respiratory_rate,temperature,tempF,Zoë 子\n21,37.5,99.5,x\n"
    if packed:
        out = io.BytesIO()
        pq.write_table(pa.table({"respiratory_rate": [21], "temperature": [37.5], "tempF": [99.5], "Zoë 子": ["x"]}), out)
    kind = "application/vnd.apache.parquet" if packed else "text/csv"
    answer = http.post(MANY, content=out.getvalue() if packed else body.encode(), headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert json.loads(answer.headers["mews-newtt-columns-not-read"]) == ["tempF", "Zoë 子"]
    assert json.loads(answer.headers["mews-newtt-columns-in-doubt"]) == ["tempF"]


PLAN = '[columns]\nPuls = "heart_rate"\n[source]\nencoding = "cp1252"\n[numbers]\ndecimal = ","\n'


def test_a_reading_plan_comes_beside_the_file(http: Any) -> None:
    form = {"file": ("Süd.csv", "Puls;temperature;Größe\n80;36,8;1\n".encode("cp1252"))}
    answer = http.post(MANY, files=form, data={"plan": PLAN}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert answer.text.splitlines()[1].split(",")[:2] == ["80", "36.8"] or "36.8" in answer.text


def test_a_plan_reads_a_workbook_and_its_report_has_the_callers_name(http: Any) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Puls"])
    book.active.append([80])
    book.save(out)
    form = {"file": ("ward.xlsx", out.getvalue())}
    answer = http.post(MANY, files=form, data={"plan": '[columns]\nPuls = "heart_rate"\n'}, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    until(lambda: http.get(answer.headers["Content-Location"]).status_code == 200)
    job = http.get(answer.headers["Content-Location"]).json()
    assert job["state"] == "done", job
    summary = http.get(next(file["href"] for file in job["files"] if file["name"] == "summary.json")).json()
    assert summary["reading"]["source"] == "ward.xlsx" and summary["rows"] == 1
    refused = http.post(MANY, files=form)
    assert refused.status_code == 400 and refused.json()["problems"][0]["code"] == "format_unknown"


def test_faults_of_a_plan_are_named_without_our_paths(http: Any) -> None:
    answer = http.post(MANY, files={"file": ("a.csv", CSV)}, data={"plan": '[columns]\nx = "hart_rate"\n[numbers]\ndecimal = "x"\n'})
    assert answer.status_code == 422 and "hart_rate" in answer.text and "/plan" not in answer.text
    both = http.post(MANY, files={"file": ("a.csv", CSV)}, data={"plan": PLAN, "map": "ignore = []\n"})
    assert both.status_code == 400 and both.json()["problems"][0]["code"] == "map_and_plan"
