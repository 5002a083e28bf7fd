"""`score_table` as people call it: their frames, their column types, their slips. The traps that others fell into: `test_traps.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from batch_support import NORMAL, assert_same

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import ColumnError
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.table import score_frame, score_table


@pytest.fixture
def table() -> pa.Table:
    return pa.table({name: [value] * 3 for name, value in NORMAL.items()})


def test_frames_come_back_as_their_own_kind(table: pa.Table) -> None:
    import pandas
    import polars

    chart = load_chart("news2")
    expected = score_table(chart, table)
    frame = polars.from_arrow(table)
    from_polars = score_frame(chart, frame)
    assert isinstance(from_polars, polars.DataFrame)
    assert from_polars.columns == expected.column_names
    assert from_polars["total"].to_list() == expected.column("total").to_pylist()
    assert from_polars.select(frame.columns).equals(frame)
    theirs = table.to_pandas().set_index(pandas.Index([7, 3, 5], name="bed"))
    from_pandas = score_frame(chart, theirs)
    assert isinstance(from_pandas, pandas.DataFrame)
    assert from_pandas.index.equals(theirs.index)
    assert from_pandas["level"].tolist() == expected.column("level").to_pylist()
    assert isinstance(score_frame(chart, table), pa.Table)


def test_polars_frames_score_themselves(table: pa.Table, tmp_path: Path) -> None:
    """The namespace, eager, lazy and streaming; a whole frame's own buffers are handed on and kept."""
    import polars

    import mews_newtt.batch.polars_namespace  # noqa: F401 - registers the namespace

    chart = load_chart("news2")
    frame = polars.concat([polars.from_arrow(table.slice(0, 1)).with_columns(heart_rate=polars.lit(rate)) for rate in range(40, 180)])
    expected = score_table(chart, frame, points=True)
    eager = frame.mews_newtt.score(chart, points=True)
    assert eager.columns == expected.column_names
    assert eager["level_max"].to_list() == expected.column("level_max").to_pylist()
    assert eager["points_heart_rate"].to_list() == expected.column("points_heart_rate").to_pylist()
    frame = frame.rechunk()
    kept = frame.mews_newtt.score(chart)
    for name in ("temperature", "heart_rate"):
        before, after = (pa.table(one.select(name)).column(name).chunk(0).buffers()[1] for one in (frame, kept))
        assert before.address == after.address
    frame.write_parquet(tmp_path / "in.parquet")
    lazy = polars.scan_parquet(tmp_path / "in.parquet").mews_newtt.score(chart, flags=False)
    assert lazy.collect_schema()["total"] == polars.Int16
    assert lazy.collect(engine="streaming")["total"].to_list() == expected.column("total").to_pylist()
    lazy.sink_parquet(tmp_path / "out.parquet")
    assert polars.read_parquet(tmp_path / "out.parquet")["level"].to_list() == expected.column("level").to_pylist()
    with pytest.raises(ColumnError, match="heart_rate"):
        frame.rename({"heart_rate": "heart_rat"}).lazy().mews_newtt.score(chart)


def test_polars_categories_and_duckdb_relations(table: pa.Table) -> None:
    import duckdb
    import polars

    chart = load_chart("news2")
    frame = polars.from_arrow(table).with_columns(polars.col("air_or_oxygen", "consciousness").cast(polars.Categorical))
    assert_same(chart, pa.table(frame), [NORMAL] * 3)
    relation = duckdb.connect().from_arrow(table)
    assert_same(chart, pa.table(relation), [NORMAL] * 3)


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


@pytest.mark.parametrize("kind", [pa.int8(), pa.int16(), pa.int64(), pa.uint16()])
def test_dictionaries_of_any_width_beside_readings_between_steps(kind: pa.DataType) -> None:
    chart = load_chart("news2")
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0], kind), pa.array(["air", "oxygen"]))
    table = pa.table({"air_or_oxygen": codes, "temperature": [36.85, 36.8, 36.85, 99.0]})
    assert_same(chart, table, [dict(zip(table.column_names, row.values(), strict=True)) for row in table.to_pylist()])


def test_words_of_many_different_refusals() -> None:
    """Each distinct way to be refused is worded once, and lands on its own rows."""
    chart = load_chart("npews")
    rates = pa.array([5000.0 + place % 7 if place % 3 else None for place in range(300)])
    groups = pa.array([("adult", "?", None, "child")[place % 4] for place in range(300)])
    percent = pa.array([40.0 if place % 5 == 0 else None for place in range(300)], pa.float32())
    flow = pa.array([2 if place % 10 == 0 else None for place in range(300)], pa.int16())
    table = pa.table({"heart_rate": rates, "patient_group": groups, "oxygen_percent": percent, "oxygen_flow": flow})
    rows = table.to_pylist()
    for row in rows:
        row["oxygen_percent"] = None if row["oxygen_percent"] is None else np.float32(row["oxygen_percent"])
    assert_same(chart, table, rows)
    assert len(set(score_table(chart, table).column("error").to_pylist())) > 10
