"""The files of a pack as they come back: filled, half filled, untouched, or the file of right answers, also when a spreadsheet saved them anew."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from random import Random

import pytest

from mews_newtt import load_chart
from mews_newtt.validation.compare import validate_file
from mews_newtt.validation.packs import NAMES, WORKBOOK, Pack, write_pack
from mews_newtt.validation.result import Validation
from tests.cli.command import run
from tests.validation.made_packs import pack_of

CHARTS = ["mews@0.2", "news2@2017.1", "mewc@2014.1"]
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Pack, Path]]:
    """Full packs in their folders, by chart."""
    found = {}
    for name in CHARTS:
        pack, folder = pack_of(name), tmp_path_factory.mktemp("packs") / name
        write_pack(pack, folder, points=pack.chart.id == "mews")
        found[name] = (pack, folder)
    return found


def read(path: Path) -> Rows:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def saved(rows: Rows, path: Path, *, spreadsheet: bool = False) -> Path:
    """The rows as a CSV; as some spreadsheet saves it: a byte order mark, semicolons, CRLF, and 96.0 for 96 in columns of numbers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";" if spreadsheet else ",", lineterminator="\r\n" if spreadsheet else "\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"{text}.0" if spreadsheet and text.isdigit() and name != "spo2_scale" else text for name, text in row.items()})
    path.write_text(out.getvalue(), encoding="utf-8-sig" if spreadsheet else "utf-8", newline="")
    return path


def filled(pack: Pack, folder: Path) -> Rows:
    """The answer sheet as a tester fills it in for a platform that is right: a blank status where the platform scores."""
    right = {case.id: case.expected for case in pack.cases}
    rows = read(folder / "answers.csv")
    for row in rows:
        own = right[row["case_id"]]
        row |= {name: own[name] for name in row if name.startswith("expected_") and name != "expected_status"}
        row["expected_status"] = "refused" if own["expected_status"] == "refused" else ""
    return rows


def checked(pack: Pack, path: Path) -> Validation:
    return validate_file(pack.chart, path)


@pytest.mark.parametrize("name", CHARTS)
def test_the_sheet_holds_every_case_and_no_answer(packs: dict[str, tuple[Pack, Path]], name: str) -> None:
    pack, folder = packs[name]
    rows = read(folder / "answers.csv")
    assert [row["case_id"] for row in rows] == [case.id for case in pack.cases]
    assert all({n: t for n, t in row.items() if t and n in case.given} == case.given for row, case in zip(rows, pack.cases, strict=True))
    assert not any(text for row in rows for column, text in row.items() if column.startswith("expected_"))
    assert "why" not in rows[0] and ("expected_total" in rows[0]) == pack.chart.has_points
    assert len({row["patient_id"] for row in rows}) == len(rows) - len(pack.series) + 1


@pytest.mark.parametrize("name", CHARTS)
def test_a_sheet_filled_in_rightly_agrees(packs: dict[str, tuple[Pack, Path]], name: str, tmp_path: Path) -> None:
    pack, folder = packs[name]
    for spreadsheet in (False, True):
        found = checked(pack, saved(filled(pack, folder), tmp_path / "a.csv", spreadsheet=spreadsheet))
        assert (found.verdict, found.unanswered) == ("agrees", 0), found.says


@pytest.mark.parametrize("name", CHARTS)
def test_an_untouched_sheet_is_noticed(packs: dict[str, tuple[Pack, Path]], name: str, tmp_path: Path) -> None:
    pack, folder = packs[name]
    for path in (folder / "answers.csv", saved(read(folder / "answers.csv"), tmp_path / "a.csv", spreadsheet=True)):
        found = checked(pack, path)
        assert found.verdict == "nothing_compared" and found.says.startswith(f"No answer was filled in: the answer columns of all {len(pack.cases)} ")
    command = run("validate", name, str(folder / "answers.csv"))
    assert command.code == 2 and "No answer was filled in" in command.err


@pytest.mark.parametrize("name", CHARTS)
def test_the_file_of_right_answers_is_not_a_platforms(packs: dict[str, tuple[Pack, Path]], name: str, tmp_path: Path) -> None:
    pack, folder = packs[name]
    rows = read(folder / "cases.csv")
    shuffled = Random(1).sample(rows, len(rows))
    for path in (folder / "cases.csv", saved(shuffled, tmp_path / "a.csv", spreadsheet=True)):
        found = checked(pack, path)
        assert found.verdict == "nothing_compared" and "own file of right answers" in found.says
    command = run("validate", name, str(folder / "cases.csv"), "--report", str(tmp_path / "report"))
    assert command.code == 2 and "own file of right answers" in command.err
    assert "own file of right answers" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert 'type="nothing_compared"' in (tmp_path / "report" / "junit.xml").read_text(encoding="utf-8")


