"""Following people through files, beside plain scoring of the same file: each in a process of its own, with its peak memory.

    python benchmarks/tracking.py [--millions 1 10] [--unsorted 1 10] [--quick] [--write]

Fifty sets a person, Parquet in and out. Sorted: by person and time. Unsorted: all rows of the file mixed, block by block of a million.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from mews_newtt.chart.catalogue import load_chart

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from file_scoring import Run, run
from measure import machine, write_section

SETS = 50  # a person
BLOCK = 1_000_000
START = np.datetime64("2026-01-01T00:00", "us")


def make(folder: Path, millions: float, in_order: bool) -> Path:
    """Made-up sets of people, written a block at a time. Where not in order, a person's sets are spread over the whole file."""
    rows = int(millions * 1_000_000)
    readings = pl.DataFrame(data(load_chart("news2"), min(rows, BLOCK), "f8", "f8"))
    path = folder / f"{'sorted' if in_order else 'unsorted'}-{millions:g}.parquet"
    chance, writer = np.random.default_rng(5), None
    people = max(rows // SETS, 1)
    for begin in range(0, rows, BLOCK):
        number = np.arange(begin, min(begin + BLOCK, rows))
        person, turn = (number // SETS, number % SETS) if in_order else (number % people, number // people)
        minutes = turn * 240 + chance.integers(0, 60, len(number))
        block = readings.head(len(number)).with_columns(
            pl.Series("patient_id", person + 10_000_000).cast(pl.String),
            pl.Series("observed_at", START + minutes.astype("timedelta64[m]").astype("timedelta64[us]")),
        )
        if not in_order:
            block = block.sample(fraction=1, shuffle=True, seed=begin)
        table = block.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    return path


def measure(path: Path, rounds: int) -> dict[str, Run]:
    """Medians of whole processes, in turn."""
    target = path.with_name("out.parquet")
    command = [sys.executable, "-m", "mews_newtt"]
    ways = {
        "score": [*command, "score", "news2", str(path), "-o", str(target)],
        "track": [*command, "track", "news2", str(path), "-o", str(target), "--now", "2026-02-01T00:00"],
    }
    found: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(run(way))
            target.unlink()
    return {name: Run(*(statistics.median(one) for one in zip(*runs, strict=True))) for name, runs in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", nargs="*", type=float, default=[1, 10], help="of sorted rows; 0 leaves them out")
    parser.add_argument("--unsorted", nargs="*", type=float, default=[1, 10], help="of unsorted rows; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one small file, once")
    parser.add_argument("--write", action="store_true", help="write the results into RESULTS.md")
    arguments = parser.parse_args()
    sizes = [(size, True) for size in arguments.millions if size] + [(size, False) for size in arguments.unsorted if size]
    if arguments.quick:
        sizes, arguments.rounds = [(0.05, True), (0.05, False)], 1
    lines = [
        f"`python benchmarks/tracking.py --write`, {machine()}. NEWS2, {SETS} sets a person, Parquet in and out; medians of whole processes.",
        "*Of scoring*: rows a second beside `mews-newtt score` on the same file: by processor time, then by the clock. *MB*: at the peak.",
        "",
        "| rows | order | scoring, processor s | tracking, processor s | scoring, s | tracking, s | of scoring | MB, scoring | MB, tracking |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for line in lines:
        print(line, flush=True)
    for millions, in_order in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rounds = arguments.rounds if millions <= 1 else 1
            found = measure(make(Path(folder), millions, in_order), rounds)
        score, track = found["score"], found["track"]
        lines.append(
            f"| {millions * 1_000_000:,.0f} | {'sorted' if in_order else 'unsorted'} | {score.processor:.1f} | {track.processor:.1f} "
            f"| {score.seconds:.1f} | {track.seconds:.1f} | {score.processor / track.processor:.2f}, {score.seconds / track.seconds:.2f} "
            f"| {score.peak:,.0f} | {track.peak:,.0f} |"
        )
        print(lines[-1], flush=True)
    if arguments.write:
        write_section("tracking", "People followed through a file", lines)


if __name__ == "__main__":
    main()
