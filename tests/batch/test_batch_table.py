"""`score_table` as people call it: their frames, their column types, their slips; and the traps that others fell into."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from batch_support import assert_same

from mews_newtt.batch import kernels
from mews_newtt.batch.table import score_frame, score_table
from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import ColumnError
from mews_newtt.scoring.columns import ColumnMap

ROW = {
    "respiratory_rate": 18,
    "oxygen_saturation": 96,
    "air_or_oxygen": "air",
    "systolic_bp": 120,
    "heart_rate": 80,
    "consciousness": "alert",
    "temperature": 36.8,
    "spo2_scale": "1",
}


@pytest.fixture
def table() -> pa.Table:
    return pa.table({name: [value] * 3 for name, value in ROW.items()})


def test_float32_keeps_a_reading_at_its_edge() -> None:
    values = [35.0, 35.1, 36.0, 36.1, 38.0, 38.1, 39.0, 39.1]
    both = [
        score_table(load_chart("news2"), pa.table({"temperature": pa.array(values, kind)}), points=True).column("points_temperature").to_pylist()
        for kind in (pa.float32(), pa.float64())
    ]
    assert both[0] == both[1]


@pytest.mark.parametrize("nothing", ["", " ", "nan", "NULL", None])
def test_empty_text_is_missing_and_missing_is_never_normal(table: pa.Table, nothing: str | None) -> None:
    place = table.column_names.index("consciousness")
    result = score_table(load_chart("news2"), table.set_column(place, "consciousness", pa.array([nothing] * 3, pa.string())))
    assert result.column("missing").to_pylist() == ["consciousness"] * 3
    assert result.column("total").null_count == 3
    assert result.column("score_status").to_pylist() == ["partial"] * 3


def test_one_set_of_compile_options() -> None:
    """Numba's disk cache leaves options out of its key: one function name, one set of options."""
    source = inspect.getsource(kernels)
    assert set(re.findall(r"@njit\((.*)\)", source)) == {"nogil=True, cache=True"}
    assert "parallel" not in source
    assert "fastmath" not in source


def test_no_clinical_number_in_kernels() -> None:
    allowed = {"0", "0.5", "1", "2", "3", "4", "5", "6", "7", "8", "16", "15", "17", "32", "52", "64", "1e15", "1e18", "1.5", "0.0", "1.0"}
    for name in ("kernels", "numbering", "steps", "layout", "program", "careful"):
        code = re.sub(r'"""[\s\S]*?"""|#.*|"[^"\n]*"', "", (Path(kernels.__file__).parent / f"{name}.py").read_text("utf-8"))
        found = set(re.findall(r"(?<![\w.])\d[\d.e]*(?!\w)", code)) - allowed
        assert found <= {"2048", "256", "12", "31", "62", "6755399441055744.0", "0x9E3779B1"}, (name, found)


def test_frames_come_back_as_their_own_kind(table: pa.Table) -> None:
    import pandas
    import polars

    chart = load_chart("news2")
    expected = score_table(chart, table)
    from_polars = score_frame(chart, polars.from_arrow(table))
    assert isinstance(from_polars, polars.DataFrame)
    assert from_polars["total"].to_list() == expected.column("total").to_pylist()
    from_pandas = score_frame(chart, table.to_pandas())
    assert isinstance(from_pandas, pandas.DataFrame)
    assert from_pandas["level"].tolist() == expected.column("level").to_pylist()


def test_polars_categories_and_duckdb_relations(table: pa.Table) -> None:
    import duckdb
    import polars

    chart = load_chart("news2")
    frame = polars.from_arrow(table).with_columns(polars.col("air_or_oxygen", "consciousness").cast(polars.Categorical))
    assert_same(chart, pa.table(frame), [ROW] * 3)
    relation = duckdb.connect().from_arrow(table)
    assert_same(chart, pa.table(relation), [ROW] * 3)


def test_other_columns_travel_and_slips_are_named(table: pa.Table) -> None:
    chart = load_chart("news2")
    result = score_table(chart, table.append_column("ward", pa.array(["A", "B", "C"])))
    assert result.column("ward").to_pylist() == ["A", "B", "C"]
    with pytest.raises(ColumnError, match="respiratory_rate"):
        score_table(chart, table.rename_columns(["resp_rate", *table.column_names[1:]]))
    with pytest.raises(ColumnError, match="result column"):
        score_table(chart, table.append_column("flags", pa.array([1, 2, 3])))


def test_a_map_renames_translates_and_converts(table: pa.Table) -> None:
    chart = load_chart("news2")
    theirs = table.rename_columns([{"temperature": "T", "consciousness": "avpu"}.get(name, name) for name in table.column_names])
    theirs = theirs.set_column(theirs.column_names.index("T"), "T", pa.array([98.24, 98.24, None]))
    theirs = theirs.set_column(theirs.column_names.index("avpu"), "avpu", pa.array(["fine", "V", "-"]))
    column_map = ColumnMap(
        {"T": "temperature", "avpu": "consciousness"}, {"consciousness": {"fine": "alert"}}, {"temperature": "[degF]"}, missing=frozenset("-")
    )
    result = score_table(chart, theirs, column_map=column_map)
    assert result.column("total").to_pylist() == [0, 3, None]
    assert result.column("missing").to_pylist() == ["", "", "consciousness;temperature"]
    assert "converted:temperature" in result.column("flags").to_pylist()[0]


def test_refused_rows_say_why_and_stop_nothing(table: pa.Table) -> None:
    chart = load_chart("news2")
    place = table.column_names.index("oxygen_saturation")
    bad = table.set_column(place, "oxygen_saturation", pa.array([96, 101, None]))
    result = score_table(chart, bad)
    assert result.column("score_status").to_pylist() == ["complete", "refused", "partial"]
    assert result.column("error").to_pylist()[1].startswith("oxygen_saturation: 101 is impossible")
    assert result.column("total_min").to_pylist()[1] is None


def test_many_refused_rows() -> None:
    rates = np.tile([10.0, 5000.0], 5000)
    result = score_table(load_chart("news2"), pa.table({"heart_rate": rates}))
    assert result.column("score_status").to_pylist() == ["partial", "refused"] * 5000


def test_flags_can_be_left_out(table: pa.Table) -> None:
    assert "flags" not in score_table(load_chart("news2"), table, flags=False).column_names


def test_odd_kinds_of_columns() -> None:
    import datetime

    chart = load_chart("newtt2")
    assert_same(chart, pa.table({"grunting": [True, False, None]}), [{"grunting": True}, {"grunting": False}, {}])
    assert_same(chart, pa.table({"grunting": pa.array([1, 0, 7, None], pa.int16())}), [{"grunting": 1}, {"grunting": 0}, {"grunting": 7}, {}])
    assert_same(chart, pa.table({"grunting": [1.0, 0.0, 0.5]}), [{"grunting": 1.0}, {"grunting": 0.0}, {"grunting": 0.5}])
    assert_same(chart, pa.table({"heart_rate": [True]}), [{"heart_rate": True}])
    for value in (float("inf"), -float("inf"), 1e300, -0.0, 2.0**63):
        assert_same(chart, pa.table({"heart_rate": [value]}), [{"heart_rate": value}])
    for kind in (pa.uint16(), pa.uint32(), pa.uint64(), pa.int8()):
        assert_same(chart, pa.table({"heart_rate": pa.array([120, None], kind)}), [{"heart_rate": 120}, {}])
    day = datetime.date(2020, 1, 1)
    assert_same(chart, pa.table({"heart_rate": [day]}), [{"heart_rate": day}])
