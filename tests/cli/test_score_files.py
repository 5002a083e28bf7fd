"""`mews-newtt score CHART FILE`: what it writes, and what it says when it cannot."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment, run
from tests.patience import PATIENCE

HEADER = "case_id,respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature"
WELL = "1,18,97,air,120,80,A,36.8"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def score_text(tmp_path: Path, text: str | bytes, *options: str, chart: str = "news2") -> tuple[int, str, str | None]:
    """Exit code, what was said, and the output file's text (None where there is none)."""
    source, output = tmp_path / "ward.csv", tmp_path / "scored.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = run("score", chart, source, "-o", output, *options)
    assert not list(tmp_path.glob(".*part")), "half a file was left"
    return ran.code, ran.err, output.read_text(encoding="utf-8") if output.exists() else None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", ["ward.csv", "is empty", "must name the columns"], id="empty file"),
        pytest.param(f"{HEADER}\n{WELL}\n2,18,97,air,120,fast,A,36.8\n", ["row 3", "column heart_rate", "'fast' is not a number", "leave it blank"], id="text"),
        pytest.param(f"{HEADER}\n1,18,107,air,120,80,A,36.8\n", ["row 2", "column oxygen_saturation", "107", "impossible", "0 to 100"], id="impossible"),
        pytest.param(f"{HEADER}\n1,18,97,air,120,80,A,98.2\n", ["row 2", "column temperature", "98.2", "another unit"], id="Fahrenheit"),
        pytest.param(f"{HEADER}\n1,18,97,air,120,80,A,36.8 kg\n", ["column temperature", "'kg'", "[degF]"], id="wrong unit"),
        pytest.param(f'{HEADER}\n1,18,97,air,120,80,A,"36,8"\n', ["column temperature", "36,8", "decimal point: 36.8"], id="decimal comma"),
        pytest.param(f"{HEADER}\n1,18,97,air,120,80,A,36,8\n", ["row 2", "9 cells", "header has 8"], id="ragged"),
        pytest.param(f"{HEADER}\n1,18,97,air,120,80,Q,36.8\n", ["column consciousness", "'Q'", "alert, confusion"], id="unknown category"),
        pytest.param("case_id,respiratory_rat,heart_rate\n1,18,80\n", ["respiratory_rat", "looks like respiratory_rate", "--map"], id="misspelt column"),
        pytest.param("pulse,temperature\n80,36.8\n", ["pulse", "looks like heart_rate", "--map 'pulse'=heart_rate"], id="another name"),
        pytest.param("Heart Rate (bpm),temperature\n80,36.8\n", ["Heart Rate (bpm)", "looks like heart_rate"], id="dressed-up name"),
        pytest.param("heart_rate,heart_rate\n80,81\n", ["heart_rate", "stands 2 times"], id="duplicate column"),
        pytest.param("heart_rate,,temperature\n80,1,36.8\n", ["column 2", "has no name"], id="unnamed column"),
        pytest.param("heart_rate,total\n80,3\n", ["column total", "result column", "expected_total"], id="result column"),
        pytest.param("name,height\nA,160\n", ["name, height", "none of them is a parameter"], id="no parameter at all"),
        pytest.param(b"heart_rate,caf\xe9\n80,1\n", ["ward.csv", "not UTF-8", "save the file"], id="Latin-1"),
        pytest.param("heart_rate\n80\n".encode("utf-16"), ["not UTF-8"], id="UTF-16"),
        pytest.param(b"heart_rate,x\n80,\x00\n", ["NUL"], id="NUL byte"),
        pytest.param(f"heart_rate,{'x' * 1_100_000}\n80,1\n", ["row 1", "is not CSV", "must name the columns"], id="an endless column name"),
        pytest.param('heart_rate,note\n80,"no end\n81,x\n', ["is not CSV", "quotes"], id="open quote"),
    ],
)
def test_bad_input_is_told_and_leaves_no_file(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    code, said, written = score_text(tmp_path, text)
    assert (code, written) == (2, None)
    for word in [*words, "mend:"]:
        assert word in said


def test_both_oxygen_delivery_forms_at_once(tmp_path: Path) -> None:
    code, said, written = score_text(tmp_path, "age_years,oxygen_device,oxygen_percent,oxygen_flow\n3,face_mask,40,4\n", chart="npews")
    assert (code, written) == (2, None)
    assert "row 2" in said and "only one of them may be given" in said


def test_a_failed_run_leaves_the_old_output(tmp_path: Path) -> None:
    (tmp_path / "scored.csv").write_text("old")
    code, _, written = score_text(tmp_path, f"{HEADER}\n1,x,97,air,120,80,A,36.8\n")
    assert (code, written) == (2, "old")


def test_header_only_is_a_valid_empty_result(tmp_path: Path) -> None:
    code, said, written = score_text(tmp_path, HEADER + "\n")
    assert code == 0 and "0 rows" in said
    assert written == HEADER + ",score_status,total,total_min,total_max,level,level_max,level_rank,level_max_rank,missing,flags,error\n"


def test_a_missing_value_is_never_zero_in_the_output(tmp_path: Path) -> None:
    _, _, written = score_text(tmp_path, f"{HEADER}\n1,,97,air,120,80,A,NaN\n2,null,97,air,120,80,A,36.8\n", "--points")
    first, second = rows(written or "")
    assert (first["score_status"], first["total"], first["missing"]) == ("partial", "", "respiratory_rate;temperature")
    assert (first["points_respiratory_rate"], first["points_heart_rate"]) == ("", "0")
    assert (second["total"], second["total_min"], second["total_max"]) == ("", "0", "3")


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\n{WELL}\n", f"{HEADER}\r\n{WELL}\r\n", f"{HEADER}\n{WELL}".replace(",", ";"), f"{HEADER}\n{WELL}".replace(",", "\t"),
        HEADER + '\n"1","18","97","air","120","80","alert","36.8"\n', f"{HEADER}\n 1 , 18 , 97 , AIR , 120 , 80 , Alert , 36.80 \n",
    ],
    ids=["byte order mark", "CRLF", "semicolons", "tabs", "quotes", "blanks"],
)
def test_csv_as_people_have_it(tmp_path: Path, text: str) -> None:
    code, said, written = score_text(tmp_path, text)
    assert code == 0, said
    assert rows(written or "")[0]["score_status"] == "complete"


