"""Files and folders that appear whole: what was there before survives a failure, and nothing of the process is changed on the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mews_newtt.tables.atomic import whole_file, whole_folder


@pytest.fixture
def no_umask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for the umask sets it, for every thread, for a moment."""

    def refuse(_: int) -> int:
        raise AssertionError("the umask of the whole process was changed")

    monkeypatch.setattr(os, "umask", refuse)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_modes_are_those_of_any_new_file_and_folder(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(os, "umask", lambda _: pytest.fail("the umask of the whole process was changed"))
            with whole_file(tmp_path / "a.csv") as out:
                out.write("a")
            with whole_folder(tmp_path / "pack") as beside:
                (beside / "b").write_text("b", encoding="utf-8")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.csv", "pack", "pack/b")]
    assert modes == [0o666 & ~mask, 0o777 & ~mask, 0o666 & ~mask]


@pytest.mark.usefixtures("no_umask")
def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "b").write_text("old", encoding="utf-8")

    def half_a_file() -> None:
        with whole_file(tmp_path / "a.csv") as out:
            out.write("ne")
            raise ValueError("half")

    def half_a_folder() -> None:
        with whole_folder(tmp_path / "pack") as beside:
            (beside / "b").write_text("new", encoding="utf-8")
            raise ValueError("half")

    for half in (half_a_file, half_a_folder):
        with pytest.raises(ValueError, match="half"):
            half()
    assert [(tmp_path / name).read_text(encoding="utf-8") for name in ("a.csv", "pack/b")] == ["old", "old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "pack"]


@pytest.mark.usefixtures("no_umask")
def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "gone").write_text("old", encoding="utf-8")
    with whole_folder(tmp_path / "pack") as beside:
        (beside / "b").write_text("new", encoding="utf-8")
    assert [path.name for path in (tmp_path / "pack").iterdir()] == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_importing_the_library_leaves_the_limit_of_csv_cells_as_it_is() -> None:
    """The limit is one for the whole process: the host's other readers of CSV use it too."""
    code = "import csv; before = csv.field_size_limit(); import mews_newtt.tables.csv_rows, mews_newtt.tables.chunks; print(before == csv.field_size_limit())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_command_takes_long_cells(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"note,heart_rate\n{'x' * 200_000},80\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "mews_newtt", "score", "news2", str(tmp_path / "in.csv")], capture_output=True, text=True, check=False)
    assert (done.returncode, "x" * 200_000 in done.stdout) == (0, True), done.stderr