def test_one_answer_changed_in_it_is_a_platforms(packs: dict[str, tuple[Pack, Path]], tmp_path: Path) -> None:
    pack, folder = packs["mews@0.2"]
    rows = read(folder / "cases.csv")
    rows[0]["expected_total"] = "1"
    found = checked(pack, saved(rows, tmp_path / "a.csv"))
    assert found.verdict == "disagrees" and found.disagreed == 1


def test_half_a_sheet_is_unfinished(packs: dict[str, tuple[Pack, Path]], tmp_path: Path) -> None:
    pack, folder = packs["mews@0.2"]
    rows = filled(pack, folder)
    for row in rows[10:]:
        row |= {name: "" for name in row if name.startswith("expected_")}
    path = saved(rows, tmp_path / "a.csv")
    found = checked(pack, path)
    assert (found.verdict, found.unanswered) == ("unfinished", len(rows) - 10)
    assert found.says.startswith(f"Unfinished: {len(rows) - 10} cases have no answer yet, of {len(rows)}. All 10 compared rows agree")
    command = run("validate", "mews@0.2", str(path), "--report", str(tmp_path / "report"))
    assert command.code == 2 and "Unfinished" in command.err
    rows[0]["expected_total"] = "7"
    found = checked(pack, saved(rows, path))
    assert found.verdict == "disagrees" and found.says.startswith("Unfinished")


def test_a_total_that_is_left_out_is_no_answer(packs: dict[str, tuple[Pack, Path]], tmp_path: Path) -> None:
    pack, folder = packs["mews@0.2"]
    rows = filled(pack, folder)
    rows[3]["expected_total"] = ""
    assert checked(pack, saved(rows, tmp_path / "a.csv")).unanswered == 1
    for row in rows:
        row["expected_total"] = ""  # a platform that shows levels alone
    assert checked(pack, saved(rows, tmp_path / "a.csv")).verdict == "agrees"


def test_a_platform_that_says_only_that_readings_are_missing_agrees(packs: dict[str, tuple[Pack, Path]], tmp_path: Path) -> None:
    pack, folder = packs["mews@0.2"]
    partial = {case.id for case in pack.cases if case.expected["expected_status"] == "partial"}
    rows = filled(pack, folder)
    for row in rows:
        if row["case_id"] in partial:
            row |= {name: "" for name in row if name.startswith("expected_")} | {"expected_status": "partial"}
    assert partial and checked(pack, saved(rows, tmp_path / "a.csv")).verdict == "agrees"


def test_rows_that_are_no_cases_of_a_pack_are_judged_as_before(tmp_path: Path) -> None:
    rows = [{"case_id": "mews-1x", "heart_rate": "80", "expected_total": "", "expected_level": "routine"}, {"heart_rate": "80"}]
    path = saved([{"case_id": "", "expected_total": "", "expected_level": "", **row} for row in rows], tmp_path / "a.csv")
    found = validate_file(load_chart("mews"), path)
    assert found.verdict == "agrees" and not found.unanswered


def test_the_workbook_shows_numbers_as_numbers_and_holds_no_formula(packs: dict[str, tuple[Pack, Path]]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pack, folder = packs["news2@2017.1"]
    sheet = openpyxl.load_workbook(folder / "answers.xlsx")["Answers"]
    heading = [cell.value for cell in sheet[1]]
    numeric = {p.id for p in pack.chart.parameters if p.observation.numeric}
    for row, case in zip(sheet.iter_rows(min_row=2), pack.cases, strict=True):
        for name, cell in zip(heading, row, strict=True):
            assert cell.data_type != "f"
            if name in case.given:
                assert str(cell.value) == case.given[name]
                assert isinstance(cell.value, (int, float)) == (name in numeric)
            elif name.startswith("expected_"):
                assert cell.value is None
    first = (folder / "answers.xlsx").read_bytes()
    write_pack(pack, folder)
    assert (folder / "answers.xlsx").read_bytes() == first, "the same pack is the same file"


def test_without_openpyxl_the_pack_has_no_workbook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    written = write_pack(pack_of("mewc"), tmp_path / "pack")
    assert {path.name for path in written} == set(NAMES) - {WORKBOOK} == {path.name for path in (tmp_path / "pack").iterdir()}
