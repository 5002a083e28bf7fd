"""`track_frame`: the sets of many people in one table, each followed as `follow` follows one person. A column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.clock import instant
from mews_newtt.episode.due import Rules
from mews_newtt.episode.policy import Policy, require_for
from mews_newtt.episode.read_times import ROW, WHY, placed_in_time
from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.tables.table import score_frame

CURRENT, SUPERSEDED, VOID, DOUBLE, UNPLACED = "current", "superseded", "void", "double", "unplaced"
STATUSES = pl.Enum([CURRENT, SUPERSEDED, VOID, DOUBLE, UNPLACED])
ADDED = (
    "set_status", "level_change", "points_up", "points_down", "minutes_since_last", "due_at", "due_at_worst", "minutes_late", "overdue_minutes",
    "retrospective", "worst_level", "track_error",
)  # fmt: skip
TIMES = ("due_at", "due_at_worst")  # of these
TRUE = ("1", "true", "yes", "y", "t")
FALSE = ("0", "false", "no", "n", "f", "")
NEVER = -(2**62)  # stands for "nothing" among numbers that are carried forward
MINUTE = 60_000_000  # microseconds
NO_ORDER = "there are several versions of this set, and recorded_at does not say which is the last"
SAME_TIME = "another set of this person has the same time, and nothing says which corrects which"


class Columns(NamedTuple):
    """The names of the columns that say whose set it is, when it was taken, and which version of it counts. All but the first two may be absent."""

    person: str = "patient_id"
    taken: str = "observed_at"
    recorded: str = "recorded_at"
    set_id: str = "set_id"
    void: str = "void"


def track_frame(
    chart: Chart,
    data: Any,
    *,
    policies: Sequence[Policy] = (),
    now: datetime | None = None,
    zone: str | None = None,
    columns: Columns | None = None,
    column_map: ColumnMap | None = None,
    points: bool = False,
) -> pl.DataFrame:
    """Score and follow every set of a table.

    Parameters
    ----------
    data : n rows, one set each, of any number of people, in any order. Columns as `score_table` takes them, and those of `columns`
    policies : what holds beside the chart; the earliest of several due times counts. Schedules are for one person: see `follow`
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
    `overdue_minutes` : only in the last scored set of a person, and only with `now`
    `track_error` : why the person could not be followed. Then no set of that person is: one without a place could be the one that counts
    Times are instants in UTC where the input has offsets or a zone is given, else as they are.

    Raises
    ------
    ColumnError  no column of people or of times, and as `score_table`
    FileError    times with and without an offset, an unknown zone, or a policy that does not fit the chart
    """
    for policy in policies:
        require_for(policy, chart)
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data)
    column_map = column_map or ColumnMap()
    names = _columns(frame, columns or Columns(), chart, column_map)
    scored: pl.DataFrame = score_frame(chart, frame, column_map=column_map, points=True)
    marked = placed_in_time(scored, names.person, names.taken, names.recorded, zone)
    moment = None if now is None else moment_of(now, marked.zoned, zone)
    sets = _versions(marked.frame, names, _content(frame, chart, column_map, names))
    followed = _followed(chart, tuple(policies), sets, moment, marked.zoned)
    found = followed.sort(ROW).select(ADDED)
    if not points:
        scored = scored.drop([name for name in scored.columns if name.startswith("points_") and name not in frame.columns])
    return scored.hstack(found)


def moment_of(now: datetime, zoned: bool, zone: str | None) -> datetime:
    """The time to count to, as the times of the table are held: in UTC, or without any zone."""
    if now.utcoffset() is None and zone is not None:
        now = now.replace(tzinfo=ZoneInfo(zone))
    if (now.utcoffset() is not None) != zoned:
        what = "has no offset from UTC, and the times of the table have" if zoned else "has an offset from UTC, and the times of the table have none"
        raise FileError(Problem("time_without_offset", "now", what, "write it as the table does, or name the zone of times without an offset"))
    return instant(now).replace(tzinfo=None)


def _columns(frame: pl.DataFrame, names: Columns, chart: Chart, column_map: ColumnMap) -> Columns:
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
    ours = dict(zip(frame.columns, check_columns(frame.columns, chart, column_map), strict=True))
    read = [name for name, our in ours.items() if our.removeprefix("skip_") in chart.by_id]
    return [*read, *(name for name in names[2:] if name in frame.columns)]


def _versions(frame: pl.DataFrame, names: Columns, content: list[str]) -> pl.DataFrame:
    """The rows with `set_status`, and why some are `unplaced`. Most tables have neither corrections nor doubles: then little is done."""
    usual = (pl.lit(value=False).alias("@double"), pl.lit(value=True).alias("@newest"))
    frame = frame.with_columns(_void(frame, names.void), _set_names(frame, names.set_id), *usual)
    shared = frame.select(pl.struct("@person", "@taken").is_duplicated() | pl.col("@set").is_not_null()).to_series()
    some = frame.filter(shared & frame.get_column(WHY).is_null())
    if some.height:
        frame = frame.update(_told_apart(some, content), on=ROW)
    if frame.get_column(WHY).null_count() < frame.height:
        lost = frame.filter(pl.col(WHY).is_not_null()).get_column("@person").drop_nulls().unique().implode()
        other = pl.when(pl.col(WHY).is_null() & pl.col("@person").is_in(lost)).then(pl.lit("another row of this person cannot be placed in time"))
        frame = frame.with_columns(pl.coalesce(pl.col(WHY), other).alias(WHY))
    status = (
        pl.when(pl.col(WHY).is_not_null()).then(pl.lit(UNPLACED))
        .when(pl.col("@double")).then(pl.lit(DOUBLE))
        .when(~pl.col("@newest")).then(pl.lit(SUPERSEDED))
        .when(pl.col("@void")).then(pl.lit(VOID))
        .otherwise(pl.lit(CURRENT))
    )  # fmt: skip
    return frame.with_columns(status.cast(STATUSES).alias("set_status"))


def _told_apart(frame: pl.DataFrame, content: list[str]) -> pl.DataFrame:
    """Of rows that share a set or a time with others: which are doubles, which is the newest version, and whose order nobody knows."""
    frame = frame.with_columns((~pl.struct("@person", "@taken", *content).is_first_distinct()).alias("@double"))
    alone = pl.concat_str([pl.lit("@"), pl.col(ROW).cast(pl.String)])
    version = pl.coalesce(pl.concat_str([pl.lit("="), pl.col("@set")]), alone)
    of_set = ["@person", "@version"]
    recorded = pl.when(~pl.col("@double")).then(pl.col("@recorded"))
    frame = frame.with_columns(version.alias("@version")).with_columns(
        (~pl.col("@double")).sum().over(of_set).alias("@versions"),
        recorded.drop_nulls().n_unique().over(of_set).alias("@times"),
        recorded.max().over(of_set).alias("@last"),
    )
    newest = (pl.col("@versions") == 1) | (pl.col("@recorded") == pl.col("@last")).fill_null(value=False)
    counts = ~pl.col("@double") & newest & ~pl.col("@void")
    disorder = pl.when(~pl.col("@double") & (pl.col("@versions") > 1) & (pl.col("@times") < pl.col("@versions")))
    frame = frame.with_columns(newest.alias("@newest"), counts.alias("@counts"))
    same_time = pl.when(pl.col("@counts") & (pl.col("@counts").sum().over("@person", "@taken") > 1))
    says = [disorder.then(pl.lit(NO_ORDER)), same_time.then(pl.lit(SAME_TIME))]
    return frame.select(ROW, "@double", "@newest", pl.coalesce(says).alias(WHY))


def _set_names(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit(None, pl.String).alias("@set")
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias("@set")


def _void(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Whether a row was entered in error. A word that says neither yes nor no is refused: the set could count or not."""
    if name not in frame.columns:
        return pl.lit(value=False).alias("@void")
    words = frame.get_column(name).cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    unknown = words.filter(~words.is_in([*TRUE, *FALSE]))
    if len(unknown):
        what = f"has {len(unknown)} cells that say neither yes nor no"
        raise ColumnError(Problem("void_unreadable", f"column {name}", what, f"write {', '.join(TRUE[:3])} or {', '.join(FALSE[:3])}"))
    said: pl.Series = words.is_in(TRUE)
    return pl.lit(said.alias("@void"))


