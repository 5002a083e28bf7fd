"""Times and persons of many rows: each row is placed, or its reason for having no place is kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.episode.clock import YEARS
from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.tables.planned.times import AMBIGUOUS, BLANK, ISO, LOCAL, NO_TIME, OFFSET, known_zone, read_times

FORMATS = tuple(form for form in ISO if "%H" in form)  # a day alone gives no place within the day
FAR = -1  # how a time was read that is outside `clock.YEARS`
SAYS = {
    NO_TIME: "is not a time written like 2026-11-20 08:00",
    FAR: f"is not between the years {YEARS[0]} and {YEARS[1]}",
    AMBIGUOUS: "is a time that the zone has twice, or not at all",
    BLANK: "is blank",
}
NO_TIME_AT_ALL = np.iinfo(np.int64).min  # microseconds of a time that is not there
EXACT = 2**53  # up to here a float holds every whole number
HEAD = 100  # texts of a column that are tried with every format, to find the few formats that it has

Micros = npt.NDArray[np.int64]


class Placed(NamedTuple):
    """n rows.

    person : int32, the same for rows of one person; rows without a person share a number. names : of the people, in the order of their numbers
    times : for each column of times that the table has, microseconds (in UTC where `zoned`), `NO_TIME_AT_ALL` for none
    why : why a row has no place; null where it has one
    zoned : whether the times are instants; None where there is not a time at all
    in_runs : all rows of a person come together, and the numbers of the people rise
    """

    person: npt.NDArray[np.int32]
    names: pl.Series
    times: dict[str, Micros]
    why: pl.Series
    in_runs: bool
    zoned: bool | None


def placed_in_time(frame: pl.DataFrame, person: str, taken: str, others: Sequence[str], zone: str | None) -> Placed:
    """Read the person and the times of every row. `taken` is needed in every row; columns of `others` may be absent, and their cells blank.

    Raises
    ------
    FileError    an unknown zone; times with an offset beside times without one
    ColumnError  a column that holds neither texts nor times
    """
    require_zone(zone)
    read = {name: _within_years(*read_column(frame.get_column(name), zone)) for name in (taken, *others) if name in frame.columns}
    kinds = {kind for _, how in read.values() for kind in _kinds(how) if kind in (LOCAL, OFFSET)}
    if len(kinds) > 1 and zone is None:
        what = "hold times with an offset from UTC, and times without"
        mend = "give every time an offset, or name the zone of the others"
        raise FileError(Problem("time_without_offset", f"columns {', '.join(read)}", what, mend))
    numbers, names, in_runs = _people(frame.get_column(person))
    says = [pl.when(names.is_null().gather(numbers)).then(pl.lit(f"{person} is blank"))] if names.null_count() else []
    for name, (_, how) in read.items():
        bad = [code for code in _kinds(how) if code in SAYS and (code != BLANK or name == taken)]
        says += [pl.when(how == code).then(pl.lit(f"{name} {SAYS[code]}")) for code in bad]
    why = pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    if says:
        why = pl.select(pl.coalesce(says).cast(pl.String)).to_series()
    times = {name: micros(time) for name, (time, _) in read.items()}
    zoned = True if zone is not None else (kinds == {OFFSET}) if kinds else None
    return Placed(numbers, names, times, why, in_runs, zoned)


def _within_years(times: pl.Series, how: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Without the times that nobody can mean. Some systems write 9999-12-31 for no time."""
    first, last = times.min(), times.max()
    if first is None or (YEARS[0] <= first.year and last.year <= YEARS[1]):  # type: ignore[union-attr]  # Polars does not know that it holds times
        return times, how
    far = ~times.dt.year().is_between(*YEARS)
    return times.set(far.fill_null(value=False), None), how.set(far.fill_null(value=False), FAR)


def require_zone(zone: str | None) -> None:
    """Raise FileError for a name that no zone has."""
    if zone is not None and not known_zone(zone):
        raise FileError(Problem("unknown_zone", "zone", f"{zone!r} is not a time zone", 'write a name of the IANA list, such as "Europe/London"'))


def micros(times: pl.Series) -> Micros:
    """Times as microseconds; `NO_TIME_AT_ALL` for none."""
    found: Micros = times.dt.epoch("us").fill_null(NO_TIME_AT_ALL).to_numpy()
    return found


