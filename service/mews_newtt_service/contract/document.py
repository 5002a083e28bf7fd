"""The document at /openapi.json, put together from the routes, the models and examples that the library works out. It is also a file for review."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mews_newtt.chart.model import Observation
from mews_newtt_service.contract.components import HEADERS, OF_STATUS, PATH_PARAMETERS, SECURITY, Document, headers, schemas
from mews_newtt_service.openapi import MARK, worked_examples
from mews_newtt_service.problems import MEDIA_TYPE

_PARAMETER = re.compile(r"{(\w+)}")
TAGS = {
    "scores": "Score one observation set, or many.",
    "verification": "Check the scores of a platform, and make test cases for one.",
    "charts": "The charts that are served, whole and by version.",
    "jobs": "Long work: its progress, its result files, and how to stop it.",
    "signing in": "Tokens for clients that sign in with a key pair.",
    "running": "For whoever runs the service.",
    "fhir": "FHIR R4 operations.",
    "cds hooks": "CDS Hooks 2.0.",
}


def describe(app: FastAPI) -> None:
    """Give the application its OpenAPI document. It is made anew when the charts have changed."""
    made: tuple[tuple[str, ...], Document] | None = None

    def document() -> Document:
        nonlocal made
        charts = app.state.charts.charts()
        key = tuple(chart.sha256 for chart in charts)
        if made is None or made[0] != key:
            observations = {name: one for chart in charts for name, one in chart.observations.items()}
            made = (key, _document(app, observations))
        return made[1]

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI documents it


def written(document: Document) -> str:
    """The document as the text of a file, the same on every machine."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _document(app: FastAPI, observations: dict[str, Observation]) -> Document:
    found = get_openapi(title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes)
    found["tags"] = [{"name": name, "description": says} for name, says in TAGS.items()]
    found["security"] = [{"key": []}, {"header": []}, {}]
    found["components"] = {"schemas": schemas(observations.values()), "headers": HEADERS, "securitySchemes": SECURITY}
    for path, item in found["paths"].items():
        for operation in item.values():
            _name_path_parameters(path, operation)
            _name_headers(operation)
    _fill(found["paths"], worked_examples())
    return found


def _name_path_parameters(path: str, operation: Document) -> None:
    """Every parameter in a path is declared: the routes read their paths themselves, so FastAPI does not see them."""
    there = operation.setdefault("parameters", [])
    known = {one["name"] for one in there if one["in"] == "path"}
    there[:0] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": PATH_PARAMETERS[name]}
        for name in _PARAMETER.findall(path)
        if name not in known
    ]
    for one in there:
        if one["in"] == "path":
            one.setdefault("description", PATH_PARAMETERS[one["name"]])
    if not there:
        del operation["parameters"]


def _name_headers(operation: Document) -> None:
    for status, response in operation["responses"].items():
        response["headers"] = {**headers("X-Request-ID", *OF_STATUS.get(status, ())), **response.get("headers", {})}


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
        node["examples"] = {name: {"value": known[name]} for name in names}
    for part in list(node.values()):
        _fill(part, known)
    content = node.get("responses", {}).get("422", {}).get("content", {}) if isinstance(node.get("responses"), dict) else {}
    if MEDIA_TYPE in content:
        content[MEDIA_TYPE] = {**content[MEDIA_TYPE], "examples": {"problem": {"value": known["problem"]}}}
