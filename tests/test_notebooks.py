"""The three notebooks run from start to end, each in a process of its own. Their cells hold checks (`assert`) of what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def code_of(path: Path) -> list[str]:
    """Its cells of code."""
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.deep
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = "\n".join(code_of(path))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_three_and_their_code_is_sound() -> None:
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        for number, code in enumerate(code_of(path)):
            compile(code, f"{path.name}, cell {number}", "exec")
