"""Runs the command as its user does: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    found = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)}
    for name in ("MEWS_NEWTT_RULES", "MEWS_NEWTT_CONFIG"):
        found.pop(name, None)
    return found


def run(*arguments: str | Path, stdin: bytes | None = None, cwd: Path = ROOT, **more: str) -> Ran:
    """Run `mews-newtt` with these arguments; no traceback may ever reach a user."""
    done = subprocess.run(
        [sys.executable, "-m", "mews_newtt", *map(str, arguments)], cwd=cwd, env={**environment(), **more},
        input=stdin, capture_output=True, check=False, timeout=PATIENCE,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran
