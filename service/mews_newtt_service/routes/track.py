"""POST /v1/charts/{id}/track: the sets of one person in, the course of that person out; track-file does the same for many people."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.episode.asked import follow_json
from mews_newtt.episode.follow import Episode
from mews_newtt.tables import formats
from mews_newtt_service.answers import JSONAnswer, chart_headers, course_text
from mews_newtt_service.contract.components import ref
from mews_newtt_service.jobs.submit import accepted_answer, direct_answer, submit, wants_async
from mews_newtt_service.jobs.tracks import asked_of
from mews_newtt_service.jobs.uploads import receive_upload
from mews_newtt_service.json_in import strict_object
from mews_newtt_service.openapi import ACCEPTED, ASYNC, KEY, LONG_RESPONSES, PIN, POST_RESPONSES, body, chart_answer
from mews_newtt_service.request_helpers import accepted, query, require_json
from mews_newtt_service.routes.score_many import FILE, FILE_ANSWER, output_of
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

_ASKED = {
    "policy": "policies that hold beside the chart: id, or id@version; several with commas between them",
    "zone": "the zone of times without an offset, such as Europe/London",
    "now": "what is overdue is counted to it; with an offset if the times of the file have one, or a zone is given",
}
_IN_QUERY = [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": says} for name, says in _ASKED.items()]
ENTRY_DEPTH = 2  # objects around the readings of a set


def router(settings: Settings) -> APIRouter:
    """The route of a course."""
    routes = plain_router()

    @routes.post(
        "/v1/charts/{chart_id}/track",
        summary="Follow the sets of one person",
        description="Sets in any order; corrections by id and recorded_at. For each set: score, change, when the next set is due and why, late or "
        "not. Without a source there is no due time, and the answer says so. Nothing is stored.",
        tags=["scores"],
        responses={**POST_RESPONSES, 200: chart_answer("Course", "course")},
        openapi_extra={"requestBody": body("course_request", schema=ref("CourseRequest")), "parameters": PIN},
    )
    async def track(request: Request) -> Response:
        require_json(request)
        accepted(request, "application/json")
        options = query(request, "version", "sha256")
        chart: Chart = request.app.state.charts.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        sent = await request.body()

        def work() -> tuple[Episode, str]:
            episode = follow_json(chart, strict_object(sent, settings.json_depth + ENTRY_DEPTH))
            return episode, course_text(episode)

        episode, text = await anyio.to_thread.run_sync(work)
        for one in episode.sets:
            request.app.state.metrics.scored(chart, one.score.status)
        return JSONAnswer(text.encode("utf-8", "replace"), 200, chart_headers(chart))

    @routes.post(
        "/v1/charts/{chart_id}/track-file",
        summary="Follow the people of a file",
        description="A file as score-file takes it, with `patient_id` and `observed_at`; `recorded_at`, `set_id` and `void` are used where they are "
        "there. The answer is the file with the columns of docs/episodes.md. With `Prefer: respond-async` the job also keeps what happened, as "
        "events.ndjson; `/v1/jobs/{job_id}/events` gives the same as lines or as a stream.",
        tags=["scores"],
        responses={**LONG_RESPONSES, 200: FILE_ANSWER, 202: ACCEPTED},
        openapi_extra={"requestBody": FILE, "parameters": [*PIN, *_IN_QUERY, ASYNC, KEY]},
    )
    async def track_file(request: Request) -> Response:
        options = query(request, "version", "sha256", *_ASKED)
        chart: Chart = request.app.state.charts.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        asked = asked_of(chart, options)
        with request.app.state.concurrency.slot(request.scope["client_id"]):
            upload = await receive_upload(request)
            wanted = output_of(request, upload)
            job = await submit(request, "track", chart, upload=upload, parameters={"output_format": wanted, **asked})
            if wants_async(request):
                return accepted_answer(job, chart)
            return await direct_answer(request, job, chart, f"tracked{formats.KINDS[wanted].suffix}")

    return routes
