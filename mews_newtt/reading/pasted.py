"""Rows that somebody copied from a spreadsheet: cells with tabs between them. Text with commas or semicolons is read too."""

from __future__ import annotations

import csv
import io

from mews_newtt.errors import FileError, Problem

NAME = "the pasted rows"
MOST_ROWS, LONGEST_CELL = 20_000, 10_000


def pasted_rows(text: str) -> list[list[str]]:
    """The cells of each row that is not empty, without spaces around them.

    Raises
    ------
    FileError  nothing was pasted; too many rows; a quotation mark that does not end
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise FileError(Problem("nothing_sent", NAME, "are empty", "copy the rows in the spreadsheet, with the line of column names, and paste them"))
    first = text.partition("\n")[0]
    mark = next((each for each in "\t;," if each in first), "\t")
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark, strict=True)]
    except csv.Error:
        raise FileError(Problem("not_readable", NAME, "hold a quotation mark that does not end", "copy the rows again")) from None
    rows = [row for row in rows if any(row)]
    if len(rows) > MOST_ROWS:
        raise FileError(Problem("too_many_rows", NAME, f"are more than {MOST_ROWS:,}", "send the file instead"))
    return rows


def csv_text(rows: list[list[str]]) -> str:
    """Rows as CSV. A row that is shorter than the first is filled up, because a spreadsheet leaves out empty cells at the end.

    Raises
    ------
    FileError  a row has more cells than the first
    """
    wide = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) > wide:
            what = f"has {len(row)} cells in row {number}, where the first row has {wide}"
            raise FileError(Problem("ragged", NAME, what, "copy the whole table with its line of column names"))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([*row, *[""] * (wide - len(row))] for row in rows)
    return out.getvalue()
