"""Keeps the read rows of a planned source until all are read, and gives them back so that all rows of a person come together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from mews_newtt.tables.nameless import nameless_file
from mews_newtt.tables.planned.rows import PERSON_KEY

ROWS_AT_ONCE = 4_000_000  # rows that are put into sets at once; more of them are kept on disk


class Spool:
    """Rows in memory while they are few, then in temporary files. Their columns are numbers, mostly."""

    def __init__(self) -> None:
        self.rows = 0
        self._held = ExitStack()  # the temporary files
        self._frames: list[pl.DataFrame] = []
        self._per_person = np.zeros(0, np.int64)
        self._files: list[tuple[Path, int, int]] = []  # each with its first and last person

    def add(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        self.rows += frame.height
        people = frame.get_column(PERSON_KEY).to_numpy()
        first = int(people.min())
        counts = np.bincount(people - first)
        if first + len(counts) > len(self._per_person):
            grown = np.zeros(max(first + len(counts), 2 * len(self._per_person)), np.int64)
            grown[: len(self._per_person)] = self._per_person
            self._per_person = grown
        self._per_person[first : first + len(counts)] += counts
        self._frames.append(frame)
        if sum(one.height for one in self._frames) > ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Write the rows in memory as one more file."""
        path = self._held.enter_context(nameless_file())
        whole = _whole(self._frames)
        whole.write_ipc(path, compression="lz4")
        people = whole.get_column(PERSON_KEY).to_numpy()
        self._files.append((path, int(people.min()), int(people.max())))
        self._frames = []

    def parts(self, empty: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The rows in parts, each with all rows of some people. `empty` has every column."""
        if not self._files:
            yield _whole([empty, *self._frames])
            return
        if self._frames:
            self._flush()
        ends = np.searchsorted(np.cumsum(self._per_person), np.arange(ROWS_AT_ONCE, self.rows + ROWS_AT_ONCE, ROWS_AT_ONCE))
        edges = [0, *dict.fromkeys((np.minimum(ends, len(self._per_person) - 1) + 1).tolist())]
        for low, high in pairwise(edges):
            wanted = pl.col(PERSON_KEY).is_between(low, high - 1)
            scans = [pl.scan_ipc(path, glob=False).filter(wanted) for path, first, last in self._files if first < high and last >= low]
            yield _whole([empty, *pl.collect_all(scans)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the temporary files."""
        self._held.close()


def _whole(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The frames as one. A code that an earlier part of the file did not have has no text there."""
    whole = pl.concat(frames, how="diagonal")
    gaps = [column.name for column in whole.get_columns() if column.dtype == pl.UInt32 and column.null_count()]
    return whole.with_columns(pl.col(gaps).fill_null(0)) if gaps else whole
