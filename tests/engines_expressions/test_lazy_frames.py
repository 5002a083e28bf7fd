"""`score_frame` on lazy frames: the same kind out, nothing collected, and nothing passed over."""

from __future__ import annotations

from typing import Any

import dask.dataframe
import duckdb
import ibis
import polars as pl
import pyarrow as pa
import pytest

from mews_newtt import load_chart, result_schema, score_frame
from mews_newtt.errors import ColumnError
from mews_newtt.reading.columns import ColumnMap
from tests.every_engine import reference_row

NEWS2 = load_chart("news2")
ROWS = pl.DataFrame(
    {
        "bed": ["A1", "A2", "A3", "A4", "A5"],
        "respiratory_rate": [12.0, None, 30.0, 25.0, float("nan")],
        "oxygen_saturation": [97, 91, 300, 94, 96],
        "spo2_scale": ["1", "2", "1", None, " 1 "],
        "air_or_oxygen": ["air", "Oxygen", "AIR", "o2", None],
        "temperature": [36.8, 39.2, 37.0, 36.799999, 35.05],
        "systolic_bp": ["120", "90", "100", "220", " "],
        "heart_rate": [80, 131, 90, 41, 90],
        "consciousness": ["alert", "V", "alert", "unresponsive", "alert"],
        "skip_consciousness": [None, None, None, None, ""],
    }
)
OWN = [name for name in ROWS.columns if name != "bed"]


def wanted() -> list[dict[str, Any]]:
    return [reference_row(NEWS2, {name: row[name] for name in OWN}) for row in ROWS.to_dicts()]


def check(found: list[dict[str, Any]]) -> None:
    for got, want in zip(found, wanted(), strict=True):
        assert {name: got[name] for name in want if name != "error"} == {name: cell for name, cell in want.items() if name != "error"}
        assert bool(got["error"]) == bool(want["error"])


@pytest.mark.parametrize("way", ["in-memory", "streaming"])
def test_polars(way: Any) -> None:
    scored = score_frame(NEWS2, ROWS.lazy(), points=True)
    assert isinstance(scored, pl.LazyFrame)
    check(scored.collect(engine=way).to_dicts())


def test_nothing_is_collected() -> None:
    def run(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("the frame was collected")

    scored = score_frame(NEWS2, ROWS.lazy().map_batches(run, schema=ROWS.schema))
    with pytest.raises(Exception, match="the frame was collected"):
        scored.collect()


def test_filters_and_projections_pass_through() -> None:
    scored = score_frame(NEWS2, ROWS.lazy())
    assert scored.filter(pl.col("bed") == "A4").select("bed", "total").collect().to_dicts() == [{"bed": "A4", "total": wanted()[3]["total"]}]
    assert 'FILTER col("bed")' not in scored.filter(pl.col("bed") == "A4").explain().partition("WITH_COLUMNS")[0]  # it moved down to the rows
    assert "temperature" not in scored.select("bed").explain().replace("PROJECT", "")


def test_duckdb() -> None:
    connection = duckdb.connect()
    kinds = {pl.String: pa.string(), pl.Float64: pa.float64(), pl.Int64: pa.int64()}
    table = ROWS.to_arrow().cast(pa.schema([(name, kinds[type(kind)]) for name, kind in ROWS.schema.items()]))
    scored = score_frame(NEWS2, connection.from_arrow(table), points=True)
    assert type(scored) is type(connection.sql("select 1"))
    check(scored.to_arrow_table().to_pylist())
    assert scored.filter("total_min >= 7").aggregate("count(*)").fetchall() == [(sum((row["total_min"] or 0) >= 7 for row in wanted()),)]


@pytest.mark.filterwarnings("ignore")
def test_dask_scores_every_partition_as_a_pandas_frame() -> None:
    frame = dask.dataframe.from_pandas(ROWS.to_pandas(), npartitions=2)
    scored = score_frame(NEWS2, frame, points=True)
    assert type(scored) is type(frame)
    found = pa.Table.from_pandas(scored.compute(), preserve_index=False).to_pylist()
    assert [row["error"] for row in found] == [row["error"] for row in wanted()]
    check(found)


@pytest.mark.filterwarnings("ignore")
def test_ibis() -> None:
    scored = score_frame(NEWS2, ibis.memtable(ROWS.to_pandas()), points=True)
    check(scored.to_pyarrow().to_pylist())


def test_types_are_those_of_the_result_schema() -> None:
    schema = score_frame(NEWS2, ROWS.lazy(), points=True).collect_schema()
    small = {pa.int8(): pl.Int8, pa.int16(): pl.Int16, pa.string(): pl.String}
    expected = result_schema(NEWS2, points=True)
    assert list(schema)[len(ROWS.columns) :] == expected.names
    assert {name: schema[name] for name in expected.names} == {field.name: small[field.type] for field in expected}
    assert "flags" not in score_frame(NEWS2, ROWS.lazy(), flags=False).collect_schema()


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("heart_rat", "column heart_rat: looks like heart_rate"),
        ("total", "column total: has the name of a result column"),
        ("__mews_newtt_x", "column __mews_newtt_x: begins as the columns"),
    ],
)
def test_columns_are_checked_before_anything_runs(column: str, says: str) -> None:
    frame = ROWS.lazy().drop("heart_rate").with_columns(pl.lit(1).alias(column))
    with pytest.raises(ColumnError, match=says):
        score_frame(NEWS2, frame)


