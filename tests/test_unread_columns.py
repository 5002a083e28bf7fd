"""Every column that is not read is named, wherever a table is read; one that may hold a reading is doubted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import ColumnError, columns_not_read, load_chart, read_map
from mews_newtt.cli import main
from mews_newtt.reading.columns import check_columns
from mews_newtt.reading.repeats import LOOKED_AT, Repeats
from mews_newtt.reading.unread import Unread

NEWS2, NEWTT2 = load_chart("news2", "2017.1"), load_chart("newtt2", "0.1")
READ = "respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature"
TABLE = f"patient_id,ward,{READ},tempF,expected_total,note\nP1,W,18,97,air,120,80,A,36.8,98.2,0,x\n"
UNREAD = ["ward", "tempF", "note"]
BABY = {"temperature": 36.9, "respiratory_rate": 44, "heart_rate": 132, "oxygen_saturation": 98, "parental_concern": "none"}


def table(folder: Path, text: str = TABLE, name: str = "ward.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_names_in_their_order_labels_are_none_and_what_is_ignored_is_among_them() -> None:
    names = ["patient_id", "case_id", "observed_at", "bed", "heart_rate", "skip_temperature", "age", "points_heart_rate"]
    found = columns_not_read(NEWS2, names, read_map([], ignore=["age"]))
    assert found.names == ("bed", "age", "points_heart_rate") and found.doubts == {}
    with pytest.raises(ColumnError, match="looks like age_years"):
        columns_not_read(NEWS2, names)


def test_a_second_column_for_a_row_is_doubted() -> None:
    found = columns_not_read(NEWS2, ["hr", "Pulse (bpm)", "ward"], read_map(["hr=heart_rate"]))
    assert found.doubts == {"Pulse (bpm)": "looks like heart_rate too; heart_rate is read from hr"}


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        (["1.4", "2.6", ""], True),
        (["25", "30"], True),  # mg/dL
        ([1, 30], True),  # 30 mmol/L is implausible, 30 mg/dL is 1.7 mmol/L
        ([1.4, None, 3.2], True),
        (["x", "1.4"], False),
        (["", None], False),
        ([5000.0, 1.4], False),
    ],
)
def test_numbers_that_fit_a_row_without_a_column_are_doubted(values: list[Any], doubted: bool) -> None:
    names = [*BABY, "lab"]
    found = Unread(names, names, NEWTT2)
    found.look({"lab": values})
    assert ("lab" in found.doubts) == doubted
    if doubted:
        assert found.doubts["lab"] == "its numbers could be blood_glucose, which has no column"


@pytest.mark.parametrize("form", ["csv", "gz", "parquet", "ndjson"])
def test_the_summary_names_them_whichever_reader_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    source = table(tmp_path)
    if form != "csv":
        pl = pytest.importorskip("polars")
        frame, source = pl.read_csv(source, infer_schema=False), tmp_path / f"ward.{form if form != 'gz' else 'csv.gz'}"
        if form == "gz":
            import gzip

            source.write_bytes(gzip.compress(TABLE.encode()))
        elif form == "parquet":
            frame.write_parquet(source)
        else:
            frame.write_ndjson(source)
    counts = tmp_path / "counts.json"
    assert main(["score", "news2", str(source), "-o", str(tmp_path / "out.csv"), "--summary", str(counts)]) == 0
    said, summary = capsys.readouterr().err, json.loads(counts.read_text())
    assert summary["columns_not_read"] == ["ward", "tempF", "expected_total", "note"] and summary["columns_in_doubt"].keys() == {"tempF"}
    assert "not read: ward, tempF, expected_total, note" in said and "column tempF looks like temperature too" in said


def test_score_table_says_it_in_the_schema() -> None:
    pa = pytest.importorskip("pyarrow")
    from mews_newtt import score_table

    scored = score_table(NEWTT2, pa.table({name: [value] for name, value in BABY.items()} | {"lab": [1.4], "ward": ["W"]}))
    metadata = {key.decode(): json.loads(value) for key, value in scored.schema.metadata.items()}
    assert metadata["mews_newtt.columns_not_read"] == ["lab", "ward"]
    assert metadata["mews_newtt.columns_in_doubt"] == {"lab": "its numbers could be blood_glucose, which has no column"}


def test_validation_names_them_in_the_terminal_the_json_and_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    source = table(tmp_path)
    assert main(["validate", "news2", str(source), "--report", str(tmp_path / "report")]) == 0
    said = capsys.readouterr().out
    assert "not read: ward, tempF, note" in said and "column tempF looks like temperature too" in " ".join(said.split())
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["ignored_columns"] == UNREAD and "tempF" in report["your_file"]["columns_in_doubt"]
    page = (tmp_path / "report" / "report.html").read_text()
    assert "ward, tempF, note" in page and "column tempF looks like temperature too" in page


def test_coverage_and_by_date_name_them(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("polars")
    from tests.validation.made_packs import share_packs_of_coverage  # needs the extras that validation needs

    share_packs_of_coverage(monkeypatch)
    main(["coverage", "news2", str(table(tmp_path))])
    assert "not read: ward, tempF, expected_total, note" in capsys.readouterr().out
    main(["coverage", "news2", str(table(tmp_path)), "--json"])
    assert json.loads(capsys.readouterr().out)["columns_not_read"] == ["ward", "tempF", "expected_total", "note"]
    dated = table(tmp_path, "observed_at,heart_rate,ward\n2026-03-02,80,W\n", "dated.csv")
    assert main(["score", "news2", str(dated), "--by-date", "-o", str(tmp_path / "by_date.csv")]) == 0
    assert "not read: ward" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["HR=80 temperature=37", "heart_rate=80 glucose=1.4", "heart_rate=80 ward=W"])
def test_one_set_with_an_unknown_name_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "news2", "--obs", *given.split()]) == 2
    assert "is not a parameter of any chart" in capsys.readouterr().err


def test_rows_of_one_person_and_time() -> None:
    found = Repeats(["who", "when"], ["patient_id", "observed_at"], before=1)
    found.add([("A", "1"), ("B", "1"), None, ("A", "1"), ("A", "2"), None, ("A", "1")])
    assert found.to_dict() == {"repeated_rows": 2, "same_person_and_time": [[2, 5, 8]]}
    assert found.says() == ["the same person and time more than once: rows 2, 5 and 8. Each row was scored"]
    assert not Repeats(["who"], ["patient_id"]).looking
    found.rows = LOOKED_AT
    assert not found.looking


@pytest.mark.parametrize(
    ("column", "mend"),
    [
        ("case_ids", "--map 'case_ids'=case_id"),
        ("observd_at", "--map 'observd_at'=observed_at"),
        ("expected_totl", "rename it, or --map 'expected_totl'=expected_total"),
    ],
)
def test_a_misspelt_column_that_is_no_row_is_named_with_the_way_out(column: str, mend: str) -> None:
    with pytest.raises(ColumnError) as fault:
        check_columns(["heart_rate", column], load_chart("mewc"))
    assert [problem.mend for problem in fault.value.problems] == [f"{mend}; or --ignore {column!r} if it is something else"]


def test_unread_words_that_fit_a_row_without_a_column_are_a_doubt() -> None:
    """`awake state` says nothing that is known; its words are answers about consciousness. Yes and no are answers to anything."""
    chart = load_chart("news2")
    names = ["heart_rate", "state", "ventilated", "ward"]
    unread = columns_not_read(chart, names)
    assert {"state", "ventilated", "ward"} <= set(unread.screened)
    unread.look({"state": ["alert", "confusion", None, ""], "ventilated": ["no", "yes"], "ward": ["A", "C"]})
    assert unread.doubts == {"state": "its words could be consciousness, which has no column"}
