"""The births and schedules of many people: which schedules hold for whom, since when, and which time of each is the next after a set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.episode.course import earliest
from mews_newtt.episode.policy import Policy, Schedule
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros, micros, names_of, read_column
from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.tables.planned.times import BLANK, LOCAL, OFFSET

SCHEDULE, START = "schedule", "starts_at"
TWO_BIRTHS = "the rows of this person give two times of birth: they may be two people"
BORN_LATER = "the birth is after this set"
MOST_NAMED = 10
EPOCH = datetime(1970, 1, 1)


class Births(NamedTuple):
    """By the number of a person: the time of birth (`NO_TIME_AT_ALL` for none), and whether the rows give two."""

    born: Micros
    several: npt.NDArray[np.bool_]


def births_of(person: npt.NDArray[np.int32], born: Micros, people: int) -> Births:
    """The birth of each person from the rows that give one."""
    given = born != NO_TIME_AT_ALL
    first, last = np.full(people, np.iinfo(np.int64).max), np.full(people, NO_TIME_AT_ALL)
    np.minimum.at(first, person[given], born[given])
    np.maximum.at(last, person[given], born[given])
    return Births(last, (last != NO_TIME_AT_ALL) & (first != last))


class PeoplesSchedules(NamedTuple):
    """Rows of person, schedule and start. A start is `NO_TIME_AT_ALL` where it is the birth. `zoned` as in `Placed`; None without any start."""

    person: pl.Series
    schedule: pl.Series
    start: Micros
    known: dict[str, Schedule]
    zoned: bool | None

    def of_person(self, person: str) -> dict[str, datetime | None]:
        """The schedules of one person, each with its start without a zone (UTC where `zoned`); None where it is the birth."""
        own = (self.person == person).fill_null(value=False)
        starts = (None if start == NO_TIME_AT_ALL else EPOCH + timedelta(microseconds=int(start)) for start in self.start[own.to_numpy()])
        return dict(zip(self.schedule.filter(own).to_list(), starts, strict=True))

    def next_time(self, names: pl.Series, person: npt.NDArray[np.int32], taken: Micros, births: Births | None) -> tuple[Micros, pl.Series]:
        """For sets in order: the next time of a schedule after each; and by the number of a person, which schedules have no start."""
        due, without = np.full(len(person), NO_TIME_AT_ALL), pl.repeat(None, len(names), dtype=pl.String, eager=True)
        numbers = names.cast(pl.String).to_frame("who").with_row_index("number").drop_nulls()
        for name, schedule in self.known.items():
            of_schedule = (self.schedule == name).to_numpy()
            if not of_schedule.any():
                continue
            wanted = pl.DataFrame([self.person.filter(pl.Series(of_schedule)).alias("who"), pl.Series("start", self.start[of_schedule])])
            found = numbers.join(wanted, on="who", how="inner")
            of_people = found.get_column("number").to_numpy()
            start, held = np.full(len(names), NO_TIME_AT_ALL), np.zeros(len(names), bool)
            start[of_people], held[of_people] = found.get_column("start").to_numpy(), True
            if schedule.starts == "birth" and births is not None:
                start = np.where(held & (start == NO_TIME_AT_ALL), births.born, start)
            missing = held & (start == NO_TIME_AT_ALL)
            if missing.any():
                without = without.set(pl.Series(missing), f"the schedule {name} needs a start: {START}, or the birth for one that starts at birth")
            due = earliest(due, _next(schedule, start[person], taken))
        return due, without


def _next(schedule: Schedule, start: Micros, taken: Micros) -> Micros:
    """The first time of a schedule after each set. A set taken before a time does not count for it: see `due.Rules`."""
    times = np.array([after // timedelta(microseconds=1) for after in schedule.times()], np.int64)
    known = start != NO_TIME_AT_ALL
    after = np.where(known, taken - np.where(known, start, 0), 0)
    place = np.searchsorted(times, after, side="right")
    there = known & (place < len(times))
    return np.where(there, np.where(known, start, 0) + np.append(times, 0)[place], NO_TIME_AT_ALL)


def read_schedules(table: Any, policies: Sequence[Policy], *, person: str = "patient_id", zone: str | None = None) -> PeoplesSchedules:
    """Read which schedules hold for whom.

    Parameters
    ----------
    table : one row a person and schedule: the person's column, `schedule` (the id of a schedule of the policies) and, if it does not start at
        birth, `starts_at`

    Raises
    ------
    ColumnError  a column is missing
    FileError    a row without a person, an unknown schedule, a start that is not a time, one schedule twice for a person
    """
    frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
    absent = [name for name in (person, SCHEDULE) if name not in frame.columns]
    if absent:
        raise ColumnError(Problem("column_needed", "the schedules", f"have no column {', '.join(absent)}", f"give {person}, {SCHEDULE} and {START}"))
    known = {schedule.id: schedule for policy in policies for schedule in policy.schedules}
    who = names_of(frame.get_column(person)).cast(pl.String)
    names = frame.get_column(SCHEDULE).cast(pl.String).str.strip_chars()
    problems = [Problem("column_needed", f"the schedules, row {row + 1}", f"has no {person}", "name the person") for row in _rows(who.is_null())]
    mend = "schedules: " + ", ".join(known) if known else "give the policy that holds it"
    unknown = _rows(~names.is_in(list(known)).fill_null(value=False))
    problems += [Problem("schedule_unknown", f"the schedules, row {row + 1}", f"{names[row]!r} is in none of the policies", mend) for row in unknown]
    twice = _rows(~pl.DataFrame([who.alias("who"), names.alias("name")]).select(pl.struct("who", "name").is_first_distinct()).to_series())
    problems += [Problem("schedule_twice", f"the schedules, row {row + 1}", "repeats a schedule of this person", "keep one row") for row in twice]
    start, zoned = np.full(frame.height, NO_TIME_AT_ALL), None
    if START in frame.columns:
        time, how = read_column(frame.get_column(START), zone)
        start = micros(time)
        bad = _rows(~how.is_in([LOCAL, OFFSET, BLANK]))
        problems += [Problem("not_a_time", f"the schedules, row {row + 1}", f"{START} is not a time", "write it as 2026-11-20 08:00") for row in bad]
        kinds = set(how.unique().to_list()) & {LOCAL, OFFSET}
        zoned = (zone is not None or kinds == {OFFSET}) if kinds else None
        if len(kinds) > 1 and zone is None:
            what = "have times with an offset from UTC, and times without"
            problems.append(Problem("time_without_offset", "the schedules", what, "give every time an offset, or none"))
    if problems:
        raise FileError(problems[:MOST_NAMED])
    return PeoplesSchedules(who, names, start, known, zoned)


def _rows(bad: pl.Series) -> list[int]:
    return [int(row) for row in bad.arg_true().head(MOST_NAMED)]
