"""Scores as FHIR R4 in the shapes of UK Core: dictionaries in, dictionaries out. Codes and choices: docs/fhir.md.

Names are loaded when they are first asked for, because verification needs the `validate` extra.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` loads these
    from mews_newtt.fhir.cds import cards, services
    from mews_newtt.fhir.jsontext import read_json, write_json
    from mews_newtt.fhir.many import ews_score_many
    from mews_newtt.fhir.operations import ews_score, ews_verify

_HOMES = {
    "cards": "cds",
    "ews_score": "operations",
    "ews_score_many": "many",
    "ews_verify": "operations",
    "read_json": "jsontext",
    "services": "cds",
    "write_json": "jsontext",
}
__all__ = ["cards", "ews_score", "ews_score_many", "ews_verify", "read_json", "services", "write_json"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return globals()[name]
