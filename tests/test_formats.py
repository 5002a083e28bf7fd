"""A kind of file that is in the list, and that a part of the program does not know, is refused there; it is never taken for another."""

from __future__ import annotations

import io
import re
from pathlib import Path

import polars as pl
import pytest

from mews_newtt import load_chart
from mews_newtt.tables import formats
from mews_newtt.tables.files import score_file
from mews_newtt.tables.first_look import first_look
from mews_newtt.tables.formats import KINDS, Format, Kind, any_of, format_of, kind_of
from mews_newtt.tables.write import sink
from mews_newtt_service.jobs.inputs import input_file
from mews_newtt_service.settings import Settings

TEXT = "heart_rate\n80\n"  # CSV and, line by line, no JSON


@pytest.fixture
def new_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that is only in the list."""
    monkeypatch.setitem(formats.KINDS, "abacus", Kind("Abacus", (".beads",)))
    monkeypatch.setitem(formats.BY_SUFFIX, ".beads", "abacus")


@pytest.mark.usefixtures("new_kind")
def test_a_kind_that_is_only_in_the_list_is_refused_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "in.beads"
    path.write_text(TEXT, encoding="utf-8")
    (tmp_path / "in.csv").write_text(TEXT, encoding="utf-8")
    news2 = load_chart("news2")
    with pytest.raises(NotImplementedError, match="reads a file of the kind 'abacus'"):
        score_file(news2, path, tmp_path / "out.csv")
    with pytest.raises(NotImplementedError, match="writes a file of the kind 'abacus'"):
        score_file(news2, tmp_path / "in.csv", tmp_path / "out.beads")
    with pytest.raises(NotImplementedError, match="writes a file of the kind 'abacus'"):
        sink(pl.LazyFrame({"a": [1]}), io.BytesIO(), Format("abacus"))
    with pytest.raises(NotImplementedError, match="looks into a file of the kind 'abacus'"):
        first_look(path, "in.beads", "abacus")
    with pytest.raises(NotImplementedError, match=r"limits of \.beads"):
        input_file(tmp_path, {"input": "in.beads"}, Settings())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.beads", "in.csv"]


@pytest.mark.parametrize("kind", KINDS)
def test_first_bytes_tell_one_kind_at_most(kind: str) -> None:
    head = {"csv": TEXT.encode(), "parquet": b"PAR1\x15", "ndjson": b' \n{"heart_rate": 80}', "json": b'[\n {"heart_rate": 80}]'}[kind]
    assert kind_of(head) == kind
    assert [name for name, each in KINDS.items() if each.starts and re.match(each.starts, head)] == ([] if kind == "csv" else [kind])


def test_no_suffix_and_no_media_type_means_two_kinds() -> None:
    assert len(formats.BY_SUFFIX) == sum(len(kind.suffixes) for kind in KINDS.values())
    assert len(formats.BY_MEDIA_TYPE) == sum(len(kind.media_types) for kind in KINDS.values())
    assert all(format_of(f"in{suffix}").kind == name for suffix, name in formats.BY_SUFFIX.items())


def test_names_in_a_sentence() -> None:
    assert [any_of(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
