"""A source as a table of text: its columns are known at once, its rows come in batches, and every row knows its place in the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.csv_rows import INDEX
from mews_newtt.tables.origins.settings import Note

ROWS = 1 << 16  # rows of a batch that is made from Python values
MOST_PLACES = 10  # of one note


class SourceBatch(NamedTuple):
    """Some rows.

    rows : a pyarrow RecordBatch of text columns (string or string_view); null only where the source has nothing
    numbers : a pyarrow array (int64): where each row is in the source (`SourceTable.where` says it in words)
    """

    rows: pa.RecordBatch
    numbers: pa.Array


class Notes:
    """Collects notes: the same thing in many places becomes one note with a count."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, list[int]]] = {}

    def add(self, code: str, what: str, number: int | None = None, times: int = 1) -> None:
        count, places = self._found.get((code, what), (0, []))
        if number is not None and len(places) < MOST_PLACES:
            places.append(number)
        self._found[code, what] = (count + times, places)

    def __iter__(self) -> Iterator[Note]:
        return (Note(code, what, times, tuple(places)) for (code, what), (times, places) in self._found.items())


# Gives the bytes of a source from their start, unpacked, as often as it is called.
Opened = Callable[[], AbstractContextManager[BinaryIO]]
ReadBatches = Callable[[Notes], Iterator[SourceBatch]]


@dataclass
class SourceTable:
    """A source as a table of text.

    name : what messages call the source
    settings : as they were used: those that were given, and those that were found out
    columns : the names of the columns; no name is there twice
    counted : what the numbers of the rows count: line, row, entry
    opening : what was noted before the first row
    share : how much of the source was read (0 to 1), where that is known

    A source that is a path is read anew by each call of `batches`. A stream was copied to a temporary file, which `close` removes.
    """

    name: str
    settings: SourceSettings
    columns: tuple[str, ...]
    counted: str
    opening: tuple[Note, ...]
    read: ReadBatches
    share: Callable[[], float | None] = lambda: None
    _while_open: ExitStack = field(default_factory=ExitStack)
    _reading: Notes = field(default_factory=Notes)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was passed over or changed its form. It is complete once the batches are read to the end."""
        return (*self.opening, *self._reading)

    def batches(self) -> Iterator[SourceBatch]:
        """The rows, in their order. What is wrong with the source is raised where it is found."""
        notes = self._reading = Notes()
        return self.read(notes)

    def table(self) -> pa.Table:
        """All rows at once."""
        schema = pa.schema([(name, pa.string()) for name in self.columns])
        frames = (pl.DataFrame(batch.rows) for batch in self.batches())
        return pa.concat_tables([schema.empty_table(), *(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema) for frame in frames)])

    def where(self, number: int) -> str:
        """The place of a row in words: `ward.csv, line 12`."""
        return f"{self.name}, {self.counted} {number}"

    def close(self) -> None:
        self._while_open.close()

    def __enter__(self) -> SourceTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def batch_of(frame: pl.DataFrame, numbers: npt.NDArray[np.int64]) -> SourceBatch:
    """Rows that are a frame of texts, each with its number; no text is copied."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    columns = [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]
    return SourceBatch(pa.RecordBatch.from_arrays(columns, names=table.column_names), pa.array(numbers, pa.int64()))


def batches_of(columns: Sequence[str], rows: Iterable[tuple[int, Sequence[str | None]]]) -> Iterator[SourceBatch]:
    """Batches of rows that are in memory one by one, each with its number."""
    schema = pa.schema([(name, pa.string()) for name in columns])
    each = iter(rows)
    while part := list(islice(each, ROWS)):
        cells = zip(*(cells for _, cells in part), strict=True)
        arrays = [pa.array(column, pa.string()) for column in cells]
        yield SourceBatch(pa.RecordBatch.from_arrays(arrays, schema=schema), pa.array([number for number, _ in part], pa.int64()))


def with_index_name(names: Sequence[str], notes: Notes) -> list[str]:
    """The names of columns; a first one without a name, which R and pandas write for the numbers of rows, is called so that it can be named."""
    if len(names) < 2 or names[0].strip() or not names[1].strip() or INDEX in names:
        return list(names)
    notes.add("index_column", f"the first column has no name: it is called {INDEX!r}")
    return [INDEX, *names[1:]]


def distinct_names(names: Sequence[str], notes: Notes) -> list[str]:
    """Names of columns, each once. Those of one name get a number each, so that no plan takes one of them for the only one."""
    times = Counter(names)
    if len(times) == len(names):
        return list(names)
    found, counts = [], Counter[str]()
    for name in names:
        if times[name] == 1:
            found.append(name)
            continue
        counts[name] += 1
        while (numbered := f"{name} ({counts[name]})") in times:
            counts[name] += 1
        found.append(numbered)
    for name, count in times.items():
        if count > 1:
            what = f"{count} columns are named {name!r}: they are called {name} (1), {name} (2) and so on"
            notes.add("column_twice", what)
    return found


def too_many_columns(name: str, count: int, most: int) -> FileError:
    what = f"has {count:,} columns; at most {most:,} are read"
    return FileError(Problem("too_many_columns", name, what, "export the columns with readings only, or check the delimiter"))
