"""`[sets] newest`: a reading that a later version of its row supersedes, and every case in which nobody can know which one counts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("polars")
from mews_newtt.errors import FileError
from tests.plans.support import Scored, scored

LONG = '[long]\ncode = "item"\nvalue = "result"\nsubject = "id"\ntime = "at"\n[sets]\nnewest = "version"\n'
HEAD = "id,at,item,result,version\n"


def long(tmp_path: Path, *rows: str, plan: str = LONG) -> Scored:
    lines = "".join(f"a,{row if row.startswith('2026') else '2026-03-02T08:00,' + row}\n" for row in rows)
    return scored(tmp_path, "mews@0.1", HEAD + lines, plan)


def test_the_highest_version_counts_wherever_it_is_in_the_file(tmp_path: Path) -> None:
    for rows in (("heart_rate,48,9", "heart_rate,84,10"), ("heart_rate,84,10", "heart_rate,48,9")):
        found = long(tmp_path, *rows, "respiratory_rate,18,1")
        assert (found.column("heart_rate"), found.column("respiratory_rate")) == (["84"], ["18"])
        assert (found.report["superseded"], found.report["repeated_differing"]) == (1, 0)
        assert "readings superseded by a newer row: 1" in found.summary.readings[0].says()


def test_a_later_time_is_newer(tmp_path: Path) -> None:
    found = long(tmp_path, "heart_rate,84,2026-03-02T09:00", "heart_rate,48,2026-03-02T08:59")
    assert found.column("heart_rate") == ["84"]


def test_a_newer_row_corrects_a_cell_that_cannot_be_read(tmp_path: Path) -> None:
    found = long(tmp_path, "heart_rate,eighty,1", "heart_rate,84,2")
    assert found.column("heart_rate") == ["84"] and found.column("score_status") == ["partial"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("heart_rate,84,2", "heart_rate,85,2", "heart_rate,48,1"), "84 and 85 are given in one set (rows 2, 3)"),
        (("heart_rate,84,1", "heart_rate,,2"), "row 3 is newer than row 2, and has no value"),
        (("heart_rate,84,1", "heart_rate,85,"), "the rows 2, 3 differ, and row 3 does not say its version"),
        (("heart_rate,84,1", "heart_rate,85,second"), "'second' is neither a whole number nor a time"),
        (("heart_rate,84,1", "heart_rate,eighty,2"), "eighty"),
    ],
)
def test_what_cannot_be_decided_is_refused(tmp_path: Path, rows: tuple[str, ...], says: str) -> None:
    found = long(tmp_path, *rows)
    assert found.column("score_status") == ["refused"] and says in found.column("error")[0]
    assert found.report["refused"]


def test_the_same_value_twice_needs_no_version(tmp_path: Path) -> None:
    found = long(tmp_path, "heart_rate,84,", "heart_rate,84,", "respiratory_rate,,1")
    assert (found.column("heart_rate"), found.column("respiratory_rate"), found.report["repeated_alike"]) == (["84"], [None], 1)


def test_readings_of_two_times_do_not_supersede_each_other(tmp_path: Path) -> None:
    rows = ("2026-03-02T08:00,heart_rate,84,1", "2026-03-02T08:02,heart_rate,90,2")
    found = long(tmp_path, *rows, plan=LONG + 'window = "5 min"\n')
    assert "84 and 90 are given in one set" in found.column("error")[0] and found.report["superseded"] == 0


def test_wide_rows_have_versions_too(tmp_path: Path) -> None:
    content = "patient_id,observed_at,heart_rate,respiratory_rate,v\nx,2026-03-02T08:00,48,18,1\nx,2026-03-02T08:00,84,18,2\n"
    found = scored(tmp_path, "mews@0.1", content, '[sets]\nnewest = "v"\n')
    assert (found.column("heart_rate"), found.column("respiratory_rate"), found.report["superseded"]) == (["84"], ["18"], 1)


@pytest.mark.parametrize(
    ("rows", "plan", "says"),
    [
        (("heart_rate,84,1", "heart_rate,85,2026-03-02T09:00"), LONG, "numbers and times"),
        (("heart_rate,84,1",), LONG.replace('"version"', '"versoin"'), "there is no column 'versoin'"),
        (("heart_rate,84,1",), LONG + '[status]\ncolumn = "item"\nvoid = ["x"]\n', "contradict each other"),
        (("heart_rate,84,1",), LONG + "[numbers]\nranges = true\n", "does not go with ranges"),
    ],
)
def test_faults_of_the_plan(tmp_path: Path, rows: tuple[str, ...], plan: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        long(tmp_path, *rows, plan=plan)
