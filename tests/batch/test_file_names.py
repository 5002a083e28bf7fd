"""The file that was named is the file that is read, however it is called; and a folder may hold more files than may be open at once."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import FileError
from mews_newtt.tables.by_date import Timeline, score_file_by_date
from mews_newtt.tables.files import score_file
from mews_newtt.tables.share import changed_rows
from mews_newtt.validation import validate_file
from tests.file_forms import forms, write_rows

NEWS2 = load_chart("news2")
FORMS = forms(packed=(".gz",))
NAMES = ["ward[1]", "ward?", "*", "w{a,b}d", "[!x]", "50%"]


def write(path: Path, rate: int) -> None:
    write_rows([{"case_id": "A", "observed_at": "2026-01-31", "heart_rate": rate, "expected_points_heart_rate": 0}], path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("others", [True, False], ids=["others match", "alone"])
def test_a_name_is_never_a_pattern(name: str, form: str, others: bool, tmp_path: Path) -> None:
    source = tmp_path / f"{name}{form}"
    write(source, 80)
    for other in ("ward1", "wardx", "wad", "y", "5") if others else ():
        write(tmp_path / f"{other}{form}", 200)
    score_file(NEWS2, source, tmp_path / f"out[{name}].parquet", points=True)
    assert pl.read_parquet(tmp_path / f"out[{name}].parquet", glob=False)["points_heart_rate"].to_list() == [0]
    assert (found := validate_file(NEWS2, source)).verdict == "agrees" and found.rows == 1
    shares = changed_rows(NEWS2, NEWS2, source)
    assert (shares.rows, shares.changed["any"]) == (1, 0)
    counts = score_file_by_date(Timeline("news2", ((date(2020, 1, 1), NEWS2),)), source, tmp_path / "by.csv")
    assert counts == {NEWS2.version: 1}
    assert pl.read_csv(tmp_path / "by.csv")["heart_rate"].to_list() == [80]


@pytest.fixture
def few_open_files() -> Iterator[None]:
    """As many as are open now and a few more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 40, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize("form", FORMS)
def test_a_folder_of_many_files(form: str, tmp_path: Path, few_open_files: None) -> None:
    (tmp_path / "in").mkdir()
    for number in range(90):
        write(tmp_path / "in" / f"{number:03}{form}", 40 + number)
    score_file(NEWS2, tmp_path / "in", tmp_path / "out.parquet")
    assert [int(rate) for rate in pl.read_parquet(tmp_path / "out.parquet")["heart_rate"]] == list(range(40, 130))


def test_packed_lines_of_a_folder_are_unpacked_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spools = tmp_path / "spools"
    (tmp_path / "in").mkdir()
    spools.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spools))
    for number in range(5):
        write(tmp_path / "in" / f"{number}.ndjson.gz", 80)
    most = 0

    def look(*_: object) -> None:
        nonlocal most
        most = max(most, len(list(spools.iterdir())))

    score_file(NEWS2, tmp_path / "in", tmp_path / "out.csv", progress=look)
    assert most <= 1
    assert not list(spools.iterdir())


ARRAYS = {
    "[": "does not end",
    '[{"heart_rate":80}': "does not end",
    '[{"heart_rate":80},]': "is not a JSON array",
    '[,{"heart_rate":80}]': "is not a JSON array",
    '[{"heart_rate":80}] x': "is not a JSON array",
    '[{"heart_rate":80}, 5]': "set 2: is not a JSON object",
    '[{"heart_rate":80} {"heart_rate":90}]': "set 1: is not JSON",
    '[{"heart_rate":80}, {"heart_rate":tru}]': "set 2: is not JSON",
    "80": "set 1: is not a JSON object",
}


@pytest.mark.parametrize("text", ARRAYS)
def test_what_is_no_array_of_sets_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=ARRAYS[text]):
        score_file(NEWS2, tmp_path / "in.json", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_an_array_is_cut_where_its_sets_are(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets, commas, quotes and line ends in texts cut nothing, wherever a block of bytes ends."""
    notes = ['},{"', '\\"', "a\nb", "]", "\\", "é", ""]
    rows = [{"note": note, "heart_rate": 60 + place} for place, note in enumerate(notes)]
    (tmp_path / "in.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setattr("shutil.copyfileobj", lambda source, out, _: [out.write(block) for block in iter(lambda: source.read(size), b"")])
    score_file(NEWS2, tmp_path / "in.json", tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").select("note", "heart_rate").to_dicts() == rows


def test_an_array_is_not_written(tmp_path: Path) -> None:
    write(tmp_path / "in.csv", 80)
    with pytest.raises(FileError, match="cannot be written as a JSON array"):
        score_file(NEWS2, tmp_path / "in.csv", tmp_path / "out.json")
