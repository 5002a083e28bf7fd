"""A Score as FHIR: the Observation of UK Core's EarlyWarningTotalScore, a proposed Task, a concern for the problem list."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from mews_newtt import __version__
from mews_newtt.chart.model import Chart, Level
from mews_newtt.fhir.codes import ABSENT, LEVEL, SCORE, SCORE_UNIT, concept, sub_score_key, total_code
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.readings import Readings
from mews_newtt.fhir.times import fhir_time, later
from mews_newtt.reading.fhir_parts import OBSERVATION_CATEGORY, SNOMED, Key
from mews_newtt.scoring.concerns import CONCERNS, raised_concerns
from mews_newtt.scoring.result import ParameterScore, Score

PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-EarlyWarningTotalScore"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def score_bundle(result: Score, readings: Readings, *, issued: str | None = None) -> Resource:
    """A collection: the score, a proposed Task where a level above the first is reached, concerns, and what was left out.

    The same set, chart and `issued` give the same bytes; nothing here looks at a clock.
    """
    score = score_observation(result, readings, issued=issued)
    name = "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, write_json(score)))
    entries = [{"fullUrl": name, "resource": score}]
    task = proposed_task(result, readings, name, issued=issued)
    others = [*([task] if task else []), *concerns(result, readings)]
    if readings.notes:
        others.append(operation_outcome(readings.notes))
    for number, resource in enumerate(others):
        entries.append({"fullUrl": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{number}")), "resource": resource})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def score_observation(result: Score, readings: Readings, *, issued: str | None = None) -> Resource:
    """The score in UK Core's shape.

    A partial set has no plain value: `dataAbsentReason` instead, a component with the range the total must lie in, status preliminary,
    and it does not claim the profile. Nor does a chart without points (its value is the level), nor a score whose person or time is not known.
    A score with a doubt (an Observation that was not read may be a reading; a time of day is not known) is preliminary too, and says why.
    """
    chart, complete = result.chart, result.status == "complete"
    final = complete and not readings.doubts
    effective = _effective(readings)
    keeps_profile = final and result.total is not None and readings.subject is not None and bool(effective)
    level = level_of(chart, result.level)
    body: Resource = {"resourceType": "Observation"}
    if keeps_profile:
        body["meta"] = {"profile": [PROFILE]}
    body["contained"] = [engine_device(chart)]
    body["status"] = "final" if final else "preliminary"
    body["category"] = [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "survey"}]}]
    body["code"] = concept([total_key(chart)], f"{chart.title} - {'total score' if chart.has_points else 'level'}")
    if readings.subject is not None:
        body["subject"] = readings.subject
    body |= effective
    if issued:
        body["issued"] = issued
    if not complete:
        body["dataAbsentReason"] = {
            "coding": [{"system": ABSENT, "code": "unknown"}],
            "text": _plain(f"partial set; missing: {', '.join(result.missing) or 'none'}; skipped: {', '.join(result.skipped) or 'none'}"),
        }
    elif result.total is not None:
        body["valueQuantity"] = {"value": result.total, **SCORE_UNIT}
    else:
        body["valueCodeableConcept"] = _level_concept(chart, level)
    reached = [level] if result.level == result.level_max else [level, level_of(chart, result.level_max)]
    body["interpretation"] = [
        _level_concept(chart, each, "" if len(reached) == 1 else f"{prefix} level: ")
        for each, prefix in zip(reached, ("least", "highest possible"), strict=False)
    ]
    body["note"] = [
        {"text": _plain(text)}
        for text in (
            *(f"Not final: {doubt.what}" for doubt in readings.doubts),
            result.says,
            *(f"{level_of(chart, r.level).title}: {r.says}" for r in result.reasons),
            *result.warnings,
        )
    ]
    body["device"] = {"reference": "#engine"}
    derived = list(dict.fromkeys(readings.references[name] for name in readings.places if name in readings.references))
    if derived:
        body["derivedFrom"] = [{"reference": reference} for reference in derived]
    components = _components(result)
    if components:
        body["component"] = components
    return body


def engine_device(chart: Chart) -> Resource:
    """The software and the chart behind the score."""
    versions = (("engine", __version__), ("chart", f"{chart.id} {chart.version}"), ("chart status", chart.status), ("chart sha256", chart.sha256))
    return {
        "resourceType": "Device",
        "id": "engine",
        "deviceName": [{"name": "mews_newtt", "type": "model-name"}],
        "version": [{"type": {"text": kind}, "value": value} for kind, value in versions],
    }


def sub_scores(result: Score) -> dict[Key, list[ParameterScore]]:
    """The parameters that count towards the total, by the code of their sub-score; on some charts several parameters share a code."""
    found: dict[Key, list[ParameterScore]] = {}
    for row in result.parameters:
        if row.role == "scored" and (row.band is not None or row.points is not None or row.points_max is not None or row.missing):
            found.setdefault(sub_score_key(result.chart, result.chart.by_id[row.id], row.table), []).append(row)
    return found


def points_of(rows: Iterable[ParameterScore]) -> int | None:
    """The points of parameters that share a sub-score; None while one of them is missing."""
    points = [row.points for row in rows]
    known = [each for each in points if each is not None]
    return sum(known) if known and len(known) == len(points) else None


def proposed_task(result: Score, readings: Readings, score: str, *, issued: str | None = None) -> Resource | None:
    """A Task that proposes the chart's response for its level, in the chart's words and times. This software does not order anything."""
    chart = result.chart
    if not result.level or not chart.level_rank[result.level]:
        return None
    level = level_of(chart, result.level)
    told = [
        ("response", level.response),
        ("review", level.review and level.review.says),
        ("repeat observations", level.reobserve and level.reobserve.says),
    ]
    body: Resource = {
        "resourceType": "Task",
        "status": "draft",
        "intent": "proposal",
        "code": {"text": "Respond to an early warning score"},
        "description": _plain(f"{chart.title}: level {level.title}" + "".join(f"; {kind}: {says}" for kind, says in told if says)),
        "focus": {"reference": score},
        "reasonReference": {"reference": score},
    }
    if readings.subject is not None:
        body["for"] = readings.subject
    if issued:
        body["authoredOn"] = issued
    minutes = level.review.within_minutes if level.review else None
    end = later(readings.effective[1], minutes) if minutes is not None and readings.effective else None
    if end:
        body["restriction"] = {"period": {"end": end}}
    inputs = [{"type": {"text": kind}, "valueString": says} for kind, says in told if says]
    if inputs:
        body["input"] = inputs
    return body


def concerns(result: Score, readings: Readings) -> list[Resource]:
    """Concerns that raise the level or the total, as unconfirmed problem-list items; none where the person is not known.

    What a person is worried about goes to the problem list: Digital Maternity Record Standard.
    """
    found = []
    for row in raised_concerns(result, CONCERNS) if readings.subject is not None else ():
        body: Resource = {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "unconfirmed"}]},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}]}],
            "code": {"text": f"{row.title}: {_answer(result.chart, row)}"},
            "subject": readings.subject,
        }
        if row.id in readings.references:
            body["evidence"] = [{"detail": [{"reference": readings.references[row.id]}]}]
        found.append(body)
    return found


def _answer(chart: Chart, row: ParameterScore) -> str:
    return next((category.title for category in chart.by_id[row.id].observation.categories if category.id == row.value), str(row.value))


def _components(result: Score) -> list[Resource]:
    chart = result.chart
    found: list[Resource] = []
    for key, rows in sub_scores(result).items():
        part: Resource = {"code": concept([key], f"{chart.title} - {', '.join(row.title for row in rows)}")}
        points = points_of(rows)
        if not chart.has_points:
            found.append(part | ({"valueString": _plain(rows[0].says)} if rows[0].value is not None else _unknown(rows)))
        elif points is not None:
            found.append(part | {"valueQuantity": {"value": points, **SCORE_UNIT}})
        else:
            found.append(part | _unknown(rows))
    if result.status != "complete" and result.total_min is not None and result.total_max is not None:
        bounds = {"low": {"value": result.total_min, **SCORE_UNIT}, "high": {"value": result.total_max, **SCORE_UNIT}}
        found.append(
            {"code": concept([(SCORE, f"{chart.id}-total-bounds")], f"{chart.title} - least and greatest possible total"), "valueRange": bounds}
        )
    return found


def _unknown(rows: Iterable[ParameterScore]) -> Resource:
    return {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": "unknown"}], "text": _plain("; ".join(row.says for row in rows))}}


def total_key(chart: Chart) -> Key:
    return (SNOMED, chart.snomed_total) if chart.snomed_total else (SCORE, total_code(chart))


def level_of(chart: Chart, name: str | None) -> Level:
    return next(level for level in chart.levels if level.id == name)


def _level_concept(chart: Chart, level: Level, prefix: str = "") -> Resource:
    return concept([(LEVEL, f"{chart.id}-{level.id}")], prefix + level.title)


def _effective(readings: Readings) -> dict[str, Any]:
    if readings.effective is None:
        return {}
    first, last = (fhir_time(text) for text in readings.effective)
    return {"effectiveDateTime": first} if first == last else {"effectivePeriod": {"start": first, "end": last}}


def _plain(text: str) -> str:
    """Text without the control characters that FHIR forbids."""
    return _UNPRINTABLE.sub(" ", text)
