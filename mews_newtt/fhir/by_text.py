"""Observations with local codes, read by their text where it is the exact name of one parameter and the value fits. The score then is not final."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Observation
from mews_newtt.fhir.bundle import Content, FoundObservation
from mews_newtt.fhir.codes import PARAMETER, Codes, category_keys, is_public, known_unit
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.unread import SHORT, names_of, spoken_names, words_of
from mews_newtt.fhir.values import answer_in_words
from mews_newtt.reading.fhir_parts import Faults, codings, key_of


class Named(NamedTuple):
    """A body whose text names a parameter."""

    row: str
    place: str
    called: str


def read_by_text(codes: Codes, given: Content) -> Content:
    """The same content, with our own code added to every Observation and component that its text names.

    A parameter that any Observation of the request has with a known code is not read by text, nor one that two different Observations of the
    same moment would name.
    """
    candidates = [(found, list(_named(codes, found))) for found in given.observations]
    wanted = {one.row for _, several in candidates for one in several}
    if not wanted:
        return given
    coded = {row for found in given.observations for row in _coded(codes, found)}
    moments: dict[tuple[str, tuple[str, ...]], Resource] = {}
    twice: set[str] = set()
    for found, several in candidates:
        for one in several:
            first = moments.setdefault((one.row, found.effective), found.body)
            twice |= {one.row} if first is not found.body and first != found.body else set()
        rows = [one.row for one in several]
        twice |= {row for row in rows if rows.count(row) > 1}
    read = wanted - coded - twice
    by_text: dict[str, str] = {}
    observations = []
    for found, several in candidates:
        kept = [one for one in several if one.row in read]
        by_text |= {f"{one.place}.value": one.called for one in kept}
        observations.append(_with_codes(found, kept) if kept else found)
    return given._replace(observations=tuple(observations), by_text=by_text)


def _parts(found: FoundObservation) -> Iterator[tuple[str, Resource]]:
    yield found.place, found.body
    if "component" in found.body:
        yield from Faults().objects(found.body, "component", found.place)


def _coded(codes: Codes, found: FoundObservation) -> Iterator[str]:
    for place, body in _parts(found):
        for key in codings(body, "code", place, Faults()):
            if key in codes.parameter:
                yield codes.parameter[key]
            elif key in codes.category:
                yield codes.category[key][0]


def _named(codes: Codes, found: FoundObservation) -> Iterator[Named]:
    if "specimen" in found.body:  # of a laboratory: glucose of urine is called glucose, too
        return
    for place, body in _parts(found):
        if _is_coded(body):
            continue
        names = spoken_names(body)
        rows = {_row(codes, name) for name in names}
        row = rows.pop() if len(rows) == 1 else None
        if row is not None and _fits(codes.observations[row], body, place):
            yield Named(row, place, names[0])


def _is_coded(body: Resource) -> bool:
    """Whether there is a code of a public system or of ours. Nearly every Observation has one: this is quick."""
    code = body.get("code")
    several = code.get("coding") if isinstance(code, dict) else None
    keys = [key_of(each) for each in several if isinstance(each, dict)] if isinstance(several, list) else []
    return any(key is not None and is_public(key) for key in keys)


def _row(codes: Codes, name: str) -> str | None:
    """The parameter of the chart whose name this is; None for a short name, and for one that several observations have."""
    table = codes.chart.memo.get("fhir_names")
    if table is None:
        found: dict[str, set[str]] = {}
        for observation in codes.observations.values():
            for each in names_of(observation):
                found.setdefault(each, set()).add(observation.id)
        table = {each: next(iter(ids)) for each, ids in found.items() if len(ids) == 1 and len(each.strip()) > SHORT}
        codes.chart.memo["fhir_names"] = table
    row = table.get(words_of(name))
    return row if row in codes.chart.by_id else None


def _fits(observation: Observation, body: Mapping[str, Any], place: str) -> bool:
    """Whether the value is one of this parameter, beyond doubt: a number with its unit, or one of its answers in words."""
    if "dataAbsentReason" in body:
        return False
    values = [key for key in body if key.startswith("value") and body[key] is not None]
    quiet = Faults()
    if observation.numeric:
        quantity = quiet.object(body, "valueQuantity", place) if values == ["valueQuantity"] else {}
        units = [quantity[key] for key in ("code", "unit") if isinstance(quantity.get(key), str)]
        return bool(units) and all(known_unit(observation, unit.strip()) for unit in units)
    if values == ["valueCodeableConcept"]:
        concept, keys = quiet.object(body, values[0], place), codings(body, values[0], place, quiet)
        known = {answer.id for answer in observation.categories if not set(keys).isdisjoint(category_keys(observation, answer.id))}
        return len(known) == 1 or answer_in_words(observation, concept, keys) is not None
    text = body.get("valueString") if values == ["valueString"] else None
    return isinstance(text, str) and text.strip().casefold() in observation.category_by_name


def _with_codes(found: FoundObservation, named: list[Named]) -> FoundObservation:
    rows = {one.place: one.row for one in named}
    body = dict(found.body)
    if found.place in rows:
        body["code"] = _coded_as(body["code"], rows[found.place])
    if isinstance(body.get("component"), list):
        parts = [(f"{found.place}.component[{number}]", part) for number, part in enumerate(body["component"])]
        body["component"] = [{**part, "code": _coded_as(part["code"], rows[place])} if place in rows else part for place, part in parts]
    return found._replace(body=body)


def _coded_as(code: Resource, row: str) -> Resource:
    coding = code.get("coding")
    return {**code, "coding": [*(coding if isinstance(coding, list) else []), {"system": PARAMETER, "code": row}]}
