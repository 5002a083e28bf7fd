"""`track_frame`: the sets of many people in one table, each followed as `follow` follows one person. A column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.clock import instant, require_one_kind
from mews_newtt.episode.follow import BIRTH
from mews_newtt.episode.many_answers import ADDED, TIMES, WORDS, Columns, ManyAnswers, Read
from mews_newtt.episode.many_responses import concerns_of
from mews_newtt.episode.many_schedules import BORN_LATER, TWO_BIRTHS, Births, PeoplesSchedules, births_of, read_schedules
from mews_newtt.episode.policy import Policy, require_for
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros, Placed, placed_in_time
from mews_newtt.episode.versions import CURRENT, DOUBLE, STATUSES, SUPERSEDED, UNPLACED, VOID, Marked, in_order, marked, without_lost, yes_or_no
from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.tables.frames import as_polars
from mews_newtt.tables.table import score_table

__all__ = ["ADDED", "CURRENT", "DOUBLE", "SUPERSEDED", "TIMES", "UNPLACED", "VOID", "Columns", "track_frame"]

ONE = timedelta(microseconds=1)


def track_frame(
    chart: Chart,
    data: Any,
    *,
    policies: Sequence[Policy] = (),
    schedules: Any = None,
    now: datetime | None = None,
    zone: str | None = None,
    columns: Columns | None = None,
    column_map: ColumnMap | None = None,
    points: bool = False,
) -> pl.DataFrame:
    """Score and follow every set of a table.

    Parameters
    ----------
    data : n rows, one set each, of any number of people, in any order. Columns as `score_table` takes them, and those of `columns`. With a time
        of birth, `hours_since_birth` follows in every set that does not give it
    policies : what holds beside the chart; the earliest of several due times counts
    schedules : which schedules of the policies hold for whom, as `read_schedules` takes them, or what it gives
    now : the time to which `overdue_minutes` is counted
    zone : the IANA name of the zone of times without an offset
    points : also add `points_<parameter>`

    Returns
    -------
    n rows, same order: the input, the columns of `score_table`, and
    `set_status` : `current` sets count; a later version replaced `superseded` ones; `void` ones were entered in error; a `double` was sent
        before; `unplaced` ones have no place in the course, and `track_error` says why
    `level_change` : ranks up or down from the last scored set of the person; `points_up`, `points_down` : the rows whose points rose or fell
    `minutes_since_last`, `due_at`, `due_at_worst`, `minutes_late`, `retrospective`, `worst_level` : as in `FollowedSet`
    `review_due_at`, `minutes_to_review`, `review_minutes_late` : `review_due`, `trigger_to_review` and `reviewed_late_by` there
    `overdue_minutes` : only in the last scored set of a person, and only with `now`
    `concern_raised` : the rows of the chart that hold a concern which counts; `minutes_to_answer` : `answered_after` of `Concern`
    `escalated_before` : whether an earlier set of the person says that somebody was called, where the table has a column `escalated`;
        `escalated_before_at`, `escalated_before_level` : when, and the level of that set
    `doubts` : of `FollowedSet.doubts` those of times, with blanks between them
    `track_error` : why the person could not be followed. Then no set of that person is: one without a place could be the one that counts
    Times are instants in UTC where the input has offsets or a zone is given, else as they are.

    Raises
    ------
    ColumnError  no column of people or of times, and as `score_table`
    FileError    times with and without an offset, an unknown zone, a policy that does not fit the chart, and as `read_schedules`
    """
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data)
    found, _ = tracked(
        chart, frame, policies=policies, schedules=schedules, now=now, zone=zone, columns=columns, column_map=column_map, points=points
    )
    return found.with_columns(pl.col(WORDS).cast(pl.String))


def tracked(
    chart: Chart,
    frame: pl.DataFrame,
    *,
    policies: Sequence[Policy],
    schedules: Any,
    now: datetime | None,
    zone: str | None,
    columns: Columns | None = None,
    column_map: ColumnMap | None,
    points: bool,
) -> tuple[pl.DataFrame, Placed]:
    """`track_frame` with `WORDS` as categorical columns, and the people and times of the rows."""
    for policy in policies:
        require_for(policy, chart)
    column_map = column_map or ColumnMap()
    names = columns_of(frame, columns or Columns(), chart, column_map)
    placed = placed_in_time(frame, names.person, names.taken, names.other_times, zone)
    if schedules is not None and not isinstance(schedules, PeoplesSchedules):
        schedules = read_schedules(schedules, policies, person=(columns or Columns()).person, zone=zone)
    if schedules is not None and None not in (schedules.zoned, placed.zoned) and schedules.zoned != placed.zoned:
        what = "have an offset from UTC, and the times of sets none" if schedules.zoned else "have no offset from UTC, and the times of sets have one"
        mend = "write them as those of the sets, or name the zone of times without an offset"
        raise FileError(Problem("time_without_offset", "the starts of schedules", what, mend))
    moment = None if now is None else _moment(now, placed.zoned, zone)
    births = births_of(placed.person, placed.times[names.born], len(placed.names)) if names.born in placed.times else None
    read = _with_hours(frame, chart, column_map, placed, names, births)
    results = score_table(chart, read.to_arrow(compat_level=pl.CompatLevel.newest()), column_map=column_map, points=True)
    scored = as_polars(chart, results.select(list(range(read.width, results.num_columns))).replace_schema_metadata())
    sets = in_order(placed.person, placed.times[names.taken], placed.in_runs)
    content = _content(frame, chart, column_map, names)
    found = marked(frame, sets, placed.person, placed.times.get(names.recorded), placed.why, names.set_id, names.void, content)
    found = without_lost(_with_births(found, placed, placed.times[names.taken], births), placed.person)
    said = yes_or_no(frame, names.escalated)
    concerns = concerns_of(chart, read, column_map)
    answers = ManyAnswers(chart, tuple(policies), names, Read(scored, placed, sets, concerns, said)).frame(found, schedules, births, moment)
    if not points:
        scored = scored.drop([name for name in scored.columns if name.startswith("points_")])
    return frame.hstack(scored).hstack(answers), placed


def _moment(now: datetime, zoned: bool | None, zone: str | None) -> int:
    """The time to count to in microseconds, as the times of the table are held: in UTC, or without any zone."""
    require_one_kind((now,), "now")
    if now.utcoffset() is None and zone is not None:
        now = now.replace(tzinfo=ZoneInfo(zone))
        if now.replace(fold=0).utcoffset() != now.replace(fold=1).utcoffset():
            raise FileError(Problem("time_twice", "now", f"is a time that {zone} has twice, or not at all", "write it with an offset from UTC"))
    if zoned is not None and (now.utcoffset() is not None) != zoned:
        what = "has no offset from UTC, and the times of the table have" if zoned else "has an offset from UTC, and the times of the table have none"
        raise FileError(Problem("time_without_offset", "now", what, "write it as the table does, or name the zone of times without an offset"))
    return (instant(now).replace(tzinfo=None) - datetime(1970, 1, 1)) // ONE


def columns_of(frame: pl.DataFrame, names: Columns, chart: Chart, column_map: ColumnMap) -> Columns:
    """The names that the table itself has for these columns."""
    theirs = dict(zip(check_columns(frame.columns, chart, column_map), frame.columns, strict=True))
    for name, says in ((names.person, "whose set it is"), (names.taken, "when it was taken")):
        if name not in theirs and name not in frame.columns:
            what = f"no column {name} says {says}"
            raise ColumnError(Problem("column_needed", "the table", what, f"name it {name}, or map it: --map theirs={name}"))
    taken = [name for name in ADDED if name in frame.columns]
    if taken:
        raise ColumnError(Problem("column_taken", f"column {taken[0]}", "has the name of a result", "rename it"))
    return Columns(*(theirs.get(name, name) for name in names))


def _content(frame: pl.DataFrame, chart: Chart, column_map: ColumnMap, names: Columns) -> list[str]:
    """The columns in which two rows must agree to be one set that was sent twice."""
    ours = zip(frame.columns, check_columns(frame.columns, chart, column_map), strict=True)
    read = [name for name, our in ours if our.removeprefix(SKIP_PREFIX) in chart.by_id]
    return [*read, *(name for name in names.of_entries if name in frame.columns)]


def _with_hours(frame: pl.DataFrame, chart: Chart, column_map: ColumnMap, placed: Placed, names: Columns, births: Births | None) -> pl.DataFrame:
    """The table with the hours since birth, exact to the microsecond, where a set does not give them: as text with its unit, as `follow` gives it."""
    if births is None or BIRTH not in chart.observations:
        return frame
    taken, born = placed.times[names.taken], births.born[placed.person]
    known = (born != NO_TIME_AT_ALL) & (taken != NO_TIME_AT_ALL)
    whole, rest = np.divmod(np.where(known, taken - np.where(known, born, 0), 0), 60_000_000)
    minutes, part = pl.Series("minutes", whole), pl.Series("part", np.round(rest / 60 * 1000).astype(np.int64))
    text = pl.select(
        pl.when(pl.lit(pl.Series(known)))
        .then(pl.when(part == 0).then(pl.format("{} min", minutes)).otherwise(pl.format("{}.{} min", minutes, part.cast(pl.String).str.zfill(9))))
        .alias(BIRTH)
    ).to_series()  # fmt: skip
    ours = dict(zip(check_columns(frame.columns, chart, column_map), frame.columns, strict=True))
    if BIRTH not in ours:
        return frame.with_columns(text)
    return frame.with_columns(pl.coalesce(pl.col(ours[BIRTH]).cast(pl.String), text).alias(ours[BIRTH]))


def _with_births(found: Marked, placed: Placed, taken: Micros, births: Births | None) -> Marked:
    """Sets before the birth of their person, and people with two births, have no place."""
    if births is None:
        return found
    of_row = births.born[placed.person]
    early = (found.status == STATUSES.index(CURRENT)) & (of_row != NO_TIME_AT_ALL) & (taken != NO_TIME_AT_ALL) & (taken < of_row)
    why = found.why
    for bad, says in ((births.several[placed.person], TWO_BIRTHS), (early, BORN_LATER)):
        if bad.any():
            why = why.set(pl.Series(bad) & why.is_null(), says)
    return Marked(found.status, why)
