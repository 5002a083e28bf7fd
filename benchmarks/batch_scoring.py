"""Charts on millions of rows in memory: this engine against peers, every answer checked equal before anything is timed.

    python benchmarks/batch_scoring.py [--rows 10000000] [--quick] [--write]

Peers get the chart's own cut points, so that no number stands here. Ratios are what counts: seconds depend on the machine and its mood.
`--write` puts the tables into RESULTS.md and the plot beside it; `--quick` shows in under a minute that all of it runs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_of
from mews_newtt.engines.base import empty_results
from mews_newtt.engines.numba import score_rows
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.scoring.reference import score
from mews_newtt.tables.table import score_table

sys.path.insert(0, str(Path(__file__).parent))
from batch_peers import ALL, CATEGORIES, NUMBERS, Columns, Peer, column_peers, cuts
from measure import THREADS, Memory, machine, medians, write_section
from record_peers import record_peers

PLOT = Path(__file__).parent / "rows_per_second.png"
OURS = "**mews_newtt kernel**: totals, bounds, levels"
WHOLE = "**mews_newtt score_table**: every column"


def data(chart: Chart, rows: int, number: str, tenths: str) -> pa.Table:
    """Complete recordable sets, spread around the middle of each chart row; categories as dictionary codes of one byte."""
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {}
    for name in NUMBERS:
        step = chart.by_id[name].observation.step
        edges = [float(c) for c, _ in cuts(chart, name)[1:]]
        low, high = 2 * edges[0] - edges[1], edges[-1] + (edges[-1] - edges[-2]) / 4
        top = min(high, 100 if "saturation" in name else high)
        steps = np.rint(np.clip(rng.normal((edges[0] + edges[-1]) / 2, (high - low) / 5, rows), low, top) / float(step))
        columns[name] = (steps / float(1 / step)).astype(tenths if step < 1 else number)
    for name, shares in zip(CATEGORIES, ((0.8,), (0.85, 0.9, 0.94, 0.97), (0.93,)), strict=True):
        codes = np.searchsorted(shares, rng.random(rows)).astype(np.int8)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(chart.by_id[name].category_ids))
    return pa.table(columns)


def complete_sets(chart: Chart, rows: int, leave_out: tuple[str, ...] = ()) -> pa.Table:
    """Sets of any chart: recordable values across its bands, one of each group; only those that are complete (or all, with rows left out)."""
    rng = np.random.default_rng(2)
    some, columns = 100_000, {}
    outside = {name for rule in chart.scope if rule.refuse for name, _ in rule.when}
    spare = {name for group in chart.groups if group.kind == "one_of" for name in group.parameters[1:]}
    for parameter in chart.parameters:
        if parameter.id in (*leave_out, *spare) or (parameter.id in outside and parameter.id not in chart.context_ids):
            continue
        if parameter.observation.numeric:
            intervals = [band.interval for table in parameter.tables for band in table.bands if band.interval]
            edges = [float(edge) for i in intervals for edge in (i.low, i.high) if edge is not None] or [0.0, 100.0]
            step = parameter.observation.step
            steps = np.rint(rng.normal((min(edges) + max(edges)) / 2, (max(edges) - min(edges)) / 4 + 1, some) / float(step))
            columns[parameter.id] = pa.array(steps * step.as_integer_ratio()[0] / step.as_integer_ratio()[1])
        else:
            codes = np.minimum(rng.geometric(0.8, some) - 1, len(parameter.category_ids) - 1).astype(np.int8)
            columns[parameter.id] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(parameter.category_ids))
    table = pa.table(columns)
    wanted = "partial" if leave_out else "complete"
    kept = np.flatnonzero(score_table(chart, table).column("score_status").to_numpy() == wanted)
    if len(kept) < some / 100:
        raise SystemExit(f"{chart.id}: too few sets are {wanted}")
    return table.take(pa.array(np.resize(kept, rows)))


def ours(chart: Chart, table: pa.Table, rows: int, threads: int = THREADS) -> Columns:
    found = score_table(chart, table if rows == table.num_rows else table.slice(0, rows), threads=threads)
    return {name: column_of(found, name) for name in ALL}


def column_of(table: pa.Table, name: str) -> Any:
    column = table.column(name).combine_chunks()
    return (column.indices if pa.types.is_dictionary(column.type) else column).to_numpy(zero_copy_only=False)


def kernel_only(chart: Chart, table: pa.Table) -> Callable[[], Any]:
    """Totals, bounds and levels into arrays that exist already: what the peers' inner loops are."""
    engine = engine_of(chart)
    columns = dict(zip(table.column_names, table.combine_chunks().to_batches()[0].columns, strict=True))
    encoded, _ = engine.encode(columns, ColumnMap())
    (arguments, held), into = engine.fast.programs.program(encoded, fuse=True).bind(encoded), empty_results(table.num_rows, 0, False)
    side, points = np.zeros(table.num_rows, engine.fast.layout.dtype), np.zeros((len(engine.fast.layout.points), 0), np.int16)
    pool, bounds = ThreadPoolExecutor(THREADS), [table.num_rows * part // THREADS for part in range(THREADS + 1)]
    settings = (points, engine.fast.fields, engine.fast.rules, engine.fast.levels)
    parts = (into.status, into.least, into.most, into.level, into.level_max, side)

    def part(place: int) -> Any:
        return score_rows(*arguments, *settings, *parts, bounds[place], bounds[place + 1])

    def work() -> Any:
        return held and list(pool.map(part, range(THREADS)))  # `held` keeps the bytes of the columns

    return work


def check(peer: Peer, wanted: Columns) -> None:
    """A peer that answers differently is not timed: then this run is worth nothing."""
    for name, found in peer.work(peer.rows).items():
        if not np.array_equal(np.asarray(found), wanted[name][: peer.rows]):
            raise SystemExit(f"{peer.name}: {name} differs")


def against_peers(rows: int, rounds: int, memory: Memory) -> list[str]:
    chart, lines = load_chart("news2"), []
    table = data(chart, rows, "f8", "f8")
    narrow = {"float32": data(chart, rows, "f4", "f4"), "uint8, temperature float32": data(chart, rows, "u1", "f4")}
    engines = [*column_peers(chart, table), *record_peers(chart, table)]
    engines = [peer._replace(rows=min(peer.rows, rows)) for peer in engines]
    wanted = ours(chart, table, rows)
    for peer in engines:
        check(peer, wanted)
    for label, other in narrow.items():
        if any(not np.array_equal(found, wanted[name]) for name, found in ours(chart, other, rows).items()):
            raise SystemExit(f"{label}: answers differ from float64")
    works: dict[str, Callable[[], Any]] = {"read": memory.read, "copy": memory.copy}
    for label, one in {"float64": table, **narrow}.items():
        works |= {f"{label}|{OURS}": kernel_only(chart, one), f"{label}|{WHOLE}": partial(ours, chart, one, rows)}
    works |= {f"float64|{WHOLE}, 1 thread": partial(ours, chart, table, rows, 1)}
    works |= {f"float64|{peer.name}": partial(peer.work, peer.rows) for peer in engines}
    given = {f"float64|{peer.name}": peer.rows for peer in engines}
    seconds = medians(works, rounds)
    read, copied = memory.speed(seconds["read"]), memory.speed(seconds["copy"])
    speeds = {name: given.get(name, rows) / took for name, took in seconds.items() if "|" in name}
    best = max(speeds[f"float64|{peer.name}"] for peer in engines if peer.same_work)
    copy_floor = copied / (table.nbytes / rows)
    lines += [
        f"NEWS2, 8 inputs, {rows / 1e6:g} million complete sets. Memory read {read / 1e9:.1f} GB/s, copy {copied / 1e9:.1f} GB/s: copying",
        f"the float64 columns ({table.nbytes / rows:.0f} bytes a row) does {copy_floor / 1e6:.0f} million rows/s.",
        f"Medians of {rounds} interleaved rounds. The best peer is the",
        "fastest that does the same work: totals, bounds and both levels of sets that may lack readings.",
        "",
        "| columns | engine | rows | million rows/s | of the best peer | of memory read |",
        "|---|---|---:|---:|---:|---:|",
    ]
    widths = {"float64": table.nbytes / rows, **{label: one.nbytes / rows for label, one in narrow.items()}}
    for name, speed in sorted(speeds.items(), key=lambda one: (list(widths).index(one[0].split("|")[0]), -one[1])):
        label, engine = name.split("|")
        lines.append(
            f"| {label} | {engine} | {given.get(name, rows):,} | {speed / 1e6:,.3g} | {speed / best:.3g}x | {speed * widths[label] / read:.0%} |"
        )
    return lines


def other_charts(rows: int, rounds: int) -> list[str]:
    """What one input column costs on each chart."""
    works, columns = {}, {}
    for name in ("news2", "mews", "newtt2", "npews"):
        chart = load_chart(name)
        table = data(chart, rows, "f8", "f8") if name == "news2" else complete_sets(chart, rows)
        works[name], columns[name] = kernel_only(chart, table), table.num_columns
        wanted = score_table(chart, table.slice(0, 300))
        for place, row in enumerate(table.slice(0, 300).to_pylist()):
            if score(chart, row).total != wanted.column("total")[place].as_py():
                raise SystemExit(f"{name}: the reference differs")
    seconds = medians(works, rounds)
    each = {name: took / rows / columns[name] * 1e9 * THREADS for name, took in seconds.items()}
    return [
        "",
        "| chart, all inputs as float64 and dictionary columns | inputs | million rows/s | ns per input, row and thread | of NEWS2 |",
        "|---|---:|---:|---:|---:|",
        *(f"| {n} | {columns[n]} | {rows / seconds[n] / 1e6:.0f} | {each[n]:.2f} | {each[n] / each['news2']:.2f}x |" for n in works),
    ]


def hard_rows(rows: int, rounds: int) -> list[str]:
    """Rows that are not complete and recordable: slower, but not by orders of magnitude."""
    chart, rng = load_chart("news2"), np.random.default_rng(3)
    table = data(chart, rows, "f8", "f8")

    def with_column(name: str, values: Any) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values)

    heat = table.column("temperature").to_numpy() + rng.normal(0, 0.3, rows)
    lacking = pa.array(table.column("heart_rate").to_numpy(), mask=rng.random(rows) < 0.1)
    npews = load_chart("npews")
    cases = {
        "complete and recordable": (chart, table),
        "one in ten lacks a heart rate": (chart, with_column("heart_rate", lacking)),
        "temperature between recordable values, float64": (chart, with_column("temperature", pa.array(heat))),
        "temperature between recordable values, float32": (chart, with_column("temperature", pa.array(heat.astype("f4")))),
        "NPEWS, complete": (npews, complete_sets(npews, rows)),
        "NPEWS without the age that chooses its tables": (npews, complete_sets(npews, rows, ("age_years",))),
    }
    seconds = medians({name: partial(score_table, *case) for name, case in cases.items()}, rounds)
    return [
        "",
        "| `score_table`, every column | million rows/s |",
        "|---|---:|",
        *(f"| {name} | {rows / took / 1e6:.3g} |" for name, took in seconds.items()),
    ]