def test_what_a_lazy_frame_cannot_translate_is_refused_by_name() -> None:
    with pytest.raises(ColumnError, match="column temperature: has a unit, values or marks"):
        score_frame(NEWS2, ROWS.lazy(), column_map=ColumnMap(units={"temperature": "[degF]"}))
    with pytest.raises(ColumnError, match="column heart_rate: holds List"):
        score_frame(NEWS2, ROWS.lazy().with_columns(heart_rate=pl.lit([1])))


def test_names_are_mapped_and_ignored() -> None:
    frame = ROWS.lazy().rename({"heart_rate": "pulse"})
    scored = score_frame(NEWS2, frame, column_map=ColumnMap(columns={"pulse": "heart_rate"})).collect()
    assert scored["total_min"].to_list() == score_frame(NEWS2, ROWS.lazy()).collect()["total_min"].to_list()
    left = score_frame(NEWS2, ROWS.lazy(), column_map=ColumnMap(ignore=frozenset(["heart_rate"]))).collect()
    assert "heart_rate" in left["missing"][0]


@pytest.mark.parametrize("cell", ["98.6 F", "1e2", "+80", "８０", "80,5", "<40", "80\u00a0"])
def test_odd_text_is_refused_and_named(cell: str) -> None:
    row = score_frame(NEWS2, pl.LazyFrame({"heart_rate": [cell]})).collect().to_dicts()[0]
    assert row["score_status"] == "refused"
    assert row["error"].startswith("heart_rate: cannot be scored")
    assert row["total_max"] is None


def test_times_are_no_readings() -> None:
    frame = pl.LazyFrame({"heart_rate": [None, 5]}).with_columns(pl.col("heart_rate").cast(pl.Duration("us")))
    assert score_frame(NEWS2, frame).collect()["score_status"].to_list() == ["partial", "refused"]


def test_pressures_that_floats_cannot_tell_apart_are_refused_and_not_flagged_by_chance() -> None:
    """80.35 is one decimal in float32 and float64, and two numbers: which is above which, only the decimals say."""
    chart = load_chart("mews", "0.2")
    for upper, lower, told in ((80.35, 80.35, False), (80.36, 80.35, True), (80.0, 80.0, True), (80.35, 80.3500001, False)):
        frame = pl.DataFrame({"systolic_bp": [upper], "diastolic_bp": [lower]}, schema={"systolic_bp": pl.Float32, "diastolic_bp": pl.Float64})
        row = score_frame(chart, frame.lazy()).collect().to_dicts()[0]
        eager = score_frame(chart, frame).to_dicts()[0]
        if told:
            assert row == eager
        else:
            assert (row["score_status"], row["error"]) == ("refused", "systolic_bp: cannot be scored; score_table gives the reason")
    both = pl.DataFrame({"systolic_bp": [80.35], "diastolic_bp": [80.35]}, schema={"systolic_bp": pl.Float32, "diastolic_bp": pl.Float32})
    assert "not_above:systolic_bp" in score_frame(chart, both.lazy()).collect().to_dicts()[0]["flags"]
