"""The three notebooks run from start to end, each in a process of its own. `python -m tests.test_notebooks` writes what they show into them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools import need

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def run(path: Path) -> Any:
    """The notebook with what its cells show."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    for cell in book.cells:
        cell.metadata = {}  # times of the run
    return book


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    need("nbclient", _installed())
    run(path)


def _installed() -> bool:
    from importlib.util import find_spec

    return bool(find_spec("nbclient") and find_spec("ipykernel"))


def test_there_are_three_and_their_code_is_sound() -> None:
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                compile("".join(cell["source"]), path.name, "exec")


if __name__ == "__main__":
    for each in NOTEBOOKS:
        each.write_text(json.dumps(run(each), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