def plot(most: int, rounds: int, path: Path) -> list[str]:
    """Rows a second against rows, from one row to many; larger tables are the same columns end to end."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    chart = load_chart("news2")
    block = data(chart, min(most, 10_000_000), "f8", "f8")
    sizes = [10**power for power in range(9) if 10**power <= most]
    speeds: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        table = block.slice(0, size) if size <= block.num_rows else pa.concat_tables([block] * (size // block.num_rows))
        peers = {peer.name: partial(peer.work, size) for peer in column_peers(chart, table) if peer.name in SHOWN and size <= SHOWN[peer.name]}
        works: dict[str, Callable[[], Any]] = {"mews_newtt score_table": partial(score_table, chart, table), **peers}
        again = max(1, min(50, 100_000 // size))

        def repeated(work: Callable[[], Any], times: int) -> None:
            for _ in range(times):
                work()

        for name, took in medians({n: partial(repeated, w, again) for n, w in works.items()}, rounds if size < 10**8 else 2).items():
            speeds.setdefault(name, []).append((size, size * again / took))
    figure, axes = plt.subplots(figsize=(9, 5.2), layout="constrained")
    for (name, points), mark in zip(speeds.items(), "os^vDP", strict=False):
        axes.loglog(*zip(*points, strict=True), marker=mark, linewidth=2.4 if "mews" in name else 1.3, label=name)
    axes.set_xlabel("rows in the table")
    axes.set_ylabel("rows scored a second")
    axes.set_title(f"NEWS2, 8 inputs in memory, {THREADS} threads")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    table_of = [f"| {name} | " + " | ".join(f"{speed:,.3g}" for _, speed in points) + " |" for name, points in speeds.items()]
    table_of = [line + " |" * (len(sizes) + 2 - line.count("|")) for line in table_of]
    return [
        "",
        "Rows a second by table size:",
        "",
        "| engine | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---|" + "---:|" * len(sizes),
        *table_of,
    ]


SHOWN = {
    "Polars when/then, streaming": 10**8,
    "DuckDB CASE": 10**7,
    "numpy searchsorted, total and level only": 10**7,
    "hand-written Python loop, total and level only": 10**5,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=int, default=100_000_000, help="largest table of the plot")
    parser.add_argument("--quick", action="store_true", help="small tables: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md and the plot")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds, options.most = 50_000, 1, 10_000
    memory = Memory(1 << 30 if not options.quick else 1 << 24)
    lines = [f"`python benchmarks/batch_scoring.py --write`, {machine()}", "", *against_peers(options.rows, options.rounds, memory)]
    del memory
    lines += other_charts(min(options.rows, 4_000_000), options.rounds) + hard_rows(min(options.rows, 2_000_000), options.rounds)
    lines += plot(options.most, max(2, options.rounds // 2), PLOT if options.write else Path(tempfile.mkdtemp()) / PLOT.name)
    lines += ["", f"Peak memory of the whole run: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB."]
    print("\n".join(lines))
    if options.write:
        write_section("batch_scoring", "Batch scoring in memory", [*lines, "", f"![rows a second against rows]({PLOT.name})"])


if __name__ == "__main__":
    main()
