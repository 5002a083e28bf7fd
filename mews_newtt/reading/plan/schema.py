"""The JSON Schema of a reading plan; it follows from the code that reads plans (see `mews_newtt.chart.schema`)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from mews_newtt.chart.schema import DRAFT, TEXT, TEXTS, Schema, SchemaReader
from mews_newtt.reading.column_map import Said, read_map_keys
from mews_newtt.reading.plan.model import Choose, Differing
from mews_newtt.reading.plan.read import plan_parts


def plan_file_schema() -> Schema:
    """The schema of a reading plan. docs/plans.md says what the keys mean."""
    top, said = SchemaReader(), Said()
    read_map_keys(top, Path("plan.toml"), said)
    top.texts("open_questions")
    plan_parts(top, said, Path("plan.toml"), {})
    found = top.schema()
    parts, words = found["properties"], {"type": "object", "additionalProperties": TEXT}
    parts["values"] = parts["patterns"] = {"type": "object", "additionalProperties": words}
    parts["missing"] = {"anyOf": [*TEXTS["anyOf"], {"type": "object", "additionalProperties": TEXTS}]}
    parts["sets"]["properties"]["differing"]["enum"] = list(get_args(Differing))
    source = {"type": "object", "properties": {"column": TEXT, "code": TEXT, "unit": TEXT}, "additionalProperties": False}
    several = {"from": {"type": "array", "items": {"anyOf": [TEXT, source]}}, "choose": {"enum": list(get_args(Choose))}}
    parts["readings"]["additionalProperties"] = {"type": "object", "properties": several, "required": list(several), "additionalProperties": False}
    return {"$schema": DRAFT, "title": "Reading plan", "description": "How somebody else's file becomes observation sets, as TOML.", **found}
