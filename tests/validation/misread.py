"""What a faulty platform answers, by the plain reference scorer: readings changed as a fault's id says, one set at a time.

Knows nothing of the arrays that packs and diagnosis are made with, nor of the functions by which they change readings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart, Interval
from mews_newtt.errors import ObservationError
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.scoring.reference import score
from mews_newtt.validation.faults import Fault

Shown = tuple[bool, int | None, str | None]  # refused, plain total, level
WAYS: dict[str, Callable[[Fraction], int]] = {
    "half-up": lambda x: math.floor(x + Fraction(1, 2)),
    "half-even": round,
    "down": math.floor,
    "up": math.ceil,
}
GRIDS = {"whole": Fraction(1), "half": Fraction(1, 2), "2": Fraction(2), "5": Fraction(5), "10": Fraction(10)}
CHANGED_NUMBERS = ("shifted", "times", "decimal", "age")


class Misreader:
    """One faulty platform."""

    def __init__(self, chart: Chart, fault: Fault):
        self.chart, self.fault = chart, fault
        self.kind, *self.words = fault.id.split(":")
        self.names = {plain(name): level.id for level in chart.levels for name in (level.id, level.title)}
        self.mutant = fault.chart
        if fault.change is not None:  # a changed reading may be what none can be, and is scored all the same
            free = tuple(replace(p, observation=replace(p.observation, impossible=Interval())) for p in self.mutant.parameters)
            self.mutant = replace(self.mutant, parameters=free)
        self.observations = {p.id: p.observation for p in chart.parameters}
        untotalled = replace(chart, levels=tuple(replace(level, total=None) for level in chart.levels))
        self.without_totals = None if fault.answers is None else untotalled

    def shows(self, given: Mapping[str, str]) -> Shown:
        """What the platform displays of one set."""
        if self.fault.answers is not None:
            return self.misshown(given)
        if self.fault.change is None:
            return self.shown(self.mutant, dict(given))
        if self.kind == "level-of-what-is-there":
            return self.level_of_what_is_there(given)
        if self.kind != "impossible":
            other = self.read_in_the_other_unit(given)
            if other is not None:
                return self.shown(self.mutant, other)
            try:
                ObservationSet(dict(given), observations=self.observations)
            except ObservationError:
                return True, None, None
            taken = self.misread(given)
            return (True, None, None) if taken is None else self.shown(self.mutant, taken)
        scored = {p.id for p in self.chart.parameters if p.observation.numeric and p.role != "recorded" and p.tables}
        asked = scored if self.words == ["*"] else {self.words[0]}
        kept = tuple(p if p.id in asked else own for p, own in zip(self.mutant.parameters, self.chart.parameters, strict=True))
        return self.shown(replace(self.mutant, parameters=kept), dict(given))

    def shown(self, chart: Chart, given: Mapping[str, Any]) -> Shown:
        found = score(chart, given, raise_refused=False)
        level = found.level
        if level is not None and self.fault.kind == "other_chart":
            level = self.named(level, next(one.title for one in chart.levels if one.id == level))
        return found.status == "refused", found.total, level

    def level_of_what_is_there(self, given: Mapping[str, str]) -> Shown:
        right = score(self.chart, dict(given), raise_refused=False)
        if right.status == "refused":
            return True, None, None
        free = tuple(replace(p, required=False) if p.role == "scored" else p for p in self.chart.parameters)
        return False, right.total, score(replace(self.chart, parameters=free), dict(given)).level

    def misshown(self, given: Mapping[str, str]) -> Shown:
        """What a platform shows that scores rightly and gets its total or its level wrong."""
        chart, words = self.chart, self.words
        right = score(chart, dict(given), raise_refused=False)
        ranks = [level.id for level in chart.levels]
        refused, total, level = right.status == "refused", right.total, right.level
        if self.kind in ("zero", "partial"):
            asked = {"zero:refused": "refused", "zero:partial": "partial", "partial:refused": "partial"}[self.fault.id]
            if right.status != asked:
                return refused, total, level
            return (True, None, None) if self.kind == "partial" else (False, 0 if chart.has_points else None, ranks[0])
        if self.kind == "total":
            if right.status != "complete":
                return refused, total, level
            wrong = self.total_of(right.points())
            return False, wrong, level if wrong == total else self.level_of(given, wrong)
        assert self.kind == "levels", self.fault.id
        if level is None:
            return refused, total, level
        if words[0] == "of":
            used = replace(self.other_chart(), scope=self.other_chart().context_refusals)
            own = tuple(p if p.id in chart.by_id else replace(p, required=False) for p in used.parameters)
            other = score(replace(used, parameters=own), dict(given), raise_refused=False)
            titles = {one.id: one.title for one in used.levels}
            return refused, total, level if other.level is None else self.named(other.level, titles[other.level])
        if words[0] == "highest-row":
            return refused, total, self.level_of(given, max(self.units(right.points()), default=0)) if right.status == "complete" else level
        if words[0] == "rows":
            return refused, total, self.level_of(given, sum(own > 0 for own in self.units(right.points()))) if right.status == "complete" else level
        if words[0] == "merged":
            return refused, total, {words[1]: words[2]}.get(level, level)
        if words[0] == "fixed":
            return refused, total, words[1]
        if words[0] == "exchanged":
            return refused, total, {words[1]: words[2], words[2]: words[1]}.get(level, level)
        if words[0] == "reversed":
            return refused, total, ranks[::-1][ranks.index(level)]
        return refused, total, ranks[min(max(ranks.index(level) + int(words[1]), 0), len(ranks) - 1)]

    def total_of(self, points: Mapping[str, int | None]) -> int:
        """The wrong sum of right points."""
        how, name = self.words[0], self.words[-1]
        right = sum(self.units(points))
        if how == "without":
            return sum(self.units({other: own for other, own in points.items() if other != name}))
        if how == "twice":
            return right + (points[name] or 0)
        if how == "of":
            return points[name] or 0
        if how == "capped":
            return min(right, int(name))
        if how == "fixed":
            return int(name)
        if how in ("last-digit", "first-digit"):
            return int(str(right)[-1 if how == "last-digit" else 0])
        return max(self.units(points), default=0) if how == "highest" else sum(own > 0 for own in self.units(points))

    def units(self, points: Mapping[str, int | None]) -> list[int]:
        """What is added up: the points of each row, of a group once."""
        left = {name: own or 0 for name, own in points.items()}
        groups = [(group.kind, [left.pop(name) for name in group.parameters if name in left]) for group in self.chart.groups]
        return [*left.values(), *(max(own) if kind == "either" else sum(own) for kind, own in groups if own)]

    def level_of(self, given: Mapping[str, str], total: int) -> str:
        """The level of a set with another total: by its thresholds, or by the rules that do not count the total."""
        assert self.without_totals is not None
        chart = self.chart
        beside = score(self.without_totals, dict(given), raise_refused=False).level
        reached = [level.id for level in chart.levels[1:] if level.total is not None and total >= (level.total.low or 0)]
        ranks = [level.id for level in chart.levels]
        assert beside is not None
        return max([beside, *reached], key=ranks.index)

    def other_chart(self) -> Chart:
        return load_chart(self.words[1])

    def named(self, level: str, title: str) -> str:
        """Another chart's level as one of ours."""
        return level if level in self.names.values() else self.names.get(plain(level), self.names.get(plain(title), "foreign"))

    def value(self, name: str, text: str) -> Fraction:
        """A number as it is read: what differs from a recordable one by less than noise is that one."""
        value = ObservationSet({name: text}, observations=self.observations).values[name]
        assert not isinstance(value, str)
        return Fraction(value)

    def read_in_the_other_unit(self, given: Mapping[str, str]) -> dict[str, Any] | None:
        """The set of a platform that takes numbers for another unit, where one is impossible in its own unit and possible in that one."""
        if self.kind != "unit" or self.words[2] not in ("taken", "unstated"):
            return None
        name, ucum, _ = self.words
        try:
            number = Fraction(given.get(name, ""))
        except ValueError:
            return None  # missing, or no plain number
        observation = self.chart.by_id[name].observation
        unit = next(unit for unit in observation.other_units if unit.ucum == ucum)
        taken, possible = number * unit.scale + unit.offset, observation.impossible
        if possible.contains(number) or not possible.contains(taken):
            return None
        try:
            ObservationSet({other: text for other, text in given.items() if other != name}, observations=self.observations)
        except ObservationError:
            return None
        return {**given, name: decimal(taken)}

    def misread(self, given: Mapping[str, str]) -> dict[str, Any] | None:
        """The set as the platform takes it; None where it refuses the set."""
        found: dict[str, Any] = dict(given)
        by_id, words = self.chart.by_id, self.words
        if self.kind in WAYS:
            for name in self.fault.parameters:
                step = Fraction(by_id[name].observation.step) if words[1] == "step" else GRIDS[words[1]]
                if name in found:
                    found[name] = decimal(WAYS[self.kind](self.value(name, found[name]) / step) * step)
        elif self.kind == "unit":
            unit = next(unit for unit in by_id[words[0]].observation.other_units if unit.ucum == words[1])
            if words[0] in found:
                value = self.value(words[0], found[words[0]])
                found[words[0]] = decimal(value * unit.scale + unit.offset if words[2] in ("taken", "unstated") else (value - unit.offset) / unit.scale)
        elif self.kind in CHANGED_NUMBERS:
            name = words[0]
            if name in found:
                taken = self.changed(name, self.value(name, found[name]))
                if taken is None:
                    return None
                found[name] = decimal(taken)
        elif self.kind == "unlikely":
            names = by_id if words == ["*"] else words
            likely = {name: by_id[name].observation.implausible for name in names if name in self.fault.parameters or words == ["*"]}
            counted = {p.id for p in self.chart.parameters if p.observation.numeric and p.role != "recorded" and any(t.bands for t in p.tables)}
            if any(name in counted and not likely[name].contains(self.value(name, found[name])) for name in likely if name in found):
                return None
        elif self.kind == "null":
            for name in self.fault.parameters:
                if name not in found and f"skip_{name}" not in found:
                    found[name] = "0"
        elif self.kind == "for-all":
            found[words[0]] = words[1]
            found.pop(f"skip_{words[0]}", None)
        elif self.kind == "skip-for-all":
            if words[0] not in found and (words[2] == "missing" or f"skip_{words[0]}" in found):
                found[f"skip_{words[0]}"] = words[1]
        elif self.kind in ("exchanged", "columns"):
            one, other = self.fault.parameters
            found |= {name: decimal(self.value(name, found[name])) for name in (one, other) if name in found and by_id[name].observation.numeric}
            pairs = [(one, found.pop(other, None)), (other, found.pop(one, None))]
            pairs += [(f"skip_{one}", found.pop(f"skip_{other}", None)), (f"skip_{other}", found.pop(f"skip_{one}", None))]
            found |= {name: value for name, value in pairs if value is not None}
        elif self.kind == "copied":
            own, other = self.fault.parameters
            read = {own: decimal(self.value(other, found[other]))} if other in found else {}
            reason = {f"skip_{own}": found[f"skip_{other}"]} if f"skip_{other}" in found else {}
            found = {name: value for name, value in found.items() if name not in (own, f"skip_{own}")} | read | reason
        elif self.kind == "always":
            if words[0] in found:
                found[words[0]] = words[1]
        elif self.kind == "follows":
            if found.get(words[0]) == words[1]:
                found[words[2]] = words[3]
                found.pop(f"skip_{words[2]}", None)
        elif self.kind in ("taken", "all-taken"):
            if found.get(words[0]) in words[1].split("+"):
                found[words[0]] = words[2]
        elif self.kind == "assumed":
            if words[0] not in found and f"skip_{words[0]}" not in found:
                found[words[0]] = words[1]
        elif self.kind == "missing":  # a context that counts is taken for the answer that counts for least
            for name in self.chart.context_ids:
                parameter = by_id[name]
                if parameter.role == "scored" and parameter.assumed is None and not parameter.observation.numeric:
                    bands = [band for table in parameter.tables for band in table.bands]
                    if name not in found and f"skip_{name}" not in found:
                        found[name] = min(bands, key=self.chart.severity).categories[0]
        else:
            what = f"{self.fault.id}: a kind of fault that changes readings, which this file does not know"
            raise AssertionError(f"{what}. Add what the platform takes the set for to `misread`, without the code of validation/mutants")
        return found

    def changed(self, name: str, value: Fraction) -> Fraction | None:
        """A number as the platform takes it; None where it refuses it."""
        observation, how = self.chart.by_id[name].observation, self.words[1]
        if self.kind == "shifted":
            return value - int(how) * Fraction(observation.step)
        if self.kind == "times":
            return value * Fraction(how.replace("_", "/"))
        if self.kind == "decimal":
            taken = Fraction(str(decimal(value)).replace(".", "")) if value.denominator > 1 else value
            most = observation.impossible.high
            return None if how == "refused" and most is not None and taken > most else taken
        assert self.kind == "age"
        if how == "times":
            return value * Fraction(self.words[2].replace("_", "/"))
        if how == "whole":
            return max(Fraction(0), value + int(self.words[2]))
        if how == "days-down":
            return Fraction(value // 24 * 24)
        if how == "day":
            day = {"a": 1 / Fraction(1461, 4), "mo": 12 / Fraction(1461, 4), "wk": Fraction(1, 7), "d": Fraction(1), "h": Fraction(24)}
            return max(Fraction(0), value + int(self.words[2]) * day[observation.unit])
        return Fraction(WAYS[how](value))


def plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def decimal(value: Fraction | int) -> Decimal:
    value = Fraction(value)
    return Decimal(value.numerator) / Decimal(value.denominator)
