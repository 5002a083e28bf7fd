"""The rules that come with the package: where they are, and the observations they define. The same in every process."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Observation
from mews_newtt.errors import FileError, Problem

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@lru_cache(maxsize=1)
def builtin_rules() -> Path:
    """The folder of the charts that come with the package: inside it in a wheel, beside it in a checkout.

    Where the package is imported from a zip file, the rules are unpacked once into a temporary folder, which goes with the process.
    """
    package = Path(__file__).resolve().parents[1]
    if package.is_dir():
        inside = package / "rules"
        return inside if inside.is_dir() else package.parent / "rules"
    return _unpacked()


def _unpacked() -> Path:
    # only for a zipped package: these take longer to load than one set takes to score
    from importlib.resources import files
    from shutil import rmtree
    from tempfile import mkdtemp

    try:
        folder, owner = Path(mkdtemp(prefix="mews-newtt-rules-")).resolve(), os.getpid()
        _copy(files("mews_newtt") / "rules", folder)
    except OSError as fault:
        what = f"cannot be unpacked into a temporary folder: {fault.strerror or fault}"
        raise FileError(
            Problem(
                "rules_not_unpacked",
                "the charts of the package",
                what,
                "let TMPDIR name a folder that can be written, or install the package unpacked",
            )
        ) from None
    atexit.register(lambda: rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)
    return folder


def _copy(packed: Traversable, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for entry in packed.iterdir():
        if entry.is_dir():
            _copy(entry, folder / entry.name)
        else:
            (folder / entry.name).write_bytes(entry.read_bytes())


@lru_cache(maxsize=1)
def builtin_observations() -> Mapping[str, Observation]:
    """Every observation that the package defines; its file is read at the first call. For sets that are read without a chart.

    A chart brings the definitions that it was loaded with, a site's own among them (`Chart.observations`), so scoring never comes here.
    """
    return load_observations(builtin_rules() / "parameters.toml")
