"""Reads the value of an Observation: number and unit as written, or the answer of a category."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mews_newtt.chart.model import Observation
from mews_newtt.fhir.codes import category_keys, is_public, known_unit
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.reading.fhir_parts import Faults, Key, codings

VALUES = ("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger")


def value_of(observation: Observation, key: str, body: Resource, place: str, faults: Faults) -> Any:
    where = f"{place}.value"
    if key not in VALUES:
        faults.add("value_not_read", where, f"{observation.id} as {key} is not read", "send valueQuantity, or valueCodeableConcept for a category")
        return None
    if key == "valueQuantity":
        quantity = faults.object(body, key, place)
        return number_of(observation, quantity, place, faults) if observation.numeric else _category_number(observation, quantity, place, faults)
    if observation.numeric:
        faults.add(
            "not_a_quantity",
            where,
            f"{observation.id} as {key} is not a measurement",
            "send valueQuantity with value and unit, or leave it out with dataAbsentReason",
        )
        return None
    if key == "valueCodeableConcept":
        return _category(observation, body, place, faults)
    raw = body[key]
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, (str, int)):
        return str(raw)
    faults.wrong_type(where, raw, "text or a whole number")
    return None


def number_of(observation: Observation, quantity: Resource, place: str, faults: Faults) -> Any:
    """The value and its unit, with the number as written."""
    where = f"{place}.value"
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, (int, float, Decimal)):
        faults.add("not_a_number", f"{where}.value", f"{observation.id} has no number", "send the number, or dataAbsentReason without a value")
        return None
    if quantity.get("comparator") is not None:
        faults.add(
            "comparator",
            f"{where}.comparator",
            f"{observation.id} is only said to be above or below a number",
            "send the reading itself; a chart scores readings",
        )
        return None
    texts = [(key, quantity[key]) for key in ("code", "unit") if isinstance(quantity.get(key), str) and quantity[key].strip()]
    known = {known_unit(observation, text.strip()) for _, text in texts} - {None}
    allowed = ", ".join([observation.unit, *(unit.ucum for unit in observation.other_units)])
    if not texts and observation.unit:
        faults.add("unit_missing", where, f"{observation.id} has no unit", f"say the unit; allowed: {allowed}")
    elif texts and known_unit(observation, texts[0][1].strip()) is None:
        faults.add("unknown_unit", f"{where}.{texts[0][0]}", f"{observation.id} is given in {texts[0][1][:60]!r}", f"allowed units: {allowed}")
    elif len(known) > 1:
        faults.add("units_disagree", where, f"{observation.id}: code and unit say different units", "send one unit, the one that is true")
    else:
        unit = known.pop() if known else None
        return {"value": str(number), "unit": unit} if unit and unit != observation.unit else str(number)
    return None


def _category_number(observation: Observation, quantity: Resource, place: str, faults: Faults) -> Any:
    """A category that is a number, such as a pain score: whole, and without a unit of measurement."""
    number, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit") or "1"
    bare = isinstance(unit, str) and (unit == "1" or (unit.startswith("{") and unit.endswith("}")))
    if isinstance(number, bool) or not isinstance(number, (int, float, Decimal)) or not bare or quantity.get("comparator") is not None:
        faults.add(
            "not_a_category",
            f"{place}.value",
            f"{observation.id} is a category, not a measurement",
            f"send valueCodeableConcept, one of: {', '.join(observation.category_ids)}",
        )
        return None
    return number


def answer_in_words(observation: Observation, concept: Resource, keys: Iterable[Key]) -> str | None:
    """The answer that the words of a concept name: every word the same answer, and no code of a public system, which the words may leave out."""
    if any(is_public(key) for key in keys):
        return None
    words = [concept.get("text"), *(coding.get("display") for _, coding in Faults().objects(concept, "coding", ""))]
    answers = {observation.category_by_name.get(word.strip().casefold()) for word in words if isinstance(word, str) and word.strip()}
    return answers.pop() if len(answers) == 1 else None


def _category(observation: Observation, body: Resource, place: str, faults: Faults) -> Any:
    where = f"{place}.value"
    keys = codings(body, "valueCodeableConcept", place, faults)
    names = {c.id for c in observation.categories if not set(keys).isdisjoint(category_keys(observation, c.id))}
    concept = faults.object(body, "valueCodeableConcept", place)
    text = concept.get("text")
    if names:  # words beside a code are not needed; those that name another answer must not be ignored
        words = [text, *(coding.get("display") for _, coding in faults.objects(concept, "coding", f"{place}.valueCodeableConcept"))]
        names |= {observation.category_by_name.get(word.strip().casefold(), "") for word in words if isinstance(word, str)} - {""}
    if len(names) > 1:
        faults.add(
            "codes_disagree",
            where,
            f"{observation.id} has codes or words of different answers: {', '.join(sorted(names))}",
            "give the code of what was observed",
        )
        return None
    if names:
        return names.pop()
    if keys and (answer := answer_in_words(observation, concept, keys)) is not None:
        what = f"{observation.id}: the code of the answer is not known here; its text was read as {answer!r}"
        faults.add("answer_by_text", where, what, "use the codes of docs/fhir.md", warning=True)
        return answer
    if keys or not isinstance(text, str) or not text.strip():
        faults.add(
            "unknown_category",
            where,
            f"none of the codes is an answer of {observation.id}",
            f"allowed: {', '.join(observation.category_ids)}; codes: docs/fhir.md",
        )
        return None
    return text
