"""Columns as other programs make them: every kind Arrow has is read as the reference reads its values, or refused by name."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from batch_support import assert_same

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import ColumnError, FileError
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.files import score_file
from mews_newtt.tables.table import score_table

NEWS2 = load_chart("news2")
SINGLES = pa.array([36.8, None, 39.1], pa.float32())


def coded(values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 2], pa.int8()), values)


READ = {
    "small decimals": ("temperature", pa.array([Decimal("36.8"), None, Decimal("98.6")], pa.decimal128(4, 1)), None),
    "wide decimals": ("temperature", pa.array([Decimal("36.8"), None, Decimal("39.05")], pa.decimal256(60, 12)), None),
    "runs of numbers": ("heart_rate", pc.run_end_encode(pa.array([80, 80, None, 131, 131])), [80, 80, None, 131, 131]),
    "runs of text": ("consciousness", pc.run_end_encode(pa.array(["alert", None, "voice"])), ["alert", None, "voice"]),
    "coded singles": ("temperature", coded(SINGLES), [np.float32(36.8), None, None, np.float32(39.1)]),
    "coded text with a blank": ("consciousness", coded(pa.array(["alert", None, "voice"])), ["alert", None, None, "voice"]),
    "views of bytes": ("heart_rate", pa.array([b"80", None], pa.binary_view()), None),
    "views of text": ("heart_rate", pa.array([" 80 ", "131", "x", "", None], pa.string_view()), None),
    "moments": ("heart_rate", pa.array([datetime.datetime(2020, 1, 1), None], pa.timestamp("us")), None),
    "lengths of time": ("heart_rate", pa.array([datetime.timedelta(seconds=80), None], pa.duration("s")), None),
    "very large numbers": ("heart_rate", pa.array([80, None, 2**62, -(2**63), 2**53 + 1, 131]), None),
    "numbers for categories": ("spo2_scale", pa.array([1.0, 2.0, None, 1.5, -0.0, 3.0]), None),
}


@pytest.mark.parametrize("kind", READ)
def test_every_kind_is_read_as_the_reference_reads_it(kind: str) -> None:
    name, column, values = READ[kind]
    values = column.to_pylist() if values is None else values
    assert_same(NEWS2, pa.table({name: column}), [{name: value} for value in values])


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[80], None]),
        pa.array([{"value": 80, "unit": "/min"}, None]),
        pa.array([[("value", 80)], None], pa.map_(pa.string(), pa.int64())),
        pa.array([b"0" * 16], pa.uuid()),
    ],
    ids=["lists", "structs", "maps", "somebody's own type"],
)
def test_a_column_that_holds_no_readings_is_refused_by_name(column: pa.Array) -> None:
    with pytest.raises(ColumnError, match=r"column heart_rate: holds .*no reading"):
        score_table(NEWS2, pa.table({"heart_rate": column}))


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.float32(), pa.decimal128(21, 1), pa.string()], ids=str)
def test_a_mark_for_missing_is_known_in_every_kind(kind: pa.DataType) -> None:
    """A column of whole numbers with blanks becomes 99.0 in many programs: it is missing all the same, and never a heart rate of 99."""
    result = score_table(NEWS2, pa.table({"heart_rate": pa.array([99, 80]).cast(kind)}), points=True, column_map=ColumnMap(missing=frozenset(["99"])))
    assert result.column("points_heart_rate").to_pylist() == [None, 0]
    assert result.column("missing").to_pylist()[0].split(";").count("heart_rate") == 1


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()], ids=str)
def test_a_translated_code_is_known_in_every_kind(kind: pa.DataType) -> None:
    translate = ColumnMap(values={"air_or_oxygen": {"1": "oxygen", "2": "air"}})
    result = score_table(NEWS2, pa.table({"air_or_oxygen": pa.array([1, 2]).cast(kind)}), points=True, column_map=translate)
    assert result.column("points_air_or_oxygen").to_pylist() == [2, 0]


def test_an_ignored_column_is_not_read_even_under_a_parameter_s_name() -> None:
    table = pa.table({"heart_rate": [150], "temperature": [36.8]})
    result = score_table(NEWS2, table, column_map=ColumnMap(ignore=frozenset(["heart_rate"])))
    assert "heart_rate" in result.column("missing").to_pylist()[0]
    assert result.column("total_min").to_pylist() == [0]


def test_what_csv_cannot_hold_is_told_before_anything_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.csv"
    pl.DataFrame({"heart_rate": [80], "tags": [[1, 2]]}).write_parquet(source)
    with pytest.raises(FileError, match="column tags: holds lists"):
        score_file(NEWS2, [source], out)
    assert not out.exists()
    score_file(NEWS2, [source], tmp_path / "out.ndjson")
    assert pl.read_ndjson(tmp_path / "out.ndjson")["tags"].to_list() == [[1, 2]]


JSON_LINES: dict[str, tuple[list[str], str]] = {
    "another kind": (['{"heart_rate":80}', '{"heart_rate":true}'], "line 2, column heart_rate: is true or false after a number or text"),
    "a list": (['{"heart_rate":80}', '{"heart_rate":[131]}'], "line 2, column heart_rate: is a list after a number or text"),
    "too large": (['{"heart_rate":80.5}', "", '{"heart_rate":1e400}'], "line 3: is not JSON: 1e400 is not a number"),
    "NaN": (['{"heart_rate":NaN}'], "line 1: is not JSON: NaN is not a number"),
    "no object": (['{"heart_rate":80}', "5"], "line 2: is not a JSON object"),
    "an array": (['[{"heart_rate":80}]'], "line 1: is not a JSON object"),
    "two on a line": (['{"heart_rate":80} {"heart_rate":131}'], "line 1: is not JSON: Extra data"),
    "cut off": (['{"heart_rate":80}', '{"heart_rate":13'], "line 2: is not JSON"),
}


@pytest.mark.parametrize("fault", JSON_LINES)
def test_json_lines_that_are_none_are_placed(fault: str, tmp_path: Path) -> None:
    lines, says = JSON_LINES[fault]
    source = tmp_path / "in.ndjson"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(FileError, match=says):
        score_file(NEWS2, [source], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("number", [2**63, 123456789012345678901234567890])
def test_whole_numbers_of_any_width_stay_whole(number: int, tmp_path: Path) -> None:
    source, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    source.write_text(f'{{"heart_rate":80}}\n{{"heart_rate":{number}}}\n', encoding="utf-8")
    score_file(NEWS2, [source], out, on_bad_row="report")
    found: list[dict[str, Any]] = pl.read_ndjson(out).to_dicts()
    assert [row["score_status"] for row in found] == ["partial", "refused"]
    assert found[1]["error"].startswith(f"heart_rate: {number} is impossible")
