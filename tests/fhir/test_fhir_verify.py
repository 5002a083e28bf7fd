"""$ews-verify: is the score in this Bundle right? Shapes of UK Core and of the older guides; the published example is wrong."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from mews_newtt import ObservationError, charts, load_chart
from mews_newtt.fhir.operations import ews_verify
from mews_newtt.fhir.verify import LARGEST
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import ADULT, MOTHER, TIME, Resource, bundle, coded, find, observation, parts, quantity, scored, verified

TOTAL = "1104051000000101"
PUBLISHED = {"1104301000000104": 2, "1104351000000103": 1, "1104311000000102": 2, "1104331000000105": 0, "1104371000000107": 1, "1104341000000101": 0, "1104361000000100": 0}


def stated(total: Any, points: dict[str, int], **more: Any) -> Resource:
    """A total as UK Core has it, with components."""
    components = [{"code": coded(code), "valueQuantity": quantity(each, "{ScoreOf}", "ScoreOf")} for code, each in points.items()]
    more = {"valueQuantity": quantity(total, "{ScoreOf}", "ScoreOf"), **({"component": components} if components else {}), **more}
    return observation(coded(TOTAL), **{name: value for name, value in more.items() if value is not None})


def test_the_published_uk_core_example_is_wrong() -> None:
    """Total stated 6 with temperature 1; 37.5 Cel scores 0 and the total is 5."""
    found = verified(bundle(stated(6, PUBLISHED), *ADULT))
    assert parts(found, "verdict") == ["disagrees"]
    total, temperature = parts(found, "difference")
    assert (total["kind"], total["stated"], total["computed"]) == ("total", "6", "5")
    assert (temperature["kind"], temperature["what"], temperature["stated"], temperature["computed"]) == ("points", "temperature", "1", "0")
    assert temperature["where"] == "Bundle.entry[0].resource.component[4].value"
    assert temperature["says"] == "1 point stated; the chart gives 0: Temperature 37.5 °C is in 36.1-38.0: 0 points"
    assert parts(found, "computed")[0]["valueQuantity"]["value"] == 5
    assert parts(found, "chart") == ["news2|2017.1"]


def test_a_right_score_agrees() -> None:
    right = PUBLISHED | {"1104371000000107": 0}
    assert parts(verified(bundle(stated(5, right), *ADULT)), "verdict") == ["agrees"]


@pytest.mark.parametrize("unit", ["{ScoreOf}", "{score}", "1", None])
def test_units_of_scores_of_every_guide(unit: str | None) -> None:
    total = stated(6, {}, valueQuantity=quantity(6, unit))
    assert [each["computed"] for each in parts(verified(bundle(total, *ADULT)), "difference")] == ["5"]


def test_a_total_as_an_integer() -> None:
    assert [each["computed"] for each in parts(verified(bundle(stated(6, {}, valueQuantity=None, valueInteger=6), *ADULT)), "difference")] == ["5"]


def test_sub_scores_as_observations_of_their_own() -> None:
    """The virtual-wards draft: members of the total. CareConnect of 2018: contained in it, in {score}."""
    apart = [observation(coded(code), valueQuantity=quantity(each, "{score}")) for code, each in PUBLISHED.items()]
    members = bundle(stated(6, {}, hasMember=[{"reference": f"Observation/o{number}"} for number in range(1, 8)]), *apart, *ADULT)
    inside = [{**each, "id": f"s{number}"} for number, each in enumerate(deepcopy(apart))]
    for each in inside:
        del each["subject"], each["effectiveDateTime"]
    related = [{"type": "derived-from", "target": {"reference": f"#s{number}"}} for number in range(7)]
    for sent in (members, bundle(stated(6, {}, contained=inside, related=related), *ADULT)):
        assert [(each["kind"], each["stated"], each["computed"]) for each in parts(verified(sent), "difference")] == [("total", "6", "5"), ("points", "1", "0")]


def test_a_total_of_a_partial_set_is_always_wrong() -> None:
    for total, kind in ((3, "total_of_partial"), (30, "outside_bounds")):
        found = verified(bundle(stated(total, {}), *ADULT[1:]))
        assert [each["kind"] for each in parts(found, "difference")] == [kind]
        assert "Respiratory rate" in parts(found, "difference")[0]["says"]


def test_a_level_is_held_against_the_charts_own_words() -> None:
    for text, kinds in (("Medium", []), ("HIGH", ["level"]), ("amber", ["unknown_level"])):
        found = verified(bundle(stated(5, {}, interpretation=[{"text": text}]), *ADULT))
        assert [each["kind"] for each in parts(found, "difference")] == kinds
        assert "level_not_compared" not in str(parts(found, "outcome"))


def test_a_concept_of_another_system_states_no_level_of_the_chart() -> None:
    """HL7's own "H" for high, in Norwegian words: not compared, and the answer says so."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "H"}
    for text, verdict, told in (("Over grensen", "agrees", True), ("High", "disagrees", False), ("Routine", "disagrees", False)):
        found = verified(bundle(stated(5, {}, interpretation=[{"coding": [coding], "text": text}]), *ADULT))
        assert parts(found, "verdict") == [verdict]
        assert ("level_not_compared" in str(parts(found, "outcome"))) is told


