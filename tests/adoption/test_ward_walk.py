"""The walk of a ward: a maternity table with two pulse tables by hours since birth, from paper, on a blank spreadsheet, as the guide says and no more.

The lead fills an XLSX. The second person fills name, date, bands and levels, and saves as Excel saves CSV on a British computer. Every cell that is
typed is counted; docs/adopting-in-short.md names the count. The table is made up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart, score
from mews_newtt.adoption.adopt import Adoption, adopt
from mews_newtt.adoption.signing import sign_off
from mews_newtt.chart.catalogue import catalogue
from tests.adoption.support import SIGNED_BY, command

openpyxl = pytest.importorskip("openpyxl")
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "adopting-in-short.md"

PULSE = (("below 50", "2"), ("50-59", "1"), ("60-100", "0"), ("101-120", "1"), ("over 120", "2"))
PULSE_EARLY = (("below 45", "2"), ("45-54", "1"), ("55-105", "0"), ("106-125", "1"), ("126+", "2"))
DOCUMENT = {"document": "A made-up maternity table", "edition": "Edition 0", "licence": "none needed: it is made up"}
CHART = {
    "chart id": "ward-maternity",
    "version": "1.0",
    "title": "Made-up maternity table",
    "short title": "Ward maternity",
    "scope": "Women who are pregnant or gave birth.",
}
PARAMETERS = [("Respiratory rate", "scored"), ("Heart rate", "scored"), ("Temperature", "scored"), ("Consciousness", "trigger")]
SCOPE = [(group, "not for", "This table is for maternity only.") for group in ("adult", "child", "newborn")]
BANDS = [
    *(("Respiratory rate", "", *band) for band in (("10 or less", "2"), ("11\u201320", "0"), ("21\u201324", "1"), ("25 or more", "2"))),
    *(("Heart rate", "pregnant or in labour", *band) for band in PULSE),
    *(("Heart rate", "postnatal and up to 48 hours after birth", *band) for band in PULSE_EARLY),
    *(("Heart rate", "postnatal and 48 or more hours after birth", *band) for band in PULSE),
    *(("Temperature", "", *band) for band in (("below 35.5", "2"), ("35.5-37.8", "0"), ("37.9 or more", "2"))),
    ("Consciousness", "", "Alert", "", "", "-"),
    *(("Consciousness", "", answer, "", "", "Escalate") for answer in ("Confusion", "Voice", "Pain", "Unresponsive")),
]
LEVELS = [("Routine", "", "0-2"), ("Escalate", "", "3 or more")]


class Hand:
    """Types into a sheet on a spreadsheet, and counts the cells."""

    def __init__(self, blank: Path):
        self.book = openpyxl.load_workbook(blank)
        self.sheet = self.book["Transcription"]
        self.cells = 0

    def row(self, text: str) -> int:
        return next(cell.row for cell in self.sheet["A"] if cell.value == text)

    def type(self, row: int, column: int, text: str) -> None:
        if text:
            self.sheet.cell(row, column).value = int(text) if text.isdigit() else text
            self.cells += 1

    def items(self, items: dict[str, str]) -> None:
        for name, text in items.items():
            self.type(self.row(name), 2, text)

    def table(self, section: str, rows: list[tuple[str, ...]]) -> None:
        at = self.row(section) + 2
        self.sheet.insert_rows(at, len(rows))
        for place, row in enumerate(rows):
            for column, text in enumerate(row, start=1):
                self.type(at + place, column, text)


def both_fill(hand: Hand, name: str, on: str) -> None:
    hand.items({"transcribed by": name, "transcribed on": on, "overlaps": "higher score"})
    hand.table("[Bands]", list(BANDS))
    hand.table("[Levels]", LEVELS)


def excel_csv(sheet: Any) -> bytes:
    """As Excel saves "CSV (Comma delimited)" where the computer is British."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([["" if value is None else value for value in row] for row in sheet.iter_rows(values_only=True)])
    return out.getvalue().encode("cp1252")


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheets")
    assert command("adopt", "--sheet", "new", "-o", folder)[0] == 0
    return folder / "new-chart-sheet.xlsx"


def hands(blank: Path) -> tuple[Hand, Hand]:
    lead, second = Hand(blank), Hand(blank)
    both_fill(lead, "Anna Example", "2026-03-02")
    lead.items(DOCUMENT | CHART)
    lead.table("[Parameters]", [(name, role, "yes") for name, role in PARAMETERS])
    lead.table("[Scope]", SCOPE)
    both_fill(second, "Ben Example", "2026-03-03")
    return lead, second


