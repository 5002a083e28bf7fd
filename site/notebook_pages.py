"""A notebook as a page: its words, its code, and what it showed when it was last run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def title_of(path: Path) -> str:
    """The first heading."""
    return "".join(_cells(path)[0]["source"]).splitlines()[0].lstrip("# ")


def notebook_page(path: Path) -> str:
    """The page as Markdown."""
    parts = []
    for cell in _cells(path):
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        parts += [_shown(output) for output in cell.get("outputs", ())]
    where = f"This page is the notebook `examples/notebooks/{path.name}`. A test runs it."
    return "\n\n".join([parts[0], where, *parts[1:]]) + "\n"


def _shown(output: dict[str, Any]) -> str:
    text = "".join(output.get("text", ()))
    if text:
        return f"```text\n{text.rstrip()}\n```"
    data = output.get("data", {})
    if "text/html" in data:
        return f'<div class="shown">{"".join(data["text/html"])}</div>'
    return f"```text\n{''.join(data.get('text/plain', ()))}\n```"
