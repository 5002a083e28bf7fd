"""Expected cells: which column is one, how it is read, and what a blank one means beside what else is stated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mews_newtt import ColumnError, FileError, load_chart, score
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation import collect, compare
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.compare import validate, validate_file
from mews_newtt.validation.expected import ExpectedColumn, Reader
from mews_newtt.validation.stated import NONE, UNKNOWN, UNREADABLE, read_stated
from tests.validation.platforms import NORMAL

NEWS2, MEWC = load_chart("news2"), load_chart("mewc")


def kinds(row: dict[str, Any], chart: Any = NEWS2, **more: Any) -> dict[str, int]:
    return dict(validate(chart, pl.DataFrame([row]), **more).kinds)


@pytest.mark.parametrize("status", ["complete", "Complete", "COMPLETE", " complete "])
def test_a_status_is_read_in_any_case(status: str) -> None:
    assert kinds({**NORMAL, "expected_status": status}) == {}
    assert kinds({**NORMAL, "temperature": "", "expected_status": status}) == {"status": 1}


@pytest.mark.parametrize("reason", ["", "U4"])
@pytest.mark.parametrize("reading", ["", "70"])
def test_a_total_is_compared_wherever_there_is_a_reading_or_a_reason(reading: str, reason: str) -> None:
    row = {**dict.fromkeys(NORMAL, ""), "heart_rate": reading, "skip_temperature": reason, "expected_total": "7"}
    assert kinds(row) == ({"total_of_partial": 1} if reading or reason else {})


@pytest.mark.parametrize(
    ("status", "heart_rate", "kind"),
    [
        ("complete", "70", {"left_out": 2}),
        ("", "70", {"left_out": 2}),
        ("partial", "70", {"status": 1}),  # it says that there is none
        ("refused", "70", {"status": 1}),
        ("complete", "", {"status": 1}),
        ("partial", "", {}),
        ("", "", {}),
    ],
)
def test_blank_answers_disagree_unless_the_platform_says_that_there_is_none(status: str, heart_rate: str, kind: dict[str, int]) -> None:
    row = {**NORMAL, "heart_rate": heart_rate, "expected_status": status, "expected_total": "", "expected_level": ""}
    assert kinds(row, blanks_disagree=True) == kind
    assert "left_out" not in kinds(row)


def test_a_blank_status_never_disagrees() -> None:
    assert kinds({**NORMAL, "expected_status": "", "expected_total": "0"}, blanks_disagree=True) == {}


def test_a_blank_total_is_no_answer_left_out_on_a_chart_without_points() -> None:
    given = Pool(MEWC, random=1).baselines[0]
    assert score(MEWC, dict(given)).status == "complete"
    row = {**given, "expected_total": "", "expected_level": ""}
    assert kinds(row, MEWC, blanks_disagree=True) == {"left_out": 1}
    assert kinds({**given, "expected_level": ""}, MEWC, blanks_disagree=True) == {"left_out": 1}
    assert kinds({**given, "expected_total": "0"}, MEWC) == {"total_without_points": 1}


def test_blank_points_are_left_out_only_where_the_chart_gives_some() -> None:
    row = {**NORMAL, "expected_points_heart_rate": "", "expected_points_temperature": "0"}
    assert kinds(row, blanks_disagree=True) == {"left_out": 1}
    assert kinds({**row, "heart_rate": ""}, blanks_disagree=True) == {}


def test_an_expected_column_can_be_ignored() -> None:
    row = {**NORMAL, "expected_total": "9", "expected_level": "routine"}
    found = validate(NEWS2, pl.DataFrame([row]), column_map=ColumnMap(ignore=frozenset(["expected_total"])))
    assert (found.verdict, list(found.by_column), found.ignored) == ("agrees", ["expected_level"], ("expected_total",))
    with pytest.raises(ColumnError, match="none of them holds the platform's scores"):
        validate(NEWS2, pl.DataFrame([row]), column_map=ColumnMap(ignore=frozenset(["expected_total", "expected_level"])))


@pytest.mark.parametrize(
    ("cell", "rank"),
    [("high", 4), ("HIGH", 4), ("Low - Medium", 2), ("low_to_medium", 2), ("none", NONE), ("purple", UNKNOWN), ("", NONE), (None, NONE)],
)
def test_a_level_is_read_by_id_or_title_in_any_case(cell: str | None, rank: int) -> None:
    assert read_stated(NEWS2, "level", cell) == rank
    assert Reader(NEWS2, ColumnMap(), False).value(ExpectedColumn("expected_level", "x", "level"), cell) == rank


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", 5),
        (5, 5),
        (5.0, 5),
        ("5.0", 5),
        (True, UNREADABLE),
        (5.5, UNREADABLE),
        ("five", UNREADABLE),
        (float("inf"), 10**6),
        (-(10**9), -(10**6)),
        (float("nan"), NONE),
    ],
)
def test_a_number_is_read_as_it_is_meant(cell: Any, value: int) -> None:
    assert read_stated(NEWS2, "total", cell) == value


def test_a_mark_never_beats_a_value_map_and_both_know_99_as_99_0() -> None:
    column_map = ColumnMap(values={"expected_total": {"0": "3", "88": "0"}}, missing=frozenset(["0", "99"]))
    reader, total = Reader(NEWS2, column_map, False), ExpectedColumn("expected_total", "x", "total")
    assert [reader.value(total, cell) for cell in ("0", 0.0, "88", 88.0, "99", 99.0, "7")] == [3, 3, 0, 0, NONE, NONE, 7]


FIVE = [("0", "agrees"), ("1", "total"), ("x", "not_a_number"), ("0", "agrees"), ("2", "total")]


def five(path: Path, kind: str) -> Path:
    frame = pl.DataFrame([{**NORMAL, "expected_total": total} for total, _ in FIVE])
    write = {"csv": frame.write_csv, "parquet": frame.write_parquet, "ndjson": frame.write_ndjson}[kind]
    file = path / f"five.{kind}"
    write(file)
    return file


@pytest.mark.parametrize("kind", ["csv", "parquet", "ndjson", "table"])
def test_every_chunk_is_compared_and_every_row_keeps_its_number(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "ROWS", 2)
    file = five(tmp_path, "csv" if kind == "table" else kind)
    found = validate(NEWS2, pl.read_csv(file, infer_schema=False)) if kind == "table" else validate_file(NEWS2, file)
    first = 2 if kind == "csv" else 1
    wrong = [(row, verdict) for row, (_, verdict) in enumerate(FIVE, start=first) if verdict != "agrees"]
    assert (found.rows, found.compared, found.disagreed) == (5, 5, 3)
    assert [(one.row, one.cells[0].kind) for one in found.disagreements] == wrong


def test_standard_input_cannot_be_filed_as_evidence() -> None:
    with pytest.raises(FileError, match="cannot be filed as evidence"):
        validate_file(NEWS2, "-")


@pytest.mark.parametrize("cell", [[5], {"value": 5}])
@pytest.mark.parametrize("column", ["expected_total", "expected_level", "expected_points_heart_rate", "heart_rate", "skip_heart_rate"])
def test_a_list_or_a_struct_is_refused_by_the_name_of_its_column(column: str, cell: Any) -> None:
    with pytest.raises(ColumnError, match=f"column {column}: holds"):
        validate(NEWS2, pl.DataFrame([{**NORMAL, "expected_total": 5, column: cell}]))


def test_an_empty_table_compares_nothing() -> None:
    frame = pl.DataFrame([{**NORMAL, "expected_total": "0"}]).clear()
    found = validate(NEWS2, frame)
    assert (found.rows, found.verdict) == (0, "nothing_compared")


def test_the_sample_for_the_diagnosis_thins_and_keeps_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "WRONG_KEPT", 4)
    monkeypatch.setattr(collect, "RIGHT_KEPT", 4)
    monkeypatch.setattr(compare, "ROWS", 3)
    found = compare.diagnosed(validate(NEWS2, pl.DataFrame([{**NORMAL, "expected_total": "1" if n % 3 else "0"} for n in range(60)])))
    assert found.diagnosis is not None and found.diagnosis.sampled
    assert 1 <= found.diagnosis.disagreements <= 4 < found.disagreed == 40
