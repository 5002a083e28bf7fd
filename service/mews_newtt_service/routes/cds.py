"""/cds-services: CDS Hooks 2.0, one service for each maternity and newborn chart."""

from __future__ import annotations

import json
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ObservationError
from mews_newtt.fhir.cds import Choices, PrefetchMissing, cards, check_feedback, population, services
from mews_newtt.fhir.jsontext import write_json
from mews_newtt.fhir.write import observations_bundle
from mews_newtt.scoring.result import Score
from mews_newtt_service.answers import JSONAnswer, chart_headers
from mews_newtt_service.clock import clock
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import GET_RESPONSES, POST_RESPONSES, PROBLEM, sample
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import accepted, query, require_json
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

IN_A_THREAD = 64 * 1024  # bytes: a longer body is read in a thread
_OBJECT = {"description": "the answer", "content": {"application/json": {"schema": {"type": "object"}}}}
_ID = {"parameters": [{"name": "service_id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "id of a chart"}]}


_FEEDBACK = {"feedback": [{"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "accepted", "outcomeTimestamp": "2026-11-22T09:32:00Z"}]}


def _body(example: dict[str, Any]) -> dict[str, Any]:
    media = {"schema": {"type": "object"}, "examples": {"worked": {"value": example}}}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def _call_example() -> dict[str, Any]:
    """A call with readings that the charts have in common."""
    given = sample()
    readings = observations_bundle(
        load_chart(given["chart"]), given["set"], subject={"reference": "Patient/example"}, effective="2026-11-22T09:30:00Z"
    )
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/example", "patientId": "example"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "example"},
            "observations": json.loads(write_json({**readings, "type": "searchset"})),
        },
    }


def router(settings: Settings) -> APIRouter:
    """The routes of CDS Hooks."""
    routes = plain_router()
    choices = Choices(settings.cds_window_minutes, settings.cds_lookback_minutes, settings.cds_encounter)

    @routes.get(
        "/cds-services", name="list_cds_services", summary="CDS Hooks discovery", tags=["cds hooks"], responses={200: _OBJECT, **GET_RESPONSES}
    )
    async def discovery(request: Request) -> Response:
        query(request)
        accepted(request, "application/json")
        return JSONAnswer(write_json(services(_served(request))).encode())

    @routes.post(
        "/cds-services/{service_id}",
        name="call_cds_service",
        summary="Score the newest round of observations of the patient whose record is open",
        description="Cards, none where there is nothing to score. `context.windowMinutes` says how long a round may last (30), "
        "`context.lookbackMinutes` how old readings may be. Clients sign in with a JWT of CDS Hooks for this address, or with a key or token. "
        "412: the prefetch is incomplete; this service does not ask the caller's FHIR server.",
        tags=["cds hooks"],
        responses={200: _OBJECT, 412: PROBLEM, **POST_RESPONSES},
        openapi_extra={**_body(_call_example()), **_ID},
    )
    async def call(request: Request) -> Response:
        chart, body = await _called(request)
        scores: list[Score] = []

        def work() -> bytes:
            given = strict_object(body, request.app.state.settings.json_depth)
            return write_json(cards(chart, given, choices, now=clock(), counted=scores.append)).encode("utf-8", "replace")

        try:
            text = work() if len(body) <= IN_A_THREAD else await anyio.to_thread.run_sync(work)
        except PrefetchMissing as fault:
            raise ServiceError(412, fault.problems) from None
        except ObservationError as fault:
            raise ServiceError(400, fault.problems) from None
        for one in scores:
            request.app.state.metrics.scored(chart, one.status)
        return JSONAnswer(text, 200, chart_headers(chart))

    @routes.post(
        "/cds-services/{service_id}/feedback",
        name="send_cds_feedback",
        summary="Whether cards were accepted or overridden; checked, and not kept",
        tags=["cds hooks"],
        responses={200: _OBJECT, **POST_RESPONSES},
        openapi_extra={**_body(_FEEDBACK), **_ID},
    )
    async def feedback(request: Request) -> Response:
        _, body = await _called(request)

        def work() -> None:
            check_feedback(strict_object(body, request.app.state.settings.json_depth))

        try:
            if len(body) <= IN_A_THREAD:
                work()
            else:
                await anyio.to_thread.run_sync(work)
        except ObservationError as fault:
            raise ServiceError(400, fault.problems) from None
        return JSONAnswer(b"{}")

    return routes


def _served(request: Request) -> list[Chart]:
    """The version in use of every chart that is a service."""
    charts = request.app.state.charts
    names = dict.fromkeys(chart.id for chart in charts.charts())
    found: list[Chart] = [charts.find(name) for name in names]
    return [chart for chart in found if population(chart) is not None]


async def _called(request: Request) -> tuple[Chart, bytes]:
    query(request)
    require_json(request)
    accepted(request, "application/json")
    name: str = request.path_params["service_id"]
    chart = next((chart for chart in _served(request) if chart.id == name), None)
    if chart is None:
        raise refuse(404, "service_unknown", f"service {name[:60]!r}", "there is no such service", "see /cds-services")
    return chart, await request.body()
