"""Small files that become large: counted as text before they are unpacked, and refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt.errors import FileError
from mews_newtt_service.jobs.inputs import input_file
from mews_newtt_service.jobs.parquet_size import CELL_BYTES, bytes_as_text, text_columns
from mews_newtt_service.settings import Settings

ROWS = 20_000
MIB = 1 << 20
SMALL_FILES = {
    "one text, many times": pa.table({"heart_rate": pa.array([80] * ROWS), "note": pa.array(["x" * 1_000] * ROWS)}),
    "one text, as a dictionary": pa.table({"note": pa.array(["x" * 1_000] * ROWS).dictionary_encode()}),
    "one row of bytes": pa.table({"note": pa.array([b"x" * 1_000] * ROWS, pa.large_binary())}),
    "bytes of one length": pa.table({"note": pa.array([b"x" * 1_000] * ROWS, pa.binary(1_000))}),
    "one text, in lists": pa.table({"note": pa.array([["x" * 1_000]] * ROWS)}),
    "one text, in structures": pa.table({"note": pa.array([{"a": [{"b": "x" * 1_000}]}] * ROWS)}),
    "one number, in very many columns": pa.table({f"c{place}": pa.array([1] * ROWS, pa.int8()) for place in range(150)}),
}


def written(folder: Path, table: pa.Table) -> Path:
    path = folder / "input.parquet"
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_small_parquet_file_that_is_large_as_text_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, SMALL_FILES[name])
    assert path.stat().st_size < 100_000
    settings = Settings(data_folder=tmp_path, unpacked_bytes=4 * MIB)
    with pytest.raises(FileError) as refused:
        input_file(tmp_path, {"input": path.name, "name": "mine.parquet"}, settings)
    assert refused.value.problems[0].code == "unpacked_too_large"
    assert input_file(tmp_path, {"input": path.name, "name": "mine.parquet"}, Settings(data_folder=tmp_path, unpacked_bytes=64 * MIB)) == path


def test_the_size_as_text_counts_each_repeat_and_no_null(tmp_path: Path) -> None:
    path = written(tmp_path, pa.table({"a": pa.array(["xyz", None, "xyz", ""]), "b": pa.array([1, 2, None, 4])}))
    for dictionary in ([], text_columns(pq.read_schema(path))):
        assert bytes_as_text(pq.ParquetFile(path, read_dictionary=dictionary), MIB) == 6 + 8 * CELL_BYTES
    pairs = pa.array([[("k", "vv")], None, []], pa.map_(pa.string(), pa.string()))
    nested = {"list": pa.array([["ab", None], [], None]), "map": pairs, "struct": pa.array([{"x": 1, "y": "abc"}, None, {"x": 2, "y": None}])}
    path = written(tmp_path, pa.table({**nested, "fixed": pa.array([b"1234", None, b"1234"], pa.binary(4))}))
    leaves = 1 + 2 + 2 + 1
    assert bytes_as_text(pq.ParquetFile(path), MIB) == 2 + 3 + 3 + 3 * 4 + 3 * leaves * CELL_BYTES
