"""What Spark does with a scored frame, read from its physical plan: it reads and projects, and does nothing else."""

from __future__ import annotations

import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt import ColumnMap, load_chart, score_frame
from tests.engines_expressions.backends import NATIVE, spark_plan, spark_session
from tests.tools import need

pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:Spark would score several times slower")]


@pytest.fixture
def frame(tmp_path: Path) -> Any:
    need("pyspark", find_spec("pyspark"))
    need("Java", shutil.which("java"))
    rows = pa.table({"bed": ["A1", "A2"], "heart_rate": [80.0, 131.0], "temperature": ["36.8", None], "consciousness": ["alert", "voice"]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    return spark_session().read.parquet(str(tmp_path / "rows.parquet"))


def test_a_scored_frame_is_read_and_projected_and_nothing_else(frame: Any) -> None:
    """No Python on the executors, no shuffle, nothing collected. `test_backends.py` asks the same of every chart."""
    scored = score_frame(load_chart("news2"), frame, points=True)
    assert {"FileScan", "Project"} <= spark_plan(scored) <= NATIVE
    assert spark_plan(scored.filter("level_max_rank >= 3")) <= {*NATIVE, "Filter"}


def test_building_the_scores_runs_no_job(frame: Any) -> None:
    tracker = spark_session().sparkContext.statusTracker()
    spark_session().sparkContext.setJobGroup("building", "")
    score_frame(load_chart("news2"), frame)
    assert list(tracker.getJobIdsForGroup("building")) == []
    frame.count()
    assert list(tracker.getJobIdsForGroup("building")) != []  # a job would have been seen
    spark_session().sparkContext.setJobGroup("", "")


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
def test_the_reader_of_plans_sees_python_and_shuffles(frame: Any) -> None:
    from pyspark.sql.functions import udf

    python = frame.mapInArrow(lambda batches: batches, frame.schema)
    assert "MapInArrow" in " ".join(spark_plan(python) - NATIVE)
    assert "EvalPython" in " ".join(spark_plan(frame.select(udf(lambda cell: cell)("bed"))) - NATIVE)
    assert "Exchange" in spark_plan(frame.repartition(3))
    assert "Exchange" in spark_plan(frame.groupBy("bed").count())


def test_names_with_dots_are_names(frame: Any) -> None:
    named = frame.toDF("bed", "pulse.rate", "body `temperature`", "consciousness")
    columns = {"pulse.rate": "heart_rate", "body `temperature`": "temperature"}
    scored = score_frame(load_chart("news2"), named, column_map=ColumnMap(columns=columns))
    assert scored.columns[:5] == [*named.columns, "score_status"]
    assert [row["total_max"] for row in scored.collect()] == [row["total_max"] for row in score_frame(load_chart("news2"), frame).collect()]
    assert spark_plan(scored) <= NATIVE


def test_slow_settings_are_named_with_their_mend(frame: Any) -> None:
    chart, conf = load_chart("news2"), spark_session().conf
    with pytest.warns(UserWarning, match="Spark would score several times slower") as seen:
        score_frame(chart, frame)
    assert seen[0].filename == __file__
    mend = str(seen[0].message).partition(": run ")[2]
    try:
        exec(mend, {"spark": spark_session()})
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            score_frame(chart, frame)
    finally:
        conf.unset("spark.sql.codegen.hugeMethodLimit")
