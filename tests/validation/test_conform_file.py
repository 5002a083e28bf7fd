"""`conform --cases FILE`: the sets of a file are sent instead of a pack's, by the same reading as everywhere; refused ones are named, not sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import FileError, load_chart, read_plan, score
from mews_newtt.reading.columns import read_map
from mews_newtt.validation.conform import compare_answers, conform, file_cases
from tests.cli.command import run

CHART = load_chart("mews")
PLAN = """
[long]
code = "item"
value = "result"
unit = "unit"
subject = "id"
time = "at"
[codes]
Pulse = "heart_rate"
Temp = "temperature"
Mind = "consciousness"
[values.consciousness]
awake = "alert"
"""
LONG = """id,at,item,result,unit
Anna Secret,2026-03-02T08:00,Pulse,118,
Anna Secret,2026-03-02T08:00,Temp,98.6,[degF]
Anna Secret,2026-03-02T08:00,Mind,awake,
Berta Secret,2026-03-02T08:00,Pulse,fast,
Cleo Secret,2026-03-02T08:00,Temp,98.2,[degF]
"""
PLATFORM = """
import json, sys
from mews_newtt import load_chart, score
for line in sys.stdin:
    asked = json.loads(line)
    print(line, file=open(sys.argv[1], "a"))
    found = score(load_chart("mews"), asked["given"], raise_refused=False)
    print(json.dumps({"status": found.status, "total": found.total, "level": found.level, "points": found.points()}), flush=True)
"""


def right(given: Mapping[str, Any]) -> dict[str, Any]:
    result = score(CHART, dict(given), raise_refused=False)
    return {"status": result.status, "total": result.total, "level": result.level, "points": result.points()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ward.csv").write_text(LONG, "utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")
    (tmp_path / "platform.py").write_text(PLATFORM, "utf-8")
    return tmp_path


def test_sets_are_sent_in_the_units_and_words_of_the_chart(folder: Path) -> None:
    found = file_cases(CHART, folder / "ward.csv", plan=read_plan(folder / "plan.toml"))
    assert [(case.id, case.given) for case in found.cases] == [("row 2", {"temperature": "37.0", "heart_rate": "118", "consciousness": "alert"})]
    assert found.refused == {5: ("heart_rate",)} and found.not_exact == {6: ("temperature",)}
    assert found.reading is not None and found.reading.sets == 3
    assert conform(CHART, right, cases=found.cases).verdict == "agrees"


def test_a_map_reads_a_wide_file(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("HR,T,ward\n84,98.6,A\n-1,98.6,B\n", "utf-8")
    column_map = read_map(["HR=heart_rate", "T=temperature"], missing=["heart_rate=-1"], units=["temperature=[degF]"])
    found = file_cases(CHART, tmp_path / "w.csv", column_map=column_map)
    assert [case.given for case in found.cases] == [{"heart_rate": "84", "temperature": "37.0"}, {"temperature": "37.0"}]
    assert any("ward" in note for note in found.notes)


def test_the_command_sends_readings_alone_and_reports_the_rest(folder: Path) -> None:
    sent, report = folder / "sent.txt", folder / "report"
    command = f"{sys.executable} {folder / 'platform.py'} {sent}"
    before = set(folder.iterdir())
    done = run(
        "conform", "mews", "--command", command, "--cases", str(folder / "ward.csv"), "--plan", str(folder / "plan.toml"), "--report", str(report)
    )
    assert done.code == 0, done.err
    assert f"1 set of ward.csv is sent to {Path(sys.executable).name}" in done.err
    assert [json.loads(line) for line in sent.read_text("utf-8").split("\n") if line] == [
        {"case_id": "row 2", "given": {"temperature": 37, "heart_rate": 118, "consciousness": "alert"}}
    ]
    assert set(folder.iterdir()) - before == {sent, report}
    filed = json.loads((report / "report.json").read_text("utf-8"))
    said = json.dumps(filed)
    assert filed["reading"]["sets"] == 3 and "Secret" not in said
    assert "1 of 3 sets of ward.csv were not sent, because the chart refuses them: row 5 (heart_rate)" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--map", "HR=heart_rate"], "--map is for the file of --cases"),
        (["--plan", "plan.toml"], "--plan is for the file of --cases"),
        (["--cases", "w.csv", "--seed", "3"], "--seed is for a test pack"),
        (["--cases", "w.csv", "--manual"], "--manual is for a test pack"),
        (["--cases", "absent.csv"], "there is no such file"),
        (["--cases", "."], "is a folder"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_sent(tmp_path: Path, options: list[str], says: str) -> None:
    done = run("conform", "mews", "--command", "touch asked", *options, cwd=tmp_path)
    assert done.code == 2 and says in " ".join(done.err.replace(":", "").split())
    assert not (tmp_path / "asked").exists()


def test_a_file_without_a_set_to_send_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("heart_rate\nfast\n", "utf-8")
    with pytest.raises(FileError, match="has no set that can be sent: 1 are refused"):
        file_cases(CHART, tmp_path / "w.csv")


def test_a_wrong_platform_is_found_with_the_row_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("heart_rate\n84\n", "utf-8")
    cases = file_cases(CHART, tmp_path / "w.csv").cases
    found = conform(CHART, lambda given: {**right(given), "level": "escalate"}, cases=cases)
    assert found.disagreements[0].case_id == "row 2" and compare_answers is not None
