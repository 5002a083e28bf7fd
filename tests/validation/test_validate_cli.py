"""`mews-newtt validate` as its user runs it."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from mews_newtt.cli import main
from tests.cli.command import ROOT, Ran, run

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
