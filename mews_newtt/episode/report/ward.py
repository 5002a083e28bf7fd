"""`ward_report`: everything that the report of a ward or a month says, from a table that `track_frame` followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.over_time import Figure
from mews_newtt.episode.many_schedules import PeoplesSchedules
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.report.counts import Counts
from mews_newtt.episode.report.figures import PERIODS, figures_of, period_of
from mews_newtt.episode.report.rows import own_columns, with_times
from mews_newtt.episode.report.story import Story, story_of
from mews_newtt.episode.report.tallies import Tallies, prepared
from mews_newtt.episode.track import CURRENT, Columns
from mews_newtt.errors import ColumnError, Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.columns import check_columns

WARD = "ward"
MOST_WAITS = 1000  # people in the list of those whose next set is overdue
MOST_STORIES = 20


class WardReport(NamedTuple):
    """The report of one file.

    source : what was read, in words; clock : how its times were read, in words
    schedules : for how many people each schedule of the policies holds; empty where none was given
    period : day, week or month: by what the charts over time are
    waits : the people whose next set is overdue, at most `MOST_WAITS`; None unless they were asked for
    """

    chart: Chart
    policies: tuple[Policy, ...]
    schedules: dict[str, int]
    source: str
    clock: str
    now: datetime | None
    ward: str | None
    period: str
    counts: Counts
    figures: tuple[Figure, ...]
    stories: tuple[Story, ...]
    waits: tuple[dict[str, Any], ...] | None
    not_read: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON. No person is named, unless the user named them: then their course is here."""
        counts = self.counts
        return {
            "chart": self.chart.identity(),
            "policies": [policy.identity() for policy in self.policies],
            "schedules": self.schedules,
            "not_for_care": True,
            "source": self.source,
            "clock": self.clock,
            "now": self.now and self.now.isoformat(),
            "ward_column": self.ward,
            "from": counts.first and counts.first.isoformat(),
            "to": counts.last and counts.last.isoformat(),
            "all": counts.all._asdict(),
            "wards": [group._asdict() for group in counts.wards],
            "wards_left_out": counts.wards_left_out,
            "weeks": [group._asdict() for group in counts.weeks],
            "weeks_left_out": counts.weeks_left_out,
            "rows_lacking": dict(counts.lacking),
            "corrections": counts.corrections,
            "levels": [stay._asdict() for stay in counts.stays],
            "rises": [one._asdict() for one in counts.rises],
            "reviews": None if counts.reviews is None else [one._asdict() for one in counts.reviews],
            "overdue": None if counts.overdue is None else [one._asdict() for one in counts.overdue],
            "not_followed": [one._asdict() for one in counts.lost],
            "doubts": dict(counts.doubts),
            "over_time": [_figure(figure) for figure in self.figures],
            "persons": [{"person": story.person, "episode": story.episode.to_dict()} for story in self.stories],
            "not_read": list(self.not_read),
        }


def _figure(figure: Figure) -> dict[str, Any]:
    return {**figure._asdict(), "points": [point._asdict() for point in figure.points]}


def ward_report(
    chart: Chart,
    found: pl.DataFrame,
    *,
    source: str,
    policies: Sequence[Policy] = (),
    schedules: PeoplesSchedules | None = None,
    now: datetime | None = None,
    zone: str | None = None,
    column_map: ColumnMap | None = None,
    columns: Columns | None = None,
    ward: str | None = None,
    persons: Sequence[str] = (),
    waits: bool = False,
    not_read: Sequence[str] = (),
) -> WardReport:
    """Count what a followed table says.

    Parameters
    ----------
    found : a table from `track_frame`, called with the same policies, schedules (as `read_schedules` gives them), now, zone, map and columns
    ward : the column that says where a set was taken; without it `ward`, where there is one
    persons : ids of the people whose course the report describes; if there are none, it names nobody
    waits : also list the people whose next set is overdue (needs `now`)

    Raises
    ------
    ColumnError  no such column of wards
    FileError    a person who is not in the table, or who could not be followed
    """
    reporter = WardReporter(
        chart, own_columns(found), policies=policies, schedules=schedules, now=now, zone=zone, column_map=column_map, columns=columns, ward=ward,
        persons=persons, waits=waits,
    )  # fmt: skip
    reporter.add(found)
    return reporter.report(source, not_read)


