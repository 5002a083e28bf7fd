"""What a digital tester throws at it: odd files, files that move, terminals, full disks, and platforms that misbehave."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from mews_newtt import ColumnError, FileError, load_chart, score
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.compare import diagnosed, validate, validate_file
from mews_newtt.validation.conform import Adapter, Answer, Command, Endpoint, Limits, compare_answers
from mews_newtt.validation.packs import Case
from mews_newtt.validation.result import Origin
from tests.cli.command import ROOT
from tests.patience import PATIENCE
from tests.validation.conform_support import CHART, FAST, ONE, cases, platform, right
from tests.validation.made_packs import pack_of
from tests.validation.test_validate_cli import here

NAMES = "case_id,respiratory_rate,oxygen_saturation,temperature,heart_rate,systolic_bp,diastolic_bp,consciousness,concern"
QUIET = "SYNTHETIC-1,16,98,36.6,84,118,75,alert,none"


def table(tmp_path: Path, expected: str, *rows: str) -> Path:
    path = tmp_path / "ward.csv"
    path.write_text("".join(f"{line}\n" for line in (f"{NAMES},{expected}", *rows)), encoding="utf-8", newline="")
    return path


# --- files


def test_a_map_translates_what_a_platform_calls_its_levels(tmp_path: Path) -> None:
    path = table(tmp_path, "total,risk", f"{QUIET},0,low", f"{QUIET},0,HIGH", f"{QUIET},0,routine", f"{QUIET},0,")
    columns = {"total": "expected_total", "risk": "expected_level"}
    found = validate_file(CHART, path, column_map=ColumnMap(columns, {"expected_level": {"low": "routine", "HIGH": "escalate"}}))
    assert (found.by_column["expected_level"].agreed, found.by_column["expected_level"].blank, dict(found.kinds)) == (2, 1, {"level": 1})
    assert diagnosed(found).diagnosis is not None
    with pytest.raises(ColumnError, match="'rotine' is not a level of mews"):
        validate_file(CHART, path, column_map=ColumnMap(columns, {"expected_level": {"low": "rotine"}}))


def test_points_of_a_row_that_gives_none_are_told_not_passed_over(tmp_path: Path) -> None:
    path = table(tmp_path, "expected_total,expected_points_concern,expected_points_shoe_size", f"{QUIET},0,0,0")
    with pytest.raises(ColumnError) as told:
        validate_file(CHART, path)
    assert [problem.code for problem in told.value.problems] == ["no_points", "no_points"]
    left = ColumnMap(ignore=frozenset({"expected_points_concern", "expected_points_shoe_size"}))
    assert validate_file(CHART, path, column_map=left).verdict == "agrees"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks(start: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "ward.csv"
    path.write_bytes((start + end.join((f"{NAMES},expected_total", f"{QUIET},0", f"{QUIET},1", ""))).encode())
    found = validate_file(CHART, path)
    assert (found.rows, found.agreed, [one.row for one in found.disagreements]) == (2, 1, [3])


@pytest.mark.parametrize(("rows", "code"), [((), 2), ((QUIET.replace("84", "8400") + ",",) * 3, 2), ((QUIET.replace("84", "8400") + ",3",) * 3, 1)])
def test_no_rows_and_none_but_refused_ones(rows: tuple[str, ...], code: int, tmp_path: Path) -> None:
    ran = here("validate", "mews", table(tmp_path, "expected_total", *rows), "--report", tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()} - {"letter.md"}  # only where there is something to tell the vendor
    assert ran.code == code and written == {"report.html", "report.json", "junit.xml", "disagreements.csv"}
    assert code == 2 or "3 × a score was stated for a set that cannot be scored" in ran.out


def test_a_terminal_is_sent_no_control_characters(tmp_path: Path) -> None:
    path = table(tmp_path, "expected_level", f"{QUIET},\x1b]0;owned\x07high".replace("SYNTHETIC-1", "\x1b[2J1"))
    ran = here("validate", "mews", path, "--no-diagnosis")
    assert ran.code == 1 and "owned" in ran.out and not any(mark in ran.out + ran.err for mark in "\x1b\x07")


@pytest.mark.parametrize("change", ["removed", "rewritten"])
def test_a_file_that_changes_while_it_is_read_is_no_evidence(change: str, tmp_path: Path) -> None:
    path = table(tmp_path, "expected_total", *[f"{QUIET},0"] * 1000)

    def meddle(rows: int, share: float | None) -> None:
        if change == "removed":
            path.unlink(missing_ok=True)
        else:
            path.write_text(f"{NAMES},expected_total\n{QUIET},9\n", encoding="utf-8")

    with pytest.raises(FileError, match="while it was read"):
        validate_file(CHART, path, progress=meddle)


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may write anywhere
    monkeypatch.setattr("mews_newtt.validation.compare.validate_file", lambda *_, **__: pytest.fail("worked in vain"))
    monkeypatch.setattr("mews_newtt.validation.packs.make_pack", lambda *_, **__: pytest.fail("worked in vain"))
    for arguments in (
        ("validate", "mews", table(tmp_path, "expected_total"), "--report", tmp_path / "out"),
        ("pack", "mewc", "-o", tmp_path / "pack"),
    ):
        ran = here(*arguments)
        assert ran.code == 2 and "folder_read_only" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file size")
def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    path = table(tmp_path, "expected_total", *[f"{QUIET},7"] * 300)
    ran = subprocess.run(
        [sys.executable, "-m", "mews_newtt", "validate", "mews", str(path), "--no-diagnosis", "--report", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert ran.returncode == 2 and "Traceback" not in ran.stderr and "mend:" in ran.stderr, ran.stderr
    assert not list((tmp_path / "out").iterdir())


# --- platforms


def test_a_platform_that_hangs_is_not_waited_for_at_every_case() -> None:
    slow = Adapter(limits=Limits(per_second=1000, timeout_seconds=0.1, retries=0))

    def answer(n: int, body: dict[str, Any], headers: Mapping[str, str]) -> tuple[int, Any]:
        time.sleep(0.3)
        return 200, {}

    with platform(answer) as (url, asked), Endpoint(CHART, url, slow) as endpoint, pytest.raises(FileError, match="none of the first 5 cases"):
        compare_answers(CHART, endpoint.ask, cases(), Origin("x", kind="endpoint"), slow)
    assert len(asked) < 10


def test_a_platform_that_stumbles_first_is_asked_again() -> None:
    stumbled: list[dict[str, Any]] = []  # each set once: two are asked at a time, and no order of theirs may use up a set's tries

    def answer(n: int, body: dict[str, Any], headers: Mapping[str, str]) -> tuple[int, Any]:
        if body in stumbled:
            return 200, right(body)
        stumbled.append(body)
        return 500, {}

    some = cases()[:12]
    with platform(answer) as (url, _), Endpoint(CHART, url, FAST, lambda seconds: None) as endpoint:
        assert compare_answers(CHART, endpoint.ask, some, Origin("x", kind="endpoint"), FAST).verdict == "agrees"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 30_000_000, "no answer: more than"),
        (b'{"level": "\\ud800", "status": "complete"}', "no answer: not JSON"),
        (b"\xff\xfe\x00", "no answer: not UTF-8"),
        (b"[" * 100_000, "no answer: the JSON is nested too deeply"),
        (b'{"total": NaN}', "no answer: not JSON"),
        (b'{"total": 1, "total": 9}', "no answer: the JSON gives a name twice"),
        (b"", "no answer: not JSON"),
    ],
)
def test_garbage_is_an_answer_that_disagrees(content: bytes, status: str) -> None:
    with platform(lambda n, body, headers: (200, content)) as (url, _), Endpoint(CHART, url, FAST) as endpoint:
        answer = endpoint.ask(ONE)
    assert answer.status.startswith(status)

    def ask(case: Case) -> Answer:
        return answer if case.id == ONE.id else Adapter().read(right(case.given), CHART)

    found = compare_answers(CHART, ask, [ONE, *cases()[:3]], Origin("x"))
    assert (found.rows, found.disagreed) == (4, 1)


def test_a_platform_that_scores_another_chart_is_named() -> None:
    other = load_chart("modified-ews")

    def ask(case: Case) -> Answer:
        given = {name: text for name, text in case.given.items() if name.removeprefix("skip_") in other.by_id}
        result = score(other, given, raise_refused=False)
        return Adapter().read({"status": result.status, "total": result.total, "level": result.level}, CHART)

    found = diagnosed(compare_answers(CHART, ask, cases(), Origin("x", kind="endpoint")))
    assert found.verdict == "disagrees" and found.diagnosis is not None
    assert other.title in found.diagnosis.words


@pytest.mark.parametrize(("asked", "scored"), [("0.2", "0.1"), ("0.1", "0.2")])
def test_a_platform_that_scores_another_version_is_named(asked: str, scored: str) -> None:
    chart, other = load_chart("mews", asked), load_chart("mews", scored)
    rows = []
    for case in pack_of(f"mews@{asked}").cases:
        given = {name: text for name, text in case.given.items() if name.removeprefix("skip_") in other.by_id}
        result = score(other, given, raise_refused=False)
        rows.append({**case.given, "expected_total": None if result.total is None else str(result.total), "expected_level": result.level})
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = diagnosed(validate(chart, pa.table({name: [row.get(name) for row in rows] for name in names})))
    assert found.verdict == "disagrees" and found.diagnosis is not None
    assert f"version {scored}, instead of {chart.title}, version {asked}" in found.diagnosis.words


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "platform.py"
    path.write_text(f"import sys, json, time\n{text}", encoding="utf-8")
    return f"'{sys.executable}' '{path}'"


def test_a_command_that_dies_midway_is_told(tmp_path: Path) -> None:
    command = script(tmp_path, "for n, line in enumerate(sys.stdin):\n    if n == 3: sys.exit(7)\n    print('{\"total\": 0}', flush=True)\n")
    with Command(CHART, command, FAST) as ended, pytest.raises(FileError, match="ended before it answered"):
        compare_answers(CHART, ended.ask, cases(), Origin("x", kind="endpoint"), FAST)


def test_nobody_waits_for_a_command_that_has_ended(tmp_path: Path) -> None:
    """Some commands close their output but go on reading. A request to such a command fails at once, without waiting for the time limit."""
    command = script(tmp_path, "sys.stdin.readline()\nimport os\nos.close(1)\ntime.sleep(20)\n")
    with Command(CHART, command, FAST) as ended:
        for _ in range(2):
            with pytest.raises(FileError, match="ended before it answered"):
                ended.ask(ONE)


def test_a_command_that_keeps_its_answers_is_told_to_flush(tmp_path: Path) -> None:
    adapter = Adapter(limits=Limits(per_second=1000, timeout_seconds=1.0))
    command = script(tmp_path, "kept = sys.stdin.readlines()\nfor line in kept:\n    print('{\"total\": 0}')\n")
    with Command(CHART, command, adapter) as silent, pytest.raises(FileError, match="flush"):
        silent.ask(ONE)


def test_a_command_that_never_stops_talking_fills_no_memory(tmp_path: Path) -> None:
    adapter = Adapter(limits=Limits(per_second=1000, timeout_seconds=5.0))
    command = script(tmp_path, "while True:\n    sys.stdout.write('{\"total\": 0}\\n' * 1000)\n    sys.stderr.write('')\n")
    with Command(CHART, command, adapter) as chatty:
        with pytest.raises(FileError, match="more than one line"):
            compare_answers(CHART, chatty.ask, cases(), Origin("x", kind="endpoint"), adapter)
        time.sleep(0.3)
        assert chatty._lines.qsize() <= 20
    assert chatty._process.returncode is not None, "it is gone afterwards"


def test_a_command_that_floods_its_errors_is_answered_all_the_same(tmp_path: Path) -> None:
    command = script(
        tmp_path, 'for line in sys.stdin:\n    sys.stderr.write(\'x\' * 300_000)\n    print(\'{"total": 0, "status": "complete"}\', flush=True)\n'
    )
    with open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            with Command(CHART, command, FAST) as loud:
                assert [loud.ask(ONE).total for _ in range(3)] == ["0", "0", "0"]
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def test_a_table_of_expected_cells_alone_is_refused() -> None:
    with pytest.raises(ColumnError, match="none of them is a parameter"):
        validate(CHART, pl.DataFrame({"expected_total": ["0"]}))
