"""Files: the same read and write with and without scoring, each in a process of its own, with its peak memory.

    python benchmarks/file_scoring.py [--millions 1 10] [--large] [--quick] [--write]

The floor is Polars scanning the file and sinking it to Parquet unscored; beside it, the same with nine columns of the results' kind, made by
the simplest expressions there are: what writing the answers costs, whoever finds them. `--large` adds 50 and 100 million rows (several GB of disk).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt.chart.catalogue import load_chart

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from measure import machine, write_section

COPY = """
import sys, polars as pl
source, target = sys.argv[1:]
rows = pl.scan_parquet(source) if source.endswith("parquet") else pl.scan_csv(source)
rows.sink_parquet(target, compression_level=1)
"""
WIDER = """
import sys, polars as pl
source, target = sys.argv[1:]
rows = pl.scan_parquet(source) if source.endswith("parquet") else pl.scan_csv(source)
beats = pl.col("heart_rate")
def text(*words): return pl.when(beats > 100).then(pl.lit(words[0])).otherwise(pl.lit(words[1])).cast(pl.Enum(words))
total = (beats % 20).cast(pl.Int16)
rows.with_columns(
    score_status=text("partial", "complete"), total=total, total_min=total, total_max=total, level=text("high", "low"), level_max=text("high", "low"),
    missing=pl.lit(""), flags=pl.lit(""), error=pl.lit(None, pl.String),
).sink_parquet(target, compression_level=1)
"""
STARTER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
sys.exit(status != 0)
"""
BLOCK = 1_000_000


class Run(NamedTuple):
    """One process: seconds, the most memory it held (MB), and the seconds that processors worked for it."""

    seconds: float
    peak: float
    processor: float


def run(command: list[str]) -> Run:
    """Run a process to its end; a small one starts it, because the system counts what the starter holds into the peak."""
    found = subprocess.run([sys.executable, "-S", "-c", STARTER, *command], capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {found.returncode}:\n{found.stderr}")
    seconds, peak, processor = found.stdout.split()[-3:]
    return Run(float(seconds), float(peak) / 1024, float(processor))


def make(folder: Path, millions: float, packing: str) -> tuple[Path, Path]:
    """The same observation sets as CSV and as Parquet, with a column that travels through, written a block at a time."""
    parquet, text = folder / f"{millions:g}.parquet", folder / f"{millions:g}.csv"
    rows = int(millions * 1_000_000)
    block = data(load_chart("news2"), min(rows, BLOCK), "f8", "f8")
    block = block.append_column("case_id", pa.array(range(block.num_rows), pa.int64()))
    frame = pl.from_arrow(block)
    assert isinstance(frame, pl.DataFrame)
    with pq.ParquetWriter(parquet, block.schema, compression=packing) as writer, text.open("wb") as out:
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            writer.write_table(block.slice(0, count))
            frame.head(count).write_csv(out, include_header=start == 0)
    return text, parquet


def check(text: Path, parquet: Path, folder: Path) -> None:
    """Both files' scores are those of the table in memory."""
    from mews_newtt.tables.table import score_table

    wanted = score_table(load_chart("news2"), pq.read_table(parquet))
    for source in (text, parquet):
        target = folder / "checked.parquet"
        run(score_command(source, target))
        found = pl.scan_parquet(target).select("total", "level").collect()
        if found["total"].to_list() != wanted.column("total").to_pylist() or found["level"].to_list() != wanted.column("level").to_pylist():
            raise SystemExit(f"{source.name}: scores differ from the table's")
        target.unlink()


def score_command(source: Path, target: Path) -> list[str]:
    return [sys.executable, "-m", "mews_newtt", "score", "news2", str(source), "-o", str(target)]


def measured(folder: Path, millions: float, rounds: int, packing: str) -> list[str]:
    text, parquet = make(folder, millions, packing)
    if millions <= 1:
        check(text, parquet, folder)
    lines = []
    for source in (text, parquet):
        target = folder / "out.parquet"
        commands = [[sys.executable, "-c", code, str(source), str(target)] for code in (COPY, WIDER)] + [score_command(source, target)]
        taken: list[list[Run]] = [[], [], []]
        for _ in range(rounds):  # in turn, so that the machine's moods fall on all
            for command, runs in zip(commands, taken, strict=True):
                runs.append(run(command))
        floor, wider, ours = (statistics.median(one.seconds for one in runs) for runs in taken)
        low, _, high = (max(one.peak for one in runs) for runs in taken)
        kind = "CSV" if source == text else "Parquet"
        lines.append(
            f"| {kind} to Parquet | {millions:g} | {source.stat().st_size / 1e6:,.0f} | {floor:.2f} | {wider:.2f} | {ours:.2f} "
            f"| {ours / floor:.2f}x | {ours / wider:.2f}x | {millions / ours:.2f} | {low:,.0f} | {high:,.0f} |"
        )
        target.unlink()
    text.unlink()
    parquet.unlink()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also 50 and 100 million rows, once each")
    parser.add_argument("--folder", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--quick", action="store_true", help="small files: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    plan: list[Any] = [(0.1, 1)] if options.quick else [(millions, options.rounds) for millions in options.millions]
    if options.large:
        plan += [(50, 1), (100, 1)]
    lines = [
        f"`python benchmarks/file_scoring.py --write`, {machine()}. Medians of {plan[0][1]} rounds in turn, whole processes with their start;",
        "one round from 50 million rows on. All write Parquet with zstd level 1. *Wider* is unscored too, but writes",
        "nine columns more, as a scored file has.",
        "",
        "| NEWS2 and a case_id | million rows | MB in | unscored s | wider s | scored s "
        "| of unscored | of wider | million rows/s | peak MB unscored | scored |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for millions, rounds in plan:
            lines += measured(Path(name), millions, rounds, "zstd")
    print("\n".join(lines))
    if options.write:
        write_section("file_scoring", "Scoring files", lines)


if __name__ == "__main__":
    main()
