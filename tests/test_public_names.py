"""What users may import is listed once, can be imported, is documented, and is what the documents use."""

from __future__ import annotations

import ast
import inspect
import re
import types
from importlib import import_module
from pathlib import Path

import pytest

import mews_newtt
from mews_newtt import PUBLIC_MODULES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.ipynb"))]
POLICY = (ROOT / "docs" / "public-api.md").read_text(encoding="utf-8")
IMPORT = re.compile(r"^\s*(?:from (mews_newtt[\w.]*) import ([\w, ]+)|import (mews_newtt[\w.]*))", re.M)


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_public_names_can_be_imported_and_say_what_they_are(name: str) -> None:
    module = import_module(name)
    assert inspect.getdoc(module)
    assert len(set(module.__all__)) == len(module.__all__)
    for each in module.__all__:
        found = getattr(module, each)
        if isinstance(found, type | types.FunctionType):
            assert inspect.getdoc(found), f"{name}.{each} has no docstring"


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_the_policy_lists_every_module(name: str) -> None:
    assert f"`{name}`" in POLICY


def test_the_policy_lists_no_other_module() -> None:
    assert set(re.findall(r"^\| `(mews_newtt[\w.]*)`", POLICY, re.M)) == set(PUBLIC_MODULES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_documents_import_public_names_only(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace('\\n",', "\n").replace('"from', "from").replace('"import', "import")
    if page.suffix == ".md":
        text = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))
    for module, names, whole in IMPORT.findall(text):
        assert (module or whole) in PUBLIC_MODULES, f"{page.name} imports {module or whole}"
        for name in filter(None, (part.strip().partition(" as ")[0] for part in names.split(","))):
            assert name in import_module(module).__all__, f"{page.name} imports {module}.{name}"


def test_the_core_names_need_no_extra() -> None:
    """The first screen of the module: what it imports at once is the core."""
    tree = ast.parse(Path(mews_newtt.__file__).read_text(encoding="utf-8"))
    at_once = [node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mews_newtt")]
    assert at_once and not any(module.startswith(("mews_newtt.tables", "mews_newtt.engines")) for module in at_once)
