"""The sets that count, by person and time, and what can be said of each beside those before it. A column at a time, as numbers.

Nothing is grouped: a set is compared with the set before it, unless another person begins there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.base import NO_POINTS
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros

MINUTE = 60_000_000  # microseconds

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


class Column(NamedTuple):
    """Values, and which of them there are."""

    values: npt.NDArray[np.generic]
    valid: Bools


class Course:
    """n sets in order of person and time, scored or refused.

    level, level_max : ranks, of scored sets only; points : [scored parameter, set], NO_POINTS for none
    """

    def __init__(self, person: npt.NDArray[np.int32], taken: Micros, scored: Bools, level: npt.NDArray[np.int8], level_max: npt.NDArray[np.int8]):
        self.person, self.taken, self.scored, self.level, self.level_max = person, taken, scored, level, level_max
        self.places = np.arange(len(person))
        self.first = np.ones(len(person), bool)
        np.not_equal(person[1:], person[:-1], out=self.first[1:])
        self.before = self._before()  # the last scored set of the person before this one, -1 for none
        self.compared = (self.before >= 0) & scored

    def _before(self) -> Places:
        if self.scored.all():
            before = self.places - 1
            before[self.first] = -1
            return before
        starts = np.maximum.accumulate(np.where(self.first, self.places, 0))
        last = np.maximum.accumulate(np.where(self.scored, self.places, -1))
        before = np.concatenate([[-1], last[:-1]]) if len(last) else last
        return np.where(before >= starts, before, -1)

    def level_change(self) -> Column:
        return Column(self.level - self.level[self.before], self.compared)

    def points_moved(self, points: Sequence[npt.NDArray[np.int16]]) -> tuple[Places, Places]:
        """Which rows' points rose, and which fell, from the last scored set: each as the bit of its place. Where either is not known, neither."""
        rose, fell = np.zeros(len(self.places), np.int64), np.zeros(len(self.places), np.int64)
        steady = bool(np.array_equal(self.before, self.places - 1)) if len(self.places) else True
        for place, now in enumerate(points):
            was = np.roll(now, 1) if steady else now[self.before]
            known = self.compared & (now != NO_POINTS) & (was != NO_POINTS)
            rose |= (known & (now > was)).astype(np.int64) << place
            fell |= (known & (now < was)).astype(np.int64) << place
        return rose, fell

    def since_last(self) -> Column:
        minutes = np.zeros(len(self.taken))
        minutes[1:] = np.diff(self.taken) / MINUTE
        return Column(minutes, ~self.first)

    def due(self, ranks: npt.NDArray[np.int8], waits: Mapping[int, int]) -> Micros:
        """When something is due at these levels, by the wait of each rank in microseconds; `NO_TIME_AT_ALL` where nothing is."""
        known = np.full(128, NO_TIME_AT_ALL)
        for rank, wait in waits.items():
            known[rank] = wait
        after = known[np.where(self.scored, ranks, 127)]
        return np.where(after == NO_TIME_AT_ALL, NO_TIME_AT_ALL, self.taken + np.maximum(after, 0))

    def late(self, due: Micros) -> Column:
        """How many minutes after the due time of the last scored set this one was taken."""
        was = due[self.before]
        there = (self.before >= 0) & (was != NO_TIME_AT_ALL)
        return Column(np.maximum(np.where(there, self.taken - was, 0), 0) / MINUTE, there)

    def is_last(self) -> Bools:
        """Whether a set is the last scored one of its person."""
        last = np.zeros(len(self.places), bool)
        scored = np.flatnonzero(self.scored)
        if len(scored):
            people = self.person[scored]
            last[scored[np.append(people[1:] != people[:-1], True)]] = True
        return last

    def worst(self) -> Column:
        """The highest level of the person so far. Later people get higher numbers, so that none counts for the next."""
        numbered = np.cumsum(self.first) * 256
        highest = np.maximum.accumulate(numbered + np.where(self.scored, self.level, -1) + 1) - numbered - 1
        return Column(highest.astype(np.int8), highest >= 0)


def earliest(one: Micros, other: Micros) -> Micros:
    """The earlier of two times, where there is one."""
    return np.where(one == NO_TIME_AT_ALL, other, np.where(other == NO_TIME_AT_ALL, one, np.minimum(one, other)))


def minutes_between(asked: Micros, answered: Micros) -> Column:
    """Minutes from a question to its answer; none where either is missing, or the answer is earlier."""
    there = (asked != NO_TIME_AT_ALL) & (answered != NO_TIME_AT_ALL) & (answered >= asked)
    return Column(np.where(there, answered - asked, 0) / MINUTE, there)


def minutes_late(due: Micros, done: Micros) -> Column:
    """Minutes after the due time; 0 in time; none where nothing was due or done."""
    there = (due != NO_TIME_AT_ALL) & (done != NO_TIME_AT_ALL)
    return Column(np.maximum(np.where(there, done - due, 0), 0) / MINUTE, there)
