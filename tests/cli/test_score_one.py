"""`mews-newtt score CHART --obs ...`: one set from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from mews_newtt.cli import COMMANDS
from tests.cli.command import ROOT, environment, run

UK_CORE = ["respiratory_rate=21", "oxygen_saturation=93", "air_or_oxygen=air", "systolic_bp=120", "heart_rate=95", "consciousness=A", "temperature=37.5"]


def test_words_explain_every_point() -> None:
    ran = run("score", "news2", "--obs", *UK_CORE, "--explain")
    assert ran.code == 0
    assert "NEWS2 (verified): complete; total 5, level Medium" in ran.out
    assert "Temperature 37.5 °C is in 36.1-38.0: 0 points" in ran.out
    assert "Respiratory rate 21 /min is in 21-24: 2 points" in ran.out
    assert "version 2017.1, status verified, sha256 " in ran.out


def test_json_carries_which_chart_which_version_which_status() -> None:
    found = json.loads(run("score", "news2", "--obs", *UK_CORE, "--json").out)
    assert (found["total"], found["level"], found["status"]) == (5, "medium", "complete")
    assert {key: found["chart"][key] for key in ("id", "version", "status")} == {"id": "news2", "version": "2017.1", "status": "verified"}
    assert run("score", "news2", "--obs", *UK_CORE, "--json").out == run("score", "news2", "--obs", *UK_CORE, "--json").out


def test_a_partial_set_has_no_total_and_no_interval() -> None:
    ran = run("score", "news2", "--obs", "heart_rate=80")
    assert "partial; no total, between 0 and 17; level at least Routine, at most High" in ran.out
    assert "missing: respiratory_rate" in ran.out
    assert "observe again" not in ran.out  # 12-hourly would be an answer to a question nobody could score


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nwes2", "--obs", "heart_rate=80"], ["no such chart", "did you mean 'news2'"]),
        (["news2@1.0", "--obs", "heart_rate=80"], ["no such version", "2017.1"]),
        (["mews", "--min-status", "verified", "--obs", "heart_rate=80"], ["is secondary", "verified or better was asked for"]),
        (["news2", "--min-status", "gold", "--obs", "heart_rate=80"], ["no such status", "transcribed"]),
        (["news2", "--obs", "heart_rate"], ["is not name=value"]),
        (["news2", "--obs", "heart_rate=80", "heart_rate=90"], ["given twice"]),
        (["news2", "--obs", "hr=80"], ["did you mean 'heart_rate'"]),
        (["news2", "--obs", "heart_rate=-1"], ["-1 is impossible"]),
        (["news2", "--obs", "heart_rate=1e999"], ["impossible"]),
        (["news2", "--obs", "temperature=98.6"], ["98.6 is impossible", "another unit"]),
        (["news2", "--obs", "temperature=37 kg"], ["'kg'", "allowed units"]),
        (["news2", "--obs", "age_years=15"], ["not for people under 16"]),
        (["modified-ews", "--obs", "patient_group=pregnant"], ["patient_group", "not for pregnancy"]),
        (["meows", "--obs", "consciousness=C"], ["'confusion' is not a category of", "alert, voice, pain, unresponsive"]),
        (["npews", "--obs", "systolic_bp=90", "skip_systolic_bp=U4"], ["a reading (90) and a skip reason (U4)"]),
        (["news2"], ["needs either --obs or a file"]),
        (["news2", "x.csv", "--obs", "heart_rate=80"], ["needs either --obs or a file"]),
        (["news2", "no-such-file.csv"], ["no-such-file.csv", "there is no such file"]),
        (["no-such-chart.toml", "--obs", "heart_rate=80"], ["no-such-chart.toml", "No such file"]),
    ],
)
def test_unusable_input_exits_2_and_says_why(arguments: list[str], words: list[str]) -> None:
    ran = run("score", *arguments)
    assert (ran.code, ran.out) == (2, "")
    for word in [*words, "mend:"]:
        assert word in ran.err


def test_every_fault_is_named_at_once() -> None:
    said = run("score", "news2", "--obs", "hr=80", "temperature=x", "oxygen_saturation=300").err
    assert said.count("mend:") == 3


def test_one_set_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mews_newtt.cli import main; main(['score', 'news2', '--obs', 'heart_rate=80']);"
        "print(sorted({'numba', 'numpy', 'pyarrow', 'polars', 'pandas', 'fastapi', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("form", ["csv", "parquet", "ndjson"])
def test_a_small_file_loads_no_compiler(tmp_path: Path, form: str) -> None:
    """numba takes a second to load, pandas half of one, Arrow's functions on columns a tenth."""
    rows = pl.DataFrame({"case_id": ["a", "b"], "heart_rate": [80.0, None], "consciousness": ["alert", "voice"], "temperature": [36.8123, 39.1]})
    source = tmp_path / f"sets.{form}"
    {"csv": rows.write_csv, "parquet": rows.write_parquet, "ndjson": rows.write_ndjson}[form](source)
    code = (
        f"import sys; from mews_newtt.cli import main; main(['score', 'news2', {str(source)!r}, '-o', {str(tmp_path / 'scored.parquet')!r}]);"
        "print(sorted({'numba', 'pandas', 'pyarrow.compute', 'fastapi', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert pl.read_parquet(tmp_path / "scored.parquet").get_column("total_min").to_list() == [0, 5]


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    assert run("score", "news2", "--obs", *UK_CORE, cwd=tmp_path).code == 0


def test_a_result_can_go_to_a_file(tmp_path: Path) -> None:
    output = tmp_path / "score.json"
    assert run("score", "news2", "--obs", *UK_CORE, "--json", "-o", output).out == ""
    assert json.loads(output.read_text(encoding="utf-8"))["total"] == 5


@pytest.mark.parametrize("command", ["['--help']", "['--version']", "['charts']", "['charts', '--json']", "['check', 'rules/parameters.toml']", "['score', '--help']"])
def test_a_command_loads_nothing_that_it_does_not_need(command: str) -> None:
    code = (
        f"import contextlib, sys; from mews_newtt.cli import main\nwith contextlib.suppress(SystemExit): main({command})\n"
        "print(sorted({'numba', 'numpy', 'pyarrow', 'polars', 'pandas', 'fastapi', 'pydantic', 'httpx', 'jinja2', 'openpyxl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_command_and_each_has_its_own_help() -> None:
    listed = run("--help").out
    for name in COMMANDS:
        assert f"\n    {name} " in listed or f"\n    {name}\n" in listed  # a long name has its words on the next line
        assert run(name, "--help").out.startswith(f"usage: mews-newtt {name} ")


def test_a_missing_extra_is_told_with_the_way_to_install_it() -> None:
    code = "import sys; sys.modules['polars'] = None; from mews_newtt.cli import main; sys.exit(main(['validate', 'news2', 'x.csv']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "mews-newtt validate: needs the validate extra (polars is not installed)" in done.stderr and 'pip install "mews-newtt[validate]"' in done.stderr
