"""`mews-newtt validate` as its user runs it."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.cli import main
from mews_newtt.validation.unread_cells import guess_of_answer
from tests.cli.command import ROOT, Ran, run
from tests.origins.support import workbook

NHSR = ROOT / "examples" / "nhsr_synthetic_news.csv"
MAP = ROOT / "examples" / "nhsr_news2_map.toml"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")


def here(*arguments: str | Path) -> Ran:
    """The command in this process: a new one has to load the compiled kernels first."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def ward(tmp_path: Path, expected: str, name: str = "expected_total") -> Path:
    path = tmp_path / "ward.csv"
    head = "case_id,respiratory_rate,oxygen_saturation,temperature,heart_rate,systolic_bp,diastolic_bp,consciousness,concern"
    path.write_text(f"{head},{name}\nSYNTHETIC-1,16,98,36.6,84,118,75,alert,none,{expected}\n", encoding="utf-8")
    return path


def test_exit_0_all_agree_1_disagree_2_nothing_compared(tmp_path: Path) -> None:
    for cell, code, says in (
        ("0", 0, "All 1 compared rows agree"),
        ("4", 1, "row 2 (SYNTHETIC-1): expected_total stated 4, the chart gives 0"),
        ("", 2, "Nothing"),
    ):
        ran = here("validate", "mews", ward(tmp_path, cell))
        assert ran.code == code and says in " ".join(ran.out.split()), ran


def test_unusable_input_is_2_with_a_mend(tmp_path: Path) -> None:
    ran = here("validate", "mews", ward(tmp_path, "0", "expected_totl"))
    assert ran.code == 2 and "expected_total" in ran.err
    ran = here("validate", "mews", ward(tmp_path, "0", "our score"))
    assert ran.code == 2 and "our score=expected_total" in ran.err
    assert here("validate", "mews", tmp_path / "none.csv").code == 2
    assert here("validate", "mews", "-").code == 2