def _followed(chart: Chart, policies: tuple[Policy, ...], frame: pl.DataFrame, now: datetime | None, zoned: bool) -> pl.DataFrame:
    """The rows with the columns of the course."""
    late = min((policy.late_entry.after for policy in policies if policy.late_entry is not None), default=None)
    course = _Course(frame.filter(pl.col("set_status") == CURRENT), Rules(chart, policies, ()))
    taken, due_at, was_due = course.taken, course.due("level_rank"), course.before(course.due("level_rank"))
    at_worst = course.due("level_max_rank")
    gave = [p.id for p in chart.parameters if p.role == "scored"] if chart.has_points else []
    overdue = pl.lit(None, pl.Float64)
    if now is not None:
        moment = pl.lit(now).cast(pl.Datetime("us")).dt.epoch("us")
        overdue = pl.when(course.is_last & due_at.is_not_null()).then((moment - due_at).clip(lower_bound=0) / MINUTE)

    def in_zone(micros: pl.Expr) -> pl.Expr:
        return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC" if zoned else None)

    found = course.sets.select(
        ROW,
        (course.rank - course.before(course.rank)).cast(pl.Int8).alias("level_change"),
        *course.changed(gave),
        (pl.when(~course.is_first).then(taken - taken.shift(1)) / MINUTE).alias("minutes_since_last"),
        in_zone(due_at).alias("due_at"),
        in_zone(pl.when(at_worst < due_at.fill_null(-NEVER)).then(at_worst)).alias("due_at_worst"),
        ((taken - was_due).clip(lower_bound=0) / MINUTE).alias("minutes_late"),
        overdue.alias("overdue_minutes"),
        (pl.col("@recorded") - pl.col("@taken") > late if late is not None else pl.lit(None, pl.Boolean)).alias("retrospective"),
        course.worst().alias("worst_level"),
    )
    found = found.with_columns(_named(found.get_column(name), gave) for name in ("points_up", "points_down"))
    return frame.select(ROW, "set_status", pl.col(WHY).fill_null("").alias("track_error")).join(found, on=ROW, how="left")


