"""When the next set is due, and why.

The chart's own interval of the level, the policies and the schedules each give a time with its source. Without a source there is not a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Timing
from mews_newtt.episode.clock import instant, later
from mews_newtt.episode.plain import DueDict, ReasonDict
from mews_newtt.episode.policy import Policy, Schedule


class Reason(NamedTuple):
    """One cause of a due time: the words of its source, and the citation."""

    at: datetime
    says: str
    source: str

    def to_dict(self) -> ReasonDict:
        return {"at": self.at.isoformat(), "says": self.says, "source": self.source}


class Due(NamedTuple):
    """The earliest time that some source gives, and every source that gives one."""

    at: datetime
    reasons: tuple[Reason, ...]

    def to_dict(self) -> DueDict:
        return {"at": self.at.isoformat(), "reasons": [reason.to_dict() for reason in self.reasons]}


class Rules(NamedTuple):
    """What due times follow from: the chart, the policies that hold, and the schedules that hold with the time of their start."""

    chart: Chart
    policies: tuple[Policy, ...]
    schedules: tuple[tuple[Policy, Schedule, datetime], ...]

    def next_set(self, level: str | None, taken: datetime) -> Due | None:
        """When the set after one taken at this time, at this level, is due. None where no source gives a time."""
        found = [_after(taken, timing, source) for timing, source in self._timings(level, "reobserve")]
        found += [_scheduled(policy, schedule, start, taken) for policy, schedule, start in self.schedules]
        return _earliest(found)

    def review(self, level: str | None, taken: datetime) -> Due | None:
        """Until when somebody should come to a person at this level. None where no source gives a time."""
        return _earliest([_after(taken, timing, source) for timing, source in self._timings(level, "review")])

    def _timings(self, level: str | None, which: str) -> list[tuple[Timing | None, str]]:
        if level is None:
            return []
        of_chart = self.chart.levels[self.chart.level_rank[level]]
        cite = next((source.cite for source in self.chart.sources if source.id == of_chart.source), of_chart.source)
        found: list[tuple[Timing | None, str]] = [(getattr(of_chart, which), cite)]
        for policy in self.policies:
            found += [(getattr(one, which), policy.cite(one.source)) for one in policy.levels if one.level == level]
        return found


def _after(taken: datetime, timing: Timing | None, source: str) -> Reason | None:
    if timing is None or timing.within_minutes is None:
        return None
    return Reason(later(taken, timedelta(minutes=timing.within_minutes)), timing.says, source)


def _scheduled(policy: Policy, schedule: Schedule, start: datetime, taken: datetime) -> Reason | None:
    """The first time of a schedule after a set. A set taken before that time does not count for it: no source says how early is enough."""
    for after in schedule.times():
        at = later(start, after)
        if instant(at) > instant(taken):
            return Reason(at, f"{schedule.title}: {schedule.says}", policy.cite(schedule.source))
    return None


def _earliest(found: Sequence[Reason | None]) -> Due | None:
    reasons = sorted((one for one in found if one is not None), key=lambda one: instant(one.at))
    return Due(reasons[0].at, tuple(reasons)) if reasons else None


def schedules_of(
    policies: Sequence[Policy], wanted: Mapping[str, datetime | None], born: datetime | None
) -> tuple[tuple[Policy, Schedule, datetime], ...]:
    """The schedules that hold, each with its start. See `follow` for what is wrong with them."""
    known = {schedule.id: (policy, schedule) for policy in policies for schedule in policy.schedules}
    found = []
    for name, given in wanted.items():
        policy, schedule = known[name]
        start = given or (born if schedule.starts == "birth" else None)
        assert start is not None, "require_starts came first"
        found.append((policy, schedule, start))
    return tuple(found)
