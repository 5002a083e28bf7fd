"""Reads Observations as one observation set: accepts the shapes in use, and is strict about what a reading is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.bundle import Content, FoundObservation, own_patients
from mews_newtt.fhir.codes import AGE, AMOUNTS, OTHER, SKIP, SUPPORT, Codes, codes_of, known_unit
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.oxygen import Amount, settle
from mews_newtt.fhir.rounds import time_of
from mews_newtt.fhir.times import completed_years, span
from mews_newtt.fhir.unread import SHOWN, Rows, Unread, called
from mews_newtt.fhir.values import number_of, value_of
from mews_newtt.reading.fhir_parts import Faults, codings, listed
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score

FINAL, OPEN = ("final", "amended", "corrected"), ("preliminary", "registered", "unknown")
MOST_NAMED = 10  # Observations of which none was read, in one message
DOUBTS = ("may_be_reading", "read_by_text", "time_not_exact")  # notes that leave a score not final
UNPLACED = ("time_missing", "time_ahead", "encounter_missing")  # the same, where the round has no reading of that row


NOT_ASKED_FOR = ("outside_period", "other_encounter")  # left out, because the caller asked for others


class Readings(NamedTuple):
    """An observation set and where its readings come from."""

    set: ObservationSet
    places: Mapping[str, str]  # parameter -> its place in the request
    references: Mapping[str, str]  # parameter -> reference of its Observation, where it has one
    subject: Resource | None
    effective: tuple[str, str] | None  # first and last time of the Observations read
    notes: tuple[Problem, ...]  # what was left out, and other warnings
    may_be: frozenset[str] = frozenset()  # rows without a reading that an Observation not read may be
    empty: bool = False  # nothing here is for a row of the chart
    raw: Mapping[str, Any] = MappingProxyType({})  # what `set` was made from

    @property
    def doubts(self) -> tuple[Problem, ...]:
        """Why a score that looks complete is not final."""
        return tuple(note for note in self.notes if note.code in DOUBTS or (self.may_be and note.code in UNPLACED))

    def at(self, problem: Problem) -> Problem:
        """A problem of the scorer, with the path in the request instead of the parameter's name."""
        names = [name for name in problem.where.split(" and ") if name in self.places]
        if not names:
            return problem
        what = problem.what if len(names) == 1 else f"{problem.what} ({', '.join(self.places[name] for name in names)})"
        return problem._replace(where=self.places[names[0]], what=f"{problem.where}: {what}")


def read_set(chart: Chart, given: Content, faults: Faults, *, may_be_empty: bool = True) -> Readings:
    """The readings of one person in one round.

    Raises
    ------
    ObservationError  naming every fault at once, each with its place; where `may_be_empty` is false, also Observations of which none was read
    """
    reader = _Reader(chart, faults)
    for found in given.observations:
        reader.read(found)
    reader.tell_by_text(given.by_text)
    reader.settle_oxygen()
    reader.age_of_patient(given)
    may_be = reader.tell_unread() | (given.unplaced - reader.raw.keys())
    empty = not reader.raw and not reader.absent
    if empty and not may_be_empty:
        _refuse_nothing(chart, reader.unread, faults)
    effective = span(reader.times())
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
    raw: dict[str, Any] = {name: kept.value for name, kept in reader.raw.items()}
    places = {name: kept.place for name, kept in reader.raw.items()}
    references = {name: kept.found.reference for name, kept in reader.raw.items() if kept.found is not None and kept.found.reference}
    readings = Readings(ObservationSet({}, observations={}), places, references, given.subject, effective, (), may_be, empty, raw)
    try:
        readings = readings._replace(set=ObservationSet(raw, observations=reader.codes.observations))
    except ObservationError as refusal:
        faults += [readings.at(problem) for problem in refusal.problems]
    faults.raise_errors()
    return readings._replace(notes=notes_of(faults))


