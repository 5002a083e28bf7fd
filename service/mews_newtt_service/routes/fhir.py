"""/fhir/R4: the operations $ews-score and $ews-verify, and the endpoint's description of itself. Errors are OperationOutcomes."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypedDict

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt.fhir.capability import MEDIA_TYPE, OPERATIONS, capability_statement, code_systems, operation_definition
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.operations import Answer, ews_score, ews_verify
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.write import observations_bundle
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.clock import clock
from mews_newtt_service.contract.components import ref
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import sample
from mews_newtt_service.problems import ServiceError, refuse, status_of
from mews_newtt_service.request_helpers import accepted, media_type, query
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

BASE = "/fhir/R4"
OFFERED = (MEDIA_TYPE, "application/json")
MALFORMED = frozenset(("not_a_bundle", "wrong_type", "not_a_time", "parameter_twice", "unknown_input", "bundle_type", "chart_missing", "bad_window"))
PINS = {
    "chart": "id or alias of the chart, for a bare Bundle",
    "version": "version of the chart, for a bare Bundle",
    "sha256": "content hash of the chart, for a bare Bundle",
    "window": "how long one round of observations may last, in minutes; 30 where it is not given",
}
IN_A_THREAD = 64 * 1024  # bytes: a longer body is read in a thread
_RESOURCE = ref("Resource")
_FHIR_VERSION = re.compile(r";\s*fhirVersion=\"?([^\";\s]*)", re.IGNORECASE)
_MIDDLEWARE = (400, 401, 403, 404, 405, 406, 408, 421, 429)


def outcome(status: int, problems: Iterable[Problem]) -> bytes:
    """An error under /fhir/ as the body of its answer."""
    return write_json(operation_outcome(problems)).encode("utf-8", "replace")


def router(settings: Settings) -> APIRouter:
    """The routes of the FHIR endpoint."""
    routes = plain_router()
    worked = _worked()
    for name, does in (("ews-score", _score), ("ews-verify", _verify)):
        routes.add_api_route(
            f"{BASE}/${name}",
            _guarded(does),
            methods=["POST"],
            name=f"fhir_{name.replace('-', '_')}",
            summary=f"FHIR operation ${name}",
            description="Nothing is stored. A partial set is 200; what cannot be scored is 422, every fault with its place.",
            tags=["fhir"],
            responses={200: _content("the answer", worked["answer"] if does is _score else None), **_errors(*_MIDDLEWARE, 409, 413, 415, 422)},
            openapi_extra={
                "requestBody": {"required": True, **_content("", worked["request"])},
                "parameters": [_in_query(each) for each in PINS],
            },
        )
    for path, gives, called, says in (
        ("metadata", _metadata, "fhir_get_metadata", "CapabilityStatement"),
        ("OperationDefinition/{name}", _definition, "fhir_get_operation_definition", "OperationDefinition of an operation"),
        ("CodeSystem/{name}", _code_system, "fhir_get_code_system", "CodeSystem of our own codes: parameter, category, score, level, skip-reason"),
    ):
        names = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}] if "{name}" in path else []
        routes.add_api_route(
            f"{BASE}/{path}",
            _guarded(gives),
            methods=["GET"],
            name=called,
            summary=says,
            tags=["fhir"],
            responses={200: _content("the resource"), **_errors(*_MIDDLEWARE)},
            openapi_extra={"parameters": names},
        )
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    routes.add_api_route("/fhir/{rest:path}", _guarded(_nothing_here), methods=every, include_in_schema=False)
    return routes


def _worked() -> dict[str, Resource]:
    """An example request, and the answer that the library works out for it."""
    given = sample()
    chart = load_chart(given["chart"])
    readings = observations_bundle(chart, given["set"], subject={"reference": "Patient/example"}, effective="2026-11-22T09:30:00+00:00")
    said: Resource = {
        "resourceType": "Parameters",
        "parameter": [{"name": "chart", "valueString": chart.id}, {"name": "observations", "resource": readings}],
    }
    answer = ews_score(said, lambda name, version, sha256: chart).resource
    return {"request": json.loads(write_json(said)), "answer": json.loads(write_json(answer))}


def _content(says: str, example: Resource | None = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _RESOURCE, **({"examples": {"worked": {"value": example}}} if example else {})}
    return {"description": says, "content": dict.fromkeys(OFFERED, media)}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """An OperationOutcome; what the middleware refuses may also be problem details."""
    said = {**_content("OperationOutcome")["content"], "application/problem+json": {"schema": ref("Problem")}}
    return {status: {"description": "OperationOutcome: what is wrong, where, and what to do", "content": said} for status in statuses}


def _in_query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": PINS[name]}


def _guarded(does: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await does(request)
        except MewsNewttError as fault:
            headers = fault.headers if isinstance(fault, ServiceError) else {}
            status = 400 if {problem.code for problem in fault.problems} <= MALFORMED else status_of(fault)
            return Response(outcome(status, fault.problems), status, headers, MEDIA_TYPE)

    return guarded


def _kind(request: Request, *known: str) -> tuple[dict[str, str], str]:
    """The query, and the media type to answer in; `_format` counts before Accept, as FHIR requires."""
    found = query(request, "_format", *known)
    wanted = found.pop("_format", None)
    if wanted is None:
        return found, accepted(request, *OFFERED)
    plain = wanted.partition(";")[0].strip().replace(" ", "+")  # a plus sign in a query is a blank
    if plain not in ("json", *OFFERED):
        raise refuse(406, "not_acceptable", "query _format", f"is {wanted[:60]!r}", f"offered: {', '.join(OFFERED)}")
    return found, OFFERED[0] if plain == "json" else plain


def _answer(resource: Resource, kind: str, headers: dict[str, str] | None = None) -> Response:
    return Response(write_json(resource).encode("utf-8", "replace"), 200, headers, kind)


async def _operate(request: Request, does: Callable[[Resource, dict[str, str]], Answer]) -> Response:
    if media_type(request) not in OFFERED:
        kind = request.headers.get("content-type", "")
        raise refuse(415, "unsupported_media_type", "Content-Type", f"is {kind[:60]!r}", f"send {MEDIA_TYPE}", Accept=MEDIA_TYPE)
    version = _FHIR_VERSION.search(request.headers["content-type"])
    if version is not None and version[1] != "4.0":
        raise refuse(415, "fhir_version", "Content-Type", f"says FHIR version {version[1][:10]}", "send FHIR R4: fhirVersion=4.0", Accept=MEDIA_TYPE)
    packed = request.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise refuse(415, "unsupported_encoding", "Content-Encoding", f"is {packed[:60]!r}", "send JSON as it is", Accept_Encoding="identity")
    found, kind = _kind(request, *PINS)
    body = await request.body()
    depth = request.app.state.settings.json_depth

    def work() -> tuple[Answer, bytes]:
        answer = does(strict_object(body, depth), found)
        return answer, write_json(answer.resource).encode("utf-8", "replace")

    answer, text = work() if len(body) <= IN_A_THREAD else await anyio.to_thread.run_sync(work)
    request.app.state.metrics.scored(answer.result.chart, answer.result.status)
    return Response(text, 200, chart_headers(answer.result.chart), kind)


async def _score(request: Request) -> Response:
    charts = request.app.state.charts
    return await _operate(request, lambda resource, pins: ews_score(resource, charts.find, **_pins(pins), now=clock()))


async def _verify(request: Request) -> Response:
    charts = request.app.state.charts
    return await _operate(request, lambda resource, pins: ews_verify(resource, charts.find, charts.charts(), **_pins(pins)))


class _Pins(TypedDict):
    chart: str | None
    version: str | None
    sha256: str | None
    window: str | None


def _pins(found: dict[str, str]) -> _Pins:
    """What the query says, by the names of the operations."""
    return {"chart": found.get("chart"), "version": found.get("version"), "sha256": found.get("sha256"), "window": found.get("window")}


def _base(request: Request) -> str:
    """The address by which this endpoint is known."""
    public: str = request.app.state.settings.public_url
    return (public or str(request.base_url)).rstrip("/") + BASE


async def _metadata(request: Request) -> Response:
    _, kind = _kind(request)
    return _answer(capability_statement(_base(request)), kind)


async def _definition(request: Request) -> Response:
    _, kind = _kind(request)
    name = request.path_params["name"]
    found = operation_definition(name, _base(request))
    if found is None:
        raise refuse(404, "not_found", f"OperationDefinition {name[:60]}", "is not here", "there are: " + ", ".join(OPERATIONS))
    return _answer(found, kind)


async def _code_system(request: Request) -> Response:
    _, kind = _kind(request)
    name = request.path_params["name"]
    found = code_systems(request.app.state.charts.charts())
    if name not in found:
        raise refuse(404, "not_found", f"CodeSystem {name[:60]}", "is not here", "there are: " + ", ".join(found))
    return _answer(found[name], kind)


async def _nothing_here(request: Request) -> Response:
    known = {f"{BASE}/${name}": "POST" for name in OPERATIONS} | {f"{BASE}/metadata": "GET"}
    path = request.url.path
    method = known.get(path) or ("GET" if path.startswith((f"{BASE}/OperationDefinition/", f"{BASE}/CodeSystem/")) else None)
    if method is not None and path.count("/") < 5:
        raise refuse(405, "method_not_allowed", f"{request.method} {path[:200]}", "is not offered", f"use {method}", Allow=method)
    raise refuse(404, "not_found", path[:200], "there is nothing here", f"see {BASE}/metadata")
