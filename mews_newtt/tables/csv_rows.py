"""CSV as records of cells, read strictly: every fault is an error that names its row. Needs nothing beyond Python."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

from mews_newtt.chart.words import count
from mews_newtt.errors import FileError, Problem

DELIMITERS = ",;\t|"
LONGEST_CELL = 1_000_000  # characters
INDEX = "column 1"  # what a first column without a name is called: R and pandas write one for the numbers of rows


def allow_long_cells() -> None:
    """Allow longer cells than Python's default. The limit is one for the whole process, so only the command and the service's worker set it."""
    csv.field_size_limit(LONGEST_CELL)


class Header(NamedTuple):
    """The first record of a CSV file: the delimiter, the names of the columns, and how many lines the record takes."""

    delimiter: str
    names: list[str]
    lines: int = 1


def read_header(lines: Iterator[str], name: str, delimiter: str | None = None) -> Header:
    """Take the header from the lines of a CSV file. The delimiter is the one of comma, semicolon, tab and bar that the first line has most of, where
    none is given.
    """
    line = next(lines, None)
    if line is None or not line.strip():
        raise FileError(Problem("file_empty", name, "is empty", "the first line must name the columns"))
    counts = {mark: line.count(mark) for mark in DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    delimiter = delimiter or (best if counts[best] else ",")
    rows = csv.reader(chain([line], lines), delimiter=delimiter, strict=True)
    try:
        names = next(rows)
    except csv.Error as fault:
        raise FileError(Problem("not_csv", f"{name}, row 1", f"is not CSV: {fault}", "the first line must name the columns")) from None
    if len(names) > 1 and not names[0].strip() and names[1].strip() and INDEX not in names:
        names[0] = INDEX
    blank = [number for number, column in enumerate(names, start=1) if not column.strip()]
    if blank:
        raise FileError(Problem("column_unnamed", f"{name}, column {blank[0]}", "has no name", "name every column in the first line"))
    return Header(delimiter, names, rows.line_num)


def text_lines(stream: BinaryIO, name: str, before: int = 0) -> Iterator[str]:
    """The lines of a UTF-8 stream. `before` is how many lines of the file were read already; without any, a byte order mark is dropped."""
    text = io.TextIOWrapper(stream, encoding="utf-8" if before else "utf-8-sig", newline="")
    number = before
    try:
        for number, line in enumerate(text, start=before + 1):
            if "\0" in line:
                raise FileError(
                    Problem("not_text", f"{name}, row {number}", "holds a NUL byte: not a text file, or not UTF-8", "save the file as CSV in UTF-8")
                )
            yield line
    except UnicodeDecodeError:
        mend = "save the file as CSV in UTF-8; in Excel: Save As, CSV UTF-8"
        raise FileError(Problem("not_utf8", f"{name}, after row {number}", "is not UTF-8 text", mend)) from None
    finally:
        with contextlib.suppress(ValueError):  # the caller may have closed the stream by now
            text.detach()  # the caller closes the stream


def text_rows(lines: Iterable[str], header: Header, name: str, before: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """The line number in the file (the header is line 1) and the cells of each record; `before` lines (by default the header's) come first."""
    before = header.lines if before is None else before
    rows = csv.reader(lines, delimiter=header.delimiter, strict=True)
    width = len(header.names)
    try:
        for cells in rows:
            if not cells:
                if width > 1:
                    continue  # an empty line is not a row
                cells = [""]  # but in a table of one column it is an empty cell
            line = rows.line_num + before
            if len(cells) != width:
                raise FileError(
                    Problem(
                        "row_ragged",
                        f"{name}, row {line}",
                        f"has {count(len(cells), 'cell')} where the header has {width}",
                        "quote a cell that holds the delimiter; a decimal comma in a comma-separated file looks like this too",
                    )
                )
            yield line, cells
    except csv.Error as fault:
        raise FileError(Problem("not_csv", f"{name}, row {rows.line_num + before}", f"is not CSV: {fault}", "check the quotes in that row")) from None
