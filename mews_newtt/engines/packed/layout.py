"""Contributions packed into integers that add up: one addition per column gives totals, counters, missing bits and flags at once.

Three layouts of the same chart. The fast one has room for what most rows need; it marks the other rows `slow_path`. The wide one has room for
the flags of single readings too, such as that a temperature is finer than recorded. The full one holds everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.compiled import FORMS, TOTAL, Bounds, CompiledChart, CompiledGroup, Contribution
from mews_newtt.compiled.flags import OWN_FLAGS
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.engines.packed.states import States

WORD = 62  # bits used of an int64; the sign stays free
NARROW = 31
LEVEL_BITS = 12  # counters of up to so many bits are looked up in one table of levels
FAST_FLAGS = frozenset(("not_read",))  # as common as the context that makes it: not worth the slow path
WIDE_FLAGS = frozenset(OWN_FLAGS) - {"skipped"}
Packed = npt.NDArray[np.int64]
SIDE = ("missing", "assumed", "given", "scope", "flag")


class Field(NamedTuple):
    """Where a field lies: which word, how far from its end, and how wide (as a mask)."""

    word: int
    shift: int
    mask: int

    @property
    def bits(self) -> int:
        return self.mask << self.shift


class GroupTable(NamedTuple):
    """A group, looked up by the sum of its members' numbers."""

    classes: Mapping[str, npt.NDArray[np.int64]]  # by parameter: [context code, state] to the member's number
    packed: Packed  # [word, sum of numbers]


