"""Scores plain CSV row by row with the reference: for machines without the batch extra, small files, and results in words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Protocol

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import RESULTS, ColumnMap, check_columns
from mews_newtt.reading.repeats import Repeats
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.result_cells import points_names, result_cells
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows
from mews_newtt.tables.summary import OnBadRow, Progress, Summary

EXPLAINED = ("reasons", "warnings")
EVERY = 1000  # rows between two calls of `progress`


class Writable(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> Any: ...


def score_csv(
    chart: Chart,
    source: BinaryIO,
    output: Writable,
    *,
    name: str = "input",
    column_map: ColumnMap | None = None,
    points: bool = False,
    flags: bool = True,
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
    name : what messages call the stream; size: its bytes, where they are known, for `progress`
    The other parameters are those of `score_file`.

    Raises
    ------
    FileError  no header, not UTF-8, ragged row, a column that looks misnamed, or (with on_bad_row `error`) a row that cannot be scored
    """
    column_map = column_map or ColumnMap()
    lines = text_lines(source, name)
    header = read_header(lines, name)
    added = (*(points_names(chart) if points else ()), *(EXPLAINED if explain else ()))
    ours = check_columns(header.names, chart, column_map, added=() if as_json else added)
    summary = Summary.of(chart)
    summary.unread = Unread(header.names, ours, chart, column_map)
    summary.repeats = Repeats(header.names, ours, before=header.lines)
    screened: dict[str, list[str]] = {name: [] for name in summary.unread.screened}
    results = [column for column in RESULTS if flags or column != "flags"]
    write = _json_writer(output) if as_json else _csv_writer(output, [*header.names, *results, *added], chart, points, flags, explain)
    read = frozenset(chart.by_id)
    theirs = dict(zip(ours, header.names, strict=True))
    for line, cells in text_rows(lines, header, name):
        row = dict(zip(ours, cells, strict=True))
        given = given_of_row(row, column_map, read)
        result = score(chart, given, raise_refused=False)
        if summary.repeats.looking:
            person, when = row["patient_id"].strip(), row["observed_at"].strip()
            summary.repeats.add([(person, when) if person and when else None])
        if screened and summary.rows < LOOKED_AT:
            cell_of = dict(zip(header.names, cells, strict=True))
            for column, values in screened.items():
                values.append(cell_of[column])
        if result.status == "refused" and on_bad_row == "error":
            raise FileError(refusals(chart, given, f"{name}, row {line}", theirs))
        summary.add(result, flags)
        write(cells, result)
        if progress is not None and summary.rows % EVERY == 0:
            progress(summary.rows, source.tell() / size if size else None)
    summary.unread.look(screened)
    return summary


def refusals(chart: Chart, given: Mapping[str, Any], where: str, theirs: Mapping[str, str]) -> list[Problem]:
    """Why one row is refused, in the reference's words: each problem with its place in the file and the file's own name of the column."""
    return [
        Problem(problem.code, f"{where}, column {theirs.get(problem.where, problem.where)}", problem.what, problem.mend)
        for problem in score(chart, given, raise_refused=False).problems
    ]


def _csv_writer(output: Writable, header: list[str], chart: Chart, points: bool, flags: bool, explain: bool) -> Callable[[list[str], Score], None]:
    writer = csv.writer(output, lineterminator="\n")

    def line(cells: list[Any]) -> None:
        if any("\r" in cell for cell in cells if isinstance(cell, str)):  # unquoted, it would end the row for a reader
            output.write(_quoted(cells))
        else:
            writer.writerow(cells)

    def write(cells: list[str], result: Score) -> None:
        found = ["" if cell is None else cell for name, cell in result_cells(result, chart, points).items() if flags or name != "flags"]
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


def _json_writer(output: Writable) -> Callable[[list[str], Score], None]:
    def write(_: list[str], result: Score) -> None:
        output.write(json.dumps(result.to_dict(), ensure_ascii=False, allow_nan=False) + "\n")

    return write
