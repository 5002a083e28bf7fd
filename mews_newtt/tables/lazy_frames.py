"""Lazy frames (Polars, DuckDB, PySpark, Ibis): their scores as expressions that run where the frame runs. Nothing is collected here."""

from __future__ import annotations

import warnings
from typing import Any

import narwhals as nw

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import CompiledChart, compile_chart
from mews_newtt.engines.expressions import PREFIX, score_expressions
from mews_newtt.errors import ColumnError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.result_cells import points_names

NESTED = (nw.List, nw.Array, nw.Struct)
LARGEST_COMPILED = 8000  # bytes of a Java method; larger ones run uncompiled, unless Java has COMPILES_LARGE among its options
COMPILES_LARGE = "-XX:-DontCompileHugeMethods"


def lazy_frame(data: Any) -> nw.LazyFrame[Any] | None:
    """A lazy frame of any kind that narwhals knows; None for everything else."""
    found = nw.from_native(data, pass_through=True)
    return found if isinstance(found, nw.LazyFrame) else None


def score_lazy_frame(chart: Chart, frame: nw.LazyFrame[Any], *, points: bool = False, flags: bool = True, column_map: ColumnMap | None = None) -> Any:
    """The frame with the result columns, as the kind of frame that was given; `score_frame` describes it."""
    column_map = column_map or ColumnMap()
    schema = frame.collect_schema()
    names = schema.names()
    ours = check_columns(names, chart, column_map, added=points_names(chart) if points else ())
    read = {
        our: name for name, our in zip(names, ours, strict=True) if our.removeprefix(SKIP_PREFIX) in chart.by_id and name not in column_map.ignore
    }
    faults = [
        Problem("column_name", f"column {name}", "begins as the columns that scoring adds on the way", "rename it")
        for name in names
        if name.startswith(PREFIX)
    ]
    for our, name in read.items():
        if isinstance(schema[name], NESTED):
            faults.append(Problem("column_kind", f"column {name}", f"holds {schema[name]}, no reading", "give numbers or text"))
        if our in column_map.values or our in column_map.units or column_map.marks(our):
            what = "has a unit, values or marks of its own, which a lazy frame cannot translate"
            faults.append(Problem("column_map", f"column {name}", what, "translate the column first, or collect the frame and use score_table"))
    if faults:
        raise ColumnError(faults)
    if not (frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect()):
        return nw.to_native(score_expressions(_compiled(chart), frame, read, points=points, flags=flags))
    native = nw.to_native(frame)  # Spark takes a dot in a name for a part of a struct
    _warn_where_spark_is_slow(native.sparkSession.conf)
    plain = {name: f"{PREFIX}own_{place}" if "." in name or "`" in name else name for place, name in enumerate(names)}
    frame, read = nw.from_native(native.toDF(*plain.values())), {our: plain[name] for our, name in read.items()}
    scored = nw.to_native(score_expressions(_compiled(chart), frame, read, points=points, flags=flags))
    return scored.toDF(*names, *scored.columns[len(names) :])


def _warn_where_spark_is_slow(conf: Any) -> None:
    """Spark makes one large Java method of a chart. With Spark's own settings Java does not compile it, and scoring takes several times as long."""
    splits = conf.get("spark.sql.codegen.wholeStage") == "false" or int(conf.get("spark.sql.codegen.hugeMethodLimit")) <= LARGEST_COMPILED
    if not splits and COMPILES_LARGE not in (conf.get("spark.executor.extraJavaOptions", "") or ""):
        mend = f'spark.conf.set("spark.sql.codegen.hugeMethodLimit", {LARGEST_COMPILED})'
        warnings.warn(f"Spark would score several times slower than it can, with methods too large for Java to compile: run {mend}", stacklevel=4)


def _compiled(chart: Chart) -> CompiledChart:
    """The compiled chart, made once for each Chart object."""
    made: CompiledChart = chart.memo.get("compiled") or chart.memo.setdefault("compiled", compile_chart(chart))
    return made
