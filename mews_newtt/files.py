"""Score a text table row by row with the reference scorer: needs nothing but the core, streams, and never leaves half a file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.scoring.columns import RESULTS, ColumnMap, mapped_columns
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.rows import given_of_row, points_columns, result_cells

csv.field_size_limit(1_000_000)


@dataclass
class Summary:
    """What a scored table held, in counts: no patient data."""

    chart: dict[str, str]
    rows: int = 0
    status: Counter[str] = field(default_factory=Counter)
    totals: Counter[int] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

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
        return {
            "chart": self.chart,
            "rows": self.rows,
            **{status: self.status[status] for status in ("complete", "partial", "refused")},
            "totals": {str(total): self.totals[total] for total in sorted(self.totals)},
            "levels": dict(self.levels),
            "missing": dict(self.missing.most_common()),
            "flags": dict(self.flags.most_common()),
        }


class TextTable:
    """A CSV file as rows under our names. UTF-8 (a BOM is dropped); comma, semicolon, tab or bar, told from the header."""

    def __init__(self, stream: BinaryIO, name: str, chart: Chart, column_map: ColumnMap):
        self.name = name
        self._lines = _lines(stream, name)
        header = next(self._lines, None)
        if header is None or not header.strip():
            raise FileError(Problem("file_empty", name, "is empty", "the first line must name the columns"))
        self._delimiter = _delimiter(header)
        self.header = next(csv.reader([header], delimiter=self._delimiter))
        known = {**catalogue().observations, **{p.id: p.observation for p in chart.parameters}}
        blank = [place for place, column in enumerate(self.header, start=1) if not column.strip()]
        if blank:
            raise FileError(Problem("column_unnamed", f"{name}, column {blank[0]}", "has no name", "name every column in the first line"))
        self.ours = mapped_columns(self.header, chart, column_map, known)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Line number in the file (the header is line 1) and cells."""
        rows = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        try:
            for cells in rows:
                if not cells:
                    if len(self.header) > 1:
                        continue  # an empty line is no row
                    cells = [""]  # but in a table of one column it is an empty cell
                line = rows.line_num + 1
                if len(cells) != len(self.header):
                    raise FileError(
                        Problem(
                            "row_ragged",
                            f"{self.name}, row {line}",
                            f"has {len(cells)} cells where the header has {len(self.header)}",
                            "quote a cell that holds the delimiter; a decimal comma in a comma-separated file looks like this too",
                        )
                    )
                yield line, cells
        except csv.Error as fault:
            raise FileError(
                Problem("not_csv", f"{self.name}, row {rows.line_num + 1}", f"is not CSV: {fault}", "check the quotes in that row")
            ) from None


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    number = 0
    try:
        for number, line in enumerate(text, start=1):
            if "\0" in line:
                raise FileError(
                    Problem("not_text", f"{name}, row {number}", "holds a NUL byte: not a text file, or not UTF-8", "save the file as CSV in UTF-8")
                )
            yield line
    except UnicodeDecodeError:
        raise FileError(Problem("not_utf8", f"{name}, after row {number}", "is not UTF-8 text", "save the file as CSV in UTF-8")) from None


def _delimiter(header: str) -> str:
    counts = {mark: header.count(mark) for mark in ",;\t|"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


@contextlib.contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """A text file that appears under its name only when it is whole; None is stdout."""
    if path is None:
        if sys.stdout is None:
            raise FileError(Problem("output_closed", "standard output", "is closed", "name a file with -o"))
        yield sys.stdout
        return
    special = path.exists() and not path.is_dir() and not path.is_file()  # a pipe or a device cannot be renamed onto
    path = path if special else Path(os.path.realpath(path))  # what a link points to is written, the link stays
    if special:
        with path.open("w", encoding="utf-8", newline="") as out:
            yield out
        return
    if not path.parent.is_dir():
        raise FileError(Problem("folder_missing", str(path.parent), "is not a folder", "make it, or write elsewhere"))
    if path.is_dir():
        raise FileError(Problem("output_is_folder", str(path), "is a folder", "name a file"))
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


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
    on_bad_row: str = "error",
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Score every row of a CSV stream: same rows, same order, the input's columns and the result columns.

    Parameters
    ----------
    source, output : a binary stream to read, a text stream to write
    points, explain : add `points_<parameter>`; add the reasons and warnings in words
    as_json : one JSON object a row (the whole Score) instead of CSV
    on_bad_row : `error` stops at the first row that cannot be scored; `report` keeps it with status refused

    Raises
    ------
    FileError  no header, not UTF-8, ragged row, a column that is a slip, or (with `error`) a row that cannot be scored
    """
    if on_bad_row not in ("error", "report"):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    column_map = column_map or ColumnMap()
    table = TextTable(source, name, chart, column_map)
    summary = Summary({"id": chart.id, "title": chart.title, "version": chart.version, "status": chart.status, "sha256": chart.sha256})
    write = _json_writer(output) if as_json else _csv_writer(output, table.header, chart, points, explain)
    read = frozenset(chart.by_id)
    theirs = dict(zip(table.ours, table.header, strict=True))
    for line, cells in table:
        result = score(chart, given_of_row(dict(zip(table.ours, cells, strict=True)), column_map, read), raise_refused=False)
        if result.status == "refused" and on_bad_row == "error":
            raise FileError([Problem(p.code, f"{name}, row {line}, column {theirs.get(p.where, p.where)}", p.what, p.mend) for p in result.problems])
        summary.add(result)
        write(cells, result)
        if progress is not None and summary.rows % 1000 == 0:
            progress(summary.rows)
    return summary


def _csv_writer(output: TextIO, header: list[str], chart: Chart, points: bool, explain: bool) -> Callable[[list[str], Score], None]:
    writer = csv.writer(output, lineterminator="\n")
    more = [f"points_{name}" for name in points_columns(chart)] if points else []
    writer.writerow([*header, *RESULTS, *more, *(["reasons", "warnings"] if explain else [])])

    def write(cells: list[str], result: Score) -> None:
        found = ["" if cell is None else cell for cell in result_cells(result, chart, points).values()]
        if explain:
            found += ["; ".join(reason.says for reason in result.reasons), "; ".join(result.warnings)]
        writer.writerow([*cells, *found])

    return write


def _json_writer(output: TextIO) -> Callable[[list[str], Score], None]:
    def write(_: list[str], result: Score) -> None:
        output.write(json.dumps(result.to_dict(), ensure_ascii=False, allow_nan=False) + "\n")

    return write
