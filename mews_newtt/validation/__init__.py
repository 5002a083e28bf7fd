"""Whether a platform scores as the chart says: compare its answers, explain what disagrees, make test packs, try a live platform.

The front door of validation. Its names are loaded when they are asked for, because the batch parts need the `validate` extra.
`conform`, `coverage` and `diagnose` are modules beside it, each with a function of its own name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` loads these
    from mews_newtt.validation.compare import diagnosed, validate, validate_file
    from mews_newtt.validation.packs import make_pack, write_pack
    from mews_newtt.validation.proving.prove import Proof, prove
    from mews_newtt.validation.reports import write_reports
    from mews_newtt.validation.result import Validation

_HOMES = {
    "Proof": "proving.prove",
    "Validation": "result",
    "diagnosed": "compare",
    "make_pack": "packs",
    "prove": "proving.prove",
    "validate": "compare",
    "validate_file": "compare",
    "write_pack": "packs",
    "write_reports": "reports",
}
__all__ = [
    "Proof",
    "Validation",
    "diagnosed",
    "make_pack",
    "prove",
    "validate",
    "validate_file",
    "write_pack",
    "write_reports",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return globals()[name]
