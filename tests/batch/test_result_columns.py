"""What programs downstream do with the results: levels have an order, types follow from the chart alone, names are never shared with the input."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt import charts, load_chart, result_schema, score_file, score_frame, score_table
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ColumnError
from mews_newtt.tables.plain import score_csv

NEWS2 = load_chart("news2")
SHIPPED = [load_chart(chart.id, chart.version) for chart in charts()]
CALM = {"respiratory_rate": 16.0, "oxygen_saturation": 97.0, "air_or_oxygen": "air", "systolic_bp": 120.0, "heart_rate": 70.0,
        "consciousness": "alert", "temperature": 37.0}  # fmt: skip
ROWS = {
    "calm": [CALM],
    "partial": [CALM, {**CALM, "heart_rate": None}],
    "refused": [CALM, {**CALM, "heart_rate": 5000.0}, {**CALM, "respiratory_rate": 30.0, "heart_rate": 140.0, "systolic_bp": 80.0}],
    "nothing": [],
}
SCHEMA = pa.schema([(name, pa.string() if isinstance(value, str) else pa.float64()) for name, value in CALM.items()])


def table(kind: str) -> pa.Table:
    return pa.Table.from_pylist(ROWS[kind], SCHEMA)


def test_the_highest_level_of_some_rows_is_the_highest() -> None:
    """As text `routine` comes last; every program has the rank, and Arrow, Polars and pandas know the order."""
    import duckdb
    import pandas

    rows = table("refused")
    scored = score_table(NEWS2, rows)
    assert scored.column("level").to_pylist() == ["routine", None, "high"]
    assert scored.column("level_rank").to_pylist() == [0, None, 4]
    assert scored.column("level_max_rank").to_pylist() == [0, None, 4]
    assert duckdb.sql("select max(level_rank) from scored").fetchall() == [(4,)]
    assert scored.schema.field("level").type.ordered and scored.schema.field("level_max").type.ordered
    frame: pl.DataFrame = score_frame(NEWS2, pl.DataFrame(rows))
    assert frame["level"].max() == "high"
    assert frame.schema["level_max"] == pl.Enum([level.id for level in NEWS2.levels])
    theirs: Any = score_frame(NEWS2, pandas.DataFrame(rows.to_pandas()))
    assert theirs["level"].max() == "high"
    assert theirs["level"].cat.categories.tolist() == [level.id for level in NEWS2.levels]


@pytest.mark.parametrize("chart", SHIPPED, ids=lambda chart: f"{chart.id} {chart.version}")
def test_the_rank_is_the_place_of_the_level(chart: Chart) -> None:
    name = chart.parameters[0].id
    scored = score_table(chart, pa.table({name: ["?", None]}))
    for level, rank in (("level", "level_rank"), ("level_max", "level_max_rank")):
        ids = [one.id for one in chart.levels]
        assert scored.column(rank).to_pylist() == [None if one is None else ids.index(one) for one in scored.column(level).to_pylist()]
        assert scored.schema.field(rank).type == pa.int8()


@pytest.mark.parametrize("points", [False, True])
def test_types_never_hang_on_the_rows(points: bool) -> None:
    arrow = {kind: score_table(NEWS2, table(kind), points=points).schema for kind in ROWS}
    polars = {kind: score_frame(NEWS2, pl.DataFrame(table(kind)), points=points).schema for kind in ROWS}
    assert all(found == arrow["calm"] for found in arrow.values())
    assert all(found == polars["calm"] for found in polars.values())
    results = {}
    for kind in ROWS:
        found: Any = score_frame(NEWS2, table(kind).to_pandas(), points=points)
        results[kind] = found.drop(columns=list(CALM)).dtypes.to_dict()
    assert all(found == results["calm"] for found in results.values())
    assert {str(results["calm"][name]) for name in ("total", "total_min", "total_max")} == {"Int16"}
    assert {str(results["calm"][name]) for name in ("level_rank", "level_max_rank")} == {"Int8"}


@pytest.mark.parametrize("chart", SHIPPED, ids=lambda chart: f"{chart.id} {chart.version}")
@pytest.mark.parametrize("options", [{}, {"points": True}, {"flags": False}], ids=str)
def test_plain_text_has_the_schema_that_was_promised(chart: Chart, options: dict[str, bool]) -> None:
    """Spark's mapInArrow wants the types beforehand, and no dictionary."""
    rows = pa.table({chart.parameters[0].id: ["?", None]})
    scored = score_table(chart, rows, plain_text=True, **options)
    assert pa.schema([*rows.schema, *result_schema(chart, **options)]) == scored.schema
    assert not any(pa.types.is_dictionary(field.type) for field in scored.schema)
    assert scored.to_pylist() == score_table(chart, rows, **options).to_pylist()


