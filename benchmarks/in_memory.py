"""`score_table` where it is hardest: small tables, readings that are not recordable, missing contexts, one thread against two, and the start.

    python benchmarks/in_memory.py [--against TREE] [--rows 1000000] [--rounds 9] [--quick] [--write]

TREE is another checkout of this repository, such as a `git worktree` of the version before. Both run in turn, each in a process of its own, and
the table has the median of the ratios of each round: so the machine's moods fall on both. Small tables and one thread are measured in processor
time, because other programs change that less; two threads by the clock, and where they are compared with one thread, both are.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SMALL = (1, 100, 1_000, 10_000)
CALLS = 50  # of a small table in one measurement
Seconds = dict[str, dict[str, list[float]]]
START = "start: kernels loaded, first table scored"
LOADED = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy, pyarrow as pa, pyarrow.compute, numba
from mews_newtt import load_chart, score_table
from mews_newtt.engines import engine_of
chart = load_chart("news2")
engine_of(chart)
table = pa.table({"heart_rate": [80.0], "temperature": [36.8], "consciousness": ["alert"]})
start = time.process_time()
score_table(chart, table)
print(time.process_time() - start)
"""


def cases(rows: int) -> dict[str, tuple[Callable[[], Any], int]]:
    """By name: what to run, and how many rows (of small tables: calls) it does."""
    import numpy as np
    import pyarrow as pa
    from batch_scoring import complete_sets, data

    from mews_newtt.chart.catalogue import load_chart
    from mews_newtt.tables.table import score_table

    news2, npews, rng = load_chart("news2"), load_chart("npews"), np.random.default_rng(3)
    table = data(news2, rows, "f8", "f8")
    heat = table.column("temperature").to_numpy() + rng.normal(0, 0.3, rows)
    lacking = pa.array(table.column("heart_rate").to_numpy(), mask=rng.random(rows) < 0.1)

    def put(name: str, values: Any) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values)

    def again(small: pa.Table) -> None:
        for _ in range(CALLS):
            score_table(news2, small)

    no_age = complete_sets(npews, rows, ("age_years",))
    half = no_age.append_column("age_years", pa.array(np.full(rows, 5.0), mask=rng.random(rows) < 0.5))
    found: dict[str, tuple[Callable[[], Any], int]] = {f"small: {size:,} rows": (partial(again, table.slice(0, size)), CALLS) for size in SMALL}
    hard = {
        "complete and recordable": (news2, table),
        "the first 150,000 of them": (news2, table.slice(0, 150_000)),
        "one in ten lacks a heart rate": (news2, put("heart_rate", lacking)),
        "temperature not recordable, float64": (news2, put("temperature", pa.array(heat))),
        "temperature not recordable, float32": (news2, put("temperature", pa.array(heat.astype("f4")))),
        "NPEWS, complete": (npews, complete_sets(npews, rows)),
        "NPEWS without the age that chooses its tables": (npews, no_age),
        "NPEWS, every second row without the age": (npews, half),
    }
    for name, (chart, one) in hard.items():
        for threads in (1, 2):
            found[f"{name}, {threads} thread{'s' * (threads > 1)}"] = (partial(score_table, chart, one, threads=threads), one.num_rows)
    return found


def work(rows: int) -> None:
    """Answer each case named on standard input with the seconds of a row (or call): by the clock, and of processor time."""
    found = cases(rows)
    print(json.dumps(list(found)), flush=True)
    for line in sys.stdin:
        name = line.rstrip("\n")
        run, amount = found[name]
        start, used = time.perf_counter(), time.process_time()
        run()
        print((time.perf_counter() - start) / amount, (time.process_time() - used) / amount, flush=True)


def seconds_to_start(tree: Path) -> float:
    return float(subprocess.run([sys.executable, "-c", LOADED, str(tree)], capture_output=True, text=True, check=True).stdout)


def measure(trees: dict[str, Path], rows: int, rounds: int) -> tuple[Seconds, Seconds]:
    """By case and tree, the seconds of each round, as `work` has them: by the clock and of the processor. The first round only warms up."""
    workers = {}
    for name, tree in trees.items():
        command = [sys.executable, str(HERE / Path(__file__).name), "--worker", str(tree), "--rows", str(rows)]
        workers[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told = [json.loads(_line(worker)) for worker in workers.values()]  # each says it when it is ready
    clock: Seconds = {case: {name: [] for name in trees} for case in [*told[0], START]}
    processor: Seconds = {case: {name: [] for name in trees} for case in clock}
    for turn in range(rounds + 1):
        order = list(trees) if turn % 2 else list(reversed(trees))
        for case in clock:
            for name in order:
                if case == START:
                    seconds = [seconds_to_start(trees[name])] * 2
                else:
                    print(case, file=workers[name].stdin, flush=True)
                    seconds = [float(one) for one in _line(workers[name]).split()]
                if turn:
                    clock[case][name].append(seconds[0])
                    processor[case][name].append(seconds[1])
    for worker in workers.values():
        worker.communicate()
    return clock, processor


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline()


def report(clock: Seconds, processor: Seconds) -> list[str]:
    found = {case: clock[case] if case.endswith("2 threads") else processor[case] for case in clock}
    before = "before" in next(iter(found.values()))
    lines = ["| case | now |" + (" before | times as fast |" if before else ""), "|---|---:|" + ("---:|---:|" if before else "")]
    for case, times in found.items():
        cells = [_shown(case, statistics.median(times[name])) for name in ("now", "before") if name in times]
        if before:
            cells.append(f"{statistics.median(old / new for old, new in zip(times['before'], times['now'], strict=True)):.2f}")
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    lines += ["", "| two threads | times as fast as one, by the clock |", "|---|---:|"]
    for case, times in clock.items():
        if case.endswith(", 1 thread"):
            two = clock[case.replace("1 thread", "2 threads")]["now"]
            lines.append(f"| {case.removesuffix(', 1 thread')} | {statistics.median(a / b for a, b in zip(times['now'], two, strict=True)):.2f} |")
    return lines


def _shown(case: str, seconds: float) -> str:
    if case == START:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e6:.0f} µs a call" if case.startswith("small") else f"{1e-6 / seconds:.3g} million rows/s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout to compare with")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="small tables: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds = 20_000, 1
    if options.worker:
        sys.path[:0] = [str(options.worker), str(options.worker / "benchmarks")]
        work(options.rows)
        return
    trees = {"now": HERE.parent} | ({"before": options.against} if options.against else {})
    lines = report(*measure(trees, options.rows, options.rounds))
    print("\n".join(lines))
    if options.write:
        sys.path[:0] = [str(HERE.parent), str(HERE)]
        from measure import machine, write_section

        what = f"`python benchmarks/in_memory.py --write{' --against TREE' if options.against else ''}`, {machine()}. `score_table`, every column,"
        how = f"{options.rows:,} rows, medians of {options.rounds} rounds in turn. Other programs used the machine meanwhile: compare ratios."
        write_section("in_memory", "Where scoring in memory is hardest", [what, how, "", *lines])


if __name__ == "__main__":
    main()
