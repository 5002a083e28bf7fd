"""Unknown Observations, and the parameters that they may be. While a reading may be unread, no score is final."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mews_newtt.chart.codes import loinc_is_sound, snomed_is_sound
from mews_newtt.chart.model import Observation, Parameter
from mews_newtt.fhir.codes import LEVEL, SCORE, VITAL_SIGNS, Codes, known_unit
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.reading.fhir_parts import LOINC, SNOMED, Faults, codings

LONGEST = 200  # characters of a name that are looked at
SHOWN = 60  # characters of it that a message shows
SHORT = 3  # a name of so few letters (hr, rr, bm) must be a word of a short text
FEW = 3  # words of a short text
# Units of body measurements and of scores: no parameter of a chart has them.
_OTHER_UNIT = re.compile(r"kg|g|lb|oz|\[lb_av\]|\[oz_av\]|cm|m|mm|\[in_i\]|in|ft|kg/m2|m2|\{[^{}]*\}", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[^0-9a-z]+")


class Unread(NamedTuple):
    """An Observation or a component with an unknown code."""

    place: str
    body: Resource
    categories: frozenset[tuple[str, str]]  # of the Observation that it stands in


def words_of(text: str) -> str:
    """A text as words with blanks around them, to search for a name in it."""
    return f" {_NOT_WORDS.sub(' ', text[:LONGEST].casefold()).strip()} "


def names_of(observation: Observation) -> tuple[str, ...]:
    """The names of a parameter, as `words_of` writes them; a single letter is none."""
    found = {words_of(name) for name in (observation.id, observation.title, *observation.also_called)}
    return tuple(name for name in found if len(name.strip()) > 1)


class Rows:
    """The parameters of a chart by their names."""

    def __init__(self, codes: Codes):
        self.codes = codes
        self.names = {parameter.id: names_of(parameter.observation) for parameter in codes.chart.parameters}

    def may_be(self, unread: Unread, open_rows: Iterable[str]) -> list[str]:
        """The parameters without a reading that this may be a reading of."""
        rows = [self.codes.chart.by_id[name] for name in open_rows]
        body = unread.body
        values = [key for key in body if key.startswith("value") and body[key] is not None]
        absent = bool(body.get("dataAbsentReason")) and not values
        is_score = any(system in (SCORE, LEVEL) for system, _ in codings(body, "code", unread.place, Faults()))
        if not rows or absent or is_score:
            return []
        names = spoken_names(body)
        said = [words_of(text) for text in (*names, *(code for _, code in codings(body, "code", unread.place, Faults())))]  # a code may be words, too
        found = [row.id for row in rows if any(self._called(row.id, text) for text in said)]
        if values:
            found += self._by_value(body, values[0], rows, unread, bool(names))
        return list(dict.fromkeys(found))

    def _called(self, row: str, text: str) -> bool:
        short = text.count(" ") <= FEW + 1
        return any(name in text for name in self.names[row] if short or len(name.strip()) > SHORT)

    def _by_value(self, body: Resource, key: str, rows: list[Parameter], unread: Unread, named: bool) -> list[str]:
        """Parameters that the value fits, by its unit or its answer; all where the value says nothing."""
        unsaid = VITAL_SIGNS in unread.categories or not (unread.categories or named)  # it may be anything
        counted = [row for row in rows if row.role != "recorded"]
        if key == "valueQuantity" or key in ("valueInteger", "valueDecimal"):
            quantity = Faults().object(body, key, unread.place) if key == "valueQuantity" else {}
            units = [quantity[each] for each in ("code", "unit") if isinstance(quantity.get(each), str) and quantity[each].strip()]
            fits = {name for name, each in self.codes.observations.items() if each.numeric and any(known_unit(each, unit) for unit in units)}
            if fits or any(_OTHER_UNIT.fullmatch(unit.strip()) for unit in units):
                return [row.id for row in rows if row.id in fits]
            return [row.id for row in counted if row.observation.numeric] if unsaid else []
        answers = [row.id for row in rows if not row.observation.numeric and self._answers(row.observation, body, key, unread.place)]
        if len(answers) == 1:
            return answers
        return [row.id for row in counted if not row.observation.numeric] if unsaid else []

    def _answers(self, observation: Observation, body: Resource, key: str, place: str) -> bool:
        """Whether a value is an answer of a categorical row."""
        if key != "valueCodeableConcept":
            return isinstance(body[key], str) and body[key].strip().casefold() in observation.category_by_name
        keys = codings(body, key, place, Faults())
        if any(self.codes.category.get(each, ("", ""))[0] == observation.id for each in keys):
            return True
        concept = Faults().object(body, key, place)
        texts = [concept.get("text"), *(coding.get("display") for _, coding in Faults().objects(concept, "coding", place))]
        return any(isinstance(text, str) and text.strip().casefold() in observation.category_by_name for text in texts)


def spoken_names(body: Mapping[str, object]) -> list[str]:
    """What an Observation is called: its text, and the displays of its codes."""
    quiet = Faults()
    code = quiet.object(body, "code", "")
    texts = [code.get("text"), *(coding.get("display") for _, coding in quiet.objects(code, "coding", ""))]
    return [text for text in texts if isinstance(text, str) and text.strip()]


def called(body: Resource, place: str) -> str:
    """The name and the codes of an Observation, for a message."""
    names = spoken_names(body)
    keys = codings(body, "code", place, Faults())
    codes = ", ".join(f"{code[:SHOWN]}{_unsound(system, code)}" for system, code in keys[:FEW])
    name = repr(names[0][:SHOWN]) if names else ""
    return f"{name} ({codes})" if name and codes else name or (f"code {codes}" if codes else "an Observation without a code")


def _unsound(system: str, code: str) -> str:
    """A code that cannot be valid: a mistake of the sender."""
    if system == LOINC and not loinc_is_sound(code):
        return ", no LOINC code: its check digit is wrong"
    if system == SNOMED and not snomed_is_sound(code):
        return ", no SNOMED CT code: its check digit is wrong"
    return ""
