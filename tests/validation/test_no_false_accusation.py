"""What is missing in the file is never held against the platform, and the diagnosis never contradicts the comparison or costs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from mews_newtt import Chart, load_chart, score
from mews_newtt.cli import main
from mews_newtt.validation import collect, compare
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.conform import Adapter, compare_answers
from mews_newtt.validation.packs import Case
from mews_newtt.validation.result import Origin
from tests.validation.made_packs import pack_of
from tests.validation.platforms import NORMAL, content_of, one_set, right, table_with

NEWS2 = load_chart("news2")


def rows_of(*totals: str, leave_out: str = "", **more: str) -> pl.DataFrame:
    readings = {name: text for name, text in {**NORMAL, **more}.items() if name != leave_out}
    return pl.DataFrame([{**readings, "ward": "A", "expected_total": total} for total in totals])


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: pl.DataFrame, *options: str) -> tuple[int, str]:
    path = tmp_path / "scores.csv"
    rows.write_csv(path)
    code = main(["validate", "news2", str(path), *options])
    return code, " ".join(capsys.readouterr().out.split())


def test_a_platform_is_not_diagnosed_where_a_scored_row_has_no_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of("0", "0", "3", leave_out="consciousness")
    code, told = run(tmp_path, capsys, rows, "--report", str(tmp_path / "report"))
    assert code == 1
    assert told.startswith("No column was read for Level of consciousness (ACVPU): every set was scored without it.")
    assert "not read: ward" in told
    assert "Not diagnosed." in told and "--diagnose-anyway" in told and "seems" not in told
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["rows_without_column"] == [{"parameter": "consciousness", "title": "Level of consciousness (ACVPU)"}]
    assert report["ignored_columns"] == ["ward"]
    assert report["diagnosis"]["findings"] == [] and report["diagnosis"]["not_made"]
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.index("No column was read for") < page.index("3 of 3 compared rows disagree with")
    code, told = run(tmp_path, capsys, rows, "--diagnose-anyway")
    assert code == 1 and "Not diagnosed" not in told and "explains 2 of 3" in told


def test_a_group_of_which_one_is_given_needs_one_column_only() -> None:
    chart, rng = load_chart("npews"), Random(3)
    sets = [one_set(content_of("npews"), rng, 0) for _ in range(50)]
    answers = [right(content_of("npews")).answer(given) for given in sets]
    table = pl.DataFrame(table_with(sets, answers))
    assert validate(chart, table.drop("oxygen_flow")).without_column == ()
    assert validate(chart, table.drop("oxygen_flow", "oxygen_percent")).without_column == ("oxygen_percent", "oxygen_flow")


@pytest.mark.parametrize("blank", ["", " ", "NULL", "None", "nan"])
def test_a_blank_total_is_blank_and_never_wrong(blank: str) -> None:
    found = diagnosed(validate(NEWS2, rows_of(blank, blank, "0")))
    assert (found.verdict, found.compared, found.by_column["expected_total"].blank) == ("agrees", 1, 2)
    partial = validate(NEWS2, rows_of(blank, "0").with_columns(heart_rate=pl.Series(["", "70"])))
    assert (partial.verdict, partial.compared) == ("agrees", 1)


def test_a_row_without_any_reading_has_nothing_to_compare() -> None:
    bare = dict.fromkeys(NORMAL, "")
    rows = pl.DataFrame([{**NORMAL, "expected_total": "0"}, {**bare, "expected_total": "7"}, {**bare, "expected_total": ""}])
    found = validate(NEWS2, rows)
    assert (found.verdict, found.compared, found.without_readings) == ("agrees", 1, 1)
    assert "1 row has no reading" in found.says and "1 row states nothing" in found.says
    assert any("1 row states a score and has no reading" in note for note in found.notes)
    assert found.to_dict()["rows_without_readings"] == 1
    only = validate(NEWS2, rows[1:2])
    assert only.verdict == "nothing_compared" and only.says.endswith("that states a score has a reading.")


def test_parts_of_a_row_without_readings_are_added_up() -> None:
    bare = {**dict.fromkeys(NORMAL, ""), **{f"expected_points_{name}": "1" for name in NORMAL}}
    found = diagnosed(validate(NEWS2, pl.DataFrame([{**bare, "expected_total": total} for total in ("7", "8")])))
    assert dict(found.kinds) == {"parts_do_not_add_up": 1}
    assert [(cell.expected, cell.computed) for one in found.disagreements for cell in one.cells] == [("8", "7")]
    assert found.diagnosis is not None and "1 row disagrees only in" in found.diagnosis.words
    assert "No disagreement to explain" not in found.diagnosis.words


def test_a_diagnosis_that_fails_costs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("heart rate 70 of a patient")

    monkeypatch.setattr(compare, "diagnose", lambda *given, **more: fails(*given, **more))
    where = f"test_no_false_accusation.py, line {fails.__code__.co_firstlineno + 1})"
    code, told = run(tmp_path, capsys, rows_of("0", "5"), "--report", str(tmp_path / "report"))
    assert code == 1
    assert f"The diagnosis failed (ZeroDivisionError in {where}" in told and "of a patient" not in told
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert (report["disagreed"], report["compared"]) == (1, 2) and "not affected" in report["diagnosis"]["words"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.html", "report.json", "junit.xml", "disagreements.csv"}


def answering(chart: Chart, change: Any) -> Any:
    """A platform that scores rightly and then changes its answer."""

    def ask(case: Case) -> Any:
        found = score(chart, dict(case.given), raise_refused=False)
        return Adapter().read(change({"status": found.status, "total": found.total, "level": found.level, "points": found.points()}), chart)

    return ask


def refuses_partial(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"error": "incomplete"} if says["status"] == "partial" else says


def no_totals(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**says, "total": None}


def no_levels(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**says, "level": ""}


def no_points(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**says, "points": {**says["points"], "heart_rate": says["points"].get("heart_rate") or None}}


def all_complete(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**says, "status": "complete"}


def purple(says: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**says, "level": "purple" if says["level"] else ""}


@pytest.mark.parametrize("change", [refuses_partial, no_totals, no_levels, no_points, all_complete, purple])
def test_the_diagnosis_never_says_that_nothing_disagrees_beside_a_disagreement(change: Any) -> None:
    found = diagnosed(compare_answers(NEWS2, answering(NEWS2, change), pack_of("news2").cases, Origin("x", kind="endpoint")))
    assert found.disagreed and found.diagnosis is not None
    counted = found.diagnosis.disagreements + found.diagnosis.unexplained
    assert counted == found.disagreed and "No disagreement" not in found.diagnosis.words, found.diagnosis.words


def test_refused_partial_sets_are_named() -> None:
    found = diagnosed(compare_answers(NEWS2, answering(NEWS2, refuses_partial), pack_of("news2").cases, Origin("x", kind="endpoint")))
    assert found.diagnosis is not None and found.diagnosis.certain
    assert found.diagnosis.words.startswith("Partial sets seem to be refused")


def test_a_status_alone_is_diagnosed_in_a_file_too() -> None:
    rows = pl.DataFrame([{**NORMAL, "temperature": "", "expected_status": "complete"}] * 3 + [{**NORMAL, "expected_status": "complete"}])
    found = diagnosed(validate(NEWS2, rows))
    assert found.disagreed == 3 and found.diagnosis is not None and found.diagnosis.disagreements == 3


def test_a_value_map_of_levels_is_read_once_by_comparison_and_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Medium` means low here, and `low` means high: a second translation would turn it again."""
    from mews_newtt.reading.columns import ColumnMap

    monkeypatch.setattr(collect, "WRONG_KEPT", 4)
    column_map = ColumnMap(values={"expected_level": {"Medium": "low", "low": "high"}})
    rows = pl.DataFrame([{**NORMAL, "heart_rate": "95", "expected_level": "Medium"}] * 3 + [{**NORMAL, "heart_rate": "95", "expected_level": "low"}] * 3)
    found = diagnosed(validate(NEWS2, rows, column_map=column_map))
    assert found.disagreed == 3 and found.diagnosis is not None and found.diagnosis.disagreements == 3
