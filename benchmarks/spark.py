"""Scoring in Spark beside copying the same Parquet file with it, on 1, 2 and 4 executors that are processes of their own.

    python benchmarks/spark.py [--rows 2000000] [--rounds 3] [--executors 1 2 4] [--quick] [--write]

Needs the spark extra and Java. The floor reads the file and writes it unscored; *wider* also writes eleven constant or simple columns more, as many
as scores have. Every score is checked equal to `score_table` before anything is timed. A cost model for 100 executors follows from the numbers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt import load_chart, result_schema, score_frame, score_table

sys.path.insert(0, str(Path(__file__).parent))
from batch_scoring import data
from measure import machine, write_section

ROOT = Path(__file__).resolve().parents[1]
SPLIT = {"spark.sql.codegen.hugeMethodLimit": "8000"}  # docs/recipes.md says what these settings do
LARGE = {"spark.sql.codegen.hugeMethodLimit": "65535", "spark.executor.extraJavaOptions": "-XX:-DontCompileHugeMethods"}
AS_IT_COMES = {"spark.sql.codegen.hugeMethodLimit": "65535"}
FILES = 16
WAYS = {
    "copy": SPLIT,
    "wider": SPLIT,
    "expressions": SPLIT,
    "expressions, large methods compiled": LARGE,
    "mapInArrow": SPLIT,
    "expressions, Spark as it comes": AS_IT_COMES,
}


def make(folder: Path, rows: int) -> Path:
    """Complete NEWS2 sets in files of equal size."""
    source = folder / "rows"
    source.mkdir()
    table = data(load_chart("news2"), rows, "float64", "float64")
    words = [column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in table.columns]
    table = pa.table(dict(zip(table.column_names, words, strict=True))).append_column("place", pa.array(range(rows)))
    each = -(-rows // FILES)
    for place in range(FILES):
        pq.write_table(table.slice(place * each, each), source / f"{place:02}.parquet")
    return source


def frame_of(way: str, session: Any, source: Path) -> Any:
    from pyspark.sql.functions import col, lit, when
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    frame, chart = session.read.parquet(str(source)), load_chart("news2")
    if way == "copy":
        return frame
    if way == "wider":
        beats, schema = col("heart_rate"), result_schema(chart)
        word = when(beats > 100, "high").otherwise("low")
        whole = (beats % 20).cast("short")
        made = {one.name: word if pa.types.is_string(one.type) else whole for one in schema} | {"error": lit(""), "missing": lit("")}
        return frame.withColumns(made)
    if way != "mapInArrow":
        return score_frame(chart, frame)

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        own = load_chart("news2")
        for batch in batches:
            yield from score_table(own, pa.Table.from_batches([batch]), plain_text=True, threads=1).to_batches()

    schema = pa.schema([*to_arrow_schema(frame.schema), *result_schema(chart)])
    return frame.mapInArrow(score_batches, from_arrow_schema(schema))


def check(source: Path, target: Path) -> None:
    wanted = score_table(load_chart("news2"), pq.read_table(source), plain_text=True).sort_by("place")
    found = pq.read_table(target).sort_by("place")
    for name in wanted.column_names:
        if not found.column(name).equals(wanted.column(name)) and found.column(name).to_pylist() != wanted.column(name).to_pylist():
            raise SystemExit(f"{name}: Spark's scores differ from the table's")


def measured(way: str, executors: int, source: Path, rounds: int) -> dict[str, float]:
    """Seconds: to build the frame, of the first run with its start, and the median of later runs."""
    sys.path.insert(0, str(ROOT))  # the tests are no package that is installed
    from tests.spark.clusters import local_cluster

    home = Path(tempfile.mkdtemp(prefix="mews-newtt-spark-"))
    target = home / "out"
    with local_cluster(home / "home", executors, **WAYS[way]) as session:
        session.range(100).repartition(executors).count()
        start = time.perf_counter()
        frame = frame_of(way, session, source)
        built = time.perf_counter() - start
        taken = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            frame.write.mode("overwrite").parquet(str(target))
            taken.append(time.perf_counter() - start)
    if way in ("expressions", "mapInArrow"):
        check(source, target)
    shutil.rmtree(home)
    return {"built": built, "first": taken[0], "later": statistics.median(taken[1:])}


def apart(way: str, executors: int, source: Path, rounds: int) -> dict[str, float]:
    """`measured` in a process of its own, for a Java of its own."""
    command = [sys.executable, __file__, "--one", way, str(executors), str(source), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def model(rows: int, found: dict[str, float], copy: dict[str, float], size: int) -> list[str]:
    """What 100 executors would take, and what that assumes."""
    rate, start = rows / found["later"], found["built"] + max(found["first"] - found["later"], 0)
    return [
        "",
        "Cost model for 100 executors of one core, expressions with large methods compiled: seconds = start + rows / (100 x rows/s of one executor).",
        f"Start is {start:.0f} s: building the frame ({found['built']:.1f} s, in the driver, once),",
        "and what the first run takes longer than later ones.",
        f"One executor does {rate:,.0f} rows/s. 1,000 million rows: {start + 1e9 / rate / 100:,.0f} s, "
        f"{(start + 1e9 / rate / 100) * 100 / 3600:.1f} core hours, of them {1e9 * copy['later'] / rows / 3600:.1f} for the copy alone.",
        "It assumes: executors as fast as this one; storage that takes what they write and gives them",
        f"{100 * rate * size / rows / 1e6:,.0f} MB/s together;",
        "at least a few hundred tasks of equal size; no wait for executors. There is no shuffle and nothing is collected,",
        "so no step grows with the number of executors but the driver's list of tasks and files. This was not measured on 100 executors.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--executors", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--quick", action="store_true", help="few rows and executors: that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    parser.add_argument("--one", nargs=4, metavar=("WAY", "EXECUTORS", "SOURCE", "ROUNDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, executors, source, rounds = options.one
        print(json.dumps(measured(way, int(executors), Path(source), int(rounds))))
        return
    rows, rounds, counts = (20_000, 1, [1]) if options.quick else (options.rows, options.rounds, options.executors)
    lines = [
        f"`python benchmarks/spark.py --write`, {machine()}.",
        f"PySpark in local-cluster mode, {rows:,} complete NEWS2 sets in {FILES} Parquet files,",
        "read, scored and written to Parquet. Executors are processes of one core each; more of them than cores share these.",
        f"Medians of {rounds} rounds after a first run. Aim: at most 1.3x of the copy.",
        "",
        "| executors | what | built s | first run s | later runs s | million rows/s | of copy | of wider |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    first: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        source = make(Path(name), rows)
        size = sum(path.stat().st_size for path in source.iterdir())
        for executors in counts:
            found: dict[str, dict[str, float]] = {}
            for way in WAYS:
                if way.endswith("comes") and executors != counts[0]:
                    continue
                found[way] = one = apart(way, executors, source, 1 if way.endswith("comes") else rounds)
                lines.append(
                    f"| {executors} | {way} | {one['built']:.1f} | {one['first']:.1f} | {one['later']:.2f} | {rows / one['later'] / 1e6:.2f} "
                    f"| {one['later'] / found['copy']['later']:.2f}x | {one['later'] / found.get('wider', found['copy'])['later']:.2f}x |"
                )
                print(lines[-1], flush=True)
            first = first or found
    lines += ["", "*expressions* runs with `spark.sql.codegen.hugeMethodLimit` at 8000; docs/recipes.md says why. All run without call sites."]
    lines += model(rows, first["expressions, large methods compiled"], first["copy"], size)
    print("\n".join(lines))
    if options.write:
        write_section("spark", "Scoring in Spark", lines)


if __name__ == "__main__":
    main()