def test_rows_and_unknown_columns_travel_through_in_order(tmp_path: Path) -> None:
    body = "".join(f"{n},{10 + n % 20},97,air,120,80,A,36.8,note {n}\n" for n in range(200))
    _, _, written = score_text(tmp_path, f"{HEADER},remark\n{body}")
    found = rows(written or "")
    assert [(row["case_id"], row["remark"]) for row in found] == [(str(n), f"note {n}") for n in range(200)]


def test_an_empty_line_in_a_table_of_one_column_is_a_row(tmp_path: Path) -> None:
    _, _, written = score_text(tmp_path, "heart_rate\n80\n\n90\n")
    assert [row["heart_rate"] for row in rows((written or "").replace("\n,", '\n"",'))] == ["80", "", "90"]


def test_bad_rows_can_be_kept_and_are_counted(tmp_path: Path) -> None:
    code, said, written = score_text(tmp_path, f"{HEADER}\n{WELL}\n2,18,197,air,120,hot,A,36.8\n", "--on-bad-row", "report")
    good, bad = rows(written or "")
    assert code == 0 and "1 refused" in said
    assert (good["score_status"], bad["score_status"], bad["total"], bad["level"]) == ("complete", "refused", "", "")
    assert "oxygen_saturation: 197 is impossible" in bad["error"] and "heart_rate: 'hot' is not a number" in bad["error"]


def test_maps_units_marks_and_columns_left_alone(tmp_path: Path) -> None:
    text = "rr,Temp,pulse,age\n18,97.7,NA,n/a\n"
    options = ["--map", "rr=respiratory_rate", "--map", "Temp=temperature", "--unit", "temperature=[degF]", "--map", "pulse=heart_rate",
               "--missing", "NA", "--ignore", "age"]
    code, said, written = score_text(tmp_path, text, *options, "--explain")
    assert code == 0, said
    found = rows(written or "")[0]
    assert found["missing"].split(";")[:2] == ["oxygen_saturation", "air_or_oxygen"] and "heart_rate" in found["missing"]
    assert "converted:temperature" in found["flags"] and "converted exactly to 36.5 °C" in found["warnings"]


