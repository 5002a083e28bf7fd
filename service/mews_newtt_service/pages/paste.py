"""Tables to validate that are no file: a sample of ours, rows pasted from a spreadsheet, and what a platform showed for the cases of a pack."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import MewsNewttError
from mews_newtt.reading.pasted import csv_text, pasted_rows
from mews_newtt.validation.packs.shown import answered_csv
from mews_newtt_service.jobs.submit import submit
from mews_newtt_service.jobs.uploads import keep_csv
from mews_newtt_service.pages import drafts
from mews_newtt_service.pages.kept_runs import result_of
from mews_newtt_service.pages.pack_made import pack_made
from mews_newtt_service.pages.render import pinned_chart, shows_faults
from mews_newtt_service.pages.samples import sample_of
from mews_newtt_service.pages.which_chart import named_chart
from mews_newtt_service.problems import refuse

NAME = "pasted rows.csv"
FAULTY = "two-faults.csv"
TO_VALIDATE = (FAULTY, "right.csv")  # samples that state results


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/pasted", shows_faults(pasted), methods=["POST"])
    pages.add_api_route("/workbench/sampled", shows_faults(sampled), methods=["POST"])
    pages.add_api_route("/workbench/runs/{job}/shown", shows_faults(shown), methods=["POST"])


async def _text(request: Request, *names: str) -> list[str]:
    async with request.form(max_files=0, max_fields=10) as form:
        return [str(form.get(name, "")) for name in names]


async def pasted(request: Request) -> Response:
    """Keep pasted rows as a file, and ask what its columns mean."""
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        text, named, like = await _text(request, "rows", "chart", "like")
        chart, is_open = named_chart(request, named)
        return await _ask(request, NAME, csv_text(pasted_rows(text)), chart, like=like[:32], chart_open=is_open)


async def sampled(request: Request) -> Response:
    """Keep a sample file of a chart as if it had been sent, and ask what its columns mean."""
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        named, file = await _text(request, "chart", "file")
        chart, name = pinned_chart(request, named), file or FAULTY
        if name not in TO_VALIDATE:
            raise refuse(404, "not_found", name[:200], "is no sample file to validate", "choose one from the page of the chart")
        made = await sample_of(chart, name)
        return await _ask(request, f"sample {chart.id}-{chart.version}-{name}", made.text, chart)


async def _ask(request: Request, name: str, text: str, chart: Chart, *, like: str = "", chart_open: bool = False) -> Response:
    """Keep a CSV text until its columns are named, on the page to which the answer leads."""
    upload = await keep_csv(request, name, text)
    try:
        await anyio.to_thread.run_sync(drafts.keep, request, drafts.Draft(upload, chart, like, chart_open=chart_open))
    except BaseException:
        request.app.state.queue.drop_folder(upload.job_id)
        raise
    return RedirectResponse(f"/workbench/validate/{upload.job_id}", 303)


async def shown(request: Request) -> Response:
    """Validate what a platform showed for the cases of a pack. The columns are known, so nothing is asked."""
    pack = await anyio.to_thread.run_sync(drafts.run_of, request, request.path_params["job"])
    found = await anyio.to_thread.run_sync(result_of, request, pack)
    if pack.kind != "pack" or found is None:
        raise refuse(404, "run_unknown", "this pack", "is not here, or no longer", "make it again: the same seed gives the same cases")
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        (text,) = await _text(request, "rows")
        chart = request.app.state.charts.find(pack.chart, pack.version)
        try:
            made = answered_csv(chart, found["cases"], text)
        except MewsNewttError as fault:
            return pack_made(request, pack, chart, found, pasted=text, problems=fault.problems)
        upload = await keep_csv(request, f"answers to pack {found['seed']}.csv", made)
        job = await submit(request, "verify", chart, upload=upload, parameters={"undiagnosed": []})
        return RedirectResponse(f"/workbench/runs/{job.id}", 303)
