"""What the tests of reading plans share: a plan and a file as text in, the scored rows and the reading report out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from mews_newtt import load_chart, read_plan, score_file
from mews_newtt.tables.summary import Summary

CASES = Path(__file__).parents[1] / "vectors" / "cases"


class Scored(NamedTuple):
    rows: list[dict[str, Any]]
    summary: Summary

    @property
    def report(self) -> dict[str, Any]:
        return self.summary.readings[0].to_dict()

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def scored(folder: Path, chart: str, source: Path | str | bytes, plan: str, name: str = "source.csv") -> Scored:
    """Score a file (its path, or its content) by a plan; rows that cannot be scored are kept."""
    if not isinstance(source, Path):
        content = source.encode() if isinstance(source, str) else source
        source = folder / name
        source.write_bytes(content)
    path, output = folder / "plan.toml", folder / "out.parquet"
    path.write_text(plan, encoding="utf-8")
    found = load_chart(chart)
    read = read_plan(path, observations=found.observations, keep_faults=True)
    summary = score_file(found, source, output, plan=read, on_bad_row="report")
    return Scored(pl.read_parquet(output).to_dicts(), summary)


def case(folder: Path, chart: str, name: str, plan: str) -> Scored:
    return scored(folder, chart, CASES / name, plan)
