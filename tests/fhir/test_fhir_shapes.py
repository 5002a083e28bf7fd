"""Whatever JSON comes, the answer is a resource or a refusal with a mend: never a fault of ours, never a score of something misread."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import MewsNewttError, charts, load_chart
from mews_newtt.fhir.cds import cards
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import ews_score, ews_verify
from mews_newtt.fhir.outcome import operation_outcome
from tests.fhir.support import ADULT, assert_r4, bundle, empties, find
from tests.fhir.test_cds_cards import UNWELL, call
from tests.fhir.test_fhir_verify import PUBLISHED, stated

PATIENT = {"resourceType": "Patient", "id": "mother", "birthDate": "1994-02-03"}
WORDS = ("code", "system", "value", "coding", "reference", "text", "http://snomed.info/sct", "9279-1", "/min", "Observation", "Patient/x", "2026")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**30), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(WORDS), st.text(max_size=6))
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3), max_leaves=5)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its parent and key."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [found for key in keys for found in [(node, key), *places(node[key])]]


def broken(draw: Any, good: Any) -> str:
    """A good request with one to three parts replaced, or taken away."""
    found = json.loads(write_json(good))
    for _ in range(draw(st.integers(1, 3))):
        node, key = draw(st.sampled_from(places(found)))
        if draw(st.integers(0, 3)):
            node[key] = draw(JUNK)
        elif key in node if isinstance(node, dict) else key < len(node):
            del node[key]
    return json.dumps(found)


@settings(max_examples=300)
@given(data=st.data())
def test_operations(data: st.DataObject) -> None:
    sent = read_json(broken(data.draw, bundle(PATIENT, stated(5, PUBLISHED), *ADULT)))
    for operation in (lambda: ews_score(sent, find, chart="news2"), lambda: ews_verify(sent, find, charts()), lambda: ews_score(sent, find, chart="npews")):
        try:
            answer = operation()
        except MewsNewttError as refusal:
            assert_r4(operation_outcome(refusal.problems))
        else:
            assert_r4(answer.resource)


@settings(max_examples=150)
@given(data=st.data())
def test_cards(data: st.DataObject) -> None:
    request = read_json(broken(data.draw, call("mews", UNWELL)))
    found: dict[str, Any] = {"cards": []}
    with contextlib.suppress(MewsNewttError):
        found = cards(load_chart("mews"), request)
    assert all(0 < len(card["summary"]) < 140 for card in found["cards"])
    assert not [place for place in empties(json.loads(write_json(found))) if place != "$.cards"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(MewsNewttError):
        read_json(text)


def test_a_bundle_of_thousands_is_read_in_time() -> None:
    """The checks for one person and for the same Observation twice must not grow with the square of the Bundle."""
    many = [observation | {"id": f"x{number}", "status": "final", "code": {"text": f"weight {number}"}} for number, observation in enumerate([dict(ADULT[0])] * 8000)]
    sent = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (ADULT[1], *many)]}
    started = time.process_time()
    assert ews_score(sent, find, chart="news2").result.status == "partial"
    assert time.process_time() - started < 20
