"""The pages of charts: the list, one chart, and two of them compared."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.catalogue import builtin_rules
from mews_newtt.chart.compare import compare
from mews_newtt.chart.contexts import Value, distinguishable_values, matches
from mews_newtt.chart.model import Chart, Condition
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.chart.words import condition_says
from mews_newtt.drawn import Mark, Marks, chart_html, colours_css, css, rows_html, standing_html
from mews_newtt.validation.proving.recorded import PARTS, by_reference, headline, not_tried, recorded
from mews_newtt_service.pages.audience import by_audience
from mews_newtt_service.pages.example_sets import examples_of
from mews_newtt_service.pages.render import chart_of, drawn, page, pinned_chart, shows_faults


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/", shows_faults(charts_page), methods=["GET"])
    pages.add_api_route("/workbench/charts/{chart}", shows_faults(chart_page), methods=["GET"])
    pages.add_api_route("/workbench/charts/{chart}/{version}", shows_faults(chart_page), methods=["GET"])
    pages.add_api_route("/workbench/compare", shows_faults(compare_page), methods=["GET"])
    pages.add_api_route("/workbench/drawn.css", drawn_css, methods=["GET"])


async def charts_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    named = tomllib.loads((builtin_rules() / "not_shipped.toml").read_text(encoding="utf-8"))["not_shipped"]
    meanings = {status: words for status, words in MEANINGS.items() if any(chart.status == status for chart in charts)}
    return page(request, "charts.html", title="Home", here="charts", packs=True, groups=by_audience(charts), meanings=meanings, not_shipped=named)


class Choice(NamedTuple):
    """One way a context can be, and the link that shows only its tables."""

    words: str
    href: str
    chosen: bool


async def chart_page(request: Request) -> Response:
    chart = chart_of(request)
    only, tabs = chosen_contexts(chart, request.query_params)
    others = [other for other in request.app.state.charts.charts() if other.sha256 != chart.sha256]
    proof = recorded(chart)
    return page(
        request,
        "chart.html",
        title=f"{chart.short_title} {chart.version}",
        here="charts",
        packs=True,
        chart=chart,
        standing=drawn(standing_html(chart, 1)),
        tabs=tabs,
        body=drawn(chart_html(chart, only=only, parts=("rows", "levels", "sources"), heading=1)),
        proof=None if proof is None else proof_shown(proof),
        versions=request.app.state.charts.versions(chart.id),
        others=others,
        examples=await examples_of(chart),
    )


def proof_shown(proof: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of a proof on record."""
    parts = [{**part, "says": PARTS[part["part"]], "by_reference": by_reference(part)} for part in proof["parts"]]
    return {"headline": headline(proof), "parts": parts, "not_tried": not_tried(proof), "software": proof["software"]}


def chosen_contexts(chart: Chart, query: Mapping[str, str]) -> tuple[dict[str, Value], list[tuple[str, list[Choice]]]]:
    """The contexts that a query chooses by number, and the links to choose others."""
    chosen: dict[str, int] = {}
    ways = {name: _ways(chart, name) for name in chart.context_ids}
    for name, conditions in ways.items():
        text = query.get(name, "")
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(conditions):
            chosen[name] = int(text)
    only: dict[str, Value] = {}
    for name, number in chosen.items():
        only[name] = next(value for value in distinguishable_values(chart, name) if matches(ways[name][number - 1], value))
    tabs = []
    for name, conditions in ways.items():
        choices = [Choice("All", _href(chosen, name, None), name not in chosen)]
        for at, wanted in enumerate(conditions, 1):
            choices.append(Choice(condition_says(chart, name, wanted), _href(chosen, name, at), chosen.get(name) == at))
        tabs.append((chart.by_id[name].title, choices))
    return only, tabs


def _ways(chart: Chart, name: str) -> list[Condition]:
    found = [wanted for parameter in chart.parameters for table in parameter.tables for other, wanted in table.when if other == name]
    return list(dict.fromkeys(found))


def _href(chosen: Mapping[str, int], name: str, number: int | None) -> str:
    wanted: dict[str, Any] = {**chosen, name: number}
    return "?" + "&".join(f"{key}={value}" for key, value in wanted.items() if value is not None)


async def compare_page(request: Request) -> Response:
    """Two versions of a chart, or two charts: what changed, then both side by side."""
    before, after = (pinned_chart(request, request.query_params.get(name, "")) for name in ("before", "after"))
    both = (("before", before), ("after", after))
    found = compare(before, after)
    marks = Marks(rows={change.parameter: [Mark("Counts for something else", "note")] for change in found.readings})
    return page(
        request,
        "compare.html",
        title=f"{before.short_title} {before.version} and {after.short_title} {after.version}",
        here="charts",
        rests_on=(before, after),
        before=before,
        after=after,
        found=found,
        sides=[(each, drawn(standing_html(each, 3)), drawn(rows_html(each, marks, heading=3, ident=ident))) for ident, each in both],
    )


@lru_cache(maxsize=4)
def _style(charts: tuple[Chart, ...]) -> tuple[str, str]:
    """The style and its tag. Every page waits for it, so it is made once."""
    text = css() + colours_css(charts)
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


async def drawn_css(request: Request) -> Response:
    """The style of drawn charts and the colours of every zone there is."""
    text, tag = _style(tuple(request.app.state.charts.charts()))
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/css", headers=headers)
