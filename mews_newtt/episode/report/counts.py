"""What a followed table says of a ward, in counts: sets in time, complete sets, corrections, time at each level. No person is named."""

from __future__ import annotations

from typing import Any, NamedTuple

MOST_GROUPS = 40  # wards, weeks and reasons that a table of the report names; the rest is counted and said
OVERDUE_MINUTES = (4 * 60, 24 * 60)  # how the table of the overdue is split; nothing depends on it
NO_WARD = "not given"


class Group(NamedTuple):
    """The figures of all sets, of a ward or of a week. Minutes are None where there is nothing to take them from."""

    name: str
    people: int
    sets: int
    complete: int
    partial: int
    refused: int
    due: int
    in_time: int
    late_median: float | None
    late_worst: float | None
    rises: int
    timed_entries: int
    retrospective: int

    @property
    def late(self) -> int:
        return self.due - self.in_time


class Stay(NamedTuple):
    """Time at one level. stays: of sets in a row at this level; ended: stays after which another level is known; median: of those, in minutes."""

    level: str
    sets: int
    stays: int
    ended: int
    minutes: float
    median: float | None


class Answered(NamedTuple):
    """What followed after a level was reached. waited: with a later set or a review; median, worst: minutes until it."""

    level: str
    times: int
    waited: int
    median: float | None
    worst: float | None


class Overdue(NamedTuple):
    """People whose next set is overdue at the time that was asked for, by the level of their last scored set.

    people : how many for up to each of `OVERDUE_MINUTES`, and how many for longer
    """

    level: str
    people: tuple[int, ...]
    longest: float


class Lost(NamedTuple):
    """Rows of people who could not be followed, by the reason."""

    reason: str
    rows: int
    people: int


class Counts(NamedTuple):
    """All figures of a report.

    wards, weeks : at most `MOST_GROUPS`; wards_left_out, weeks_left_out : how many others there are
    with_due : sets after which another one is due
    """

    all: Group
    wards: tuple[Group, ...]
    wards_left_out: int
    weeks: tuple[Group, ...]
    weeks_left_out: int
    lacking: tuple[tuple[str, int], ...]
    refusals: int
    corrections: dict[str, int]
    stays: tuple[Stay, ...]
    rises: tuple[Answered, ...]
    reviews: tuple[Answered, ...] | None
    overdue: tuple[Overdue, ...] | None
    lost: tuple[Lost, ...]
    first: Any
    last: Any
    doubts: tuple[tuple[str, int], ...]
    with_due: int
