"""JSON bodies of requests: what the library's strict reader refuses is a refusal of the service, with its HTTP status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mews_newtt.reading.json_text import JsonError, float_or_exact, read_items, read_json, read_object
from mews_newtt.reading.json_text import is_array as is_array
from mews_newtt_service.problems import ServiceError

MOST_NAMES = 1_000  # of one object: no chart, form or FHIR resource has so many
TOO_LARGE = frozenset(("too_many_names", "body_too_large"))


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except JsonError as fault:
        raise ServiceError(413 if fault.problems[0].code in TOO_LARGE else 400, fault.problems) from None


def strict_json(body: bytes, depth: int, where: str = "body") -> Any:
    """The value of a JSON text; numbers with a point keep the digits they are written with.

    Raises
    ------
    ServiceError  400: not UTF-8, not JSON, a name given twice, nested deeper than `depth`; 413: an object of more than MOST_NAMES names
    """
    with _refused():
        hint = "send one JSON value, with null where there is no reading"
        return read_json(body, where, hint, depth=depth, most_names=MOST_NAMES, number=float_or_exact)


def strict_object(body: bytes, depth: int, where: str = "body") -> dict[str, Any]:
    """The same, and it must be an object."""
    with _refused():
        return read_object(body, where, 'send {"respiratory_rate": 18, ...}', depth=depth, most_names=MOST_NAMES, number=float_or_exact)


def array_items(body: bytes, depth: int, most: int) -> Iterator[Any]:
    """The items of a JSON array one after the other; nothing is read ahead. An item of more than `most` characters is a 413."""
    with _refused():
        hint = "send one JSON value, with null where there is no reading"
        yield from read_items(body, "body", hint, depth=depth, most=most, most_names=MOST_NAMES, number=float_or_exact)
