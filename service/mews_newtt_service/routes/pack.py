"""POST /v1/charts/{id}/pack: makes a pack of test cases for the chart."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt_service.contract.components import ref
from mews_newtt_service.contract.packs import MOST_SEED
from mews_newtt_service.jobs.submit import accepted_answer, direct_answer, submit, wants_async
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import ACCEPTED, ASYNC, KEY, LONG_RESPONSES, PIN, body, chart_answer
from mews_newtt_service.problems import ServiceError
from mews_newtt_service.request_helpers import accepted, query, require_json
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

FILES = {
    "application/json": "pack.json",
    "text/csv": "cases.csv",
    "application/x-ndjson": "cases.ndjson",
    "text/html": "sheet.html",
    "application/fhir+json": "fhir.json",
    "application/fhir+ndjson": "fhir.ndjson",
}
TEXT = {"type": "string"}
BUNDLE = {"type": "object", "description": "a FHIR R4 Bundle"}


def router(settings: Settings) -> APIRouter:
    """The route of packs."""
    routes = plain_router()
    made = chart_answer("Pack", says="the pack")
    made["content"] |= {name: {"schema": BUNDLE if name == "application/fhir+json" else TEXT} for name in FILES if name != "application/json"}

    @routes.post(
        "/v1/charts/{chart_id}/pack",
        summary="Make a pack of test cases",
        description="`Accept` chooses its form; `Prefer: respond-async` gives all of them as result files.",
        tags=["verification"],
        responses={**LONG_RESPONSES, 200: made, 202: ACCEPTED},
        openapi_extra={"requestBody": body("pack", schema=ref("PackRequest")), "parameters": [*PIN, ASYNC, KEY]},
    )
    async def make_pack(request: Request) -> Response:
        options = query(request, "version", "sha256")
        require_json(request)
        wanted = accepted(request, *FILES)
        chart: Chart = request.app.state.charts.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        text = await request.body()
        parameters = _parameters(strict_object(text, settings.json_depth) if text.strip() else {})
        job = await submit(request, "pack", chart, parameters=parameters)
        if wants_async(request):
            return accepted_answer(job, chart)
        return await direct_answer(request, job, chart, FILES[wanted])

    return routes


def _parameters(given: dict[str, object]) -> dict[str, object]:
    seed, manual = given.get("seed", 0), given.get("manual", False)
    faults = [Problem("unknown_key", name[:60], "is not known here", "use seed and manual") for name in given.keys() - {"seed", "manual"}]
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < MOST_SEED:
        faults.append(Problem("bad_parameter", "seed", "is not a whole number from 0", 'send "seed": 0'))
    if not isinstance(manual, bool):
        faults.append(Problem("bad_parameter", "manual", "is neither true nor false", 'send "manual": false'))
    if faults:
        raise ServiceError(422, faults)
    return {"seed": seed, "manual": manual}
