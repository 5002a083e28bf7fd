"""What the cluster tests run in a process of its own: `python -m tests.spark.on_cluster WHAT FOLDER`.

It reads the folder's `<chart>.parquet`, writes what Spark makes of them beside these, and says what it saw as JSON on its last line.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from mews_newtt import load_chart, result_schema, score_frame, score_table
from mews_newtt.compiled import compile_chart
from mews_newtt.engines.expressions import score_expressions
from tests.spark.clusters import executors_of, local_cluster, ran_on


def by_expressions(session: Any, path: Path) -> Any:
    """The rows with points and details, as `check_found` wants them. The details are what `score_frame` leaves out."""
    chart, frame = load_chart(path.stem), session.read.parquet(str(path))
    read = {name: name for name in frame.columns if name.removeprefix("skip_") in chart.by_id}
    return nw.to_native(score_expressions(compile_chart(chart), nw.from_native(frame), read, points=True, details=True))


def by_arrow(session: Any, path: Path) -> Any:
    """The rows as `score_table` scores them in the executors' Python."""
    name, frame = path.stem, session.read.parquet(str(path))

    def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        chart = load_chart(name)
        for batch in batches:
            yield from score_table(chart, pa.Table.from_batches([batch]), points=True, plain_text=True, threads=1).to_batches()

    schema = pa.schema([*to_arrow_schema(frame.schema), *result_schema(load_chart(name), points=True)])
    return frame.mapInArrow(score_batches, from_arrow_schema(schema))


def equal(session: Any, folder: Path) -> dict[str, Any]:
    """Score every file both ways. Expressions must need no Python on the executors, so there the path to Python names no file."""
    python, refused = session.sparkContext.pythonExec, ""
    paths = sorted(folder.glob("*.parquet"))
    session.sparkContext.pythonExec = "no-python-for-executors"
    for path in paths:
        by_expressions(session, path).write.parquet(str(folder / f"{path.stem}-expressions"))
    try:
        by_arrow(session, paths[0]).collect()
    except Exception as fault:
        refused = str(fault)
    session.sparkContext.pythonExec = python
    for path in paths:
        by_arrow(session, path).write.parquet(str(folder / f"{path.stem}-arrow"))
    return {"executors": ran_on(session), "without_python": "no-python-for-executors" in refused}


def killed(session: Any, folder: Path) -> dict[str, Any]:
    """Score a file of many tasks and kill one of the executors when some are done."""
    (path,) = folder.glob("*.parquet")
    session.conf.set("spark.sql.files.maxPartitionBytes", "64k")
    session.conf.set("spark.sql.files.openCostInBytes", "0")
    frame = session.read.parquet(str(path))
    scored = score_frame(load_chart(path.stem), frame)
    writing = threading.Thread(target=lambda: scored.write.parquet(str(folder / "scored")))
    status, before = session.sparkContext.statusTracker(), {child.pid() for child in executors_of(session)}
    writing.start()
    done, tasks = 0, 0
    while writing.is_alive() and not (4 <= done < tasks):
        for stage in status.getActiveStageIds():
            info = status.getStageInfo(stage)
            if info is not None and info.numTasks > 4:
                done, tasks = info.numCompletedTasks, info.numTasks
        time.sleep(0.01)
    victim = executors_of(session)[0]
    victim.destroyForcibly()
    writing.join()
    deadline = time.monotonic() + 30
    while victim.isAlive() and time.monotonic() < deadline:
        time.sleep(0.1)
    return {"done": done, "tasks": tasks, "executors": len(before), "killed": victim.pid() in before and not victim.isAlive()}


def main(what: str, folder: Path) -> None:
    works = {"equal": equal, "killed": killed}
    with local_cluster(folder / "spark-home", 2) as session:
        session.range(4).repartition(4).count()  # both executors are there before anything is measured or killed
        deadline = time.monotonic() + 60
        while ran_on(session) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        print(json.dumps(works[what](session, folder)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
