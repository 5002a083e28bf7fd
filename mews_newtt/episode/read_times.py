"""Times and persons of many rows: each row is placed, or its reason for having no place is kept beside it."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.tables.planned.times import AMBIGUOUS, BLANK, ISO, LOCAL, NO_TIME, OFFSET, known_zone, read_times

ROW, WHY = "@row", "@why"
FORMATS = tuple(form for form in ISO if "%H" in form)  # a day alone gives no place within the day
SAYS = {NO_TIME: "is no time as 2026-11-20 08:00", AMBIGUOUS: "is a time that the zone has twice, or not at all", BLANK: "is blank"}


class Placed(NamedTuple):
    """The rows with `@row`, `@person`, `@taken`, `@recorded` (in UTC where `zoned`) and `@why` (null where they have a place)."""

    frame: pl.DataFrame
    zoned: bool


def placed_in_time(frame: pl.DataFrame, person: str, taken: str, recorded: str, zone: str | None) -> Placed:
    """Read the person and the times of every row.

    Raises
    ------
    FileError    an unknown zone; times with an offset beside times without one
    ColumnError  a column that holds neither texts nor times
    """
    if zone is not None and not known_zone(zone):
        raise FileError(Problem("unknown_zone", "zone", f"{zone!r} is no time zone", 'write a name of the IANA list, such as "Europe/London"'))
    who = frame.get_column(person).cast(pl.String).str.strip_chars()
    time, how = _times(frame.get_column(taken), zone)
    later, how_later = _all(None, time.dtype, frame), _all(BLANK, pl.Int8(), frame)
    if recorded in frame.columns:
        later, how_later = _times(frame.get_column(recorded), zone)
    kinds = {kind for column in (how, how_later) for kind in column.unique().to_list() if kind in (LOCAL, OFFSET)}
    if len(kinds) > 1 and zone is None:
        what = "hold times with an offset from UTC, and times without"
        mend = "give every time an offset, or name the zone of the others"
        raise FileError(Problem("time_without_offset", f"columns {taken}, {recorded}", what, mend))
    zoned = zone is not None or kinds == {OFFSET}
    named = who.set((who == "").fill_null(value=True), None)
    says = [pl.when(named.is_null()).then(pl.lit(f"{person} is blank"))]
    says += [pl.when(how == code).then(pl.lit(f"{taken} {what}")) for code, what in SAYS.items()]
    says += [pl.when(how_later == code).then(pl.lit(f"{recorded} {what}")) for code, what in SAYS.items() if code != BLANK]
    reasons = frame.select(pl.coalesce(says).cast(pl.String).alias(WHY)).to_series()
    columns = [named.alias("@person"), time.alias("@taken"), later.alias("@recorded"), reasons]
    return Placed(frame.with_row_index(ROW).with_columns(columns), zoned)


def _times(cells: pl.Series, zone: str | None) -> tuple[pl.Series, pl.Series]:
    """The time of each cell, and how it was read. Each distinct text is read once."""
    if isinstance(cells.dtype, pl.Datetime):
        aware = cells.dtype.time_zone is not None
        times = cells.dt.cast_time_unit("us")
        if aware:
            times = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        how = pl.repeat(OFFSET if aware else LOCAL, len(cells), dtype=pl.Int8, eager=True)
        if zone is not None and not aware:
            once = times.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            how = how.zip_with(times.is_null() | once.is_not_null(), pl.repeat(AMBIGUOUS, len(cells), dtype=pl.Int8, eager=True))
            times = once
        return times, how.zip_with(cells.is_not_null(), pl.repeat(BLANK, len(cells), dtype=pl.Int8, eager=True))
    if cells.dtype not in (pl.String, pl.Categorical, pl.Null) and not isinstance(cells.dtype, pl.Enum):
        raise ColumnError(Problem("column_type", f"column {cells.name}", f"holds {cells.dtype}, no times", "give texts or times"))
    texts = cells.cast(pl.String)
    distinct = texts.unique()
    time, how = read_times(distinct, FORMATS, zone)
    read = pl.DataFrame([distinct.alias("text"), time.alias("time"), how.alias("how")])
    found = pl.DataFrame([texts.alias("text")]).join(read, on="text", how="left", nulls_equal=True, maintain_order="left")
    return found.get_column("time"), found.get_column("how")


def _all(value: int | None, kind: pl.DataType, frame: pl.DataFrame) -> pl.Series:
    return pl.repeat(value, frame.height, dtype=kind, eager=True)
