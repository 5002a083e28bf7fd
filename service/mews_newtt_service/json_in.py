"""JSON as the standard has it, read exactly: no NaN, no doubled names, no lone surrogates, no bottomless nesting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from mews_newtt.errors import Problem, short
from mews_newtt.reading.sets import doubled
from mews_newtt_service.problems import ServiceError, refuse

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)  # possessive, and to the end where none closes it: linear whatever comes
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_BLANKS = re.compile(r"[ \t\n\r]*+")
MOST_NAMES = 1_000  # of one object: no chart, form or FHIR resource has so many
WINDOW = 1 << 16  # characters of an array that are looked at together, at first


class _Doubled(Exception):
    """A name that is given twice in one object."""


class _Crowded(Exception):
    """An object with more names than are read."""


_REFUSED = (_Doubled, _Crowded, ValueError, RecursionError)  # UnicodeError is a ValueError


def strict_json(body: bytes, depth: int, where: str = "body") -> Any:
    """The value of a JSON text; numbers with a point keep the digits they are written with.

    Raises
    ------
    ServiceError  400: not UTF-8, not JSON, a name given twice, nested deeper than `depth`; 413: an object of more than MOST_NAMES names
    """
    _not_too_deep(body, depth, where)
    try:
        found = _DECODER.decode(body.decode("utf-8"))
        _whole_characters(body, found)
    except _REFUSED as fault:
        raise _refusal(fault, depth, where) from None
    return found


def array_items(body: bytes, depth: int, most: int, where: str = "body") -> Iterator[Any]:
    """The items of a JSON array one after the other, each read as `strict_json` does; nothing is read ahead, so that the caller can stop.

    Raises
    ------
    ServiceError  400 as `strict_json`; 413: an item of more than `most` characters
    """
    try:
        text = body.decode("utf-8")
        at = _blanks(text, 0) + 1  # behind the bracket
        if text[_blanks(text, at) : _blanks(text, at) + 1] == "]":
            _nothing_behind(text, _blanks(text, at) + 1)
            return
        window, begins, size = text[at : at + WINDOW], at, WINDOW
        while True:
            start = _blanks(window, at - begins)
            last = begins + len(window) >= len(text)
            try:
                found, end = _DECODER.raw_decode(window, start)
                end = _blanks(window, end)
                whole = end < len(window) and (window[end] in ",]" or last)  # a number may be cut in two: 12. of 12.5
            except (json.JSONDecodeError, StopIteration) as fault:
                if last:
                    raise json.JSONDecodeError(getattr(fault, "msg", "Expecting value"), text, begins + getattr(fault, "pos", start)) from None
                whole = False
            if not whole:  # the item may go on behind the window
                if last:
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, len(text))
                if at == begins:
                    if size > most:
                        raise _too_long(most, where)
                    size *= 4
                begins, window = at, text[at : at + size]
                continue
            if end - start > most:
                raise _too_long(most, where)
            item = window[start:end].encode("utf-8")
            _not_too_deep(item, depth, where)
            _whole_characters(item, found)
            yield found
            at, size = begins + end + 1, WINDOW
            if window[end] == "]":
                _nothing_behind(text, at)
                return
            if window[end] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, begins + end)
    except _REFUSED as fault:
        raise _refusal(fault, depth, where) from None


def _too_long(most: int, where: str) -> ServiceError:
    return refuse(413, "body_too_large", where, f"has an item of more than {most:,} characters", "send smaller sets")


def is_array(body: bytes) -> bool:
    return body.lstrip(b" \t\n\r")[:1] == b"["


def _blanks(text: str, start: int) -> int:
    """Where the blanks that begin there end."""
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _nothing_behind(text: str, at: int) -> None:
    if _blanks(text, at) < len(text):
        raise json.JSONDecodeError("Extra data", text, _blanks(text, at))


def _whole_characters(body: bytes, found: Any) -> None:
    if _SURROGATE.search(body):
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")


def _refusal(fault: Exception, depth: int, where: str) -> ServiceError:
    """What cannot be read, as an answer."""
    if isinstance(fault, _Doubled):
        return ServiceError(400, Problem("name_twice", str(fault), "is given twice", "give each name once"))
    if isinstance(fault, _Crowded):
        return refuse(413, "too_many_names", where, f"has an object of {fault} names; {MOST_NAMES:,} are read", "send the readings only")
    if isinstance(fault, UnicodeDecodeError):
        return refuse(400, "not_utf8", where, "is not UTF-8 text", "send JSON in UTF-8")
    if isinstance(fault, UnicodeEncodeError):
        return refuse(400, "not_json", where, "holds half of a surrogate pair", "send whole characters")
    if isinstance(fault, RecursionError):
        return _too_deep(depth, where)
    return refuse(400, "not_json", where, f"is not JSON: {_says(fault)}", "send one JSON value, with null where there is no reading")


def strict_object(body: bytes, depth: int, where: str = "body") -> dict[str, Any]:
    """The same, and it must be an object."""
    found = strict_json(body, depth, where)
    if not isinstance(found, dict):
        raise refuse(400, "not_an_object", where, "is not a JSON object", 'send {"respiratory_rate": 18, ...}')
    return found


def _not_too_deep(body: bytes, depth: int, where: str) -> None:
    if body.count(b"[") + body.count(b"{") > depth and _is_deeper(body, depth):
        raise _too_deep(depth, where)


def _too_deep(depth: int, where: str) -> ServiceError:
    return refuse(400, "json_too_deep", where, f"is nested deeper than {depth}", "send flat objects")


def _is_deeper(body: bytes, depth: int) -> bool:
    """Whether brackets outside strings are nested deeper: each round takes the innermost pairs away. (What does not pair is no JSON anyway.)"""
    marks = _STRINGS.sub(b"", body).translate(_AS_SQUARE, _NO_BRACKETS)
    for _ in range(depth):
        fewer = marks.replace(b"[]", b"")
        if len(fewer) == len(marks):
            break
        marks = fewer
    return b"[]" in marks or marks.count(b"[") > depth


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _number(text: str) -> float | Decimal:
    """A number with a point: exact, and a float (which the scorer knows again) where that has the same digits."""
    near = float(text)
    try:
        return near if repr(near) == text else Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is too large") from None


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Doubled(short(doubled(pairs)))
    if len(found) > MOST_NAMES:
        raise _Crowded(f"{len(found):,}")
    return found


def _says(fault: Exception) -> str:
    """Where it breaks, without quoting the body."""
    if isinstance(fault, json.JSONDecodeError):
        return f"{fault.msg}, line {fault.lineno}, column {fault.colno}"
    return "a number is too long" if "digit" in str(fault) else str(fault)[:100]


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
