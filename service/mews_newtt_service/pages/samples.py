"""Sample files of a chart to download, made when they are asked for and then remembered."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt_service.pages.render import chart_of, page, shows_faults
from mews_newtt_service.problems import refuse

if TYPE_CHECKING:
    from mews_newtt.validation.packs.samples import Sample

FILES = {"right.csv": "right_file", "two-faults.csv": "faulty_file", "course.csv": "course_file"}


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/samples/{chart}/{version}/{name}", shows_faults(sample_file), methods=["GET"])
    pages.add_api_route("/workbench/samples/{chart}/{version}", shows_faults(samples_page), methods=["GET"])


@lru_cache(maxsize=64)
def _made(sha256: str, chart: Chart, name: str) -> Sample:
    """A sample file of a chart. The chart is known by its fingerprint `sha256`."""
    from mews_newtt.validation.packs import samples  # imports numpy

    made: Sample = getattr(samples, FILES[name])(chart)
    return made


async def sample_of(chart: Chart, name: str) -> Sample:
    """A sample file by its name. The first time it takes up to a second, so it is made in a thread."""
    return await anyio.to_thread.run_sync(_made, chart.sha256, chart, name)


async def samples_page(request: Request) -> Response:
    """What each sample file holds; the faults of the faulty one are folded, so that somebody can look for them first."""
    chart = chart_of(request)
    faulty = await sample_of(chart, "two-faults.csv")
    title = f"Sample files of {chart.short_title} {chart.version}"
    return page(request, "samples.html", title=title, here="charts", packs=True, chart=chart, faults=faulty.faults)


async def sample_file(request: Request) -> Response:
    chart, name = chart_of(request), request.path_params["name"]
    if name not in FILES:
        raise refuse(404, "not_found", request.url.path[:200], "there is no such file", "choose one from the page of the chart")
    made = await sample_of(chart, name)
    file_name = f"{chart.id}-{chart.version}-{name}"
    return Response(made.text, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{file_name}"'})
