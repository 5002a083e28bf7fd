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

    def shows(self, given: Mapping[str, str]) -> Shown:
        """What the platform displays of one set."""
        if self.fault.change is None:
            return self.shown(self.mutant, dict(given))
        if self.kind == "level-of-what-is-there":
            return self.level_of_what_is_there(given)
        if self.kind != "impossible":
            try:
                ObservationSet(dict(given), observations=self.observations)
            except ObservationError:
                return True, None, None
            return self.shown(self.mutant, self.misread(given))
        scored = {p.id for p in self.chart.parameters if p.observation.numeric and p.role != "recorded" and p.tables}
        asked = scored if self.words == ["*"] else {self.words[0]}
        kept = tuple(p if p.id in asked else own for p, own in zip(self.mutant.parameters, self.chart.parameters, strict=True))
        return self.shown(replace(self.mutant, parameters=kept), dict(given))

    def shown(self, chart: Chart, given: Mapping[str, Any]) -> Shown:
        found = score(chart, given, raise_refused=False)
        level = found.level
        if level is not None and self.fault.kind == "other_chart":
            title = next(one.title for one in chart.levels if one.id == level)
            level = level if level in self.names.values() else self.names.get(plain(level), self.names.get(plain(title), "foreign"))
        return found.status == "refused", found.total, level

    def level_of_what_is_there(self, given: Mapping[str, str]) -> Shown:
        right = score(self.chart, dict(given), raise_refused=False)
        if right.status == "refused":
            return True, None, None
        free = tuple(replace(p, required=False) if p.role == "scored" else p for p in self.chart.parameters)
        return False, right.total, score(replace(self.chart, parameters=free), dict(given)).level

    def value(self, name: str, text: str) -> Fraction:
        """A number as it is read: what differs from a recordable one by less than noise is that one."""
        value = ObservationSet({name: text}, observations=self.observations).values[name]
        assert not isinstance(value, str)
        return Fraction(value)

    def misread(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The set as the platform takes it."""
        found: dict[str, Any] = dict(given)
        by_id, words = self.chart.by_id, self.words
        if self.kind in WAYS:
            for name in self.fault.parameters:
                step = Fraction(1) if words[1] == "whole" else Fraction(by_id[name].observation.step)
                if name in found:
                    found[name] = decimal(WAYS[self.kind](self.value(name, found[name]) / step) * step)
        elif self.kind == "unit":
            unit = next(unit for unit in by_id[words[0]].observation.other_units if unit.ucum == words[1])
            if words[0] in found:
                value = self.value(words[0], found[words[0]])
                found[words[0]] = decimal(value * unit.scale + unit.offset if words[2] == "taken" else (value - unit.offset) / unit.scale)
        elif self.kind == "exchanged":
            one, other = self.fault.parameters
            pairs = [(one, found.pop(other, None)), (other, found.pop(one, None))]
            pairs += [(f"skip_{one}", found.pop(f"skip_{other}", None)), (f"skip_{other}", found.pop(f"skip_{one}", None))]
            found |= {name: value for name, value in pairs if value is not None}
        elif self.kind == "always":
            if words[0] in found:
                found[words[0]] = words[1]
        elif self.kind == "taken":
            if found.get(words[0]) == words[1]:
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


def plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def decimal(value: Fraction | int) -> Decimal:
    value = Fraction(value)
    return Decimal(value.numerator) / Decimal(value.denominator)
