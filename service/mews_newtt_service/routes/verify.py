"""POST /v1/charts/{id}/verify: compares a stated score with the computed one. For a file of them the answer holds the diagnosis too."""

from __future__ import annotations

from decimal import Decimal
from types import NoneType
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt import __version__
from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result_cells import points_columns
from mews_newtt.validation.stated import NONE, Claim, read_stated, verdict_on
from mews_newtt_service.answers import ENGINE, json_answer
from mews_newtt_service.contract.components import ref
from mews_newtt_service.jobs.submit import accepted_answer, direct_answer, submit, wants_async
from mews_newtt_service.jobs.uploads import Upload, keep_json, receive_upload
from mews_newtt_service.json_in import is_array, strict_json
from mews_newtt_service.openapi import ACCEPTED, ASYNC, KEY, LONG_RESPONSES, PIN, PIN_BY_DATE, body, chart_answer
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import accepted, media_type, query, require_json
from mews_newtt_service.routes.score_many import FILE, sets_of
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

KEYS = ("observations", "stated")
SEND = 'send {"observations": {...}, "stated": {"total": 6}}'
STATED = {"anyOf": [ref("StatedSet"), {"type": "array", "items": ref("StatedRow")}]}
VERDICT = chart_answer({"anyOf": [ref("Verdict"), ref("Validation")]}, says="for one set the verdict, for many the validation")


def router(settings: Settings) -> APIRouter:
    """The route of verification."""
    routes = plain_router()

    @routes.post(
        "/v1/charts/{chart_id}/verify",
        summary="Check stated scores against the computed ones",
        description='One: {"observations": {...}, "stated": {"total": 6, "points": {"temperature": 1}}}. Many: a JSON array with expected_total, '
        "expected_level or expected_points_<parameter> beside the readings; the answer then holds the diagnosis. "
        "Files are taken here too, as verify-file takes them. `version=by-date` is for one set; for files there is `mews-newtt validate --by-date`.",
        tags=["verification"],
        responses={**LONG_RESPONSES, 200: VERDICT, 202: ACCEPTED},
        openapi_extra={"requestBody": body("stated", schema=STATED), "parameters": [*PIN_BY_DATE, ASYNC, KEY]},
    )
    async def verify(request: Request) -> Response:
        options = query(request, "version", "sha256")
        accepted(request, "application/json")
        charts = request.app.state.charts
        wanted = (request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        if wanted[1] != BY_DATE:
            charts.find(*wanted)  # an unknown chart is said before the body is read
        sent = b""
        if media_type(request) == "application/json":
            require_json(request)
            sent = await request.body()
            if not is_array(sent):
                if len(sent) > settings.json_bytes:
                    raise refuse(413, "body_too_large", "body", f"is larger than {settings.json_bytes:,} bytes", "send several sets as an array")
                document = strict_json(sent, settings.json_depth)
                observed = document.get("observations") if isinstance(document, dict) else None
                return _one(request, charts.find_for(*wanted, observed if isinstance(observed, dict) else {}), document)
        chart: Chart = charts.find(*wanted)
        with request.app.state.concurrency.slot(request.scope["client_id"]):
            if sent:
                upload = await keep_json(request, await request.app.state.slices.list_of(sets_of(sent, settings)))
            else:
                upload = await receive_upload(request)
            return await _many(request, chart, upload)

    @routes.post(
        "/v1/charts/{chart_id}/verify-file",
        summary="Check the stated scores of a file",
        description="CSV, NDJSON or Parquet with expected_total, expected_level or expected_points_<parameter> beside the readings, as the body or "
        "as the part `file` of a form, with a map file as part `map`, or a reading plan as part `plan`. The answer is the validation with its "
        "diagnosis; with a plan it holds the reading report (`reading`).",
        tags=["verification"],
        responses={**LONG_RESPONSES, 200: chart_answer("Validation", says="the validation"), 202: ACCEPTED},
        openapi_extra={"requestBody": FILE, "parameters": [*PIN, ASYNC, KEY]},
    )
    async def verify_file(request: Request) -> Response:
        options = query(request, "version", "sha256")
        accepted(request, "application/json")
        chart: Chart = request.app.state.charts.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        with request.app.state.concurrency.slot(request.scope["client_id"]):
            return await _many(request, chart, await receive_upload(request))

    return routes


async def _many(request: Request, chart: Chart, upload: Upload) -> Response:
    """Validate an upload: the validation, or the job that makes it."""
    job = await submit(request, "verify", chart, upload=upload)
    if wants_async(request):
        return accepted_answer(job, chart)
    return await direct_answer(request, job, chart, "validation.json")


def _one(request: Request, chart: Chart, document: object) -> Response:
    given, claims = _read(chart, document)
    result = score(chart, given)
    request.app.state.metrics.scored(chart, result.status)
    verdict = verdict_on(result, claims)
    differences = [
        {"kind": one.kind, "where": one.where, "stated": _plain(one.stated), "computed": one.right, "says": one.says} for one in verdict.differences
    ]
    return json_answer({"verdict": verdict.says, "differences": differences, "computed": {**result.to_dict(), ENGINE: __version__}}, chart)


def _read(chart: Chart, document: object) -> tuple[dict[str, Any], list[Claim]]:
    """Readings and claims of a request. Raises ServiceError naming every fault; what is stated is judged by `verdict_on`."""
    if not isinstance(document, dict):
        raise refuse(400, "not_an_object", "body", "is not a JSON object", SEND)
    faults = [Problem("unknown_key", name[:60], "is not known here", "use observations and stated") for name in document.keys() - set(KEYS)]
    faults += [Problem("wrong_type", key, "is missing or no object", SEND) for key in KEYS if not isinstance(document.get(key), dict)]
    observations, stated = (part if isinstance(part, dict) else {} for part in (document.get(key) for key in KEYS))
    holds = {"total", "level", "points"}
    faults += [Problem("unknown_key", f"stated.{name[:60]}", "is not known here", "use total, level and points") for name in stated.keys() - holds]
    total, level, points = stated.get("total"), stated.get("level"), stated.get("points") or {}
    if not _is_number(total):
        faults.append(Problem("not_a_number", "stated.total", "is not a number", "send the total as a number, or leave it out"))
    if not isinstance(level, (str, NoneType)):
        faults.append(Problem("wrong_type", "stated.level", "is not text", "send the level's id or title, or leave it out"))
    if not isinstance(points, dict):
        faults.append(Problem("wrong_type", "stated.points", "is not an object", 'send {"temperature": 1}'))
        points = {}
    scored = points_columns(chart)
    for name, value in points.items():
        where = f"stated.points.{name[:60]}"
        if name not in scored:
            allowed = "allowed: " + ", ".join(scored) if scored else "leave stated.points out"
            faults.append(Problem("unknown_parameter", where, "is not a parameter that this chart gives points for", allowed))
        elif not _is_number(value):
            faults.append(Problem("not_a_number", where, "is not a number", "send the points as a number, or leave them out"))
    if faults:
        raise ServiceError(422, faults)
    claims = [Claim("total", total, "total"), Claim("level", level, "level")]
    claims += [Claim("points", value, name, (name,)) for name, value in points.items()]
    if all(read_stated(chart, claim.holds, claim.raw) == NONE for claim in claims):
        raise refuse(422, "nothing_stated", "stated", "holds nothing to compare", "state total, level or points")
    return observations, claims


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))


def _plain(raw: Any) -> Any:
    """A stated value for JSON."""
    return raw if not isinstance(raw, Decimal) else str(raw)
