"""Every row is compared: in tables and files that come in many pieces, each fault is found, in its row, of its kind, and no other."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import FileError
from mews_newtt.tables import blocks, read
from mews_newtt.validation import Validation, compare, validate, validate_file
from tests.file_forms import forms, write_rows
from tests.validation.platforms import NORMAL

NEWS2 = load_chart("news2")
RIGHT = {
    **NORMAL,
    "case_id": "",
    "expected_total": "0",
    "expected_level": "routine",
    "expected_points_heart_rate": "0",
    "expected_status": "complete",
}
FAULTS = [  # one in each row, and what is said of it: column, kind, stated, computed
    ({"expected_total": "1"}, ("expected_total", "total", "1", "0")),
    ({"expected_level": "high"}, ("expected_level", "level", "high", "routine")),
    ({"expected_points_heart_rate": "3"}, ("expected_points_heart_rate", "points", "3", "0")),
    ({"expected_status": "partial"}, ("expected_status", "status", "partial", "complete")),
    ({"heart_rate": "5000", "expected_level": "", "expected_points_heart_rate": "", "expected_status": "refused"},
     ("expected_total", "score_of_refused", "0", "refused")),
]  # fmt: skip
ROWS = [{**RIGHT, "case_id": f"c{place}", **change} for place, (change, _) in enumerate(FAULTS)]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows at a time, whatever the rows come from."""
    monkeypatch.setattr(compare, "ROWS", 2)
    monkeypatch.setattr(read, "ROWS", 2)
    monkeypatch.setattr(blocks, "BLOCK", 2 * max(len(",".join(row.values())) for row in ROWS))


def found_in(validation: Validation, first: int) -> None:
    assert (validation.rows, validation.compared, validation.agreed) == (5, 5, 0)
    assert (validation.complete, validation.partial, validation.refused) == (4, 0, 1)
    assert dict(validation.kinds) == {kind: 1 for _, (_, kind, _, _) in FAULTS}
    said = [(one.row, one.case_id, cell.column, cell.kind, cell.expected, cell.computed) for one in validation.disagreements for cell in one.cells]
    assert said == [(first + place, f"c{place}", *says) for place, (_, says) in enumerate(FAULTS)]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_table(threads: int) -> None:
    found_in(validate(NEWS2, pa.Table.from_pylist(ROWS), threads=threads), 1)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", [f"in{form}" for form in forms()])
def test_a_file(name: str, threads: int, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "in.parquet":
        pl.DataFrame(ROWS).write_parquet(path, row_group_size=2)
    else:
        write_rows(ROWS, path)
    with read.open_table(path, None) as table:
        assert len(list(table.chunks())) > 1, "else nothing here is in pieces"
    found_in(validate_file(NEWS2, path, threads=threads), 2 if "csv" in name else 1)


def test_nothing_at_all() -> None:
    found = validate(NEWS2, pa.Table.from_pylist(ROWS).slice(0, 0))
    assert (found.rows, found.compared, found.verdict) == (0, 0, "nothing_compared")


def test_standard_input_is_no_evidence() -> None:
    with pytest.raises(FileError, match="cannot be filed as evidence"):
        validate_file(NEWS2, "-")
