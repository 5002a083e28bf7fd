"""Files in, files out: every format into every other, the same answers; bad rows named; nothing half-written."""

from __future__ import annotations

from pathlib import Path
from random import Random

import polars as pl
import pytest
from batch_support import expected, random_value

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import FileError
from mews_newtt.tables import read
from mews_newtt.tables.files import score_file
from tests.file_forms import forms, write_rows

RESULTS = ["score_status", "total", "total_min", "total_max", "level", "level_max", "level_rank", "level_max_rank", "missing", "flags", "error"]
IN = [f"in{form}" for form in forms()]
OUT = [f"out{form}" for form in forms(written=True)]
NAMES = ("respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")


@pytest.fixture
def rows() -> list[dict[str, object]]:
    chart, rng = load_chart("news2"), Random(11)
    found = []
    for place in range(400):
        row: dict[str, object] = {"case_id": f"{place:05}"}
        for name in NAMES:
            value = None if rng.random() < 0.1 else random_value(chart, name, rng)
            row[name] = value if value is None or isinstance(value, str) else float(value)
        found.append(row)
    return found


def _read(path: Path) -> pl.DataFrame:
    if ".parquet" in path.name:
        return pl.read_parquet(path)
    return pl.read_ndjson(path) if ".ndjson" in path.name else pl.read_csv(path, infer_schema=False)


def _same(found: pl.DataFrame, rows: list[dict[str, object]]) -> None:
    chart = load_chart("news2")
    assert found.height == len(rows)
    for got, row in zip(found.select(RESULTS).to_dicts(), rows, strict=True):
        want = expected(chart, {name: value for name, value in row.items() if name != "case_id"})
        assert {name: "" if value is None else str(value) for name, value in got.items()} == {
            name: "" if want[name] is None else str(want[name]) for name in RESULTS
        }, row


@pytest.mark.parametrize("source", IN)
@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
def test_every_input_format(source: str, target: str, rows: list[dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "ROWS", 97)
    write_rows(rows, tmp_path / source)
    summary = score_file(load_chart("news2"), tmp_path / source, tmp_path / target, on_bad_row="report")
    found = _read(tmp_path / target)
    _same(found, rows)
    assert found["case_id"].to_list() == [row["case_id"] for row in rows]
    assert summary.rows == len(rows) == sum(summary.status.values())
    assert summary.totals.total() == summary.status["complete"]


@pytest.mark.parametrize("target", OUT)
def test_every_output_format(target: str, rows: list[dict[str, object]], tmp_path: Path) -> None:
    write_rows(rows, tmp_path / "in.parquet")
    score_file(load_chart("news2"), tmp_path / "in.parquet", tmp_path / target, on_bad_row="report")
    _same(_read(tmp_path / target), rows)


def test_several_inputs_and_a_folder(rows: list[dict[str, object]], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_rows(rows[:100], tmp_path / "in" / "a.csv")
    write_rows(rows[100:], tmp_path / "in" / "b.csv")
    score_file(load_chart("news2"), tmp_path / "in", tmp_path / "o.csv", on_bad_row="report")
    _same(_read(tmp_path / "o.csv"), rows)
    score_file(load_chart("news2"), [tmp_path / "in" / "a.csv", tmp_path / "in" / "b.csv"], tmp_path / "p.csv", on_bad_row="report")
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "p.csv").read_bytes()


def test_a_bad_row_stops_and_leaves_the_old_output(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("heart_rate,temperature\n80,36.8\n80,warm\n", "utf-8")
    (tmp_path / "out.csv").write_text("old", "utf-8")
    with pytest.raises(FileError, match=r"in.csv, row 3, column temperature: 'warm' is not a number"):
        score_file(load_chart("news2"), tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_and_marks(mark: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(
        b"\xef\xbb\xbf" + mark.join(["heart_rate", "temperature"]).encode() + b"\r\n" + mark.join(["80", "36.80"]).encode() + b"\r\n"
    )
    score_file(load_chart("news2"), tmp_path / "in.csv", tmp_path / "out.csv")
    found = _read(tmp_path / "out.csv")
    assert found["temperature"].to_list() == ["36.80"]
    assert found["missing"][0].count(";") == 4


def test_a_decimal_comma_is_told_and_never_misread(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("heart_rate;temperature\n80;36,8\n", "utf-8")
    with pytest.raises(FileError, match=r",8"):
        score_file(load_chart("news2"), tmp_path / "in.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("text", ["", "heart_rate\n\xff", "heart_rate,temperature\n80,36.8,7\n", "heart_rates\n80\n"])
def test_files_that_are_not_right(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(FileError):
        score_file(load_chart("news2"), tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        score_file(load_chart("news2"), tmp_path / "none.csv", tmp_path / "out.csv")
    with pytest.raises(FileError, match="does not say what it is"):
        score_file(load_chart("news2"), Path(__file__), tmp_path / "out.csv")
