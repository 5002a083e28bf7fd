"""`score_batches`: rows in batches in, scored batches out, one at a time and equal to `score_table`."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet
import pytest
from batch_support import NORMAL, random_columns

from mews_newtt import ColumnError, ColumnMap, ObservationError, charts, load_chart, score_batches, score_frame, score_table

NEWS2 = load_chart("news2")
ROOT = Path(__file__).parents[2]


def table_of(rows: int = 2_500) -> pa.Table:
    """Rows of every kind: complete, partial, refused; with a column that nothing is read from."""
    rng = random.Random(5)
    columns: dict[str, list[Any]] = {"case_id": [f"made-up-{n}" for n in range(rows)], "ward": [None] * rows}
    for name, value in NORMAL.items():
        columns[name] = [None if rng.random() < 0.1 else value for _ in range(rows)]
    columns["temperature"] = [rng.choice((None, 36.8, 36.85, 39.2, 36.799999999, 300.0)) for _ in range(rows)]
    columns["respiratory_rate"] = [rng.choice((None, 18, 25, 8)) for _ in range(rows)]
    return pa.table(columns, schema=pa.schema([(name, _type(name, values)) for name, values in columns.items()]))


def _type(name: str, values: list[Any]) -> pa.DataType:
    return pa.string() if name in ("ward", "case_id") else pa.array(values).type


TABLE = table_of()


def parquet(table: pa.Table, folder: Path) -> Path:
    """Three files of several row groups each; a dataset reads them in the order of their names."""
    each = table.num_rows // 3 + 1
    for number in range(3):
        pyarrow.parquet.write_table(table.slice(number * each, each), folder / f"{number}.parquet", row_group_size=300)
    return folder


SOURCES: dict[str, Callable[[pa.Table, Path], Any]] = {
    "reader": lambda table, _: table.to_reader(max_chunksize=700),
    "reader of one batch": lambda table, _: table.to_reader(),
    "table": lambda table, _: table,
    "batch": lambda table, _: table.combine_chunks().to_batches()[0],
    "dataset": lambda table, folder: pyarrow.dataset.dataset(parquet(table, folder)),
    "filtered dataset": lambda table, folder: pyarrow.dataset.dataset(parquet(table, folder)).filter(pyarrow.dataset.field("case_id") != ""),
    "scanner": lambda table, folder: pyarrow.dataset.dataset(parquet(table, folder)).scanner(batch_size=100),
    "polars lazy": lambda table, folder: pl.scan_parquet(parquet(table, folder) / "*.parquet"),
    "polars": lambda table, _: pl.DataFrame(table),
    "pandas": lambda table, _: table.to_pandas(types_mapper=_arrow_in_pandas),
    "iterator": lambda table, _: iter(table.to_batches(max_chunksize=99)),
    "list": lambda table, _: table.to_batches(max_chunksize=99),
}


def _arrow_in_pandas(kind: pa.DataType) -> Any:
    import pandas

    return pandas.ArrowDtype(kind)


def plain(table: pa.Table) -> pa.Table:
    """Values alone: texts of every kind as text, without metadata."""
    fields = [(f.name, pa.string() if not (pa.types.is_integer(f.type) or pa.types.is_floating(f.type)) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields)).replace_schema_metadata().combine_chunks()


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("kind", SOURCES)
def test_batches_are_scored_as_the_whole_table_is(kind: str, points: bool, tmp_path: Path) -> None:
    whole = score_table(NEWS2, TABLE, points=points)
    reader = score_batches(NEWS2, SOURCES[kind](TABLE, tmp_path), points=points)
    assert isinstance(reader, pa.RecordBatchReader)
    found = reader.read_all()
    assert plain(found).equals(plain(whole))
    assert [found.schema.field(name).type for name in whole.column_names[TABLE.num_columns :]] == whole.schema.types[TABLE.num_columns :]
    assert found.schema.metadata[b"mews_newtt.columns_not_read"] == whole.schema.metadata[b"mews_newtt.columns_not_read"]
    assert {"complete", "partial", "refused"} == set(found.column("score_status").to_pylist())


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_every_chart_in_batches_of_every_size(chart: Any) -> None:
    table, _ = random_columns(chart, 60, random.Random(8))
    whole = score_table(chart, table, points=True)
    for size in (1, 7, 60):
        found = score_batches(chart, table.to_reader(max_chunksize=size), points=True).read_all()
        assert found.schema.equals(whole.schema)
        results = whole.column_names[table.num_columns :]  # what travels through may be NaN, which equals nothing
        assert plain(found.select(results)).equals(plain(whole.select(results))), size


@pytest.mark.parametrize("kind", SOURCES)
def test_no_rows(kind: str, tmp_path: Path) -> None:
    source = SOURCES[kind]((TABLE if kind == "batch" else TABLE.slice(0, 0)), tmp_path)
    if kind == "batch":
        source = source.slice(0, 0)
    found = score_batches(NEWS2, source).read_all()
    assert found.num_rows == 0
    names = score_table(NEWS2, TABLE).column_names
    # An iterable without a batch does not tell which columns there would have been.
    assert found.schema.names == (names[TABLE.num_columns :] if kind in ("iterator", "list") else names)


def test_empty_batches_between_others() -> None:
    empty = TABLE.schema.empty_table().to_batches() or [pa.RecordBatch.from_pylist([], TABLE.schema)]
    parts = [*empty, TABLE.combine_chunks().to_batches()[0], *empty]
    assert plain(score_batches(NEWS2, parts).read_all()).equals(plain(score_table(NEWS2, TABLE)))


def test_a_batch_is_read_when_it_is_asked_for() -> None:
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(TABLE.drop_columns(["ward"]).to_batches(max_chunksize=100)):
            read.append(number)
            yield batch

    schema = TABLE.drop_columns(["ward"]).schema
    reader = score_batches(NEWS2, pa.RecordBatchReader.from_batches(schema, batches()))
    assert read == []
    first = reader.read_next_batch()
    assert (first.num_rows, read) == (100, [0])
    reader.read_next_batch()
    assert read == [0, 1]


def test_unread_columns_are_looked_at_in_the_first_rows_alone() -> None:
    """`pulse-ish` may hold a heart rate: only its values say so, in the first thousand rows, however small the batches are."""
    rows = TABLE.drop_columns(["heart_rate"]).append_column("reading", pa.array([80.0 + n % 40 for n in range(TABLE.num_rows)]))
    whole = score_table(NEWS2, rows)
    reader = score_batches(NEWS2, rows.to_reader(max_chunksize=64))
    said = b"mews_newtt.columns_in_doubt"
    assert reader.schema.metadata[said] == whole.schema.metadata[said] != b"{}"
    assert plain(reader.read_all()).equals(plain(whole))


def test_faults_of_columns_are_said_at_once() -> None:
    def never() -> Iterator[pa.RecordBatch]:
        raise AssertionError("was read")
        yield

    for name, kind, words in (("heart_rte", pa.float64(), "heart_rate"), ("heart_rate", pa.list_(pa.float64()), "no reading")):
        with pytest.raises(ColumnError, match=words):
            score_batches(NEWS2, pa.RecordBatchReader.from_batches(pa.schema([(name, kind), ("temperature", pa.float64())]), never()))


@pytest.mark.parametrize("size", [1, 64, 1000, 5000])
def test_the_first_row_that_cannot_be_scored_by_its_number_in_the_stream(size: int) -> None:
    bad = pa.table({"pulse": ["80"] * 2_345 + ["fast"] + ["80"] * 9 + ["slow"], "temperature": [36.8] * 2_356})
    marks = ColumnMap(columns={"pulse": "heart_rate"})
    reader = score_batches(NEWS2, bad.to_reader(max_chunksize=size), column_map=marks, on_bad_row="error")
    before = [reader.read_next_batch().num_rows for _ in range(2_345 // size)]
    assert sum(before) == 2_345 // size * size
    with pytest.raises(ObservationError) as caught:
        reader.read_next_batch()
    assert str(caught.value).startswith("row 2346, column pulse: 'fast' is not a number")
    assert score_batches(NEWS2, bad.to_reader(), column_map=marks).read_all().column("error").to_pylist()[2_345] == "heart_rate: 'fast' is not a number"


def test_float32_keeps_its_own_digits_in_messages() -> None:
    bad = pa.table({"temperature": pa.array([36.8, 98.6], pa.float32())})
    with pytest.raises(ObservationError, match=r"row 2, column temperature: 98\.6 is impossible"):
        score_batches(NEWS2, bad, on_bad_row="error").read_all()


def test_a_fault_of_the_source_comes_through() -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches(max_chunksize=100)[0]
        raise OSError("the disk is gone")

    reader = score_batches(NEWS2, pa.RecordBatchReader.from_batches(TABLE.schema, broken()))
    with pytest.raises(OSError, match="the disk is gone"):
        reader.read_all()


def test_batches_of_another_schema_are_refused_with_their_place() -> None:
    first = TABLE.to_batches(max_chunksize=100)[0]
    with pytest.raises(ColumnError, match=r"batch 2, from row 101 on: has other columns than the first batch: ward"):
        score_batches(NEWS2, [first, first.drop_columns(["ward"])]).read_all()
    with pytest.raises(ColumnError, match=r"batch 2, from row 101 on: is a dict, not a RecordBatch"):
        score_batches(NEWS2, [first, {"heart_rate": 80}]).read_all()


@pytest.mark.parametrize("data", [80, None, {"heart_rate": [80]}, [{"heart_rate": 80}], "wards.parquet"])
def test_what_has_no_batches_is_refused(data: Any) -> None:
    with pytest.raises(ColumnError, match="RecordBatch"):
        score_batches(NEWS2, data)


def test_an_unknown_way_with_bad_rows() -> None:
    with pytest.raises(ValueError, match="on_bad_row must be 'error' or 'report', not 'skip'"):
        score_batches(NEWS2, TABLE, on_bad_row="skip")  # type: ignore[arg-type]


def test_score_frame_gives_the_same_kind_back(tmp_path: Path) -> None:
    whole = plain(score_table(NEWS2, TABLE))
    dataset = pyarrow.dataset.dataset(parquet(TABLE, tmp_path))
    for source in (TABLE.to_reader(), dataset, dataset.scanner()):
        found = score_frame(NEWS2, source)
        assert isinstance(found, pa.RecordBatchReader)
        assert plain(found.read_all()).equals(whole)


def test_others_read_the_stream(tmp_path: Path) -> None:
    """Each batch has dictionaries of its own: Parquet, Arrow streams, Polars and DuckDB take them; Arrow files take plain text."""
    duckdb = pytest.importorskip("duckdb")
    whole = score_table(NEWS2, TABLE)
    errors = whole.column("error").to_pylist()

    def reader(**options: Any) -> pa.RecordBatchReader:
        return score_batches(NEWS2, TABLE.to_reader(max_chunksize=300), **options)

    pyarrow.dataset.write_dataset(reader(), tmp_path / "scored", format="parquet")
    assert pyarrow.dataset.dataset(tmp_path / "scored").to_table().column("error").to_pylist() == errors
    assert pl.DataFrame(reader()).get_column("error").to_list() == errors
    assert [row[0] for row in duckdb.from_arrow(reader()).project("error").fetchall()] == errors
    with pa.OSFile(str(tmp_path / "scored.arrow"), "wb") as out, pa.ipc.new_file(out, reader(plain_text=True).schema) as file:
        for batch in reader(plain_text=True):
            file.write_batch(batch)
    with pa.OSFile(str(tmp_path / "scored.arrow")) as back:
        assert pa.ipc.open_file(back).read_all().column("error").to_pylist() == errors


MEMORY = """
import resource, sys
import numpy as np, polars as pl, pyarrow as pa, pyarrow.dataset as ds, pyarrow.parquet as pq
import mews_newtt.engines.numba  # it comes with many rows only, and is no part of what they take
from mews_newtt import load_chart, score_batches, score_frame
path, kind = sys.argv[1], sys.argv[2]
chart = load_chart("news2")
def through(reader):
    return sum(batch.num_rows for batch in reader)
