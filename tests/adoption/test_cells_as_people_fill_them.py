"""Cells as people really fill them: read right, or refused with the cell's address."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import load_chart
from mews_newtt.adoption.adopt import Adoption
from mews_newtt.adoption.context_words import read_context
from mews_newtt.adoption.grid import csv_text, read_csv, read_grid
from mews_newtt.adoption.words import (
    Unreadable,
    counts_say,
    read_counts,
    read_date,
    read_interval,
    read_number,
    read_whole,
    read_yes,
    when_says,
)
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import CountRule, Interval
from mews_newtt.errors import FileError
from tests.adoption.support import adopted, content, lines_of, write

N = Decimal


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("≥ 24", Interval(N(24))),
        (">=24", Interval(N(24))),
        ("24+", Interval(N(24))),
        ("24 or more", Interval(N(24))),
        ("24 and over", Interval(N(24))),
        (">24", Interval(N(24), False)),
        ("<8", Interval(None, True, N(8), False)),
        ("under 8", Interval(None, True, N(8), False)),
        ("≤\u00a08", Interval(None, True, N(8), True)),
        ("8 or less", Interval(None, True, N(8), True)),
        ("9–11", Interval(N(9), True, N(11), True)),
        ("9 \u2014 11", Interval(N(9), True, N(11), True)),
        ("9\u202f-\u202f11", Interval(N(9), True, N(11), True)),
        ("9 to 11", Interval(N(9), True, N(11), True)),
        (">25 to <30", Interval(N(25), False, N(30), False)),
        ("90 to <95", Interval(N(90), True, N(95), False)),
        ("over 25 to under 30", Interval(N(25), False, N(30), False)),
        ("36,5-37,5", Interval(N("36.5"), True, N("37.5"), True)),
        ("≤35.1 °C", Interval(None, True, N("35.1"), True)),
        ("35.2 – 35.6°C", Interval(N("35.2"), True, N("35.6"), True)),
        ("24", Interval(N(24), True, N(24), True)),
    ],
)
def test_a_range_is_read_as_it_is_printed(said: str, means: Interval) -> None:
    assert read_interval(said, ("Cel", "°C")) == means


@pytest.mark.parametrize(
    "said",
    [
        "1,000",
        "9 11",
        "9, 11",
        "9 and 11",
        "24 ±",
        "12-",
        "-",
        "nine",
        "24 bpm",
        "9-11-13",
        "≥",
        "9..11",
        "> 5 >",
        "Nov-09",
        "24 or so",
        "<>8",
        "9/11",
    ],
)
def test_what_can_be_read_two_ways_or_none_is_refused(said: str) -> None:
    with pytest.raises(Unreadable) as told:
        read_interval(said, ("/min",))
    assert told.value.mend


@given(
    st.builds(
        lambda low, width, a, b: Interval(low, a, low + width, b),
        st.decimals(0, 300, places=1),
        st.decimals("0.1", 50, places=1),
        st.booleans(),
        st.booleans(),
    )
)
def test_a_range_as_we_write_it_reads_as_itself(interval: Interval) -> None:
    assert read_interval(str(interval)) == interval


def test_whole_numbers_dates_and_answers() -> None:
    assert (read_whole("2"), read_whole("2.0"), read_number("36,5")) == (2, 2, N("36.5"))
    assert {read_date(said) for said in ("2026-01-31", "31 Jan 2026", "31/01/2026", "31.1.2026")} == {"2026-01-31"}
    assert (read_yes("Yes"), read_yes("n")) == (True, False)
    for read, said in ((read_whole, "2.5"), (read_date, "04/05/2026"), (read_date, "31.02.2026"), (read_date, "soon"), (read_yes, "perhaps")):
        with pytest.raises(Unreadable):
            read(said)


def test_contexts_and_counts_come_back_as_written() -> None:
    known = catalogue().observations
    for chart in (load_chart("npews"), load_chart("news2"), load_chart("mewt")):
        for when in [table.when for p in chart.parameters for table in p.tables if table.when] + [rule.when for rule in chart.scope]:
            assert read_context(when_says(when), dict(known)) == when
        for level in chart.levels:
            assert read_counts(counts_say(level.counts)) == level.counts
    assert read_counts("2 in zone red; 1 row at 3 points") == (CountRule(2, zone="red"), CountRule(1, points=3))
    for bad in ("spo2_scale", "spo2_skale = 2", "spo2_scale = 7"):
        with pytest.raises(Unreadable):
            read_context(bad, dict(known))
    with pytest.raises(Unreadable):
        read_counts("some red ones")


# Workbooks


def book_of(path: Path) -> tuple[Any, Any]:
    book = openpyxl.load_workbook(path)
    return book, book["Transcription"]


def cell_of(sheet: Any, row_starts: tuple[str, str], column: int) -> Any:
    """The cell of a band row, by its parameter and reading."""
    for row in sheet.iter_rows():
        if row[0].value == row_starts[0] and row[2].value == row_starts[1]:
            return row[column]
    raise LookupError(row_starts)


def with_b_changed(tmp_path: Path, change: Any, name: str = "mews") -> tuple[Adoption, Any]:
    """Both sheets of a chart, B changed as a person would."""
    chart = load_chart(name, "0.1" if name == "mews" else None)
    a, b = write(tmp_path / "a.xlsx", lines_of(chart, 0)), write(tmp_path / "b.xlsx", lines_of(chart, 1))
    book, sheet = book_of(b)
    where = change(sheet)
    book.save(b)
    return adopted(tmp_path, chart, [a, b]), where


RESPIRATION = ("respiratory_rate", "9 to 10")


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ("9 to 10", "9–10"),
        ("9 to 10", " 9\u00a0-\u00a010 "),
        ("24 or more", "≥ 24"),
        ("24 or more", "24+"),
        ("8 or less", "≤8"),
        ("8 or less", "8 or less /min"),
    ],
)
def test_other_ways_of_writing_agree(reading: str, said: str, tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        cell_of(sheet, ("respiratory_rate", reading), 2).value = said

    found, _ = with_b_changed(tmp_path, change)
    assert found.chart is not None, (found.differences, found.problems)


def test_numbers_stored_as_numbers_decimal_commas_and_remarks_are_read(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        cell_of(sheet, RESPIRATION, 3).value = 1
        cell_of(sheet, ("temperature", "35.2 to 35.6"), 2).value = "35,2–35,6"
        cell_of(sheet, ("temperature", "35.7 to 37.3"), 8).value = "I was not sure of this one"  # the comment column
        cell_of(sheet, ("temperature", "35.7 to 37.3"), 10).value = "a stray remark"
        title = next(row for row in sheet.iter_rows() if row[0].value == "[Bands]")
        sheet.merge_cells(start_row=title[0].row, end_row=title[0].row, start_column=1, end_column=9)

    found, _ = with_b_changed(tmp_path, change)
    assert found.chart is not None, (found.differences, found.problems)
    assert content(found.chart) == content(load_chart("mews", "0.1"))


def test_a_parameter_merged_down_its_rows_stands_in_each(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        rows = [row[0].row for row in sheet.iter_rows() if row[0].value == "heart_rate" and row[3].value in ("0", "1", "2")]
        sheet.merge_cells(start_row=rows[0], end_row=rows[-1], start_column=1, end_column=1)

    found, _ = with_b_changed(tmp_path, change)
    assert found.chart is not None, (found.differences, found.problems)


def a_date(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 2)
    cell.value, cell.number_format = datetime(2026, 10, 9), "d-mmm"
    return cell


def a_formula(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 3)
    cell.value, cell.data_type = "=1+0", "f"
    return cell


def an_error(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 3)
    cell.value, cell.data_type = "#N/A", "e"
    return cell


def a_percentage(sheet: Any) -> Any:
    cell = cell_of(sheet, ("oxygen_saturation", "95 or more"), 2)
    cell.value, cell.number_format = 0.95, "0%"
    return cell


def a_long_float(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 2)
    cell.value, cell.number_format = 35.1999999999, "0.0"
    return cell


def struck_out(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 3)
    cell.font = openpyxl.styles.Font(strike=True)
    return cell


def hidden(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 2)
    sheet.row_dimensions[cell.row].hidden = True
    return cell


def merged_points(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 3)
    sheet.merge_cells(start_row=cell.row, end_row=cell.row + 1, start_column=4, end_column=4)
    return cell


def unreadable(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 2)
    cell.value = "about 9"
    return cell


def no_points(sheet: Any) -> Any:
    cell = cell_of(sheet, RESPIRATION, 3)
    cell.value = None
    return cell


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (a_date, "cell_became_date"),
        (a_formula, "cell_formula"),
        (an_error, "cell_error"),
        (a_percentage, "cell_percent"),
        (a_long_float, "cell_long_number"),
        (struck_out, "cell_struck_out"),
        (hidden, "cell_hidden"),
        (merged_points, "cell_merged"),
        (unreadable, "cell_unreadable"),
        (no_points, "band_not_filled"),
    ],
)
def test_what_a_spreadsheet_spoils_is_refused_with_its_cell(change: Any, code: str, tmp_path: Path) -> None:
    found, cell = with_b_changed(tmp_path, change)
    assert found.chart is None
    told = [problem for problem in found.problems if problem.code == code]
    assert told, found.problems
    assert any(re.search(rf"cells? .*\b{cell.coordinate}\b", problem.where) for problem in told)
    assert all("b.xlsx" in problem.where for problem in told)
    assert told[0].mend
    assert not list((tmp_path / "site").iterdir())


@pytest.mark.parametrize("heading", ["ponits", "redaing"])
def test_a_misspelt_heading_is_not_passed_over(heading: str, tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        row = next(row for row in sheet.iter_rows() if row[0].value == "parameter" and row[2].value == "reading")
        row[3 if heading == "ponits" else 2].value = heading

    found, _ = with_b_changed(tmp_path, change)
    assert found.chart is None
    assert {"column_misspelt", "column_missing"} <= {problem.code for problem in found.problems}


# Text files


def test_a_sheet_saved_with_semicolons_and_decimal_commas_is_read(tmp_path: Path) -> None:
    chart = load_chart("mews", "0.1")
    a, b = write(tmp_path / "a.csv", lines_of(chart, 0)), tmp_path / "b.csv"
    rows = [
        [str(cell).replace(".", ",") if line[:1] == ["temperature"] and place == 2 else cell for place, cell in enumerate(line)]
        for line in lines_of(chart, 1)
    ]
    with b.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, delimiter=";").writerows(rows)
    found = adopted(tmp_path, chart, [a, b])
    assert found.chart is not None, (found.differences, found.problems)


@given(text=st.text(alphabet="=+-@'\"\t ,;x1", min_size=1, max_size=6).map(str.strip).filter(bool))
def test_a_text_that_would_start_a_formula_is_guarded_and_comes_back(text: str) -> None:
    written = csv_text([["item", "value"], ["x", text]])
    cell = next(csv.reader([written.splitlines()[1]]))[1]
    assert text == "-" or not cell.startswith(("=", "+", "-", "@", "\t"))
    assert read_csv("sheet", written.encode()).rows[1][1].text == text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a\x00b", "not_text"),
        (b'"a"b,c\n', "not_csv"),
        (b"PK\x03\x04 torn", "not_xlsx"),
        (b"a" * 10_000_001, "sheet_too_large"),
    ],
)
def test_what_is_no_sheet_is_told(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=code):
        read_grid(path)


def test_a_file_of_something_else_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("respiratory_rate,heart_rate\n12,80\n", encoding="utf-8")
    found = adopted(tmp_path, load_chart("mews", "0.1"), [path])
    assert {problem.code for problem in found.problems} >= {"not_a_sheet"}
