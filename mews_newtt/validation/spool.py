"""The lines of disagreements.csv, kept on disk while a file is compared, so that they need not fit in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

IN_MEMORY = 4 << 20


class Spool:
    """Lines of disagreements.csv under a header; deleted with the object."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as the result does
        self._file.write(pl.DataFrame({name: [] for name in columns}).write_csv().encode())

    def __del__(self) -> None:
        self._file.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Add lines with the columns of the header."""
        text = frame.select(_harmless(frame.get_column(name)) for name in frame.columns).write_csv(include_header=False)
        self._file.write(text.encode())

    def write(self, path: Path) -> None:
        """Write all lines into a file."""
        self._file.seek(0)
        with path.open("wb") as out:
            shutil.copyfileobj(self._file, out, 1 << 20)
        self._file.seek(0, 2)


def _harmless(column: pl.Series) -> Any:
    """Marks text that a spreadsheet would run as a formula; numbers stay."""
    if column.dtype != pl.String:
        return pl.col(column.name)
    text = pl.col(column.name)
    risky = text.str.contains(r"^\s*[=+\-@\t\r]") & ~text.str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
    return pl.when(risky).then(pl.lit("'") + text).otherwise(text).alias(column.name)
