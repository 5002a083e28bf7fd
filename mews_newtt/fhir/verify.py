"""A score that somebody else stated, held against the chart: right, or wrong and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.fhir.bundle import Faults, Found, Given, codings, refers_to
from mews_newtt.fhir.codes import LEVEL, Codes, Key, codes_of
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.scored import level_of, points_of, sub_scores
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import count

LARGEST = Decimal(1_000_000)  # no score has seven digits
_SCORE_UNIT = re.compile(r"1|\{?scores?( ?of)?\}?|points?", re.IGNORECASE)


class Difference(NamedTuple):
    """One thing that is stated and not so: kind is `total`, `total_of_partial`, `outside_bounds`, `points`, `table`, `level` or
    `parts_do_not_add_up`."""

    kind: str
    where: str
    what: str
    stated: str
    computed: str
    says: str

    def to_dict(self) -> dict[str, str]:
        return self._asdict()


class Stated(NamedTuple):
    """The scores that a Bundle carries, each with its place."""

    total: tuple[Decimal, str] | None
    points: Mapping[Key, tuple[Decimal, str]]
    levels: Mapping[str, str]  # level id -> place
    elsewhere: bool  # it names Observations that are not in this Bundle

    @property
    def nothing(self) -> bool:
        return self.total is None and not self.points and not self.levels


def read_stated(chart: Chart, given: Given, faults: Faults) -> Stated:
    """The stated total, sub-scores and level, in the shapes in use.

    Sub-scores stand as components of the total (UK Core) or as Observations of their own (NEWS2 guides of 2018 and 2023); totals as Quantity in
    {ScoreOf} or {score}, or as an integer.
    """
    return _Reader(chart, given, faults).read()


class _Reader:
    def __init__(self, chart: Chart, given: Given, faults: Faults):
        self.chart, self.given, self.faults = chart, given, faults
        self.codes: Codes = codes_of(chart)
        self.total: tuple[Decimal, str] | None = None
        self.points: dict[Key, tuple[Decimal, str]] = {}
        self.levels: dict[str, str] = {}
        self.elsewhere = False

    def read(self) -> Stated:
        names = {name for found in self.given.observations for name in found.names}
        for found in self.given.observations:
            keys = codings(found.body, "code", found.place, Faults())
            if any(key in self.codes.total for key in keys):
                self._total(found, names)
            else:
                self._points(found.body, found.place, keys)
        return Stated(self.total, self.points, self.levels, self.elsewhere)

    def _total(self, found: Found, names: set[str]) -> None:
        body, place = found.body, found.place
        number = self._number(body, place)
        if number is not None:
            if self.total is not None and self.total[0] != number:
                self.faults.add("score_twice", f"{place}.value", f"another total is stated at {self.total[1]}", "send one set with one total")
            self.total = self.total or (number, f"{place}.value")
        for part_place, part in self.faults.objects(body, "component", place):
            self._points(part, part_place, codings(part, "code", part_place, self.faults))
        for told_place, told in self.faults.objects(body, "interpretation", place):
            self._level(told, told_place)
        self._level(self.faults.object(body, "valueCodeableConcept", place), f"{place}.value")
        for kind in ("derivedFrom", "hasMember"):
            for link_place, link in self.faults.objects(body, kind, place):
                reference = link.get("reference")
                if isinstance(reference, str) and not refers_to(reference, names):
                    self.elsewhere = True
                    self.faults.add(
                        "dangling_reference", link_place, "refers to nothing in this Bundle", "send what the score was derived from", warning=True
                    )

    def _points(self, body: Resource, place: str, keys: list[Key]) -> None:
        for key in keys:
            if key not in self.codes.sub_scores:
                continue
            number = self._number(body, place)
            if number is None:
                continue
            known = self.points.setdefault(key, (number, f"{place}.value"))
            if known[0] != number:
                self.faults.add("score_twice", f"{place}.value", f"this sub-score is stated differently at {known[1]}", "send one set with one score")

    def _number(self, body: Resource, place: str) -> Decimal | None:
        """A stated score as a number; None where none is stated."""
        quantity = self.faults.object(body, "valueQuantity", place)
        number: Any = quantity.get("value") if quantity else body.get("valueInteger")
        if number is None:
            return None
        found = Decimal(str(number)) if isinstance(number, (int, float, Decimal)) and not isinstance(number, bool) else None
        if found is None or not found.is_finite() or not -LARGEST <= found <= LARGEST:  # abs() of a huge one overflows
            self.faults.add("not_a_number", f"{place}.value", "is no score", "send a whole number")
            return None
        unit = quantity.get("code") or quantity.get("unit") or "1"
        if not isinstance(unit, str) or not _SCORE_UNIT.fullmatch(unit):
            self.faults.add("unknown_unit", f"{place}.value", "is no score: it has a unit of measurement", "send the score in {ScoreOf}")
        if quantity.get("comparator") is not None:
            self.faults.add("comparator", f"{place}.value.comparator", "the score is only said to be beyond a number", "send the score itself")
        return found

    def _level(self, told: Resource, place: str) -> None:
        if not told:
            return
        text = told.get("text")
        said = [code for system, code in codings({"level": told}, "level", place, self.faults) if system == LEVEL]
        said += [text] if isinstance(text, str) and not said else []
        for word in said:
            plain = word.strip().casefold()
            level = next((lv for lv in self.chart.levels if plain in (f"{self.chart.id}-{lv.id}", lv.id.casefold(), lv.title.casefold())), None)
            if level is not None:
                self.levels.setdefault(level.id, place)
            else:
                self.faults.add(
                    "level_not_compared",
                    place,
                    "is no level of this chart by its name, and was not compared",
                    "use the chart's own words",
                    warning=True,
                )


def differences(result: Score, stated: Stated) -> list[Difference]:
    """Everything stated that the chart does not give, the total first."""
    return [*_total(result, stated), *_points(result, stated), *_level(result, stated)]


def _total(result: Score, stated: Stated) -> list[Difference]:
    if stated.total is None:
        return []
    total, place = stated.total
    chart = result.chart
    if result.status == "complete":
        if result.total is not None and total == result.total:
            return []
        gives = "no total: it has no points" if result.total is None else str(result.total)
        return [Difference("total", place, "total", f"{total}", gives, f"the total is stated as {total}; the chart gives {gives}")]
    bounds = f"{result.total_min} to {result.total_max}"
    missing = ", ".join(chart.by_id[name].title for name in (*result.missing, *result.skipped)) or "what decides how it is read"
    kind = "total_of_partial"
    says = f"a total of {total} is stated, but the set is partial ({missing}): it has no total"
    if result.total_min is None or result.total_max is None:
        bounds = "no total"
    elif not result.total_min <= total <= result.total_max:
        kind, says = "outside_bounds", f"{says}, and it cannot be outside {bounds}"
    return [Difference(kind, place, "total", f"{total}", bounds, says)]


def _points(result: Score, stated: Stated) -> list[Difference]:
    codes, rows = codes_of(result.chart), {row.id: row for row in result.parameters}
    computed = sub_scores(result)
    found = []
    for key, (points, place) in stated.points.items():
        meant = codes.sub_scores[key]
        name = ", ".join(meant.parameters)
        own = [rows[each] for each in meant.parameters]
        if key not in computed and meant.tables and own[0].table is not None and own[0].table not in meant.tables:
            used, said = own[0].table.title or "another table", meant.tables[0].title or "another table"
            found.append(Difference("table", place, name, said, used, f"{own[0].title}: stated by {said}; the set was read by {used}"))
        ours = points_of(row for row in own if row.points is not None or row.missing or row.points_max is not None)
        if ours is None or points != ours:
            gives = "none" if ours is None else str(ours)
            found.append(
                Difference(
                    "points",
                    place,
                    name,
                    f"{points}",
                    gives,
                    f"{count(int(points), 'point') if points == int(points) else points} stated; the chart gives {gives}: "
                    + "; ".join(r.says for r in own),
                )
            )
    return found


def _level(result: Score, stated: Stated) -> list[Difference]:
    if not stated.levels or set(stated.levels) in ({result.level}, {result.level, result.level_max}):
        return []
    said, place = ", ".join(stated.levels), next(iter(stated.levels.values()))
    gives = str(result.level) if result.level == result.level_max else f"{result.level}, at most {result.level_max}"
    titles = " and ".join(level_of(result.chart, name).title for name in stated.levels)
    return [Difference("level", place, "level", said, gives, f"the level is stated as {titles}; the chart gives {gives}")]
