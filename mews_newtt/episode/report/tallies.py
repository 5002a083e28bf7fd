"""Counts the rows of a followed table for the report of a ward, a part of the table at a time. All rows of a person are in one part.

Every count is an expression over whole columns, so that a million people cost no more than their rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.course import MINUTE
from mews_newtt.episode.many_answers import DOUBTS
from mews_newtt.episode.report.counts import MOST_GROUPS, NO_WARD, OVERDUE_MINUTES, Answered, Counts, Group, Lost, Overdue, Stay
from mews_newtt.episode.report.tally import Tally, medians
from mews_newtt.episode.versions import CURRENT, DOUBLE, SUPERSEDED, UNPLACED, VOID
from mews_newtt.errors import FileError, Problem

MOST_WARDS = 10_000
SUMS = ("sets", "complete", "partial", "refused", "due", "in_time", "rises", "timed_entries", "retrospective", "with_due")
WAITS = tuple(f"to_{high}" for high in (*OVERDUE_MINUTES, "more"))


def prepared(placed: pl.DataFrame, zoned: bool, zone: str | None, ward: str | None) -> pl.DataFrame:
    """The rows of a followed table with `@day` (of the zone, or of UTC), `@week` (the day of its Monday) and `@ward`.

    placed : with `@person` and `@taken`, as `with_times` gives them
    """
    local = pl.col("@taken")
    if zoned and zone is not None:
        local = local.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    text = pl.lit(None, pl.String) if ward is None else pl.col(ward).cast(pl.String).str.strip_chars()
    named = pl.when(text != "").then(text).otherwise(pl.lit(NO_WARD))
    words = [pl.col(name).cast(pl.String) for name in ("score_status", "set_status", "level", "doubts", "track_error", "missing")]
    frame = placed.with_columns(local.dt.date().alias("@day"), named.alias("@ward"), *words)
    return frame.with_columns(pl.col("@day").dt.truncate("1w").dt.to_string("%Y-%m-%d").alias("@week"))


class Tallies:
    """What is counted. `add` takes the rows of `prepared`."""

    def __init__(self, ward: str | None) -> None:
        self.ward = ward
        self.days = Tally("wards and days", ["@ward", "@day"], SUMS, ["late_worst"])
        self.people = {by: Tally("wards and weeks", [by], ["people"]) for by in ("@ward", "@week")}
        self.late = {by: Tally("lengths of time, for the median of late sets", [by, "minutes"], ["many"]) for by in ("@ward", "@week")}
        self.statuses, self.lacking = Tally("statuses", ["set_status"], ["many"]), Tally("rows of the chart", ["missing"], ["many"])
        self.doubts = Tally("doubts", ["doubts"], ["many"])
        self.stays = Tally("levels", ["level"], ["sets", "stays", "ended", "minutes"])
        self.stayed = Tally("lengths of time, for the median at a level", ["level", "minutes"], ["many"])
        self.rises = Tally("lengths of time, for the median after a rise", ["level", "minutes"], ["many"])
        self.reviews = Tally("lengths of time, for the median to a review", ["level", "minutes"], ["many"])
        self.overdue = Tally("levels", ["level"], WAITS, ["longest"])
        self.lost = Tally("reasons", ["track_error"], ["rows", "people"])
        self.everybody = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Count the next rows."""
        current = rows.filter(pl.col("set_status") == CURRENT)
        late, status = pl.col("minutes_late"), pl.col("score_status")
        figures = [
            pl.len().alias("sets"),
            *((status == name).sum().alias(name) for name in ("complete", "partial", "refused")),
            late.count().alias("due"),
            (late <= 0).sum().alias("in_time"),
            (pl.col("level_change") > 0).sum().alias("rises"),
            pl.col("retrospective").count().alias("timed_entries"),
            pl.col("retrospective").sum().alias("retrospective"),
            pl.col("due_at").count().alias("with_due"),
            late.filter(late > 0).max().alias("late_worst"),
        ]
        self.days.add(current.group_by("@ward", "@day").agg(*(one.cast(pl.Int64) for one in figures[:-1]), figures[-1]))
        for by in ("@ward", "@week"):
            self.people[by].add(current.group_by(by).agg(pl.col("@person").n_unique().cast(pl.Int64).alias("people")))
            self.late[by].add(_values(current.filter(late > 0), by, "minutes_late"))
        if self.ward is not None and self.people["@ward"].total().height > MOST_WARDS:
            what = f"has more than {MOST_WARDS:,} different values, so it names no wards"
            raise FileError(Problem("too_many_wards", f"column {self.ward}", what, "name the column of wards with --ward"))
        self.everybody += current.get_column("@person").n_unique()
        self.statuses.add(_many(rows, "set_status"))
        partial = current.filter(status == "partial").get_column("missing").str.split(";").explode().drop_nulls()
        self.lacking.add(_many(partial.to_frame(), "missing"))
        self.doubts.add(_many(current, "doubts"))
        self._add_course(_course(current))
        waited, ends = pl.col("overdue_minutes"), (0, *OVERDUE_MINUTES, float("inf"))
        between = [
            ((waited > low) & (waited <= high)).sum().cast(pl.Int64).alias(name) for name, (low, high) in zip(WAITS, pairwise(ends), strict=True)
        ]
        self.overdue.add(current.filter(waited > 0).group_by("level").agg(*between, waited.max().alias("longest")))
        lost = rows.filter(pl.col("set_status") == UNPLACED).group_by("track_error")
        people = pl.col("@person").drop_nulls().n_unique().cast(pl.Int64)
        self.lost.add(lost.agg(pl.len().cast(pl.Int64).alias("rows"), people.alias("people")))

    def _add_course(self, course: pl.DataFrame) -> None:
        following = pl.col("@next")
        stays = course.group_by("@stay", maintain_order=True).agg(
            pl.col("level").first(), pl.len().cast(pl.Int64).alias("sets"), following.sum().alias("minutes"),
            following.last().is_not_null().alias("ended"),
        )  # fmt: skip
        ended = pl.col("ended").cast(pl.Int64)
        self.stays.add(stays.select("level", "sets", pl.lit(1, pl.Int64).alias("stays"), ended, "minutes"))
        self.stayed.add(_values(stays.filter("ended"), "level", "minutes"))
        self.rises.add(_values(course.filter(pl.col("level_change") > 0), "level", "@next"))
        self.reviews.add(_values(course.filter(pl.col("level_rank") > 0), "level", "minutes_to_review"))

    def counts(self, chart: Chart, *, reviews: bool, now: bool) -> Counts:
        """The figures of all rows.

        reviews : whether the file has a column of reviews; now : whether a time to count to was given
        """
        statuses = dict(self.statuses.total().iter_rows())
        wards = sorted(self._groups("@ward"), key=lambda group: (-group.sets, group.name)) if self.ward is not None else []
        weeks, days = sorted(self._groups("@week"), key=lambda group: group.name), self.days.total()
        lacking = self.lacking.total().filter(pl.col("missing") != "").sort(["many", "missing"], descending=[True, False])
        every = self._group("all", days.select(_summed()).row(0, named=True), self.everybody, self._late_of_all())
        return Counts(
            all=every,
            wards=tuple(wards[:MOST_GROUPS]),
            wards_left_out=len(wards[MOST_GROUPS:]),
            weeks=tuple(weeks[-MOST_GROUPS:]),
            weeks_left_out=len(weeks[:-MOST_GROUPS]),
            lacking=tuple(lacking.iter_rows()),
            refusals=every.refused,
            corrections={name: statuses.get(name, 0) for name in (SUPERSEDED, VOID, DOUBLE)},
            stays=self._stays(chart),
            rises=_answered(chart, self.rises.total()),
            reviews=_answered(chart, self.reviews.total()) if reviews else None,
            overdue=self._overdue(chart) if now else None,
            lost=tuple(Lost(*row) for row in self._lost().iter_rows()),
            first=days.get_column("@day").min(),
            last=days.get_column("@day").max(),
            doubts=tuple((name, self._doubtful(name)) for name in DOUBTS),
            with_due=int(days.get_column("with_due").sum()),
        )

    def _late_of_all(self) -> float | None:
        every = self.late["@ward"].total().with_columns(pl.lit("all").alias("@ward"))
        return medians(every, "@ward", "minutes", "many").get("all")

    def _group(self, name: str, row: Mapping[str, Any], people: int, late: float | None) -> Group:
        return Group(name=name, people=people, late_median=late, **{key: row[key] for key in Group._fields if key in row})

    def _groups(self, by: str) -> list[Group]:
        week = pl.col("@day").dt.truncate("1w").dt.to_string("%Y-%m-%d").alias("@week")
        found = self.days.total().with_columns(week).group_by(by).agg(_summed())
        people, late = dict(self.people[by].total().iter_rows()), medians(self.late[by].total(), by, "minutes", "many")
        return [self._group(row[by], row, people[row[by]], late.get(row[by])) for row in found.iter_rows(named=True)]

    def _stays(self, chart: Chart) -> tuple[Stay, ...]:
        """Time at each level, from a set to the person's next set. After the last set of a person nothing is known, and nothing is counted."""
        found = {row["level"]: row for row in self.stays.total().iter_rows(named=True)}
        median = medians(self.stayed.total(), "level", "minutes", "many")
        empty: dict[str, Any] = {"sets": 0, "stays": 0, "ended": 0, "minutes": 0.0}
        rows = ((level, found.get(level.id, empty)) for level in chart.levels)
        return tuple(Stay(level=level.title, median=median.get(level.id), **{name: row[name] for name in empty}) for level, row in rows)

    def _overdue(self, chart: Chart) -> tuple[Overdue, ...]:
        found = {level: (tuple(people), longest) for level, *people, longest in self.overdue.total().iter_rows()}
        return tuple(Overdue(level.title, *found[level.id]) for level in reversed(chart.levels) if level.id in found)

    def _lost(self) -> pl.DataFrame:
        return self.lost.total().sort("rows", "track_error", descending=[True, False]).head(MOST_GROUPS)

    def _doubtful(self, name: str) -> int:
        return sum(many for says, many in self.doubts.total().iter_rows() if says is not None and name in says.split())


