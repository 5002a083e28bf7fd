"""/fhir/R4: the operations on observations and scores, and the endpoint's description of itself. Errors are OperationOutcomes."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypedDict

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt.fhir.capability import MEDIA_TYPE, OPERATIONS, capability_statement, code_systems, operation_definition, subsetted
from mews_newtt.fhir.course import Course, TrackRequest, ews_track
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.many import PersonScore, ews_score_many, many_resource
from mews_newtt.fhir.operations import Answer, ews_score, ews_verify
from mews_newtt.fhir.operations import Request as Asking
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.profiles import BY_NAME, structure_definition
from mews_newtt.fhir.times import moment
from mews_newtt.fhir.write import observations_bundle
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.auth.addresses import base_of
from mews_newtt_service.clock import clock
from mews_newtt_service.contract.components import ref
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import sample
from mews_newtt_service.problems import ServiceError, noted, refuse, status_of
from mews_newtt_service.request_helpers import accepted, media_type, one_of, query, yes
from mews_newtt_service.routes.token import smart_configuration
from mews_newtt_service.routing import methods_here, plain_router
from mews_newtt_service.settings import Settings

BASE = "/fhir/R4"
OFFERED = (MEDIA_TYPE, "application/json")
MALFORMED = frozenset(("not_a_bundle", "wrong_type", "not_a_time", "parameter_twice", "unknown_input", "bundle_type", "chart_missing", "bad_window"))
NDJSON = "application/fhir+ndjson"
XML = frozenset(("application/fhir+xml", "application/xml", "text/xml", "xml"))
NO_XML = f"FHIR XML is not read or written here; send and ask for {MEDIA_TYPE} (every FHIR library converts a resource from XML to JSON)"
SUMMARIES = ("false", "data", "true")  # an answer about a score is always whole: why it is not final must not be left out
PINS = {
    "chart": "id or alias of the chart, for a bare Bundle",
    "version": "version of the chart, for a bare Bundle; a day: the version in force on it; `by-date`: on the day of the round (not $ews-track)",
    "sha256": "content hash of the chart, for a bare Bundle",
    "window": "how long one round of observations may last, in minutes; 30 where it is not given",
}
ASKED = {
    "start": "an instant; readings before it are left out, with a warning",
    "end": "an instant; readings after it are left out, with a warning",
    "lookback": "the same as a start so many minutes before the end, or before now",
    "encounter": "a reference, such as Encounter/123; readings of other encounters are left out, with a warning",
}
FOLLOWED = {
    "policy": "policies that hold beside the chart: id, or id@version; several with commas between them",
    "schedule": "schedules of the policies that hold for this person, with commas between them; id|instant where one does not start at birth",
    "born": "an instant: the birth, where no Patient says it; for a mother that of her baby",
    "now": "an instant: what is overdue is counted to it; the time of the call where it is not given",
}
COMMON = {
    "_format": "json, or a media type of FHIR JSON; it counts before Accept",
    "_pretty": "true: the answer is indented",
    "_summary": "true: a CodeSystem comes without its concepts; other answers are always whole",
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
    examples = worked()
    for name, does, asked in (
        ("ews-score", _score, PINS | ASKED),
        ("ews-score-many", _score_many, PINS | ASKED),
        ("ews-track", _track, PINS | ASKED | FOLLOWED),
        ("ews-verify", _verify, PINS),
    ):
        answer = _content("the answer", examples["answer"] if does is _score else None, many=does is _score_many)
        routes.add_api_route(
            f"{BASE}/${name}",
            _guarded(does),
            methods=["POST"],
            name=f"fhir_{name.replace('-', '_')}",
            summary=f"FHIR operation ${name}",
            description="Nothing is stored. A partial set is 200; what cannot be scored is 422, every fault with its place.",
            tags=["fhir"],
            responses={200: answer, **_errors(*_MIDDLEWARE, 409, 413, 415, 422)},
            openapi_extra={
                "requestBody": {"required": True, **_content("", examples["request"], many=does is _score_many)},
                "parameters": [_in_query(each, says) for each, says in (asked | COMMON).items()],
            },
        )
    for path, gives, called, says in (
        ("metadata", _metadata, "fhir_get_metadata", "CapabilityStatement"),
        ("OperationDefinition/{name}", _definition, "fhir_get_operation_definition", "OperationDefinition of an operation"),
        ("StructureDefinition/{name}", _profile, "fhir_get_structure_definition", "StructureDefinition of a profile of what is written here"),
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
            openapi_extra={"parameters": [*names, *(_in_query(each, words) for each, words in COMMON.items())]},
        )

    async def smart(request: Request) -> Response:
        query(request)
        return smart_configuration(request)

    routes.add_api_route(
        f"{BASE}/.well-known/smart-configuration",
        _guarded(smart),
        methods=["GET"],
        name="fhir_get_smart_configuration",
        summary="Where and how to sign in",
        tags=["fhir"],
        responses={
            200: {"description": "the document", "content": {"application/json": {"schema": ref("SmartConfiguration")}}},
            **_errors(*_MIDDLEWARE),
        },
    )
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    routes.add_api_route("/fhir/{rest:path}", _guarded(_nothing_here), methods=every, include_in_schema=False)
    return routes


def worked() -> dict[str, Resource]:
    """An example request, and the answer that the library works out for it."""
    given = sample()
    chart = load_chart(given["chart"])
    readings = observations_bundle(chart, given["set"], subject={"reference": "Patient/example"}, effective="2026-11-22T09:30:00+00:00")
    said: Resource = {
        "resourceType": "Parameters",
        "parameter": [{"name": "chart", "valueString": chart.id}, {"name": "observations", "resource": readings}],
    }
    answer = ews_score(said, lambda name, version, sha256: chart, now=moment("2026-11-24T00:00:00Z")).resource
    return {"request": json.loads(write_json(said)), "answer": json.loads(write_json(answer))}


def _content(says: str, example: Resource | None = None, *, many: bool = False) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _RESOURCE, **({"examples": {"worked": {"value": example}}} if example else {})}
    lines = {NDJSON: {"schema": {"type": "string", "description": "a resource a line"}}} if many else {}
    return {"description": says, "content": dict.fromkeys(OFFERED, media) | lines}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """An OperationOutcome; what the middleware refuses may also be problem details."""
    said = {**_content("OperationOutcome")["content"], "application/problem+json": {"schema": ref("Problem")}}
    return {status: {"description": "OperationOutcome: what is wrong, where, and what to do", "content": said} for status in statuses}


def _in_query(name: str, says: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": says}


def _guarded(does: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await does(request)
        except MewsNewttError as fault:
            headers = fault.headers if isinstance(fault, ServiceError) else {}
            status = 400 if {problem.code for problem in fault.problems} <= MALFORMED else status_of(fault)
            noted(request.scope, fault.problems)
            return Response(outcome(status, fault.problems), status, headers, MEDIA_TYPE)

    return guarded


class _Form(NamedTuple):
    """How the answer is written."""

    kind: str  # its media type
    indent: int | None
    summary: bool

    def text(self, resource: Resource) -> bytes:
        return write_json(resource, self.indent).encode("utf-8", "replace")


def _form(request: Request, *known: str, offered: tuple[str, ...] = OFFERED) -> tuple[dict[str, str], _Form]:
    """The query, and the form of the answer; `_format` counts before Accept, as FHIR requires."""
    if not request.scope.get("query_string") and request.scope["header_map"].get(b"accept", b"*/*") == b"*/*":
        return {}, _Form(offered[0], None, False)
    found = query(request, "_format", "_pretty", "_summary", *known)
    wanted = found.pop("_format", None)
    indent = 2 if yes(found, "_pretty") else None
    summary = one_of(found, "_summary", SUMMARIES) == "true"
    found.pop("_pretty", None)
    found.pop("_summary", None)
    if wanted is None:
        asks = request.headers.get("accept", "")
        types = {part.partition(";")[0].strip().lower() for part in asks.split(",")}
        if types & XML and types.isdisjoint((*offered, "*/*", "application/*")):
            raise refuse(406, "not_acceptable", "Accept", f"is {asks[:60]!r}", NO_XML)
        return found, _Form(accepted(request, *offered), indent, summary)
    plain = wanted.partition(";")[0].strip().replace(" ", "+")  # a plus sign in a query is a blank
    if plain not in ("json", *offered):
        mend = NO_XML if plain in XML else f"offered: {', '.join(offered)}"
        raise refuse(406, "not_acceptable", "query _format", f"is {wanted[:60]!r}", mend)
    return found, _Form(offered[0] if plain == "json" else plain, indent, summary)


def _answer(resource: Resource, form: _Form) -> Response:
    return Response(form.text(resource), 200, None, form.kind)


def _check_body(request: Request, *offered: str) -> None:
    """Raise ServiceError (415) unless the headers say that the body is FHIR R4 as JSON, and not packed."""
    kind = media_type(request)
    if kind not in offered:
        mend = NO_XML if kind in XML else f"send {MEDIA_TYPE}"
        raise refuse(415, "unsupported_media_type", "Content-Type", f"is {request.headers.get('content-type', '')[:60]!r}", mend, Accept=MEDIA_TYPE)
    version = _FHIR_VERSION.search(request.headers["content-type"])
    if version is not None and version[1] != "4.0":
        raise refuse(415, "fhir_version", "Content-Type", f"says FHIR version {version[1][:10]}", "send FHIR R4: fhirVersion=4.0", Accept=MEDIA_TYPE)
    packed = request.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise refuse(415, "unsupported_encoding", "Content-Encoding", f"is {packed[:60]!r}", "send JSON as it is", Accept_Encoding="identity")


async def _operate(request: Request, does: Callable[[Resource, dict[str, str]], Answer], *known: str) -> Response:
    _check_body(request, *OFFERED)
    found, form = _form(request, *known)
    body = await request.body()
    depth = request.app.state.settings.json_depth

    def work() -> tuple[Answer, bytes]:
        answer = does(strict_object(body, depth), found)
        return answer, form.text(answer.resource)

    answer, text = work() if len(body) <= IN_A_THREAD else await anyio.to_thread.run_sync(work)
    request.app.state.metrics.scored(answer.result.chart, answer.result.status)
    return Response(text, 200, chart_headers(answer.result.chart), form.kind)


async def _score(request: Request) -> Response:
    charts = request.app.state.charts
    return await _operate(request, lambda resource, found: ews_score(resource, charts.find, **found, now=clock()), *PINS, *ASKED)


async def _verify(request: Request) -> Response:
    charts = request.app.state.charts
    return await _operate(request, lambda resource, found: ews_verify(resource, charts.find, charts.charts(), **_pins(found)), *PINS)


async def _score_many(request: Request) -> Response:
    """Many persons: a Bundle or Parameters in, Parameters out; or lines of resources in, and a line for each person out."""
    _check_body(request, *OFFERED, NDJSON)
    is_lines = media_type(request) == NDJSON
    found, form = _form(request, *PINS, *ASKED, offered=(NDJSON, *OFFERED) if is_lines else (*OFFERED, NDJSON))
    body = await request.body()
    depth, charts = request.app.state.settings.json_depth, request.app.state.charts

    def work() -> tuple[list[PersonScore], bytes]:
        lines = [line for line in body.split(b"\n") if line.strip()]
        sent = [strict_object(line, depth, f"line {number}") for number, line in enumerate(lines, 1)] if is_lines else strict_object(body, depth)
        scores = ews_score_many(sent, charts.find, Asking(**found), now=clock())
        if form.kind == NDJSON:
            return scores, b"".join(write_json(each.resource).encode("utf-8", "replace") + b"\n" for each in scores)
        return scores, form.text(many_resource(scores))

    scores, text = await anyio.to_thread.run_sync(work)
    answers = [each.answer for each in scores if each.answer is not None]
    for answer in answers:
        request.app.state.metrics.scored(answer.result.chart, answer.result.status)
    return Response(text, 200, chart_headers(answers[0].result.chart) if answers else None, form.kind)


async def _track(request: Request) -> Response:
    """One person's Observations of any time in, the course of that person out."""
    _check_body(request, *OFFERED)
    found, form = _form(request, *PINS, *ASKED, *FOLLOWED)
    body = await request.body()
    depth, charts = request.app.state.settings.json_depth, request.app.state.charts
    policies, schedules = ([one.strip() for one in found.pop(name, "").split(",") if one.strip()] for name in ("policy", "schedule"))
    asked = TrackRequest(policies=policies, schedules=schedules, born=found.pop("born", None), now=found.pop("now", None), request=Asking(**found))

    def work() -> tuple[Course, bytes]:
        course = ews_track(strict_object(body, depth), charts.find, asked, now=clock())
        return course, form.text(course.resource)

    course, text = await anyio.to_thread.run_sync(work)
    for one in course.episode.sets:
        request.app.state.metrics.scored(course.episode.chart, one.score.status)
    return Response(text, 200, chart_headers(course.episode.chart), form.kind)


