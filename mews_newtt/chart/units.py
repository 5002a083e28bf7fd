"""Units as people write them. Files and interfaces hold UCUM codes; no page, report or message to a person should."""

from __future__ import annotations

import re

_SAID = {"1": "", "Cel": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "a": "years", "mo": "months", "d": "days", "h": "hours", "min": "minutes"}
_STRANGE = {code: said for code, said in _SAID.items() if code in ("Cel", "[degF]", "mm[Hg]")}  # codes that are no word of English
_CODE = re.compile("|".join(rf"(?<!\w){re.escape(code)}(?!\w)" for code in _STRANGE))


def unit_said(ucum: str) -> str:
    """A unit as people write it after a number: °C for `Cel`, years for `a`; empty for a number without a unit."""
    return _SAID.get(ucum, ucum)


def as_written(text: str) -> str:
    """A sentence in which every UCUM code that only computing knows is written as people write it."""
    return _CODE.sub(lambda found: _STRANGE[found[0]], text)
