"""Bad files and bad moments under a plan: one clear fault, nothing half written, and nothing of a patient left in the temporary folder."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("polars")
import polars as pl

from mews_newtt import FileError
from mews_newtt.cli import main
from mews_newtt.tables.origins import read_source
from tests.plans.support import scored

ROOT = Path(__file__).resolve().parents[2]
PLAN = '[columns]\nid = "patient_id"\nat = "observed_at"\nhr = "heart_rate"\nrr = "respiratory_rate"\n[sets]\n'
ROWS = "".join(f"P{number},2026-03-02T08:00,{60 + number % 90},18\n" for number in range(2000))
CSV = "id,at,hr,rr\n" + ROWS

# Runs `score` in a process of its own, which a line of Python changes first.
RUN = "import os, signal, sys; from mews_newtt.cli import main; {first}; sys.exit(main(sys.argv[1:]))"
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


def run(folder: Path, source: Path, first: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    plan, temporary = folder / "plan.toml", folder / "temporary"
    plan.write_text(PLAN, encoding="utf-8")
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    arguments = ["score", "news2", str(source), "--plan", str(plan), "-o", str(folder / "out.csv")]
    small = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    command = [sys.executable, "-c", RUN.format(first=first), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, preexec_fn=small, timeout=120, check=False)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux has paths of open files without a name")
@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("killed while sets are scored", f"from mews_newtt.tables.planned import table; table._chunk = lambda *_: {KILLED}"),
        (
            "killed while rows wait on disk",
            "from mews_newtt.tables.planned import spool; spool.ROWS_AT_ONCE = 10; spool.Spool.parts = lambda *_: " + KILLED,
        ),
        ("killed while the table is written", f"from mews_newtt.tables.planned import table; table._Run._check = lambda *_: {KILLED}"),
    ],
)
def test_a_killed_process_leaves_nothing_of_a_patient(tmp_path: Path, name: str, first: str) -> None:
    source = tmp_path / "source.csv"
    source.write_text(CSV, encoding="utf-8")
    done = run(tmp_path, source, first)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux has paths of open files without a name")
def test_a_killed_process_leaves_nothing_of_a_packed_file_without_a_plan(tmp_path: Path) -> None:
    import gzip

    source = tmp_path / "source.ndjson.gz"
    source.write_bytes(gzip.compress(b'{"heart_rate": 80}\n' * 1000))
    (tmp_path / "temporary").mkdir()
    first = f"from mews_newtt.tables import read; read._scan_lines = lambda *_: {KILLED}"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", RUN.format(first=first), "score", "news2", str(source), "-o", str(tmp_path / "out.csv")]
    assert subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False).returncode == -signal.SIGKILL
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_room_in_the_temporary_folder(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text(CSV, encoding="utf-8")
    done = run(tmp_path, source, "pass", limit=4096)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and "error" in done.stderr.lower()
    assert not (tmp_path / "out.csv").exists() and [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_stop_signal_midway(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text(CSV, encoding="utf-8")
    first = "from mews_newtt.tables.planned import table; table._Run._check = lambda *_: os.kill(os.getpid(), signal.SIGTERM)"
    done = run(tmp_path, source, first)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert list((tmp_path / "temporary").iterdir()) == [] and not (tmp_path / "out.csv").exists()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n  \n", "is empty"),
        ("nul.csv", b"id,at,hr,rr\nP1,2026-03-02,8\x000,18\n", "NUL"),
        ("wide.csv", b",".join(b"c%d" % number for number in range(200_000)) + b"\n1\n", "columns"),
        ("cut.xlsx", bomb()[:2000], ""),
        ("bomb.xlsx", bomb(), ""),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ""),
        ("cut.parquet", b"PAR1" + bytes(100), ""),
        ("cut.ndjson.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56", ""),
        ("not.json", b'[{"hr": 80}, ', ""),
        ("deep.json", b"[" * 100_000, ""),
        ("cut.hl7", b"MSH|^~\\&|A|B", ""),
        ("quote.csv", b'id,at,hr,rr\n"P1,2026-03-02,80,18\n', ""),
        ("ragged.csv", b"id,at,hr,rr\nP1,2026-03-02,80\n", "has 3 cells where the header has 4"),
    ],
)
def test_a_bad_file_is_one_clear_fault(tmp_path: Path, name: str, content: bytes, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    source, plan, out = tmp_path / name, tmp_path / "plan.toml", tmp_path / "out.csv"
    source.write_bytes(content)
    plan.write_text(PLAN, encoding="utf-8")
    assert main(["score", "news2", str(source), "--plan", str(plan), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert name in said and words in said and "mend:" in said and "Traceback" not in said
    assert not out.exists()


LONG_CELLS = ("9" * 10_000_000, "'" * 3_000_000, "a" * 10_000_000, "80" + " " * 9_000_000 + "x", "1," * 3_000_000, "<" * 3_000_000, "1-" * 2_000_000)


@pytest.mark.parametrize("cell", LONG_CELLS, ids=[f"{len(cell)} of {cell[:2]}" for cell in LONG_CELLS])
def test_a_cell_of_megabytes_is_refused_soon(tmp_path: Path, cell: str) -> None:
    plan = PLAN + "[numbers]\ndecimal = \",\"\nstrip = [\"'\", \"*\"]\nranges = true\n[patterns.consciousness]\n'(a+)+x' = \"alert\"\n"
    source = tmp_path / "source.parquet"
    rows = {"id": ["P1", "P2"], "at": ["2026-03-02", "2026-03-02"], "hr": [cell, "80"], "rr": ["18", "18"], "consciousness": [None, "ax"]}
    pl.DataFrame(rows).write_parquet(source)
    found = scored(tmp_path, "news2", source, plan)
    assert found.column("score_status") == ["refused", "partial"]
    assert "longer than 1,000 characters" in found.rows[0]["error"] and len(found.rows[0]["error"]) < 2000


def test_a_cell_of_signs_alone_is_no_blank(tmp_path: Path) -> None:
    plan = PLAN + '[numbers]\nstrip = ["*"]\n'
    found = scored(tmp_path, "news2", "id,at,hr,rr\nP1,2026-03-02,**,18\n", plan)
    assert found.column("score_status") == ["refused"] and "holds only signs that the plan takes off" in found.rows[0]["error"]
    marked = scored(tmp_path, "news2", "id,at,hr,rr\nP1,2026-03-02,**,18\n", 'missing = ["**"]\n' + plan)
    assert marked.column("score_status") == ["partial"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("events.ndjson", '{"hr": 80}\n', '{"hr": 80, "spo2": 80}\n'),
        ("ward.csv", "id,hr\nP1,80\n", "a title\nid,hr\nP1,80\n"),
        ("ward.csv", "id,hr\nP1,80\n", None),
    ],
)
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, name: str, before: str, after: str | None) -> None:
    """A source is opened several times: what came in between would be read in part."""
    source = tmp_path / name
    source.write_text(before, encoding="utf-8")
    with read_source(source) as table:
        if after is None:
            source.unlink()
        else:
            source.write_text(after, encoding="utf-8")
        with pytest.raises(FileError, match="changed while it was read"):
            list(table.batches())


def test_one_row(tmp_path: Path) -> None:
    assert scored(tmp_path, "news2", "id,at,hr,rr\nP1,2026-03-02,80,18\n", PLAN).column("heart_rate") == ["80"]
