"""Times that are added and compared as instants.

Python adds and compares two times of one zone as a clock on the wall shows them. That is an hour off when clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mews_newtt.errors import ObservationError, Problem

YEARS = (1901, 3000)  # of a time: some systems write 1900-01-01 or 9999-12-31 for no time. Dates that were shifted into later centuries are in them


def instant(time: datetime) -> datetime:
    """The time in UTC, so that it can be compared with others. A time without an offset stays as it is."""
    return time if time.utcoffset() is None else time.astimezone(UTC)


def later(time: datetime, by: timedelta) -> datetime:
    """The time after some more time has passed, in the zone of the given one."""
    return time + by if time.utcoffset() is None else (instant(time) + by).astimezone(time.tzinfo)


def passed(earlier: datetime, after: datetime) -> timedelta:
    """How much time has passed."""
    return instant(after) - instant(earlier)


def require_one_kind(times: Iterable[datetime], where: str) -> None:
    """Raise ObservationError if something is not a time, or if some times have an offset from UTC and others have none: they can be hours apart.

    A time outside `YEARS` is none that anybody means.
    """
    kinds = set()
    for time in times:
        if not isinstance(time, datetime) or time != time:  # pandas has a datetime that is none, and it equals nothing
            raise ObservationError(Problem("not_a_time", where, f"hold {time!r} where a time belongs", "give a datetime, or None for no time"))
        if not YEARS[0] <= time.year <= YEARS[1]:
            what = f"hold a time in the year {time.year}"
            raise ObservationError(Problem("not_a_time", where, what, "correct it, or give None where it stands for no time"))
        kinds.add(time.utcoffset() is None)
    if len(kinds) > 1:
        what = "hold times with an offset from UTC, and times without"
        raise ObservationError(Problem("time_without_offset", where, what, "give every time an offset, or none"))
