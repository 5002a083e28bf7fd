"""The events of a table of many people that `track_frame` followed, in the order of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.events import Event, lines_of
from mews_newtt.episode.read_times import names_of
from mews_newtt.episode.track import DOUBLE, SUPERSEDED, TIMES, UNPLACED, VOID, Columns
from mews_newtt.reading.columns import ColumnMap, check_columns

AT_ONCE = 100_000  # rows
_RESULTS = ("set_status", "score_status", "level", "level_change", "minutes_late", "overdue_minutes", "due_at", "retrospective", "track_error")


def table_events(
    chart: Chart, found: pl.DataFrame, names: list[str], column_map: ColumnMap | None = None, *, now: datetime | None = None
) -> Iterator[Event]:
    """The events of a followed table.

    Parameters
    ----------
    found : what `track_frame` gave
    names : the columns that the table had before
    column_map : as `track_frame` had it
    now : the time to which overdue sets were counted

    Times of sets are given as the table has them.
    """
    theirs = dict(zip(check_columns(names, chart, column_map), names, strict=True))
    usual = Columns()
    wanted = {"person": usual.person, "observed_at": usual.taken, "recorded_at": usual.recorded, "set_id": usual.set_id}
    columns = {ours: theirs.get(name, name) for ours, name in wanted.items()}
    chosen = [_text(found.get_column(name), ours).alias(f"@{ours}") for ours, name in columns.items() if name in found.columns]
    rows = pl.DataFrame(chosen).hstack(found.select(_RESULTS))
    happened = (
        (pl.col("set_status").cast(pl.String).is_in([SUPERSEDED, VOID, UNPLACED]))
        | (pl.col("score_status").cast(pl.String) == "refused")
        | (pl.col("level_change").fill_null(0) != 0)
        | (pl.col("minutes_late").fill_null(0) > 0)
        | (pl.col("overdue_minutes").fill_null(0) > 0)
        | pl.col("retrospective").fill_null(value=False)
    )
    for part in rows.iter_slices(AT_ONCE):
        for row in part.filter(happened).iter_rows(named=True):
            for kind, more in _of_row(row, now):
                of_set = {name: row.get(f"@{name}") or None for name in ("person", "set_id", "observed_at", "recorded_at")}
                yield Event(chart, kind, of_set["person"], of_set["set_id"], of_set["observed_at"], of_set["recorded_at"], more)


class EventLines:
    """Writes the events of a followed table as lines of NDJSON, a part of the table at a time.

    names : the columns that the table had before; column_map, now : as `table_events` takes them
    """

    def __init__(self, chart: Chart, names: Sequence[str], column_map: ColumnMap | None, now: datetime | None, lines: TextIO):
        self.chart, self.names, self.column_map, self.now, self.lines = chart, list(names), column_map, now, lines

    def add(self, found: pl.DataFrame) -> None:
        """Write the events of the next rows."""
        self.lines.writelines(lines_of(table_events(self.chart, found, self.names, self.column_map, now=self.now)))

    def again(self) -> None:
        """Forget what was written: the table is followed from its start again."""
        self.lines.seek(0)
        self.lines.truncate()


def _text(cells: pl.Series, ours: str) -> pl.Series:
    return (names_of(cells) if ours in ("person", "set_id") else cells).cast(pl.String)


def times_as_text(found: pl.DataFrame) -> pl.DataFrame:
    """A followed table with its times as the other readers take them, for files of text."""
    times = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S" + ("%:z" if found.schema[name] == pl.Datetime("us", "UTC") else "")) for name in TIMES]
    return found.with_columns(times)


def _of_row(row: Mapping[str, Any], now: datetime | None) -> Iterator[tuple[str, dict[str, Any]]]:
    status = row["set_status"]
    if status in (SUPERSEDED, VOID):
        yield status, {}
        return
    if status == UNPLACED:
        yield status, {"why": row["track_error"]}
        return
    if row["score_status"] == "refused" and status != DOUBLE:
        yield "refused", {}
    if row["level_change"]:
        yield "level_up" if row["level_change"] > 0 else "level_down", {"level": row["level"], "level_change": row["level_change"]}
    if row["minutes_late"]:
        yield "late", {"minutes_late": row["minutes_late"]}
    if row["retrospective"]:
        yield "retrospective", {}
    if row["overdue_minutes"]:
        yield "overdue", {"due_at": row["due_at"].isoformat(), "overdue_minutes": row["overdue_minutes"], "now": now and now.isoformat()}
