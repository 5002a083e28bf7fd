"""POST /v1/charts/{id}/score: one observation set, one score. This path must be fast: benchmarks/service_load.py measures it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt_service.answers import MINIMAL, ScoreAnswer, minimal_text, score_text
from mews_newtt_service.contract.components import ref
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import LEAST, PIN_BY_DATE, POST_RESPONSES, body, chart_answer
from mews_newtt_service.request_helpers import accepted, prefers, query, read_body, require_json
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

ANSWER = {"anyOf": [ref("OneScore"), ref("MinimalScore")]}
PATH = "/v1/charts/{chart_id}/score"


def router(settings: Settings) -> APIRouter:
    """The route of single scores."""
    routes = plain_router()

    @routes.post(
        PATH,
        summary="Score one observation set",
        description="A partial set is 200 with `status: partial`, without a total. What cannot be scored is 422 and names every fault at once.",
        tags=["scores"],
        responses={**POST_RESPONSES, 200: chart_answer(ANSWER, "score", "score_partial", "score_minimal", more=("Preference-Applied",))},
        openapi_extra={"requestBody": body("set", "set_partial", schema=ref("Set")), "parameters": [*PIN_BY_DATE, LEAST]},
    )
    async def score_set(request: Request) -> Response:
        require_json(request)
        accepted(request, "application/json")
        options = query(request, "version", "sha256")
        state = request.app.state
        wanted = (request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        if wanted[1] == BY_DATE:
            given = strict_object(await read_body(request.receive), settings.json_depth)
            chart: Chart = state.charts.find_for(*wanted, given)
        else:  # an unknown chart is said before the body is read
            chart = state.charts.find(*wanted)
            given = strict_object(await read_body(request.receive), settings.json_depth)
        result = score(chart, given)
        state.metrics.scored(chart, result.status)
        minimal = prefers(request, MINIMAL)
        return ScoreAnswer(minimal_text(result) if minimal else score_text(result), chart, minimal=minimal)

    return routes
