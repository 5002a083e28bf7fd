"""Steps packed into integers that add up: one addition per parameter gives totals, counts, missing bits and flags at once.

Two layouts of the same steps. `fast` has room for what most rows need and marks the rest `odd`; `full` holds everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import matches
from mews_newtt.compiled.steps import Extent, Member, Row, Severity, Step, Steps, count_group, joint_rules

WORD = 62  # bits used of an int64; the sign stays free
NARROW = 31
NO_POINTS = -1
LEVEL_BITS = 12  # counters up to so wide are looked up in one table of levels
FAST_FLAGS = frozenset(("not_read",))  # as common as the context that makes it: not worth the careful way
Packed = npt.NDArray[np.int64]
SIDE = ("missing", "assumed", "given", "scope", "flag")


class Place(NamedTuple):
    """Where a field lies."""

    word: int
    shift: int
    mask: int


class Rule(NamedTuple):
    """A level is reached where a counter reaches a threshold."""

    counter: str
    threshold: int
    rank: int


class GroupTable(NamedTuple):
    """A group looked up by its members' combined classes."""

    classes: Mapping[str, npt.NDArray[np.int64]]  # by member: [context code, state] to class times radix
    packed: Packed  # [word, combined class]


def level_rules(steps: Steps) -> tuple[Rule, ...]:
    """Every cause of every level above the first."""
    chart = steps.chart
    rules = []
    for rank, level in enumerate(chart.levels):
        if not rank:
            continue
        if level.total and chart.has_points:
            rules.append(Rule("points", int(level.total.low or 0), rank))
        for count in level.counts:
            name = f"points>={count.points}" if count.points is not None else f"zone>={chart.zone_rank[count.zone or '']}"
            rules.append(Rule(name, count.at_least, rank))
        if any(band.level == level.id for p in chart.parameters for table in p.tables for band in table.bands):
            rules.append(Rule(f"level>={rank}", 1, rank))
    return tuple(rules)


