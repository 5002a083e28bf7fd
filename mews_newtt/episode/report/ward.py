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
from mews_newtt.episode.report.counts import Counts, counts_of, longest_waits, prepared
from mews_newtt.episode.report.figures import PERIODS, figures_of, period_of
from mews_newtt.episode.report.rows import own_columns, with_times
from mews_newtt.episode.report.story import Story, story_of
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
    column_map, names = column_map or ColumnMap(), columns or Columns()
    own = own_columns(found)
    theirs = dict(zip(check_columns(own, chart, column_map), own, strict=True))
    names = Columns(*(theirs.get(name, name) for name in names))
    place = _ward(own, ward)
    rows, zoned = with_times(found, names, zone)
    rows = prepared(rows, zoned, zone, place)
    counts = counts_of(chart, rows, wards=place is not None, reviews=names.reviewed in own, now=now is not None)
    every = period_of(counts.first, counts.last)
    there = {name: column for name, column in zip(Columns._fields, names, strict=True) if column in own}
    told = [
        story_of(chart, rows, person, columns=there, column_map=column_map, policies=policies, schedules=schedules, now=now, zone=zone, zoned=zoned)
        for person in persons[:MOST_STORIES]
    ]
    return WardReport(
        chart=chart,
        policies=tuple(policies),
        schedules={} if schedules is None else {name: int((schedules.schedule == name).sum()) for name in schedules.known},
        source=source,
        clock=_clock(zoned, zone),
        now=now,
        ward=place,
        period=PERIODS[every],
        counts=counts,
        figures=tuple(figures_of(rows.filter(pl.col("set_status") == CURRENT), every)),
        stories=tuple(told),
        waits=tuple(longest_waits(rows, MOST_WAITS)) if waits else None,
        not_read=tuple(not_read),
    )


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
