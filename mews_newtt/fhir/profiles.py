"""The profiles of what this software writes, as StructureDefinitions: the rules beyond base R4 that every answer keeps. Tests hold answers to them.

A complete, certain score claims UK Core's profile as well. These are for everything that is written, partial and preliminary scores too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mews_newtt import __version__
from mews_newtt.fhir.capability import FHIR_VERSION, WRITTEN
from mews_newtt.fhir.codes import LEVEL
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.reading.fhir_parts import OBSERVATION_CATEGORY

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-"


class Rule(NamedTuple):
    """One rule of a profile.

    path : below the resource, such as `component.code`
    least, most : how often, as FHIR writes it; None leaves what base R4 says
    types : those that are allowed of `value[x]` and `effective[x]`
    pattern : what the element must hold at least
    """

    path: str
    says: str
    least: int | None = None
    most: str | None = None
    types: tuple[str, ...] = ()
    pattern: Any = None


class Profile(NamedTuple):
    """A profile of one resource."""

    id: str
    resource: str
    title: str
    says: str
    rules: tuple[Rule, ...]


def _category(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


PROFILES = (
    Profile(
        "ews-score",
        "Observation",
        "Early warning score",
        "The score of one set, also a partial or preliminary one. It says which software and which chart it comes from. A final score of a known "
        "person at a known time claims UK Core's EarlyWarningTotalScore too.",
        (
            Rule("contained", "The software and the chart: a Device with versions, the chart's status and its content hash", 1, "1"),
            Rule("status", "final, or preliminary where the set is partial or something is in doubt", 1),
            Rule("category", "A survey", 1, "1", pattern=_category(OBSERVATION_CATEGORY, "survey")),
            Rule("code", "The total of the chart, or its level where it gives no points; always with the chart's name as text", 1),
            Rule("code.text", "The chart's name in full", 1),
            Rule("value[x]", "The total in {ScoreOf}, or the level; absent where the set is partial", types=("Quantity", "CodeableConcept")),
            Rule("dataAbsentReason", "Only where the set is partial: which readings are missing", most="1"),
            Rule("interpretation", "The level; of a partial set the least, then the highest level possible", 1, "2"),
            Rule("interpretation.coding", "A level of the chart", 1, "1", pattern={"system": LEVEL}),
            Rule("note", "Why it is not final, the result in words, its reasons, and warnings", 1),
            Rule("device", "The contained Device", 1, pattern={"reference": "#engine"}),
            Rule("component.code.text", "The chart's name and the parameter's title", 1),
            Rule(
                "component.value[x]",
                "Points in {ScoreOf}; the bounds of a partial total; words where the chart gives no points",
                types=("Quantity", "Range", "string"),
            ),
        ),
    ),
    Profile(
        "ews-response",
        "Task",
        "Proposed response",
        "What the chart asks for at the level that is reached, in the chart's words. A proposal: this software orders nothing.",
        (
            Rule("status", "Never more than a draft", pattern="draft"),
            Rule("intent", "Never more than a proposal", pattern="proposal"),
            Rule("priority", "No chart gives one", most="0"),
            Rule("description", "Chart, level, response and times", 1),
            Rule("focus", "The score", 1),
            Rule("reasonReference", "The score", 1),
        ),
    ),
    Profile(
        "ews-concern",
        "Condition",
        "Concern",
        "A concern that counts, as an unconfirmed item of the problem list.",
        (
            Rule("clinicalStatus", "Active", 1, pattern=_category(_CLINICAL + "clinical", "active")),
            Rule(
                "verificationStatus",
                "Unconfirmed: somebody is worried, and nobody has looked yet",
                1,
                pattern=_category(_CLINICAL + "ver-status", "unconfirmed"),
            ),
            Rule("category", "An item of the problem list", 1, "1", pattern=_category(_CLINICAL + "category", "problem-list-item")),
            Rule("code.text", "Whose concern, and what they said", 1),
        ),
    ),
)
BY_NAME: Mapping[str, Profile] = {profile.id: profile for profile in PROFILES}


def structure_definition(name: str, base: str) -> Resource | None:
    """The StructureDefinition of a profile at this address; None where there is none of that name."""
    profile = BY_NAME.get(name)
    if profile is None:
        return None
    return {
        "resourceType": "StructureDefinition",
        "id": profile.id,
        "url": f"{base}/StructureDefinition/{profile.id}",
        "version": __version__,
        "name": "".join(part.capitalize() for part in profile.id.split("-")),
        "title": profile.title,
        "status": "active",
        "date": WRITTEN,
        "description": f"{profile.says} Not a registered medical device.",
        "fhirVersion": FHIR_VERSION,
        "kind": "resource",
        "abstract": False,
        "type": profile.resource,
        "baseDefinition": f"{_BASE}{profile.resource}",
        "derivation": "constraint",
        "differential": {"element": [{"id": profile.resource, "path": profile.resource}, *_elements(profile)]},
    }


def _elements(profile: Profile) -> Iterator[Resource]:
    kinds = {"category": "CodeableConcept", "interpretation.coding": "Coding", "device": "Reference"}
    for rule in profile.rules:
        path = f"{profile.resource}.{rule.path}"
        element: Resource = {"id": path, "path": path, "short": rule.says}
        if rule.least is not None:
            element["min"] = rule.least
        if rule.most is not None:
            element["max"] = rule.most
        if rule.types:
            element["type"] = [{"code": kind} for kind in rule.types]
        if rule.pattern is not None:
            kind = "Code" if isinstance(rule.pattern, str) else kinds.get(rule.path, "CodeableConcept")
            element[f"pattern{kind}"] = rule.pattern
        yield element


def faults_in(resource: Mapping[str, Any], profile: Profile) -> list[str]:
    """Where a resource breaks the rules of a profile: the paths."""
    return [rule.path for rule in profile.rules if not _kept(resource, rule)]


def _kept(resource: Mapping[str, Any], rule: Rule) -> bool:
    *parents, last = rule.path.split(".")
    holders: list[Mapping[str, Any]] = [resource]
    for name in parents:
        holders = [one for holder in holders for one in _listed(holder.get(name))]
    return all(_holds(holder, last, rule) for holder in holders)


def _holds(holder: Mapping[str, Any], name: str, rule: Rule) -> bool:
    if name.endswith("[x]"):
        stem = name.removesuffix("[x]")
        found = [key for key in holder if key.startswith(stem)]
        return len(found) <= 1 and {key.removeprefix(stem) for key in found} <= {kind[0].upper() + kind[1:] for kind in rule.types}
    values = _listed(holder.get(name))
    if len(values) < (rule.least or 0) or (rule.most is not None and rule.most != "*" and len(values) > int(rule.most)):
        return False
    return rule.pattern is None or all(_has(value, rule.pattern) for value in values)


def _has(value: Any, pattern: Any) -> bool:
    """Whether a value holds everything that a pattern holds."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(name in value and _has(value[name], each) for name, each in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(_has(one, each) for one in value) for each in pattern)
    return bool(value == pattern)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
