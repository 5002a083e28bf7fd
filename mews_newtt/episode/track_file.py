"""`track_to`: follows the people of a table that may be larger than memory, and writes the result. For `mews-newtt track` and the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_for
from mews_newtt.episode.many_schedules import PeoplesSchedules
from mews_newtt.episode.parts import PersonComesBack, Regrouped, in_runs, parts_in_runs
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.summary import Summary, summary_of
from mews_newtt.episode.table_events import EventLines, times_as_text
from mews_newtt.episode.track import TIMES, Columns, columns_of, tracked
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.unread import Unread, columns_not_read
from mews_newtt.tables.formats import KINDS, Format
from mews_newtt.tables.read import Table
from mews_newtt.tables.summary import Progress
from mews_newtt.tables.write import sink_frames


class Options(NamedTuple):
    """How people are followed: as `track_frame` takes it."""

    policies: tuple[Policy, ...] = ()
    schedules: PeoplesSchedules | None = None
    now: datetime | None = None
    zone: str | None = None
    column_map: ColumnMap = ColumnMap()
    points: bool = False


class Counted(Protocol):
    """What also takes the followed rows, a part at a time, such as a report. Their times have no zone yet. All rows of a person are in one part."""

    def add(self, found: pl.DataFrame) -> None:
        """Take the next rows."""

    def again(self) -> None:
        """Forget what was taken: the table is followed from its start again."""


class _Run:
    """One table on its way through. Its parts must agree on whether times have an offset."""

    def __init__(
        self, chart: Chart, table: Table, options: Options, as_text: bool, progress: Progress | None = None, counted: Counted | None = None
    ):
        self.chart, self.table, self.options, self.as_text, self.progress, self.counter = chart, table, options, as_text, progress, counted
        self.person = columns_of(table.columns, Columns(), chart, options.column_map).person
        self.start()

    def start(self) -> None:
        self.zoned: bool | None = True if self.options.zone is not None else None
        self.summary: Summary | None = None
        self.scheduled = 0
        if self.counter is not None:
            self.counter.again()

    def frames(self) -> Iterator[pl.DataFrame]:
        rows = 0
        for chunk, frame in self.table.frames():
            if not rows and chunk.share:
                engine_for(self.chart, round(frame.height / chunk.share))  # parts are small: it could not know how many are to come
            rows += frame.height
            if self.progress is not None:
                self.progress(rows, None)
            yield frame

    def followed(self, part: pl.DataFrame) -> pl.DataFrame:
        """One part with its answers, counted."""
        rows = part.select(Regrouped.ROW) if Regrouped.ROW in part.columns else None
        found, placed = tracked(self.chart, part.drop(Regrouped.ROW, strict=False), **self.options._asdict())
        if None not in (placed.zoned, self.zoned) and placed.zoned != self.zoned:
            what = "hold times with an offset from UTC, and times without"
            raise FileError(Problem("time_without_offset", self.table.name, what, "give every time an offset, or name the zone of the others"))
        self.zoned = self.zoned if placed.zoned is None else placed.zoned
        own = summary_of(self.chart, self.options.policies, found, placed)
        self.summary = own if self.summary is None else self.summary.plus(own)
        if self.options.schedules is not None:
            self.scheduled += int(placed.names.cast(pl.String).unique().is_in(self.options.schedules.person.implode()).sum())
        found = found.with_columns(pl.col(TIMES).dt.replace_time_zone(None))  # until all parts are known: one without any time cannot say
        if self.counter is not None:
            self.counter.add(found)
        return found if rows is None else found.hstack(rows)

    def counted(self) -> Summary:
        """The counts of all parts."""
        assert self.summary is not None, "the first part is followed before anything is written"
        unmet = 0 if self.options.schedules is None else self.options.schedules.person.n_unique() - self.scheduled
        return self.summary._replace(without_sets=unmet)

    def typed(self, found: pl.DataFrame) -> pl.DataFrame:
        """The times of the results as instants, where the table has instants."""
        return found.with_columns(pl.col(TIMES).dt.replace_time_zone("UTC" if self.zoned else None))

    def written(self, found: pl.DataFrame) -> pl.DataFrame:
        """The results as the format has them."""
        return times_as_text(found) if self.as_text else found


def unread_by(chart: Chart, table: Table, column_map: ColumnMap, also: Sequence[str] = ()) -> Unread:
    """The columns of a table that nothing is read from when its people are followed. `also`: columns that something else reads."""
    used = (*columns_of(table.columns, Columns(), chart, column_map)[2:], *also)
    return columns_not_read(chart, [name for name in table.names if name not in used], column_map)


def track_to(
    chart: Chart,
    table: Table,
    into: Path | BinaryIO | None,
    form: Format,
    options: Options,
    events: EventLines | None = None,
    progress: Progress | None = None,
    counted: Counted | None = None,
) -> Summary:
    """Follow the people of a table, and write every row with its answers, and the events, in the order of the table.

    into : None writes no rows
    progress : called with the rows that were read; where the table is read twice, it counts twice
    counted : takes the followed rows too, in any order of people

    Where all rows of each person come together, the table goes through in parts. Otherwise people are put together in temporary files, and the
    rows put back into their order. Memory does not grow with the table in either case, but it holds all rows of any one person.

    Raises
    ------
    FileError, ColumnError  as `track_frame`, and as the table's reader
    """
    run = _Run(chart, table, options, KINDS[form.kind].text, progress, counted)
    again = table.size > 0  # a stream is read once only
    can_restart = into is None or (isinstance(into, Path) and into.is_file())
    sorted_ = again and (can_restart or in_runs(run.frames(), run.person))
    if sorted_:
        try:
            _write(run, lambda: (run.followed(part) for part in parts_in_runs(run.frames(), run.person)), into, form, events)
        except PersonComesBack:
            sorted_ = False
            if events is not None:
                events.again()
            run.start()
    if not sorted_:
        with Regrouped(run.person) as regrouped:
            for frame in run.frames():
                regrouped.add(frame)
            _write(run, lambda: regrouped.in_order(run.followed(part) for part in regrouped.parts()), into, form, events)
    return run.counted()


def _write(run: _Run, found: Callable[[], Iterator[pl.DataFrame]], into: Path | BinaryIO | None, form: Format, events: EventLines | None) -> None:
    results, first = found(), []
    while run.zoned is None and (one := next(results, None)) is not None:  # the type of times is known with the first time
        first.append(one)
    none = run.followed(run.table.columns)
    rows = chain(first or [none], results)
    schema = run.written(run.typed(none)).schema

    def told() -> Iterator[pl.DataFrame]:
        for part in map(run.typed, rows):
            if events is not None:
                events.add(part)
            yield run.written(part)

    if into is not None:
        sink_frames(told(), schema, into, form)
        return
    for _ in told():
        pass