@pytest.mark.parametrize(("unit", "cell"), [("[degF]", "97.7"), ("degF", "97.7"), ("K", "309.65"), ("kelvin", "309.65")])
def test_a_column_in_another_unit(unit: str, cell: str, tmp_path: Path) -> None:
    code, said, written = score_text(tmp_path, f"temperature\n{cell}\n", "--unit", f"temperature={unit}", "--explain")
    assert code == 0, said
    assert "converted exactly to 36.5 °C" in rows(written or "")[0]["warnings"]


def test_a_map_file_and_the_public_set(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    ran = run("score", "news2", "examples/nhsr_synthetic_news.csv", "--map", "examples/nhsr_news2_map.toml", "-o", output)
    assert ran.code == 0
    found = rows(output.read_text(encoding="utf-8"))
    assert len(found) == 1000 and sum(row["NEWS"] != row["total"] for row in found) == 376


def test_a_map_that_names_nothing(tmp_path: Path) -> None:
    code, said, _ = score_text(tmp_path, f"{HEADER}\n{WELL}\n", "--map", "pulse=heart_rate", "--map", "case_id=heart_rat", "--ignore", "nope")
    assert code == 2
    assert "no such column" in said and "did you mean 'heart_rate'" in said and "--ignore nope" in said


def test_standard_input_and_output() -> None:
    ran = run("score", "news2", "-", stdin=f"{HEADER}\n{WELL}\n".encode())
    assert (ran.code, rows(ran.out)[0]["total"]) == (0, "0")
    assert "1 row:" in ran.err


def test_json_lines_hold_the_whole_score() -> None:
    import json

    ran = run("score", "news2", "-", "--json", stdin=f"{HEADER}\n{WELL}\n2,,97,air,120,80,A,36.8\n".encode())
    first, second = map(json.loads, ran.out.splitlines())
    assert (first["total"], second["total"], second["status"]) == (0, None, "partial")
    assert first["chart"]["id"] == "news2" and len(first["chart"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("output", "words"), [("{input}", "both input and output"), ("{folder}", "is a folder"), ("{folder}/no/such/x.csv", "is not a folder")]
)
def test_outputs_that_cannot_be(tmp_path: Path, output: str, words: str) -> None:
    source = tmp_path / "ward.csv"
    source.write_text(f"{HEADER}\n{WELL}\n")
    ran = run("score", "news2", source, "-o", output.format(input=source, folder=tmp_path))
    assert ran.code == 2 and words in ran.err
    assert source.read_text() == f"{HEADER}\n{WELL}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told() -> None:
    command = f"'{sys.executable}' -m mews_newtt score news2 --obs heart_rate=80 > /dev/full"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No space left" in done.stderr and "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    source = tmp_path / "many.csv"
    source.write_text(f"{HEADER}\n" + f"{WELL}\n" * 5000)
    command = f"'{sys.executable}' -m mews_newtt score news2 '{source}' | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout.startswith("case_id") and "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_the_old_output_whole(tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "scored.csv"
    output.write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-m", "mews_newtt", "score", "news2", "-", "--json", "-o", str(output)], cwd=ROOT, env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None and process.stdout is not None
    process.stdin.write(f"{HEADER}\n{WELL}\n".encode())
    process.stdin.flush()
    for _ in range(100):  # until it has begun to write beside
        if list(tmp_path.glob(".scored.csv.*part")):
            break
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    said = process.stderr.read().decode()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    assert output.read_text() == "old" and "Traceback" not in said
    if number == signal.SIGINT:
        assert "stopped" in said and process.returncode == 130
        assert not list(tmp_path.glob(".*part"))


def test_two_runs_into_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    source, output = tmp_path / "ward.csv", tmp_path / "scored.csv"
    source.write_text(f"{HEADER}\n" + f"{WELL}\n" * 2000)
    command = [sys.executable, "-m", "mews_newtt", "score", "news2", str(source), "-o", str(output)]
    runs = [subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=PATIENCE) for process in runs] == [0, 0]
    assert len(rows(output.read_text())) == 2000
    assert sorted(os.listdir(tmp_path)) == ["scored.csv", "ward.csv"]
