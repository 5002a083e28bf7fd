"""disagreements.csv: the worst rows first, with every column of the file, and never more than was asked for."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mews_newtt import load_chart
from mews_newtt.cli import main
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.validation.compare import validate, validate_file
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.reports import write_reports
from mews_newtt.validation.worst_rows import WorstRows, how_bad
from tests.validation.stated_rows import stated

NEWS2 = load_chart("news2")
WELL = {
    "respiratory_rate": 16, "oxygen_saturation": 97, "spo2_scale": "1", "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 70,
    "consciousness": "alert", "temperature": 36.6,
}  # fmt: skip


def lines_of(found: Any, tmp_path: Path) -> list[dict[str, str]]:
    write_reports(found, tmp_path / "out")
    with (tmp_path / "out" / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("most", [1, 7, 60, 10_000])
def test_the_worst_rows_are_kept_whatever_the_chunks(most: int) -> None:
    """Compared with a plain sort of all rows."""
    frame = stated("news2", 400)
    comparer = Comparer(NEWS2, frame.columns, ColumnMap(), False)
    kept, scores, before = WorstRows(comparer, most), [], 0
    for piece in (frame[:150], frame[150:151], frame[151:330], frame[330:]):
        chunk = comparer.compare(piece)
        wrong = np.flatnonzero(np.stack(list(chunk.kinds.values())).max(axis=0) > 1)
        kept.add(chunk, wrong, before)
        scores += [(-int(bad), int(row) + before + 1) for bad, row in zip(how_bad(comparer, chunk, wrong), wrong, strict=True)]
        before += piece.height
    wanted = [row for _, row in sorted(scores)[:most]]
    assert list(dict.fromkeys(kept.lines().get_column("row").to_list())) == wanted
    assert (kept.rows, kept.capped) == (len(scores), len(scores) > most)


def test_a_level_that_is_too_low_comes_first_then_a_total_that_is_too_low(tmp_path: Path) -> None:
    rows = [
        {**WELL, "expected_total": 5, "expected_level": "routine"},  # the total too high
        {**WELL, "heart_rate": 95, "expected_total": 0, "expected_level": "low"},  # 1 point too few
        {**WELL, "heart_rate": 135, "expected_total": 0, "expected_level": "low-medium"},  # 3 points too few
        {**WELL, "heart_rate": 135, "expected_total": 3, "expected_level": "low"},  # the level too low
    ]
    names = [level.id for level in NEWS2.levels]
    rows = [{**row, "expected_level": names[("routine", "low", "low-medium").index(row["expected_level"])]} for row in rows]
    lines = lines_of(validate(NEWS2, pl.DataFrame(rows)), tmp_path)
    assert list(dict.fromkeys(line["row"] for line in lines)) == ["4", "3", "2", "1"]


def test_every_column_of_the_file_is_kept_under_its_own_name(tmp_path: Path) -> None:
    own = {"Patient": "SYNTHETIC-1", "ward": "Delivery", "row": "bed 4", "=cmd()": "x", "kind": "SYNTHETIC"}
    row = {**own, **{("pulse" if name == "heart_rate" else name): value for name, value in WELL.items()}, "expected_total": 9}
    path = tmp_path / "file.csv"
    pl.DataFrame([row]).write_csv(path)
    (line,) = lines_of(validate_file(NEWS2, path, column_map=read_map(["pulse=heart_rate"])), tmp_path)
    assert (line["row"], line["row (of the file)"], line["kind (of the file)"], line["'=cmd()"]) == ("2", "bed 4", "SYNTHETIC", "x")
    assert (line["Patient"], line["ward"], line["pulse"], line["expected_total"]) == ("SYNTHETIC-1", "Delivery", "70", "9")


def test_a_cap_is_said_on_the_terminal_and_in_the_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file.csv"
    pl.DataFrame([{**WELL, "expected_total": 2}] * 150).write_csv(path)
    arguments = ["validate", "news2", str(path), "--no-diagnosis", "--report", str(tmp_path / "out")]
    assert main([*arguments, "--most-rows", "20"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "disagreements.csv holds 20 of the 150 rows that disagree" in said and "--most-rows" in said
    assert "disagreements.csv holds 20 of the 150 rows" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    with (tmp_path / "out" / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 20
    assert main(arguments) == 1
    assert "disagreements.csv holds" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*arguments, "--most-rows", "none"])