if kind == "reader":
    found = through(score_batches(chart, pq.ParquetFile(path).iter_batches(1 << 16)))
elif kind == "dataset":
    found = through(score_frame(chart, ds.dataset(path)))
else:
    found = through(score_batches(chart, pl.scan_parquet(path)))
print(found, next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak(path: Path, kind: str) -> tuple[int, int]:
    """Rows, and the most memory that a process of its own held, in KB."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path), kind], cwd=ROOT, capture_output=True, text=True, check=True)
    rows, memory = map(int, done.stdout.split())
    return rows, memory


@pytest.mark.deep
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize("kind", ["reader", "dataset", "polars lazy"])
def test_memory_does_not_grow_with_the_rows(kind: str, tmp_path: Path) -> None:
    """Twelve million rows are 840 MB as columns of numbers, and three are 210 MB: what is held hangs on the batches alone."""
    numbers = [name for name, value in NORMAL.items() if not isinstance(value, str)]
    part = pa.table({name: pa.array([float(NORMAL[name]) + n % 7 for n in range(100_000)]) for name in numbers} | {"case_id": pa.array([float(n) for n in range(100_000)])})
    found = {}
    for rows in (3_000_000, 12_000_000):
        path = tmp_path / f"{rows}.parquet"
        with pyarrow.parquet.ParquetWriter(path, part.schema) as writer:
            for _ in range(rows // part.num_rows):
                writer.write_table(part)
        seen, found[rows] = peak(path, kind)
        assert seen == rows
    assert found[12_000_000] - found[3_000_000] < 100_000, found
