"""Writes an observation set as a Bundle of Observations, in the shapes of UK Core; `readings` reads the same set back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.fhir.codes import (
    OTHER,
    PRESSURE_PANEL,
    PRESSURES,
    SKIP,
    UCUM,
    category_keys,
    codes_of,
    concept,
    known_unit,
    named_by_categories,
    parameter_keys,
)
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.reading.fhir_parts import LOINC, SNOMED
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.reading.values import SKIP_PREFIX

_NUMBER_AND_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*(.*)", re.ASCII | re.DOTALL)


def observations_bundle(
    chart: Chart, given: ObservationSet | Mapping[str, Any], *, subject: Resource | None = None, effective: str | None = None, name: str = "set"
) -> Resource:
    """A collection of Observations, one for each reading and each skip reason; both pressures in one panel.

    Parameters
    ----------
    given : an ObservationSet, or parameter id to text as a file of cases has it. Text that is not a number stays text, and is refused when read.
    subject : a Reference to the person, put into every Observation
    effective : the FHIR dateTime of the readings
    name : the ids of the Observations start with it
    """
    known = codes_of(chart).observations
    values = _raw_of(given)
    bodies: dict[str, Resource] = {}
    for parameter, raw in values.items():
        skipped = parameter.removeprefix(SKIP_PREFIX)
        if parameter in known:
            bodies[parameter] = _reading(known[parameter], raw)
        elif skipped != parameter and skipped in known:
            bodies.setdefault(skipped, {"code": _code(known[skipped])})["dataAbsentReason"] = _absent(chart, skipped, str(raw))
    _join_pressures(known, bodies)
    about: Resource = {**({"subject": subject} if subject else {}), **({"effectiveDateTime": effective} if effective else {})}
    entries = []
    for parameter, body in bodies.items():
        own = re.sub(r"[^A-Za-z0-9.-]", "-", f"{name}-{parameter}")[-64:]
        resource = {"resourceType": "Observation", "id": own, "status": "final", "code": body.pop("code"), **about, **body}
        entries.append({"fullUrl": f"urn:mews-newtt:observation:{own}", "resource": resource})
    return {"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})}


def _raw_of(given: ObservationSet | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, ObservationSet):
        return {name: raw for name, raw in given.items() if raw is not None and str(raw).strip()}
    read = {
        name: {"value": reading.given, "unit": reading.unit_given}
        if reading.unit_given and not reading.given.endswith(reading.unit_given)
        else reading.given
        for name, reading in given.readings.items()
    }
    return {**read, **{SKIP_PREFIX + name: reason for name, reason in given.skipped.items()}}


def _code(observation: Observation) -> Resource:
    """The preferred code of each code system; our own only where there is no other."""
    keys = parameter_keys(observation)
    chosen = [next((key for key in keys if key[0] == system), None) for system in (SNOMED, LOINC)]
    return concept([key for key in chosen if key] or keys[-1:], observation.title)


def _reading(observation: Observation, raw: Any) -> Resource:
    if observation.numeric:
        number, unit = _split(raw)
        if number is None:
            return {"code": _code(observation), "valueString": str(raw)}
        quantity: Resource = {"value": number}
        ucum = known_unit(observation, unit or observation.unit)
        if ucum:
            quantity |= {"unit": ucum, "system": UCUM, "code": ucum}
        elif unit:
            quantity["unit"] = unit
        return {"code": _code(observation), "valueQuantity": quantity}
    text = str(raw).strip()
    answer = observation.category_by_name.get(text.casefold())
    if answer is None:
        return {"code": _code(observation), "valueString": text}
    title = next(category.title for category in observation.categories if category.id == answer)
    coded = concept(category_keys(observation, answer)[:1], title)
    return {"code": coded} if named_by_categories(observation) else {"code": _code(observation), "valueCodeableConcept": coded}


def _split(raw: Any) -> tuple[Decimal | None, str]:
    """Number and unit of a reading as it is written."""
    if isinstance(raw, Mapping):
        number, unit = _split(raw.get("value"))
        return number, unit or str(raw.get("unit") or "").strip()
    found = _NUMBER_AND_UNIT.fullmatch(str(raw).strip())
    if found is None or re.match(r"[\d.,]", found[2]):
        return None, ""
    return Decimal(found[1]), found[2].strip()


def _absent(chart: Chart, name: str, reason: str) -> Resource:
    parameter = chart.by_id.get(name)
    coded = next((skip for skip in parameter.skips if skip.code.casefold() == reason.strip().casefold()), None) if parameter else None
    return concept([(SKIP, coded.code if coded else OTHER)], coded.says if coded else reason)


def _join_pressures(known: Mapping[str, Observation], bodies: dict[str, Resource]) -> None:
    """Systolic and diastolic as components of one panel, in the place of the first."""
    pair = [next((name for name in bodies if loinc in known[name].loinc), None) for loinc in PRESSURES]
    names = [name for name in pair if name is not None]
    if len(names) < 2:
        return
    parts = [bodies[name] for name in names]
    joined = {name: body for name, body in bodies.items() if name not in names}
    bodies.clear()
    bodies.update({"blood-pressure": {"code": PRESSURE_PANEL, "component": parts}, **joined})
