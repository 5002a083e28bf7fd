"""JSON as the standard has it, read exactly: no NaN, no doubled names, no lone surrogates, no bottomless nesting."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from mews_newtt.errors import Problem
from mews_newtt_service.problems import ServiceError, refuse

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)  # possessive, and to the end where none closes it: linear whatever comes
_BRACKETS = re.compile(rb"[\[{\]}]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _Doubled(Exception):
    """A name that stands twice in one object."""


def strict_json(body: bytes, depth: int, where: str = "body") -> Any:
    """The value of a JSON text; numbers with a point keep the digits they are written with.

    Raises
    ------
    ServiceError  400: not UTF-8, not JSON, a name given twice, nested deeper than `depth`
    """
    if body.count(b"[") + body.count(b"{") > depth and _depth(body) > depth:
        raise refuse(400, "json_too_deep", where, f"is nested deeper than {depth}", "send flat objects")
    try:
        found = _DECODER.decode(body.decode("utf-8"))
        if _SURROGATE.search(body):
            json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    except _Doubled as twice:
        raise ServiceError(400, Problem("name_twice", str(twice), "is given twice", "give each name once")) from None
    except UnicodeDecodeError:
        raise refuse(400, "not_utf8", where, "is not UTF-8 text", "send JSON in UTF-8") from None
    except UnicodeEncodeError:
        raise refuse(400, "not_json", where, "holds half of a surrogate pair", "send whole characters") from None
    except (ValueError, RecursionError) as fault:
        raise refuse(400, "not_json", where, f"is not JSON: {_says(fault)}", "send one JSON value, with null where there is no reading") from None
    return found


def strict_object(body: bytes, depth: int, where: str = "body") -> dict[str, Any]:
    """The same, and it must be an object."""
    found = strict_json(body, depth, where)
    if not isinstance(found, dict):
        raise refuse(400, "not_an_object", where, "is not a JSON object", 'send {"respiratory_rate": 18, ...}')
    return found


def _depth(body: bytes) -> int:
    """The deepest nesting of brackets outside strings."""
    deepest = now = 0
    for mark in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        now += 1 if mark in b"[{" else -1
        deepest = max(deepest, now)
    return deepest


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
        names = [name for name, _ in pairs]
        raise _Doubled(next(name for name in names if names.count(name) > 1)[:200])
    return found


def _says(fault: Exception) -> str:
    """Where it breaks, without quoting the body."""
    if isinstance(fault, json.JSONDecodeError):
        return f"{fault.msg}, line {fault.lineno}, column {fault.colno}"
    return "a number is too long" if "digit" in str(fault) else str(fault)[:100] if isinstance(fault, ValueError) else "nested too deep"


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