def _named(places: pl.Series, names: list[str]) -> pl.Series:
    """The names whose places a number holds as bits, with blanks between them."""
    words = {bits: " ".join(name for place, name in enumerate(names) if bits >> place & 1) for bits in places.unique().to_list()}
    return places.replace_strict(words, return_dtype=pl.String)


class _Course:
    """The sets that count in the order of people and times, and what can be said of each beside those before it.

    Nothing is grouped. What is carried forward from set to set stops where another person begins.
    """

    def __init__(self, frame: pl.DataFrame, rules: Rules):
        self.chart = rules.chart
        sets = frame.sort("@person", "@taken", ROW)
        number = sets.get_column("@person").rle_id().cast(pl.Int64).alias("@number")
        scored = (sets.get_column("score_status").cast(pl.String) != "refused").alias("@scored")
        self.sets = sets.with_columns(number, scored, (number != number.shift(1).fill_null(-1)).alias("@first"))
        self.is_scored, self.is_first = pl.col("@scored"), pl.col("@first")
        self.rank = pl.when(self.is_scored).then(pl.col("level_rank").cast(pl.Int64))
        self.taken = pl.col("@taken").dt.epoch("us")
        scored_row = pl.when(self.is_scored).then(pl.col(ROW).cast(pl.Int64))
        self.is_last = pl.col(ROW) == scored_row.last(ignore_nulls=True).over("@number")
        start = datetime(2000, 1, 1)  # any: an interval does not depend on it
        waits = ((rank, rules.next_set(level.id, start)) for rank, level in enumerate(self.chart.levels))
        self.waits = {rank: (due.at - start) // timedelta(microseconds=1) for rank, due in waits if due is not None}

    def due(self, rank: str) -> pl.Expr:
        """When the next set is due at this level, in microseconds."""
        return self.taken + pl.when(self.is_scored).then(pl.col(rank).cast(pl.Int64)).replace_strict(self.waits, default=None, return_dtype=pl.Int64)

    def before(self, value: pl.Expr) -> pl.Expr:
        """What the last scored set of the person had before this one; null where it had nothing, or where there is none."""
        kept = pl.when(self.is_scored).then(value.cast(pl.Int64).fill_null(NEVER)).when(self.is_first).then(NEVER).forward_fill()
        last = pl.when(~self.is_first).then(kept.shift(1))
        return pl.when(last != NEVER).then(last)

    def worst(self) -> pl.Expr:
        """The highest level of the person so far. Later people get higher numbers, so that none counts for the next."""
        ids = [level.id for level in self.chart.levels]
        numbered = pl.col("@number") * (len(ids) + 1)
        highest = (numbered + self.rank.fill_null(-1) + 1).cum_max() - numbered - 1
        return highest.replace_strict(dict(enumerate(ids)), default=None, return_dtype=pl.String).cast(pl.Enum(ids))

    def changed(self, names: list[str]) -> list[pl.Expr]:
        """Which rows' points rose, and which fell, from the last scored set: each as the bit of its place. Where either is not known, neither."""
        gaps = [pl.col(f"points_{name}").cast(pl.Int64) - self.before(pl.col(f"points_{name}")) for name in names]
        known = [pl.when(self.is_scored).then(gap).fill_null(0) for gap in gaps]
        rose = [(gap > 0).cast(pl.Int64) * (1 << place) for place, gap in enumerate(known)]
        fell = [(gap < 0).cast(pl.Int64) * (1 << place) for place, gap in enumerate(known)]
        nothing = pl.lit(0, pl.Int64)
        return [pl.sum_horizontal(nothing, *rose).alias("points_up"), pl.sum_horizontal(nothing, *fell).alias("points_down")]
