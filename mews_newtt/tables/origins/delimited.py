"""Reads CSV and its relatives as a source: any encoding, title lines, units, footers. The cells are read by the same reader as plain CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.blocks import Blocks
from mews_newtt.tables.csv_rows import DELIMITERS, Header, text_lines
from mews_newtt.tables.origins.encodings import as_utf8, find_encoding, whole_lines
from mews_newtt.tables.origins.header import LOOKED_AT, Record, find_header
from mews_newtt.tables.origins.settings import MOST_COLUMNS, SettingNeeded
from mews_newtt.tables.origins.source_table import (
    Notes,
    Opened,
    SourceBatch,
    SourceTable,
    batch_of,
    distinct_names,
    too_many_columns,
    with_index_name,
)  # fmt: skip
from mews_newtt.tables.sources import read_ahead, stream_of

HEAD = 1 << 20  # bytes at the start, in which the header must be
_SAYS_DELIMITER = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # a first line that Excel writes and reads
EXCEL_MARKS = ("'", '="')
Numbers = npt.NDArray[np.int64]
_UNNAMED = "\ue000column "  # a name for a column without one; its first character means nothing


def read_delimited(opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    """A text file as a source. `opened` gives its bytes from the start, unpacked, as often as they are asked for."""
    notes = Notes()
    with opened() as stream:
        start = stream.read(HEAD)
        encoding = find_encoding(start, settings.encoding, name)
        head, cut = _start_of(as_utf8(read_ahead(start, stream), encoding, name))
    lines = _first_lines(head, cut, settings, name)
    records, delimiter = _first_records(lines, settings, notes, name)
    found = find_header(records, settings, name, "line", notes)
    given = with_index_name(found.names, notes)
    names = distinct_names([each if each.strip() else f"{_UNNAMED}{number}" for number, each in enumerate(given, start=1)], notes)
    used = replace(settings, kind="csv", encoding=encoding, delimiter=delimiter, header_line=found.line)
    before = sum(len(line.encode()) for line in lines[: found.ends])  # bytes
    columns = tuple(each for each in names if not each.startswith(_UNNAMED))
    if settings.footer_lines:
        notes.add("footer_lines", "lines at the end are not read", times=settings.footer_lines)

    def batches(reading: Notes) -> Iterator[SourceBatch]:
        with opened() as stream:
            text = as_utf8(stream, encoding, name)
            text.read(before)
            if settings.footer_lines:
                text = stream_of(_without_footer(text, settings.footer_lines, name))
            yield from _rows(text, Header(delimiter, names, found.ends), name, reading)

    return SourceTable(name, used, columns, "row", tuple(notes), batches)


def _start_of(text: BinaryIO) -> tuple[bytes, bool]:
    """The first bytes of a text, and whether more follow."""
    head = text.read(HEAD)
    return head, bool(text.read(1))


def _first_lines(head: bytes, cut: bool, settings: SourceSettings, name: str) -> list[str]:
    if cut:
        end = max(head.rfind(b"\n"), head.rfind(b"\r", 0, -1)) + 1
        if not end:
            _refuse_long_line(head, name)
        head = head[:end]
    many = LOOKED_AT + (settings.header_line or 0) + (settings.skip_lines or 0)
    return list(islice(text_lines(io.BytesIO(head), name), many))


def _first_records(lines: list[str], settings: SourceSettings, notes: Notes, name: str) -> tuple[list[Record], str]:
    """The first records, and the delimiter between their cells."""
    said = _SAYS_DELIMITER.fullmatch(lines[0]) if lines else None
    skip = (settings.header_line or 1) - 1
    if said and not settings.delimiter:
        notes.add("delimiter_line", "the first line only names the delimiter", 1)
        skip = max(skip, 1)
    rest = lines[skip:]
    told = settings.delimiter or (said[1] if said else None)
    tries = {mark: _records(rest, mark, skip) for mark in ([told] if told else DELIMITERS)}
    delimiter = told or _best(tries, name)
    before = [Record(number, number, [line.strip("\r\n")]) for number, line in enumerate(lines[:skip], start=1) if not (said and number == 1)]
    found = [*before, *tries[delimiter]]
    width = max((len(record.cells) for record in found), default=0)
    if width > MOST_COLUMNS:
        raise too_many_columns(name, width, MOST_COLUMNS)
    return found, delimiter


def _refuse_long_line(head: bytes, name: str) -> None:
    counts = [head.count(mark.encode()) for mark in DELIMITERS]
    if max(counts) > MOST_COLUMNS:
        what = f"has more than {MOST_COLUMNS:,} columns, the most that are read"
        raise FileError(Problem("too_many_columns", name, what, "export the columns with readings only, or check the delimiter"))
    what = f"has a first line of more than {HEAD:,} bytes"
    raise FileError(Problem("line_too_long", name, what, "check that it is a text file with one row in each line"))


def _records(lines: list[str], delimiter: str, skipped: int) -> list[Record]:
    """Records of some lines; what is wrong with them is found again when the rows are read."""
    found: list[Record] = []
    reader = csv.reader(lines, delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            if cells:
                found.append(Record(skipped + begins, skipped + reader.line_num, cells))
            begins = reader.line_num + 1
    except csv.Error:
        pass
    return found


def _best(tries: dict[str, list[Record]], name: str) -> str:
    """The delimiter that cuts most records into the same number of cells, the header among them."""
    marks: dict[str, tuple[int, int]] = {}
    for mark, records in tries.items():
        widths = Counter(len(record.cells) for record in records if record.filled)
        width, times = max(widths.items(), key=lambda each: (each[1], each[0]), default=(1, 0))
        if width > 1:
            marks[mark] = times, width
    if not marks:
        wide = {mark: max((len(record.cells) for record in records), default=1) for mark, records in tries.items()}
        best = max(wide, key=lambda mark: wide[mark])
        return best if wide[best] > 1 else ","
    best = max(marks, key=lambda mark: marks[mark][0] * (marks[mark][1] - 1))
    others = [mark for mark in marks if mark != best and marks[mark][0] >= marks[best][0]]
    if others:
        said = " or ".join(repr(mark) for mark in (best, *others))
        mend = f"give delimiter = {best!r} if there are {marks[best][1]} columns"
        options = tuple((mark, f"{marks[mark][1]} columns") for mark in (best, *others))
        raise SettingNeeded(Problem("delimiter_unclear", name, f"can be cut into cells at {said}", mend), "delimiter", best, options)
    return best


def _without_footer(text: BinaryIO, lines: int, name: str) -> Iterator[bytes]:
    """A text without its last lines; blank lines behind them do not count."""
    kept = b""
    for part in whole_lines(text):
        kept += part
        end = _before_last(kept, lines)
        if end > 0:
            yield kept[:end]
            kept = kept[end:]


def _before_last(text: bytes, lines: int) -> int:
    """Where the last lines of a text begin; 0 where it has no more than these."""
    end = len(text.rstrip(b"\r\n"))
    for _ in range(lines):
        end = text.rfind(b"\n", 0, end)
        if end < 0:
            return 0
    return end + 1


def _rows(text: BinaryIO, header: Header, name: str, notes: Notes) -> Iterator[SourceBatch]:
    kept = [each for each in header.names if not each.startswith(_UNNAMED)]
    unnamed = [place for place, each in enumerate(header.names) if each.startswith(_UNNAMED)]
    try:
        for block in Blocks(text, name, header):
            frame = block.frame()
            lines = block.lines(frame.height)
            numbers = np.arange(lines.start, lines.stop) if isinstance(lines, range) else np.array(lines, np.int64)
            for place in unnamed:
                if frame.to_series(place).null_count() < frame.height:
                    _refuse_unnamed(frame.to_series(place), place, numbers, name)
            frame = frame.select(kept) if unnamed else frame
            for mark in EXCEL_MARKS:
                if not block.data or ((block.quoted or '"' not in mark) and mark.encode() in block.data):  # rows of the strict reader have no bytes
                    _note_marks(frame, mark, numbers, notes)
            yield batch_of(frame, numbers)
            if block.fault is not None:
                raise block.fault
    except FileError as fault:
        raise _with_mend(fault) from None


def _refuse_unnamed(cells: pl.Series, place: int, numbers: Numbers, name: str) -> None:
    row = cells.is_not_null().arg_max()
    what = f"has a cell in column {place + 1}, which has no name"
    raise FileError(Problem("column_unnamed", f"{name}, row {numbers[row]}", what, "name every column in the header"))


def _note_marks(frame: pl.DataFrame, mark: str, numbers: Numbers, notes: Notes) -> None:
    """Marks that Excel takes for text: they stay in the cells, and a plan has to take them off."""
    for cells in frame.iter_columns():
        found = cells.str.starts_with(mark)
        times = int(found.sum() or 0)
        if times:
            what = f"cells of the column {cells.name!r} start with {mark}, by which Excel marks text; they are given as they are"
            notes.add("excel_text_marks", what, int(numbers[found.fill_null(value=False).arg_max()]), times)


def _with_mend(fault: FileError) -> FileError:
    """A row that is too short or too long may be a footer."""
    problems = [
        problem._replace(mend=f"{problem.mend}; if it is no row but a footer, give footer_lines") if problem.code == "row_ragged" else problem
        for problem in fault.problems
    ]
    return fault if isinstance(fault, SettingNeeded) else type(fault)(problems)
