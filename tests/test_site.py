"""The check of the built site finds what it should find (`make docs` runs it on the site itself)."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
GOOD = '<html><head><link rel="stylesheet" href="own.css"></head><body id="top"><a href="#top">x</a><a href="https://example.org">y</a></body></html>'


def checked(folder: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(ROOT / "site" / "check_offline.py"), str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_links_that_lead_nowhere_and_files_from_elsewhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "own.css").touch()
    (tmp_path / "good.html").write_text(GOOD, encoding="utf-8")
    assert checked(tmp_path) == (0, "")
    bad = '<script src="https://cdn.example.org/a.js"></script><a href="none.html">x</a><a href="good.html#nowhere">y</a>'
    (tmp_path / "bad.html").write_text(bad, encoding="utf-8")
    code, said = checked(tmp_path)
    assert code == 1
    for words in ("fetches https://cdn.example.org/a.js", "leads to none.html, which is not there", "leads to good.html#nowhere, and that page has no such place"):
        assert words in said


def test_docstrings_become_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "griffe", SimpleNamespace(Extension=object))  # only the environment of the site has it
    monkeypatch.syspath_prepend(str(ROOT / "site"))
    as_markdown = import_module("docstrings").as_markdown
    given = "Score one set.\n\nParameters\n----------\nchart : the chart,\n    loaded\na, b : more\n\nRaises\n------\nChartError  it is no chart\n\nMore: words.\n"
    assert as_markdown(given) == (
        "Score one set.\n\n**Parameters**\n\n- `chart`: the chart,\n    loaded\n- `a`, `b`: more\n\n**Raises**\n\n- `ChartError`: it is no chart\n\nMore: words."
    )
    assert as_markdown("What it holds.\nstatus : one\n```\na : b\n```") == "What it holds.\n\n- `status`: one\n```\na : b\n```"
