"""Files read by a plan: the same sets wide and in long format, each run in a process of its own, with its processor time and its peak memory.

    python benchmarks/plans.py [--millions 1] [--quick] [--write] [--folder DIR]

Each set is one row wide, and seven rows long: person, time, code, value and unit of one reading. The persons follow each other, or come in turn (as
in an export that is ordered by time). Every scored file is checked to have the same totals before anything is timed.
Processor time is what is compared: other programs on the machine hardly change it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow.parquet as pq

from mews_newtt.chart.catalogue import load_chart

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from file_scoring import Run, run, score_command
from measure import machine, write_section

READINGS = ("respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")
UNITS = {"respiratory_rate": "/min", "oxygen_saturation": "%", "systolic_bp": "mm[Hg]", "heart_rate": "/min", "temperature": "Cel"}
SETS_OF_ONE = 20  # of a person
BLOCK = 100_000  # sets that are written at once
START = datetime(2026, 3, 2, 8)
WIDE_PLAN = '[times]\nformat = "%Y-%m-%dT%H:%M"\n'
LONG_PLAN = (
    '[long]\ncode = "item"\nvalue = "result"\nunit = "unit"\nsubject = "id"\ntime = "at"\n[times]\nformat = "%Y-%m-%dT%H:%M"\n[codes]\n'
    + "".join(f'"Obs {name}" = "{name}"\n' for name in READINGS)
)


class Shape(NamedTuple):
    """A file of one shape. `plan` is its reading plan, if it needs one; `in_turn`: the persons come in turn."""

    title: str
    kind: str
    plan: str | None = None
    long: bool = False
    in_turn: bool = False


SHAPES = (
    Shape("wide, no plan", "csv"),
    Shape("wide, plan", "csv", WIDE_PLAN),
    Shape("long", "csv", LONG_PLAN, long=True),
    Shape("long, persons in turn", "csv", LONG_PLAN, long=True, in_turn=True),
    Shape("wide, no plan", "parquet"),
    Shape("wide, plan", "parquet", WIDE_PLAN),
    Shape("long", "parquet", LONG_PLAN, long=True),
    Shape("long", "ndjson", LONG_PLAN, long=True),
)


def make(folder: Path, shape: Shape, sets: int) -> Path:
    """The sets as a file of one shape, written a block at a time."""
    path = folder / f"{'long' if shape.long else 'wide'}{'-in-turn' if shape.in_turn else ''}.{shape.kind}"
    if path.exists():
        return path
    block = pl.DataFrame(data(load_chart("news2"), min(sets, BLOCK), "i4", "f8")).with_columns(pl.selectors.categorical().cast(pl.String))
    writer, persons = None, max(sets // SETS_OF_ONE, 1)
    with path.open("wb") as out:
        for start in range(0, sets, BLOCK):
            frame = _named(block, start, min(BLOCK, sets - start), persons, shape)
            frame = _long(frame) if shape.long else frame
            if shape.kind == "parquet":
                table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
                writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
                writer.write_table(table)
            elif shape.kind == "csv":
                frame.write_csv(out, include_header=start == 0)
            else:
                frame.write_ndjson(out)
        if writer is not None:
            writer.close()
    return path


def _named(block: pl.DataFrame, start: int, count: int, persons: int, shape: Shape) -> pl.DataFrame:
    """Some sets, each with its person and its time."""
    number = pl.int_range(start, start + count, eager=True)
    person, turn = (number % persons, number // persons) if shape.in_turn else (number // SETS_OF_ONE, number % SETS_OF_ONE)
    minutes = turn * 60 + person % 60
    times = pl.DataFrame({"minutes": minutes}).select(pl.lit(START) + pl.duration(minutes="minutes")).to_series().dt.strftime("%Y-%m-%dT%H:%M")
    labels = [pl.Series("patient_id", "made-up-" + person.cast(pl.String)), times.alias("observed_at")]
    return pl.DataFrame([*labels, *block.head(count).select(READINGS).iter_columns()])


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    one_each = [
        frame.select(
            pl.int_range(pl.len()).alias("set"),
            pl.col("patient_id").alias("id"),
            pl.col("observed_at").alias("at"),
            pl.lit(f"Obs {name}").alias("item"),
            pl.col(name).cast(pl.String).alias("result"),
            pl.lit(UNITS.get(name)).cast(pl.String).alias("unit"),
        )
        for name in READINGS
    ]
    return pl.concat(one_each).sort("set", maintain_order=True).drop("set")


def totals(path: Path) -> pl.DataFrame:
    """Person, time and total of each set of a scored file."""
    times = pl.col("observed_at").cast(pl.String).str.slice(0, 16)
    return pl.scan_parquet(path).select("patient_id", times, "total", pl.col("level").cast(pl.String)).sort("patient_id", "observed_at").collect()


def measured(folder: Path, sets: int, rounds: int) -> list[str]:
    lines, wide, wanted = [], {}, None
    for shape in SHAPES:
        source, target, plan = make(folder, shape, sets), folder / "out.parquet", folder / "plan.toml"
        command = score_command(source, target)
        if shape.plan is not None:
            plan.write_text(shape.plan, "utf-8")
            command += ["--plan", str(plan)]
        runs: list[Run] = [run(command) for _ in range(rounds)]
        if shape.in_turn:
            pass  # other persons have the same readings
        elif wanted is None:
            wanted = totals(target)
        elif sets <= 1_000_000 and not totals(target).equals(wanted):
            raise SystemExit(f"{shape.title}, {shape.kind}: scores differ from those of the wide file")
        processor, seconds = (statistics.median(times) for times in zip(*((one.processor, one.seconds) for one in runs), strict=True))
        if not shape.long:
            wide[shape.kind, shape.plan is not None] = processor
        kind = shape.kind if shape.kind in ("csv", "parquet") else "csv"
        of_wide = [f"{wide[kind, planned] / processor:.2f}" for planned in (False, True) if (kind, planned) in wide]
        lines.append(
            f"| {shape.title} | {shape.kind} | {sets:,} | {source.stat().st_size / 1e6:,.0f} | {processor:.1f} | {seconds:.1f} "
            f"| {sets / processor / 1e6:.2f} | {' | '.join([*of_wide, '', ''][:2])} | {max(one.peak for one in runs):,.0f} |"
        )
        print(lines[-1], flush=True)
        target.unlink()
        source.unlink()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--quick", action="store_true", help="small files: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    lines = [
        f"`python benchmarks/plans.py --write`, {machine()}. Medians of {options.rounds} rounds, whole processes with their start;",
        "the scored file is Parquet. A set is one row wide, and seven rows long.",
        "*Of wide*: sets a processor second, beside those of the same sets wide in the same kind of file (NDJSON: beside CSV).",
        "",
        "| NEWS2 | kind | sets | MB in | processor s | s | million sets a processor s | of wide without a plan | of wide with a plan | peak MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for millions in [0.02] if options.quick else options.millions:
            lines += measured(Path(name), int(millions * 1_000_000), 1 if options.quick else options.rounds)
    if options.write:
        write_section("plans", "Files read by a plan", lines)


if __name__ == "__main__":
    main()
