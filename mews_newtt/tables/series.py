"""Reads several observation sets of one person from a small CSV table, or takes those that a plan has read; scores them, in order of time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.times import COLUMN, ROWS_NAMED, ReadTime, TimeCell, needs_dates, read_times
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows

NAME = "the series"
PERSON = "patient_id"
MOST_SETS = 500
SHOWN = 3  # values shown of a column that was not read


class Series(NamedTuple):
    """The scored sets of one person, each with the time at which it was taken.

    sets : in order of time if `ordered`, else in the order of the file
    why_not : why the order in time is not known; "" if it is
    dates : one date whose day or month may come first, and how it was read; "" if there is none
    unread : the columns that were not read, each with some of its values
    """

    sets: list[tuple[str, Score]]
    ordered: bool
    why_not: str
    dates: str
    unread: list[tuple[str, str]]

    @property
    def warned(self) -> int:
        """How many sets have a warning."""
        return sum(bool(result.warnings) for _, result in self.sets)


class PlannedSets(NamedTuple):
    """The sets of one person as a reading plan made them: columns by our names, rows with their place in the source, and what became of the file."""

    columns: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str | None]]]
    reading: Mapping[str, Any]


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]  # by our column names
    result: Score


def read_series(chart: Chart, content: bytes, *, dates: str = "", file_order: bool = False) -> Series:
    """Score every row of a table with the sets of one person.

    Parameters
    ----------
    content : a CSV table of at most 500 rows, with a first line of column names
    dates : how dates such as 05/03/2026 are read: "dmy", "mdy", or "" to refuse them
    file_order : keep the order of the file; the result then says that this is not an order in time

    Raises
    ------
    ColumnError  a column name that looks like a misspelt parameter
    FileError  a table that cannot be read, more than one person, or times whose order is not known
    """
    lines = text_lines(io.BytesIO(content), NAME)
    header = read_header(lines, NAME)
    ours = check_columns(header.names, chart)
    numbered = ((line, [cell.strip() for cell in cells]) for line, cells in text_rows(lines, header, NAME))
    return _scored(chart, ours, header.names, ((line, cells) for line, cells in numbered if any(cells)), dates, file_order)


def series_of_planned(chart: Chart, found: PlannedSets, *, file_order: bool = False) -> Series:
    """Score the sets that a plan has read, in the order of the plan's times. What was not read is in the reading report. Raises as `read_series`."""
    rows = ((row, [cell or "" for cell in cells]) for row, cells in found.rows)
    series = _scored(chart, list(found.columns), [], rows, "", file_order)
    return series if COLUMN in found.columns else series._replace(why_not="" if series.ordered else "the plan names no column of their times")


def _scored(
    chart: Chart, ours: list[str], names: Sequence[str], cells_of: Iterable[tuple[int, list[str]]], dates: str, file_order: bool
) -> Series:
    """The series of rows whose cells are under `ours`; `names` are the columns as the file calls them, of which those not read are listed."""
    rows: list[_Row] = []
    values: list[dict[str, None]] = [{} for _ in ours]
    for line, cells in cells_of:
        if len(rows) == MOST_SETS:
            raise too_many_sets()
        row = dict(zip(ours, cells, strict=True))
        rows.append(_Row(line, row, score(chart, given_of_row(row, ColumnMap(), frozenset(chart.by_id)), raise_refused=False)))
        for seen, cell in zip(values, cells, strict=True):
            seen.setdefault(cell)
    if not rows:
        raise FileError(Problem("file_empty", NAME, "has no rows", "write one set a line under the column names"))
    _one_person(rows)
    unread = [
        (name, ", ".join([cell[:40] for cell in seen if cell][:SHOWN]))
        for name, our, seen in zip(names, ours, values, strict=False)
        if our not in (COLUMN, PERSON) and our.removeprefix(SKIP_PREFIX) not in chart.by_id
    ]
    return _in_order(rows, ours, dates, file_order, unread)


def too_many_sets() -> FileError:
    return FileError(Problem("too_many_rows", NAME, f"has more than {MOST_SETS} sets", "send fewer, or validate the file instead"))


def _one_person(rows: list[_Row]) -> None:
    people = {row.cells.get(PERSON, "") for row in rows}
    if len(people - {""}) > 1:
        raise FileError(Problem("several_people", f"column {PERSON}", f"names {len(people - {''})} people", "send the rows of one person only"))
    if len(people) > 1:
        nobody = [str(row.line) for row in rows if not row.cells[PERSON]][:ROWS_NAMED]
        mend = f"write the same {PERSON} in every row, or take the column out"
        raise FileError(Problem("several_people", f"column {PERSON}, row {', '.join(nobody)}", "names nobody, and other rows name somebody", mend))


def _in_order(rows: list[_Row], ours: list[str], dates: str, file_order: bool, unread: list[tuple[str, str]]) -> Series:
    cells = [TimeCell(row.line, row.cells.get(COLUMN, "")) for row in rows]
    as_written = [(cell.text[:40] or f"row {cell.row}", row.result) for cell, row in zip(cells, rows, strict=True)]
    if COLUMN not in ours:
        return Series(as_written, len(rows) == 1, f"no column is named {COLUMN}", "", unread)
    if file_order:
        return Series(as_written, len(rows) == 1, "you chose the order of the file", "", unread)
    times = read_times(cells, dates)
    order = sorted(range(len(rows)), key=lambda place: times[place].time)
    said = next((f"{cell.text} is {_in_words(read)}" for cell, read in zip(cells, times, strict=True) if needs_dates([cell])), "")
    return Series([(times[place].words, rows[place].result) for place in order], True, "", said, unread)


def _in_words(read: ReadTime) -> str:
    return f"{read.time.day} {read.time:%B %Y}"
