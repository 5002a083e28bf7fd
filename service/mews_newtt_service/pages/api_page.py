"""/docs: the API as a page, drawn from its own document. It needs no script, and asks nobody else for anything."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt_service.contract.components import Document
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.request_helpers import query

MOST_CHOICES = 12  # of a list of allowed texts
JOIN = Markup(" or ")


async def api_page(request: Request) -> Response:
    query(request)
    document = request.app.openapi()
    return page(request, "api.html", title="The API", document=document, groups=_groups(document), models=_models(document))


def add_to(routes: APIRouter) -> None:
    routes.add_api_route("/docs", shows_faults(api_page), methods=["GET"])


def _groups(document: Document) -> list[Document]:
    """The operations by tag, in the order of the tags."""
    found: dict[str, Document] = {tag["name"]: {**tag, "operations": []} for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found[operation["tags"][0]]["operations"].append(_operation(method, path, operation))
    return [group for group in found.values() if group["operations"]]


def _operation(method: str, path: str, operation: Document) -> Document:
    content = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": _said(operation.get("description", "")),
        "parameters": [{**one, "type": type_of(one["schema"]), "description": _said(one["description"])} for one in operation.get("parameters", ())],
        "bodies": [
            {"media": media, "type": type_of(one.get("schema", {})), "fields": _fields(one.get("schema", {}))} for media, one in content.items()
        ],
        "examples": [example for one in list(content.values())[:1] for example in _examples(one)],
        "answers": _answers(operation["responses"]),
    }


def _answers(responses: Document) -> list[Document]:
    """An entry for each status; errors with the same body share one."""
    found: list[Document] = []
    for status, answer in sorted(responses.items()):
        one = _answer(status, answer)
        last = found[-1] if found else None
        if last is not None and status >= "400" and (last["description"], last["bodies"]) == (one["description"], one["bodies"]):
            last["status"] += f", {status}"
            last["headers"] = list(dict.fromkeys([*last["headers"], *one["headers"]]))
        else:
            found.append(one)
    return found


def _answer(status: str, answer: Document) -> Document:
    content = answer.get("content", {})
    return {
        "status": status,
        "description": _said(answer["description"]),
        "bodies": [{"media": media, "type": type_of(one.get("schema", {}))} for media, one in content.items()],
        "headers": [name for name in answer.get("headers", ()) if name != "X-Request-ID"],
        "examples": [example for one in content.values() for example in _examples(one)] if status < "300" else [],
    }


def _said(text: str) -> Markup:
    """A description; what is between backticks is code."""
    parts = zip(text.split("`"), cycle((False, True)), strict=False)
    return Markup("").join(Markup("<code>{0}</code>").format(part) if is_code else escape(part) for part, is_code in parts)


def _examples(media: Document) -> list[tuple[str, str]]:
    return [(name, json.dumps(one["value"], indent=2, ensure_ascii=False)) for name, one in media.get("examples", {}).items()]


def _models(document: Document) -> list[Document]:
    return [
        {
            "name": name,
            "description": _said(schema.get("description", "")),
            "type": None if "properties" in schema else type_of(schema),
            "fields": _fields(schema),
        }
        for name, schema in document["components"]["schemas"].items()
    ]


def _fields(schema: Document) -> list[Document]:
    required = schema.get("required", ())
    return [
        {"name": name, "type": type_of(one), "description": _said(one.get("description", "")), "required": name in required}
        for name, one in schema.get("properties", {}).items()
    ]


def type_of(schema: Document) -> Markup:
    """A type in words, with links to the models it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#model-{0}">{0}</a>').format(name)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return JOIN.join(dict.fromkeys(type_of(one) for one in schema[several]))
    if "const" in schema:
        return escape(json.dumps(schema["const"], ensure_ascii=False))
    if "enum" in schema:
        return JOIN.join(escape(json.dumps(one, ensure_ascii=False)) for one in schema["enum"][:MOST_CHOICES])
    kind = schema.get("type", "anything")
    if kind == "array":
        if "prefixItems" in schema:
            return Markup("list of ") + Markup(" and ").join(type_of(one) for one in schema["prefixItems"])
        return Markup("list of ") + type_of(schema.get("items", {}))
    if kind == "object":
        more = schema.get("additionalProperties")
        return Markup("names to ") + type_of(more) if isinstance(more, dict) else Markup("object")
    word = str(kind) if kind != "string" else "file" if schema.get("format") == "binary" else "text"
    return escape(word + _limits(schema))


def _limits(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" from {low:g}" if low is not None else f" up to {high:g}" if high is not None else ""