class _Pins(TypedDict):
    chart: str | None
    version: str | None
    sha256: str | None
    window: str | None


def _pins(found: dict[str, str]) -> _Pins:
    """What the query says, by the names of $ews-verify."""
    return {"chart": found.get("chart"), "version": found.get("version"), "sha256": found.get("sha256"), "window": found.get("window")}


def _base(request: Request) -> str:
    """The address by which this endpoint is known."""
    return base_of(request) + BASE


async def _metadata(request: Request) -> Response:
    _, form = _form(request)
    state = request.app.state
    cors = bool(state.settings.cors_origins)
    token = f"{_base(request).removesuffix(BASE)}/oauth/token" if state.access.clients is not None else None
    return _answer(capability_statement(_base(request), token=token, cors=cors), form)


async def _definition(request: Request) -> Response:
    _, form = _form(request)
    name = request.path_params["name"]
    found = operation_definition(name, _base(request))
    if found is None:
        raise refuse(404, "not_found", f"OperationDefinition {name[:60]}", "is not here", "there are: " + ", ".join(OPERATIONS))
    return _answer(found, form)


async def _profile(request: Request) -> Response:
    _, form = _form(request)
    name = request.path_params["name"]
    found = structure_definition(name, _base(request))
    if found is None:
        raise refuse(404, "not_found", f"StructureDefinition {name[:60]}", "is not here", "there are: " + ", ".join(BY_NAME))
    return _answer(found, form)


async def _code_system(request: Request) -> Response:
    _, form = _form(request)
    name = request.path_params["name"]
    found = code_systems(request.app.state.charts.charts())
    if name not in found:
        raise refuse(404, "not_found", f"CodeSystem {name[:60]}", "is not here", "there are: " + ", ".join(found))
    return _answer(subsetted(found[name]) if form.summary else found[name], form)


async def _nothing_here(request: Request) -> Response:
    """No other route takes this path with this method."""
    path = request.url.path
    offered = methods_here(request.scope, but=request.scope["route"])
    if offered:
        use = "POST" if "POST" in offered else "GET"
        raise refuse(405, "method_not_allowed", f"{request.method} {path[:200]}", "is not offered", f"use {use}", Allow=offered)
    raise refuse(404, "not_found", path[:200], "there is nothing here", f"see {BASE}/metadata")
