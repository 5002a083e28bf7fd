"""What a followed table says of a ward, in counts: sets in time, complete sets, corrections, time at each level. No person is named.

Every count is one expression over whole columns, so that a million people cost no more than their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.many_answers import DOUBTS
from mews_newtt.episode.versions import CURRENT, DOUBLE, SUPERSEDED, UNPLACED, VOID

MINUTE = 60_000_000  # microseconds
MOST_GROUPS = 40  # wards, weeks and reasons that a table of the report names; the rest is counted and said
OVERDUE_MINUTES = (4 * 60, 24 * 60)  # how the table of the overdue is split; nothing depends on it
NO_WARD = "not given"


class Group(NamedTuple):
    """The figures of all sets, of a ward or of a week. Minutes are None where there is nothing to take them from."""

    name: str
    people: int
    sets: int
    complete: int
    partial: int
    refused: int
    due: int
    in_time: int
    late_median: float | None
    late_worst: float | None
    rises: int
    timed_entries: int
    retrospective: int

    @property
    def late(self) -> int:
        return self.due - self.in_time


class Stay(NamedTuple):
    """Time at one level. stays: of sets in a row at this level; ended: stays after which another level is known; median: of those, in minutes."""

    level: str
    sets: int
    stays: int
    ended: int
    minutes: float
    median: float | None


class Answered(NamedTuple):
    """What followed after a level was reached. waited: with a later set or a review; median, worst: minutes until it."""

    level: str
    times: int
    waited: int
    median: float | None
    worst: float | None


class Overdue(NamedTuple):
    """People whose next set is overdue at the time that was asked for, by the level of their last scored set.

    people : how many for up to each of `OVERDUE_MINUTES`, and how many for longer
    """

    level: str
    people: tuple[int, ...]
    longest: float


class Lost(NamedTuple):
    """Rows of people who could not be followed, by the reason."""

    reason: str
    rows: int
    people: int


class Counts(NamedTuple):
    """All figures of a report.

    wards, weeks : at most `MOST_GROUPS`; wards_left_out, weeks_left_out : how many others there are
    with_due : sets after which another one is due
    """

    all: Group
    wards: tuple[Group, ...]
    wards_left_out: int
    weeks: tuple[Group, ...]
    weeks_left_out: int
    lacking: tuple[tuple[str, int], ...]
    refusals: int
    corrections: dict[str, int]
    stays: tuple[Stay, ...]
    rises: tuple[Answered, ...]
    reviews: tuple[Answered, ...] | None
    overdue: tuple[Overdue, ...] | None
    lost: tuple[Lost, ...]
    first: Any
    last: Any
    doubts: tuple[tuple[str, int], ...]
    with_due: int


def prepared(placed: pl.DataFrame, zoned: bool, zone: str | None, ward: str | None) -> pl.DataFrame:
    """The rows of a followed table with `@day` (of the zone, or of UTC) and `@ward`.

    placed : with `@person` and `@taken`, as `with_times` gives them
    """
    local = pl.col("@taken")
    if zoned and zone is not None:
        local = local.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    text = pl.lit(None, pl.String) if ward is None else pl.col(ward).cast(pl.String).str.strip_chars()
    named = pl.when(text != "").then(text).otherwise(pl.lit(NO_WARD))
    return placed.with_columns(local.dt.date().alias("@day"), named.alias("@ward"), pl.col("score_status").cast(pl.String))


def counts_of(chart: Chart, rows: pl.DataFrame, *, wards: bool, reviews: bool, now: bool) -> Counts:
    """The figures of the rows of `prepared`.

    wards, reviews : whether the file has a column of wards, and one of reviews; now : whether a time to count to was given
    """
    current = rows.filter(pl.col("set_status") == CURRENT)
    course = _course(current)
    statuses = {str(name): number for name, number in rows.get_column("set_status").value_counts().iter_rows()}
    by_ward, by_week = _groups(current, "@ward", sets_first=True) if wards else [], _groups(current, "@week", sets_first=False)
    partial = current.filter(pl.col("score_status") == "partial")
    lacking = partial.get_column("missing").cast(pl.String).str.split(";").explode().drop_nulls().value_counts(sort=True)
    days, doubts = current.get_column("@day"), current.get_column("doubts").fill_null("")
    return Counts(
        all=_group("all", current.select(_figures()).row(0, named=True)),
        wards=tuple(by_ward[:MOST_GROUPS]),
        wards_left_out=len(by_ward[MOST_GROUPS:]),
        weeks=tuple(by_week[-MOST_GROUPS:]),
        weeks_left_out=len(by_week[:-MOST_GROUPS]),
        lacking=tuple((str(name), number) for name, number in lacking.iter_rows() if name),
        refusals=int((current.get_column("score_status") == "refused").sum()),
        corrections={name: statuses.get(name, 0) for name in (SUPERSEDED, VOID, DOUBLE)},
        stays=_stays(chart, course),
        rises=_rises(chart, course),
        reviews=_reviews(chart, course) if reviews else None,
        overdue=_overdue(chart, current) if now else None,
        lost=_lost(rows),
        first=days.min(),
        last=days.max(),
        doubts=tuple((name, int(doubts.str.contains(name).sum())) for name in DOUBTS),
        with_due=current.get_column("due_at").count(),
    )


def _figures() -> list[pl.Expr]:
    late, status = pl.col("minutes_late"), pl.col("score_status")
    return [
        pl.col("@person").n_unique().alias("people"),
        pl.len().alias("sets"),
        *((status == name).sum().alias(name) for name in ("complete", "partial", "refused")),
        late.count().alias("due"),
        (late <= 0).sum().alias("in_time"),
        late.filter(late > 0).median().alias("late_median"),
        late.filter(late > 0).max().alias("late_worst"),
        (pl.col("level_change") > 0).sum().alias("rises"),
        pl.col("retrospective").count().alias("timed_entries"),
        pl.col("retrospective").sum().alias("retrospective"),
    ]


def _group(name: str, row: dict[str, Any]) -> Group:
    return Group(name=name, **{key: row[key] for key in Group._fields if key != "name"})


def _groups(current: pl.DataFrame, by: str, *, sets_first: bool) -> list[Group]:
    """The wards with most sets first, or the weeks in order of time; a week bears the date of its Monday."""
    week = pl.col("@day").dt.truncate("1w").dt.to_string("%Y-%m-%d").alias("@week")
    found = current.with_columns(week).group_by(by).agg(_figures())
    found = found.sort(["sets", by], descending=[True, False]) if sets_first else found.sort(by)
    return [_group(str(row[by]), row) for row in found.iter_rows(named=True)]


def by_period(current: pl.DataFrame, every: str) -> pl.DataFrame:
    """The figures of each day (`1d`), week (`1w`) or month (`1mo`) that has sets, in order of time, with `@period`, its first day."""
    return current.group_by(pl.col("@day").dt.truncate(every).alias("@period")).agg(_figures()).sort("@period")


def _course(current: pl.DataFrame) -> pl.DataFrame:
    """The scored sets in order of people and times, each with the time of the person's next one, and the number of its stay."""
    scored = current.filter(pl.col("score_status") != "refused").sort("@person", "@taken")
    following = pl.col("@person").shift(-1) == pl.col("@person")
    stay = pl.struct("@person", "level").rle_id().alias("@stay")
    return scored.with_columns(
        pl.when(following).then((pl.col("@taken").shift(-1) - pl.col("@taken")).dt.total_microseconds() / MINUTE).alias("@next"), stay
    )


