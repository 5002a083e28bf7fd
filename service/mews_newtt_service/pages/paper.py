"""The page "Paper beside digital": the readings, points, total and level of one paper chart, and which rows differ from the chart here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.drawn.twin import level_words, total_words
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import completeness
from mews_newtt.validation.stated import NONE, UNREADABLE, Claim, computed_words, read_stated, sum_of_parts, verdict_on
from mews_newtt_service.pages.forms import LONGEST, as_set, fields, filled_in
from mews_newtt_service.pages.render import chart_of, page, shows_faults

PAPER = "paper_"  # the points of a row, the total and the level on paper, as fields of the form
TOTAL, LEVEL = "paper-total", "paper-level"


class Row(NamedTuple):
    """One scored row: the points on paper and of the chart, and whether they differ; `says` where they do."""

    title: str
    paper: str
    chart: str
    differs: bool
    says: str


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/paper", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/paper/{chart}/{version}", shows_faults(paper_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.charts.charts()
    what = "Type the readings, points and total of one set from a paper chart, and see which row differs."
    return page(request, "choose.html", title="Paper beside digital", here="validate", charts=charts, into="paper", what=what)


async def paper_page(request: Request) -> Response:
    """The empty form, or the paper's points beside the chart's. Nothing that is typed is kept; it is in the body of a POST, never in an address."""
    chart = chart_of(request)
    filled: dict[str, str] = {}
    stated: dict[str, str] = {}
    result: Score | None = None
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=500) as form:
            filled, stated = filled_in(chart, form), _stated(chart, form)
        result = score(chart, as_set(chart, filled), raise_refused=False)
    faults: dict[str, list[str]] = {}
    for problem in result.problems if result is not None else ():
        faults.setdefault(problem.where, []).append(f"{problem.what}; {problem.mend}")
    return page(
        request,
        "paper.html",
        title=f"Paper beside digital: {chart.short_title} {chart.version}",
        here="validate",
        chart=chart,
        failed=bool(faults),
        groups=fields(chart, filled, faults),
        asks_points={parameter.id for parameter in _with_points(chart)},
        stated=stated,
        paper=PAPER,
        total_field=TOTAL,
        level_field=LEVEL,
        faults=faults,
        found=_compared(chart, result, stated) if result is not None and not faults else None,
    )


def _with_points(chart: Chart) -> list[Parameter]:
    return [parameter for parameter in chart.parameters if parameter.role == "scored"] if chart.has_points else []


def _stated(chart: Chart, form: Mapping[str, Any]) -> dict[str, str]:
    names = [*(PAPER + parameter.id for parameter in _with_points(chart)), TOTAL, LEVEL]
    return {name: text.strip()[:LONGEST] for name in names if isinstance(text := form.get(name), str) and text.strip()}


def _compared(chart: Chart, result: Score, stated: Mapping[str, str]) -> dict[str, Any]:
    """The rows side by side, the sentences on total and level, and on the paper's own sum."""
    with_points = [parameter for parameter in _with_points(chart) if PAPER + parameter.id in stated]
    claims = [Claim("points", stated[PAPER + parameter.id], PAPER + parameter.id, (parameter.id,)) for parameter in with_points]
    claims += [Claim(holds, stated[name], name) for holds, name in (("total", TOTAL), ("level", LEVEL)) if name in stated]
    verdict = verdict_on(result, claims)
    differences = {one.where: one.says for one in verdict.differences}
    rows = []
    for parameter in _with_points(chart):
        name = PAPER + parameter.id
        rows.append(
            Row(
                parameter.title,
                stated.get(name, ""),
                computed_words(result, "points", (parameter.id,)),
                name in differences,
                differences.get(name, ""),
            )
        )
    return {
        "verdict": verdict.says,
        "rows": rows,
        "others": [differences[name] for name in (TOTAL, LEVEL) if name in differences],
        "sum": _sum(chart, stated),
        "total": total_words(result),
        "level": level_words(result),
        "completeness": completeness(result),
    }


def _sum(chart: Chart, stated: Mapping[str, str]) -> str:
    """Whether the points on paper add up to its own total; empty where they can, or where there is nothing to add up."""
    points: dict[tuple[str, ...], int] = {
        (p.id,): read_stated(chart, "points", stated[PAPER + p.id]) for p in _with_points(chart) if PAPER + p.id in stated
    }
    total = read_stated(chart, "total", stated.get(TOTAL, ""))
    if not points or {NONE, UNREADABLE} & {total, *points.values()}:
        return ""
    least, most = sum_of_parts(chart, points)
    if least <= total <= most:
        return ""
    return f"The points on paper add up to {least if least == most else f'{least} to {most}'}, and its total says {total}: a mistake in adding up."
