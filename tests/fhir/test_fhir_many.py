"""Many persons in one request: a score for each, never mixed; one that cannot be scored spoils no other."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt.errors import ObservationError
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.many import PersonScore, ews_score_many, many_resource
from mews_newtt.fhir.operations import Request

from .support import ADULT, HR, RR, Resource, assert_r4, bundle, coded, find, observation, quantity, scored


def of(person: str | None, *observations: Resource, name: str = "") -> list[Resource]:
    name = name or (person or "nobody").replace("/", "-").replace(":", "")[-40:]
    found = [{**each, "id": f"{name}-{number}", "subject": {"reference": person}} for number, each in enumerate(observations)]
    return found if person else [{key: value for key, value in each.items() if key != "subject"} for each in found]


def many(sent: Any, **asked: Any) -> list[PersonScore]:
    wire = read_json(write_json(sent)) if isinstance(sent, dict) else [read_json(write_json(each)) for each in sent]
    scores = ews_score_many(wire, find, Request(chart="news2", **asked))
    assert_r4(many_resource(scores))
    for each in scores:
        assert_r4(each.resource)
    return scores


def total(score: PersonScore) -> tuple[str | None, int | None]:
    return (score.subject or {}).get("reference"), score.answer.result.total if score.answer else None


def test_each_person_gets_their_own_score() -> None:
    fast = observation(coded("8867-4"), valueQuantity=quantity(140, "/min"))
    sent = of("Patient/a", *ADULT) + of("Patient/b", fast, *(each for each in ADULT if each is not HR))
    random.Random(1).shuffle(sent)
    assert sorted(map(total, many(bundle(*sent)))) == [("Patient/a", 5), ("Patient/b", 7)]
    scores = {each.subject["reference"]: each for each in many(bundle(*sent)) if each.subject}
    body = scores["Patient/b"].answer.resource["entry"][0]["resource"]
    assert body["subject"] == {"reference": "Patient/b"}
    assert all(each["reference"].startswith("Observation/Patient-b-") for each in body["derivedFrom"])


def test_one_that_cannot_be_scored_spoils_no_other() -> None:
    sent = of("Patient/a", *ADULT) + of("Patient/b", {**RR, "valueQuantity": quantity(21, "furlong")}) + of(None, HR) + of("Patient/c", RR)
    a, b, nobody, c = many(bundle(*sent))
    assert total(a) == ("Patient/a", 5) and c.answer and c.answer.result.status == "partial"
    assert [problem.code for problem in b.problems] == ["unknown_unit"] and b.subject == {"reference": "Patient/b"}
    assert [problem.code for problem in nobody.problems] == ["subject_missing"] and nobody.subject is None
    assert many_resource([b])["parameter"][0]["part"][1] == {"name": "status", "valueCode": "refused"}


def test_one_person_by_two_addresses_is_one_and_two_servers_are_two() -> None:
    short, full = of("Patient/1", *ADULT[:3], name="s"), of("https://a.example/Patient/1", *ADULT[3:], name="f")
    assert [total(each) for each in many(bundle(*short, *full))] == [("Patient/1", 5)]
    other = of("https://b.example/Patient/1", *ADULT, name="o")
    scores = many(bundle(*short, *full, *other))
    assert [[problem.code for problem in each.problems] for each in scores] == [["subjects_differ"], [], []], "Patient/1 may be either of them"
    assert total(scores[2]) == ("https://b.example/Patient/1", 5)


def test_lines_of_resources_belong_together_and_a_bundle_is_a_set_of_its_own() -> None:
    lines = [{"resourceType": "Patient", "id": "a", "birthDate": "1990-01-01"}, *of("Patient/a", *ADULT[:4]), *of("Patient/b", RR), *of("Patient/a", *ADULT[4:], name="z")]
    assert [total(each) for each in many(lines)] == [("Patient/a", 5), ("Patient/b", None)]
    assert [total(each) for each in many([bundle(*of("Patient/a", *ADULT)), bundle(*of("Patient/a", *ADULT[:2]))])] == [("Patient/a", 5), ("Patient/a", None)]


def test_the_age_is_the_persons_own() -> None:
    patients = [{"resourceType": "Patient", "id": name, "birthDate": born} for name, born in (("a", "2016-11-23"), ("b", "2010-01-01"))]
    sent = bundle(*of("Patient/a", RR), *of("Patient/b", RR), *patients)
    ages = [next(row.value for row in each.answer.result.parameters if row.id == "age_years") for each in ews_score_many(read_json(write_json(sent)), find, Request(chart="npews")) if each.answer]
    assert ages == [9, 16]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([{"id": "x"}], "resource_type_missing"),
        ({"resourceType": "Patient"}, "not_a_bundle"),
        ({"resourceType": "Bundle", "type": "history"}, "bundle_type"),
        ({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": "x"}]}, "bundle_incomplete"),
    ],
)
def test_what_cannot_be_laid_to_one_person_refuses_the_request(sent: Any, code: str) -> None:
    with pytest.raises(ObservationError) as refusal:
        many(sent)
    assert code in [problem.code for problem in refusal.value.problems]


def test_an_empty_request_has_no_scores_and_too_many_persons_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert many(bundle()) == [] and many([]) == []
    monkeypatch.setattr("mews_newtt.fhir.many.MOST_PERSONS", 2)
    with pytest.raises(ObservationError, match="at most 2"):
        many(bundle(*(each for name in "abc" for each in of(f"Patient/{name}", RR))))


@given(rates=st.lists(st.one_of(st.none(), st.integers(30, 200)), min_size=1, max_size=6), order=st.randoms())
def test_together_or_alone_the_score_is_the_same(rates: list[int | None], order: random.Random) -> None:
    """Each person's answer is that of $ews-score for their observations alone, byte for byte, whoever else is in the request."""
    people = {}
    for number, rate in enumerate(rates):
        own = [observation(coded("8867-4"), valueQuantity=quantity(rate, "/min"))] if rate else []
        people[f"Patient/{number}"] = of(f"Patient/{number}", *own, *(each for each in ADULT if each is not HR))
    mixed = [each for several in people.values() for each in several]
    order.shuffle(mixed)
    for each in many(bundle(*mixed)):
        assert each.subject and each.answer
        alone = [one for one in mixed if one["subject"] == each.subject]
        both = [re.sub(r"entry\[\d+\]", "entry", write_json(answer.resource)) for answer in (each.answer, scored(bundle(*alone)))]
        assert both[0] == both[1], "but for the places in the request"
