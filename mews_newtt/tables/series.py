"""Reads several observation sets of one person from a small CSV table, or takes those that a plan has read; scores them, in order of time."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.times import COLUMN, ROWS_NAMED, ReadTime, TimeCell, clear_dates, needs_dates, read_times
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows

NAME = "the series"
PERSON = "patient_id"
# Which set counts where one time is given twice, by the value of a form.
TWICE = {"last": "The one that comes later in the file", "first": "The one that comes first in the file"}
MOST_SETS = 500
MOST_COLUMNS = 1_000
SHOWN = 3  # values shown of a column that was not read


class TakenSet(NamedTuple):
    """One scored set.

    when : its time as it should be written, or its row
    time : the time itself, where the order is known
    replaced : whether another set of the same time counts instead
    """

    when: str
    score: Score
    time: datetime | None = None
    replaced: bool = False


class Series(NamedTuple):
    """The scored sets of one person, each with the time at which it was taken.

    sets : in order of time if `ordered`, else in the order of the file
    why_not : why the order in time is not known; "" if it is
    dates : one date whose day or month may come first, and how it was read; "" if there is none
    unread : the columns that were not read, each with some of its values
    """

    sets: list[TakenSet]
    ordered: bool
    why_not: str
    dates: str
    unread: list[tuple[str, str]]

    @property
    def warned(self) -> int:
        """How many sets have a warning."""
        return sum(bool(each.score.warnings) for each in self.sets)


class PlannedSets(NamedTuple):
    """The sets of one person as a reading plan made them: columns by our names, rows with their place in the source, and what became of the file."""

    columns: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str | None]]]
    reading: Mapping[str, Any]


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]  # by our column names
    result: Score


def read_series(chart: Chart, content: bytes, *, dates: str = "", file_order: bool = False, twice: str = "") -> Series:
    """Score every row of a table with the sets of one person.

    Parameters
    ----------
    content : a CSV table of at most 500 rows, with a first line of column names
    dates : how dates such as 05/03/2026 are read: "dmy", "mdy", or "" to refuse those that no other date of the column makes clear
    file_order : keep the order of the file; the result then says that this is not an order in time
    twice : which set counts where one time is given twice: "last" or "first" in the file, or "" to refuse them

    Raises
    ------
    ColumnError  a column name that looks like a misspelt parameter
    FileError  a table that cannot be read or has more than 1,000 columns, more than one person, or times whose order is not known
    """
    lines = text_lines(io.BytesIO(content), NAME)
    header = read_header(lines, NAME)
    if len(header.names) > MOST_COLUMNS:
        what = f"has {len(header.names):,} columns, and at most {MOST_COLUMNS:,} are read"
        raise FileError(Problem("too_many_columns", NAME, what, "send the columns of the readings only"))
    ours = check_columns(header.names, chart)
    numbered = ((line, [cell.strip() for cell in cells]) for line, cells in text_rows(lines, header, NAME))
    return _scored(chart, ours, header.names, ((line, cells) for line, cells in numbered if any(cells)), dates, file_order, twice)


def series_of_planned(chart: Chart, found: PlannedSets, *, file_order: bool = False, twice: str = "") -> Series:
    """Score the sets that a plan has read, in the order of the plan's times. What was not read is in the reading report. Raises as `read_series`."""
    rows = ((row, [cell or "" for cell in cells]) for row, cells in found.rows)
    series = _scored(chart, list(found.columns), [], rows, "", file_order, twice)
    return series if COLUMN in found.columns else series._replace(why_not="" if series.ordered else "the plan names no column of their times")


def _scored(
    chart: Chart, ours: list[str], names: Sequence[str], cells_of: Iterable[tuple[int, list[str]]], dates: str, file_order: bool, twice: str
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
    return _in_order(rows, ours, dates, file_order, twice, unread)


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


def _in_order(rows: list[_Row], ours: list[str], dates: str, file_order: bool, twice: str, unread: list[tuple[str, str]]) -> Series:
    cells = [TimeCell(row.line, row.cells.get(COLUMN, "")) for row in rows]
    as_written = [TakenSet(cell.text[:40] or f"row {cell.row}", row.result) for cell, row in zip(cells, rows, strict=True)]
    if COLUMN not in ours:
        return Series(as_written, len(rows) == 1, f"no column is named {COLUMN}", "", unread)
    if file_order:
        return Series(as_written, len(rows) == 1, "you chose the order of the file", "", unread)
    clear, shown = ("", "") if dates else clear_dates(cells)
    times = read_times(cells, dates or clear, may_repeat=twice in TWICE)
    order = sorted(range(len(rows)), key=lambda place: times[place].time)
    said = next((f"{cell.text} is {_in_words(read)}" for cell, read in zip(cells, times, strict=True) if needs_dates([cell])), "")
    said += f", because {shown} can only begin with the {'day' if clear == 'dmy' else 'month'}" if said and clear else ""
    gone = _replaced(times, twice)
    return Series([TakenSet(times[place].words, rows[place].result, times[place].time, place in gone) for place in order], True, "", said, unread)


def _replaced(times: Sequence[ReadTime], twice: str) -> set[int]:
    """The sets that another set of the same time replaces."""
    same: defaultdict[datetime, list[int]] = defaultdict(list)
    for place, read in enumerate(times):
        same[read.time].append(place)
    return {place for places in same.values() for place in (places[:-1] if twice == "last" else places[1:])}


def _in_words(read: ReadTime) -> str:
    return f"{read.time.day} {read.time:%B %Y}"
