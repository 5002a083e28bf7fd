"""Pages of the site that are made from other files when it is built: charts, reference, notebooks; and links to files that are no pages."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from chart_pages import chart_page, list_page  # noqa: E402 - beside this file
from notebook_pages import notebook_page, title_of  # noqa: E402 - beside this file

from mews_newtt import PUBLIC_MODULES, charts  # noqa: E402 - of this checkout

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FOLDERS = ("rules", "examples", "benchmarks", "service", "tests")  # files there are shown by their path


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the made pages into the navigation."""
    assert config.nav is not None
    config.nav = _filled(config.nav, _made())
    return config


def _made() -> dict[str, list[Any]]:
    return {
        "CHARTS": ["charts/index.md", *({f"{one.short_title} {one.version}": f"charts/{one.id}-{one.version}.md"} for one in charts())],
        "REFERENCE": [{name: f"reference/{name}.md"} for name in PUBLIC_MODULES],
        "NOTEBOOKS": [{title_of(path): f"notebooks/{path.stem}.md"} for path in _notebooks()],
        "DECISIONS": [f"decisions/{path.name}" for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))],
    }


def _filled(part: Any, made: dict[str, list[Any]]) -> Any:
    if isinstance(part, list):
        return [_filled(one, made) for one in part]
    if isinstance(part, dict):
        return {name: _filled(one, made) for name, one in part.items()}
    return made.get(part, part)


def _notebooks() -> list[Path]:
    return sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make the pages."""
    pages = {"charts/index.md": list_page(charts())}
    pages |= {f"charts/{one.id}-{one.version}.md": chart_page(one, ROOT / "tests" / "spec" / one.id / f"{one.version}.toml") for one in charts()}
    pages |= {f"reference/{name}.md": _reference(name) for name in PUBLIC_MODULES}
    pages |= {f"notebooks/{path.stem}.md": notebook_page(path) for path in _notebooks()}
    pages["site.css"] = (ROOT / "site" / "site.css").read_text(encoding="utf-8")
    pages["iframe-worker.js"] = (ROOT / "site" / "iframe-worker" / "iframe-worker.js").read_text(encoding="utf-8")
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def _reference(name: str) -> str:
    """The page of a public module: what it is for, then each of its public names."""
    source = ROOT.joinpath(*name.split("."))
    path = source / "__init__.py" if source.is_dir() else source.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    return f"# {name}\n\n{ast.get_docstring(tree)}\n\n" + "".join(f"::: {name}.{each}\n\n" for each in names)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A link to a file that is no page becomes its path: readers of the site have the pages, not the checkout."""
    folder = posixpath.dirname(page.file.src_uri)

    def plain(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        path = posixpath.normpath(posixpath.join("docs", folder, target.partition("#")[0]))
        if path.startswith("docs/"):
            return found[0]
        if not (ROOT / path).exists():
            raise SystemExit(f"{page.file.src_uri}: the link to {target} leads nowhere")
        return f"{words} (`{path}`)" if path not in words else words

    return LINK.sub(plain, markdown)
