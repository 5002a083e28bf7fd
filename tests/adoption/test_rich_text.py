"""XLSX cells whose parts look different: a footnote mark or struck-out digit must not become part of a number."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from mews_newtt import load_chart
from tests.adoption.support import adopted, sheets


def with_value(path: Path, value: object, font: Font | None = None) -> None:
    """The cell of the points of the first heart rate band, replaced."""
    book = openpyxl.load_workbook(path)
    sheet = book["Transcription"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "heart_rate" and row[3].value == "2")
    row[3].value = value  # type: ignore[assignment]
    if font is not None:
        row[3].font = font
    book.save(path)


@pytest.mark.parametrize(
    ("value", "font"),
    [
        (CellRichText("2", TextBlock(InlineFont(vertAlign="superscript"), "1")), None),
        (CellRichText("2", TextBlock(InlineFont(vertAlign="subscript"), "1")), None),
        (CellRichText(TextBlock(InlineFont(strike=True), "1"), "2"), None),
        ("2", Font(vertAlign="superscript")),
        ("2", Font(strike=True)),
    ],
    ids=["superscript", "subscript", "struck out in part", "raised as a whole", "struck out as a whole"],
)
def test_a_mark_in_a_cell_is_refused_with_its_address_in_both_sheets(value: object, font: Font | None, tmp_path: Path) -> None:
    files = sheets(tmp_path, load_chart("mews", "0.1"), ".xlsx")
    for path in files:
        with_value(path, value, font)
    found = adopted(tmp_path, load_chart("mews", "0.1"), files)
    assert found.chart is None
    told = [problem for problem in found.problems if problem.code in ("cell_rich_text", "cell_struck_out")]
    assert len(told) == 2 and all("cell D" in problem.where and problem.mend for problem in told), found.problems


def test_bold_in_part_is_read_as_it_is(tmp_path: Path) -> None:
    files = sheets(tmp_path, load_chart("mews", "0.1"), ".xlsx")
    for path in files:
        with_value(path, CellRichText(TextBlock(InlineFont(b=True), "2"), " "))
    found = adopted(tmp_path, load_chart("mews", "0.1"), files)
    assert found.chart is not None, found.problems
