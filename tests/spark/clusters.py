"""Spark as several processes on this machine: a master, and executors that are processes of their own, each with a Python of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def local_cluster(home: Path, executors: int, **settings: str) -> Iterator[Any]:
    """A Spark session over so many executors of one core each. Spark keeps the folders of its executors under `home`, and nothing elsewhere."""
    import pyspark
    from pyspark.sql import SparkSession

    home.mkdir()
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    paths = [str(ROOT), str(ROOT / "service"), os.environ.get("PYTHONPATH", "")]
    os.environ |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    builder = SparkSession.builder.master(f"local-cluster[{executors},1,1024]")
    own = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.codegen.hugeMethodLimit": "8000",  # docs/recipes.md; the tests of one process run Spark as it comes
        "spark.python.sql.dataFrameDebugging.enabled": "false",
    }
    for name, value in {**own, **settings}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


def executors_of(session: Any) -> list[Any]:
    """The executors' processes, as Java names them: children of this session's own Java process."""
    children = session._jvm.java.lang.ProcessHandle.current().children().toArray()
    return [child for child in children if "CoarseGrainedExecutorBackend" in child.info().commandLine().orElse("")]


def ran_on(session: Any) -> int:
    """How many executors beside the driver are in the cluster now."""
    return len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1
