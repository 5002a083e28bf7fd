"""Times of a planned source, a column at a time: read exactly by the formats of the plan or refused, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from mews_newtt.reading.plan.model import COUNTED, EPOCH_MILLISECONDS, EXCEL_DAYS

ISO = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M%#z",
)
OFFSETS = ("%z", "%:z", "%#z")
END_OF_DAY = r"(^|[T\s])24:00(:00(?:[.,]0+)?)?($|[^\d:.,])"
DAY_MS = 86_400_000
EXCEL_ZERO = int((datetime(1899, 12, 30) - datetime(1970, 1, 1)).total_seconds()) * 1_000_000  # microseconds
FIRST_DAY = 61  # of a spreadsheet: before March 1900 its count has a day that there was not
EARLIEST, LATEST = (int((datetime(year, 1, 1) - datetime(1970, 1, 1)).total_seconds()) * 1_000_000 for year in (1850, 2200))  # microseconds
LOCAL, OFFSET, AMBIGUOUS, NO_TIME, BLANK = 0, 1, 2, 3, 4  # how a cell was read


def known_zone(zone: str) -> bool:
    """Whether both Python and Polars know a time zone."""
    try:
        ZoneInfo(zone)
        pl.Series([datetime(2026, 3, 2)]).dt.replace_time_zone(zone)
    except (ValueError, OSError, KeyError, pl.exceptions.PolarsError):
        return False
    return bool(zone)


def read_times(cells: pl.Series, formats: Sequence[str], zone: str | None) -> tuple[pl.Series, pl.Series]:
    """The time of each cell, and how it was read.

    Parameters
    ----------
    cells : distinct ones
    formats : of strptime, or COUNTED; those with %z read an offset. Without any, times as ISO 8601 writes them
    zone : of times without an offset; the times are then instants in UTC

    Returns
    -------
    time (Datetime, without a zone: in UTC where there is a zone or an offset); how (LOCAL, OFFSET, AMBIGUOUS, NO_TIME or BLANK)
    """
    text = cells.str.strip_chars()
    blank = (text.is_null() | (text == "")).fill_null(value=True)
    found = pl.Series([None] * len(text), dtype=pl.Datetime("us"))
    how = _all(NO_TIME, len(text))
    for form in formats or ISO:
        if not formats and (found.is_not_null() | blank).all():
            break  # no two forms of ISO 8601 match one text
        has_offset = form in COUNTED[:2] or any(part in form for part in OFFSETS)
        times = _counted(text, form) if form in COUNTED else _written(text, form, has_offset)
        if zone is not None and not has_offset:
            once = times.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            how = how.zip_with(times.is_null() | once.is_not_null(), _all(AMBIGUOUS, len(text)))
            times = once
        read = times.is_not_null()
        differs = (read & found.is_not_null() & (times != found)).fill_null(value=False)
        how = how.zip_with(~differs, _all(AMBIGUOUS, len(text)))
        found = found.zip_with(found.is_not_null(), times)
        how = how.zip_with(~(read & (how == NO_TIME)), _all(OFFSET if has_offset else LOCAL, len(text)))
    how = how.zip_with(~blank, _all(BLANK, len(text)))
    return found.zip_with(how <= OFFSET, pl.Series([None] * len(text), dtype=pl.Datetime("us"))), how


def _written(text: pl.Series, form: str, has_offset: bool) -> pl.Series:
    """Times by a format; in UTC where it has an offset. 24:00 is the end of its day, as ISO 8601 says."""
    ends = None
    if "%H:%M" in form or "%R" in form or "%T" in form:
        ends = text.str.contains(END_OF_DAY).fill_null(value=False)
        text = text.str.replace(END_OF_DAY, "${1}00:00${2}${3}") if ends.any() else text
    times = text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC" if has_offset else None)
    times = times.dt.replace_time_zone(None) if has_offset else times
    return times if ends is None or not ends.any() else times.dt.offset_by("1d").zip_with(ends, times)


def _counted(text: pl.Series, form: str) -> pl.Series:
    """Times that are a number: seconds or milliseconds since 1970, exact to the microsecond; or days since 1899-12-30, as a spreadsheet counts
    them, exact to the millisecond, which is what its binary numbers hold.
    """
    number = text.set(~text.str.contains(r"^-?\d{1,16}(\.\d*)?$").fill_null(value=False), None).cast(pl.Float64, strict=False)
    if form == EXCEL_DAYS:
        micros = (number.set((number < FIRST_DAY).fill_null(value=False), None) * DAY_MS).round() * 1000 + EXCEL_ZERO
    else:
        micros = (number * (1_000 if form == EPOCH_MILLISECONDS else 1_000_000)).round()
    micros = micros.set(((micros < EARLIEST) | (micros > LATEST)).fill_null(value=False), None)
    return micros.cast(pl.Int64).cast(pl.Datetime("us"))


def _all(code: int, length: int) -> pl.Series:
    return pl.repeat(code, length, dtype=pl.Int8, eager=True)


def local(time: pl.Expr, zone: str | None, zoned: bool) -> pl.Expr:
    """Times from `read_times` as people at the place read them; with their zone where they are instants."""
    if not zoned:
        return time
    return time.dt.replace_time_zone("UTC").dt.convert_time_zone(zone or "UTC")


def as_text(time: pl.Expr, zone: str | None, zoned: bool) -> pl.Expr:
    """A time as the other readers take it: 2026-03-02T08:00:00, with its offset where it is an instant."""
    return local(time, zone, zoned).dt.strftime("%Y-%m-%dT%H:%M:%S%:z" if zoned else "%Y-%m-%dT%H:%M:%S")