def adopted(lead: Hand, second: Hand, folder: Path) -> Adoption:
    files = [folder / "anna.xlsx", folder / "ben.csv"]
    lead.book.save(files[0])
    files[1].write_bytes(excel_csv(second.sheet))
    site = folder / "site"
    site.mkdir()
    return adopt(files, site, catalogue([site]), today=date(2026, 3, 4))


def test_a_ward_adopts_its_table_from_the_guide_alone(blank: Path, tmp_path: Path) -> None:
    lead, second = hands(blank)
    found = adopted(lead, second, tmp_path)
    assert found.chart is not None and found.path is not None, (found.differences, found.problems)
    assert (found.chart.status, found.problems) == ("verified", [])
    sign_off(found.chart, found.path, **{**SIGNED_BY, "on": "2026-03-05"})
    chart = load_chart("ward-maternity", folders=[tmp_path / "site"])
    well = {"respiratory_rate": 16, "temperature": 36.8, "consciousness": "alert"}
    totals = {}
    for hours in (47, 48, 49):
        for rate in (45, 103):
            given = {**well, "heart_rate": rate, "patient_group": "postnatal", "hours_since_birth": hours}
            totals[hours, rate] = score(chart, given).total
    assert totals == {(47, 45): 1, (47, 103): 0, (48, 45): 2, (48, 103): 1, (49, 45): 2, (49, 103): 1}
    assert score(chart, {**well, "heart_rate": 103, "patient_group": "pregnant"}).total == 1
    unknown = score(chart, {**well, "heart_rate": 103, "patient_group": "postnatal"})
    assert (unknown.status, unknown.total) == ("partial", None)  # without the hours nobody knows which table holds
    assert f"{lead.cells} cells and {second.cells} cells" in " ".join(GUIDE.read_text(encoding="utf-8").split())


SLIPS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "a level in the column of zones": (
        lambda hand: hand.sheet.cell(hand.row("[Bands]") + 2 + 22 + 1, 5, "Escalate").value and None,
        "'Escalate' is a level, and not a zone",
    ),
    "the group left out of a pulse table": (
        lambda hand: (
            [
                setattr(row[1], "value", "up to 48 hours after birth")
                for row in hand.sheet.iter_rows()
                if row[1].value == "postnatal and up to 48 hours after birth"
            ]
            and None
        ),
        "table 2 is for Hours since birth",
    ),
    "a group of women left out": (
        lambda hand: [setattr(row[1], "value", "pregnant") for row in hand.sheet.iter_rows() if row[1].value == "pregnant or in labour"] and None,
        "has no table for",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_a_ward_gets_wrong_at_first_has_one_message_each(slip: str, blank: Path, tmp_path: Path) -> None:
    change, says = SLIPS[slip]
    lead, second = hands(blank)
    for hand in (lead, second):
        change(hand)
    found = adopted(lead, second, tmp_path)
    assert found.chart is None
    assert [says in problem.what for problem in found.problems] in ([True], [True, True])  # one for each sheet, or for both
    assert not any(mark in f"{problem.what} {problem.mend}" for problem in found.problems for mark in ("[[", "TOML", "table's"))


def test_a_number_whose_format_shows_something_else_is_refused(blank: Path, tmp_path: Path) -> None:
    lead, second = hands(blank)
    cell = lead.sheet.cell(lead.row("[Bands]") + 2, 4)
    cell.value, cell.number_format = 2, '0" or 1"'
    found = adopted(lead, second, tmp_path)
    assert [problem.code for problem in found.problems] == ["cell_shows_other"] and not found.differences


def test_a_hidden_column_is_one_message(blank: Path, tmp_path: Path) -> None:
    lead, second = hands(blank)
    lead.sheet.column_dimensions["D"].hidden = True
    found = adopted(lead, second, tmp_path)
    assert [problem.code for problem in found.problems] == ["cell_hidden"]
    assert "more" in found.problems[0].where and found.problems[0].what == "are in a hidden row or column"


def test_the_pictures_of_the_guide_are_what_the_program_makes(blank: Path) -> None:
    from tests.adoption.pictures import pictures  # it imports this module

    for path, text in pictures(blank).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run `python -m tests.adoption.pictures`"
        assert path.name in GUIDE.read_text(encoding="utf-8")
