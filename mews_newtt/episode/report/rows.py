"""The rows of a followed table with whose they are and when they were taken, for the counts and the stories of a report."""

from __future__ import annotations

import numpy as np
import polars as pl

from mews_newtt.episode.many_answers import DOUBTS, Columns
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros, placed_in_time

DOUBT_SAYS = dict(
    zip(
        DOUBTS,
        (
            "recorded before it was taken, so one of the two clocks was wrong",
            "taken after the time to which this report counts",
            "recorded after the time to which this report counts",
            "reviewed before it was taken",
            "a concern answered before it was raised",
        ),
        strict=True,
    )
)


def own_columns(found: pl.DataFrame) -> list[str]:
    """The columns that a followed table had before it was scored."""
    return found.columns[: found.columns.index("score_status")]


def with_times(found: pl.DataFrame, names: Columns, zone: str | None) -> tuple[pl.DataFrame, bool]:
    """The table with `@person` (text) and its times, and whether these have offsets. They are in UTC then.

    Times : `@taken`, `@recorded`, `@reviewed`, `@raised`, `@answered`, `@escalated_at`, `@born`
    """
    others = {f"@{name}": getattr(names, name) for name in ("recorded", "reviewed", "raised", "answered", "escalated_at", "born")}
    placed = placed_in_time(found, names.person, names.taken, tuple(others.values()), zone)
    person = placed.names.cast(pl.String).gather(placed.person).alias("@person")
    times = [_times(placed.times[name]).alias(ours) for ours, name in {"@taken": names.taken, **others}.items() if name in placed.times]
    return found.with_columns(person, *times), placed.zoned is True


def _times(micros: Micros) -> pl.Series:
    there = micros != NO_TIME_AT_ALL
    return pl.Series(np.where(there, micros, 0)).set(pl.Series(~there), None).cast(pl.Datetime("us"))
