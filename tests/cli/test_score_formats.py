"""Other formats than CSV go through the batch path and give the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import run

pl = pytest.importorskip("polars")
CASES = Path(__file__).parents[1] / "vectors" / "cases"
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


@pytest.mark.parametrize("name", ["c20_eform_blank_means_air.csv", "c20_eform.ndjson", "c20_eform_array.json"])
def test_one_export_in_three_forms_by_name_and_by_first_bytes(tmp_path: Path, name: str) -> None:
    """A blank oxygen code means air, and the map says so: by every way in, and for `validate`."""
    source, options = CASES / name, ["--map", CASES / "c20_map.toml"]
    assert run("score", "news2", source, "-o", tmp_path / "named.csv", *options).code == 0
    assert run("score", "news2", "-", "-o", tmp_path / "sniffed.csv", *options, stdin=source.read_bytes()).code == 0
    for output in ("named.csv", "sniffed.csv"):
        assert pl.read_csv(tmp_path / output)["total"].to_list() == [2, 5, 3, 7, 3, 4]
    assert run("validate", "news2", source, *options).code == 0


def test_a_table_is_not_written_under_a_name_that_promises_json(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("heart_rate\n80\n", encoding="utf-8")
    ran = run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "out.json")
    assert ran.code == 2 and "cannot be written as a JSON array" in ran.err
    assert not (tmp_path / "out.json").exists()
    assert run("score", "news2", tmp_path / "in.csv", "--json", "-o", tmp_path / "out.json").code == 0
    assert (tmp_path / "out.json").read_text(encoding="utf-8").startswith("{")
