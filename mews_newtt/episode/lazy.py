"""`track_lazy_frame`: follows people where the rows are, in DuckDB, Spark or a Polars LazyFrame, by window functions. Nothing is collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw

from mews_newtt.chart.model import Chart
from mews_newtt.episode.clock import YEARS
from mews_newtt.episode.due import Rules
from mews_newtt.episode.follow import BIRTH
from mews_newtt.episode.policy import Policy, require_for
from mews_newtt.episode.read_times import FAR, SAYS
from mews_newtt.episode.track import ADDED, Columns
from mews_newtt.episode.versions import CURRENT, SAME_TIME, UNPLACED
from mews_newtt.errors import ColumnError, Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.lazy_frames import lazy_frame, score_lazy_frame

P = "__mews_newtt_"  # columns that are dropped at the end
PERSON = P + "person"
NEVER = -(2**62)  # before every time
ROOM = 256  # more than a chart has levels or points: a time and a rank, or points, are carried as one number
EPOCH = datetime(YEARS[0], 1, 1)  # times count from here, so that none is below 0, and a time with its rank fits into 64 bits
END = (datetime(YEARS[1] + 1, 1, 1) - EPOCH) // timedelta(microseconds=1)
LEAP_DAYS = (YEARS[0] - 1) // 4 - (YEARS[0] - 1) // 100 + (YEARS[0] - 1) // 400  # before the epoch
MINUTE = 60_000_000  # microseconds
ANSWERS = (
    "set_status", "level_change", "points_up", "points_down", "minutes_since_last", "due_at", "due_at_worst", "minutes_late", "overdue_minutes",
    "worst_level", "track_error",
)  # fmt: skip


def track_lazy_frame(chart: Chart, data: Any, *, policies: Sequence[Policy] = (), now: datetime | None = None, columns: Columns | None = None) -> Any:
    """Score and follow the sets of a lazy frame: the columns `ANSWERS` of `track_frame`, by window functions over each person in order of time.

    Parameters
    ----------
    data : a DuckDB relation, a PySpark DataFrame or a Polars LazyFrame. The column of times holds timestamps without a zone, in one zone that
        has no summer time, such as UTC. Every row must count: corrections are not told apart here, so columns of `set_id` and `void` are
        refused, and so are those of concerns, escalations (`Columns.answers`) and the time of birth
    policies : as in `track_frame`; schedules are not answered here
    now : without a zone, as the times

    Returns
    -------
    The same kind of frame, with the columns of `score_frame`, those of each scored parameter's points, and `ANSWERS`. Rows come in any order.
    A person of whom a row has no place in time is not followed: `set_status` is `unplaced`.

    Raises
    ------
    ColumnError  a column is missing, is no timestamp without a zone, or tells versions of sets apart
    FileError    a policy that does not fit the chart
    """
    for policy in policies:
        require_for(policy, chart)
    names = columns or Columns()
    rows = lazy_frame(data)
    if rows is None:
        raise ColumnError(Problem("not_lazy", "the data", "is no lazy frame", "use track_frame"))
    _require(rows, names)
    if now is not None and now.utcoffset() is not None:
        raise ColumnError(
            Problem("time_without_offset", "now", "has an offset from UTC, and the times of the frame have none", "give it as they are")
        )
    scored = nw.from_native(score_lazy_frame(chart, rows, points=True, column_map=ColumnMap()))
    return nw.to_native(_Windows(chart, tuple(policies), names, rows.implementation).followed(scored, now))


def _require(rows: nw.LazyFrame[Any], names: Columns) -> None:
    schema = rows.collect_schema()
    problems = [
        Problem("column_needed", "the frame", f"has no column {name}", f"name it {name}, or give its name in `columns`")
        for name in (names.person, names.taken) if name not in schema
    ]  # fmt: skip
    kind = schema.get(names.taken)
    if kind is not None and not (isinstance(kind, nw.Datetime) and kind.time_zone is None):
        problems.append(Problem("column_type", f"column {names.taken}", f"holds {kind}", "make it a timestamp without a zone, in UTC"))
    who = schema.get(names.person)
    if who is not None and not (who.is_integer() or isinstance(who, nw.String)):
        problems.append(Problem("column_type", f"column {names.person}", f"holds {who}, no names", "make it texts or whole numbers"))
    for name in (names.set_id, names.void):
        if name in schema:
            what = "says which rows count, which is not told apart where the data is"
            problems.append(Problem("versions_in_lazy_frame", f"column {name}", what, "keep the newest version of each set, and drop the column"))
    if names.born in schema:
        what = "gives the time of birth, which is not turned into hours since birth where the data is"
        problems.append(Problem("birth_in_lazy_frame", f"column {names.born}", what, f"give a column {BIRTH}, and drop this one"))
    for name in names.answers:
        if name in schema:
            what = "says what people did about a set, which is not answered where the data is"
            problems.append(Problem("responses_in_lazy_frame", f"column {name}", what, "drop the column, or collect the frame and use track_frame"))
    problems += [Problem("column_taken", f"column {name}", "has the name of a result", "rename it") for name in ADDED if name in schema]
    if problems:
        raise ColumnError(problems)


class _Windows:
    """The answers as expressions over the rows of one person in order of time."""

    def __init__(self, chart: Chart, policies: tuple[Policy, ...], names: Columns, where: nw.Implementation):
        self.chart, self.names, self.where = chart, names, where
        self.gave = [p.id for p in chart.parameters if p.role == "scored"] if chart.has_points else []
        start = datetime(2000, 1, 1)  # any: an interval does not depend on it
        dues = {rank: Rules(chart, policies, ()).next_set(level.id, start) for rank, level in enumerate(chart.levels)}
        self.waits = {rank: (due.at - start) // timedelta(minutes=1) for rank, due in dues.items() if due is not None}

    def micros(self, time: nw.Expr) -> nw.Expr:
        """Microseconds since the epoch. DuckDB has no function for it in narwhals; Spark has neither that nor lengths of time."""
        if self.where.is_duckdb():
            return (time - nw.lit(EPOCH)).dt.total_microseconds()
        if self.where.is_polars():
            return time.dt.timestamp("us") - (EPOCH - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        year, hour, minute, second, micro, day = (
            part.cast(nw.Int64)
            for part in (time.dt.year(), time.dt.hour(), time.dt.minute(), time.dt.second(), time.dt.microsecond(), time.dt.ordinal_day())
        )
        before = year - 1
        leap = (before // 4).cast(nw.Int64) - (before // 100).cast(nw.Int64) + (before // 400).cast(nw.Int64) - LEAP_DAYS
        days = (year - YEARS[0]) * 365 + leap + day - 1
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micro

    def time_of(self, carried: nw.Expr) -> nw.Expr:
        """The time in a time and a rank. What is left of a multiple of `ROOM` is exact in a float too, and Spark divides as floats."""
        return ((carried - carried % ROOM) / ROOM).cast(nw.Int64)

    def in_order(self, value: nw.Expr) -> nw.Expr:
        return value.over(PERSON, order_by=self.names.taken)

    def followed(self, frame: nw.LazyFrame[Any], now: datetime | None) -> nw.LazyFrame[Any]:
        own = frame.collect_schema().names()
        person, taken = nw.col(self.names.person), nw.col(self.names.taken)
        text = person.cast(nw.String).str.strip_chars()  # ids that differ in blanks around them are one, as in `names_of`
        frame = frame.with_columns(nw.when(text != "").then(text).alias(PERSON))
        frame = frame.with_columns(self.micros(taken).alias(P + "us"))
        us = nw.col(P + "us")
        frame = frame.with_columns(
            nw.when((us >= 0) & (us < END)).then(us).alias(P + "us"),
            nw.when(nw.col("score_status") != "refused").then(nw.col("level_rank").cast(nw.Int64)).alias(P + "rank"),
            nw.when(nw.col("score_status") != "refused").then(nw.col("level_max_rank").cast(nw.Int64)).alias(P + "rank_max"),
            nw.len().over(PERSON, self.names.taken).alias(P + "same"),
        )
        blank = nw.col(PERSON).is_null()
        frame = frame.with_columns(
            nw.when(blank).then(nw.lit(f"{self.names.person} is blank"))
            .otherwise(nw.when(taken.is_null()).then(nw.lit(f"{self.names.taken} is blank"))
            .otherwise(nw.when(nw.col(P + "us").is_null()).then(nw.lit(f"{self.names.taken} {SAYS[FAR]}"))
            .otherwise(nw.when(nw.col(P + "same") > 1).then(nw.lit(SAME_TIME)).otherwise(nw.lit(""))))).alias(P + "why")
        )  # fmt: skip
        bad = nw.when(nw.col(P + "why") != "").then(nw.lit(1)).otherwise(nw.lit(0))
        frame = frame.with_columns(bad.max().over(PERSON).alias(P + "lost"))
        rank, micros = nw.col(P + "rank"), nw.col(P + "us")
        counts = nw.col(P + "lost") == 0
        scored = ~rank.is_null() & counts
        carried = {P + "key": nw.when(scored).then(micros * ROOM + rank).otherwise(nw.lit(NEVER))}
        for name in self.gave:
            points = nw.when(nw.col(f"points_{name}").is_null()).then(nw.lit(0)).otherwise(nw.col(f"points_{name}").cast(nw.Int64) + 1)
            carried[f"{P}of_{name}"] = nw.when(scored).then(micros * ROOM + points).otherwise(nw.lit(NEVER))
        frame = frame.with_columns(*(value.alias(name) for name, value in carried.items()))
        frame = frame.with_columns(
            *(self.in_order(nw.col(name).cum_max()).alias(f"{name}_so_far") for name in carried),
            self.in_order(micros.shift(1)).alias(P + "us_before"),
            self.in_order(nw.when(scored).then(rank).otherwise(nw.lit(-1)).cum_max()).alias(P + "worst"),
            nw.col(P + "key").max().over(PERSON).alias(P + "last"),
        )
        # what is carried grows with time, so that its highest value so far is that of the last scored set
        frame = frame.with_columns(*(self.in_order(nw.col(f"{name}_so_far").shift(1)).fill_null(NEVER).alias(f"{name}_before") for name in carried))
        answers = self.answers(now, counts, scored)
        return frame.select(*own, *(answers[name].alias(name) for name in ANSWERS))

    def answers(self, now: datetime | None, counts: nw.Expr, scored: nw.Expr) -> dict[str, nw.Expr]:
        rank, micros, before = nw.col(P + "rank"), nw.col(P + "us"), nw.col(P + "key_before")
        had = counts & (before != NEVER)
        was_rank, was_micros = before % ROOM, self.time_of(before)
        wait, was_wait = self.minutes(rank), self.minutes(was_rank)
        worst_wait = self.minutes(nw.col(P + "rank_max"))
        sooner = scored & ~worst_wait.is_null() & (wait.is_null() | (worst_wait < wait))
        late = micros - was_micros - was_wait * MINUTE
        is_last = scored & (nw.col(P + "key") == nw.col(P + "last"))
        overdue = nw.lit(None, dtype=nw.Float64)
        if now is not None:
            passed = nw.lit((now - EPOCH) // timedelta(microseconds=1)) - micros - wait * MINUTE
            overdue = nw.when(is_last & ~wait.is_null()).then(_at_least_0(passed) / MINUTE)
        ids = {rank: level.id for rank, level in enumerate(self.chart.levels)}
        rose, fell = ([self.moved(name, scored & had, up) for name in self.gave] for up in (True, False))
        return {
            "set_status": nw.when(counts).then(nw.lit(CURRENT)).otherwise(nw.lit(UNPLACED)),
            "level_change": nw.when(scored & had).then(rank - was_rank),
            "points_up": nw.when(counts).then(_words(rose)),
            "points_down": nw.when(counts).then(_words(fell)),
            "minutes_since_last": nw.when(counts).then((micros - nw.col(P + "us_before")) / MINUTE),
            "due_at": self.after(rank, scored),
            "due_at_worst": self.after(nw.col(P + "rank_max"), sooner),
            "minutes_late": nw.when(had & ~was_wait.is_null()).then(_at_least_0(late) / MINUTE),
            "overdue_minutes": overdue,
            "worst_level": _choose(nw.col(P + "worst"), {rank: nw.lit(name) for rank, name in ids.items()}, counts),
            "track_error": nw.when(counts).then(nw.lit("")).otherwise(
                nw.when(nw.col(P + "why") != "").then(nw.col(P + "why")).otherwise(nw.lit("another row of this person cannot be placed in time"))
            ),
        }  # fmt: skip

    def minutes(self, rank: nw.Expr) -> nw.Expr:
        """The wait of a level in minutes."""
        return _choose(rank, {one: nw.lit(wait, dtype=nw.Int64) for one, wait in self.waits.items()}) if self.waits else nw.lit(None, dtype=nw.Int64)

    def after(self, rank: nw.Expr, where: nw.Expr) -> nw.Expr:
        """The time of a set and the wait of a level."""
        if not self.waits:
            return nw.lit(None, dtype=nw.Datetime("us"))
        return _choose(rank, {one: nw.col(self.names.taken).dt.offset_by(f"{wait}m") for one, wait in self.waits.items()}, where)

    def moved(self, name: str, known: nw.Expr, up: bool) -> nw.Expr:
        """The name of a row whose points rose, or fell, with a blank before it; else nothing. Where either is not known, neither."""
        now, was = nw.col(f"points_{name}").cast(nw.Int64), nw.col(f"{P}of_{name}_before") % ROOM - 1
        moved = known & (was >= 0) & ~now.is_null() & ((now > was) if up else (now < was))
        return nw.when(moved).then(nw.lit(f" {name}")).otherwise(nw.lit(""))


def _choose(value: nw.Expr, of: Mapping[int, nw.Expr], where: nw.Expr | None = None) -> nw.Expr:
    """What belongs to a number; null for numbers that have nothing."""
    chosen = [nw.when(value == one if where is None else where & (value == one)).then(given) for one, given in of.items()]
    return nw.coalesce(*chosen) if len(chosen) > 1 else chosen[0]


def _words(parts: list[nw.Expr]) -> nw.Expr:
    return nw.concat_str(*parts).str.strip_chars(" ") if parts else nw.lit("")


def _at_least_0(value: nw.Expr) -> nw.Expr:
    return nw.when(value > 0).then(value).otherwise(nw.lit(0))
