"""A change-over: rows are scored on the version in force on their day; and what share of rows a new version changes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.chart.timeline import Timeline, charts_by_date, day_of
from mews_newtt.chart.write import chart_toml
from mews_newtt.errors import ChartNotFound, FileError
from mews_newtt.tables.by_date import score_file_by_date, score_table_by_date
from mews_newtt.tables.share import changed_rows
from tests.adoption.support import SIGN, put_as_adopted, withdraw
from tests.cli.command import run

READINGS = ("respiratory_rate", "heart_rate", "temperature", "consciousness")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A made-up chart and its next version, stricter in heart rate, from 1 June on."""
    folder = tmp_path / "site"
    examples = Path(__file__).resolve().parents[2] / "examples" / "adopting"
    assert run("adopt", examples / "anna.csv", examples / "ben.csv", "--rules", folder).code == 0
    assert run("adopt", "--sign-off", folder / "made-up" / "1.0.toml", *SIGN).code == 0
    old = load_chart(folder / "made-up" / "1.0.toml")
    text = chart_toml(replace(old, version="2.0", effective_from="2026-06-01", supersedes="1.0"))
    put_as_adopted(folder, text.replace("below = 47", "below = 57").replace("from = 47", "from = 57"))
    return folder


def rows(number: int) -> list[dict[str, object]]:
    rng = random.Random(7)
    found = []
    for _ in range(number):
        day = rng.choice(["2026-05-31T23:59", "2026-06-01 00:00", "2026-06-02", "2026-01-01T08:00:00Z"])
        row: dict[str, object] = {"observed_at": day, "respiratory_rate": rng.randint(5, 30), "heart_rate": rng.randint(40, 130)}
        found.append({**row, "temperature": rng.choice([34.9, 36.5, 38.5, None]), "consciousness": rng.choice(["alert", "voice"])})
    return found


def test_every_row_has_the_score_of_its_own_version(site: Path) -> None:
    timeline = charts_by_date(catalogue([site]), "made-up")
    assert timeline.says == "1.0 (verified) for all dates; 2.0 (verified) from 2026-06-01"
    given = rows(300)
    table = score_table_by_date(timeline, pl.DataFrame(given))
    for row, got in zip(given, table.to_pylist(), strict=True):
        version = "2.0" if str(row["observed_at"])[:7] == "2026-06" else "1.0"
        wanted = score(load_chart("made-up", version, folders=[site]), {name: row[name] for name in READINGS})
        assert (got["chart_version"], got["total"], got["level"], got["missing"]) == (version, wanted.total, wanted.level, ";".join(wanted.missing))


