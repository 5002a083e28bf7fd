"""JSON Schemas of TOML files. They follow from the code that reads the files: it is run on an empty table that notes each key that is asked for.

Editors use such a schema to complete and check a file while it is written. The reader of the file stays the judge: it checks far more.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from mews_newtt.chart.load import chart_of, interval_of
from mews_newtt.chart.toml import TableReader

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[type, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    list: {"type": "array"},
    dict: {"type": "object"},
    date: {"type": "string", "format": "date"},
}
TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}


class SchemaReader(TableReader):
    """A table without content. It notes which keys are asked for, with their types."""

    def __init__(self, place: str = ""):
        super().__init__({}, place, [])
        self.keys: dict[str, Schema] = {}
        self.required: list[str] = []

    def take(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        self.keys.setdefault(key, dict(_TYPES[kind]))
        if required and key not in self.required:
            self.required.append(key)
        return default

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        self.take(key, str, required=True)
        self.keys[key]["enum"] = list(allowed)
        return allowed[0]

    def texts(self, key: str) -> tuple[str, ...]:
        self.keys[key] = TEXTS
        return ()

    def text_table(self, key: str) -> dict[str, str]:
        self.keys[key] = {"type": "object", "additionalProperties": TEXT}
        return {}

    def tables(self, key: str) -> list[TableReader]:
        inner = SchemaReader(f"{self.place}, {key}")
        self.keys[key] = {"type": "array", "items": inner}
        return [inner]

    def table(self, key: str) -> TableReader:
        inner = SchemaReader(f"{self.place}, {key}")
        self.keys[key] = inner  # type: ignore[assignment]  # becomes a schema in `schema`, when all of its keys are known
        return inner

    def finish(self) -> None:
        """Nothing is unknown here."""

    def schema(self) -> Schema:
        """What was asked for, as an object that has no other keys."""
        found: Schema = {"type": "object", "properties": {key: _made(kind) for key, kind in self.keys.items()}, "additionalProperties": False}
        return {**found, "required": self.required} if self.required else found


def _made(kind: Any) -> Schema:
    if isinstance(kind, SchemaReader):
        return kind.schema()
    return {name: _made(value) if isinstance(value, SchemaReader) else value for name, value in kind.items()}


def chart_file_schema() -> Schema:
    """The schema of a chart file (`rules/<chart>/<version>.toml`). docs/chart-format.md says what the keys mean."""
    top = SchemaReader()
    chart_of(top, {})
    found = top.schema()
    edges = SchemaReader()
    interval_of(edges)
    condition: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}, edges.schema()]}
    parts = found["properties"]
    for conditions in (parts["parameters"]["items"]["properties"]["tables"]["items"], parts["scope"]["items"]):
        conditions["properties"]["when"] = {"type": "object", "additionalProperties": condition}
    found["required"] = ["chart"]
    return {"$schema": DRAFT, "title": "Chart file", "description": "One version of one observation chart, as TOML.", **found}