def test_points_stated_by_another_table_are_told() -> None:
    by_scale_2 = {code: each for code, each in PUBLISHED.items() if code != "1104311000000102"} | {"1104321000000108": 0, "1104371000000107": 0}
    kinds = [(each["kind"], each["stated"], each["computed"]) for each in parts(verified(bundle(stated(5, by_scale_2), *ADULT)), "difference")]
    assert kinds == [("table", "SpO2 scale 2, breathing air", "SpO2 scale 1"), ("points", "0", "2")]


def test_a_zero_for_what_was_not_measured_is_wrong() -> None:
    code = {"coding": [{"system": "urn:mews-newtt:CodeSystem:score", "code": "newtt2-blood_glucose"}]}
    total = observation({"coding": [{"system": "urn:mews-newtt:CodeSystem:score", "code": "newtt2-total"}]}, component=[{"code": code, "valueInteger": 0}])
    baby = {"temperature": 37, "respiratory_rate": 45, "heart_rate": 130, "oxygen_saturation": 98, "grunting": "no", "colour": "pink", "neurology": "responsive"}
    sent = observations_bundle(load_chart("newtt2"), baby | {"feeding": "well", "parental_concern": "none"}, subject=MOTHER, effective=TIME)
    sent["entry"].append({"resource": total})
    assert [(each["kind"], each["computed"]) for each in parts(verified(sent), "difference")] == [("points_of_missing", "none")]


def test_dangling_references_are_told() -> None:
    found = verified(bundle(stated(5, {}, derivedFrom=[{"reference": "Observation/o3"}, {"reference": "Observation/gone"}]), *ADULT))
    assert parts(found, "verdict") == ["agrees"]
    issues = [issue for outcome in parts(found, "outcome") for issue in outcome["issue"] if issue["details"]["coding"][0]["code"] == "dangling_reference"]
    assert [issue["expression"] for issue in issues] == [["Bundle.entry[0].resource.derivedFrom[1]"]]


def test_nothing_stated_is_nothing_compared() -> None:
    assert parts(verified(bundle(*ADULT), "news2"), "verdict") == ["nothing_compared"]


def test_our_own_answers_agree_with_themselves() -> None:
    for chart, given in (("news2", {"respiratory_rate": 30}), ("mewc", {"systolic_bp": 80}), ("mews", {"concern": "present"})):
        sent = observations_bundle(load_chart(chart), given, subject=MOTHER, effective=TIME)
        sent["entry"].append({"resource": scored(sent, chart).resource["entry"][0]["resource"]})
        assert parts(verified(sent), "verdict") == ["agrees"]


@pytest.mark.parametrize(
    ("total", "code"),
    [
        ([stated(5, {}), stated(6, {})], "score_twice"),
        ([stated(5, {}, valueQuantity=quantity(5, "mmol/L"))], "unknown_unit"),
        ([stated(5, {}, valueQuantity={**quantity(5, "{score}"), "comparator": ">"})], "comparator"),
        ([stated(5, {}, valueQuantity={"value": "5"})], "not_a_number"),
        ([stated(5, {}, valueQuantity=None, valueInteger=True)], "not_a_number"),
        ([stated(5, {}, valueQuantity=quantity("1e400", "{score}"))], "not_a_number"),
        ([stated(5, {}, valueQuantity=quantity(LARGEST + 1, "{score}"))], "not_a_number"),
        ([stated(5, {}, valueQuantity=quantity(-LARGEST - 1, "{score}"))], "not_a_number"),
        ([stated(5, {}, valueQuantity=quantity("-1e999999999", "{score}"))], "not_a_number"),
    ],
)
def test_scores_that_cannot_be_read(total: list[Resource], code: str) -> None:
    with pytest.raises(ObservationError) as refusal:
        ews_verify(bundle(*total, *ADULT), find, charts())
    assert [problem.code for problem in refusal.value.problems] == [code]


@pytest.mark.parametrize("total", [LARGEST, -LARGEST])
def test_the_largest_number_that_is_still_compared(total: int) -> None:
    assert parts(verified(bundle(stated(total, {}), *ADULT)), "verdict") == ["disagrees"]


def test_a_bundle_without_a_known_total_needs_a_chart() -> None:
    with pytest.raises(ObservationError, match="say which chart"):
        ews_verify(bundle(*ADULT), find, charts())
