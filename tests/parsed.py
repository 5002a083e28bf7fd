"""Python source as a tree, for tests that read the code."""

from __future__ import annotations

import ast
import gc
from pathlib import Path


def parsed(source: Path | str) -> ast.Module:
    """The tree of a file, or of a text.

    CPython before 3.11.9 can fail with `SystemError: AST constructor recursion depth mismatch` where the garbage collector runs a finaliser
    that parses too (python/cpython issue 106905). It was seen once here. So the collector waits.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collecting:
            gc.enable()
