"""Input that could be slow: what one request costs grows with its length, and not with the square of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from mews_newtt import ObservationError, charts
from mews_newtt.errors import Problem, at_most
from mews_newtt.fhir.bundle import MOST_OBSERVATIONS
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import ews_score, ews_verify
from mews_newtt.reading.fhir_parts import MOST_LISTED
from tests.fhir.support import ADULT, Resource, coded, find, quantity, scored

SIZE = 600_000  # bytes
TOTAL = "1104051000000101"


def bundle(*resources: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def plain(number: int, **more: Any) -> Resource:
    return {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": {"text": f"x{number}"}, **more}


def derived(n: int) -> Resource:
    total = {"resourceType": "Observation", "status": "final", "code": coded(TOTAL), "valueInteger": 3, "derivedFrom": [{"reference": "x"}] * (4 * n)}
    return bundle(*map(plain, range(n // 2)), total)


def long_references(n: int) -> Resource:
    total = {"resourceType": "Observation", "status": "final", "code": coded(TOTAL), "valueInteger": 3, "derivedFrom": [{"reference": "a/" * n}] * 30}
    return bundle(*map(plain, range(n // 4)), total)


def patients(n: int) -> Resource:
    people = [{"resourceType": "Patient", "id": f"p{number}", "birthDate": "2020-01-01"} for number in range(n)]
    timed = {"subject": {"reference": "Patient/z"}, "effectiveDateTime": "2026-01-01"}
    return bundle(*ADULT, *(plain(number, **timed) for number in range(n // 2)), *people)


def persons(n: int) -> Resource:
    """One person under many addresses, each of them the end of the next."""
    return bundle(*(plain(number, subject={"reference": "a/" * number + "Patient/1"}) for number in range(min(n, 600))))


def contained(n: int) -> Resource:
    inside = [plain(number, subject={"reference": "#p"}) for number in range(n)]
    return bundle(plain(-1, subject={"reference": "#p"}, contained=[*inside, {"resourceType": "Patient", "id": "p", "name": [{"text": "x" * 2000}]}]))


def components(n: int) -> Resource:
    return bundle({**plain(0), "component": [{"code": {"text": f"Heart rate {number}"}, "valueQuantity": quantity(80, "/min")} for number in range(n)]})


def moments(n: int) -> Resource:
    """One sign again and again, seconds apart."""
    rates = [{**ADULT[0], "id": f"r{number}", "effectiveDateTime": f"2026-11-22T{9 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"} for number in range(n // 3)]
    return bundle(*rates)


def codes(n: int) -> Resource:
    return bundle(ADULT[0], {**plain(0), "code": {"coding": [{"system": "s", "code": str(number), "display": "word " * 4} for number in range(n * 3)]}})


def interpretations(n: int) -> Resource:
    total = {"resourceType": "Observation", "status": "final", "code": coded(TOTAL), "interpretation": [{"text": "amber"}] * (n * 5)}
    return bundle(*ADULT, total)


@pytest.mark.parametrize("make", [derived, long_references, patients, persons, contained, components, moments, codes, interpretations])
def test_six_hundred_kilobytes_take_under_a_second(make: Callable[[int], Resource]) -> None:
    n = 4000
    while len(write_json(make(n))) > SIZE:
        n = n * 3 // 4
    sent = read_json(write_json(make(n)))
    for operation in (lambda: ews_score(sent, find, chart="npews"), lambda: ews_verify(sent, find, charts(), chart="news2")):
        faults: tuple[Problem, ...] = ()
        started = time.process_time()
        try:
            operation()
        except ObservationError as refusal:
            faults = refusal.problems
        assert time.process_time() - started < 2  # a second on a quiet machine; work that grows with the square takes minutes
        assert len(faults) <= MOST_LISTED + 1


def test_a_name_given_twice_among_many_is_found_at_once() -> None:
    names = ",".join(f'"n{number}": 1' for number in range(60_000))
    started = time.process_time()
    with pytest.raises(ObservationError, match="n59999"):
        read_json("{" + names + ', "n59999": 2}')
    assert time.process_time() - started < 1


def test_more_observations_than_one_person_has_at_one_time_are_refused() -> None:
    inside = {"contained": [{"resourceType": "Observation"}] * MOST_OBSERVATIONS}
    for many in (bundle(*[ADULT[0]] * (MOST_OBSERVATIONS + 1)), bundle({**ADULT[0], **inside})):
        with pytest.raises(ObservationError) as refusal:
            ews_score(many, find, chart="news2")
        assert [problem.code for problem in refusal.value.problems] == ["too_many_observations"]
    assert scored(bundle(*[ADULT[0]] * 3)).result.total is None


def test_faults_are_counted_past_the_hundredth() -> None:
    bad = [{**ADULT[0], "id": f"b{number}", "valueQuantity": quantity(number, "furlong")} for number in range(150)]
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(*bad))
    assert len(refusal.value.problems) == MOST_LISTED + 1
    assert refusal.value.problems[-1].what == "has 50 more faults: unknown_unit (50)"
    few = [Problem("a", "", "b", "c")] * MOST_LISTED
    assert at_most(few, "", MOST_LISTED) == few
    assert at_most([*few, Problem("w", "", "x", "y", warning=True)], "", MOST_LISTED)[-1].warning
    assert not at_most([*few, Problem("e", "", "x", "y")], "", MOST_LISTED)[-1].warning
