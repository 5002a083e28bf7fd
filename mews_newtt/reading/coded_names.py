"""Which code means which parameter or category of a chart, and which unit a text names. The codes come from the rules.

FHIR sets and reading plans ask here; `fhir/codes.py` adds what only FHIR needs.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.reading.fhir_parts import LOINC, MDC, SNOMED, Key

OURS = "urn:mews-newtt:CodeSystem:"
PARAMETER = OURS + "parameter"  # code: the parameter's id
CATEGORY = OURS + "category"  # code: <parameter id>.<category id>
_ANNOTATION = re.compile(r"\{[^{}]*\}")


class CodedNames(NamedTuple):
    """By system and code: the parameter, and the parameter with its category."""

    parameter: dict[Key, str]
    category: dict[Key, tuple[str, str]]


def coded_names(chart: Chart) -> CodedNames:
    """The codes of every observation of a chart. A code that two parameters share means the chart's own one."""
    found = CodedNames({}, {})
    others = (one for one in chart.observations.values() if one.id not in chart.by_id)
    for observation in (*(parameter.observation for parameter in chart.parameters), *others):
        for key in parameter_keys(observation):
            found.parameter.setdefault(key, observation.id)
        for category in observation.categories:
            for key in category_keys(observation, category.id):
                found.category.setdefault(key, (observation.id, category.id))
    return found


def parameter_keys(observation: Observation) -> list[Key]:
    """Every code that names a parameter, preferred first."""
    public = ((SNOMED, observation.snomed), (LOINC, observation.loinc), (MDC, observation.mdc))
    return [*((system, code) for system, codes in public for code in codes), (PARAMETER, observation.id)]


def category_keys(observation: Observation, name: str) -> list[Key]:
    """Every code that names one answer of a categorical parameter, preferred first."""
    answer = next(category for category in observation.categories if category.id == name)
    public = ((SNOMED, answer.snomed), (LOINC, answer.loinc))
    return [*((system, code) for system, code in public if code), (CATEGORY, f"{observation.id}.{name}")]


def named_by_categories(observation: Observation) -> bool:
    """Whether the answers have the codes: `breathing room air` is then the code of an Observation without a value."""
    return bool(observation.categories) and not observation.snomed and not observation.loinc and all(c.snomed for c in observation.categories)


def known_unit(observation: Observation, given: str) -> str | None:
    """The UCUM code of a unit that the parameter can be given in; annotations such as {Breaths} say nothing about the unit."""
    return observation.unit_named(given) or observation.unit_named(_ANNOTATION.sub("", given))