def _refuse_nothing(chart: Chart, unread: list[Unread], faults: Faults) -> None:
    """Refuse a request with Observations of which none was read. A request without Observations is a set with everything missing."""
    left_out = [note.what for note in faults if note.code in (*UNPLACED, *NOT_ASKED_FOR)][:MOST_NAMED]
    if unread:
        names = ", ".join(dict.fromkeys(called(one.body, one.place) for one in unread[:MOST_NAMED]))
        names += f" and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
        faults.add("nothing_read", "", f"no Observation here is a reading of {chart.short_title}: {names}", "use the codes of docs/fhir.md")
    elif left_out:
        faults.add("nothing_read", "", f"no reading is left: {'; '.join(left_out)}", "check the times of the Observations, and the clock")


def notes_of(faults: Iterable[Problem]) -> tuple[Problem, ...]:
    """The warnings of an answer; the reasons why the score is not final come first."""
    return tuple(listed(sorted(dict.fromkeys(faults), key=lambda note: note.code not in (*DOUBTS, *UNPLACED))))


def score_readings(chart: Chart, readings: Readings) -> Score:
    """The score of a round. A parameter that an unread Observation may be a reading of counts as missing: the set is partial."""
    if not readings.may_be:
        return score(chart, readings.set)
    asked = tuple(replace(p, required=True) if p.id in readings.may_be else p for p in chart.parameters)
    return replace(score(replace(chart, parameters=asked), readings.set), chart=chart)


class _Kept(NamedTuple):
    """A reading or a skip reason, and the Observation that it comes from."""

    value: Any
    place: str
    found: FoundObservation | None
    when: datetime | None


