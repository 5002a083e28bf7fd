"""Observations read as one observation set: tolerant of the shapes in use, strict about what a reading is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.bundle import Faults, Found, Given, codings
from mews_newtt.fhir.codes import AGE, AMOUNTS, OTHER, SKIP, Codes, codes_of, known_unit
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.times import completed_years, span
from mews_newtt.fhir.values import number_of, value_of
from mews_newtt.scoring.observations import ObservationSet

FINAL, OPEN = ("final", "amended", "corrected"), ("preliminary", "registered", "unknown")


class Readings(NamedTuple):
    """An observation set and where it came from."""

    set: ObservationSet
    places: Mapping[str, str]  # parameter -> its place in the request
    references: Mapping[str, str]  # parameter -> reference of its Observation, where it has one
    subject: Resource | None
    effective: tuple[str, str] | None  # first and last time of the Observations read
    notes: tuple[Problem, ...]  # what was left out, and other warnings

    def at(self, problem: Problem) -> Problem:
        """A problem of the scorer, with the place in the request instead of the parameter's name."""
        names = [name for name in problem.where.split(" and ") if name in self.places]
        if not names:
            return problem
        what = problem.what if len(names) == 1 else f"{problem.what} ({', '.join(self.places[name] for name in names)})"
        return problem._replace(where=self.places[names[0]], what=f"{problem.where}: {what}")


def read_set(chart: Chart, given: Given, faults: Faults) -> Readings:
    """The readings of one person at one time.

    Raises
    ------
    ObservationError  naming every fault at once, each with its place
    """
    reader = _Reader(chart, faults)
    for found in given.observations:
        reader.read(found)
    reader.age_of_patient(given)
    effective = span(reader.times)
    stated = given.texts.get("effective")
    if effective and effective[0] != effective[1]:
        faults.add(
            "times_differ",
            "",
            f"the readings were taken between {effective[0]} and {effective[1]}",
            "check that they belong to one set",
            warning=True,
        )
    if stated:
        effective = (stated, stated)
    raw: dict[str, Any] = {name: value for name, (value, _) in reader.raw.items()}
    places = {name: place for name, (_, place) in reader.raw.items()}
    readings = Readings(ObservationSet({}), places, reader.references, given.subject, effective, ())
    try:
        readings = readings._replace(set=ObservationSet(raw, observations=reader.codes.observations))
    except ObservationError as refusal:
        faults += [readings.at(problem) for problem in refusal.problems]
    faults.raise_errors()
    return readings._replace(notes=tuple(faults))


