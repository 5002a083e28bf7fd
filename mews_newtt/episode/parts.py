"""The rows of a large table in parts that split no person: as they come where each person's rows come together, else by way of temporary files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.episode.read_times import names_of, runs_of_names
from mews_newtt.tables.nameless import nameless_file

ROWS_IN_MEMORY = 2_000_000  # rows that are held before they are written to a temporary file
PART = 1 << 18  # rows that are followed at once, or more: each part costs some work that does not depend on its rows
GROUPS = 64  # people are put into so many groups by a hash; one group is in memory at once
WINDOW = 1 << 19  # rows that are put back into the order of the input at once

Hashes = npt.NDArray[np.uint64]


class PersonComesBack(Exception):
    """Rows of a person come after those of others: the table is not sorted by person."""


def parts_in_runs(frames: Iterator[pl.DataFrame], person: str) -> Iterator[pl.DataFrame]:
    """The frames, cut between people. Raises PersonComesBack; people are compared by a hash, so that a million of them take 8 MB."""
    complete: list[pl.DataFrame] = []  # of people whose rows are all there
    last: list[pl.DataFrame] = []  # of the person who came last
    seen, last_person = np.zeros(0, np.uint64), None
    for frame in frames:
        if not frame.height:
            continue
        runs, names = runs_of_names(frame.get_column(person))
        people = names.hash().to_numpy()
        begins = np.append(True, people[1:] != people[:-1])
        new = people[begins]
        new = new[1:] if last_person is not None and new[0] == last_person else new
        seen = _with(seen, new)
        last_person = people[-1]
        if len(new) == 0:
            last.append(frame)
            continue
        cut = int(np.searchsorted(runs, np.flatnonzero(begins)[-1]))
        complete += [*last, frame[:cut]] if cut else last
        last = [frame[cut:]]
        if sum(one.height for one in complete) >= PART:
            yield pl.concat(complete)
            complete = []
    if last:
        yield pl.concat([*complete, *last])


def in_runs(frames: Iterator[pl.DataFrame], person: str) -> bool:
    """Whether all rows of each person come together."""
    try:
        for _ in parts_in_runs((frame.select(person) for frame in frames), person):
            pass
    except PersonComesBack:
        return False
    return True


def _with(seen: Hashes, new: Hashes) -> Hashes:
    new = np.sort(new)
    places = np.searchsorted(seen, new)
    known = seen[np.minimum(places, len(seen) - 1)] == new if len(seen) else np.zeros(len(new), bool)
    if known.any() or (len(new) > 1 and (new[1:] == new[:-1]).any()):
        raise PersonComesBack
    return np.insert(seen, places, new)


class _File(NamedTuple):
    """Rows in a temporary file, and where each of several pieces of them begins."""

    path: Path
    edges: npt.NDArray[np.int64]

    def piece(self, number: int) -> pl.DataFrame:
        start, end = int(self.edges[number]), int(self.edges[number + 1])
        return pl.scan_ipc(self.path, glob=False).slice(start, end - start).collect()


class Regrouped:
    """Rows of a table in any order: given back person by person, and their results in the order of the rows.

    What does not fit into memory is in temporary files without a name; nothing of them is left at the end.
    """

    ROW = "@row"

    def __init__(self, person: str):
        self.person, self.rows = person, 0
        self._held = ExitStack()
        self._frames: list[pl.DataFrame] = []
        self._files: list[_File] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Take the next rows of the table."""
        if not frame.height:
            return
        self._frames.append(frame.with_columns(pl.Series(self.ROW, np.arange(self.rows, self.rows + frame.height))))
        self.rows += frame.height
        if sum(one.height for one in self._frames) >= ROWS_IN_MEMORY:
            self._flush()

    def _flush(self) -> None:
        frame = pl.concat(self._frames)
        self._frames = []
        groups = (names_of(frame.get_column(self.person)).hash().to_numpy() % GROUPS).astype(np.uint8)
        self._files.append(self._written(frame[np.argsort(groups, kind="stable")], np.cumsum([0, *np.bincount(groups, minlength=GROUPS)])))

    def _written(self, frame: pl.DataFrame, edges: npt.NDArray[np.int64]) -> _File:
        path = self._held.enter_context(nameless_file())
        frame.write_ipc(path, compression="lz4", record_batch_size=1 << 14)
        return _File(path, edges)

    def parts(self) -> Iterator[pl.DataFrame]:
        """The rows in parts that split no person, with `@row`."""
        if not self._files:
            if self._frames:
                yield pl.concat(self._frames)
            return
        if self._frames:
            self._flush()
        for group in range(GROUPS):
            pieces = [file.piece(group) for file in self._files]
            if sum(piece.height for piece in pieces):
                yield pl.concat(pieces)

    def in_order(self, results: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The results of all parts, each with `@row` in rising order, in the order of the table."""
        if not self._files:
            yield from (found.drop(self.ROW) for found in results)
            return
        windows = np.arange(0, self.rows + WINDOW, WINDOW)
        files = [self._written(found, np.searchsorted(found.get_column(self.ROW).to_numpy(), windows)) for found in results]
        for number in range(len(windows) - 1):
            yield pl.concat([file.piece(number) for file in files]).sort(self.ROW).drop(self.ROW)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        """Remove the temporary files."""
        self._held.close()
