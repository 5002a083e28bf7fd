"""The sets that count, by person and time, and what can be said of each beside those before it. A column at a time, as numbers.

Nothing is grouped: a set is compared with the set before it, unless another person begins there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.base import NO_POINTS
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros

MINUTE = 60_000_000  # microseconds

Number = TypeVar("Number", bound=np.generic)
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
        self.all_scored = bool(scored.all())
        self.before = self._before()  # the last scored set of the person before this one, -1 for none
        self.compared = (self.before >= 0) & scored

    def _before(self) -> Places:
        if self.all_scored:
            before = self.places - 1
            before[self.first] = -1
            return before
        return self.last_before(self.scored)

    def _was(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """The values of the last scored set before each. Any value where there is none."""
        return np.roll(values, 1) if self.all_scored else values[self.before]

    def level_change(self) -> Column:
        return Column(self.level - self._was(self.level), self.compared)

    def points_moved(self, points: Sequence[npt.NDArray[np.int16]]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Which rows' points rose, and which fell, from the last scored set: each as the bit of its place. Where either is not known, neither."""
        kind: Any = np.uint16 if len(points) <= 16 else np.int64
        rose: npt.NDArray[Any] = np.zeros(len(self.places), kind)
        fell: npt.NDArray[Any] = np.zeros(len(self.places), kind)
        for place, now in enumerate(points):
            was = self._was(now)
            known = self.compared & (now != NO_POINTS) & (was != NO_POINTS)
            rose |= (known & (now > was)).astype(kind) << kind(place)
            fell |= (known & (now < was)).astype(kind) << kind(place)
        return rose, fell

    def since_last(self) -> Column:
        minutes = np.zeros(len(self.taken))
        minutes[1:] = np.diff(self.taken) / MINUTE
        return Column(minutes, ~self.first)

    def due(self, ranks: npt.NDArray[np.int8], waits: Mapping[int, int]) -> Micros:
        """When something is due at these levels, by the wait of each rank in microseconds; `NO_TIME_AT_ALL` where nothing is."""
        if not waits:
            return np.full(len(self.taken), NO_TIME_AT_ALL)
        after, there = np.zeros(128, np.int64), np.zeros(128, bool)
        for rank, wait in waits.items():
            after[rank], there[rank] = wait, True
        places = np.where(self.scored, ranks, 127)
        return np.where(there[places], self.taken + after[places], NO_TIME_AT_ALL)

    def late(self, due: Micros) -> Column:
        """How many minutes after the due time of the last scored set this one was taken."""
        was = self._was(due)
        there = (self.before >= 0) & (was != NO_TIME_AT_ALL)
        return Column(np.maximum(np.where(there, self.taken - was, 0), 0) / MINUTE, there)

    def last_before(self, said: Bools) -> Places:
        """The place of the person's last set before each of which something is said, scored or not; -1 for none."""
        starts = np.maximum.accumulate(np.where(self.first, self.places, 0))
        last = np.maximum.accumulate(np.where(said, self.places, -1))
        before = np.concatenate([[-1], last[:-1]]) if len(last) else last
        return np.where(before >= starts, before, -1)

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
