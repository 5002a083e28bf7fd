"""The pages of a run: its progress, its result and files, two runs compared, and its removal."""

from __future__ import annotations

import re
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt.reading.columns import EXPECTED
from mews_newtt.validation.changes import COUNTS, changes_between
from mews_newtt.validation.reports.contrast import pictures_of
from mews_newtt.validation.reports.titles import stated_cell
from mews_newtt_service.jobs.queue import Job, Queue, new_id
from mews_newtt_service.pages.drafts import run_of
from mews_newtt_service.pages.evidence import evidence_of
from mews_newtt_service.pages.kept_runs import forget, path_of, result_of, runs_of, shown_run
from mews_newtt_service.pages.pack_made import pack_made
from mews_newtt_service.pages.page_words import all_on_page, none_missed, on_page, own_alone, uncounted
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.problems import refuse

SHOWN = 20  # disagreements on the page; the files hold more
ARCHIVES = {"verify": "validation", "pack": "pack", "score": "scores"}


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/runs/{job}", shows_faults(run_page), methods=["GET"])
    pages.add_api_route("/workbench/runs/{job}/state", state, methods=["GET"])
    pages.add_api_route("/workbench/runs/{job}/everything.zip", shows_faults(everything), methods=["GET"])
    pages.add_api_route("/workbench/runs/{job}/files/{name}", shows_faults(one_file), methods=["GET"])
    pages.add_api_route("/workbench/runs/{job}/view/{name}", shows_faults(view), methods=["GET"])
    pages.add_api_route("/workbench/runs/{job}/delete", shows_faults(delete), methods=["POST"])
    pages.add_api_route("/workbench/runs/{job}/beside/{other}", shows_faults(compare_runs), methods=["GET"])


def _progress(job: Job) -> dict[str, Any]:
    """The progress of a run: the share that the work reports, or else its rows out of the estimated ones."""
    about = job.parameters.get("about_rows")
    share = job.share
    if share is None and about and job.state == "running":
        share = job.rows / about
    words = "Waiting for its turn" if job.state == "queued" else f"{job.rows:,} rows done" + (f" of about {about:,}" if about else "")
    return {"ended": job.ended, "words": words, "share": None if share is None else min(share, 0.99)}


async def state(request: Request) -> Response:
    """How far a run is, for the page's own script."""
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])
    return JSONResponse(_progress(job))


async def run_page(request: Request) -> Response:
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])
    if job.kind == "plan":
        return RedirectResponse(f"/workbench/plan/{job.id}", 303)
    chart = request.app.state.charts.find(job.chart, job.version)
    here = "pack" if job.kind == "pack" else "validate"
    shown = shown_run(request, job)
    if not job.ended:
        return page(request, "waiting.html", title="A run is under way", here=here, chart=chart, run=shown, progress=_progress(job))
    if job.state != "done":
        problems = [Problem(p["code"], p["where"], p["what"], p["mend"]) for p in job.problems]
        return page(request, "failed.html", title="The run could not be done", here=here, chart=chart, run=shown, problems=problems)
    found = await anyio.to_thread.run_sync(result_of, request, job)
    pages = [file for file in job.files if file["media_type"].startswith("text/html")]
    files = sorted(job.files, key=lambda file: file["name"])
    if job.kind == "pack":
        return pack_made(request, job, chart, found or {})
    if job.kind == "score":
        return page(request, "scored.html", title=f"Scores of {shown.name}", here=here, chart=chart, run=shown, result=found, files=files)
    others = [run for run in await anyio.to_thread.run_sync(runs_of, request, "verify") if run.id != job.id and run.state == "done"]
    return page(
        request,
        "run.html",
        title=f"Validation of {shown.name}",
        here=here,
        chart=chart,
        run=shown,
        result=shown_result(chart, found or {}, SHOWN),
        undiagnosed=job.parameters.get("undiagnosed", []),
        pages=pages,
        files=files,
        others=[run for run in others if run.chart == job.chart],
    )