def test_a_row_without_a_day_is_refused_never_guessed(site: Path, tmp_path: Path) -> None:
    timeline = charts_by_date(catalogue([site]), "made-up")
    table = pa.table({"observed_at": ["2026-06-01", "", None, "01/06/2026", "2026-06-011"], "heart_rate": [50] * 5})
    found = score_table_by_date(timeline, table).to_pylist()
    assert [row["score_status"] for row in found] == ["partial", *["refused"] * 4]
    assert all(row["total"] is None and row["level"] is None and "observed_at" in row["error"] for row in found[1:])
    path = tmp_path / "in.csv"
    path.write_text("observed_at,heart_rate\n2026-06-01,50\n,50\n", encoding="utf-8")
    with pytest.raises(FileError, match="row 3"):
        score_file_by_date(timeline, path, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert score_file_by_date(timeline, path, tmp_path / "out.csv", on_bad_row="report") == {"2.0": 1, "refused": 1}
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("2026-06-01,50,partial")


def test_a_day_before_the_first_version_is_refused(site: Path) -> None:
    withdraw(site, "made-up/1.0.toml")
    later = chart_toml(replace(load_chart(site / "made-up" / "2.0.toml"), supersedes=None))
    withdraw(site, "made-up/2.0.toml")
    put_as_adopted(site, later)
    timeline = charts_by_date(catalogue([site]), "made-up")
    found = score_table_by_date(timeline, pa.table({"observed_at": ["2026-05-31"], "heart_rate": [50]})).to_pylist()
    assert found[0]["score_status"] == "refused"
    assert "in force" in found[0]["error"]


def test_without_the_column_nothing_is_scored(site: Path) -> None:
    with pytest.raises(FileError, match="observed_at_needed"):
        score_table_by_date(charts_by_date(catalogue([site]), "made-up"), pa.table({"heart_rate": [50]}))
    with pytest.raises(ChartNotFound, match="status_too_low"):
        charts_by_date(catalogue(), "mews", "verified")


def test_a_day_is_read_as_it_is_written() -> None:
    assert {day_of(raw) for raw in ("2026-06-01", "2026-06-01T23:59:59+02:00", date(2026, 6, 1), datetime(2026, 6, 1, 5))} == {date(2026, 6, 1)}
    for raw in ("", None, "1.6.2026", "2026-13-01", "2026-06-01x"):
        with pytest.raises(ValueError, match=r"."):
            day_of(raw)


def charts_of(site: Path) -> tuple[Chart, Chart]:
    return load_chart("made-up", "1.0", folders=[site]), load_chart("made-up", "2.0", folders=[site])


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_the_share_of_rows_that_change_is_that_of_scoring_each_twice(name: str, site: Path, tmp_path: Path) -> None:
    given = rows(400)
    frame, path = pl.DataFrame(given), tmp_path / name
    frame.write_csv(path) if name.endswith("csv") else frame.write_parquet(path)
    one, other = charts_of(site)
    pairs = [(score(one, told), score(other, told)) for told in ({reading: row[reading] for reading in READINGS} for row in given)]
    found = changed_rows(one, other, path)
    assert found.rows == 400
    assert found.changed["total"] == sum(a.total != b.total for a, b in pairs) > 0
    assert found.changed["level"] == sum(a.level != b.level for a, b in pairs) > 0
    assert sum(found.levels.values()) == found.changed["level"]
    assert changed_rows(one, one, path).changed["any"] == 0


def test_the_command_draws_and_counts(site: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pl.DataFrame(rows(40)).write_csv(path)
    done = run("diff", "made-up@1.0", "made-up@2.0", "--rules", site, "--draw", "--rows", path)
    assert done.code == 1
    assert "* " in done.out and "under 57  2 points" in done.out
    assert "Heart rate 47 to 56 /min: 0 points -> 2 points" in done.out
    assert "of 40 rows" in done.out
    assert '"rows": {' in run("diff", "made-up@1.0", "made-up@2.0", "--rules", site, "--json", "--rows", path).out
    assert run("diff", "mews", "mews", "--map", "a=b").code == 2


def test_the_command_scores_by_date_and_says_which_version_served(site: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("observed_at,heart_rate\n2026-05-31,50\n2026-06-01,50\n", encoding="utf-8")
    ran = run("score", "made-up", path, "--by-date", "-o", out, "--rules", site)
    assert ran.code == 0, ran.err
    assert "1.0 (verified) for all dates; 2.0 (verified) from 2026-06-01" in ran.err
    assert "rows: 1.0 1, 2.0 1" in ran.err
    assert [row["chart_version"] for row in pl.read_csv(out, infer_schema=False).to_dicts()] == ["1.0", "2.0"]
    assert run("score", "made-up@1.0", path, "--by-date", "-o", out, "--rules", site).code == 2
    assert run("score", "made-up", path, "--by-date", "--rules", site).code == 2


def test_the_columns_are_the_same_whichever_versions_the_rows_needed() -> None:
    """A file is scored in stretches: one with rows of a single version must fit one with rows of both, whose parameters differ."""
    timeline = Timeline("made-up", ((None, load_chart("mews", "0.1")), (date(2026, 6, 1), load_chart("news2"))))
    early, late = ({"observed_at": day, "heart_rate": 131, "respiratory_rate": 18} for day in ("2026-01-01", "2026-07-01"))
    both = score_table_by_date(timeline, pa.Table.from_pylist([early, late]), points=True)
    assert both.column("points_diastolic_bp").to_pylist() == [None, None]
    for rows_of_one in ([early], [late, late]):
        assert score_table_by_date(timeline, pa.Table.from_pylist(rows_of_one), points=True).schema.equals(both.schema)
