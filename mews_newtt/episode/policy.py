"""Policies: when the next set is due, when an entry is late, and which schedules newborns at risk have. Data with a source, like charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from mews_newtt.chart.model import Chart, Source, Timing
from mews_newtt.errors import FileError, Problem


@dataclass(frozen=True, slots=True)
class LevelTimes:
    """What a policy says of one level of the chart: the interval to the next set, and the time to a review."""

    level: str
    reobserve: Timing | None
    review: Timing | None
    source: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times at which a group of people is observed, counted from birth or from a start that the caller gives.

    at : times after the start; every, until : then again and again, up to and including `until`.
    Without `at` and `every` the observation goes on until `until`, and nothing says how often.
    """

    id: str
    title: str
    starts: str
    at: tuple[timedelta, ...]
    every: timedelta | None
    until: timedelta | None
    says: str
    source: str

    def times(self) -> Iterator[timedelta]:
        """Every time of the schedule after its start, in order. Without an end, those that are named."""
        yield from self.at
        if self.every is not None and self.until is not None:
            last = self.at[-1] if self.at else timedelta(0)
            while (last := last + self.every) <= self.until:
                yield last


@dataclass(frozen=True, slots=True)
class LateEntry:
    """From when on an entry counts as retrospective."""

    after: timedelta
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one policy. `charts` are the ids of the charts that it is for."""

    id: str
    version: str
    title: str
    status: str
    charts: tuple[str, ...]
    says: str
    sources: tuple[Source, ...]
    levels: tuple[LevelTimes, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    late_entry: LateEntry | None = None
    notes: tuple[str, ...] = ()
    known_missing: tuple[str, ...] = ()
    status_says: str = ""
    origin: str = ""

    def identity(self) -> dict[str, str]:
        """Which policy this is. Every answer that uses it carries this."""
        return {"id": self.id, "title": self.title, "version": self.version, "status": self.status, "status_says": self.status_says}

    def cite(self, source: str) -> str:
        """The citation of one of its sources."""
        return next(one.cite for one in self.sources if one.id == source)


def require_for(policy: Policy, chart: Chart) -> None:
    """Raise FileError where a policy does not fit a chart: another chart, a level that is missing or unknown, a longer wait at a worse level."""
    where = policy.origin or f"policy {policy.id}"
    if chart.id not in policy.charts:
        mend = "it is for: " + ", ".join(policy.charts)
        raise FileError(Problem("policy_of_another_chart", where, f"is not for {chart.id}", mend))
    if not policy.levels:
        return
    given = {one.level: one for one in policy.levels}
    listed, empty = "levels of the chart: " + ", ".join(chart.level_rank), 'add it; without a time: reobserve = { says = "none given" }'
    problems = [Problem("level_unknown", where, f"names the level {name!r}", listed) for name in given if name not in chart.level_rank]
    problems += [Problem("level_missing", where, f"says nothing of the level {name!r}", empty) for name in chart.level_rank if name not in given]
    waits = [(one.id, given[one.id].reobserve) for one in chart.levels if one.id in given]
    timed = [(name, timing.within_minutes) for name, timing in waits if timing is not None and timing.within_minutes is not None]
    for (lower, shorter), (higher, longer) in pairwise(timed):
        if longer > shorter:
            problems.append(
                Problem("wait_grows", where, f"waits {longer} minutes at {higher!r}, longer than {shorter} at {lower!r}", "correct one of them")
            )
    if problems:
        raise FileError(problems)