def test_parquet_keeps_the_order_of_levels(tmp_path: Any) -> None:
    pl.DataFrame(table("refused")).write_parquet(tmp_path / "in.parquet")
    score_file(NEWS2, tmp_path / "in.parquet", tmp_path / "out.parquet", on_bad_row="report")
    assert pl.read_parquet(tmp_path / "out.parquet")["level"].max() == "high"
    assert pq.read_table(tmp_path / "out.parquet").column("level_rank").to_pylist() == [0, None, 4]


@pytest.mark.parametrize("name", ["points_heart_rate", "level_rank", "total"])
def test_a_result_never_mixes_with_a_column_of_that_name(name: str, tmp_path: Any) -> None:
    """A caller's column was once kept in place of ours: the points of somebody else beside our total."""
    import mews_newtt.batch.polars_namespace  # noqa: F401 - registers the namespace

    frame: Any = pl.DataFrame({"heart_rate": [140], name: [0]})
    ways = [
        lambda: score_table(NEWS2, frame, points=True),
        lambda: score_frame(NEWS2, frame, points=True),
        lambda: score_frame(NEWS2, frame.to_pandas(), points=True),
        lambda: frame.mews_newtt.score(NEWS2, points=True),
        lambda: frame.lazy().mews_newtt.score(NEWS2, points=True),
        lambda: score_csv(NEWS2, io.BytesIO(frame.write_csv().encode()), io.StringIO(), points=True),
    ]
    for way in ways:
        with pytest.raises(ColumnError, match=f"column {name}: has the name of a result column"):
            way()


def test_points_that_were_not_asked_for_are_the_caller_s_own() -> None:
    scored = score_table(NEWS2, pa.table({"heart_rate": [140], "points_heart_rate": [7]}))
    assert scored.column("points_heart_rate").to_pylist() == [7]


def test_a_second_chart_on_a_scored_table_is_refused_with_all_names() -> None:
    scored = score_table(NEWS2, table("calm"), points=True)
    with pytest.raises(ColumnError) as fault:
        score_table(load_chart("npews"), scored, points=True)
    taken = {problem.where.removeprefix("column ") for problem in fault.value.problems}
    assert {"score_status", "total", "level", "level_rank", "error", "points_heart_rate"} <= taken


@pytest.mark.parametrize("name", ["reasons", "warnings"])
def test_reasons_in_words_have_their_own_columns(name: str) -> None:
    text = f"heart_rate,{name}\n80,mine\n".encode()
    with pytest.raises(ColumnError, match=f"column {name}"):
        score_csv(NEWS2, io.BytesIO(text), io.StringIO(), explain=True)
    score_csv(NEWS2, io.BytesIO(text), io.StringIO())


@pytest.mark.parametrize("name", ["bed", "heart_rate", None])
def test_a_pandas_frame_keeps_its_index_and_gains_only_results(name: str | None) -> None:
    import pandas

    frame = pandas.DataFrame({"temperature": [36.8, 39.5]}, index=pandas.Index([140, 80], name=name))
    found: Any = score_frame(NEWS2, frame)
    assert found.index.equals(frame.index) and found.index.name == name
    assert list(found.columns) == ["temperature", *result_schema(NEWS2).names]
    assert found["total_min"].tolist() == ([3, 2] if name == "heart_rate" else [0, 2])
