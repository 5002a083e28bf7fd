"""Reads the times of the rows of a table, so that its sets can be put in order. A time is read exactly or refused; nothing is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mews_newtt.errors import FileError, Problem

COLUMN = "observed_at"
DATES = {"dmy": "Day first: 05/03/2026 is 5 March", "mdy": "Month first: 05/03/2026 is 3 May"}
WRITE = "write each time as 2026-11-20 08:00"
ROWS_NAMED = 10
MONTHS = 12  # a larger number is the day
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:,? +(\d{1,2}:\d\d(?::\d\d)?))?", re.ASCII)


class TimeCell(NamedTuple):
    """The text of one row's time. `row` is its line in the file; the line of column names is row 1."""

    row: int
    text: str


class ReadTime(NamedTuple):
    """A time as it was read. `has_hour`: whether the cell also gave a time of day."""

    time: datetime
    has_hour: bool

    @property
    def words(self) -> str:
        """The time as a drawing shows it, with seconds and offset only if the cell had them."""
        if not self.has_hour:
            return f"{self.time:%Y-%m-%d}"
        seconds = ":%S" if self.time.second or self.time.microsecond else ""
        offset = "" if self.time.tzinfo is None else " " + (self.time.isoformat()[-6:] if self.time.utcoffset() else "UTC")
        return self.time.strftime(f"%Y-%m-%d %H:%M{seconds}") + offset


def needs_dates(cells: Sequence[TimeCell]) -> bool:
    """Whether a cell holds a date such as 05/03/2026, which may begin with the day or with the month."""
    return any(_NUMBERS.fullmatch(cell.text) for cell in cells)


def clear_dates(cells: Sequence[TimeCell]) -> tuple[str, str]:
    """How the dates of a column must be read, and the cell that shows it: 25/03/2026 can only begin with the day. Empty where nothing shows it."""
    found: dict[str, str] = {}
    for cell in cells:
        numbers = _NUMBERS.fullmatch(cell.text)
        if numbers:
            one, two = int(numbers[1]), int(numbers[3])
            if one > MONTHS or two > MONTHS:
                found.setdefault("dmy" if one > MONTHS else "mdy", cell.text[:40])
    return next(iter(found.items())) if len(found) == 1 else ("", "")


def read_times(cells: Sequence[TimeCell], dates: str = "", *, may_repeat: bool = False) -> list[ReadTime]:
    """Every cell as a time.

    Parameters
    ----------
    dates : how dates such as 05/03/2026 are read: "dmy" (day first) or "mdy" (month first); "" refuses them
    may_repeat : whether one time may be given to several sets

    Raises
    ------
    FileError  a time that is blank, cannot be read or is given twice, or times with and without hour or offset: their order is not known
    """
    read = {cell: found for cell in cells if (found := _read(cell.text, dates)) is not None}
    asked = [cell for cell in cells if cell not in read and not dates and _NUMBERS.fullmatch(cell.text)]
    problems = [
        *_of([cell for cell in cells if not cell.text], "time_blank", "no time is given", f"{WRITE} in every row"),
        *_of(asked, "time_day_or_month", "{first} may begin with the day or with the month", f"say below which of them it is, or {WRITE}"),
        *_of([c for c in cells if c.text and c not in read and c not in asked], "time_unreadable", "{first} cannot be read as a time", WRITE),
    ]
    if problems:
        raise FileError(problems)
    days = [cell for cell in cells if not read[cell].has_hour]
    local = [cell for cell in cells if read[cell].time.tzinfo is None]
    if 0 < len(days) < len(cells):
        problems += _of(days, "time_without_hour", "{first} gives no time of day, and other rows do", WRITE)
    if 0 < len(local) < len(cells):
        mend = "write the offset in every row, such as 2026-11-20 08:00+00:00, or in none"
        problems += _of(local, "time_without_offset", "{first} gives no offset from UTC, and other rows do", mend)
    if not problems and not may_repeat:
        sets = Counter(read[cell].time for cell in cells)
        what = "a time is given to more than one set ({first}), so that it is not known which came first"
        twice = [cell for cell in cells if sets[read[cell].time] > 1]
        problems += _of(twice, "time_twice", what, "keep the set that counts, or correct its time")
    if problems:
        raise FileError(problems)
    return [read[cell] for cell in cells]


def _of(found: Sequence[TimeCell], code: str, what: str, mend: str) -> list[Problem]:
    """One problem for all rows that share it."""
    if not found:
        return []
    named = ", ".join(str(cell.row) for cell in found[:ROWS_NAMED]) + (f" and {len(found) - ROWS_NAMED} more" if len(found) > ROWS_NAMED else "")
    return [Problem(code, f"{COLUMN}, {'row' if len(found) == 1 else 'rows'} {named}", what.format(first=f"{found[0].text[:40]!r}"), mend)]


def _read(text: str, dates: str) -> ReadTime | None:
    numbers = _NUMBERS.fullmatch(text)
    if numbers and dates in DATES:
        one, _, two, year, hour = numbers.groups()
        day, month = (one, two) if dates == "dmy" else (two, one)
        text = f"{year}-{int(month):02d}-{int(day):02d}" + (f" {hour:0>{5 if len(hour) < 6 else 8}}" if hour else "")
    if not _ISO.fullmatch(text):
        return None
    try:
        return ReadTime(datetime.fromisoformat(text), len(text) > 10)
    except ValueError:  # such as 31 February
        return None
