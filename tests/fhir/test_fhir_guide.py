"""docs/fhir-guide.md and its examples are what the code and the rules say, and every example is R4."""

from __future__ import annotations

import re

import pytest

from mews_newtt.fhir.jsontext import read_json, write_json

from .guide import EXAMPLES, GUIDE, ROOT, examples, guide
from .support import assert_r4

RENEW = "python -m tests.fhir.guide writes it anew"


def test_the_guide_is_what_the_code_and_the_rules_say() -> None:
    assert GUIDE.read_text(encoding="utf-8") == guide(), RENEW


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_is_what_the_software_answers(name: str) -> None:
    assert (EXAMPLES / name).read_text(encoding="utf-8") == write_json(examples()[name], indent=2), RENEW


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_every_example_is_r4_and_in_the_guide(path: object) -> None:
    file = EXAMPLES / getattr(path, "name", "")
    assert_r4(read_json(file.read_bytes()))
    assert f"(../{file.relative_to(ROOT).as_posix()})" in guide()


def test_what_the_guide_says_of_its_examples_is_true() -> None:
    total = examples()["score_answer.json"]["entry"][0]["resource"]
    assert (total["valueQuantity"]["value"], total["status"]) == (5, "final")
    local = examples()["local_code_answer.json"]["entry"][0]["resource"]
    assert (local["valueQuantity"]["value"], local["status"]) == (5, "preliminary") and "its text was read as" in local["note"][0]["text"]
    assert len(examples()["many_answer.json"]["parameter"]) == 2
    assert examples()["verify_answer.json"]["parameter"][0]["valueCode"] == "disagrees"
    assert not re.search(r"\|\s*\|\s*\|\s*\|\s*\|", guide().split("## Codes")[1]), "no row of the code table is empty"
