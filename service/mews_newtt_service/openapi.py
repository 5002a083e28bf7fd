"""The document at /openapi.json: every status that a path can answer, and examples whose answers come from the library."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mews_newtt import __version__
from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import MewsNewttError
from mews_newtt.scoring.reference import score
from mews_newtt_service.answers import score_text
from mews_newtt_service.problems import MEDIA_TYPE, problem_document, status_of

Document = dict[str, Any]
MARK = "x-example"
TEXT_OR_NULL = {"type": ["string", "null"]}
WHOLE_OR_NULL = {"type": ["integer", "null"]}
TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMAS: dict[str, Document] = {
    "Chart": {
        "type": "object",
        "required": ["id", "title", "version", "status", "sha256"],
        "properties": {name: {"type": "string"} for name in ("id", "title", "version", "status", "sha256")},
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457; `code`, `where`, `what` and `mend` are those of the first problem, `problems` holds every one",
        "required": ["type", "title", "status", "detail", "code", "where", "what", "mend", "problems", "engine_version"],
        "properties": {
            **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "where", "what", "mend", "engine_version")},
            "status": {"type": "integer"},
            "problems": {
                "type": "array",
                "items": {"type": "object", "required": ["code", "where", "what", "mend"], "additionalProperties": {"type": "string"}},
            },
        },
    },
    "Score": {
        "type": "object",
        "required": [
            "chart",
            "status",
            "total",
            "total_min",
            "total_max",
            "level",
            "level_max",
            "reasons",
            "parameters",
            "missing",
            "flags",
            "problems",
            "says",
            "engine_version",
        ],
        "properties": {
            "chart": {"$ref": "#/components/schemas/Chart"},
            "status": {"enum": ["complete", "partial", "refused"]},
            "total": {**WHOLE_OR_NULL, "description": "only where the set is complete; never for a partial set"},
            "total_min": WHOLE_OR_NULL,
            "total_max": WHOLE_OR_NULL,
            "level": {**TEXT_OR_NULL, "description": "the level certainly reached"},
            "level_max": {**TEXT_OR_NULL, "description": "the highest level that missing readings leave possible"},
            "reasons": {"type": "array", "items": {"type": "object"}},
            "parameters": {"type": "array", "items": {"type": "object"}},
            "missing": TEXTS,
            "skipped": TEXTS,
            "flags": TEXTS,
            "warnings": TEXTS,
            "problems": {"type": "array", "items": {"type": "object"}},
            "says": {"type": "string"},
            "engine_version": {"type": "string"},
        },
    },
    "Set": {
        "type": "object",
        "description": 'parameter id to number, text, null, {"value": 98.6, "unit": "[degF]"} or {"skipped": "reason"}; also skip_<parameter>',
    },
}
SET: Document = {"$ref": "#/components/schemas/Set"}
PROBLEM: Document = {
    "description": "what is wrong, where, and what to do",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
JSON_ERROR: Document = {
    "description": "OAuth 2.0 error",
    "content": {"application/json": {"schema": {"type": "object"}}, MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
NOT_MODIFIED: dict[int | str, Document] = {304: {"description": "unchanged since the ETag that was sent"}}
_MIDDLEWARE = (400, 401, 403, 405, 408, 421, 429)
GET_RESPONSES: dict[int | str, Document] = dict.fromkeys((*_MIDDLEWARE, 404, 406, 503), PROBLEM)
POST_RESPONSES: dict[int | str, Document] = dict.fromkeys((*_MIDDLEWARE, 404, 406, 409, 413, 415, 422), PROBLEM)
LONG_RESPONSES: dict[int | str, Document] = {**POST_RESPONSES, 503: PROBLEM, 507: PROBLEM}
PIN = [
    {"name": "version", "in": "query", "required": False, "schema": {"type": "string"}, "description": "that version only"},
    {"name": "sha256", "in": "query", "required": False, "schema": {"type": "string"}, "description": "409 unless the chart has this content hash"},
    {"name": "chart_id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "a chart's id or alias"},
]


def path_parameter(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def examples(*names: str) -> Document:
    """A JSON answer with the examples of these names. Their content is computed when the document is first asked for."""
    kind = {"$ref": "#/components/schemas/Score"} if names and names[0].startswith("score") else {"type": "object"}
    return {"description": "the answer", "content": {"application/json": {"schema": kind, MARK: list(names)}}}


def body(*names: str, schema: Document) -> Document:
    """A JSON body with these examples."""
    return {"required": True, "content": {"application/json": {"schema": schema, MARK: list(names)}}}


@lru_cache(maxsize=1)
def sample() -> dict[str, Any]:
    """The observation sets of the examples, from samples.json."""
    found: dict[str, Any] = json.loads(resources.files("mews_newtt_service").joinpath("samples.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def worked_examples() -> dict[str, Any]:
    """Every example by its name. The answers are computed by the library."""
    given = sample()
    chart = load_chart(given["chart"])
    found: dict[str, Any] = {name: given[name] for name in given if name != "chart"}
    for name in ("", "_partial"):
        found[f"score{name}"] = json.loads(score_text(score(chart, given[f"set{name}"])))
    try:
        score(chart, given["set_impossible"])
    except MewsNewttError as refusal:
        found["problem"] = problem_document(status_of(refusal), refusal.problems)
    found["health"] = {"status": "ok", "version": __version__, "engine_version": __version__}
    return found


def describe(app: FastAPI) -> None:
    """Give the application its OpenAPI document."""

    def document() -> Document:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes)
            components = found.setdefault("components", {})
            components["schemas"] = {**components.get("schemas", {}), **SCHEMAS}
            components["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer", "description": "an API key or a token of /oauth/token"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            found["security"] = [{"key": []}, {"header": []}, {}]
            _fill(found, worked_examples())
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI documents it


def _fill(node: Any, known: dict[str, Any]) -> None:
    """Put the examples where they are marked, and a real problem beside each 422."""
    if isinstance(node, list):
        for part in node:
            _fill(part, known)
        return
    if not isinstance(node, dict):
        return
    names = node.pop(MARK, None)
    if names:
        there = {name: {"value": known[name]} for name in names if name in known}
        if there:
            node["examples"] = there
    for part in list(node.values()):
        _fill(part, known)
    content = node.get("responses", {}).get("422", {}).get("content", {}) if isinstance(node.get("responses"), dict) else {}
    if MEDIA_TYPE in content and "problem" in known:
        content[MEDIA_TYPE] = {**content[MEDIA_TYPE], "examples": {"problem": {"value": known["problem"]}}}
