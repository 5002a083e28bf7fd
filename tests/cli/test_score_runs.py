"""Whole runs of `mews-newtt score` on files: streams of every format, large files, runs that are stopped or find no room, the summary."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.engines import MOST_IN_ARRAYS
from mews_newtt.tables.plain import score_csv
from tests.cli.command import ROOT, environment, run
from tests.patience import PATIENCE

pl = pytest.importorskip("polars")
HEADER = "case_id,respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature\n"
ROWS = "".join(f"c{n},{12 + n % 14},{90 + n % 11},{('air', 'oxygen')[n % 2]},{90 + n},{60 + n},{'A' if n % 7 else ''},{36 + n % 30 / 10:.1f}\n" for n in range(100))
TEXT = HEADER + ROWS
LARGE = HEADER + ROWS * 3000  # more than the core's reader is given
RESULTS = ["score_status", "total", "total_min", "total_max", "level", "level_max", "level_rank", "level_max_rank", "missing", "flags", "error"]
COMMAND = [sys.executable, "-m", "mews_newtt", "score", "news2"]


def by_core(text: str) -> str:
    output = io.StringIO()
    score_csv(load_chart("news2"), io.BytesIO(text.encode()), output)
    return output.getvalue()


def packed(kind: str) -> bytes:
    """The rows as a file of some format."""
    frame, into = pl.read_csv(TEXT.encode(), infer_schema=False), io.BytesIO()
    if kind == "parquet":
        frame.with_columns(pl.col("respiratory_rate", "oxygen_saturation", "systolic_bp", "heart_rate").cast(pl.Int64)).write_parquet(into)
    elif kind == "ndjson":
        frame.write_ndjson(into)
    else:
        frame.lazy().sink_csv(into, compression={"csv": "uncompressed", "csv.gz": "gzip", "csv.zst": "zstd"}[kind], check_extension=False)
    return into.getvalue()


def read(data: bytes, kind: str) -> list[dict[str, str]]:
    """The result columns of a written file, as text."""
    if kind == "csv":
        return [{name: row[name] for name in RESULTS} for row in csv.DictReader(io.StringIO(data.decode()))]
    frame = pl.read_parquet(io.BytesIO(data)) if kind == "parquet" else pl.read_ndjson(io.BytesIO(data))
    return [{name: "" if row[name] is None else str(row[name]) for name in RESULTS} for row in frame.to_dicts()]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("csv", "csv"), ("csv.gz", "csv"), ("csv.zst", "parquet"), ("parquet", "ndjson"), ("parquet", "csv"), ("ndjson", "parquet"), ("csv", "parquet")],
)
def test_streams_of_every_format(given: str, wanted: str) -> None:
    options = ["--output-format", wanted] if wanted != "csv" else []
    done = subprocess.run([*COMMAND, "-", *options], cwd=ROOT, env=environment(), input=packed(given), capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    assert read(done.stdout, wanted) == read(by_core(TEXT).encode(), "csv")
    assert b"100 rows: 85 complete, 15 partial" in done.stderr


def test_a_large_file_and_a_large_stream_give_what_the_core_gives(tmp_path: Path) -> None:
    source, output = tmp_path / "large.csv", tmp_path / "out.csv"
    source.write_text(LARGE)
    assert source.stat().st_size > 8 << 20
    ran = run("score", "news2", source, "-o", output, "--summary", tmp_path / "summary.json")
    assert ran.code == 0, ran.err
    header, _, rows = by_core(TEXT).partition("\n")
    wanted = f"{header}\n{rows * 3000}"
    assert output.read_text(encoding="utf-8") == wanted
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (summary["rows"], summary["complete"], summary["partial"], summary["missing"]) == (300_000, 255_000, 45_000, {"consciousness": 45_000})
    assert sum(summary["totals"].values()) == 255_000 and sum(summary["levels"].values()) == 300_000
    with source.open("rb") as stream:
        done = subprocess.run([*COMMAND, "-"], cwd=ROOT, env=environment(), stdin=stream, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0 and done.stdout.decode() == wanted


def test_a_bad_row_far_into_a_large_file_is_placed(tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_text(LARGE + "x,18,97,air,120,fast,A,36.8\n")
    ran = run("score", "news2", tmp_path / "large.csv", "-o", tmp_path / "out.csv")
    assert ran.code == 2 and "large.csv, row 300002, column heart_rate: 'fast' is not a number" in ran.err
    assert os.listdir(tmp_path) == ["large.csv"]
    ran = run("score", "news2", tmp_path / "large.csv", "-o", tmp_path / "out.parquet", "--on-bad-row", "report")
    assert ran.code == 0 and "1 refused" in ran.err
    last = pl.read_parquet(tmp_path / "out.parquet").tail(1).to_dicts()[0]
    assert (last["case_id"], last["score_status"], last["total"], last["level"]) == ("x", "refused", None, None)
    assert "'fast' is not a number" in last["error"]


def test_cells_of_text_stay_text_in_parquet(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("case_id,heart_rate,temperature,note\n007,80,36.80,1e3\n")
    assert run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "out.parquet").code == 0
    found = pl.read_parquet(tmp_path / "out.parquet").to_dicts()[0]
    assert (found["case_id"], found["heart_rate"], found["temperature"], found["note"]) == ("007", "80", "36.80", "1e3")


def test_several_files_and_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(TEXT)
    (folder / "b.csv.gz").write_bytes(packed("csv.gz"))
    (folder / ".a.csv.x.part").write_text("half")
    (folder / "notes.md").write_text("not a table")
    for inputs in ([folder], [folder / "a.csv", folder / "b.csv.gz"]):
        ran = run("score", "news2", *inputs, "-o", tmp_path / "out.csv")
        assert ran.code == 0, ran.err
        assert read((tmp_path / "out.csv").read_bytes(), "csv") == 2 * read(by_core(TEXT).encode(), "csv")
    (folder / "c.csv").write_text("heart_rate\n80\n")
    ran = run("score", "news2", folder, "-o", tmp_path / "none.csv")
    assert ran.code == 2 and "c.csv: has other columns than a.csv" in ran.err and not (tmp_path / "none.csv").exists()


def test_a_folder_of_more_files_than_may_be_open(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(120):
        (folder / f"{n:03}.csv").write_text(f"{HEADER}{n},18,97,air,120,80,A,36.8\n")
    done = subprocess.run(
        [*COMMAND, str(folder), "-o", str(tmp_path / "out.csv")], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["case_id"] for row in found] == [str(n) for n in range(120)]


@pytest.mark.parametrize("kind", ["csv.gz", "csv.zst", "parquet"])
def test_a_file_that_was_cut_off_is_told(kind: str, tmp_path: Path) -> None:
    whole = packed(kind)
    (tmp_path / f"in.{kind}").write_bytes(whole[: len(whole) * 2 // 3])
    ran = run("score", "news2", tmp_path / f"in.{kind}", "-o", tmp_path / "out.csv")
    assert ran.code == 2 and f"in.{kind}" in ran.err and "mend:" in ran.err
    assert not (tmp_path / "out.csv").exists()


def test_the_summary_is_the_same_by_both_readers(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TEXT)
    (tmp_path / "in.csv.gz").write_bytes(packed("csv.gz"))
    said = []
    for name in ("in.csv", "in.csv.gz"):
        ran = run("score", "news2", tmp_path / name, "-o", tmp_path / "out.csv", "--summary", tmp_path / f"{name}.json")
        assert ran.code == 0
        said.append((ran.err, (tmp_path / f"{name}.json").read_bytes()))
    assert said[0] == said[1]
    assert "missing: consciousness: 15" in said[0][0]


def test_the_summary_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TEXT)
    ran = run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--plot", tmp_path / "out.svg")
    assert ran.code == 0, ran.err
    words = re.findall(r">([^<]+)</text>", (tmp_path / "out.svg").read_text(encoding="utf-8"))
    assert "100 observation sets: 85 complete, 15 partial, 0 refused" in words
    assert words[words.index("Missing readings by parameter") + 2] == "15 (15.0%)"
    totals = words[words.index("Totals of complete sets") + 1 : words.index("Levels certainly reached")]
    assert sum(int(count.partition(" ")[0]) for count in totals[1::2]) == 85
    ran = run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "two.csv", "--plot", tmp_path / "out.gif")
    assert ran.code == 2 and "neither SVG nor PNG" in ran.err and not (tmp_path / "two.csv").exists()


def test_a_png_of_the_summary(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "in.csv").write_text(TEXT)
    ran = run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--plot", tmp_path / "out.png")
    assert ran.code == 0, ran.err
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_large_run_that_is_stopped_leaves_the_old_output(tmp_path: Path, number: signal.Signals, kind: str) -> None:
    output = tmp_path / f"scored.{kind}"
    output.write_text("old")
    process = subprocess.Popen([*COMMAND, "-", "-o", str(output)], cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None and process.stderr is not None
    try:
        process.stdin.write((HEADER + ROWS * 6000).encode())
        process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while not any(part.stat().st_size or kind == "parquet" for part in tmp_path.glob(".scored.*part")) and time.monotonic() < deadline:
            time.sleep(0.02)  # Parquet is written in groups of many rows, so it shows nothing yet
        assert list(tmp_path.glob(".scored.*part")), "it never began to write"
        process.send_signal(number)
        if number != signal.SIGKILL:
            time.sleep(0.3)
            process.stdin.close()  # a read that waits for the next bytes ends with them
        process.wait(timeout=PATIENCE)
        said = process.stderr.read().decode()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        if not process.stdin.closed:
            process.stdin.close()
    assert output.read_text() == "old" and "Traceback" not in said
    if number != signal.SIGKILL:
        assert "stopped" in said and process.returncode == 130
        assert os.listdir(tmp_path) == [output.name]


@pytest.mark.parametrize("name", ["out.csv", "out.csv.zst", "out.parquet", "out.ndjson"])
def test_no_room_for_the_output(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.csv").write_text(LARGE)
    output = tmp_path / name
    output.write_text("old")
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "in.csv"), "-o", str(output)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )  # fmt: skip
    assert done.returncode == 2 and "mend:" in done.stderr and "Traceback" not in done.stderr and "panicked" not in done.stderr, done.stderr
    assert output.read_text() == "old" and sorted(os.listdir(tmp_path)) == ["in.csv", name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(LARGE)
    ran = run("score", "news2", tmp_path / "in.csv", "-o", tmp_path / "no" / "out.parquet")
    assert ran.code == 2 and "is not a folder" in ran.err


def test_two_runs_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TEXT)
    output = tmp_path / "out.parquet"
    command = [*COMMAND, str(tmp_path / "in.csv"), "-o", str(output)]
    runs = [subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=PATIENCE) for process in runs] == [0, 0]
    assert read(output.read_bytes(), "parquet") == read(by_core(TEXT).encode(), "csv")
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.parquet"]


def test_an_output_that_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(packed("parquet"))
    ran = run("score", "news2", tmp_path / "in.parquet", "-o", tmp_path / "in.parquet")
    assert ran.code == 2 and "both input and output" in ran.err
    assert (tmp_path / "in.parquet").read_bytes() == packed("parquet")


def test_options_that_files_cannot_have() -> None:
    ran = run("score", "news2", "--obs", "heart_rate=80", "--summary", "x.json")
    assert ran.code == 2 and "--summary: is for files" in ran.err
    ran = run("score", "news2", "a.csv", "b.csv", "--explain")
    assert ran.code == 2 and "only for one plain CSV file" in ran.err


@pytest.mark.deep
def test_a_package_that_cannot_be_written_keeps_its_machine_code_elsewhere(tmp_path: Path) -> None:
    """Root may write anywhere, so a file stands where the folder of machine code would be."""
    package = tmp_path / "installed"
    shutil.copytree(ROOT / "mews_newtt", package / "mews_newtt", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", package / "rules")
    for folder in ("engines/numba", "tables"):
        (package / "mews_newtt" / folder / "__pycache__").write_text("")
    times = MOST_IN_ARRAYS // ROWS.count("\n") + 1  # for fewer rows nothing is compiled
    (tmp_path / "in.csv").write_text(HEADER + ROWS * times)
    variables = {**environment(), "PYTHONPATH": str(package), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    variables.pop("NUMBA_CACHE_DIR", None)
    for _ in range(2):
        command = [*COMMAND, str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache" / "mews-newtt").rglob("*.nbc")}
        assert kept
    assert read((tmp_path / "out.csv").read_bytes(), "csv") == times * read(by_core(TEXT).encode(), "csv")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache" / "mews-newtt").rglob("*.nbc")} == kept


def test_a_terminal_shows_rows_and_time_left_and_nothing_else_does(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    (tmp_path / "large.csv").write_text(LARGE)
    terminal, side = pty.openpty()
    command = [*COMMAND, str(tmp_path / "large.csv"), "-o", str(tmp_path / "out.csv")]
    process = subprocess.Popen(command, cwd=ROOT, env={**environment(), "TERM": "xterm", "COLUMNS": "120"}, stderr=side)
    os.close(side)
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:  # the other side was closed
        pass
    finally:
        os.close(terminal)
        assert process.wait(timeout=PATIENCE) == 0
    words = shown.decode()
    assert re.search(r"NEWS2 .* [\d,]+ rows, [\d,]+ rows/s .*left", words), words[-500:]
    assert "300000 rows: 255000 complete" in words
    ran = run("score", "news2", tmp_path / "large.csv", "-o", tmp_path / "two.csv")
    assert "rows/s" not in ran.err and ran.err.startswith("NEWS2")
