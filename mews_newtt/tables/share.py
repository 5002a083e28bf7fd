"""Counts the rows of a file that two charts score differently. For `mews-newtt diff --rows`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.read import open_table
from mews_newtt.tables.table import score_table

RESULTS = ("total", "total_min", "total_max", "level", "level_max", "score_status")


@dataclass
class Shares:
    """Counts of rows by what changed: a row counts once under each result column. No reading is kept."""

    rows: int = 0
    changed: Counter[str] = field(default_factory=Counter)  # by result column; "any" is any of them
    levels: Counter[tuple[str, str]] = field(default_factory=Counter)  # (before, after) of rows whose level changed

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        levels = [{"before": before, "after": after, "rows": rows} for (before, after), rows in self.levels.most_common()]
        return {"rows": self.rows, "changed": {name: self.changed[name] for name in ("any", *RESULTS)}, "levels": levels}


def changed_rows(before: Chart, after: Chart, path: Path, column_map: ColumnMap | None = None) -> Shares:
    """Score every row of a file (CSV, Parquet, NDJSON) on both charts and count what differs."""
    shares = Shares()
    with open_table(path, None) as table:
        for _, frame in table.frames():
            rows = frame.to_arrow(compat_level=pl.CompatLevel.newest())
            scored = [score_table(chart, rows, flags=False, column_map=column_map).select(list(RESULTS)) for chart in (before, after)]
            _count(
                shares,
                *(pl.DataFrame(pl.from_arrow(one)).with_columns(pl.col("level", "level_max", "score_status").cast(pl.String)) for one in scored),
            )
    return shares


def _count(shares: Shares, one: Any, other: Any) -> None:
    differs = pl.DataFrame({name: one[name].ne_missing(other[name]) for name in RESULTS})
    shares.rows += one.height
    shares.changed.update({name: int(differs[name].sum()) for name in RESULTS})
    shares.changed["any"] += differs.select(pl.any_horizontal(pl.all()).sum()).item() if one.height else 0
    moved = pl.DataFrame({"before": one["level"], "after": other["level"]}).filter(differs["level"]).fill_null("none")
    for before, after, rows in moved.group_by("before", "after").len().iter_rows():
        shares.levels[before, after] += rows
