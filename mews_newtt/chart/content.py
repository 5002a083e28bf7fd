"""The content of a chart as plain data, and its hash: the same for the same meaning, whatever the layout of the chart's file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from mews_newtt.chart.exact import plain


def content_sha256(chart: Any) -> str:
    """SHA-256 of a chart's canonical content.

    Numbers are written in their shortest form, keys sorted. Of the observations it holds what gives the numbers
    their meaning: unit, step and category ids.
    """
    text = json.dumps(canonical(chart), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """A chart, or a part of it, as plain data: what the hash is taken of, and what `charts show --json` prints.

    A class says with `content()` what of it counts; of other classes every field does that takes part in comparisons.
    """
    if hasattr(value, "content"):
        return canonical(value.content())
    if is_dataclass(value):
        return {field.name: canonical(getattr(value, field.name)) for field in fields(value) if field.compare}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, dict):
        return {name: canonical(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [canonical(item) for item in value]
    return value
