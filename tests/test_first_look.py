"""A first look at a file: columns, values and about how many rows, from its start alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mews_newtt.errors import FileError
from mews_newtt.tables.first_look import first_look


def test_a_first_look_reads_only_the_start_and_tells_about_how_many_rows(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("heart_rate,note\n" + '80,"a\nb"\n' * 400_000, encoding="utf-8")
    looked = first_look(path, "big.csv", "csv")
    assert [column.name for column in looked.columns] == ["heart_rate", "note"]
    assert looked.rows is not None and abs(looked.rows - 400_000) < 4_000


def test_a_first_look_at_a_broken_file_is_an_error_with_its_mend(tmp_path: Path) -> None:
    for name, content in (("a.csv", b""), ("a.csv", b"a,b\n1\n"), ("a.ndjson", b"{\n"), ("a.ndjson", b'{"a": NaN]\n'), ("a.csv.gz", b"\x1f\x8b\x08\x00")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileError):
            first_look(path, name, "ndjson" if "ndjson" in name else "csv")
