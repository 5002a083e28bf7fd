"""Score a text table row by row with the reference scorer: needs nothing but the core, and streams."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Literal, NamedTuple, TextIO

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import RESULTS, ColumnMap, check_columns
from mews_newtt.reading.repeats import Repeats
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.result_cells import points_names, result_cells

DELIMITERS = ",;\t|"
EXPLAINED = ("reasons", "warnings")


OnBadRow = Literal["error", "report"]
Progress = Callable[[int, float | None], None]  # rows done, and the share of the work where it is known


@dataclass
class Summary:
    """What a scored table held, in counts: no patient data.

    unread : the columns that nothing was read from, and which of them look as if they hold readings
    repeats : rows of one person and one time
    """

    chart: dict[str, str]
    rows: int = 0
    status: Counter[str] = field(default_factory=Counter)
    totals: Counter[int] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    unread: Unread = field(default_factory=Unread)
    repeats: Repeats = field(default_factory=Repeats)

    @classmethod
    def of(cls, chart: Chart) -> Summary:
        """An empty one, with the chart's levels in their order."""
        return cls(chart.identity(), levels=Counter({level.id: 0 for level in chart.levels}))

    def add(self, result: Score) -> None:
        self.rows += 1
        self.status[result.status] += 1
        if result.total is not None:
            self.totals[result.total] += 1
        if result.level is not None:
            self.levels[result.level] += 1
        self.missing.update(result.missing)
        self.flags.update(result.flags)

    def to_dict(self) -> dict[str, Any]:
        """The same for the same rows, whichever reader counted them."""
        return {
            "chart": self.chart,
            "rows": self.rows,
            **{status: self.status[status] for status in ("complete", "partial", "refused")},
            "totals": {str(total): self.totals[total] for total in sorted(self.totals)},
            "levels": dict(self.levels),
            "missing": _by_count(self.missing),
            "flags": _by_count(self.flags),
            **self.unread.to_dict(),
            **self.repeats.to_dict(),
        }


