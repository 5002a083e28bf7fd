"""NEWS2 on millions of rows: this engine against peers, every answer checked equal before anything is timed.

    python benchmarks/batch_scoring.py [--rows 10000000] [--write]

Peers get the chart's own cut points, so that no number stands here. Ratios are what counts: seconds depend on the machine and its mood.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from mews_newtt.batch import kernels as k
from mews_newtt.batch.engine import empty_results, engine_of
from mews_newtt.batch.program import build
from mews_newtt.batch.table import _sources, score_table
from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.scoring.columns import ColumnMap

sys.path.insert(0, str(Path(__file__).parent))
from batch_peers import CATEGORIES, NUMBERS, THREADS, cuts, peers


def data(chart: Chart, rows: int, number: str, tenths: str) -> pa.Table:
    """Complete recordable sets, spread around the middle of each chart row; categories as dictionary codes of one byte."""
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {}
    for name in NUMBERS:
        step = chart.by_id[name].observation.step
        edges = [float(c) for c, _ in cuts(chart, name)[1:]]
        low, high = 2 * edges[0] - edges[1], edges[-1] + (edges[-1] - edges[-2]) / 4
        steps = np.rint(
            np.clip(rng.normal((edges[0] + edges[-1]) / 2, (high - low) / 5, rows), low, min(high, 100 if "saturation" in name else high))
            / float(step)
        )
        exact = steps / float(1 / step)
        columns[name] = exact.astype(tenths if step < 1 else number)
    for name, shares in zip(CATEGORIES, ((0.8,), (0.85, 0.9, 0.94, 0.97), (0.93,)), strict=True):
        codes = np.searchsorted(shares, rng.random(rows)).astype(np.int8)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(chart.by_id[name].category_ids))
    return pa.table(columns)


def ours(chart: Chart, table: pa.Table, threads: int) -> Callable[[int], tuple[Any, Any]]:
    def run(rows: int) -> tuple[Any, Any]:
        found = score_table(chart, table if rows == table.num_rows else table.slice(0, rows), threads=threads)
        return found.column("total").to_numpy(), found.column("level").combine_chunks().indices.to_numpy()

    return run


def kernel_only(chart: Chart, table: pa.Table) -> Callable[[int], Any]:
    """Totals, bounds and levels into arrays that exist already: what the peers' inner loops are."""
    engine = engine_of(chart)
    batch = table.combine_chunks().to_batches()[0]
    sources = _sources(
        {name: step.states for name, step in engine.steps.steps.items()}, dict(zip(table.column_names, batch.columns, strict=True)), ColumnMap(), 1
    )
    program, into = build(engine.fast, sources), empty_results(table.num_rows, 0, False)
    side = np.zeros(table.num_rows, engine.fast.dtype)
    pool, bounds = ThreadPoolExecutor(THREADS), [table.num_rows * part // THREADS for part in range(THREADS + 1)]

    def part(place: int) -> Any:
        points = np.zeros((len(engine.fast.points), 0), np.int16)
        return k.score_rows(
            *program.arguments(),
            points,
            engine.fields,
            engine.rules,
            engine.levels,
            into.status,
            into.least,
            into.most,
            into.level,
            into.level_max,
            side,
            bounds[place],
            bounds[place + 1],
        )

    return lambda _: list(pool.map(part, range(THREADS)))


@njit(nogil=True)
def _read_all(values: Any) -> int:
    a = b = c = d = np.int64(0)
    for start in range(0, len(values) - 31, 32):
        for i in range(8):
            a += values[start + i]
            b += values[start + 8 + i]
            c += values[start + 16 + i]
            d += values[start + 24 + i]
    return a + b + c + d


def floors() -> tuple[float, float]:
    """Memory read and copy, bytes a second on all threads."""
    values = np.ones(1 << 27, np.int64)
    target = np.ones_like(values)
    _read_all(values[:64])
    size = len(values) // THREADS
    parts = [slice(place * size, (place + 1) * size) for place in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        read = best(lambda _: list(pool.map(lambda part: _read_all(values[part]), parts)), 0, 7)
        copied = best(lambda _: list(pool.map(lambda part: np.copyto(target[part], values[part]), parts)), 0, 7)
    return values.nbytes / read, values.nbytes / copied


def best(work: Callable[[int], Any], rows: int, times: int) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work(rows)
        found.append(time.perf_counter() - start)
    return min(found)


def run(rows: int) -> list[str]:
    chart = load_chart("news2")
    read, copied = floors()
    lines = [
        f"{rows / 1e6:g} million rows, {platform.processor() or platform.machine()}, {THREADS} threads, Python {platform.python_version()}; "
        f"memory read {read / 1e9:.1f} GB/s, copy {copied / 1e9:.1f} GB/s. Best of 5.",
        "",
        "| columns | engine | rows | million rows/s | of the best peer | of memory read |",
        "|---|---|---|---|---|---|",
    ]
    best_peer = 0.0
    for label, number, tenths, with_peers in (
        ("float64", "f8", "f8", True),
        ("float32", "f4", "f4", False),
        ("uint8, temperature float32", "u1", "f4", False),
    ):
        table = data(chart, rows, number, tenths)
        width = sum(table.column(name).nbytes for name in (*NUMBERS, *CATEGORIES)) / rows
        speeds: list[tuple[str, int, float]] = []
        totals, levels = ours(chart, table, THREADS)(rows)
        if with_peers:
            for name, (work, given) in peers(chart, table).items():
                found, reached = work(given)
                if not np.array_equal(np.asarray(found), totals[:given]) or (
                    reached is not None and not np.array_equal(np.asarray(reached), levels[:given])
                ):
                    lines.append(f"| {label} | {name} | {given} | answers differ: not timed | | |")
                    continue
                speeds.append((name, given, given / best(work, given, 5 if given == rows else 2)))
            best_peer = max(speed for _, _, speed in speeds)
        else:
            wanted, reached = peers(chart, table)["Polars when/then, streaming"][0](rows)
            if not (np.array_equal(np.asarray(wanted), totals) and np.array_equal(np.asarray(reached), levels)):
                raise SystemExit(f"{label}: answers differ")
        speeds.append(("**mews_newtt kernel**: totals, bounds, levels", rows, rows / best(kernel_only(chart, table), rows, 7)))
        for threads in sorted({1, THREADS}):
            speeds.append(  # noqa: PERF401 - one measurement after the other
                (
                    f"**mews_newtt score_table**: all columns, {threads} thread{'s'[: threads > 1]}",
                    rows,
                    rows / best(ours(chart, table, threads), rows, 5),
                )
            )
        for name, given, speed in sorted(speeds, key=lambda one: -one[2]):
            lines.append(f"| {label} | {name} | {given:,} | {speed / 1e6:,.3g} | {speed / best_peer:.3g}x | {speed * width / read:.0%} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*lines, "", f"Peak memory of the whole run: {peak:,.0f} MB."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--write", action="store_true", help="write the section into benchmarks/RESULTS.md")
    options = parser.parse_args()
    lines = run(options.rows)
    print("\n".join(lines))
    if options.write:
        path = Path(__file__).parent / "RESULTS.md"
        before = path.read_text("utf-8") if path.exists() else "# Results\n"
        start, end = "<!-- batch_scoring -->", "<!-- /batch_scoring -->"
        section = "\n".join([start, "## Batch scoring, NEWS2: `python benchmarks/batch_scoring.py --write`", "", *lines, end])
        head, _, rest = before.partition(start)
        path.write_text(head.rstrip() + "\n\n" + section + (rest.partition(end)[2] or "\n"), "utf-8")


if __name__ == "__main__":
    main()
