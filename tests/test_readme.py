"""README and docs show real commands with real output: each `$ mews-newtt` block is run and compared.

`python tests/test_readme.py` writes the blocks anew after a wanted change.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"```console\n\$ (mews-newtt [^\n]+)\n(.*?)```\n", re.S)


def output_of(command: str) -> str:
    """What a reader sees in a terminal of 110 columns: standard output, then what is said beside it."""
    (ROOT / "demo-output").mkdir(exist_ok=True)
    arguments = [sys.executable, "-m", "mews_newtt", *shlex.split(command)[1:]]
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)}
    for name in ("MEWS_NEWTT_RULES", "MEWS_NEWTT_CONFIG"):
        environment.pop(name, None)
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    return "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines()) + "\n"


def _start_anew(page: Path) -> None:
    """The page on adopting starts without what an earlier run wrote: sheets are not overwritten, and what is said depends on the charts."""
    if page.name == "adopting.md":
        for name in ("site", "sheets"):
            shutil.rmtree(ROOT / "demo-output" / name, ignore_errors=True)


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))], ids=lambda page: page.name)
def test_every_command_shown_gives_the_output_shown(page: Path) -> None:
    _start_anew(page)
    for command, shown in BLOCK.findall(page.read_text(encoding="utf-8")):  # in their order: a later one may read what an earlier one wrote
        assert output_of(command) == shown, f"{page.name} is stale for: {command}; run `python tests/test_readme.py`"


def test_the_readme_shows_commands() -> None:
    assert len(BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))) >= 5


def test_the_python_of_the_readme_runs() -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert code is not None
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    assert "Temperature 37.5 °C is in 36.1-38.0: 0 points" in done.stdout


if __name__ == "__main__":
    for page in PAGES:
        _start_anew(page)
        old = page.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda m: f"```console\n$ {m[1]}\n{output_of(m[1])}```\n", old)
        if new != old:
            page.write_text(new, encoding="utf-8")