def shown_result(chart: Chart, found: Mapping[str, Any], most: int) -> dict[str, Any]:
    """What the page of one run shows of its result: the `most` disagreements that are stated the lowest, and every count."""
    return {
        "verdict": found["verdict"],
        "says": on_page(found["says"]) + own_alone(found),
        "none_missed": none_missed(found),
        "uncounted": uncounted(found),
        "notes": all_on_page(found["notes"]),
        "partial": found["partial"],
        "all_partial": found["partial"] == found["rows"] > 0,
        "own_file": all_on_page(found.get("your_file", {}).get("says", ())),  # runs of before have none
        "reading": found.get("reading"),
        "counts": [(name.capitalize(), found[name]) for name in COUNTS],
        "kinds": found["kinds"],
        "columns": found["by_column"],
        "diagnosis": on_page(found["diagnosis"]["words"]) if found["diagnosis"] else "",
        "letter": on_page(found.get("letter", "")),
        "pictures": pictures_of((found["diagnosis"] or {}).get("contrast")),
        **evidence_of(chart, found, most),
    }


async def one_file(request: Request) -> Response:
    """A result file, always to be saved."""
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])
    path = path_of(request, job, request.path_params["name"])
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def view(request: Request) -> Response:
    """A report or a sheet in the browser. It may run no script and fetch nothing; only its own style is allowed."""
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])
    path = path_of(request, job, request.path_params["name"])
    if path.suffix != ".html":
        raise refuse(404, "file_unknown", "this file", "is not a page", "download it instead")
    text = await anyio.to_thread.run_sync(path.read_text, "utf-8")
    text = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)  # the button that copies; it would be refused here, and stays hidden
    text = on_page(text)
    styles = {b64encode(sha256(style.encode()).digest()).decode() for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)}
    allowed = " ".join(f"'sha256-{style}'" for style in sorted(styles)) or "'none'"
    back = f'<p><a href="/workbench/runs/{job.id}">Back to the run, with its rows to try</a></p>'
    text = re.sub(r"<body[^>]*>", lambda found: found[0] + back, text, count=1)
    policy = f"default-src 'none'; style-src {allowed}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


async def everything(request: Request) -> Response:
    """All files of a run in one archive."""
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])

    queue: Queue = request.app.state.queue

    def packed() -> Path:
        """Written into the run's folder, so that it is deleted with the run."""
        made = queue.path(job.id, f"everything-{new_id()}.zip")
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in job.files:
                archive.write(path_of(request, job, file["name"]), file["name"])
        return made

    path = await anyio.to_thread.run_sync(packed)
    name = f"{job.chart}-{job.version}-{ARCHIVES.get(job.kind, job.kind)}.zip"
    return FileResponse(path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink, missing_ok=True))


async def delete(request: Request) -> Response:
    """Delete a run and its files; a run that is under way is stopped."""
    job = await anyio.to_thread.run_sync(run_of, request, request.path_params["job"])
    await anyio.to_thread.run_sync(request.app.state.queue.forget, job.id)
    forget(job.id)
    return RedirectResponse("/workbench/pack" if job.kind == "pack" else "/workbench/validate", 303)


async def compare_runs(request: Request) -> Response:
    """What changed from the earlier of two runs to the later one."""
    jobs = [await anyio.to_thread.run_sync(run_of, request, request.path_params[name]) for name in ("job", "other")]
    before, after = sorted(jobs, key=lambda job: job.created)
    results = [found for job in (before, after) if (found := await anyio.to_thread.run_sync(result_of, request, job)) is not None]
    if len(results) < 2 or before.kind != "verify" or after.kind != "verify":
        raise refuse(404, "run_unknown", "one of these runs", "has no result to compare", "choose two runs that are done")
    changes = changes_between(*results)
    chart = request.app.state.charts.find(after.chart, after.version)
    return page(
        request,
        "compare_runs.html",
        title="What changed between two runs",
        here="validate",
        rests_on=[request.app.state.charts.find(*which) for which in dict.fromkeys((job.chart, job.version) for job in (before, after))],
        before=shown_run(request, before),
        after=shown_run(request, after),
        results=results,
        cells_of=lambda row: [stated_cell(chart, cell) for cell in row.cells],
        changes=changes,
        summary=changes.says,
        low=[sum(found["by_column"].get(name, {}).get("lower", 0) for name in EXPECTED) for found in results],
    )
