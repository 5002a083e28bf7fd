"""The least and the most are written once where they are the same in every row. Where they differ later on, both are there from the first row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from batch_support import NORMAL

from mews_newtt import load_chart, score_table
from mews_newtt.engines.numba import engine
from mews_newtt.engines.numba.kernels import BLOCK

NEWS2 = load_chart("news2")
ENDS = ("score_status", "total", "total_min", "total_max", "level", "level_max", "level_rank", "level_max_rank", "missing", "flags", "error")
SLICE = 1 << 14
ROWS = 3 * SLICE
UNWELL = NORMAL | {"respiratory_rate": 25}  # what is not written reads as 0, so no result may be 0


@pytest.fixture(autouse=True)
def several_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SLICE", SLICE)


def table_of(values: dict[str, Any], name: str, other: Any, at: list[int], rows: int) -> pa.Table:
    """The same row again and again, but for one column of some rows."""
    columns = {key: pa.array([value]).take(pa.array(np.zeros(rows, np.int64))) for key, value in values.items()}
    cells = np.full(rows, float(values[name]))
    cells[at] = np.nan if other is None else other
    return pa.table(columns | {name: pa.array(cells)})


def assert_rows(chart: Any, table: pa.Table, at: list[int], **options: Any) -> None:
    """Each row has what it has in a table of its own."""
    usual = next(n for n in range(table.num_rows) if n not in at)
    wanted = {n: score_table(chart, table.slice(n, 1)).select(ENDS).to_pylist()[0] for n in (usual, *at[:1])}
    assert wanted[usual]["total_max"] != 0 and wanted[usual]["level_max_rank"] > 0
    found = score_table(chart, table, **options)
    for name in ENDS:
        column = found.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        here = column.take(pa.array(at, pa.int64())).to_pylist()
        assert all(cell == wanted[at[0]][name] for cell in here), (name, here[:3])
        rest = np.setdiff1d(np.arange(table.num_rows), at)
        counted = column.take(pa.array(rest)).value_counts().to_pylist()
        assert counted == [{"values": wanted[usual][name], "counts": len(rest)}], (name, counted[:3])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "at", [[], [0], [BLOCK - 1], [BLOCK], [3 * BLOCK + 7, SLICE - 1], [SLICE], [ROWS - 1], [5, SLICE + 5, 2 * SLICE + BLOCK]], ids=str
)
@pytest.mark.parametrize("other", [None, 36.85, 99.0], ids=["lacks", "finer", "refused"])
def test_wherever_the_ends_first_differ(other: float | None, at: list[int], threads: int) -> None:
    assert_rows(NEWS2, table_of(UNWELL, "temperature", other, at, ROWS), at, threads=threads)


@pytest.mark.parametrize("at", [[], [10], [SLICE + 10], [2 * SLICE + 10]], ids=str)
def test_chunks_of_which_some_have_one_end(at: list[int]) -> None:
    table = table_of(UNWELL, "temperature", None, at, ROWS)
    assert_rows(NEWS2, pa.concat_tables([table.slice(start, SLICE) for start in range(0, ROWS, SLICE)]), at)


def test_many_rows_finer_than_recorded() -> None:
    """The wide layout scores rows again that the fast one has scored already."""
    at = list(range(0, ROWS, 3))
    table = table_of(UNWELL, "temperature", 36.85, at, ROWS)
    assert_rows(NEWS2, table, at, threads=2)
