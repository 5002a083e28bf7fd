"""Validation: a file compared with its chart beside the same file scored, each in a process of its own; and the making of test packs.

    python benchmarks/validation.py [--millions 1 10] [--rounds 3] [--quick] [--write]

The file states a total and a level for every row; one in a thousand totals is wrong. Scoring writes Parquet, validating writes its reports.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.tables.table import score_table

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from file_scoring import BLOCK, Run, score_command
from file_scoring import run as run_to_end
from measure import machine, write_section

WRONG = 1000  # one row in so many states another total
PACK = """
import sys, tempfile
from mews_newtt.chart.catalogue import load_chart
from mews_newtt.validation.packs import make_pack, write_pack
with tempfile.TemporaryDirectory() as folder:
    write_pack(make_pack(load_chart(sys.argv[1]), manual=sys.argv[2] == "manual"), folder + "/pack")
"""


def make(folder: Path, millions: float) -> tuple[Path, Path]:
    """Observation sets with what a platform said of them, as CSV and as Parquet, written a block at a time."""
    parquet, text = folder / f"{millions:g}.parquet", folder / f"{millions:g}.csv"
    rows = int(millions * 1_000_000)
    chart = load_chart("news2")
    block = data(chart, min(rows, BLOCK), "f8", "f8")
    scored = score_table(chart, block)
    wrong = pa.array([place % WRONG == 0 for place in range(block.num_rows)])
    total = scored.column("total")
    block = block.append_column("case_id", pa.array(range(block.num_rows), pa.int64()))
    block = block.append_column("expected_total", pc.if_else(wrong, pc.add(total, pa.scalar(1, pa.int16())), total))
    block = block.append_column("expected_level", scored.column("level").cast(pa.string()))
    frame = pl.from_arrow(block)
    assert isinstance(frame, pl.DataFrame)
    with pq.ParquetWriter(parquet, block.schema, compression="zstd") as writer, text.open("wb") as out:
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            writer.write_table(block.slice(0, count))
            frame.head(count).write_csv(out, include_header=start == 0)
    return text, parquet


def validate_command(source: Path, folder: Path, *options: str) -> list[str]:
    """`validate`, which ends with 1 where something disagrees: here that is what it must do."""
    command = [sys.executable, "-m", "mews_newtt", "validate", "news2", str(source), "--report", str(folder), *options]
    expects = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode != 1)"
    return [sys.executable, "-S", "-c", expects, *command]


def measured(folder: Path, millions: float, rounds: int, kinds: int = 2) -> list[str]:
    lines = []
    for source in make(folder, millions)[:kinds]:
        target, reports = folder / "out.parquet", folder / "reports"
        commands = [score_command(source, target), validate_command(source, reports, "--no-diagnosis"), validate_command(source, reports)]
        taken: list[list[Run]] = [[] for _ in commands]
        for _ in range(rounds):  # in turn, so that the machine's moods fall on all
            for command, runs in zip(commands, taken, strict=True):
                runs.append(run_to_end(command))
        scored, compared, diagnosed = (statistics.median(one.seconds for one in runs) for runs in taken)
        low, high, most = (max(one.peak for one in runs) for runs in taken)
        kind = "CSV" if source.suffix == ".csv" else "Parquet"
        lines.append(
            f"| {kind} | {millions:g} | {source.stat().st_size / 1e6:,.0f} | {scored:.2f} | {compared:.2f} | {compared / scored:.2f}x "
            f"| {diagnosed:.2f} | {diagnosed / scored:.2f}x | {low:,.0f} | {high:,.0f} | {most:,.0f} |"
        )
        target.unlink()
        source.unlink()
    return lines


def packs(names: list[str], rounds: int) -> list[str]:
    from mews_newtt.validation.packs import make_pack

    lines = []
    for name in names:
        chart = load_chart(name)
        whole, manual = make_pack(chart), make_pack(chart, manual=True)
        seconds = statistics.median(run_to_end([sys.executable, "-c", PACK, name, "whole"]).seconds for _ in range(rounds))
        lines.append(
            f"| {name} | {len(whole.cases)} | {whole.made:,} | {len(whole.equivalent)} | {len(whole.alive)} | {whole.kill_rate:.1%} "
            f"| {seconds:.2f} | {len(manual.cases)} | {manual.kill_rate:.1%} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--quick", action="store_true", help="small files and packs: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    lines = [
        f"`python benchmarks/validation.py --write`, {machine()}. Medians of {rounds} rounds in turn, whole processes with their start.",
        "Scoring writes Parquet; validating writes its four reports, without the diagnosis (aim: at most 1.5x) and with it.",
        "",
        "| NEWS2, total and level stated | million rows | MB in | scored s | validated s | of scored "
        "| diagnosed too s | of scored | peak MB scored | validated | diagnosed too |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for millions in [0.05] if options.quick else options.millions:
            lines += measured(Path(name), millions, rounds, kinds=1 if options.quick else 2)
    lines += [
        "",
        "Packs, made and written by a process of their own (aim: under 400 cases and under 10 s for `mews`, `newtt2` and `news2`):",
        "",
        "| chart | cases | mutants | proven equivalent | alive | of the rest shown | seconds | `--manual` cases | shown |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *packs(["mewc"] if options.quick else sorted(chart.id for chart in charts()), rounds),
    ]
    print("\n".join(lines))
    if options.write:
        write_section("validation", "Validation and test packs", lines)


if __name__ == "__main__":
    main()