def test_the_public_set_with_reports(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = run("validate", "news2", NHSR, "--map", MAP, "--report", out, "--no-diagnosis", "--date", "2026-01-05")
    assert ran.code == 1 and "376 of 1,000 compared rows disagree" in ran.out and "diagnosis" not in ran.out
    assert sorted(path.name for path in out.iterdir()) == ["disagreements.csv", "junit.xml", "report.html", "report.json"]
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["run_on"] == "2026-01-05"


def test_json_and_a_fixed_epoch_are_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("validate", "mews", ward(tmp_path, "4"), "--json", "--no-diagnosis")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767600000")
    first, second = here(*arguments), here(*arguments)
    assert first.out == second.out and json.loads(first.out)["run_on"] == "2026-01-05T08:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert here(*arguments).code == 2


def test_blanks_may_be_asked_to_disagree(tmp_path: Path) -> None:
    assert here("validate", "mews", ward(tmp_path, ""), "--blanks-disagree", "--no-diagnosis").code == 1


def flat(text: str) -> str:
    return " ".join(text.split())


NAMES = ["case_id", "respiratory_rate", "oxygen_saturation", "temperature", "heart_rate", "systolic_bp", "diastolic_bp", "consciousness", "concern"]
WELL = ["SYNTHETIC-1", 16, 98, 36.6, 84, 118, 75, "alert", "none"]


def test_a_workbook_with_one_plain_sheet_is_read_directly(tmp_path: Path) -> None:
    path = tmp_path / "answers.xlsx"
    path.write_bytes(workbook([[*NAMES, "expected_total"], [*WELL, 0], [*WELL, 2]]))
    ran = here("validate", "mews", path, "--no-diagnosis")
    assert ran.code == 1 and "1 of 2 compared rows disagrees" in ran.out and "row 3 (SYNTHETIC-1): expected_total stated 2" in ran.out
    assert here("validate", "mews", path, "--no-diagnosis", "--map", "expected_total=score").code == 2, "a map is used as for any other table"


def test_a_workbook_that_is_not_plain_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "answers.xlsx"
    path.write_bytes(workbook([[*NAMES, "expected_total"], [*WELL, 0]], [["a", "b"], [1, 2]]))
    ran = here("validate", "mews", path)
    assert ran.code == 2 and "has several sheets" in ran.err and "--plan" in ran.err and "save the sheet as CSV" in ran.err


def file(tmp_path: Path, names: list[str], *rows: list[object]) -> Path:
    path = tmp_path / "ward.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in (names, *rows)) + "\n", encoding="utf-8")
    return path


def test_the_users_own_file_is_told_before_the_platform(tmp_path: Path) -> None:
    """Columns, cells by reason, and words: each with what to do; and that such rows count as disagreements."""
    names = [*NAMES[:-1], "concern", "ward", "expected_total", "expected_level"]
    rows: list[list[object]] = [[*WELL, "A", 0, "Routine care"] for _ in range(4)]
    rows[1][4], rows[2][4], rows[3][3], rows[3][8] = "n/d", "n/d", "'36;6'", "worrried"
    rows[0][10], rows[2][11] = "0 points", "Zzz"
    ran = here("validate", "mews", file(tmp_path, names, *rows), "--no-diagnosis", "--report", tmp_path / "out")
    said = flat(ran.out)
    verdict = said.index("compared rows disagree")
    for words in (
        "Columns that were not read: ward.",
        "Heart rate: 2 cells cannot be read, the first in row 3: 'n/d' is not a number.",
        "Temperature: 1 cell cannot be read, row 5",
        "3 rows have such a cell and cannot be scored here; 3 of them count as disagreements",
        "column concern: 1 cell holds words that are not known here: 'worrried' (1); the first in row 5.",
        "column expected_level: 4 cells hold no level of the chart: 'Routine care' (3), 'Zzz' (1); the first in row 2.",
        '[values.expected_level] # one of: routine, escalate "Routine care" = "routine" "Zzz" = ""',
        '[values.expected_total] "0 points" = "0"',
    ):
        assert 0 <= said.index(words) < verdict, words
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.index("Heart rate: 2 cells cannot be read") < page.index("<h1")
    document = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert list(document).index("your_file") < list(document).index("verdict")
    assert document["your_file"]["cells_not_read"][0]["cells"] == 2 and "Routine care" in document["your_file"]["map_to_paste"]


def test_the_map_to_paste_is_a_map(tmp_path: Path) -> None:
    """Pasted into a file and filled in, it reads the words."""
    names = [*NAMES, "expected_total", "expected_level"]
    path = file(tmp_path, names, [*WELL, "score 0", "Routine risk!"], [*WELL, "0/30", "Zzz"])
    ran = here("validate", "mews", path, "--no-diagnosis", "--json")
    text = json.loads(ran.out)["your_file"]["map_to_paste"]
    assert '"score 0" = "0"' in text and '"0/30" = "0"' in text and '"Zzz" = ""' in text
    (tmp_path / "map.toml").write_text(text.replace('"Zzz" = ""', '"Zzz" = "routine"'), encoding="utf-8")
    assert here("validate", "mews", path, "--no-diagnosis", "--map", tmp_path / "map.toml").code == 0
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    ran = here("validate", "mews", path, "--no-diagnosis", "--map", tmp_path / "map.toml")
    assert ran.code == 2 and "is not a level of mews" in ran.err, "what is left empty is asked for"


@pytest.mark.parametrize(
    ("text", "guess"),
    [("3 points", "3"), ("score 3", "3"), ("3/20", "3"), ("Total: 3", "3"), ("3.0 pts", "3"), (">=7", ""), ("7+", ""), ("2-3", ""), ("3.5", ""), ("", "")],
)
def test_only_a_plain_number_is_guessed(text: str, guess: str) -> None:
    assert guess_of_answer(load_chart("news2"), "total", text) == guess


@pytest.mark.parametrize(
    ("text", "guess"),
    [("Low risk", "low"), ("LOW-MEDIUM RISK", "low-medium"), ("Medium", "medium"), ("hgih", ""), ("High clinical risk", "high"), ("purple", ""), ("risk", "")],
)
def test_only_a_plain_level_is_guessed(text: str, guess: str) -> None:
    assert guess_of_answer(load_chart("news2"), "level", text) == guess


def test_no_count_is_cut_in_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    names = [*NAMES, "expected_points_oxygen_saturation"]
    path = tmp_path / "many.csv"
    row = ",".join(map(str, [*WELL, 1]))
    path.write_text(",".join(names) + "\n" + f"{row}\n" * 12_345, encoding="utf-8")
    ran = here("validate", "mews", path, "--no-diagnosis")
    assert "12,345" in ran.out and "…" not in ran.out and "expected_points_oxygen_saturation" in ran.out


@pytest.mark.parametrize(("typed", "meant"), [("mew", "'mews'"), ("newt", "'newtt2'"), ("news-2", "'news2'"), ("npew", "'npews'"), ("news", "news2")])
def test_a_mistyped_chart_gets_the_names_that_begin_alike(typed: str, meant: str, tmp_path: Path) -> None:
    ran = here("validate", typed, ward(tmp_path, "0"))
    assert ran.code == 2 and meant in ran.err