class _Reader:
    def __init__(self, chart: Chart, faults: Faults):
        self.chart = chart
        self.codes: Codes = codes_of(chart)
        self.faults = faults
        self.raw: dict[str, _Kept] = {}
        self.absent: set[str] = set()  # rows that were said to have no reading
        self.unread: list[Unread] = []
        self._answer: str | None = None  # air or oxygen, where the chart has no such row
        self._amounts: dict[str, _Kept] = {}  # how much oxygen, where the chart has no such row
        self._found: FoundObservation | None = None
        self._when: datetime | None = None
        self._holds = False  # whether the Observation at hand holds a reading
        self._categories: frozenset[tuple[str, str]] = frozenset()
        self._seen: set[str] = set()

    def read(self, found: FoundObservation) -> None:
        """An Observation's own value and those of its components."""
        body, place = found.body, found.place
        content = write_json(body)
        if content in self._seen:  # the same Observation twice, letter by letter, says nothing new
            return
        self._seen.add(content)
        self._found, self._when, self._holds = found, time_of(found)[0], False
        if self.faults.other_rules(body, place):
            return
        quiet = Faults()
        categories = [{"category": one} for _, one in quiet.objects(body, "category", place)]
        self._categories = frozenset(key for one in categories for key in codings(one, "category", place, quiet))
        self._node(body, place, has_parts="component" in body or "hasMember" in body)
        if not self._is_score(body, place):
            for part_place, part in self.faults.objects(body, "component", place):
                if not self.faults.other_rules(part, part_place):
                    self._node(part, part_place, has_parts=False)
                if "component" in part:
                    self.faults.add("not_read", f"{part_place}.component", "a component has none of its own", "send one level of components")
        if self._holds:
            self._status(body, place)

    def times(self) -> list[str]:
        """The times of the Observations whose readings count."""
        return [time for kept in (*self.raw.values(), *self._amounts.values()) if kept.found is not None for time in kept.found.effective]

    def _status(self, body: Resource, place: str) -> None:
        """Read a reading that is not yet final, with a warning. Refuse a status that FHIR does not have: it may mean "not a reading"."""
        status = body.get("status")
        if status in OPEN:
            self.faults.add(
                "not_final", f"{place}.status", f"is {status}: the reading may still change", "score it again when it is final", warning=True
            )
        elif status and status not in FINAL:
            self.faults.add("unknown_status", f"{place}.status", "is not a status of an Observation", "send final, or one of FHIR's other codes")

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
            self.unread.append(Unread(place, body, self._categories))

    def tell_by_text(self, by_text: Mapping[str, str]) -> None:
        """Warn about every reading that counts and was read by the text of its Observation."""
        for name, kept in self.raw.items():
            if kept.place in by_text:
                title = self.codes.observations[name].title
                what = f"{by_text[kept.place][:SHOWN]!r} has a code that is not known here; its text was read as {title}"
                self.faults.add("read_by_text", kept.place.removesuffix(".value"), what, "send it with a code of docs/fhir.md", warning=True)

    def tell_unread(self) -> frozenset[str]:
        """Warn about every unknown Observation. Returns the parameters without a reading that some of them may be."""
        open_rows = [name for name in self.chart.by_id if name not in self.raw]
        rows = Rows(self.codes) if self.unread else None
        found: set[str] = set()
        for one in self.unread:
            name = called(one.body, one.place)
            may_be = rows.may_be(one, open_rows) if rows else []
            code, what, mend = "not_read", f"{name} is not known here; it was left out", "use the codes of docs/fhir.md"
            if may_be:
                found.update(may_be)
                titles = " or ".join(self.chart.by_id[row].title for row in may_be)
                code, what = "may_be_reading", f"{name} was not read and may be {titles}"
                mend = "send it with a code of docs/fhir.md; if it is something else, leave it out"
            self.faults.add(code, f"{one.place}.code", what, mend, warning=True)
        return frozenset(found)

    def _on_chart(self, name: str, place: str) -> bool:
        if name in self.chart.by_id:
            return True
        self.faults.add("not_on_chart", place, f"{name} is not on this chart and was left out", "nothing to do", warning=True)
        return False

    def _keep(self, name: str, value: Any, place: str, into: dict[str, _Kept] | None = None) -> None:
        """A reading; of two in one round, the newer one."""
        self._holds = True
        table = self.raw if into is None else into
        new, old = _Kept(value, place, self._found, self._when), table.get(name)
        if old is None:
            table[name] = new
        elif old.when is None or new.when is None or old.when == new.when:
            self.faults.add("reading_twice", place, f"{name} is given already at {old.place}", "send one set: one reading for each parameter")
        else:
            left, table[name] = (new, old) if new.when < old.when else (old, new)
            what = f"{name} of {left.found.effective[-1] if left.found else ''} left out: this round has a newer one"
            self.faults.add("reading_superseded", left.place, what, "nothing to do", warning=True)

    def _answer_as_code(self, answer: tuple[str, str], body: Resource, place: str, values: list[str]) -> None:
        """`breathing room air` or `on oxygen` as the code itself, with or without an amount."""
        name, category = answer
        absent = self.faults.object(body, "dataAbsentReason", place)
        if values and absent:
            self._absent_and_there(name, place)
            return
        if absent:
            return
        amount = value = None
        if values:
            quantity = self.faults.object(body, "valueQuantity", place)
            unit = quantity.get("code") or quantity.get("unit")
            every = (self.codes.observations[other] for other in AMOUNTS.get(name, ()))
            amount = next((o for o in every if isinstance(unit, str) and known_unit(o, unit)), None)
            if amount is None:
                what = f"a value beside a code that says {category!r} is not read"
                self.faults.add("value_not_read", f"{place}.value", what, "send the code alone, or how much oxygen in L/min or %")
                return
            value = number_of(amount, quantity, place, self.faults)
            if value is None:
                return
        if name in self.chart.by_id or name == SUPPORT:
            if name in self.chart.by_id:
                self._keep(name, category, f"{place}.code")
            else:
                self._answer = category
        if name not in self.chart.by_id:
            self._on_chart(name, place)
        if amount is not None:
            is_row = amount.id in self.chart.by_id and category != self.codes.observations[name].category_ids[0]
            self._keep(amount.id, value, f"{place}.value", self.raw if is_row else self._amounts)

    def settle_oxygen(self) -> None:
        """Compare the stated air or oxygen with the amount given; take the answer from the amount where only that was given."""
        amounts: dict[str, Amount] = {}
        for name in AMOUNTS[SUPPORT]:
            kept = self._amounts.get(name) or self.raw.get(name)
            if kept is None:
                continue
            try:
                value = ObservationSet({name: kept.value}, observations=self.codes.observations).values.get(name)
            except ObservationError as refusal:
                if name in self._amounts:  # a row's own reading is refused with the others
                    self.faults += [problem._replace(where=kept.place, what=f"{name}: {problem.what}") for problem in refusal.problems]
                continue
            if value is not None and not isinstance(value, str):
                amounts[name] = Amount(value, kept.place)
        said = self.raw.get(SUPPORT)
        if said is None and SUPPORT not in self.chart.by_id and self._answer is None:
            return
        answer = self.codes.observations[SUPPORT].category_by_name.get(str(said.value).strip().casefold()) if said else self._answer
        if said is not None and answer is None:
            return
        meant = settle(answer, amounts, self.faults)
        if said is None and meant is not None and SUPPORT in self.chart.by_id:
            first = next(kept for name in AMOUNTS[SUPPORT] if (kept := self._amounts.get(name) or self.raw.get(name)))
            self.raw[SUPPORT] = first._replace(value=meant)

    def _parameter(self, name: str, body: Resource, place: str, values: list[str]) -> None:
        is_row = name in self.chart.by_id
        if not is_row and not (self.codes.reads(name) and values) and not self._on_chart(name, place):
            return
        absent = self.faults.object(body, "dataAbsentReason", place)
        if not values:
            reason = self._skip_reason(name, absent, place) if absent else None
            if reason is not None:
                self._keep(name, {"skipped": reason}, f"{place}.dataAbsentReason")
                return
            self.absent.add(name)
            where, what = ("dataAbsentReason", "was not taken") if absent else ("value", "has no value")
            self.faults.add("reading_absent", f"{place}.{where}", f"{name} {what}: missing, never 0", "nothing to do", warning=True)
            return
        if absent:
            self._absent_and_there(name, place)
            return
        value = value_of(self.codes.observations[name], values[0], body, place, self.faults)
        if value is not None:
            self._keep(name, value, f"{place}.value", self.raw if is_row else self._amounts)

    def _absent_and_there(self, name: str, place: str) -> None:
        self.faults.add("reading_and_skip", place, f"{name} has a value and a reason for having none", "keep the one that is true")

    def _skip_reason(self, name: str, absent: Resource, place: str) -> str | None:
        """A skip reason: a code of our own system, in which a chart's skip codes are sent. Other reasons just mean a missing reading."""
        for system, code in codings({"reason": absent}, "reason", place, self.faults):
            if system == SKIP:
                coded = next((skip.code for skip in self.chart.by_id[name].skips if skip.code.casefold() == code.casefold()), None)
                text = absent.get("text")
                if coded is None and not (code == OTHER and isinstance(text, str) and text.strip()):
                    self.faults.add(
                        "unknown_skip",
                        f"{place}.dataAbsentReason",
                        f"{code[:60]!r} is not a skip code of {name} on this chart",
                        f"use a code of the chart, or `{OTHER}` with text",
                    )
                    return None
                return coded if coded is not None else str(text)
        return None

    def age_of_patient(self, given: Content) -> None:
        """The age in completed years, from the Patient's birth date, where the chart reads an age and none is given."""
        if AGE not in self.chart.by_id or AGE in self.raw:
            return
        effective = span(self.times())
        for place, patient in own_patients(given):
            birth = self.faults.text(patient, "birthDate", place)
            if not birth or effective is None:
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
                self.raw[AGE] = _Kept(years, f"{place}.birthDate", None, None)
            return
