"""A workbook (.xlsx, .ods) with one plain sheet as a table, without a reading plan: a header row, and one row for each set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mews_newtt.errors import FileError
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.settings import SettingNeeded
from mews_newtt.tables.planned.sources import open_source
from mews_newtt.tables.read import Table

SUFFIXES = (".xlsx", ".xlsm", ".ods")


def is_workbook(path: Path, named: str | None = None) -> bool:
    """Whether a file is taken for a workbook: by its name, where nobody says that it is something else."""
    return named is None and path.suffix.lower() in SUFFIXES


@contextlib.contextmanager
def open_workbook(path: Path) -> Iterator[Table]:
    """The only visible sheet of a workbook as a table of text.

    Raises
    ------
    FileError  several sheets, no clear header, merged cells and whatever else only a reading plan can answer
    """
    try:
        with open_source(path, None, SourceSettings()) as table:
            yield table
    except SettingNeeded as question:
        beside = "in a reading plan under [source], and name the plan with --plan (docs/plans.md); or save the sheet as CSV"
        raise FileError([problem._replace(mend=f"{problem.mend}, {beside}") for problem in question.problems]) from None
