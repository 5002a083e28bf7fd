"""Compares the scores that a Bundle states with the chart: reads them, and gives the verdict of `validation/stated.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.fhir.bundle import Content, FoundObservation, refers_to
from mews_newtt.fhir.codes import LEVEL, Codes, codes_of
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.scored import sub_scores
from mews_newtt.reading.fhir_parts import Faults, Key, codings
from mews_newtt.scoring.result import Score
from mews_newtt.validation.stated import Claim, Difference, verdict_on, without_readings
from mews_newtt.validation.stated import read_stated as read_stated_cell

LARGEST = Decimal(1_000_000)  # a stated number beyond this is not a score
_SCORE_UNIT = re.compile(r"1|\{?scores?( ?of)?\}?|points?", re.IGNORECASE)


class StatedScores(NamedTuple):
    """The scores that a Bundle states, each with its path in the request."""

    total: tuple[Decimal, str] | None
    points: Mapping[Key, tuple[Decimal, str]]
    levels: Mapping[str, str]  # the word for a level -> place
    elsewhere: bool  # it names Observations that are not in this Bundle


def read_stated(chart: Chart, given: Content, faults: Faults) -> StatedScores:
    """The stated total, sub-scores and level, in the shapes in use.

    Sub-scores are components of the total (UK Core) or separate Observations (NEWS2 guides of 2018 and 2023). Totals are a Quantity in
    {ScoreOf} or {score}, or an integer.
    """
    return _Reader(chart, given, faults).read()


class _Reader:
    def __init__(self, chart: Chart, given: Content, faults: Faults):
        self.chart, self.given, self.faults = chart, given, faults
        self.codes: Codes = codes_of(chart)
        self.total: tuple[Decimal, str] | None = None
        self.points: dict[Key, tuple[Decimal, str]] = {}
        self.levels: dict[str, str] = {}
        self.elsewhere = False

    def read(self) -> StatedScores:
        names = {name for found in self.given.observations for name in found.names}
        for found in self.given.observations:
            keys = codings(found.body, "code", found.place, Faults())
            if any(key in self.codes.total for key in keys):
                self._total(found, names)
            else:
                self._points(found.body, found.place, keys)
        return StatedScores(self.total, self.points, self.levels, self.elsewhere)

    def _total(self, found: FoundObservation, names: set[str]) -> None:
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
            self.faults.add("not_a_number", f"{place}.value", "is not a score", "send a whole number")
            return None
        unit = quantity.get("code") or quantity.get("unit") or "1"
        if not isinstance(unit, str) or not _SCORE_UNIT.fullmatch(unit):
            self.faults.add("unknown_unit", f"{place}.value", "is not a score: it has a unit of measurement", "send the score in {ScoreOf}")
        if quantity.get("comparator") is not None:
            self.faults.add("comparator", f"{place}.value.comparator", "says only that the score is above or below a number", "send the score itself")
        return found

    def _level(self, told: Resource, place: str) -> None:
        if not told:
            return
        text, concept = told.get("text"), codings({"level": told}, "level", place, self.faults)
        said = [code.removeprefix(f"{self.chart.id}-") for system, code in concept if system == LEVEL]
        if isinstance(text, str) and not said:
            if not concept or read_stated_cell(self.chart, "level", text) >= 0:
                said = [text]
            else:  # a concept of another code system, with its own words: it states no level of this chart
                says = "does not name a level of this chart, and was not compared"
                self.faults.add("level_not_compared", place, says, "use the chart's own words", warning=True)
        for word in said:
            self.levels.setdefault(word, place)


def verdict(result: Score, stated: StatedScores, *, elsewhere: bool) -> tuple[str, list[Difference], int]:
    """`agrees`, `disagrees` or `nothing_compared`; the differences, the total first; and how many stated values were not compared.

    Parameters
    ----------
    elsewhere : readings behind the score may be missing here; a value that they could make right is then not a difference
    """
    found = verdict_on(result, _claims(result, stated), elsewhere=elsewhere)
    tables = [] if without_readings(result) else _tables(result, stated)
    totals = [one for one in found.differences if one.what == "total"]
    every = [*totals, *tables, *found.differences[len(totals) :]]
    return ("disagrees" if every else found.says), every, len(found.not_compared)


def _claims(result: Score, stated: StatedScores) -> list[Claim]:
    chart, codes = result.chart, codes_of(result.chart)
    claims = [] if stated.total is None else [Claim("total", *stated.total)]
    claims += [Claim("points", points, place, codes.sub_scores[key].parameters) for key, (points, place) in stated.points.items()]
    ranks = {word: read_stated_cell(chart, "level", word) for word in stated.levels}
    reached, highest = (None if name is None else chart.level_rank[name] for name in (result.level, result.level_max))
    for word, place in stated.levels.items():
        if not (reached in ranks.values() and ranks[word] == highest != reached):  # the highest possible level may be stated with the level reached
            claims.append(Claim("level", word, place))
    return claims


def _tables(result: Score, stated: StatedScores) -> list[Difference]:
    """Sub-scores stated for another table than the one that the set was read in."""
    codes, rows, computed = codes_of(result.chart), {row.id: row for row in result.parameters}, sub_scores(result)
    found = []
    for key, (_, place) in stated.points.items():
        meant = codes.sub_scores[key]
        row = rows.get(meant.parameters[0])
        if row is not None and key not in computed and meant.tables and row.table is not None and row.table not in meant.tables:
            used, said = row.table.title or "another table", meant.tables[0].title or "another table"
            says = f"{row.title}: stated by {said}; the set was read by {used}"
            found.append(Difference("table", place, ", ".join(meant.parameters), said, used, None, says))
    return found
