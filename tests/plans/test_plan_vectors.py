"""Files of many kinds with a plan and the right answer for each (tests/vectors/plans/README.md): the same sets, scores and refusals."""

from __future__ import annotations

import gzip
import tomllib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars")
pytest.importorskip("openpyxl")

from mews_newtt import FileError, load_chart, score
from mews_newtt.chart.model import Chart
from mews_newtt.cli import main
from mews_newtt.reading.values import LABELS, Reading, read
from tests.plans.support import Scored, scored

FOLDER = Path(__file__).parents[1] / "vectors" / "plans"
CASES = [case for path in sorted(FOLDER.glob("*.toml")) for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]]
BAND = "_band"


def content(case: dict[str, Any]) -> bytes:
    """The file of a case as bytes."""
    if "text" not in case:
        return (FOLDER / case["file"]).read_bytes()
    lines = case["text"].rstrip("\n").split("\n")
    end = case.get("line_end", "\n")
    if case.get("framed"):
        messages = case["text"].strip("\n").split("\n\n")
        return b"".join(b"\x0b" + message.replace("\n", end).encode() + end.encode() + b"\x1c\r" for message in messages)
    if case.get("encoding") == "mixed":
        return "".join(line + end for line in lines[:-1]).encode() + (lines[-1] + end).encode("cp1252")
    body = "".join(line + end for line in lines).encode(case.get("encoding", "utf-8"))
    return gzip.compress(body, mtime=0) if case.get("packed") else body


def read_back(chart: Chart, row: dict[str, Any]) -> dict[str, Any]:
    """The readings of a row of the output, as values."""
    found = {name: read(chart.observations[name], row[name]) for name in row if name in chart.observations}
    return {name: one.value for name, one in found.items() if isinstance(one, Reading)}


def given(chart: Chart, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: text for name, text in wanted.items() if name in chart.observations}


def compare(chart: Chart, row: dict[str, Any], wanted: dict[str, Any], is_planned: bool = True) -> None:
    for label in LABELS:
        if label in wanted and is_planned:
            assert row[label] == wanted[label]
    if "refused" in wanted:
        assert row["score_status"] == "refused" and wanted["refused"] in row["error"], row["error"]
        return
    assert row["score_status"] != "refused", row["error"]
    found = read_back(chart, row)
    readings = given(chart, wanted)
    for name in [name for name in wanted if name.endswith(BAND)]:
        ours = name.removesuffix(BAND)  # any value of the same band may stand for a range: its score is compared below
        assert f"{ours}: " in row["plan_notes"]
        readings[ours], found[ours] = wanted[name], read(chart.observations[ours], wanted[name]).value  # type: ignore[union-attr]
    right = {name: one.value for name, text in readings.items() if isinstance(one := read(chart.observations[name], text), Reading)}
    assert len(right) == len(readings), "the case itself has a reading that cannot be read"
    if is_planned:  # a map leaves the file's own columns as they are
        assert {name: value for name, value in found.items() if name in chart.by_id or name in right} == right
    answer = score(chart, readings)
    assert (row["score_status"], row["total"], row["total_min"], row["total_max"], row["level"], row["level_max"]) == (
        answer.status, answer.total, answer.total_min, answer.total_max, answer.level, answer.level_max,
    )  # fmt: skip
    if "total_min" in wanted:
        assert row["total_min"] == wanted["total_min"]


def check_report(found: Scored, case: dict[str, Any]) -> None:
    report = found.report
    for kind in ("columns", "codes"):
        names = case.get(f"{kind}_not_read")
        if names is not None:
            assert report["not_read"][kind] == names
    noted = {note["code"] for note in report["notes"]}
    assert set(case.get("notes", ())) <= noted, noted
    counted = {entry.get("column") or entry.get("code"): entry for entry in [*report["columns"], *report["codes"]]}
    assert all(entry["blank"] + entry["marked_missing"] + entry["read"] + entry["refused"] <= entry["cells"] for entry in counted.values())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_right_sets_and_scores(tmp_path: Path, case: dict[str, Any]) -> None:
    name, chart = case.get("file", "source.csv"), case.get("chart", "news2")
    if "fault" in case:
        with pytest.raises(FileError) as caught:
            scored(tmp_path, chart, content(case), case["plan"], name)
        said = "\n".join(f"{one.where}: {one.what}: {one.mend}" for one in caught.value.problems)
        assert all(words in said for words in case["fault"]), said
        assert not (tmp_path / "out.parquet").exists()
        return
    found = scored(tmp_path, chart, content(case), case["plan"], name)
    assert len(found.rows) == len(case["rows"])
    for row, wanted in zip(found.rows, case["rows"], strict=True):
        compare(load_chart(chart), row, wanted, bool(found.summary.readings))
    if found.summary.readings:
        check_report(found, case)


# The commands open a file as `score` does; one case of each kind of file, because `coverage` looks for cases to add and takes seconds.
SOME = [case for case in CASES if case["name"] in ("bp_with_the_arm", "bulk_ndjson", "batch_file", "nested_by_path", "workbook_errors_refused")]


@pytest.mark.deep
@pytest.mark.parametrize("case", SOME, ids=[case["name"] for case in SOME])
def test_every_command_reads_it_alike(tmp_path: Path, case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """`validate` and `coverage` read the same sets as `score`: the same refusals, and never a traceback."""
    source, plan, chart = tmp_path / case.get("file", "source.csv"), tmp_path / "plan.toml", case.get("chart", "news2")
    source.write_bytes(content(case))
    plan.write_text(case["plan"], encoding="utf-8")
    done = {command: main([command, chart, str(source), "--plan", str(plan), "--json"]) for command in ("validate", "coverage")}
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if "fault" in case:
        assert set(done.values()) == {2} and all(words in said.err for words in case["fault"])
    else:
        assert done["coverage"] in (0, 1), said.err


def test_the_vectors_can_fail() -> None:
    chart = load_chart("news2")
    case = next(case for case in CASES if case["name"] == "devices_as_words")
    row = {"heart_rate": "80", "score_status": "partial", "error": None}
    with pytest.raises(AssertionError):
        compare(chart, row, case["rows"][0])
