"""In which format times are written: every format that reads the cells of a column, told apart by what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

import polars as pl

from mews_newtt.tables.planned.times import OFFSETS, read_times

DATES = (
    "%d/%m/{y}", "%m/%d/{y}", "%d.%m.{y}", "%m.%d.{y}", "%d-%m-{y}", "%m-%d-{y}", "%d %m {y}", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y%m%d",
    "%d-%b-{y}", "%d %b {y}", "%d/%b/{y}", "%d%b{y}", "%b %d, {y}", "%b %d {y}", "%b-%d-{y}", "%a %d %b {y}", "%a, %d %b {y}",
    "%d %B {y}", "%d-%B-{y}", "%B %d, {y}", "%B %d {y}", "%A %d %B {y}", "%A, %d %B {y}", "%A, %B %d, {y}",
)  # fmt: skip
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p", "%H.%M", "%H%M", "%H%M%S", "%Hh%M")
BETWEEN = (" ", "T", ", ", " at ", "")
LATE = ("T00:00:00 %H:%M", "T00:00:00 %H:%M:%S", " 00:00:00 %H:%M", " 00:00:00 %H:%M:%S")  # a day of a workbook, and a clock time from another column
ZONES = (" %z", "%z")
MOST = 200  # cells on which a format is tried first
SHARE = 0.8  # of the cells that a format must read
EARLIEST, LATEST = 1900, 2200
DAY = re.compile(r"\d{1,4}\s?[-/. ]\s?\w{1,9}[-/. ,]+\s?\d{2,4}|[A-Za-z]{3,9},? \d{1,2},? |\d{8}(?!\d)|\d{8}[T ]?\d{4,6}|\d{1,2}[A-Za-z]{3}\d{2,4}")


def formats_of(cells: Sequence[str]) -> list[str] | None:
    """The formats that read the cells; none at all for ISO 8601; None where no format does.

    At least four of five cells must be read. Of formats that read the same times, one is given.
    """
    texts = pl.Series(cells, dtype=pl.String)
    if not len(texts) or not texts.str.contains(r"\d").all():
        return None
    if read_times(texts, (), None)[0].is_not_null().mean() >= SHARE:  # type: ignore[operator]  # a share of a list that is not empty
        return []
    if sum(1 for cell in cells if DAY.match(cell)) < SHARE * len(texts):
        return None
    found: dict[tuple[object, ...], str] = {}
    head = texts.head(MOST)
    best = 0
    for form in _every():
        if _count(head, form) < SHARE * len(head):
            continue
        times = _times(texts, form)
        count = len(times) - times.null_count()
        if count >= SHARE * len(texts):
            best = max(best, count)
            found.setdefault(tuple(times.to_list()), form)
    return [form for times, form in found.items() if sum(1 for time in times if time is not None) == best] or None


def _every() -> Iterator[str]:
    for date, year in product(DATES, ("%Y", "%y")):
        if "{y}" not in date and year == "%y":
            continue
        day = date.format(y=year)
        yield day
        for between, clock in product(BETWEEN, CLOCKS):
            yield f"{day}{between}{clock}"
        for late in LATE:
            yield day + late
        for between, clock, zone in product(BETWEEN[:2], CLOCKS[:5], ZONES):
            yield f"{day}{between}{clock}{zone}"


def _times(texts: pl.Series, form: str) -> pl.Series:
    times = texts.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC" if any(part in form for part in OFFSETS) else None)
    return times.set(~times.dt.year().is_between(EARLIEST, LATEST).fill_null(value=True), None)


def _count(texts: pl.Series, form: str) -> int:
    times = _times(texts, form)
    return len(times) - times.null_count()


def month_first(form: str) -> bool | None:
    """Whether a format has the month before the day; None where the two cannot be mixed up."""
    day, month = form.find("%d"), form.find("%m")
    return None if min(day, month) < 0 or form.startswith("%Y") else month < day


def is_epoch(cells: Sequence[str], digits: int) -> bool:
    """Whether all cells are seconds (10 digits) or milliseconds (13) since 1970, of this century."""
    return bool(cells) and all(re.fullmatch(rf"1\d{{{digits - 1}}}", cell) for cell in cells)


def is_serial(cells: Sequence[str]) -> bool:
    """Whether all cells are days as spreadsheets count them, for 2000 to 2099."""
    return bool(cells) and all(re.fullmatch(r"(3[6-9]|[4-6]\d|7[0-2])\d{3}(\.\d+)?", cell) for cell in cells)


def is_clock(cells: Sequence[str]) -> bool:
    """Whether all cells are times of the day without a day."""
    return bool(cells) and all(re.fullmatch(r"\d{1,2}[:.h]\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?|([01]\d|2[0-3])[0-5]\d", cell) for cell in cells)