def read_column(cells: pl.Series, zone: str | None) -> tuple[pl.Series, pl.Series]:
    """The time of each cell, in UTC where it has an offset or a zone is named, and how it was read: see `read_times`."""
    if isinstance(cells.dtype, pl.Datetime):
        aware = cells.dtype.time_zone is not None
        times = cells.dt.cast_time_unit("us")
        if aware:
            times = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        how = _all(OFFSET if aware else LOCAL, len(cells))
        if zone is not None and not aware:
            once = times.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            how = how.zip_with(times.is_null() | once.is_not_null(), _all(AMBIGUOUS, len(cells)))
            times = once
        return times, how.zip_with(cells.is_not_null(), _all(BLANK, len(cells))) if cells.null_count() else how
    if cells.dtype not in (pl.String, pl.Categorical, pl.Null) and not isinstance(cells.dtype, pl.Enum):
        raise ColumnError(Problem("column_type", f"column {cells.name}", f"holds {cells.dtype}, no times", "give texts or times"))
    return _read_texts(cells.cast(pl.String), zone)


def _read_texts(texts: pl.Series, zone: str | None) -> tuple[pl.Series, pl.Series]:
    """Most columns have one format: it is found in the first texts, and only what it does not read is tried with every other."""
    some = texts.drop_nulls().head(HEAD)
    likely = [form for form in FORMATS if read_times(some, (form,), zone)[0].null_count() < len(some)]
    if not likely:
        return read_times(texts, FORMATS, zone)
    time, how = read_times(texts, likely, zone)
    left = (how == NO_TIME).arg_true()
    if len(left):
        again, how_again = read_times(texts.gather(left), FORMATS, zone)
        time, how = time.scatter(left, again), how.scatter(left, how_again)
    return time, how


def names_of(cells: pl.Series) -> pl.Series:
    """The name in each cell, such as the id of a person or of a set: text without blanks around it, or a whole number; null for none.

    Whole numbers beside blanks often arrive as floats: 7.0 is then 7, and NaN is no name. Two blanks must never be one name.

    Raises ColumnError: fractions, numbers that a float cannot hold exactly, or what is neither text nor number.
    """
    kind = cells.dtype
    if kind.is_integer():
        return cells
    if kind.is_float():
        numbers = cells.fill_nan(None)
        if ((numbers != numbers.round()) | (numbers.abs() > EXACT)).any():
            what = "holds numbers that are not whole, or too long to be exact"
            raise ColumnError(Problem("column_type", f"column {cells.name}", what, "give names as texts or whole numbers"))
        return numbers.cast(pl.Int64)
    if kind not in (pl.String, pl.Categorical, pl.Null) and not isinstance(kind, pl.Enum | pl.Decimal):
        raise ColumnError(Problem("column_type", f"column {cells.name}", f"holds {kind}, no names", "give texts or whole numbers"))
    names = cells.cast(pl.String).str.strip_chars()
    return names.set((names == "").fill_null(value=False), None)


def runs_of_names(cells: pl.Series) -> tuple[npt.NDArray[np.int32], pl.Series]:
    """The number of the run of like cells that each row is in, and the name of each run (`names_of`). Two runs may have one name."""
    runs: npt.NDArray[np.int32] = cells.rle_id().cast(pl.Int32).to_numpy()
    return runs, names_of(cells.gather(np.flatnonzero(np.diff(runs, prepend=-1))))


def _people(cells: pl.Series) -> tuple[npt.NDArray[np.int32], pl.Series, bool]:
    """A number for the person of each row, the person of each number (null for none), and whether all rows of each come together."""
    runs, starts = runs_of_names(cells)
    if starts.n_unique() == len(starts):
        return runs, starts, True
    names = starts.unique(maintain_order=True)
    numbered = names.to_frame("who").with_row_index("number")
    numbers = starts.to_frame("who").join(numbered, on="who", how="left", nulls_equal=True, maintain_order="left")
    return numbers.get_column("number").cast(pl.Int32).to_numpy()[runs], names, False


def _kinds(how: pl.Series) -> list[Any]:
    return how.unique().to_list()


def _all(value: int, rows: int) -> pl.Series:
    return pl.repeat(value, rows, dtype=pl.Int8, eager=True)
