"""The kinds of frames that expressions run on: how a table becomes one, and how its scores come back as rows."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import narwhals as nw
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import compile_chart
from mews_newtt.engines.expressions import FAULTY, ODD_COLUMN, score_expressions
from tests.every_engine import reference_row

Rows = list[dict[str, Any]]


def _polars(table: pa.Table) -> Any:
    return pl.from_arrow(table)


def _lazy(table: pa.Table) -> Any:
    return _polars(table).lazy()


def _pandas(table: pa.Table) -> Any:
    return plain(table).to_pandas()


def _pandas_arrow(table: pa.Table) -> Any:
    import pandas

    return plain(table).to_pandas(types_mapper=pandas.ArrowDtype)


def _pyarrow(table: pa.Table) -> Any:
    return table


def _duckdb(table: pa.Table) -> Any:
    import duckdb

    return duckdb.connect().from_arrow(plain(table))


def _ibis(table: pa.Table) -> Any:
    import ibis

    return ibis.memtable(plain(table))


def _spark(table: pa.Table) -> Any:
    """From a Parquet file: Spark would work out the rows of a frame in the driver's memory while it plans, without its generated code."""
    path = Path(_folder().name) / f"{uuid4().hex}.parquet"
    pq.write_table(plain(table), path)
    return spark_session().read.parquet(str(path))


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="mews-newtt-spark-")


NATIVE = {"AdaptiveSparkPlan", "ColumnarToRow", "FileScan", "Project"}  # what a plan that reads Parquet and scores it may consist of
PLAN_NODE = re.compile(r"^[\s:+\-|]*(?:\*\(\d+\) )?(\w+)", re.M)


def spark_plan(frame: Any) -> set[str]:
    """The kinds of nodes in the physical plan of a Spark frame."""
    return set(PLAN_NODE.findall(frame._jdf.queryExecution().executedPlan().toString()))


@cache
def spark_session() -> Any:
    """Spark in this process and on this machine alone."""
    import pyspark
    from pyspark.sql import SparkSession

    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(Path(pyspark.__file__).parent), "PYSPARK_PYTHON": sys.executable}
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.memory": "3g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


FRAMES: Mapping[str, Callable[[pa.Table], Any]] = {
    "polars": _polars,
    "polars lazy": _lazy,
    "polars streaming": _lazy,
    "pandas": _pandas,
    "pandas arrow": _pandas_arrow,
    "pyarrow": _pyarrow,
    "duckdb": _duckdb,
    "ibis": _ibis,
    "spark": _spark,
}


def plain(table: pa.Table) -> pa.Table:
    """A table of kinds that every backend knows."""
    kinds = {pa.string_view(): pa.string(), pa.large_string(): pa.string(), pa.uint8(): pa.int16()}
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        kind = pa.string() if pa.types.is_dictionary(column.type) else kinds.get(column.type, column.type)
        if not pa.types.is_float16(kind):
            columns[name] = column.cast(kind)
    return pa.table(columns)


def collected(kind: str, frame: Any) -> Rows:
    """The rows of a scored frame; NaN, which pandas has for nothing, as None."""
    if kind == "polars streaming":
        found = frame.collect(engine="streaming").to_dicts()
    elif kind == "spark":
        assert spark_plan(frame) <= NATIVE
        found = [row.asDict() for row in frame.collect()]
    elif kind == "ibis":
        found = frame.to_pyarrow().to_pylist()
    else:
        eager = nw.from_native(frame)
        found = (eager.collect() if isinstance(eager, nw.LazyFrame) else eager).to_arrow().to_pylist()
    return [{name: None if value != value else value for name, value in row.items()} for row in found]


def check_rows(kind: str, chart: Chart, table: pa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Score a table on a backend and compare every row with the reference. Returns how many rows were odd: those are refused, and not compared."""
    if kind not in ("polars", "polars lazy", "polars streaming", "pyarrow"):
        table = plain(table)
    rows = [{name: cell for name, cell in row.items() if name in table.column_names} for row in rows]
    read = {name: name for name in table.column_names if name.removeprefix("skip_") in chart.by_id}
    frame = nw.from_native(FRAMES[kind](table))
    found = collected(kind, nw.to_native(score_expressions(compile_chart(chart), frame, read, points=True, details=True)))
    return check_found(kind, chart, found, rows)


def check_found(kind: str, chart: Chart, found: Rows, rows: Sequence[Mapping[str, Any]]) -> int:
    """Compare scored rows, points and details included, with the reference. Returns how many rows were odd."""
    assert len(found) == len(rows)
    odd = 0
    for got, row in zip(found, rows, strict=True):
        wanted = reference_row(chart, row)
        if got[ODD_COLUMN]:
            odd += 1
            assert (got["score_status"], got["total_min"], got["level"]) == ("refused", None, None)
            assert got["error"] != ""
            continue
        assert {name: got[name] for name in wanted if name != "error"} == {name: cell for name, cell in wanted.items() if name != "error"}, (
            kind,
            row,
        )
        assert (got["error"] == "") == (wanted["error"] == ""), (kind, row)
        assert any(got[FAULTY + name] for name in chart.by_id) <= (wanted["error"] != "")
    return odd
