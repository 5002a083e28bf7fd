"""$ews-verify accuses nobody for want of readings: what hangs on readings that are not here is not compared, and the parts are added up."""

from __future__ import annotations

from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import ADULT, MOTHER, RR, TIME, Resource, bundle, coded, observation, parts, quantity, verified
from tests.fhir.test_fhir_verify import PUBLISHED, stated

RIGHT = PUBLISHED | {"1104371000000107": 0}  # adds up to 5
RATE = "1104301000000104"


def judged(*sent: Resource, chart: str | None = None) -> tuple[str, list[tuple[str, str, str]]]:
    found = verified(bundle(*sent), chart)
    return parts(found, "verdict")[0], [(each["kind"], each["stated"], each["computed"]) for each in parts(found, "difference")]


def without(*codes: str) -> dict[str, int]:
    return {code: points for code, points in RIGHT.items() if code not in codes}


@pytest.mark.parametrize(
    ("total", "points", "verdict", "wrong"),
    [
        (5, RIGHT, "nothing_compared", []),
        (5, {}, "nothing_compared", []),
        (9, RIGHT, "disagrees", ["9"]),
        (4, RIGHT, "disagrees", ["4"]),
        (6, without(RATE), "nothing_compared", []),  # a part that is not stated may make the difference
        (2, without(RATE), "disagrees", ["2"]),  # but no part takes away
        (5, {**RIGHT, "1104321000000108": 0}, "nothing_compared", []),  # one row, stated by two tables
    ],
)
def test_a_score_without_any_reading(total: int, points: dict[str, int], verdict: str, wrong: list[Any]) -> None:
    for more in ({}, {"interpretation": [{"text": "High"}]}):  # a level without readings is not compared either
        found, told = judged(stated(total, points, **more))
        assert (found, [(kind, said) for kind, said, _ in told]) == (verdict, [("parts_do_not_add_up", said) for said in wrong])


def test_parts_of_a_shared_row_and_of_a_group_are_not_added_up_wrongly() -> None:
    """National PEWS: percent and flow share a code, and only one of them counts."""
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "1363261000000104"}]}
    part = {"code": coded("1363321000000100"), "valueInteger": 4}
    assert judged(observation(code, valueInteger=9, component=[part])) == ("nothing_compared", [])
    assert judged(observation(code, valueInteger=3, component=[part])) [0] == "disagrees"


def test_readings_that_the_score_names_and_the_bundle_does_not_hold() -> None:
    elsewhere = [{"reference": "Observation/gone"}]
    some = [each for each in ADULT if each is not RR]
    assert judged(stated(5, RIGHT, derivedFrom=elsewhere), *some) == ("agrees", [])
    assert judged(stated(5, {}, derivedFrom=elsewhere), *some) == ("nothing_compared", [])
    assert judged(stated(30, {}, derivedFrom=elsewhere), *some)[1] == [("outside_bounds", "30", "3 to 6")], "no reading makes it so"
    assert judged(stated(5, {**RIGHT, "1104351000000103": 3}, derivedFrom=elsewhere), *some)[1] == [("parts_do_not_add_up", "5", "7"), ("points", "3", "1")]
    assert judged(stated(5, RIGHT), *some)[0] == "disagrees", "a set that is said to be whole, and is not"


def test_levels_that_readings_elsewhere_may_give() -> None:
    some = [each for each in ADULT if each is not RR]
    for text, verdict in (("Medium", "nothing_compared"), ("Low-medium", "nothing_compared"), ("Low", "agrees"), ("High", "disagrees"), ("Routine", "disagrees")):
        sent = stated(0, {}, valueQuantity=None, interpretation=[{"text": text}], hasMember=[{"reference": "Observation/gone"}])
        found, wrong = judged(sent, *some)
        assert (found, bool(wrong)) == (verdict, verdict == "disagrees")


def test_a_reading_under_an_unknown_code_or_of_another_time_accuses_nobody() -> None:
    chart = load_chart("newtt2", "0.1")
    well = {
        "respiratory_rate": 44, "oxygen_saturation": 98, "temperature": "36.9", "heart_rate": 132, "grunting": "no", "colour": "pink",
        "neurology": "responsive", "feeding": "well", "parental_concern": "none",
    }  # fmt: skip
    readings = [entry["resource"] for entry in observations_bundle(chart, well, subject=MOTHER, effective=TIME)["entry"]]
    code = {"coding": [{"system": "urn:mews-newtt:CodeSystem:score", "code": "newtt2-total"}]}
    glucose = observation({"text": "BSL"}, valueQuantity=quantity("1.4", "mmol/L"))
    assert judged(observation(code, valueInteger=2), *readings, glucose, chart="newtt2@0.1")[0] == "nothing_compared"
    assert judged(observation(code, valueInteger=2), *readings, chart="newtt2@0.1")[0] == "disagrees", "no glucose at all: the total is 0"
    assert judged(observation(code, valueInteger=12), *readings, glucose, chart="newtt2@0.1")[0] == "disagrees", "no glucose gives that much"
    old = {**RR, "effectiveDateTime": "2026-11-22T08:30:00+00:00"}
    some = [each for each in ADULT if each is not RR]
    assert judged(stated(5, {}), *some, old) == ("nothing_compared", [])
