"""Reports and packs outlive kill -9: at every change of a name, whatever lies in the folder afterwards is of one run, or says that it is not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mews_newtt.validation.packs import NAMES
from tests.patience import PATIENCE

SCRIPT = """
import os, signal, sys
from pathlib import Path
import polars as pl
from mews_newtt import load_chart
from mews_newtt.validation.compare import validate
from mews_newtt.validation.packs import Case, Pack, write_pack
from mews_newtt.validation.reports import write_reports

what, folder = sys.argv[1], Path(sys.argv[2])
chart = load_chart("mews", "0.1")

def reports(total):
    def write(place):
        found = validate(chart, pl.DataFrame([{"heart_rate": "84", "expected_total": total}]))
        write_reports(found, place, run_on=total)
    return write

def in_a_child(work):
    # the parent never uses polars: its threads do not outlive a fork, and a child would wait for them for ever
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]

def pack(word):
    case = Case(word, {"heart_rate": "84"}, {"expected_status": "partial", "expected_total": "", "expected_level": "routine"}, word)
    return lambda place: write_pack(Pack(chart, 0, False, [case], 1, 1), place)

old, new = (reports("1"), reports("2")) if what == "reports" else (pack("old"), pack("new"))
for moment in range(40):
    place = folder / str(moment)
    assert in_a_child(lambda: old(place)) == 0
    def cut_off():
        left = [moment]
        for name in ("replace", "rename", "unlink", "rmdir"):
            def changed(*arguments, own=getattr(os, name), **options):
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return own(*arguments, **options)
            setattr(os, name, changed)
        new(place)
    status = in_a_child(cut_off)
    if not os.WIFSIGNALED(status):
        print(moment, os.waitstatus_to_exitcode(status))
        break
"""


def killed(what: str, folder: Path) -> list[Path]:
    """The folders of runs killed before the first, second, ... change of a name; the last one ran to its end."""
    run = subprocess.run([sys.executable, "-c", SCRIPT, what, str(folder)], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 0, run.stderr
    moments, code = (int(word) for word in run.stdout.split())
    assert moments >= 2 and code == 0, "it was killed at least twice before it ran to its end"
    return [folder / str(moment) for moment in range(moments + 1)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_report_json_vouches_for_the_files_beside_it(tmp_path: Path) -> None:
    runs = []
    for folder in killed("reports", tmp_path):
        marker = folder / "report.json"
        if not marker.exists():  # it says so itself: a run was cut off
            runs.append("none")
            continue
        document = json.loads(marker.read_text(encoding="utf-8"))
        assert set(document["files"]) == {"report.html", "junit.xml", "disagreements.csv"}
        assert all(digest(folder / name) == wanted for name, wanted in document["files"].items())
        runs.append(document["run_on"])
    assert runs[0] == "1" and runs[-1] == "2" and "none" in runs
    assert runs == sorted(runs, key=["1", "none", "2"].index)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_pack_is_the_old_one_or_the_new_one_or_none(tmp_path: Path) -> None:
    found = []
    for folder in killed("pack", tmp_path):
        if not folder.exists():
            found.append("none")
            continue
        assert {path.name for path in folder.iterdir()} == set(NAMES)
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix not in (".xlsx", ".txt")]
        words = {word for word in ("old", "new") for text in texts if f'"{word}"' in text or f",{word}" in text or f">{word}<" in text}
        assert len(words) == 1, words
        found += words
    assert found[0] == "old" and found[-1] == "new"
