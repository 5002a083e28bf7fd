"""The core runs from a wheel that stays packed on sys.path, as Spark and other hosts hand it to their workers."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mews_newtt import charts

ROOT = Path(__file__).resolve().parents[1]
CODE = """
import socket, sys, tempfile
sys.path.insert(0, sys.argv[1])
def refuse(*_, **__): raise OSError("no network here")
socket.socket = refuse
if sys.argv[2:]: tempfile.tempdir = sys.argv[2]
import mews_newtt
from mews_newtt.chart.builtin import builtin_rules
result = mews_newtt.score(mews_newtt.load_chart("news2"), {"heart_rate": 131})
print(mews_newtt.__file__.startswith(sys.argv[1]), len(mews_newtt.charts()), result.total_min, builtin_rules())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheel = tmp_path_factory.mktemp("packed") / "packed.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for folder in ("mews_newtt", "rules"):
            for path in (ROOT / folder).rglob("*"):
                if path.is_file() and path.suffix in (".py", ".toml"):
                    packed.write(path, ("" if folder == "mews_newtt" else "mews_newtt/") + path.relative_to(ROOT).as_posix())
    return wheel


def scored(*arguments: Path) -> subprocess.CompletedProcess[str]:
    """In a process without an environment: no HOME, no network."""
    command = [sys.executable, "-I", "-c", CODE, *map(str, arguments)]
    return subprocess.run(command, cwd=arguments[0].parent, env={}, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_packed_wheel_scores_and_leaves_nothing_behind(wheel: Path) -> None:
    done = scored(wheel)
    assert done.returncode == 0, done.stderr
    inside, number, total, folder = done.stdout.split(maxsplit=3)
    assert (inside, int(number), int(total)) == ("True", len(charts()), 3)
    assert not Path(folder.strip()).exists()
    assert list(wheel.parent.iterdir()) == [wheel]


def test_without_a_temporary_folder_the_error_says_so(wheel: Path) -> None:
    done = scored(wheel, wheel.parent / "none")
    assert done.returncode == 1
    assert "mews_newtt.errors.FileError: the charts of the package: cannot be unpacked into a temporary folder: No such file" in done.stderr
