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
from mews_newtt.fhir.scored import sub_scores
from mews_newtt.scoring.result import Score
from mews_newtt.validation.stated import Claim, verdict_on, without_readings
from mews_newtt.validation.stated import read_stated as read_stated_cell

LARGEST = Decimal(1_000_000)  # no score has seven digits
_SCORE_UNIT = re.compile(r"1|\{?scores?( ?of)?\}?|points?", re.IGNORECASE)


class Difference(NamedTuple):
    """One thing that is stated and not so: kind is one of `validation.stated.KINDS`, or `table`."""

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
    levels: Mapping[str, str]  # the word for a level -> place
    elsewhere: bool  # it names Observations that are not in this Bundle


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
        text, concept = told.get("text"), codings({"level": told}, "level", place, self.faults)
        said = [code.removeprefix(f"{self.chart.id}-") for system, code in concept if system == LEVEL]
        if isinstance(text, str) and not said:
            if not concept or read_stated_cell(self.chart, "level", text) >= 0:
                said = [text]
            else:  # a concept of another system, in its own words: it states no level of this chart
                says = "is no level of this chart by its name, and was not compared"
                self.faults.add("level_not_compared", place, says, "use the chart's own words", warning=True)
        for word in said:
            self.levels.setdefault(word, place)


def verdict(result: Score, stated: Stated, *, elsewhere: bool) -> tuple[str, list[Difference], int]:
    """`agrees`, `disagrees` or `nothing_compared`; what is stated and not so, the total first; and how many stated values were not compared.

    With `elsewhere`, readings that the score was made of may not be here: nothing is held against it that they could make right.
    """
    found = verdict_on(result, _claims(result, stated), elsewhere=elsewhere)
    tables = [] if without_readings(result) else _tables(result, stated)
    differences = [Difference(one.kind, one.where, one.what, f"{one.stated}", one.computed, one.says) for one in found.differences]
    first = [one for one in differences if one.what == "total"]
    every = [*first, *tables, *(one for one in differences if one not in first)]
    return ("disagrees" if every else found.says), every, len(found.not_compared)


def _claims(result: Score, stated: Stated) -> list[Claim]:
    chart, codes = result.chart, codes_of(result.chart)
    claims = [] if stated.total is None else [Claim("total", *stated.total)]
    claims += [Claim("points", points, place, codes.sub_scores[key].parameters) for key, (points, place) in stated.points.items()]
    ranks = {word: read_stated_cell(chart, "level", word) for word in stated.levels}
    reached, highest = (None if name is None else chart.level_rank[name] for name in (result.level, result.level_max))
    for word, place in stated.levels.items():
        if not (reached in ranks.values() and ranks[word] == highest != reached):  # the highest possible level stated beside the one reached
            claims.append(Claim("level", word, place))
    return claims


def _tables(result: Score, stated: Stated) -> list[Difference]:
    """Sub-scores of another table than the one that the set was read by."""
    codes, rows, computed = codes_of(result.chart), {row.id: row for row in result.parameters}, sub_scores(result)
    found = []
    for key, (_, place) in stated.points.items():
        meant = codes.sub_scores[key]
        row = rows.get(meant.parameters[0])
        if row is not None and key not in computed and meant.tables and row.table is not None and row.table not in meant.tables:
            used, said = row.table.title or "another table", meant.tables[0].title or "another table"
            says = f"{row.title}: stated by {said}; the set was read by {used}"
            found.append(Difference("table", place, ", ".join(meant.parameters), said, used, says))
    return found
