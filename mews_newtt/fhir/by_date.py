"""The version `by-date`: observations are scored on the version of the chart that was in force on the day of their round.

Which observations are one round depends on the chart, and the chart on the day of the round. So the newest observation gives the first day; where the
round turns out to be of another day, it is scored again on the version of that day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.chart.model import Chart
from mews_newtt.chart.timeline import day_of
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.bundle import Content
from mews_newtt.fhir.times import moment

Find = Callable[[str, str | None, str | None], Chart]  # name or alias, version (or a day), sha256
MOST_TRIES = 5  # versions of which each puts the round on a day of another one
T = TypeVar("T")


class Named(NamedTuple):
    """The chart that a caller names."""

    chart: str
    version: str | None = None
    sha256: str | None = None


def by_date(named: Named, find: Find, given: Content, on: Callable[[Chart], tuple[T, str | None]]) -> T:
    """What `on` makes of the named chart; with the version `by-date`, of the version in force on the day of the round.

    Parameters
    ----------
    on : gives a result on one chart, and the time of the newest reading that it rests on (None where there is none)

    Raises
    ------
    ObservationError  no observation has a time, or no one version fits the day of its own round
    """
    if named.version != BY_DATE:
        return on(find(*named))[0]
    times = [text for found in given.observations for text in found.effective]
    newest: str | None = given.texts.get("effective") or max(times, key=moment, default=None)
    chart = _of_day(named, find, newest)
    for _ in range(MOST_TRIES):
        result, newest = on(chart)
        own = _of_day(named, find, newest)
        if own.sha256 == chart.sha256:
            return result
        chart = own
    what = "its versions put the round of these observations on different days"
    raise ObservationError(Problem("version_by_date", f"chart {named.chart}", what, "send the observations of one round, or name a version"))


def _of_day(named: Named, find: Find, time: str | None) -> Chart:
    """The version in force on the day of a time, as it is written: time zones are not converted."""
    try:
        day = day_of(time)
    except ValueError:
        what = "has no reading with a day, which the version by-date needs" if time is None else f"{time[:40]!r} names no day"
        raise ObservationError(Problem("observed_at_needed", "resource", what, "send effectiveDateTime, or name a version")) from None
    return find(named.chart, day.isoformat(), named.sha256)
