"""Lines of JSON that are cut by their form give what the strict reader gives, and every line that could be read in two ways goes to that reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("polars")
from mews_newtt.errors import FileError
from mews_newtt.tables.origins import json_forms, json_rows
from mews_newtt.tables.origins.source_table import SourceTable
from tests.origins.support import numbers, opened, rows

CELLS = st.one_of(
    st.text(max_size=6), st.integers(-(10**20), 10**20), st.sampled_from(["-0", "-0.0", "1e5", "1E-3", "36.80", "0.10", "12.", "01", "NaN"]).map(lambda raw: {"raw": raw}),
    st.booleans(), st.none(), st.lists(st.integers(), max_size=2), st.dictionaries(st.text("ab.", min_size=1), st.integers(), max_size=2),
)  # fmt: skip
NAMES = st.sampled_from(["a", "b.c", "d (x)", "é", 'q"', "$.[0]"])


def line_of(row: dict[str, Any], blank: str) -> str:
    cells = [f'{json.dumps(name, ensure_ascii=False)}{blank}:{blank}{_cell(cell)}' for name, cell in row.items()]
    return "{" + f"{blank},{blank}".join(cells) + "}"


def _cell(cell: Any) -> str:
    return str(cell["raw"]) if isinstance(cell, dict) and "raw" in cell else json.dumps(cell, ensure_ascii=False)


def read_or_fault(body: str, monkeypatch: pytest.MonkeyPatch, *, by_form: bool) -> Any:
    with monkeypatch.context() as patch:
        if not by_form:
            patch.setattr(json_forms, "form_of", lambda _: None)
        try:
            table: SourceTable = opened(body, "w.ndjson")
            return table.columns, rows(table), numbers(table), table.notes
        except FileError as fault:
            return fault.problems


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.dictionaries(NAMES, CELLS, min_size=1, max_size=4), st.sampled_from(["", " ", "\t"])), min_size=1, max_size=6), st.integers(1, 3))
def test_lines_by_form_are_as_the_strict_reader_reads_them(drawn: list[tuple[dict[str, Any], str]], times: int) -> None:
    body = "\n".join(line_of(*each) for each in drawn * times) + "\n"
    patch = pytest.MonkeyPatch()
    assert read_or_fault(body, patch, by_form=True) == read_or_fault(body, patch, by_form=False)


@pytest.mark.parametrize(
    "second",
    ['{"a": "1", "a": "2"}', '{"a": 01, "b": 2}', '{"a": NaN, "b": 2}', '{"a": "\\ud800", "b": 2}', '{"a": "\x01", "b": 2}', '{"a": 1, "b": 2} x', '{"a": 1, "b": }'],
)
def test_a_bad_line_among_good_ones_is_named(second: str) -> None:
    with pytest.raises(FileError, match="line 3"):
        opened('{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n' + second + '\n{"a": 5, "b": 6}\n', "w.ndjson")


def test_lines_of_several_forms_stay_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_forms, "BLOCK", 64)
    lines = [f'{{"a": {row}}}' if row % 3 else f'{{"a": {row}, "b": {{"c": "\\u0041{row}"}}}}' for row in range(100)]
    table = opened("\n\n".join(lines), "w.ndjson")
    assert [row[0] for row in rows(table)] == [str(row) for row in range(100)] and numbers(table) == list(range(1, 200, 2))
    assert [row[1] for row in rows(table)] == [None if row % 3 else f"A{row}" for row in range(100)]


def test_a_line_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "LONGEST_LINE", 100)
    monkeypatch.setattr(json_forms, "BLOCK", 64)
    for line in ('{"a": "' + "x" * 1000 + '"}', '{"a": 1}' + " " * 1000, '{"a": 1}' + " " * 100):  # the second matches a form before it ends
        with pytest.raises(FileError, match="line 2"):
            opened('{"a": 1}\n' + line + '\n{"a": 2}\n', "w.ndjson")
