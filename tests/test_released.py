"""A released chart file never changes: rules/SHA256SUMS holds the hash of each, and `sha256sum -c` reads it too.

A new version is a new file with a line of its own: `cd rules && sha256sum CHART/VERSION.toml >> SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
import re

from mews_newtt import charts
from mews_newtt.chart.catalogue import builtin_rules

RULES = builtin_rules()
LINES = (RULES / "SHA256SUMS").read_text(encoding="utf-8").splitlines()


def test_every_released_chart_file_is_as_it_was_released() -> None:
    for line in LINES:
        digest, name = re.fullmatch(r"([0-9a-f]{64})  (\S+/\S+\.toml)", line).groups()  # type: ignore[union-attr]
        now = hashlib.sha256((RULES / name).read_bytes()).hexdigest()
        assert now == digest, f"{name} was released and has changed: undo it, and put the change in a new version"


def test_every_chart_that_ships_is_listed_once() -> None:
    listed = [line.split("  ")[1] for line in LINES]
    assert listed == sorted(f"{chart.id}/{chart.version}.toml" for chart in charts())
