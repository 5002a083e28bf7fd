"""Random rows with stated answers, most of them wrong, some blank and some no number."""

from __future__ import annotations

from random import Random
from typing import Any

import polars as pl

from mews_newtt import load_chart
from tests.batch.batch_support import random_columns


def stated(name: str, rows: int) -> pl.DataFrame:
    """Rows of every kind on one chart, always the same, with a case id and a column that is not read."""
    chart, rng = load_chart(name), Random(f"stated for {name}")
    table, _ = random_columns(chart, rows, rng, missing=0.05)
    frame: Any = pl.from_arrow(table)
    levels = [level.id for level in chart.levels]
    return frame.drop(name for name, kind in frame.schema.items() if kind == pl.Float16).with_columns(
        pl.Series("expected_total", [rng.choice([str(rng.randrange(12)), None, "many", ""]) for _ in range(rows)]),
        pl.Series("expected_level", [rng.choice([*levels, None, "purple"]) for _ in range(rows)]),
        pl.Series("expected_status", [rng.choice(["complete", "partial", "refused"]) for _ in range(rows)]),
        pl.Series("case_id", [f"SYNTHETIC-{place}" for place in range(rows)]),
        pl.Series("note", [rng.randrange(40, 200) for _ in range(rows)]),
    )
