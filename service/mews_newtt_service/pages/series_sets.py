"""The sets of one person out of a pasted table: what was read, what was not, and whether their order in time is known."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows
from mews_newtt_service.pages.times import COLUMN, ROWS_NAMED, Cell, Read, needs_dates, read_times

NAME = "the series"
PERSON = "patient_id"
MOST_SETS = 500
SHOWN = 3  # values shown of a column that was not read


class Series(NamedTuple):
    """Scored sets with when each was taken, in the order of time where `ordered`, else in the order of the file."""

    sets: list[tuple[str, Score]]
    ordered: bool
    why_not: str  # why the order in time is not known
    dates: str  # a date that was read with the day or the month first, and what it was taken for
    unread: list[tuple[str, str]]  # columns that were not read, with some of their values

    @property
    def warned(self) -> int:
        return sum(bool(result.warnings) for _, result in self.sets)


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]  # by our names
    result: Score


def read_series(chart: Chart, content: bytes, *, dates: str = "", file_order: bool = False) -> Series:
    """Every row scored; one person only.

    Parameters
    ----------
    dates : how dates such as 05/03/2026 are read (a key of `times.DATES`)
    file_order : keep the order of the file, and say that it is no order in time

    Raises
    ------
    FileError  what cannot be read, more than one person, or times that give no order
    """
    lines = text_lines(io.BytesIO(content), NAME)
    header = read_header(lines, NAME)
    ours = check_columns(header.names, chart)
    rows: list[_Row] = []
    values: list[dict[str, None]] = [{} for _ in ours]
    for line, cells in text_rows(lines, header, NAME):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if len(rows) == MOST_SETS:
            raise FileError(Problem("too_many_rows", NAME, f"has more than {MOST_SETS} sets", "send fewer, or validate the file instead"))
        row = dict(zip(ours, cells, strict=True))
        rows.append(_Row(line, row, score(chart, given_of_row(row, ColumnMap(), frozenset(chart.by_id)), raise_refused=False)))
        for seen, cell in zip(values, cells, strict=True):
            seen.setdefault(cell)
    if not rows:
        raise FileError(Problem("file_empty", NAME, "has no rows", "write one set a line under the column names"))
    _one_person(rows)
    unread = [
        (name, ", ".join([cell[:40] for cell in seen if cell][:SHOWN]))
        for name, our, seen in zip(header.names, ours, values, strict=True)
        if our not in (COLUMN, PERSON) and our.removeprefix(SKIP_PREFIX) not in chart.by_id
    ]
    return _in_order(rows, ours, dates, file_order, unread)


def _one_person(rows: list[_Row]) -> None:
    people = {row.cells.get(PERSON, "") for row in rows}
    if len(people - {""}) > 1:
        raise FileError(Problem("several_people", f"column {PERSON}", f"names {len(people - {''})} people", "send the rows of one person only"))
    if len(people) > 1:
        nobody = [str(row.line) for row in rows if not row.cells[PERSON]][:ROWS_NAMED]
        mend = f"write the same {PERSON} in every row, or take the column out"
        raise FileError(Problem("several_people", f"column {PERSON}, row {', '.join(nobody)}", "names nobody, and other rows name somebody", mend))


def _in_order(rows: list[_Row], ours: list[str], dates: str, file_order: bool, unread: list[tuple[str, str]]) -> Series:
    cells = [Cell(row.line, row.cells.get(COLUMN, "")) for row in rows]
    as_written = [(cell.text[:40] or f"row {cell.row}", row.result) for cell, row in zip(cells, rows, strict=True)]
    if COLUMN not in ours:
        return Series(as_written, len(rows) == 1, f"no column is named {COLUMN}", "", unread)
    if file_order:
        return Series(as_written, len(rows) == 1, "you chose the order of the file", "", unread)
    times = read_times(cells, dates)
    order = sorted(range(len(rows)), key=lambda place: times[place].time)
    said = next((f"{cell.text} is {_in_words(read)}" for cell, read in zip(cells, times, strict=True) if needs_dates([cell])), "")
    return Series([(times[place].words, rows[place].result) for place in order], True, "", said, unread)


def _in_words(read: Read) -> str:
    return f"{read.time.day} {read.time:%B %Y}"
