"""Machine code: read wherever it was kept, written where that is allowed, and never a reason to fail or to change the host process."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import IndexDataCacheFile

from mews_newtt.engines.numba import cache, kernels

ROOT = Path(__file__).parents[2]


def add_one(number: int) -> int:
    return number + 1


@pytest.fixture
def compiled_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A small kernel as a new process would have it, with these folders to keep it in."""

    def make(*folders: Path) -> Any:
        monkeypatch.setattr(cache, "folders", lambda: iter(map(str, folders)))
        made = cache.kernel(add_one)
        assert made(1) == 2
        return made

    return make


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def hits(made: Any) -> int:
    return sum(made.stats.cache_hits.values())


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write into any folder, so writing itself fails."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(IndexDataCacheFile, "_open_for_write", refuse)
    monkeypatch.setattr(os, "makedirs", refuse)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


def test_code_of_another_user_is_read_where_nothing_may_be_written(
    compiled_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compiled_in(tmp_path / "warmed", tmp_path / "home")
    assert hits(first) == 0
    kept = files(tmp_path)
    read_only(monkeypatch)
    second = compiled_in(tmp_path / "elsewhere", tmp_path / "warmed", tmp_path / "home")
    assert hits(second) == 1
    assert files(tmp_path) == kept
    assert cache.kept_in(second) == str(kept[0].parent)


def test_where_the_first_folder_cannot_be_written_the_next_one_is(compiled_in: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    made = compiled_in(tmp_path / "taken" / "x", tmp_path / "home")
    assert cache.kept_in(made).startswith(str(tmp_path / "home"))
    assert hits(compiled_in(tmp_path / "taken" / "x", tmp_path / "home")) == 1


@pytest.mark.parametrize("end", [".nbi", ".nbc"])
@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05}."])
def test_damaged_code_is_compiled_again(end: str, content: bytes, compiled_in: Callable[..., Any], tmp_path: Path) -> None:
    compiled_in(tmp_path)
    for path in files(tmp_path):
        if path.suffix == end:
            path.write_bytes(content)
    assert hits(compiled_in(tmp_path)) == 0


def test_nowhere_to_keep_it_is_no_fault(compiled_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_only(monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache.kept_in(compiled_in(tmp_path / "a", tmp_path / "b")) == ""
    assert cache.kept_in(compiled_in()) == ""
    assert not list(tmp_path.iterdir())


def test_a_folder_of_another_user_is_passed_over(compiled_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NUMBA_CACHE_DIR may name a folder that this user may not even look into; pathlib raises there before Python 3.12."""
    listed = Path.glob

    def glob(folder: Path, pattern: str) -> Any:
        if folder.is_relative_to(tmp_path / "theirs"):
            raise PermissionError(13, "Permission denied")
        return listed(folder, pattern)

    monkeypatch.setattr(Path, "glob", glob)
    (tmp_path / "theirs").write_text("a file, so that nothing can be written there", encoding="utf-8")
    made = compiled_in(tmp_path / "theirs", tmp_path / "home")
    assert cache.is_kept(made)
    assert cache.kept_in(made).startswith(str(tmp_path / "home"))


def test_what_could_not_be_written_is_named_with_the_reason(compiled_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_only(monkeypatch)
    found = cache.not_kept_in(compiled_in(tmp_path / "a", tmp_path / "b"))
    assert [(Path(folder).parent, why) for folder, why in found.items()] == [(tmp_path / "a", "Permission denied"), (tmp_path / "b", "Permission denied")]


@pytest.mark.deep
def test_warming_up_where_nothing_can_be_kept_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    """A package without machine code whose folders are all taken by files: as for a user who may write nowhere."""
    package = tmp_path / "package"
    ignore = shutil.ignore_patterns("__pycache__")
    for part in ("mews_newtt", "rules"):
        shutil.copytree(ROOT / part, package / part, ignore=ignore)
    for blocked in (package / "mews_newtt" / "engines" / "numba" / "__pycache__", package / "mews_newtt" / "tables" / "__pycache__", tmp_path / "home", tmp_path / "named"):
        blocked.write_text("a file where a folder should be", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    own = {"HOME": str(tmp_path / "home"), "NUMBA_CACHE_DIR": str(tmp_path / "named"), "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    variables = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"} | own
    done = subprocess.run([sys.executable, "-m", "mews_newtt.batch.warm"], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "compiled, but there is no folder to keep the code in that can be written: each process will compile again" in done.stderr
    for folder in (tmp_path / "named", package, tmp_path / "home"):
        assert f"    {folder}" in done.stderr, done.stderr
    assert "mend: set NUMBA_CACHE_DIR to a folder that this user can write" in done.stderr
    assert not list((tmp_path / "tmp").iterdir())


def test_the_host_process_keeps_its_settings(tmp_path: Path) -> None:
    code = (
        "import os, numba, polars, pyarrow; before = dict(os.environ), numba.config.CACHE_DIR; import mews_newtt.tables.files;"
        "print(before == (dict(os.environ), numba.config.CACHE_DIR))"
    )
    variables = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
    variables |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    assert not list(tmp_path.iterdir())


def test_a_home_that_is_not_known_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda name: name)
    assert not any(folder and folder.startswith("~") for folder in cache.folders())


def test_every_kernel_keeps_its_code_here() -> None:
    """One that numba keeps by itself would bring numba's own search back."""
    for source in Path(kernels.__file__).parent.glob("*.py"):
        assert source.name == "cache.py" or "njit" not in source.read_text(encoding="utf-8"), source.name
    assert isinstance(kernels.score_rows._cache, cache.Kept)


def test_warming_up_says_where_the_code_is() -> None:
    done = subprocess.run([sys.executable, "-m", "mews_newtt.batch.warm"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(Path(done.stderr.strip().rpartition("the code is in ")[2]).glob("kernels.score_rows-*"))


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_others_may_read_the_code_where_the_umask_allows_it(compiled_in: Callable[..., Any], tmp_path: Path, mask: int, mode: int) -> None:
    """Code that one user compiles is read by another. A service with umask 077 keeps its own."""
    before = os.umask(mask)
    try:
        compiled_in(tmp_path)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)} == {mode}
