"""docs/architecture.md says which files one reading passes on its way: here it is followed, and the lists may not grow."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MOST = {"score": 8, "file": 12, "http": 14}
FOLLOW = '''
import json, sys, threading
from pathlib import Path

root, folder = Path(sys.argv[1]), Path(sys.argv[2])
passed = {}

def follow(way, run):
    """Run, and note the files of the project whose functions were called."""
    files = passed[way] = set()
    def note(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if event == "call" and any(path.is_relative_to(root / top) for top in ("mews_newtt", "service")):
            files.add(path.relative_to(root).as_posix())
    threading.setprofile(note)
    sys.setprofile(note)
    run()
    sys.setprofile(None)
    threading.setprofile(None)

from mews_newtt import load_chart, score
from mews_newtt.tables.files import score_file
from tests.service.support import FULL, SCORE, client

chart = load_chart("news2")
given = {name: str(value) for name, value in FULL.items()} | {"heart_rate": "131"}
follow("score", lambda: score(chart, given).to_dict())  # a dataclass is made without a call of its file: it is asked for something
(folder / "sets.csv").write_text(",".join(given) + "\\n" + ",".join(given.values()) + "\\n")
follow("file", lambda: score_file(chart, folder / "sets.csv", folder / "scored.parquet"))

def post():
    with client(folder) as caller:
        assert caller.post(SCORE, json=given).status_code == 200

follow("http", post)
print(json.dumps({way: sorted(files) for way, files in passed.items()}))
'''


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The files that were passed on each way, in a process where nothing was read before."""
    command = [sys.executable, "-c", FOLLOW, str(ROOT), str(tmp_path_factory.mktemp("followed"))]
    ran = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'service'}"}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[str]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def told(way: str) -> list[str]:
    section = TEXT.split("\n### ")[1 + list(MOST).index(way)]
    return re.findall(r"^\d+\. `([^`]+)`", section, flags=re.MULTILINE)


@pytest.mark.parametrize("way", MOST)
def test_the_files_that_one_reading_passes(way: str, passed: dict[str, list[str]]) -> None:
    files = told(way)
    assert 5 <= len(files) <= MOST[way] and len(set(files)) == len(files)
    assert set(files) <= set(passed[way])


def test_every_place_that_the_document_names_is_there() -> None:
    folders = re.findall(r"`((?:mews_newtt|service|rules|tests)/[\w./]*)`", TEXT)
    assert len(folders) > 40 and [each for each in folders if not (ROOT / each).exists()] == []
