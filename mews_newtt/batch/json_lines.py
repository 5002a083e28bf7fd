"""Where a file of JSON lines is not one, and how: looked for only once the reader has refused it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from mews_newtt.errors import Problem

KINDS = {bool: "true or false", int: "a number or text", float: "a number or text", str: "a number or text", list: "a list", dict: "an object"}


def json_problem(path: Path, name: str) -> Problem | None:
    """The first line that is no JSON object, or whose value is of another kind than those before it; None where there is none."""
    seen: dict[str, str] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{name}, line {number}"
            try:
                found = json.loads(line.decode(), parse_float=_finite, parse_constant=_finite)
            except (ValueError, RecursionError) as fault:
                says = f"{fault.msg} at character {fault.colno}" if isinstance(fault, json.JSONDecodeError) else str(fault)
                return Problem("not_ndjson", where, f"is not JSON: {says}", "write one JSON object in each line, in UTF-8")
            if not isinstance(found, dict):
                return Problem("not_ndjson", where, "is not a JSON object", "write one JSON object in each line")
            for key, value in found.items():
                kind = KINDS.get(type(value), "nothing")
                if value is not None and seen.setdefault(key, kind) != kind:
                    return Problem("kinds_differ", f"{where}, column {key}", f"is {kind} after {seen[key]}", "write values of one kind in a column")
    return None


def _finite(text: str) -> Any:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is no number of JSON that can be held")
    return number