def _stays(chart: Chart, course: pl.DataFrame) -> tuple[Stay, ...]:
    """Time at each level, from a set to the person's next set. After the last set of a person nothing is known, and nothing is counted."""
    whole = course.group_by("@stay").agg(
        pl.col("level").first(), pl.len().alias("sets"), pl.col("@next").sum().alias("minutes"), pl.col("@next").last().is_not_null().alias("ended")
    )
    found = whole.group_by("level").agg(
        pl.col("sets").sum(),
        pl.len().alias("stays"),
        pl.col("ended").sum(),
        pl.col("minutes").sum(),
        pl.col("minutes").filter(pl.col("ended")).median().alias("median"),
    )
    by_level = {str(row["level"]): row for row in found.iter_rows(named=True)}
    empty: dict[str, Any] = {"sets": 0, "stays": 0, "ended": 0, "minutes": 0.0, "median": None}
    rows = ((level.title, by_level.get(level.id, empty)) for level in chart.levels)
    return tuple(Stay(title, row["sets"], row["stays"], row["ended"], row["minutes"], row["median"]) for title, row in rows)


def _rises(chart: Chart, course: pl.DataFrame) -> tuple[Answered, ...]:
    """After each rise of the level, how long it took until the next set."""
    return _answered(chart, course.filter(pl.col("level_change") > 0), pl.col("@next"))


def _reviews(chart: Chart, course: pl.DataFrame) -> tuple[Answered, ...]:
    """At each set above the lowest level, how long it took until somebody came."""
    return _answered(chart, course.filter(pl.col("level_rank") > 0), pl.col("minutes_to_review"))


def _answered(chart: Chart, sets: pl.DataFrame, waited: pl.Expr) -> tuple[Answered, ...]:
    found = sets.group_by("level").agg(
        pl.len().alias("times"), waited.count().alias("waited"), waited.median().alias("median"), waited.max().alias("worst")
    )
    by_level = {str(row["level"]): row for row in found.iter_rows(named=True)}
    rows = ((level.title, by_level[level.id]) for level in chart.levels if level.id in by_level)
    return tuple(Answered(title, row["times"], row["waited"], row["median"], row["worst"]) for title, row in rows)


def _overdue(chart: Chart, current: pl.DataFrame) -> tuple[Overdue, ...]:
    waited = pl.col("overdue_minutes")
    ends = (0, *OVERDUE_MINUTES, float("inf"))
    between = [((waited > low) & (waited <= high)).sum().alias(f"to_{high}") for low, high in pairwise(ends)]
    late = current.filter(waited > 0).group_by("level").agg(*between, waited.max().alias("longest"))
    by_level = {str(level): (tuple(people), longest) for level, *people, longest in late.iter_rows()}
    return tuple(Overdue(level.title, *by_level[level.id]) for level in reversed(chart.levels) if level.id in by_level)


def _lost(rows: pl.DataFrame) -> tuple[Lost, ...]:
    lost = rows.filter(pl.col("set_status") == UNPLACED)
    found = lost.group_by("track_error").agg(pl.len().alias("rows"), pl.col("@person").drop_nulls().n_unique().alias("people"))
    return tuple(Lost(*row) for row in found.sort("rows", "track_error", descending=[True, False]).head(MOST_GROUPS).iter_rows())


def longest_waits(rows: pl.DataFrame, most: int) -> Sequence[dict[str, Any]]:
    """The people whose next set is overdue, those first who became so last: the others may have left. Only for a file that the user asked for."""
    late = rows.filter((pl.col("set_status") == CURRENT) & (pl.col("overdue_minutes") > 0)).sort("overdue_minutes", "@person")
    return (
        late.head(most).select(pl.col("@person").alias("person"), pl.col("level").cast(pl.String), "@taken", "due_at", "overdue_minutes").to_dicts()
    )
