"""Test packs as FHIR: each case is a Bundle with its readings and the expected score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.fhir.codes import LEVEL, OURS, SCORE_UNIT, concept, sub_score_key
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.scored import level_of, total_key
from mews_newtt.fhir.write import observations_bundle
from mews_newtt.reading.fhir_parts import Key

CASE = OURS.replace("CodeSystem", "case").rstrip(":")
_POINTS = "expected_points_"


class CaseLike(Protocol):
    """A case of a pack: what is given and expected, as text."""

    @property
    def id(self) -> str: ...
    @property
    def given(self) -> Mapping[str, str]: ...
    @property
    def expected(self) -> Mapping[str, str]: ...
    @property
    def why(self) -> str: ...


class PackLike(Protocol):
    """A test pack."""

    @property
    def cases(self) -> Sequence[CaseLike]: ...


def pack_bundles(pack: PackLike, chart: Chart, *, effective: str | None = None) -> Iterator[Resource]:
    """A collection Bundle for each case: the readings, and an Observation with the score expected of them.

    A case that must be refused, or has no total, carries an expected Observation without a value; its note says what is expected.
    """
    for number, case in enumerate(pack.cases, 1):
        subject = {"reference": f"Patient/case-{number}"}
        bundle = observations_bundle(chart, case.given, subject=subject, effective=effective, name=f"case-{number}")
        expected = expected_observation(chart, case, subject, effective)
        entries = [*bundle.get("entry", ()), {"fullUrl": f"urn:mews-newtt:observation:case-{number}-expected", "resource": expected}]
        yield {"resourceType": "Bundle", "identifier": {"system": CASE, "value": case.id}, "type": "collection", "entry": entries}


def pack_collection(pack: PackLike, chart: Chart, *, effective: str | None = None) -> Resource:
    """A whole pack as one resource: a collection of its cases' Bundles."""
    entries = [{"fullUrl": f"{CASE}-{number}", "resource": bundle} for number, bundle in enumerate(pack_bundles(pack, chart, effective=effective), 1)]
    return {"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})}


def expected_observation(chart: Chart, case: CaseLike, subject: Resource, effective: str | None) -> Resource:
    """The expected score of a case, in the shape that a system under test would send."""
    expected = case.expected
    status, total, level = (expected.get(name, "") for name in ("expected_status", "expected_total", "expected_level"))
    body: Resource = {
        "resourceType": "Observation",
        "status": "final" if status == "complete" else "preliminary",
        "code": concept([total_key(chart)], f"{chart.title} - expected score"),
        "subject": subject,
        "note": [{"text": f"expected: {status or 'nothing said'}. {case.why}"}],
    }
    if effective:
        body["effectiveDateTime"] = effective
    if total:
        body["valueQuantity"] = {"value": int(total), **SCORE_UNIT}
    known = next((each for each in chart.levels if level and level in (each.id, each.title)), None)
    if known:
        body["interpretation"] = [concept([(LEVEL, f"{chart.id}-{known.id}")], level_of(chart, known.id).title)]
    parts = _components(chart, expected)
    if parts:
        body["component"] = parts
    return body


def _components(chart: Chart, expected: Mapping[str, str]) -> list[Resource]:
    """Expected points; for parameters that share a code their sum, where certainly none of them is missing."""
    rows: dict[Key, list[Parameter]] = {}
    for parameter in chart.parameters:
        if parameter.role == "scored":
            rows.setdefault(sub_score_key(chart, parameter, None), []).append(parameter)
    found = []
    for key, sharing in rows.items():
        told = [expected.get(_POINTS + parameter.id, "") for parameter in sharing]
        if any(told) and (all(told) or expected.get("expected_status") == "complete"):
            points = sum(int(each) for each in told if each)
            titles = ", ".join(parameter.title for parameter in sharing)
            found.append({"code": concept([key], f"{chart.title} - {titles}"), "valueQuantity": {"value": points, **SCORE_UNIT}})
    return found
