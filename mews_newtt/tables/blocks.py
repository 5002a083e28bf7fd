"""Reads CSV in blocks of whole records, every cell as text, for the chunked reader.

Polars reads a block only where its bytes show that every reader would read it alike. The strict reader (`csv_rows`) reads every other block.
So both give the same cells, and the same errors at the same rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

import numpy as np
import polars as pl

from mews_newtt.errors import FileError
from mews_newtt.tables.csv_rows import Header, read_header, text_lines, text_rows
from mews_newtt.tables.loops import FEW, numba_is_loaded
from mews_newtt.tables.quotes import LINE_FEED, whole_records
from mews_newtt.tables.sources import read_ahead

BLOCK = 8 << 20  # bytes: enough rows to share the cost of a call, few enough to keep memory flat
MOST_OPEN = 4  # blocks that a quoted cell may span; beyond that the strict reader reads the rest
CAREFUL_ROWS = 1 << 16  # rows that the strict reader hands over at once
BOM = b"\xef\xbb\xbf"


@dataclass
class Block:
    """Some whole records of a CSV file; `before` lines of the file come before them."""

    header: Header
    name: str
    data: bytes = b""
    before: int = 0
    records: int = 0  # how many Polars must find
    quoted: bool = False
    slow: bool = False  # it may hold a cell that the strict reader would refuse
    rows: list[tuple[int, list[str]]] = field(default_factory=list)  # already read by the strict reader
    fault: FileError | None = None  # what is wrong after these rows

    def frame(self) -> pl.DataFrame:
        """One text column for each column of the header; an empty cell is null."""
        quick = None if self.rows or self.slow else self._quick()
        if quick is not None:
            return quick.rechunk()  # Polars reads in small parts; one piece is faster for what follows
        if not self.rows:
            self.rows, self.fault = _carefully(self._slow(), len(self.data))
        cells = zip(*(cells for _, cells in self.rows), strict=True) if self.rows else [()] * len(self.header.names)
        columns = [[cell or None for cell in column] for column in cells]
        return pl.DataFrame(dict(zip(self.header.names, columns, strict=True)), schema=schema(self.header))

    def line_of(self, row: int) -> int:
        """The line of the file on which a record of this block ends."""
        rows = self.rows if self.rows or not self.quoted else list(self._slow())
        return rows[row][0] if rows else self.before + row + 1

    def lines(self, height: int) -> Sequence[int]:
        """The lines on which the records of this block end; `height` is how many there are."""
        if self.rows:
            return [line for line, _ in self.rows]
        if not self.quoted or self.data.count(b"\n") + (not self.data.endswith(b"\n")) == height:
            return range(self.before + 1, self.before + 1 + height)
        return [line for line, _ in self._slow()]

    def _slow(self) -> Iterator[tuple[int, list[str]]]:
        return text_rows(text_lines(io.BytesIO(self.data), self.name, self.before), self.header, self.name, self.before)

    def _quick(self) -> pl.DataFrame | None:
        data, width = self.data, len(self.header.names)
        if not (data.isascii() or _is_utf8(data)) or data.startswith(BOM):
            return None
        try:
            frame = pl.read_csv(
                data,
                has_header=False,
                separator=self.header.delimiter,
                schema=schema(self.header),
                quote_char='"' if self.quoted else None,
                infer_schema=False,
            )
        except pl.exceptions.PolarsError:
            return None
        if self.quoted:
            if b'""' in data:
                frame = frame.select(pl.when(pl.all() != "").then(pl.all()))  # an empty cell, quoted or not
            return frame if frame.height == self.records else None
        marks = np.count_nonzero(np.frombuffer(data, np.uint8) == ord(self.header.delimiter))
        # Polars refuses a row that is too long; with the right number of delimiters no row is too short either
        return frame if frame.height == self.records and marks == frame.height * (width - 1) else None


def _carefully(rows: Iterator[tuple[int, list[str]]], most: int) -> tuple[list[tuple[int, list[str]]], FileError | None]:
    """Some rows by the strict reader, and the fault that ended them: what is wrong with an earlier row is reported first."""
    found: list[tuple[int, list[str]]] = []
    try:
        for row in islice(rows, most):
            found.append(row)  # noqa: PERF402 - what was read before a fault is kept
    except FileError as fault:
        return found, fault
    return found, None


def schema(header: Header) -> dict[str, type[pl.String]]:
    return dict.fromkeys(header.names, pl.String)


def _has_long_line(data: bytes) -> bool:
    """Whether a line may be so long that the strict reader would refuse a cell of it."""
    step = csv.field_size_limit() // 2
    return any(data.find(b"\n", at, at + step) < 0 for at in range(0, len(data) - step, step))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class Blocks:
    """The blocks of one CSV stream. The header is read at once, the rest as it is asked for.

    `header` is given where the caller has read it: then the stream begins with the rows, and `header.lines` are the lines before them.
    """

    def __init__(self, stream: BinaryIO, name: str, header: Header | None = None):
        self.name = name
        self._stream = stream
        self._more = True
        self._rest = self._read()
        self._header_ends = self._header_lines = 0
        self._lone_returns = False
        self._given = header is not None
        self.header = header or read_header(self._lines_of_header(), name)
        self._records = 0

    def _lines_of_header(self) -> Iterator[str]:
        """The first lines as text, only as many as are asked for: a quoted name may continue on the next line."""
        while True:
            start = self._header_ends
            while self._more and self._rest.find(b"\n", start) < 0:
                self._rest += self._read()
            self._header_ends = self._rest.find(b"\n", start) + 1 or len(self._rest)
            line = self._rest[start : self._header_ends]
            self._lone_returns = self._lone_returns or b"\r" in line.rstrip(b"\r\n")
            if not line:
                return
            for part in text_lines(io.BytesIO(line), self.name, self._header_lines):
                self._header_lines += 1
                yield part

    def _read(self) -> bytes:
        """A block's worth; fewer bytes only at the end."""
        parts, wanted = [], BLOCK
        while wanted > 0:
            part = self._stream.read(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        self._more = wanted <= 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def __iter__(self) -> Iterator[Block]:
        if self._lone_returns:  # lines that end in a carriage return alone
            yield from self._careful(self._rest, 0)
            return
        rest, before = self._rest[self._header_ends :], self.header.lines
        while rest or self._more:
            cut, quoted, slow = self._cut(rest, not self._more)
            if cut < 0 or (cut == 0 and len(rest) > MOST_OPEN * BLOCK):
                yield from self._careful(rest, before)
                return
            if cut:
                data, rest = rest[:cut] if cut < len(rest) else rest, rest[cut:]
                lines = int(np.count_nonzero(np.frombuffer(data, np.uint8) == LINE_FEED))
                records = self._records if quoted else lines + (not data.endswith(b"\n"))
                yield Block(self.header, self.name, data, before, records, quoted, slow)
                before += lines
            if self._more:
                rest += self._read()

    def _cut(self, data: bytes, last: bool) -> tuple[int, bool, bool]:
        """Where the last whole record ends, whether cells are quoted, and whether a cell may be too long for the strict reader.

        -1 where the strict reader must read everything from here on.
        """
        if b"\0" in data:
            return -1, False, False
        if b'"' in data:
            if last and not numba_is_loaded() and len(data) > FEW:
                return -1, False, False  # a file of one block: the strict reader is done before numba is loaded
            ended = data if data.endswith(b"\n") or not last else data + b"\n"
            end, self._records, longest = whole_records(np.frombuffer(ended, np.uint8), ord(self.header.delimiter), len(self.header.names))
            slow = longest > csv.field_size_limit()
            if last:
                return (len(data) if end == len(ended) else -1), True, slow
            return int(end), True, slow
        known = data[:-1] if data.endswith(b"\r") and not last else data  # the next byte decides what the last one is
        returns = known.count(b"\r")
        if returns and returns != known.count(b"\r\n"):
            return -1, False, False
        return len(data) if last else data.rfind(b"\n") + 1, False, _has_long_line(data)

    def _careful(self, rest: bytes, before: int) -> Iterator[Block]:
        """Everything from here on by the strict reader."""
        lines = text_lines(read_ahead(rest, self._stream), self.name, before)
        if not before and not self._given:
            read_header(lines, self.name)
        rows = text_rows(lines, self.header, self.name, before or None)
        while True:
            found, fault = _carefully(rows, CAREFUL_ROWS)
            if found:
                yield Block(self.header, self.name, rows=found, fault=fault)
            elif fault is not None:
                raise fault
            if fault is not None or len(found) < CAREFUL_ROWS:
                return