class Layout:
    """The fields of a chart, where they lie, and everything packed by them."""

    def __init__(self, compiled: CompiledChart, states: Mapping[str, States], full: bool, flags: frozenset[str] = FAST_FLAGS):
        self.compiled, self.states, self.full, self.held_flags = compiled, states, full, flags
        self.rules = compiled.level_rules
        self.counters = tuple(dict.fromkeys([TOTAL, *(rule.counter for rule in self.rules)]))
        self._paired = {name for rule in compiled.flags if rule.kind == "lone" for name in (rule.parameter, rule.other)}
        alone = {
            (name, code): [self._of_state(name, code, state) for state in range(states[name].size)]
            for name, own in compiled.parameters.items()
            for code in range(len(own.contributions))
        }
        joint = {one.group.id: self._of_group(one) for one in compiled.groups}
        most: dict[str, int] = {}
        for name, own in compiled.parameters.items():
            _add_most(most, [found for code in range(len(own.contributions)) for found in alone[name, code]])
        for tables in joint.values():
            _add_most(most, tables)
        self._allot(most)
        self.packed = {
            name: np.stack([self._pack(alone[name, code]) for code in range(len(own.contributions))], axis=1)
            for name, own in compiled.parameters.items()
        }
        self.groups = {
            one.group.id: GroupTable(
                {name: np.array(numbers, np.int64)[:, states[name].class_of] for name, numbers in one.number.items()},
                self._pack(joint[one.group.id]),
            )
            for one in compiled.groups
        }
        scored = [name for name, own in compiled.parameters.items() if own.parameter.role == "scored"] if compiled.chart.has_points else []
        self.points = {
            name: np.array([[_points(one) for one in row] for row in compiled.parameters[name].contributions], np.int16)[:, states[name].class_of]
            for name in scored
        }

    def _of_state(self, name: str, code: int, state: int) -> dict[str, int]:
        """The fields that one state of a parameter fills in one context."""
        own, chart = self.compiled.parameters[name], self.compiled.chart
        number = int(self.states[name].class_of[state])
        found, given = own.contributions[code][number], own.classes.classes[number]
        slow = {"refused": 1} if self.full else {"slow_path": 1}
        if found is None or (code in own.joint_scope and not self.full):
            return {"slow_path": 1}
        flags = found.flags_with(FORMS[self.states[name].form_of[state]])
        if found.refused or (not self.full and (found.skipped or not self.held_flags.issuperset(flags))):
            return slow
        fields: dict[str, int] = {}
        if found.bounds and not own.group:
            self._put_bounds(fields, found.bounds)
        if found.missing and not own.group:
            fields[f"missing:{name}"] = 1
        fields |= {f"flag:{flag}:{name}": 1 for flag in flags}
        if given.value is None:
            return fields | ({f"assumed:{name}": 1} if own.parameter.assumed is not None else {})
        if name in self._paired:
            fields[f"given:{name}"] = 1
        for rule, part in own.scope[number]:
            several = len(chart.scope[rule].when) > 1
            if several and not self.full and rule in self.compiled.joint_rules:
                continue  # the context code of another parameter says whether it holds
            if (several and not self.full) or (chart.scope[rule].refuse and not several):
                return slow
            fields[f"scope:{rule}:{part}"] = 1
        return fields

    def _of_group(self, own: CompiledGroup) -> list[dict[str, int]]:
        """The fields that each combination of a group's members fills."""
        found = []
        for one in own.contributions:
            if one.refused:
                found.append({"refused": 1} if self.full else {"slow_path": 1})
                continue
            fields = {f"missing:{name}": 1 for name, lacks in zip(own.group.parameters, one.missing, strict=True) if lacks}
            if one.bounds:
                self._put_bounds(fields, one.bounds)
            found.append(fields)
        return found

    def _put_bounds(self, fields: dict[str, int], bounds: Bounds) -> None:
        if not bounds.resolved and self.full:
            fields["open"] = 1
        for counter in self.counters:
            for end, severity in (("least", bounds.least), ("most", bounds.most)):
                amount = counter.amount(severity)
                if amount:
                    fields[f"{end}:{counter.name}"] = amount

    def _allot(self, most: dict[str, int]) -> None:
        """Give every field its bits; the side fields of the fast layout lie together in one word."""
        if self.full:
            most |= {f"missing:{name}": 1 for name in self.compiled.contexts}
            most |= {f"flag:not_above:{name}": 1 for name, _ in self.compiled.chart.above_pairs}
        else:
            most["slow_path"] = 2 * len(self.compiled.parameters)  # a parameter's column and its column of skip reasons
        side = [name for name in most if name.split(":")[0] in SIDE]
        rest = sorted((name for name in most if name not in side), key=lambda name: name.split(":")[0])  # least together, most together
        widths = {name: most[name].bit_length() for name in [*side, *rest]}
        self.fits = sum(widths[name] for name in side) <= WORD
        limit = NARROW if sum(widths.values()) <= NARROW and not self.full else WORD
        self.fields: dict[str, Field] = {}
        word = used = 0
        for name, width in widths.items():
            if used + width > limit:
                word, used = word + 1, 0
            self.fields[name] = Field(word, used, (1 << width) - 1)
            used += width
        self.words = word + 1
        self.dtype = np.int32 if limit == NARROW else np.int64
        open_names = {f"missing:{name}" for name, own in self.compiled.parameters.items() if own.parameter.role == "scored"}
        self.side_mask = sum(self.fields[name].bits for name in side) if self.fits else 0
        self.open_mask = sum(self.fields[name].bits for name in side if name in open_names) if self.fits else 0

    def counted(self, end: str) -> Field | None:
        """All counters of one end as one field, where they lie together and are few bits; the same shape at both ends."""
        names = [name for name in self.fields if name.startswith(f"{end}:")]
        fields = [self.fields[name] for name in names]
        if not fields or [name.split(":")[1] for name in names] != [n.split(":")[1] for n in self.fields if n.startswith("least:")]:
            return None
        width = sum(field.mask.bit_length() for field in fields)
        together = len({field.word for field in fields}) == 1 and width <= LEVEL_BITS
        return Field(fields[0].word, fields[0].shift, (1 << width) - 1) if together else None

    def level_table(self) -> npt.NDArray[np.uint8]:
        """The level of every combination of counters; empty where there are too many: then rules are asked one by one."""
        least, most = self.counted("least"), self.counted("most")
        same = [self.fields[name].mask for name in self.fields if name.startswith("least:")] == [
            self.fields[name].mask for name in self.fields if name.startswith("most:")
        ]
        if least is None or most is None or not same:
            return np.zeros(0, np.uint8)
        combined = np.arange(least.mask + 1) << least.shift
        words = np.zeros((least.word + 1, len(combined)), np.int64)
        words[least.word] = combined
        reached = np.zeros(len(combined), np.uint8)
        for rule in self.rules:
            reached[self.field(words, f"least:{rule.counter.name}") >= rule.threshold] = rule.rank
        return reached

    def rule_rows(self) -> npt.NDArray[np.int64]:
        """Each rule as kernels take it: where its counter lies at either end, its threshold, its rank."""
        ends = [[self.field_at(f"{end}:{rule.counter.name}") for end in ("least", "most")] for rule in self.rules]
        rows = [(*least, *most, rule.threshold, rule.rank) for (least, most), rule in zip(ends, self.rules, strict=True)]
        return np.array(rows, np.int64).reshape(-1, 8)

    def field_at(self, name: str) -> Field:
        """Where a field lies; a field that nothing fills reads as 0."""
        return self.fields.get(name, Field(0, 0, 0))

    def _pack(self, entries: list[dict[str, int]]) -> Packed:
        packed = np.zeros((self.words, len(entries)), np.int64)
        for column, entry in enumerate(entries):
            for name, amount in entry.items():
                field = self.fields[name]
                packed[field.word, column] += amount << field.shift
        return packed

    def field(self, words: Packed, name: str) -> Packed:
        """One field of packed sums."""
        field = self.field_at(name)
        return np.asarray((words[field.word] >> field.shift) & field.mask)


def _add_most(most: dict[str, int], entries: list[dict[str, int]]) -> None:
    """A field is as wide as the sum of the most that each parameter puts into it."""
    here: dict[str, int] = {}
    for entry in entries:
        for name, amount in entry.items():
            here[name] = max(here.get(name, 0), amount)
    for name, amount in here.items():
        most[name] = most.get(name, 0) + amount


def _points(found: Contribution | None) -> int:
    return NO_POINTS if found is None or found.points is None else found.points