def _by_count(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


class Header(NamedTuple):
    """The first record of a CSV file: what parts its cells, the names of its columns, and how many lines it takes."""

    delimiter: str
    names: list[str]
    lines: int = 1


def read_header(lines: Iterator[str], name: str) -> Header:
    """The header of a CSV file, taken from its lines; comma, semicolon, tab or bar, whichever the first line has most of."""
    line = next(lines, None)
    if line is None or not line.strip():
        raise FileError(Problem("file_empty", name, "is empty", "the first line must name the columns"))
    counts = {mark: line.count(mark) for mark in DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    delimiter = best if counts[best] else ","
    rows = csv.reader(chain([line], lines), delimiter=delimiter, strict=True)
    try:
        names = next(rows)
    except csv.Error as fault:
        raise FileError(Problem("not_csv", f"{name}, row 1", f"is not CSV: {fault}", "the first line must name the columns")) from None
    blank = [place for place, column in enumerate(names, start=1) if not column.strip()]
    if blank:
        raise FileError(Problem("column_unnamed", f"{name}, column {blank[0]}", "has no name", "name every column in the first line"))
    return Header(delimiter, names, rows.line_num)


def text_lines(stream: BinaryIO, name: str, before: int = 0) -> Iterator[str]:
    """The lines of a UTF-8 file, a BOM at its start dropped; `before` lines of the file stand before the stream."""
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
        with contextlib.suppress(ValueError):  # its owner may have closed the stream by now
            text.detach()  # the stream is not ours to close


def text_rows(lines: Iterable[str], header: Header, name: str, before: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Line number in the file (the header is line 1) and cells of each row; `before` lines, else those of the header, come before these."""
    before = header.lines if before is None else before
    rows = csv.reader(lines, delimiter=header.delimiter, strict=True)
    width = len(header.names)
    try:
        for cells in rows:
            if not cells:
                if width > 1:
                    continue  # an empty line is no row
                cells = [""]  # but in a table of one column it is an empty cell
            line = rows.line_num + before
            if len(cells) != width:
                raise FileError(
                    Problem(
                        "row_ragged",
                        f"{name}, row {line}",
                        f"has {len(cells)} cells where the header has {width}",
                        "quote a cell that holds the delimiter; a decimal comma in a comma-separated file looks like this too",
                    )
                )
            yield line, cells
    except csv.Error as fault:
        raise FileError(Problem("not_csv", f"{name}, row {rows.line_num + before}", f"is not CSV: {fault}", "check the quotes in that row")) from None


def score_csv(
    chart: Chart,
    source: BinaryIO,
    output: TextIO,
    *,
    name: str = "input",
    column_map: ColumnMap | None = None,
    points: bool = False,
    explain: bool = False,
    as_json: bool = False,
    on_bad_row: OnBadRow = "error",
    progress: Progress | None = None,
    size: int | None = None,
) -> Summary:
    """Score every row of a CSV stream: same rows, same order, the input's columns and the result columns.

    Parameters
    ----------
    source, output : a binary stream to read, a text stream to write
    points, explain : add `points_<parameter>`; add the reasons and warnings in words
    as_json : one JSON object a row (the whole Score) instead of CSV
    on_bad_row : `error` stops at the first row that cannot be scored; `report` keeps it with status refused
    progress : called every thousand rows with the rows done and, where `size` tells the stream's bytes, the share of them

    Raises
    ------
    FileError  no header, not UTF-8, ragged row, a column that is a slip, or (with `error`) a row that cannot be scored
    """
    if on_bad_row not in ("error", "report"):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    column_map = column_map or ColumnMap()
    lines = text_lines(source, name)
    header = read_header(lines, name)
    added = (*(points_names(chart) if points else ()), *(EXPLAINED if explain else ()))
    ours = check_columns(header.names, chart, column_map, added=() if as_json else added)
    summary = Summary.of(chart)
    summary.unread = Unread(header.names, ours, chart, column_map)
    summary.repeats = Repeats(header.names, ours, before=header.lines)
    screened: dict[str, list[str]] = {name: [] for name in summary.unread.screened}
    write = _json_writer(output) if as_json else _csv_writer(output, [*header.names, *RESULTS, *added], chart, points, explain)
    read = frozenset(chart.by_id)
    theirs = dict(zip(ours, header.names, strict=True))
    for line, cells in text_rows(lines, header, name):
        row = dict(zip(ours, cells, strict=True))
        result = score(chart, given_of_row(row, column_map, read), raise_refused=False)
        if summary.repeats.looking:
            person, when = row["patient_id"].strip(), row["observed_at"].strip()
            summary.repeats.add([(person, when) if person and when else None])
        if screened and summary.rows < LOOKED_AT:
            cell_of = dict(zip(header.names, cells, strict=True))
            for column, values in screened.items():
                values.append(cell_of[column])
        if result.status == "refused" and on_bad_row == "error":
            raise FileError([refused_row(p, f"{name}, row {line}", theirs) for p in result.problems])
        summary.add(result)
        write(cells, result)
        if progress is not None and summary.rows % 1000 == 0:
            progress(summary.rows, source.tell() / size if size else None)
    summary.unread.look(screened)
    return summary


def refused_row(problem: Problem, where: str, theirs: Mapping[str, str]) -> Problem:
    """A fault of one observation set, placed in a file."""
    return Problem(problem.code, f"{where}, column {theirs.get(problem.where, problem.where)}", problem.what, problem.mend)


def _csv_writer(output: TextIO, header: list[str], chart: Chart, points: bool, explain: bool) -> Callable[[list[str], Score], None]:
    writer = csv.writer(output, lineterminator="\n")

    def line(cells: list[Any]) -> None:
        if any("\r" in cell for cell in cells if isinstance(cell, str)):  # unquoted, it would end the row for a reader
            output.write(_quoted(cells))
        else:
            writer.writerow(cells)

    def write(cells: list[str], result: Score) -> None:
        found = ["" if cell is None else cell for cell in result_cells(result, chart, points).values()]
        if explain:
            found += ["; ".join(reason.says for reason in result.reasons), "; ".join(result.warnings)]
        line([*cells, *found])

    line([*header])
    return write


def _quoted(cells: list[Any]) -> str:
    """A CSV line whose cells may hold a carriage return."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _json_writer(output: TextIO) -> Callable[[list[str], Score], None]:
    def write(_: list[str], result: Score) -> None:
        output.write(json.dumps(result.to_dict(), ensure_ascii=False, allow_nan=False) + "\n")

    return write
