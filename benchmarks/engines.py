"""Every way to score a NEWS2 table, side by side, and what people write by hand: which to use when.

    python benchmarks/engines.py [--most 1000000] [--quick] [--write]

Numbers stand in float64 columns and categories in dictionaries ("numbers"), or every cell is text as CSV files have it ("text").
Every answer is compared with the reference before anything is timed. Spark is in `spark.py`, files are in `file_scoring.py`.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.engines import MOST_IN_ARRAYS, engine_of
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.scoring.reference import score
from mews_newtt.tables.sql import chart_sql
from mews_newtt.tables.table import score_frame

sys.path.insert(0, str(Path(__file__).parent))
from batch_peers import ALL, column_peers
from batch_scoring import data
from measure import machine, medians, write_section

CHART = load_chart("news2")
SLOW = {"reference, a loop over score()": 10_000, "SQL in SQLite": 100_000, "hand-written Python loop, total and level only": 100_000}
ANY_ORDER = ("SQL in DuckDB", "SQL in SQLite", "score_frame, DuckDB relation")  # a database gives its rows in any order
ADVICE = [
    "| you have | use | because |",
    "|---|---|---|",
    "| one set, or a form | `score()` | no table is made, and every point has its reason |",
    "| a table in memory, or a file | `score_table`, `score_file`: they choose the engine |"
    f" arrays up to {MOST_IN_ARRAYS:,} rows, because nothing has to load; numba from there on, or once it is loaded |",
    "| a Polars `LazyFrame` or a DuckDB relation, with filters and joins around | `score_frame`: expressions |"
    " nothing is collected, and the frame's own engine plans the whole |",
    "| a table in a database that stays there | `mews-newtt sql` | nothing is moved or installed |",
    "| rows beyond one machine | `score_frame` in Spark, `map_batches` in Ray ([recipes](../docs/recipes.md)) | *Scoring in Spark* has its price |",
    "",
]
FRESH = """
import time; began = time.perf_counter()
import pyarrow as pa
from mews_newtt import load_chart
from mews_newtt.engines import engine_of
from mews_newtt.reading.columns import ColumnMap
table = pa.table({"heart_rate": [80.0] * 1000, "temperature": [36.8] * 1000})
loaded = time.perf_counter()
engine_of(load_chart("news2"), NAME).score(table, ColumnMap())
print(time.perf_counter() - loaded)
"""


def as_text(table: pa.Table) -> pa.Table:
    """The same cells as text, numbers in as few digits as tell them apart."""
    columns = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            columns[name] = column.cast(pa.string())
        else:
            coded = pc.dictionary_encode(column)
            words = pa.array([f"{number:g}" for number in coded.dictionary.to_pylist()])
            columns[name] = pa.DictionaryArray.from_arrays(coded.indices, words).cast(pa.string())
    return pa.table(columns)


def by_engine(name: str, table: pa.Table) -> Callable[[], Any]:
    engine, column_map = engine_of(CHART, name), ColumnMap()
    return lambda: pa.table({"total": engine.score(table, column_map).least}).column("total")


def in_sqlite(table: pa.Table) -> Callable[[], Any]:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE observations ({', '.join(table.column_names)})")
    marks = ", ".join("?" * table.num_columns)
    connection.executemany(f"INSERT INTO observations VALUES ({marks})", zip(*(column.to_pylist() for column in table.columns), strict=True))
    statement = chart_sql(CHART, "sqlite", columns=table.column_names, flags=False).sql.rstrip().removesuffix(";")
    return lambda: [row[0] for row in connection.execute(f"SELECT total_min FROM ({statement})")]


def in_duckdb(table: pa.Table) -> Callable[[], Any]:
    connection = duckdb.connect()
    connection.register("given_rows", table)
    connection.execute("CREATE TABLE observations AS SELECT * FROM given_rows")
    statement = chart_sql(CHART, "duckdb", columns=table.column_names).sql.rstrip().removesuffix(";")
    return lambda: connection.sql(statement).to_arrow_table().column("total_min")


def relation(table: pa.Table) -> Callable[[], Any]:
    connection = duckdb.connect()
    connection.register("given_rows", table)
    connection.execute("CREATE TABLE observations AS SELECT * FROM given_rows")
    return lambda: score_frame(CHART, connection.table("observations")).to_arrow_table().column("total_min")


def lazy(table: pa.Table) -> Callable[[], Any]:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return lambda: score_frame(CHART, frame.lazy()).collect(engine="streaming").get_column("total_min")


def one_by_one(table: pa.Table) -> Callable[[], Any]:
    rows = table.to_pylist()
    return lambda: [score(CHART, row).total_min for row in rows]


def first_of(totals: Any) -> list[int]:
    """The first 1,000 totals of any kind of column."""
    if isinstance(totals, pa.ChunkedArray | pa.Array):
        return list(totals.slice(0, 1000).to_pylist())
    return list(totals[:1000])


def counted(totals: Any) -> list[int]:
    """How many rows have each total. A database gives its rows in any order."""
    whole = totals.to_numpy() if hasattr(totals, "to_numpy") else np.asarray(totals)
    return list(np.bincount(whole.astype(np.int64)))


def ways(table: pa.Table, kind: str) -> dict[str, Callable[[], Any]]:
    """By name, what gives every result column of a table; it returns the least totals."""
    plain = pa.table([one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for one in table.columns], table.column_names)
    found: dict[str, Callable[[], Any]] = {
        "reference, a loop over score()": one_by_one(table.slice(0, SLOW["reference, a loop over score()"])),
        "engine arrays": by_engine("arrays", table),
        "engine numba": by_engine("numba", table),
        "engine expressions, on Polars": by_engine("expressions", table),
        "score_frame, Polars LazyFrame, streaming": lazy(table),
        "score_frame, DuckDB relation": relation(plain),
    }
    if kind == "numbers":  # SQL has no text in columns of numbers
        found |= {"SQL in DuckDB": in_duckdb(plain)}
        if table.num_rows <= SLOW["SQL in SQLite"]:
            found |= {"SQL in SQLite": in_sqlite(plain)}
    return {name: work for name, work in found.items() if table.num_rows <= SLOW.get(name, 10**9)}


def compared(kind: str, whole: pa.Table, sizes: list[int], rounds: int) -> list[str]:
    """Rows a second of every way by the size of the table."""
    speeds: dict[str, dict[int, float]] = {}
    for size in sizes:
        table = whole.slice(0, size).combine_chunks()
        found = ways(as_text(table) if kind == "text" else table, kind)
        some = [score(CHART, row).total_min for row in table.slice(0, 1000).to_pylist()]
        wanted_counts = counted(by_engine("arrays", table)())
        for name, work in found.items():
            answer = work()
            in_order = first_of(answer) == some
            alike = len(answer) < size or counted(answer) == wanted_counts  # the reference scores the first rows of a large table
            if not alike or not (in_order or name in ANY_ORDER):
                raise SystemExit(f"{name}: other answers than the reference")
        if kind == "numbers":
            peers = [peer for peer in column_peers(CHART, table) if size <= SLOW.get(peer.name, 10**9)]
            wanted = {name: some for name in ALL if name.startswith("total")}
            for peer in peers:
                answer = peer.work(size)
                if any(list(answer[name][:1000]) != wanted[name] for name in wanted if name in answer):
                    raise SystemExit(f"{peer.name}: other answers than the reference")
            found |= {f"by hand: {peer.name}": partial(peer.work, size) for peer in peers}
        again = max(1, min(20, 10_000 // size))

        def repeated(work: Callable[[], Any], times: int = again) -> None:
            for _ in range(times):
                work()

        taken = medians({name: partial(repeated, work) for name, work in found.items()}, rounds)
        for name, seconds in taken.items():
            speeds.setdefault(name, {})[size] = size * again / seconds
    lines = [f"| {kind} | " + " | ".join(f"{size:,}" for size in sizes) + " |", "|---|" + "---:|" * len(sizes)]
    best = {size: max(speed.get(size, 0) for name, speed in speeds.items() if not name.startswith("by hand")) for size in sizes}
    for name, speed in speeds.items():
        cells = [f"**{shown(speed[size])}**" if speed.get(size) == best[size] else shown(speed[size]) if size in speed else "" for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def shown(speed: float) -> str:
    """Three digits that count."""
    return f"{float(f'{speed:.3g}'):,.0f}" if speed >= 100 else f"{speed:.3g}"


def fresh(rounds: int) -> list[str]:
    """What the first table costs a process that has loaded nothing."""
    lines = ["| the first 1,000 rows of a fresh process | seconds |", "|---|---:|"]
    for name in ("arrays", "numba", "expressions"):
        times = sorted(
            float(subprocess.run([sys.executable, "-c", FRESH.replace("NAME", repr(name))], capture_output=True, text=True, check=True).stdout)
            for _ in range(rounds)
        )
        lines.append(f"| engine {name} | {times[len(times) // 2]:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, help="largest table")
    parser.add_argument("--quick", action="store_true", help="small tables: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    sizes = [size for size in (1, 1_000, 100_000, 1_000_000, 10_000_000) if size <= (1_000 if options.quick else options.most)]
    rounds = 1 if options.quick else 5
    whole = data(CHART, sizes[-1], "f8", "f8")
    lines = [*ADVICE, f"`python benchmarks/engines.py --write`, {machine()}. Rows a second, all result columns, medians of {rounds} rounds in turn;"]
    lines += ["the quickest of ours in bold. Ways by hand score complete sets of recordable numbers, without flags or reasons.", ""]
    for kind in ("numbers", "text"):
        lines += compared(kind, whole, sizes, rounds)
    lines += fresh(1 if options.quick else 5)
    print("\n".join(lines))
    if options.write:
        write_section("engines", "Which engine when", lines)


if __name__ == "__main__":
    main()
