"""Several files with one plan: rows of one person and one time are one set, whichever file they are in, and places name the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mews_newtt import load_chart, read_plan, score_file
from mews_newtt.errors import FileError
from mews_newtt.tables.summary import Summary

CHART = load_chart("mews@0.1")
LONG = '[long]\ncode = "item"\nvalue = "result"\nsubject = "id"\ntime = "at"\n'
HEAD = "id,at,item,result\n"
A = "a,2026-01-31T23:58,heart_rate,84\nb,2026-01-31T10:00,heart_rate,70\n"
B = "a,2026-01-31T23:58,respiratory_rate,18\nc,2026-02-01T10:00,heart_rate,70\n"


def scored(folder: Path, plan: str, on_bad_row: str = "report", **files: str) -> tuple[list[dict[str, Any]], Summary]:
    """Score a folder of files by a plan."""
    inside = folder / "files"
    inside.mkdir()
    for name, content in files.items():
        (inside / name.replace("_", ".")).write_text(content, "utf-8")
    (folder / "plan.toml").write_text(plan, "utf-8")
    read = read_plan(folder / "plan.toml", observations=CHART.observations, keep_faults=True)
    summary = score_file(CHART, inside, folder / "out.parquet", plan=read, on_bad_row=on_bad_row)  # type: ignore[arg-type]
    return pl.read_parquet(folder / "out.parquet").to_dicts(), summary


def test_one_set_in_two_files(tmp_path: Path) -> None:
    rows, summary = scored(tmp_path, LONG, january_csv=HEAD + A, february_csv=HEAD + B)
    found = {row["patient_id"]: (row["heart_rate"], row["respiratory_rate"]) for row in rows}
    assert found == {"a": ("84", "18"), "b": ("70", None), "c": ("70", None)} and len(rows) == 3
    report = summary.readings[0].to_dict()
    assert (len(summary.readings), report["rows"], report["sets"]) == (1, 4, 3)
    assert report["files"] == ["february.csv", "january.csv"]
    assert "files read together: 2" in summary.readings[0].says()


def test_wide_files_with_sets_in_another_order_of_columns(tmp_path: Path) -> None:
    first = "patient_id,observed_at,heart_rate,respiratory_rate\na,2026-01-31T08:00,84,\n"
    second = "observed_at,patient_id,respiratory_rate,heart_rate\n2026-01-31T08:00,a,18,\n"
    rows, _ = scored(tmp_path, "[sets]\n", a_csv=first, b_csv=second)
    assert [(row["heart_rate"], row["respiratory_rate"]) for row in rows] == [("84", "18")]


def test_places_name_the_file(tmp_path: Path) -> None:
    bad = "a,2026-01-31T23:58,heart_rate,eighty\n"
    rows, summary = scored(tmp_path, LONG, a_csv=HEAD + A, b_csv=HEAD + bad + "d,2026-01-31T23:58,heart_rate,fast\n")
    report = summary.readings[0].to_dict()
    assert report["refused"][0]["first"] == [{"file": "b.csv", "row": 2, "cell": "eighty"}, {"file": "b.csv", "row": 3, "cell": "fast"}]
    assert any("first 'eighty' in row 2 of b.csv" in line for line in summary.readings[0].says())
    assert {row["patient_id"]: row["score_status"] for row in rows} == {"a": "refused", "b": "partial", "d": "refused"}


def test_readings_that_differ_name_both_files(tmp_path: Path) -> None:
    rows, _ = scored(tmp_path, LONG, a_csv=HEAD + A, b_csv=HEAD + "a,2026-01-31T23:58,heart_rate,85\n")
    assert "84 and 85 are given in one set (rows 2 of a.csv, 2 of b.csv)" in next(row["error"] for row in rows if row["patient_id"] == "a")


def test_a_row_that_stops_the_run_is_named_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"b\.csv, row 3"):
        scored(tmp_path, LONG, "error", a_csv=HEAD + A, b_csv=HEAD + "x,2026-01-31T10:00,heart_rate,70\nd,2026-01-31T23:58,heart_rate,9999\n")
    assert not (tmp_path / "out.parquet").exists()


def test_a_correction_in_a_later_file_supersedes(tmp_path: Path) -> None:
    plan = LONG + '[sets]\nnewest = "version"\n'
    head = "id,at,item,result,version\n"
    files = {"a_csv": head + "a,2026-01-31T23:58,heart_rate,48,1\n", "b_csv": head + "a,2026-01-31T23:58,heart_rate,84,2\n"}
    rows, summary = scored(tmp_path, plan, **files)
    assert [row["heart_rate"] for row in rows] == ["84"] and summary.readings[0].superseded == 1


def test_files_of_different_shape_are_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        scored(tmp_path, LONG, a_csv=HEAD + A, b_csv="id,at,item,value\n", c_ndjson='{"id": "a", "at": "x", "item": "y", "result": "z"}\n')
    said = str(raised.value)
    assert "b.csv" in said and "without 'result' and with 'value'" in said and "c.ndjson" in said and "is ndjson, and a.csv is csv" in said


def test_json_rows_may_leave_a_name_out(tmp_path: Path) -> None:
    one = '{"patient_id": "a", "observed_at": "2026-01-31T08:00", "heart_rate": 84}\n'
    two = '{"patient_id": "a", "observed_at": "2026-01-31T08:00", "respiratory_rate": 18}\n'
    rows, _ = scored(tmp_path, "[sets]\n", a_ndjson=one, b_ndjson=two)
    assert [(row["heart_rate"], row["respiratory_rate"]) for row in rows] == [("84", "18")]


def test_a_plan_without_sets_reads_file_by_file(tmp_path: Path) -> None:
    content = "heart_rate\n~84\n"
    rows, summary = scored(tmp_path, '[numbers]\nstrip = ["~"]\n', a_csv=content, b_csv=content)
    assert len(rows) == 2 and len(summary.readings) == 2
