"""FHIR JSON in exact decimals: 72.50 comes in as 72.50 and goes out as 72.50."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from mews_newtt.errors import ObservationError, Problem, short
from mews_newtt.reading.sets import doubled

Resource = dict[str, Any]


def read_json(text: str | bytes) -> Resource:
    """One resource, with every decimal as it is written.

    Raises
    ------
    ObservationError  not JSON, not an object, a name given twice, NaN or Infinity
    """
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError, InvalidOperation) as fault:  # the last: an exponent beyond all bounds
        if isinstance(fault, ObservationError):
            raise
        raise ObservationError(Problem("not_json", "resource", "is not JSON", "send one FHIR resource as JSON")) from None
    if not isinstance(found, dict):
        raise ObservationError(Problem("not_an_object", "resource", "is not a JSON object", "send one FHIR resource as JSON"))
    return found


def write_json(resource: Resource, indent: int | None = None) -> str:
    """A resource as JSON text; decimals keep their digits."""
    return "".join(_parts(resource, indent, 0)) + ("\n" if indent else "")


def _parts(value: Any, indent: int | None, depth: int) -> Iterator[str]:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("no JSON number")
        yield str(value)
        return
    if not isinstance(value, (dict, list, tuple)):
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
        return
    is_object = isinstance(value, dict)
    yield "{" if is_object else "["
    line = f"\n{' ' * (indent * (depth + 1))}" if indent else ""
    between = ""
    for item in value.items() if isinstance(value, dict) else value:
        yield between + line
        if is_object:
            name, item = item
            yield json.dumps(name, ensure_ascii=False) + ": "
        yield from _parts(item, indent, depth + 1)
        between = "," if indent else ", "
    if indent and value:
        yield f"\n{' ' * (indent * depth)}"
    yield "}" if is_object else "]"


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _no_doubles(pairs: list[tuple[str, Any]]) -> Resource:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ObservationError(Problem("name_twice", short(doubled(pairs)), "is given twice", "give each name once"))
    return found
