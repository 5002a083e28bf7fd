"""Which code means which parameter. Codes come from the rules; where the rules have none, there is a code of our own with the full text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, Observation, Parameter, Table
from mews_newtt.reading.coded_names import CATEGORY, OURS, PARAMETER, category_keys, coded_names, known_unit, named_by_categories, parameter_keys
from mews_newtt.reading.fhir_parts import LOINC, MDC, OBSERVATION_CATEGORY, SNOMED, Key

__all__ = ["CATEGORY", "OURS", "PARAMETER", "category_keys", "known_unit", "named_by_categories", "parameter_keys"]  # the part that plans read too

UCUM = "http://unitsofmeasure.org"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
VITAL_SIGNS = (OBSERVATION_CATEGORY, "vital-signs")

# More systems of our own: content in docs/fhir.md, and as CodeSystem resources of the service.
SCORE = OURS + "score"  # code: <chart id>-total, <chart id>-<parameter id>, ...
LEVEL = OURS + "level"  # code: <chart id>-<level id>
SKIP = OURS + "skip-reason"  # code: a skip code of the chart, or `other` with text
PROBLEM = OURS + "problem"  # code: the code of a Problem

SCORE_UNIT = {"unit": "ScoreOf", "system": UCUM, "code": "{ScoreOf}"}  # fixed by UK Core
OTHER = "other"
# The panel that holds both pressures: UK Core vital signs.
PRESSURE_PANEL_KEYS = ((SNOMED, "75367002"), (LOINC, "85354-9"))
PRESSURE_PANEL = {"coding": [{"system": system, "code": code} for system, code in PRESSURE_PANEL_KEYS], "text": "Blood pressure"}
PRESSURES = ("8480-6", "8462-4")  # LOINC codes of its components, in their order
OTHER_PANELS = ((LOINC, "55284-4"), (MDC, "150020"))  # of C-CDA and of devices: asked for, never written
# Amounts of oxygen; oxygen.py decides what they say about air or oxygen.
SUPPORT = "air_or_oxygen"
FLOW, PERCENT = "oxygen_flow", "oxygen_percent"
AMOUNTS = {SUPPORT: (FLOW, PERCENT)}
AGE = "age_years"


class SubScore(NamedTuple):
    """The meaning of a sub-score's code: the parameters that share it, and the tables that it names."""

    parameters: tuple[str, ...]
    tables: tuple[Table, ...]


class Codes:
    """The codes of one chart's inputs and scores."""

    def __init__(self, chart: Chart):
        self.chart = chart
        self.observations: Mapping[str, Observation] = chart.observations
        self.parameter, self.category = coded_names(chart)
        self.total: set[Key] = {(SCORE, total_code(chart))} | ({(SNOMED, chart.snomed_total)} if chart.snomed_total else set())
        self.sub_scores: dict[Key, SubScore] = {}
        for parameter in chart.parameters:
            if parameter.role == "scored":
                self._add(parameter, (SCORE, f"{chart.id}-{parameter.id}"), ())
                if parameter.snomed:
                    self._add(parameter, (SNOMED, parameter.snomed), ())
                for table in parameter.tables:
                    if table.snomed:
                        self._add(parameter, (SNOMED, table.snomed), (table,))

    def _add(self, parameter: Parameter, key: Key, tables: tuple[Table, ...]) -> None:
        known = self.sub_scores.get(key, SubScore((), ()))
        names = known.parameters if parameter.id in known.parameters else (*known.parameters, parameter.id)
        self.sub_scores[key] = SubScore(names, known.tables + tables)

    def reads(self, name: str) -> bool:
        """Whether the chart reads a parameter, or an amount of oxygen tells what the chart asks (air or oxygen)."""
        return name in self.chart.by_id or (name in AMOUNTS[SUPPORT] and SUPPORT in self.chart.by_id)

    def is_score(self, keys: Iterable[Key]) -> bool:
        """Whether a concept is a total or a sub-score of this chart, and so not a reading."""
        return any(key in self.total or key in self.sub_scores for key in keys)


def is_public(key: Key) -> bool:
    """Whether a code is of a public system or of ours. Where such a code is unknown, its text may leave out what the code says."""
    return key[0] in (SNOMED, LOINC, MDC) or key[0].startswith(OURS)


def codes_of(chart: Chart) -> Codes:
    """The chart's codes, looked up once."""
    found = chart.memo.get("fhir_codes")
    if not isinstance(found, Codes):
        found = chart.memo["fhir_codes"] = Codes(chart)
    return found


def total_code(chart: Chart) -> str:
    """Our own code of a chart's total, or of its level where it has no points."""
    return f"{chart.id}-total" if chart.has_points else f"{chart.id}-level"


def sub_score_key(chart: Chart, parameter: Parameter, table: Table | None) -> Key:
    """The code of a row's points: its SNOMED CT code, else our own."""
    snomed = (table.snomed if table else None) or parameter.snomed
    return (SNOMED, snomed) if snomed else (SCORE, f"{chart.id}-{parameter.id}")


def concept(keys: Iterable[Key], text: str) -> dict[str, Any]:
    """A CodeableConcept. This software keeps no display texts of other code systems, so it gives none."""
    return {"coding": [{"system": system, "code": code} for system, code in keys], "text": text}
