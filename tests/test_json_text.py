"""Strict JSON: an array read item by item gives what the whole gives, with the same faults at the same places."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt.reading import json_text
from mews_newtt.reading.json_text import JsonError, float_or_exact, read_items, read_json, read_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def items(body: bytes) -> Any:
    try:
        return list(read_items(body, "body", "mend it", depth=8, most=10_000))
    except JsonError as fault:
        return fault.problems


def whole(body: bytes) -> Any:
    try:
        return read_json(body, "body", "mend it", depth=8 + 1)  # the array itself is one level
    except JsonError as fault:
        return tuple(problem._replace(what=problem.what.replace("deeper than 9", "deeper than 8")) for problem in fault.problems)


@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans(), st.integers(0, 60), st.sampled_from([b"", b"x", b"]", b",", b'"', b"1"]))
def test_item_by_item_is_as_a_whole(values: list[Any], window: int, indent: int | None, cut: bool, at: int, put: bytes) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if cut:
        body = b"[" + body[1 : max(1, at)] + put + body[max(1, at) :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "WINDOW", window)
        assert items(body) == whole(body)


@pytest.mark.parametrize("body", [b"[", b"[,", b"[]x", b"[1,]", b"[12.5e", b"[NaN]", b'["\\ud800"]', b'[{"a":1,"a":2}]', b"[1.50, 12e3 ]", b"[tru]", b'["a', b"[\xff]", b"[" * 9 + b"]" * 9])
def test_what_is_no_array_is_the_same_fault(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "WINDOW", 3)
    assert items(body) == whole(body)


def test_an_item_that_is_too_long_is_refused() -> None:
    assert items(b'["' + b"x" * 70_000 + b'"]')[0].code == "body_too_large"


@pytest.mark.parametrize(("body", "deep"), [(b"[" * 9, True), (b"[]," * 50, False), (b'["[[[[[[[[[[[["]', False), (b"[{" * 4 + b"}]" * 4, False), (b"[{" * 5 + b"}]" * 5, True), (b'["\\"]"' + b"[" * 9, True)])
def test_depth_counts_brackets_outside_strings(body: bytes, deep: bool) -> None:
    assert json_text._is_deeper(body, 8) is deep


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (b'{"a": 1, "a": 2}', "name_twice", "given twice"),
        (b'{"a": NaN}', "not_json", "NaN is not a number of JSON"),
        (b'{"a": -Infinity}', "not_json", "-Infinity is not a number of JSON"),
        (b'{"a": 1e99999999999999999999}', "not_json", "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json", "too long"),
        (b'{"a": "\\ud800"}', "not_json", "surrogate"),
        ('{"a": "\ud800"}', "not_json", "surrogate"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8", "UTF-8"),
        (b"[" * 101 + b"]" * 101, "json_too_deep", "deeper than 100"),
        (b'{"a": 1,\n "b": }', "not_json", "line 2, column 7"),
        (b'{"a": }', "not_json", "character 7"),
        (b"[1]", "not_an_object", "is not a JSON object"),
        (b'{"a": 1, "b": 2, "c": 3}', "too_many_names", "3 names; 2 are read"),
    ],
)
def test_what_is_refused(text: str | bytes, code: str, says: str) -> None:
    with pytest.raises(JsonError) as caught:
        read_object(text, "the text", "mend it", most_names=2)
    (problem,) = caught.value.problems
    assert problem.code == code and says in problem.what


def test_numbers_keep_their_digits_and_a_byte_order_mark_is_passed_over() -> None:
    text = b'\xef\xbb\xbf{"a": 72.50, "b": 36.8, "c": 80, "d": 1e2}'
    assert str(read_object(text, "the text", "mend it")) == str({"a": Decimal("72.50"), "b": Decimal("36.8"), "c": 80, "d": Decimal("1e2")})
    assert str(read_object(text, "the text", "mend it", number=float_or_exact)) == str({"a": Decimal("72.50"), "b": 36.8, "c": 80, "d": Decimal("1e2")})
    assert str(read_object(b'{"a": NaN, "b": -Infinity}', "the text", "mend it", nan=True)) == str({"a": float("nan"), "b": float("-inf")})
