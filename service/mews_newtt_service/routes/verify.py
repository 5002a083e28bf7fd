"""POST /v1/charts/{id}/verify: a stated score against the computed one; for a file of them, with the diagnosis."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt_service.answers import json_answer
from mews_newtt_service.jobs.submit import accepted_answer, direct_answer, submit, wants_async
from mews_newtt_service.jobs.uploads import keep_json, receive_upload
from mews_newtt_service.json_in import is_array, strict_json
from mews_newtt_service.openapi import LONG_RESPONSES, PIN, PROBLEM
from mews_newtt_service.plain import accepted, media_type, plain_router, query, require_json
from mews_newtt_service.problems import refuse
from mews_newtt_service.routes.score_many import OPTIONS, file_body, sets_of
from mews_newtt_service.settings import Settings
from mews_newtt_service.stated import differences_of, read_stated

ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "the verdict, and where stated and computed differ", "content": {"application/json": {"schema": {"type": "object"}}}},
    202: {"description": "under way; see Content-Location", "content": {"application/json": {"schema": {"type": "object"}}}},
    500: PROBLEM,
}


def router(settings: Settings) -> APIRouter:
    """The route of verification."""
    routes = plain_router()

    @routes.post(
        "/v1/charts/{chart_id}/verify",
        summary="Check stated scores against the computed ones",
        description='One: {"observations": {...}, "stated": {"total": 6, "points": {"temperature": 1}}}. Many: a JSON array or a file with '
        "expected_total, expected_level or expected_points_<parameter> beside the readings; the answer then holds the diagnosis.",
        tags=["verification"],
        responses={**LONG_RESPONSES, **ANSWER},
        openapi_extra={"requestBody": file_body("stated", schema={"type": ["object", "array"]}), "parameters": [*PIN, OPTIONS[-1]]},
    )
    async def verify(request: Request) -> Response:
        options = query(request, "version", "sha256")
        accepted(request, "application/json")
        chart: Chart = request.app.state.shelf.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        body = b""
        if media_type(request) == "application/json":
            require_json(request)
            body = await request.body()
            if not is_array(body):
                if len(body) > settings.json_bytes:
                    raise refuse(413, "body_too_large", "body", f"is larger than {settings.json_bytes:,} bytes", "send several sets as an array")
                return _one(request, chart, strict_json(body, settings.json_depth))
        with request.app.state.turns.taken(request.scope["client_id"]):
            if body:
                upload = await keep_json(request, await request.app.state.slices.list_of(sets_of(body, settings)))
            else:
                upload = await receive_upload(request)
            job = await submit(request, "verify", chart, upload=upload)
            if wants_async(request):
                return accepted_answer(job, chart)
            return await direct_answer(request, job, chart, "validation.json")

    return routes


def _one(request: Request, chart: Chart, document: object) -> Response:
    given, stated = read_stated(chart, document)
    result = score(chart, given)
    request.app.state.metrics.scored(chart, result.status)
    found = differences_of(result, stated)
    verdict = "disagrees" if found else "agrees"
    return json_answer({"verdict": verdict, "differences": [one.to_dict() for one in found], "computed": result.to_dict()}, chart)
