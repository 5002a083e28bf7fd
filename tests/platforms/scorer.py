"""A plain, slow scorer for made-up platforms. It reads a chart's TOML as data and borrows nothing from the package it helps to judge.

A set is a dict from parameter to a Decimal or a category. What is missing is not in it. A missing reading is never 0: a set with a
gap has no total, and its level is the level that is certainly reached.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

Content = dict[str, Any]
Readings = dict[str, Any]  # parameter to a Decimal or a category
Worth = tuple[int, int, int]  # points, zone, level; more is worse
Worths = dict[str, Worth]

RULES = Path(__file__).parents[2] / "rules"
LOW, HIGH = Decimal("-Infinity"), Decimal("Infinity")


@dataclass
class Answer:
    """What a platform says of one set."""

    points: dict[str, int] = field(default_factory=dict)
    total: Any = None  # a number, None where the set has no total, or text where the platform writes text
    level: str | None = None
    open: tuple[str, ...] = ()  # what is missing for a total
    refused: bool = False

    def copy(self) -> Answer:
        return Answer(dict(self.points), self.total, self.level, self.open, self.refused)

    @property
    def sum(self) -> int:
        """All points that are there."""
        return sum(self.points.values())


@cache
def content_of(chart: str, version: str) -> Content:
    """One chart file as data, numbers as exact decimals. Nobody may change it: copy it first."""
    with (RULES / chart / f"{version}.toml").open("rb") as file:
        return tomllib.load(file, parse_float=Decimal)


def fulfils(condition: Any, value: Any) -> bool:
    if isinstance(condition, dict):
        return inside(edges(condition), value)
    return value in ([condition] if isinstance(condition, str) else condition)


def edges(given: Mapping[str, Any]) -> tuple[Decimal, bool, Decimal, bool]:
    """Lower edge, whether it is included, upper edge, whether it is included."""
    low = Decimal(given.get("from", given.get("above", LOW)))
    high = Decimal(given.get("to", given.get("below", HIGH)))
    return low, "from" in given, high, "to" in given


def inside(limits: tuple[Decimal, bool, Decimal, bool], value: Decimal) -> bool:
    low, low_in, high, high_in = limits
    return (value > low or (low_in and value == low)) and (value < high or (high_in and value == high))


class Scorer:
    """One chart's content, ready to be asked."""

    def __init__(self, content: Content):
        self.parameters: list[Content] = content["parameters"]
        self.levels: list[str] = [level["id"] for level in content["levels"]]
        self.rules: list[Content] = content["levels"]
        self.zones = [zone["id"] for zone in content.get("zones", [])]
        self.one_of = [group["parameters"] for group in content.get("groups", []) if group["kind"] == "one_of"]
        self.refusals = [rule["when"] for rule in content.get("scope", []) if rule["then"] == "refuse"]
        self.assumed = {p["id"]: p["assumed"] for p in self.parameters if "assumed" in p}
        self.scored = [p["id"] for p in self.parameters if p["role"] == "scored"]
        self.tables = {p["id"]: self._tables(p) for p in self.parameters}

    def _tables(self, parameter: Content) -> list[tuple[Content, list[tuple[Any, Worth]] | None]]:
        tables = [{"bands": parameter["bands"]}] if "bands" in parameter else parameter.get("tables", [])
        return [
            (
                table.get("when", {}),
                [(band.get("is") or edges(band), self._worth(band)) for band in table["bands"]] if table.get("applies", True) else None,
            )
            for table in tables
        ]

    def _worth(self, band: Content) -> Worth:
        zone = self.zones.index(band["zone"]) + 1 if "zone" in band else 0
        return band.get("points", 0), zone, self.levels.index(band["level"]) if "level" in band else 0

    def worth_in(self, bands: list[tuple[Any, Worth]], value: Any) -> Worth:
        """The worth of a value; between two bands the worse one."""
        for band, worth in bands:
            if inside(band, value) if isinstance(band, tuple) else fulfils(band, value):
                return worth
        if not isinstance(bands[0][0], tuple):
            return 0, 0, 0
        below = [worth for band, worth in bands if band[2] <= value]
        above = [worth for band, worth in bands if band[0] >= value]
        return max([*below[-1:], *above[:1]], default=(0, 0, 0))

    def possible(self, name: str, readings: Readings) -> set[Worth | None]:
        """What a row can count for: one thing, or more where what chooses its table is missing. None: it is not read."""
        found: set[Worth | None] = set()
        for when, bands in self.tables[name]:
            if all(other not in readings or fulfils(wanted, readings[other]) for other, wanted in when.items()):
                found.add(self.worth_in(bands, readings[name]) if bands is not None and name in readings else None)
        return found

    def asked(self, name: str, readings: Readings) -> bool:
        """Whether a full set needs this row."""
        return any(
            bands is not None and all(fulfils(wanted, readings[other]) for other, wanted in when.items() if other in readings)
            for when, bands in self.tables[name]
        )

    def _least(self, name: str, readings: Readings) -> Worth:
        """The least that a missing row can count for. Where it has no band without points, that is more than nothing."""
        worths: list[Worth] = []
        for when, bands in self.tables[name]:
            if all(other not in readings or fulfils(wanted, readings[other]) for other, wanted in when.items()):
                worths += [worth for _, worth in bands] if bands is not None else [(0, 0, 0)]
        points, zones, levels = zip(*worths, strict=True)
        return min(points), min(zones), min(levels)

    def worths(self, readings: Readings) -> tuple[Worths, list[str], Worths]:
        """What is certain of each row, what is open, and the least worth of the rows that are open in between."""
        readings = {**self.assumed, **readings}
        sure: Worths = {}
        least: Worths = {}
        missing = []
        for parameter in self.parameters:
            name = parameter["id"]
            if parameter["role"] == "recorded":
                continue
            if name in readings:
                could = self.possible(name, readings)
                if len(could) == 1:
                    (worth,) = could
                    if worth is not None:
                        sure[name] = worth
                elif could:
                    missing.append(name)
                    least[name] = min(one or (0, 0, 0) for one in could)
            elif parameter["role"] == "scored" and parameter.get("required", True) and self.asked(name, readings):
                missing.append(name)
                least[name] = self._least(name, readings)
        for members in self.one_of:  # one of them is enough
            gaps = [name for name in missing if name in members]
            given = any(name in readings for name in members)
            for name in gaps if given else gaps[1:]:
                missing.remove(name)
                del least[name]
        return sure, missing, least

    def level(self, worths: list[Worth]) -> str:
        total = sum(points for points, _, _ in worths)
        place = max((level for _, _, level in worths), default=0)
        for this, rule in enumerate(self.rules):
            if "total" in rule and total >= rule["total"].get("from", 0):
                place = max(place, this)
            for counted in rule.get("counts", []):
                column, enough = (0, counted["points"]) if "points" in counted else (1, self.zones.index(counted["zone"]) + 1)
                if sum(worth[column] >= enough for worth in worths) >= counted["at_least"]:
                    place = max(place, this)
        return self.levels[place]

    def refuses(self, readings: Readings) -> bool:
        return any(all(name in readings and fulfils(wanted, readings[name]) for name, wanted in when.items()) for when in self.refusals)

    def answer(self, readings: Readings, change: Callable[[Readings, Worths], Worths] | None = None) -> Answer:
        """The answer to one set. `change` is a fault in what rows count for, before they are added up."""
        if self.refuses(readings):
            return Answer(refused=True)
        sure, missing, least = self.worths(readings)
        if change is not None:
            sure = change(readings, dict(sure))
        points = {name: worth[0] for name, worth in sure.items() if name in self.scored}
        total = None if missing else sum(worth[0] for worth in sure.values())
        return Answer(points, total, self.level([*sure.values(), *least.values()]), tuple(missing))
