"""The three notebooks run from start to end, each in a process of its own, and show what is stored in them. Their cells hold checks (`assert`).

`python tests/test_notebooks.py` stores their outputs anew after a wanted change.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def cells_of(path: Path) -> list[dict[str, Any]]:
    """Its cells of code."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def shown(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Run one cell; what Jupyter would show below it: what it prints, and its last expression."""
    tree = ast.parse(code)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "cell", "exec"), names)
        value = None if last is None else eval(compile(last, "cell", "eval"), names)
    found: list[dict[str, Any]] = []
    if said.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": said.getvalue().splitlines(keepends=True)})
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
        if type(value).__module__.startswith("mews_newtt") and hasattr(value, "_repr_html_"):
            data["text/html"] = value._repr_html_().splitlines(keepends=True)
        found.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": data})
    return found


def run(path: Path) -> list[list[dict[str, Any]]]:
    """The outputs of its cells, from a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "110", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, __file__, "--cells", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found: list[list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.deep
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_is_stored(path: Path) -> None:
    assert run(path) == [cell["outputs"] for cell in cells_of(path)], "if this is wanted: python tests/test_notebooks.py"


def test_there_are_three_and_their_code_is_sound() -> None:
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        cells = cells_of(path)
        assert any(cell["outputs"] for cell in cells), f"{path.name} shows nothing"
        for number, cell in enumerate(cells):
            compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec")


def test_what_a_cell_shows() -> None:
    names: dict[str, Any] = {}
    assert shown("x = 1", names) == []
    printed, value = shown("print(x)\nx + 1", names)
    assert (printed["text"], value["data"]) == (["1\n"], {"text/plain": ["2"]})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cells"]:
        together: dict[str, Any] = {"__name__": "notebook"}
        print(json.dumps([shown("".join(cell["source"]), together) for cell in cells_of(Path(sys.argv[2]))]))
    else:
        for each in NOTEBOOKS:
            book = json.loads(each.read_text(encoding="utf-8"))
            for cell, outputs in zip((one for one in book["cells"] if one["cell_type"] == "code"), run(each), strict=True):
                cell["outputs"] = outputs
            each.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
