"""The JSON Schemas that are published with the documents: an observation set, a score, a chart file and a reading plan.

The first two are models of this contract; the other two follow from the code that reads the files. `make contract` writes them to docs/schemas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mews_newtt.chart.builtin import builtin_observations
from mews_newtt.chart.schema import DRAFT, chart_file_schema
from mews_newtt.reading.plan.schema import plan_file_schema
from mews_newtt_service.contract.scores import Score
from mews_newtt_service.contract.sets import set_model

SUFFIX = ".schema.json"


def published() -> dict[str, dict[str, Any]]:
    """Every schema by the name of its file."""
    return {
        "observation-set": _with_draft(set_model(builtin_observations().values()).model_json_schema(), "Observation set"),
        "score": _with_draft(_of_the_library(Score.model_json_schema(mode="serialization")), "Score"),
        "chart-file": chart_file_schema(),
        "reading-plan": plan_file_schema(),
    }


def _with_draft(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DRAFT, **schema, "title": title}


def _of_the_library(schema: dict[str, Any]) -> dict[str, Any]:
    """The library's scores (`Score.to_dict`, `mews-newtt score --json`) do not say which version of the software made them."""
    for part in schema["$defs"].values():
        if "engine_version" in part.get("required", ()):
            part["required"].remove("engine_version")
    return schema


def write_published(folder: Path) -> None:
    """Write every schema into a folder, the same on every machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in published().items():
        (folder / f"{name}{SUFFIX}").write_text(as_text(schema), encoding="utf-8")


def as_text(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
