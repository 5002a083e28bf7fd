"""The second transcription of every chart version: tests/spec/<chart>/<version>.csv, one line for each band."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.chart.model import Interval, Observation
from mews_newtt.reading.values import read

SPEC = Path(__file__).parent / "spec"


class Key(NamedTuple):
    """One table: of which chart version, for which parameter, in which contexts (`name=value; name=value`)."""

    chart: str
    version: str
    parameter: str
    when: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)

    @property
    def given(self) -> dict[str, str]:
        """The contexts as readings."""
        return dict(part.strip().split("=", 1) for part in self.when.split(";") if part)

    def values(self, observations: dict[str, Observation]) -> dict[str, Any]:
        """The contexts as the chart compares them."""
        found = {name: read(observations[name], raw) for name, raw in self.given.items()}
        return {name: reading.value for name, reading in found.items()}  # type: ignore[union-attr]


class Row(NamedTuple):
    """One band of the second transcription."""

    interval: Interval | None
    category: str
    points: int | None
    zone: str | None
    level: str | None
    prompt: str | None
    unit: str
    step: str

    @property
    def gives(self) -> tuple[int | None, str | None, str | None, str | None]:
        return self.points, self.zone, self.level, self.prompt


def _row(line: dict[str, str]) -> Row:
    low, high = (Decimal(line[edge]) if line[edge] else None for edge in ("low", "high"))
    interval = Interval(low, line["low_inclusive"] != "n", high, line["high_inclusive"] != "n")
    points = int(line["points"]) if line["points"] else None
    zone, level, prompt = (line[name] or None for name in ("zone", "level", "prompt"))
    return Row(None if line["value"] else interval, line["value"], points, zone, level, prompt, line["unit"], line["step"])


def transcribed() -> dict[Key, list[Row]]:
    """Every transcribed table, its bands in the order of the file."""
    found: dict[Key, list[Row]] = defaultdict(list)
    for path in sorted(SPEC.glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for line in csv.DictReader(stream):
                found[Key(path.parent.name, path.stem, line["parameter"], line["when"])].append(_row(line))
    return found


TABLES = transcribed()
