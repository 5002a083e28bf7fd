"""Make a pack: cases that tell a chart from its faults, to download, print and type in."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt_service.jobs.submit import submit
from mews_newtt_service.pages.render import page, pinned_chart, shows_faults
from mews_newtt_service.pages.runs import runs_of
from mews_newtt_service.problems import refuse

MOST_SEED = 1_000_000


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/pack", shows_faults(pack_page), methods=["GET", "POST"])


async def pack_page(request: Request) -> Response:
    """The form, and the packs that are kept."""
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=10) as form:
            chart = pinned_chart(request, str(form.get("chart", "")))
            seed, manual = str(form.get("seed", "")).strip() or "0", form.get("manual") == "yes"
        if not (seed.isascii() and seed.isdigit() and int(seed) < MOST_SEED):
            raise refuse(422, "bad_parameter", "the seed", "is no whole number from 0", "leave it at 0, or write another number")
        job = await submit(request, "pack", chart, parameters={"seed": int(seed), "manual": manual})
        return RedirectResponse(f"/workbench/runs/{job.id}", 303)
    return page(
        request,
        "pack.html",
        title="Make a pack",
        here="pack",
        charts=request.app.state.shelf.charts(),
        wanted=request.query_params.get("chart", ""),
        runs=await anyio.to_thread.run_sync(runs_of, request, "pack"),
    )
