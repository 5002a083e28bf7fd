"""The page "Try a set": a form made from the chart, and the score of what was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mews_newtt.chart.contexts import Value
from mews_newtt.chart.model import Chart
from mews_newtt.chart.units import as_written
from mews_newtt.drawn import marks_of, rows_html
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import completeness
from mews_newtt_service.answers import chart_headers
from mews_newtt_service.auth.addresses import base_of
from mews_newtt_service.pages.example_sets import example_named, examples_of
from mews_newtt_service.pages.forms import as_set, fields, filled_in
from mews_newtt_service.pages.render import chart_of, drawn, html, page, shows_faults
from mews_newtt_service.pages.shapes import curl_text, fhir_texts
from mews_newtt_service.pages.summary import Summary, summary_of
from mews_newtt_service.pages.what_if import what_would_change

FRAGMENT = "x-workbench-fragment"  # the page's own script asks for the result alone


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/try", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/try/{chart}/{version}", shows_faults(try_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    what = "Type one observation set and see its score."
    return page(request, "choose.html", title="Try a set", here="try", packs=True, charts=charts, into="try", what=what)


async def try_page(request: Request) -> Response:
    """The empty form, or what was filled in with its score. The readings are in the body of a POST, so that no address or log ever holds them."""
    chart = chart_of(request)
    filled: dict[str, str] = {}
    result: Score | None = None
    example = await example_named(chart, request.query_params.get("example", "")) if request.method == "GET" else None
    if example is not None:
        filled = dict(example.given)
        result = score(chart, as_set(chart, filled), raise_refused=False)
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=500) as form:
            filled = filled_in(chart, form)
        result = score(chart, as_set(chart, filled), raise_refused=False)
        request.app.state.metrics.scored(chart, result.status)
    shown = _result(request, chart, filled, result) if result is not None else {}
    if FRAGMENT in request.headers:
        return HTMLResponse(html("result.html", chart=chart, **shown) if shown else "", headers=chart_headers(chart))
    faults: dict[str, list[str]] = {}
    for problem in result.problems if result is not None else ():
        faults.setdefault(problem.where, []).append(as_written(f"{problem.what}; {problem.mend}"))
    return page(
        request,
        "try.html",
        title=f"Try a set on {chart.short_title} {chart.version}",
        here="try",
        packs=request.method == "GET",
        chart=chart,
        failed=result is not None and result.status == "refused",
        groups=fields(chart, filled, faults),
        shown=bool(shown),
        example=example,
        examples=await examples_of(chart),
        **shown,
    )


def _result(request: Request, chart: Chart, filled: Mapping[str, str], result: Score) -> dict[str, Any]:
    """What the result shows, for the page and for the fragment."""
    given = as_set(chart, filled)
    context: dict[str, Value] = {row.id: row.value for row in result.parameters if row.value is not None and row.id in chart.context_ids}
    context |= {p.id: p.assumed for p in chart.parameters if p.assumed is not None and p.id not in context}
    return {
        "result": result,
        "summary": (summary := summary_of(result)),
        "said": _announced(summary),
        "completeness": completeness(result),
        "what_if": what_would_change(chart, given, result),
        "marked": drawn(rows_html(chart, marks_of(result), context, 3, "marked", ("scored", "trigger"))),
        "as_json": result.to_json(indent=2),
        "as_fhir": fhir_texts(chart, given),
        "as_curl": curl_text(base_of(request), chart, given),
    }


def _announced(summary: Summary) -> str:
    """What a screen reader says once a field is left: short, the number first."""
    said = f"{summary.what} {summary.total}; level {summary.level}" if summary.what else f"Level {summary.level}"
    return f"{said}. Missing: {', '.join(summary.missing)}." if summary.missing else f"{said}."
