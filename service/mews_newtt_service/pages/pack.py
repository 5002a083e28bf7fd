"""The page "Make a pack": test cases to download, to print and to type into another system."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.jobs.submit import submit
from mews_newtt_service.pages.kept_runs import runs_of
from mews_newtt_service.pages.render import page, pinned_chart, shows_faults
from mews_newtt_service.problems import refuse, status_of

MOST_SEED = 1_000_000


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/pack", shows_faults(pack_page), methods=["GET", "POST"])


async def pack_page(request: Request) -> Response:
    """The form, and the packs that are kept."""
    wanted, seed, manual = request.query_params.get("chart", ""), "0", False
    problems: tuple[Problem, ...] = ()
    status = 200
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=10) as form:
            wanted, seed, manual = str(form.get("chart", "")), str(form.get("seed", "")).strip()[:20] or "0", form.get("manual") == "yes"
        try:
            job = await submit(request, "pack", pinned_chart(request, wanted), parameters={"seed": _seed(seed), "manual": manual})
            return RedirectResponse(f"/workbench/runs/{job.id}", 303)
        except MewsNewttError as fault:
            problems, status = fault.problems, status_of(fault)
    return page(
        request,
        "pack.html",
        title="Make a pack",
        here="pack",
        charts=request.app.state.charts.charts(),
        wanted=wanted,
        seed=seed,
        manual=manual,
        problems=problems,
        status=status,
        runs=await anyio.to_thread.run_sync(runs_of, request, "pack"),
    )


def _seed(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < MOST_SEED:
        return int(text)
    what = f"{text!r} is not a whole number from 0 to {MOST_SEED - 1:,}"
    raise refuse(422, "bad_parameter", "the seed", what, "leave it at 0, or write another number")