class WardReporter:
    """`ward_report` of a table that comes in parts. All rows of a person are in one part. Memory does not grow with the rows.

    own : the columns of the table before it was followed; the other parameters and the errors are those of `ward_report`

    Kept of each part are counts, the rows of the people who were named, and with `waits` the people who became overdue last.
    """

    def __init__(
        self,
        chart: Chart,
        own: Sequence[str],
        *,
        policies: Sequence[Policy] = (),
        schedules: PeoplesSchedules | None = None,
        now: datetime | None = None,
        zone: str | None = None,
        column_map: ColumnMap | None = None,
        columns: Columns | None = None,
        ward: str | None = None,
        persons: Sequence[str] = (),
        waits: bool = False,
    ):
        self.chart, self.policies, self.schedules, self.now, self.zone = chart, tuple(policies), schedules, now, zone
        self.column_map, self.persons, self.waits = column_map or ColumnMap(), persons[:MOST_STORIES], waits
        theirs = dict(zip(check_columns(list(own), chart, self.column_map), own, strict=True))
        self.names = Columns(*(theirs.get(name, name) for name in columns or Columns()))
        self.there = {name: column for name, column in zip(Columns._fields, self.names, strict=True) if column in own}
        self.ward = _ward(own, ward)
        self.again()

    def again(self) -> None:
        """Forget what was added: the table comes again from its start."""
        self._tallies, self._zoned = Tallies(self.ward), False
        self._named: list[pl.DataFrame] = []
        self._overdue: list[dict[str, Any]] = []

    def add(self, found: pl.DataFrame) -> None:
        """Count the next rows of the followed table."""
        placed, zoned = with_times(found, self.names, self.zone)
        rows = prepared(placed, zoned, self.zone, self.ward)
        self._zoned = self._zoned or zoned
        self._tallies.add(rows)
        named = rows.filter(pl.col("@person").is_in(self.persons))
        if named.height or not self._named:
            self._named.append(named)
        if self.waits:
            self._overdue = sorted([*self._overdue, *longest_waits(rows, MOST_WAITS)], key=lambda one: (one["overdue_minutes"], one["person"]))
            del self._overdue[MOST_WAITS:]

    def report(self, source: str, not_read: Sequence[str] = ()) -> WardReport:
        """The report of what was added: at least one part."""
        counts = self._tallies.counts(self.chart, reviews="reviewed" in self.there, now=self.now is not None)
        every, schedules = period_of(counts.first, counts.last), self.schedules
        rows = pl.concat(self._named, how="vertical_relaxed")
        return WardReport(
            chart=self.chart,
            policies=self.policies,
            schedules={} if schedules is None else {name: int((schedules.schedule == name).sum()) for name in schedules.known},
            source=source,
            clock=_clock(self._zoned, self.zone),
            now=self.now,
            ward=self.ward,
            period=PERIODS[every],
            counts=counts,
            figures=tuple(figures_of(self._tallies.days.total(), every)),
            stories=tuple(self._story(rows, person) for person in self.persons),
            waits=tuple(self._overdue) if self.waits else None,
            not_read=tuple(not_read),
        )

    def _story(self, rows: pl.DataFrame, person: str) -> Story:
        return story_of(
            self.chart, rows, person, columns=self.there, column_map=self.column_map, policies=self.policies, schedules=self.schedules,
            now=self.now, zone=self.zone, zoned=self._zoned,
        )  # fmt: skip


def longest_waits(rows: pl.DataFrame, most: int) -> list[dict[str, Any]]:
    """The people whose next set is overdue, those first who became so last: the others may have left. Only for a file that the user asked for."""
    late = rows.filter((pl.col("set_status") == CURRENT) & (pl.col("overdue_minutes") > 0)).sort("overdue_minutes", "@person").head(most)
    return late.select(pl.col("@person").alias("person"), "level", "@taken", "due_at", "overdue_minutes").to_dicts()


def _ward(own: Sequence[str], ward: str | None) -> str | None:
    if ward is None:
        return WARD if WARD in own else None
    if ward not in own:
        raise ColumnError(Problem("column_needed", "the table", f"has no column {ward}", "name the column that says where a set was taken"))
    return ward


def _clock(zoned: bool, zone: str | None) -> str:
    if not zoned:
        return "Times have no offset from UTC. They are counted as written, so a night in which clocks change may be an hour off."
    return f"Days are those of {zone}." if zone is not None else "Times have offsets from UTC. Days are those of UTC."