class Layout:
    """Fields, where they lie, and every step packed by them."""

    def __init__(self, steps: Steps, full: bool):
        self.steps = steps
        self.full = full
        self.rules = level_rules(steps)
        self.joint = joint_rules(steps.chart)
        self.counters = tuple(dict.fromkeys(["points", *(rule.counter for rule in self.rules)]))
        self.single = [rule for rule in steps.chart.scope if len(rule.when) == 1]
        self.several = [rule for rule in steps.chart.scope if len(rule.when) > 1]
        alone = {
            (step.id, code): [{"odd": 1} if code in step.ruled and not full else self._of_row(step, row, state) for state, row in enumerate(rows)]
            for step in steps.steps.values()
            for code, rows in enumerate(step.rows)
        }
        members = {group.id: [_distinct_members(steps.steps[name]) for name in group.parameters] for group in steps.chart.groups}
        joint = {group.id: [self._of_group(group.id, chosen) for chosen in product(*members[group.id])] for group in steps.chart.groups}
        most: dict[str, int] = {}
        for step in steps.steps.values():
            _add_most(most, [found for code in range(len(step.rows)) for found in alone[step.id, code]])
        for tables in joint.values():
            _add_most(most, tables)
        self._allot(most)
        self.packed = {
            step.id: np.stack([self._pack(alone[step.id, code]) for code in range(len(step.rows))], axis=1) for step in steps.steps.values()
        }
        self.groups = {
            group.id: GroupTable(_member_classes(steps, group.parameters, members[group.id]), self._pack(joint[group.id]))
            for group in steps.chart.groups
        }

        scored = [p.id for p in steps.chart.parameters if p.role == "scored"] if steps.chart.has_points else []
        self.points = {name: np.array([[_points(row) for row in rows] for rows in steps.steps[name].rows], np.int16) for name in scored}

    def _of_row(self, step: Step, row: Row | None, state: int) -> dict[str, int]:
        parameter, value = step.parameter, step.states.states[state].value
        if row is None or (not self.full and (row.refused or row.unread or not FAST_FLAGS.issuperset(row.flags))):
            return {"odd": 1}
        found: dict[str, int] = {}
        if self.full and row.refused:
            return {"refused": 1}
        if row.extent and not step.group:
            self._put_extent(found, row.extent)
        if row.missing and not step.group:
            found[f"missing:{parameter.id}"] = 1
        found |= {f"flag:{flag}:{parameter.id}": 1 for flag in row.flags}
        if parameter.assumed is not None and value is None:
            found[f"assumed:{parameter.id}"] = 1
        if value is None:
            return found
        if any(parameter.id in pair for pair in self.steps.counterparts):
            found[f"given:{parameter.id}"] = 1
        for place, rule in enumerate(self.steps.chart.scope):
            for part, (name, wanted) in enumerate(rule.when):
                if name != parameter.id or not matches(wanted, value):
                    continue
                if len(rule.when) == 1 and rule.refuse:
                    return {"refused": 1} if self.full else {"odd": 1}
                if len(rule.when) > 1 and not self.full:
                    if rule in self.joint:  # told by the context code of another step
                        continue
                    return {"odd": 1}
                found[f"scope:{place}:{part}"] = 1
        return found

    def _of_group(self, group_id: str, chosen: tuple[Member, ...]) -> dict[str, int]:
        group = next(group for group in self.steps.chart.groups if group.id == group_id)
        extent, missing, refused = count_group(group, chosen)
        if refused:
            return {"refused": 1} if self.full else {"odd": 1}
        found = {f"missing:{name}": 1 for name, lacks in zip(group.parameters, missing, strict=True) if lacks}
        if extent:
            self._put_extent(found, extent)
        return found

    def _put_extent(self, found: dict[str, int], extent: Extent) -> None:
        if not extent.settled and self.full:
            found["open"] = 1
        for counter in self.counters:
            for side, worth in (("least", extent.least), ("most", extent.most)):
                counted = _counted(counter, worth)
                if counted:
                    found[f"{side}:{counter}"] = counted

    def _allot(self, most: dict[str, int]) -> None:
        """Give every field its bits; the side fields of the fast layout lie together in one word."""
        if self.full:
            most |= {f"missing:{name}": 1 for name in self.steps.contexts}
            most |= {f"flag:not_above:{name}": 1 for name, _ in self.steps.chart.above_pairs}
        else:
            most["odd"] = 2 * len(self.steps.steps)  # a parameter's column and its column of skip reasons
        side = [name for name in most if name.split(":")[0] in SIDE]
        rest = sorted((name for name in most if name not in side), key=lambda name: name.split(":")[0])  # least together, most together
        widths = {name: most[name].bit_length() for name in [*side, *rest]}
        self.fits = sum(widths[name] for name in side) <= WORD
        limit = NARROW if sum(widths.values()) <= NARROW and not self.full else WORD
        self.places: dict[str, Place] = {}
        word = used = 0
        for name, width in widths.items():
            if used + width > limit:
                word, used = word + 1, 0
            self.places[name] = Place(word, used, (1 << width) - 1)
            used += width
        self.words = word + 1
        self.dtype = np.int32 if limit == NARROW else np.int64
        self.side = tuple(side)
        self.side_mask = sum(self.places[name].mask << self.places[name].shift for name in side) if self.fits else 0
        scored = {p.id for p in self.steps.chart.parameters if p.role == "scored"}
        self.open_mask = (
            sum(self.places[name].mask << self.places[name].shift for name in side if name.startswith("missing:") and name.split(":")[1] in scored)
            if self.fits
            else 0
        )

    def counted(self, end: str) -> Place | None:
        """All counters of one end as one field, where they lie together and are few bits; the same shape at both ends."""
        names = [name for name in self.places if name.startswith(f"{end}:")]
        places = [self.places[name] for name in names]
        if not places or [name.split(":")[1] for name in names] != [n.split(":")[1] for n in self.places if n.startswith("least:")]:
            return None
        width = sum(place.mask.bit_length() for place in places)
        together = len({place.word for place in places}) == 1 and width <= LEVEL_BITS
        return Place(places[0].word, places[0].shift, (1 << width) - 1) if together else None

    def level_table(self) -> npt.NDArray[np.uint8]:
        """The level of every combination of counters; empty where there are too many: then rules are asked one by one."""
        least, most = self.counted("least"), self.counted("most")
        same = [self.places[name].mask for name in self.places if name.startswith("least:")] == [
            self.places[name].mask for name in self.places if name.startswith("most:")
        ]
        if least is None or most is None or not same:
            return np.zeros(0, np.uint8)
        combined = np.arange(least.mask + 1) << least.shift
        words = np.zeros((least.word + 1, len(combined)), np.int64)
        words[least.word] = combined
        reached = np.zeros(len(combined), np.uint8)
        for rule in self.rules:
            reached[self.field(words, f"least:{rule.counter}") >= rule.threshold] = rule.rank
        return reached

    def rule_places(self) -> npt.NDArray[np.int64]:
        """Each rule as kernels take it: where its counter lies at either end, its threshold, its rank."""
        rows = [(*self.place(f"least:{rule.counter}"), *self.place(f"most:{rule.counter}"), rule.threshold, rule.rank) for rule in self.rules]
        return np.array(rows, np.int64).reshape(-1, 8)

    def place(self, name: str) -> Place:
        """Where a field lies; a field that nothing fills reads as 0."""
        return self.places.get(name, Place(0, 0, 0))

    def _pack(self, entries: list[dict[str, int]]) -> Packed:
        packed = np.zeros((self.words, len(entries)), np.int64)
        for column, entry in enumerate(entries):
            for name, amount in entry.items():
                place = self.places[name]
                packed[place.word, column] += amount << place.shift
        return packed

    def field(self, words: Packed, name: str) -> Packed:
        """One field of packed sums."""
        place = self.place(name)
        return np.asarray((words[place.word] >> place.shift) & place.mask)


def _counted(counter: str, worth: Severity) -> int:
    kind, _, threshold = counter.partition(">=")
    amount = worth[("points", "zone", "level").index(kind)]
    return amount if not threshold else int(amount >= int(threshold))


def _add_most(most: dict[str, int], entries: list[dict[str, int]]) -> None:
    """A field is as wide as the sum of the most that each step puts into it."""
    here: dict[str, int] = {}
    for entry in entries:
        for name, amount in entry.items():
            here[name] = max(here.get(name, 0), amount)
    for name, amount in here.items():
        most[name] = most.get(name, 0) + amount


def _points(row: Row | None) -> int:
    return NO_POINTS if row is None or row.points is None else row.points


def _member(row: Row | None) -> Member:
    return Member(row.extent, row.missing, row.given) if row is not None and not row.refused else Member(None, False, False)


def _distinct_members(step: Step) -> list[Member]:
    return list(dict.fromkeys(_member(row) for rows in step.rows for row in rows))


def _member_classes(steps: Steps, names: tuple[str, ...], members: list[list[Member]]) -> dict[str, npt.NDArray[np.int64]]:
    found = {}
    for place, name in enumerate(names):
        number = {member: n for n, member in enumerate(members[place])}
        radix = prod(len(others) for others in members[place + 1 :])
        found[name] = np.array([[number[_member(row)] * radix for row in rows] for rows in steps.steps[name].rows], np.int64)
    return found
