"""Whether a platform scores as the chart says: comparing, diagnosing, test packs, trying an endpoint. Heavy parts are imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mews_newtt.validation.compare import validate, validate_file
    from mews_newtt.validation.conform import conform
    from mews_newtt.validation.coverage import coverage
    from mews_newtt.validation.diagnose import diagnose
    from mews_newtt.validation.pack import make_pack
    from mews_newtt.validation.pack_files import write_pack
    from mews_newtt.validation.reports import write_reports
    from mews_newtt.validation.result import Validation

_PLACES = {
    "Validation": "result",
    "conform": "conform",
    "coverage": "coverage",
    "diagnose": "diagnose",
    "make_pack": "pack",
    "validate": "compare",
    "validate_file": "compare",
    "write_pack": "pack_files",
    "write_reports": "reports",
}
_OWN = frozenset(_PLACES.values())
__all__ = [
    "Validation",
    "conform",
    "coverage",
    "diagnose",
    "make_pack",
    "validate",
    "validate_file",
    "write_pack",
    "write_reports",
]


def __getattr__(name: str) -> Any:
    # Names that are also modules (`diagnose`) are always the module once it is imported: import the function from it.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
