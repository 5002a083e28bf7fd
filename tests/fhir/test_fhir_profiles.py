"""Our profiles: each is R4, and every answer keeps its rules; a broken answer is noticed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import ObservationError, charts, load_chart
from mews_newtt.fhir.jsontext import read_json
from mews_newtt.fhir.operations import ews_score
from mews_newtt.fhir.profiles import BY_NAME, PROFILES, faults_in, structure_definition
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.guide import EXAMPLES
from tests.fhir.support import ADULT, MOTHER, TIME, Resource, assert_r4, bundle, find, scored
from tests.fhir.test_fhir_round_trip import sets

BASE = "https://scores.example/fhir/R4"
OF = {profile.resource: profile for profile in PROFILES}


def written(node: Any) -> list[Resource]:
    """Every score, Task and Condition inside an answer."""
    if isinstance(node, list):
        return [found for each in node for found in written(each)]
    if not isinstance(node, dict):
        return []
    kind = node.get("resourceType")
    own = [node] if kind in ("Task", "Condition") or (kind == "Observation" and "derivedFrom" in node) else []
    return own + [found for each in node.values() for found in written(each)]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_a_profile_is_r4_and_names_its_own_elements(profile: Any) -> None:
    found = structure_definition(profile.id, BASE)
    assert found is not None
    assert_r4(found)
    assert found["baseDefinition"].endswith(f"/{profile.resource}") and found["url"] == f"{BASE}/StructureDefinition/{profile.id}"
    paths = [element["path"] for element in found["differential"]["element"]]
    assert len(paths) == len(set(paths)) == len(profile.rules) + 1 and all(path.split(".")[0] == profile.resource for path in paths)


def test_there_is_no_other() -> None:
    assert structure_definition("nonesuch", BASE) is None


@settings(max_examples=15)
@given(data=st.data())
def test_every_answer_keeps_them(data: st.DataObject) -> None:
    chart = data.draw(st.sampled_from([load_chart(name) for name in sorted({chart.id for chart in charts()})]))
    sent = observations_bundle(chart, data.draw(sets(chart)), subject=MOTHER, effective=TIME)
    try:
        answer = ews_score(sent, find, chart=chart.id, version=chart.version)
    except ObservationError:
        return
    for entry in answer.resource["entry"]:
        body = entry["resource"]
        if body["resourceType"] in OF:
            assert faults_in(body, OF[body["resourceType"]]) == []


@pytest.mark.parametrize("name", ["score_answer.json", "local_code_answer.json", "many_answer.json", "course_answer.json"])
def test_every_example_keeps_them(name: str) -> None:
    several = written(read_json((EXAMPLES / name).read_bytes()))
    assert several
    for one in several:
        assert faults_in(one, OF[one["resourceType"]]) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"contained": None}, "contained"),
        ({"category": [{"coding": [{"system": "x", "code": "survey"}]}]}, "category"),
        ({"code": {"coding": [{"code": "x"}]}}, "code.text"),
        ({"valueInteger": 5}, "value[x]"),
        ({"interpretation": []}, "interpretation"),
        ({"device": {"reference": "#other"}}, "device"),
        ({"component": [{"code": {"text": "x"}, "valueBoolean": True}]}, "component.value[x]"),
    ],
)
def test_a_broken_score_is_noticed(change: dict[str, Any], path: str) -> None:
    body = {**deepcopy(scored(bundle(*ADULT)).resource["entry"][0]["resource"]), **change}
    assert path in faults_in(body, BY_NAME["ews-score"])
