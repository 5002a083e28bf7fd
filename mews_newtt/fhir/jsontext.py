"""FHIR JSON in exact decimals: 72.50 comes in as 72.50 and goes out as 72.50."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from mews_newtt.reading.fhir_parts import Resource as Resource
from mews_newtt.reading.json_text import read_object


def read_json(text: str | bytes) -> Resource:
    """One resource, with every decimal as it is written.

    Raises
    ------
    ObservationError  not JSON, not an object, a name given twice, NaN or Infinity
    """
    return read_object(text, "resource", "send one FHIR resource as JSON")


@runtime_checkable
class Model(Protocol):
    """A resource as a model of `fhir.resources`, or of another library of pydantic models that write FHIR JSON."""

    def model_dump_json(self) -> str: ...


def plain(resource: Mapping[str, Any] | Model) -> Mapping[str, Any]:
    """A resource as a mapping; a model is read from the JSON that it writes, but for its decimals: models write them as floats, which round."""
    if isinstance(resource, Mapping):
        return resource
    found = read_json(resource.model_dump_json())
    _restore_decimals(resource, found)
    return found


def _restore_decimals(model: object, written: Any) -> None:
    if isinstance(model, list) and isinstance(written, list) and len(model) == len(written):
        for one, other in zip(model, written, strict=True):
            _restore_decimals(one, other)
    if not isinstance(written, dict):
        return
    for name, field in getattr(type(model), "model_fields", {}).items():
        key, value = field.alias or name, getattr(model, name, None)
        if isinstance(value, Decimal) and key in written:
            written[key] = value
        else:
            _restore_decimals(value, written.get(key))


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
