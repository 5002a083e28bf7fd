"""FHIR JSON in exact decimals: 72.50 comes in as 72.50 and goes out as 72.50."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mews_newtt.reading.fhir_parts import Resource as Resource
from mews_newtt.reading.json_text import read_object


def read_json(text: str | bytes) -> Resource:
    """One resource, with every decimal as it is written.

    Raises
    ------
    ObservationError  not JSON, not an object, a name given twice, NaN or Infinity
    """
    return read_object(text, "resource", "send one FHIR resource as JSON")


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
