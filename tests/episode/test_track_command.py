"""`mews-newtt track` as a process: what it writes, what it says, how it ends."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WARD = ROOT / "examples" / "episodes" / "ward.csv"


def track(*options: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mews_newtt", "track", *map(str, options)], capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_a_file_of_sets_gets_the_columns_of_the_course(tmp_path: Path) -> None:
    out = tmp_path / "followed.csv"
    ran = track("news2", WARD, "-o", out, "--now", "2026-11-21T05:00")
    assert ran.returncode == 0, ran.stderr
    assert "7 sets of 3 people" in ran.stderr and "overdue now: 1 person" in ran.stderr and "not read" not in ran.stderr
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["set_status"] for row in rows].count("current") == 7 and len(rows) == 9
    assert rows[2]["minutes_late"] == "45.0" and rows[2]["level_change"] == "3"
    assert rows[0]["due_at"] == "2026-11-20T20:00:00"
    assert "made-up" not in ran.stderr


def test_without_a_source_no_time_is_made_up() -> None:
    ran = track("mews", WARD)
    assert ran.returncode == 0 and "none is made up" in ran.stderr
    assert all(not row["due_at"] for row in csv.DictReader(ran.stdout.splitlines()))


def test_a_person_that_cannot_be_followed_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    path.write_text(WARD.read_text(encoding="utf-8").replace("2026-11-20 19:30", "yesterday"), encoding="utf-8")
    ran = track("news2", path, "-o", tmp_path / "out.parquet")
    assert ran.returncode == 1 and "not followed: 1 person (4 rows)" in ran.stderr
    assert (tmp_path / "out.parquet").is_file()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["news2", WARD, "--now", "soon"], "is not a time"),
        (["news2", WARD, "--policy", "nothing"], "there is no such policy"),
        (["news2", WARD, "--policy", "nice-newborn"], "is not for news2"),
        (["news2", WARD, "--now", "2026-11-21T05:00Z"], "without"),
        (["news2", WARD.parent / "none.csv"], "none.csv"),
        (["news2", WARD, "-o", WARD], "is read by this command"),
    ],
)
def test_bad_input_ends_with_2_and_a_clear_error(options: list[str | Path], says: str) -> None:
    ran = track(*options)
    assert ran.returncode == 2 and says in ran.stderr and "Traceback" not in ran.stderr