def _values(rows: pl.DataFrame, key: str, value: str) -> pl.DataFrame:
    """How many times each value occurs, by key; a missing value too."""
    return rows.group_by(key, pl.col(value).alias("minutes")).agg(pl.len().cast(pl.Int64).alias("many"))


def _many(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    return rows.group_by(key).agg(pl.len().cast(pl.Int64).alias("many"))


def _summed() -> list[pl.Expr]:
    return [*(pl.col(name).sum() for name in SUMS), pl.col("late_worst").max()]


def _course(current: pl.DataFrame) -> pl.DataFrame:
    """The scored sets in order of people and times, each with the time of the person's next one, and the number of its stay."""
    scored = current.filter(pl.col("score_status") != "refused").sort("@person", "@taken")
    following = pl.col("@person").shift(-1) == pl.col("@person")
    stay = pl.struct("@person", "level").rle_id().alias("@stay")
    return scored.with_columns(
        pl.when(following).then((pl.col("@taken").shift(-1) - pl.col("@taken")).dt.total_microseconds() / MINUTE).alias("@next"), stay
    )


def _answered(chart: Chart, values: pl.DataFrame) -> tuple[Answered, ...]:
    """What followed after a level: how long it took, from how many times each length occurs; a missing length for what was not answered."""
    known = values.drop_nulls("minutes")
    median, worst = medians(known, "level", "minutes", "many"), dict(known.group_by("level").agg(pl.col("minutes").max()).iter_rows())
    times, waited = (dict(rows.group_by("level").agg(pl.col("many").sum()).iter_rows()) for rows in (values, known))
    found = (level for level in chart.levels if level.id in times)
    return tuple(Answered(one.title, times[one.id], waited.get(one.id, 0), median.get(one.id), worst.get(one.id)) for one in found)
