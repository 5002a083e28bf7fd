"""The blocks of code in the documents, and which test runs those that `test_documents.py` does not."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = ["README.md", *sorted(path.name for path in DOCS.glob("*.md"))]
SETTINGS = "tests/test_document_settings.py"
ELSEWHERE = {
    **{(page, "console"): "tests/test_readme.py" for page in PAGES},
    ("README.md", "sh"): ".ci/run",  # make demo, make test
    ("README.md", "python"): "tests/test_readme.py",
    ("recipes.md", "python"): "tests/test_recipes.py",
    ("recipes.md", "shell"): "tests/test_recipes.py",
    ("sources.md", "python"): "tests/origins/test_sources_document.py",
    ("workbench.md", "python"): "tests/drawn/test_chart_drawn.py",
    ("chart-format.md", "toml"): "tests/test_add_a_chart.py",
    ("chart-format.md", "csv"): "tests/test_add_a_chart.py",
    ("conform.md", "toml"): "tests/validation/test_conform_shapes.py",
    ("conform.md", "json"): "tests/validation/test_conform_shapes.py",
    **{("plans.md", kind): "tests/plans/test_plan_docs.py" for kind in ("csv", "toml", "text")},
    **{(f"{page}.md", "toml"): SETTINGS for page in ("adopting", "batch", "operating", "quickstart-check", "service", "validation")},
    **{
        (f"{page}.md", "sh"): SETTINGS
        for page in ("adopting", "adopting-in-short", "batch", "conform", "diagnosis", "fhir", "operating", "packs", "quickstart-embed", "service")
    },
    ("sql.md", "sql"): SETTINGS,
}


def blocks(page: str, kind: str) -> list[str]:
    """The blocks of one language in a page of docs, or in README."""
    text = (ROOT / page if page == "README.md" else DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def commands(page: str) -> list[str]:
    """The lines of its shell blocks."""
    return [line for code in blocks(page, "sh") for line in code.splitlines() if line]
