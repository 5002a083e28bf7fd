"""Other formats than CSV go through the batch path and give the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import run

pl = pytest.importorskip("polars")
RESULTS = ["score_status", "total", "total_min", "total_max", "level", "level_max", "level_rank", "level_max_rank", "missing", "flags"]


@pytest.mark.parametrize("name", ["out.parquet", "out.ndjson", "out.csv.gz"])
def test_every_format_says_what_csv_says(tmp_path: Path, name: str) -> None:
    options = ["--map", "examples/nhsr_news2_map.toml"]
    plain = tmp_path / "plain.csv"
    assert run("score", "news2", "examples/nhsr_synthetic_news.csv", "-o", plain, *options).code == 0
    other = tmp_path / name
    ran = run("score", "news2", "examples/nhsr_synthetic_news.csv", "-o", other, *options)
    assert ran.code == 0, ran.err
    assert "1000 rows: 1000 complete" in ran.err
    read = {".parquet": pl.read_parquet, ".ndjson": pl.read_ndjson, ".gz": pl.read_csv}[other.suffix]
    wanted = pl.read_csv(plain, infer_schema=False).select(RESULTS).fill_null("")
    assert read(other).select(RESULTS).cast(pl.String).fill_null("").equals(wanted)


def test_a_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_text("heart_rate\n80\n")
    ran = run("score", "news2", tmp_path / "in.parquet", "-o", tmp_path / "out.csv")
    assert ran.code == 2
    assert "in.parquet" in ran.err
    assert not (tmp_path / "out.csv").exists()