class _Reader:
    def __init__(self, chart: Chart, faults: Faults):
        self.chart = chart
        self.codes: Codes = codes_of(chart)
        self.faults = faults
        self.raw: dict[str, tuple[Any, str]] = {}
        self.references: dict[str, str] = {}
        self.times: list[str] = []
        self._found: Found | None = None
        self._seen: set[str] = set()

    def read(self, found: Found) -> None:
        """An Observation's own value and those of its components."""
        body, place = found.body, found.place
        content = write_json(body)
        if content in self._seen:  # the same Observation twice, letter by letter, says nothing new
            return
        self._seen.add(content)
        self._found = found
        before = len(self.raw)
        if self.faults.other_rules(body, place):
            return
        self._node(body, place, has_parts="component" in body or "hasMember" in body)
        if not self._is_score(body, place):
            for part_place, part in self.faults.objects(body, "component", place):
                if not self.faults.other_rules(part, part_place):
                    self._node(part, part_place, has_parts=False)
                if "component" in part:
                    self.faults.add("not_read", f"{part_place}.component", "a component has none of its own", "send one level of components")
        if len(self.raw) > before:
            self.times += found.effective
            self._status(body, place)

    def _status(self, body: Resource, place: str) -> None:
        """A reading that is not yet final is read and told; a status that FHIR does not have may mean that it is none."""
        status = body.get("status")
        if status in OPEN:
            self.faults.add(
                "not_final", f"{place}.status", f"is {status}: the reading may still change", "score it again when it is final", warning=True
            )
        elif status and status not in FINAL:
            self.faults.add("unknown_status", f"{place}.status", "is no status of an Observation", "send final, or one of FHIR's other codes")

    def _is_score(self, body: Resource, place: str) -> bool:
        return self.codes.is_score(codings(body, "code", place, Faults()))

    def _node(self, body: Resource, place: str, *, has_parts: bool) -> None:
        """One code with its value."""
        keys = codings(body, "code", place, self.faults)
        if self.codes.is_score(keys):
            return
        values = [key for key in body if key.startswith("value") and body[key] is not None]
        if len(values) > 1:
            self.faults.add("value_twice", place, f"has {' and '.join(values)}", "give one value")
            return
        names = list(dict.fromkeys(self.codes.parameter[key] for key in keys if key in self.codes.parameter))
        answers = list(dict.fromkeys(self.codes.category[key] for key in keys if key in self.codes.category)) if not names else []
        if len(names) > 1 or len(answers) > 1:
            found = names or [f"{name} ({answer})" for name, answer in answers]
            self.faults.add(
                "codes_disagree", f"{place}.code", f"has codes of different things: {', '.join(found)}", "give the code of what was observed"
            )
        elif answers:
            self._answer_as_code(answers[0], body, place, values)
        elif names:
            self._parameter(names[0], body, place, values)
        elif not has_parts or values:
            self._left_out(body, place)

    def _left_out(self, body: Resource, place: str) -> None:
        text = self.faults.object(body, "code", place).get("text")
        what = f"{text[:60]!r} has no code" if isinstance(text, str) and not codings(body, "code", place, Faults()) else "its code names nothing"
        self.faults.add("not_read", f"{place}.code", f"{what} that is known here; it was left out", "use the codes of docs/fhir.md", warning=True)

    def _on_chart(self, name: str, place: str) -> bool:
        if name in self.chart.by_id:
            return True
        self.faults.add("not_on_chart", place, f"{name} is not on this chart and was left out", "nothing to do", warning=True)
        return False

    def _keep(self, name: str, value: Any, place: str) -> None:
        if name in self.raw:
            self.faults.add("reading_twice", place, f"{name} is given already at {self.raw[name][1]}", "send one set: one reading for each parameter")
            return
        self.raw[name] = (value, place)
        if self._found is not None and self._found.reference:
            self.references[name] = self._found.reference

    def _answer_as_code(self, answer: tuple[str, str], body: Resource, place: str, values: list[str]) -> None:
        """`breathing room air` or `on oxygen` as the code itself, alone or with how much."""
        name, category = answer
        absent = self.faults.object(body, "dataAbsentReason", place)
        if not values:
            if not absent and self._on_chart(name, place):
                self._keep(name, category, f"{place}.code")
            return
        if absent:
            self._absent_and_there(name, place)
            return
        quantity = self.faults.object(body, "valueQuantity", place)
        amounts = [self.codes.observations[other] for other in AMOUNTS.get(name, ())]
        unit = quantity.get("code") or quantity.get("unit")
        amount = next((o for o in amounts if isinstance(unit, str) and known_unit(o, unit)), None)
        if amount is None:
            self.faults.add(
                "value_not_read",
                f"{place}.value",
                f"a value beside a code that says {category!r} is not read",
                "send the code alone, or how much oxygen in L/min or %",
            )
            return
        if quantity.get("comparator") is not None:
            self.faults.add("comparator", f"{place}.value.comparator", "the amount is only said to be beyond a number", "send the amount itself")
            return
        if (quantity.get("value") == 0) != (category == self.codes.observations[name].category_ids[0]):
            self.faults.add(
                "codes_disagree",
                f"{place}.value",
                f"the code says {category!r}, the amount says otherwise",
                "send what is true: air alone, or oxygen with how much",
            )
            return
        if self._on_chart(name, place):
            self._keep(name, category, f"{place}.code")
        if quantity.get("value") != 0 and amount.id in self.chart.by_id:
            self._keep(amount.id, number_of(amount, quantity, place, self.faults), f"{place}.value")

    def _parameter(self, name: str, body: Resource, place: str, values: list[str]) -> None:
        if not self._on_chart(name, place):
            return
        absent = self.faults.object(body, "dataAbsentReason", place)
        if not values:
            reason = self._skip_reason(name, absent, place) if absent else None
            if reason is not None:
                self._keep(name, {"skipped": reason}, f"{place}.dataAbsentReason")
            elif absent:
                self.faults.add(
                    "reading_absent", f"{place}.dataAbsentReason", f"{name} was not taken: missing, never 0", "nothing to do", warning=True
                )
            return
        if absent:
            self._absent_and_there(name, place)
            return
        value = value_of(self.codes.observations[name], values[0], body, place, self.faults)
        if value is not None:
            self._keep(name, value, f"{place}.value")

    def _absent_and_there(self, name: str, place: str) -> None:
        self.faults.add("reading_and_skip", place, f"{name} has a value and a reason for having none", "keep the one that is true")

    def _skip_reason(self, name: str, absent: Resource, place: str) -> str | None:
        """A reason that counts as a skip: one in our own system, which is how a chart's skip codes are sent. Others are just no reading."""
        for system, code in codings({"reason": absent}, "reason", place, self.faults):
            if system == SKIP:
                coded = next((skip.code for skip in self.chart.by_id[name].skips if skip.code.casefold() == code.casefold()), None)
                text = absent.get("text")
                if coded is None and not (code == OTHER and isinstance(text, str) and text.strip()):
                    self.faults.add(
                        "unknown_skip",
                        f"{place}.dataAbsentReason",
                        f"{code[:60]!r} is no skip code of {name} on this chart",
                        f"use a code of the chart, or `{OTHER}` with text",
                    )
                    return None
                return coded if coded is not None else str(text)
        return None

    def age_of_patient(self, given: Given) -> None:
        """The age in completed years, from the Patient's birth date, where the chart reads an age and none is given."""
        if AGE not in self.chart.by_id or AGE in self.raw:
            return
        effective = span(self.times)
        for place, patient, names in given.patients:
            birth = self.faults.text(patient, "birthDate", place)
            about = {found.subject for found in given.observations if found.subject}
            if not birth or effective is None or not any(name == one or one.endswith(f"/{name}") for name in names for one in about):
                continue
            years = completed_years(birth, effective[1])
            if years is None or years < 0:
                self.faults.add(
                    "birth_date",
                    f"{place}.birthDate",
                    "gives no age at the time of the readings",
                    f"send the full birth date, or {AGE} as an Observation",
                    warning=years is None,
                )
            else:
                self.raw[AGE] = (years, f"{place}.birthDate")
            return
