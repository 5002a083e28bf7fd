"""A chart as expressions on millions of rows in Polars, beside the numba engine: every answer checked equal before anything is timed.

    python benchmarks/expressions.py [--rows 10000000] [--quick] [--chart news2]

Prints wall time, time of all cores together, and rows a second. The second tells more where other programs run too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.tables.table import score_frame, score_table

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from measure import THREADS, machine

NUMBERS = ["total", "total_min", "total_max", "level_rank", "level_max_rank"]
RANKS_AND_WORDS = [*NUMBERS, "score_status", "level", "level_max", "missing", "error"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--chart", default="news2")
    options = parser.parse_args()
    rows = 100_000 if options.quick else options.rows
    chart = load_chart(options.chart)
    table = data(chart, rows, "float64", "float64")
    text = pa.table({name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for name, column in _columns(table)})
    numbers = table.select([name for name, column in _columns(table) if not pa.types.is_dictionary(column.type)])
    print(f"{machine()}; {chart.id} {chart.version}, {rows:,} rows, {THREADS} threads")
    for name, some in (("numbers and text", text), ("numbers alone", numbers)):
        frame = pl.from_arrow(some)
        assert isinstance(frame, pl.DataFrame)
        scored = score_frame(chart, frame.lazy())
        whole = score_table(chart, some, plain_text=True)
        _check(scored.head(200_000), whole.slice(0, 200_000))
        everything = [column for column in whole.column_names if column not in some.column_names]
        for what, columns in (("every result", everything), ("all but flags", RANKS_AND_WORDS), ("totals and ranks", NUMBERS)):
            _time(f"expressions, {name}: {what}", rows, lambda columns=columns, scored=scored: scored.select(columns).collect(engine="streaming"))
        _time(f"score_table, {name}: every result", rows, lambda some=some: score_table(chart, some))


def _columns(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _check(scored: pl.LazyFrame, wanted: pa.Table) -> None:
    found = scored.collect().to_arrow()
    for name in wanted.column_names[-11:]:
        assert found.column(name).to_pylist() == wanted.column(name).to_pylist(), name


def _time(what: str, rows: int, work: Callable[[], Any]) -> None:
    wall, cores = [], []
    for _ in range(3):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cores.append(time.process_time() - cpu)
    print(f"{what:55} {min(wall):6.2f} s {min(cores):6.2f} s of all cores {rows / min(wall) / 1e6:7.1f} million rows/s")


if __name__ == "__main__":
    main()
