"""Takes FHIR JSON apart: the entries of a Bundle, codes, persons, and parts with their types checked. It knows no chart.

`mews_newtt/fhir` reads sets of one chart by these parts, and a reading plan reads tables by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mews_newtt.errors import ObservationError, Problem, at_most

Resource = dict[str, Any]
Key = tuple[str, str]  # system and code

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"

READABLE = ("collection", "searchset", "transaction", "document", "batch", "message")
HISTORY = "history"  # a Bundle with every version of each resource; only `$ews-track` reads it
VOID = ("entered-in-error", "cancelled")
RULES = ("modifierExtension", "implicitRules")  # may change the meaning of a resource
MOST_LISTED = 100  # problems of one request that are listed
_SAYS = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
_SAME_SYSTEM = {
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.24": MDC,
    **{f"https{system.removeprefix('http')}": system for system in (SNOMED, LOINC, OBSERVATION_CATEGORY)},
}


class Faults(list[Problem]):
    """The problems of a request, collected so that all are reported at once; and its parts, each checked for its type."""

    def add(self, code: str, where: str, what: str, mend: str, warning: bool = False) -> None:
        self.append(Problem(code, where, what, mend, warning))

    def wrong_type(self, where: str, found: object, wanted: str) -> None:
        self.add("wrong_type", where, f"is {_SAYS.get(type(found), 'something else')}, not {wanted}", "send FHIR R4 JSON")

    def objects(self, body: Mapping[str, Any], key: str, where: str) -> Iterator[tuple[str, Resource]]:
        """The objects of a list, each with its path."""
        found = body.get(key)
        if found is None:
            return
        if not isinstance(found, list):
            self.wrong_type(f"{where}.{key}", found, "a list")
            return
        for number, item in enumerate(found):
            if isinstance(item, dict):
                yield f"{where}.{key}[{number}]", item
            else:
                self.wrong_type(f"{where}.{key}[{number}]", item, "an object")

    def object(self, body: Mapping[str, Any], key: str, where: str) -> Resource:
        found = body.get(key)
        if found is None or isinstance(found, dict):
            return found or {}
        self.wrong_type(f"{where}.{key}", found, "an object")
        return {}

    def text(self, body: Mapping[str, Any], key: str, where: str) -> str:
        found = body.get(key)
        if found is None or isinstance(found, str):
            return found or ""
        self.wrong_type(f"{where}.{key}", found, "text")
        return ""

    def other_rules(self, body: Mapping[str, Any], where: str) -> bool:
        """Whether something here may change the meaning of the resource; each such thing is a problem."""
        found = [key for key in RULES if key in body]
        for key in found:
            self.add("modifier_extension", f"{where}.{key}", "may change the meaning and is not known here", "leave out what carries it")
        return bool(found)

    def raise_errors(self) -> None:
        """Raise ObservationError with all problems but warnings."""
        errors = [problem for problem in self if not problem.warning]
        if errors:
            raise ObservationError(listed(errors))


def listed(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that an answer lists. In FHIR the last one, which counts the others, has its own code."""
    return at_most(problems, "the request", MOST_LISTED, "more_faults")


def entries(bundle: Mapping[str, Any], where: str, faults: Faults, kinds: Sequence[str] = READABLE) -> Iterator[tuple[str, Resource, str]]:
    """The resources of a Bundle of one of these kinds, each with its path and its fullUrl."""
    kind = faults.text(bundle, "type", where)
    if kind not in kinds:
        faults.add("bundle_type", f"{where}.type", f"{kind[:60]!r} is not read here", "send one of: " + ", ".join(kinds))
        return
    faults.other_rules(bundle, where)
    if any(link.get("relation") == "next" for _, link in faults.objects(bundle, "link", where)):
        faults.add("bundle_incomplete", f"{where}.link", "names a next page: readings may be missing here", "send every page, in one Bundle")
    for place, entry in faults.objects(bundle, "entry", where):
        faults.other_rules(entry, place)
        body = faults.object(entry, "resource", place)
        if kind == HISTORY and not body:
            faults.add("entry_deleted", place, "holds no resource, as where one was deleted", "send what was deleted as entered-in-error")
        if faults.text(body, "resourceType", f"{place}.resource") == "Bundle":
            faults.add("bundle_nested", f"{place}.resource", "is a Bundle in a Bundle", "send the Observations of one person in one Bundle")
        elif body:
            if not body.get("resourceType"):
                faults.add("resource_type_missing", f"{place}.resource", "does not say what it is", "send its resourceType, such as Observation")
            yield f"{place}.resource", body, faults.text(entry, "fullUrl", place)


def tail_of(body: Mapping[str, Any]) -> str:
    kind, name = body.get("resourceType"), body.get("id")
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) and name else ""


class Holder:
    """The resource around a reference: `#p` refers to a resource contained in it, and only there."""

    def __init__(self, body: Mapping[str, Any], aliases: Mapping[str, str]):
        self.aliases = aliases
        inside = body.get("contained")
        every = [one for one in inside if isinstance(one, dict) and isinstance(one.get("id"), str)] if isinstance(inside, list) else []
        self._inside: dict[str, Resource] = {}
        for one in every:
            self._inside.setdefault(f"#{one['id']}", one)
        self._keys: dict[str, str] = {}

    def contained(self, reference: str) -> Resource:
        return self._inside.get(reference, {})

    def key(self, reference: str, place: str) -> str:
        """A key for a contained person: everything that is said of them."""
        person = self.contained(reference)
        if not person:
            return f"{place}{reference}"
        if reference not in self._keys:
            self._keys[reference] = f"#{json.dumps(person, ensure_ascii=False, default=str)}"
        return self._keys[reference]


def subject_key(subject: Resource, holder: Holder, place: str, faults: Faults) -> str:
    """A key for a person. A person contained twice is the same one where everything said of them is the same."""
    reference, identifier = faults.text(subject, "reference", place), subject.get("identifier")
    if reference.startswith("#"):
        return holder.key(reference, place)
    if reference:
        plain = reference.split("/_history/")[0]
        return holder.aliases.get(plain, plain)
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        return f"{identifier.get('system')}|{identifier['value']}"
    return ""


def codings(body: Mapping[str, Any], key: str, place: str, faults: Faults) -> list[Key]:
    """The codes of a CodeableConcept, as far as they name their system."""
    found = faults.object(body, key, place)
    keys = (key_of(coding) for _, coding in faults.objects(found, "coding", f"{place}.{key}"))
    return [each for each in keys if each is not None]


def key_of(coding: Mapping[str, Any]) -> Key | None:
    """System and code of a Coding, where it has both."""
    system, code = coding.get("system"), coding.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return None
    plain = system.rstrip("/")
    return _SAME_SYSTEM.get(plain, plain), code
