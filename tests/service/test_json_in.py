"""JSON as the service reads it: an array item by item gives what the whole gives, with the same faults at the same places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt_service import json_in
from mews_newtt_service.json_in import array_items, strict_json
from mews_newtt_service.problems import ServiceError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def items(body: bytes) -> Any:
    try:
        return list(array_items(body, 8, 10_000))
    except ServiceError as fault:
        return fault.status, fault.problems


def whole(body: bytes) -> Any:
    try:
        return strict_json(body, 8 + 1)  # the array itself is one level
    except ServiceError as fault:
        return fault.status, tuple(problem._replace(what=problem.what.replace("deeper than 9", "deeper than 8")) for problem in fault.problems)


@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans(), st.integers(0, 60), st.sampled_from([b"", b"x", b"]", b",", b'"', b"1"]))
def test_item_by_item_is_as_a_whole(values: list[Any], window: int, indent: int | None, cut: bool, at: int, put: bytes) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if cut:
        body = b"[" + body[1 : max(1, at)] + put + body[max(1, at) :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_in, "WINDOW", window)
        assert items(body) == whole(body)


@pytest.mark.parametrize("body", [b"[", b"[,", b"[]x", b"[1,]", b"[12.5e", b"[NaN]", b'["\\ud800"]', b'[{"a":1,"a":2}]', b"[1.50, 12e3 ]", b"[tru]", b'["a', b"[\xff]", b"[" * 9 + b"]" * 9])
def test_what_is_no_array_is_the_same_fault(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_in, "WINDOW", 3)
    assert items(body) == whole(body)


def test_an_item_that_is_too_long_is_refused() -> None:
    assert items(b'["' + b"x" * 70_000 + b'"]')[0] == 413


@pytest.mark.parametrize(("body", "deep"), [(b"[" * 9, True), (b"[]," * 50, False), (b'["[[[[[[[[[[[["]', False), (b"[{" * 4 + b"}]" * 4, False), (b"[{" * 5 + b"}]" * 5, True), (b'["\\"]"' + b"[" * 9, True)])
def test_depth_counts_brackets_outside_strings(body: bytes, deep: bool) -> None:
    assert json_in._is_deeper(body, 8) is deep
