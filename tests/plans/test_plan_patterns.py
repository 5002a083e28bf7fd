"""Patterns of a plan mean what Python's regular expressions mean, and no pattern takes long on any cell."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt.reading.plan import patterns
from mews_newtt.reading.plan.patterns import LONGEST_CELL, PatternError, pattern_of

LETTERS = st.sampled_from(["a", "b", "1", "/", ".", r"\d", r"\w", r"\s", "[ab]", "[^a]", "[a-c1]", " ", r"\b", "(?i:A)", "(?=a)", "(?!b)", "é"])


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map("".join),
        several.map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,2}", "{2}", "*?", "+?", "??"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        inner.map(lambda part: f"({part})"),
    )


PATTERNS = st.recursive(LETTERS, _more, max_leaves=8)
NASTY = [r"(?:a+)+x", r"(?:a|a)*x", r"(?:a|aa)+x", r"a*a*a*a*a*a*a*x", r".*.*.*.*.*.*.*.*=.*", r"(?:.*a){20}x", r"(?:a?){50}a{50}x", r"(?:\w+\s?)*x"]


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.text("ab1/ éA", max_size=8))
def test_the_slower_matcher_gives_what_python_gives(text: str, cell: str) -> None:
    text = f"(?P<whole>{text})(?P<rest>.*)"
    try:
        found, right = pattern_of(text)._slow.match(cell), re.fullmatch(text, cell)
    except PatternError as fault:
        if "can match nothing" not in str(fault):
            raise
        return
    assert (found is None) == (right is None)
    if found is not None and right is not None:
        assert (found[2], found[3]) == right.span("whole")


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("cell", ["a" * 40, "a" * LONGEST_CELL, "a " * (LONGEST_CELL // 2), "a" * 1_000_000])
def test_no_pattern_takes_long(text: str, cell: str) -> None:
    pattern = pattern_of(text)
    start = time.process_time()
    assert pattern.match(cell) is None
    assert time.process_time() - start < 5  # Python's own matcher would not end in a lifetime


def test_a_plain_pattern_is_left_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns._Program, "match", lambda *_: pytest.fail("the slower matcher was used"))
    pattern = pattern_of(r"(?P<systolic_bp>\d+)\s*/\s*(?P<diastolic_bp>\d+)")
    assert pattern.match("162 / 104") == {"systolic_bp": "162", "diastolic_bp": "104"}
    assert pattern.match("162-104") is None


def test_groups_of_the_slower_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    text = r"(?P<a>\d+)(?:/(?P<b>\d+))?(?P<c> .*)?"
    cells = ["162/104", "162", "162 sitting", "162/104 (left arm)", "x"]
    right = [pattern_of(text).match(cell) for cell in cells]
    monkeypatch.setattr(patterns, "FEW_WAYS", 0)
    assert [pattern_of(text).match(cell) for cell in cells] == right


@pytest.mark.parametrize("text", [r"(?P<a>\d+)?/(?P<b>\d+)?", r"(?:RR (?P<a>\d+)|HR (?P<b>\d+))", r"(?P<a>(?:\d\s?)+)x?(?P<b>.*)"])
def test_both_matchers_give_the_same_readings(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = ["162/104", "/104", "162/", "RR 18", "HR 84", "1 2 3x4", "1 2", "", "x"]
    quick = [pattern_of(text).match(cell) for cell in cells]
    monkeypatch.setattr(patterns, "FEW_WAYS", 0)
    assert [pattern_of(text).match(cell) for cell in cells] == quick


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(", "is not a pattern"),
        (r"(a)\1", "refers back"),
        (r"(?P<a>x)(?P=a)", "refers back"),
        (r"(a)?(?(1)b|c)", "refers back"),
        ("(?>a+)b", "gives nothing back"),
        ("a*+b", "gives nothing back"),
        ("(?:a{1000}){1000}", "repeats its parts too often"),
        ("a{3000}", "repeats its parts too often"),
        ("a{99999999999999999999}", "is not a pattern"),
        ("(?=(?:a+)+)x", "looks ahead or behind"),
        ("(?=(?P<a>x))x", "inside a look ahead"),
        (r"(?:(?P<heart_rate>\d+) ?)+", "inside a repetition"),
        (r"(?:(?:bpm (?P<heart_rate>\d+)|rest) ?){2}", "inside a repetition"),
        ("(?:(?:a*)*)*x", "can match nothing"),
        (r"(?:\b|\d)+", "can match nothing"),
        ("x" * 1001, "is longer than 1000 characters"),
        ("(" * 400 + ")" * 400, "has no named group"),
    ],
)
def test_patterns_that_are_refused(text: str, words: str) -> None:
    if words == "has no named group":
        pattern_of(text)
        return
    with pytest.raises(PatternError, match=words) as caught:
        pattern_of(text)
    assert caught.value.mend
