"""The pages "Learn a chart": ten sets to score by hand, each followed by the marked chart. Nothing is kept: the score so far travels in the form."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mews_newtt.chart.contexts import Value
from mews_newtt.chart.model import Band, Chart, number
from mews_newtt.chart.words import band_gives
from mews_newtt.drawn import marks_of, rows_html
from mews_newtt.drawn.twin import level_words
from mews_newtt.errors import Problem
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.validation.cases.lessons import MOST_SEED, SETS, lesson
from mews_newtt.validation.cases.values import Given
from mews_newtt_service.pages.render import chart_of, chart_path, drawn, page, shows_faults
from mews_newtt_service.problems import refuse

_SO_FAR = re.compile(r"(\d{1,3}/\d{1,3},)*")
GIVES = "gives_"


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/learn", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/learn/{chart}/{version}", shows_faults(start_page), methods=["GET"])
    pages.add_api_route("/workbench/learn/{chart}/{version}/{seed}/{case}", shows_faults(case_page), methods=["GET", "POST"])


@dataclass(frozen=True)
class Question:
    """One row of a set to score: the reading in words, the possible answers, and the right one."""

    id: str
    title: str
    reading: str
    answers: tuple[str, ...]
    right: str

    @property
    def options(self) -> dict[str, str]:
        """Each answer's value in the form, and its words."""
        return {answer: answer for answer in self.answers}


async def choose_page(request: Request) -> Response:
    what = "Score ten sets by hand and see the marked chart after each."
    charts = request.app.state.charts.charts()
    return page(request, "choose.html", title="Learn a chart", here="learn", packs=True, charts=charts, into="learn", what=what)


async def start_page(request: Request) -> Response:
    """What the lesson is; ten new sets, or the ten of a number that somebody else has used."""
    chart = chart_of(request)
    typed = request.query_params.get("set", "").strip()[:20]
    problems: tuple[Problem, ...] = ()
    if typed:
        if typed.isascii() and typed.isdigit() and 0 < int(typed) < MOST_SEED:
            return RedirectResponse(f"/workbench/learn/{chart_path(chart)}/{int(typed)}/1", 303)
        what = f"{typed!r} is not a whole number from 1 to {MOST_SEED - 1:,}"
        problems = (Problem("bad_parameter", "Number of the ten sets", what, "write another number"),)
    fresh = 1 + secrets.randbelow(MOST_SEED - 1)
    status = 422 if problems else 200
    title = f"Learn {chart.short_title} {chart.version}"
    return page(request, "learn_start.html", title=title, here="learn", chart=chart, fresh=fresh, typed=typed, problems=problems, status=status)


async def case_page(request: Request) -> Response:
    """One set with its questions; after an answer the marked chart. The answers and the score so far are in the body of a POST."""
    chart = chart_of(request)
    seed, case = _place(request)
    sets = await anyio.to_thread.run_sync(_lesson, chart.sha256, chart, seed)
    if case > len(sets):
        raise refuse(404, "not_found", request.url.path[:200], "there is no such set", "start again from the chart")
    form: Mapping[str, Any] = {}
    if request.method == "POST":
        async with request.form(max_files=0, max_fields=200) as sent:
            form = {name: text for name, text in sent.items() if isinstance(text, str)}
    so_far = str(form.get("so_far", ""))
    so_far = so_far if _SO_FAR.fullmatch(so_far) and so_far.count(",") < case else ""
    result = score(chart, sets[case - 1])
    context: dict[str, Value] = {row.id: row.value for row in result.parameters if row.value is not None and row.id in chart.context_ids}
    questions = _questions(chart, result)
    answers = {question.id: str(form.get(GIVES + question.id, "")) for question in questions}
    level = str(form.get("level", ""))
    wants = form.get("do") == "mark"
    problems = _not_answered(chart, questions, answers, level) if wants else []
    marked = wants and not problems
    right = sum(answers[each.id] == each.right for each in questions) + (level == result.level)
    if marked:
        so_far += f"{right}/{len(questions) + 1},"
    return page(
        request,
        "learn.html",
        title=f"Set {case} of {len(sets)} on {chart.short_title}",
        packs=request.method == "GET",
        here="learn",
        chart=chart,
        seed=seed,
        case=case,
        sets=len(sets),
        questions=questions,
        missing=[chart.by_id[name].title for name in result.missing if name in chart.by_id],
        stated=[(row.title, _reading(chart, row)) for row in result.parameters if row.value is not None and row.id not in answers],
        answers=answers,
        level=level,
        level_titles={each.id: each.title for each in chart.levels},
        marked=marked,
        right=right,
        problems=problems,
        places={"The level": "level", **{each.title: GIVES + each.id for each in questions}},
        so_far=so_far,
        tally=_tally(so_far),
        result=result,
        level_right=level_words(result),
        drawn_rows=drawn(rows_html(chart, marks_of(result), context, 3, "marked", ("scored", "trigger"))) if marked else "",
        failed=bool(problems),
    )


@lru_cache(maxsize=64)
def _lesson(sha256: str, chart: Chart, seed: int) -> tuple[Given, ...]:
    return tuple(lesson(chart, seed))


def _place(request: Request) -> tuple[int, int]:
    """The number of the ten sets and of one of them, as the address names them."""
    found = [request.path_params[name] for name in ("seed", "case")]
    if all(text.isascii() and text.isdigit() and len(text) < 8 for text in found):
        seed, case = map(int, found)
        if seed < MOST_SEED and 1 <= case <= SETS:
            return seed, case
    raise refuse(404, "not_found", request.url.path[:200], "there is no such set", "start again from the chart")


def _gives(chart: Chart, band: Band) -> str:
    """What a learner has to know of a band: its points; its zone where the band has no points or zones make levels; the level that it raises."""
    zones_count = any(rule.zone for level in chart.levels for rule in level.counts)
    zone = band.zone if band.points is None or zones_count else None
    return ", ".join(band_gives(replace(band, zone=zone, prompt=None), chart)) or "nothing"


def _reading(chart: Chart, row: Any) -> str:
    titles = {category.id: category.title for category in chart.by_id[row.id].observation.categories}
    if isinstance(row.value, Decimal):
        return number(Decimal(f"{row.value.normalize():f}"), row.unit)
    return titles.get(row.value) or number(row.value, row.unit)


def _questions(chart: Chart, result: Score) -> list[Question]:
    """A question for each row whose reading counts. Its answers are all that the row can give, the least first."""
    found = []
    for row in result.parameters:
        if row.band is None or row.table is None or row.possible:
            continue
        bands = sorted((band for table in chart.by_id[row.id].tables for band in table.bands), key=chart.severity)
        answers = tuple(dict.fromkeys(_gives(chart, band) for band in bands))
        if len(answers) == 1:
            continue  # nothing to choose: such a row only makes somebody look
        found.append(Question(row.id, row.title, _reading(chart, row), answers, _gives(chart, row.band)))
    return found


def _not_answered(chart: Chart, questions: list[Question], answers: Mapping[str, str], level: str) -> list[Problem]:
    open_ = [each.title for each in questions if answers[each.id] not in each.answers]
    open_ += [] if level in chart.level_rank else ["The level"]
    return [Problem("no_answer", title, "is not answered", "choose one of the answers") for title in open_]


def _tally(so_far: str) -> dict[str, int]:
    """Rows and whole sets that were right, and how many there were."""
    pairs = [tuple(map(int, part.split("/"))) for part in so_far.split(",") if part]
    return {
        "right": sum(right for right, _ in pairs),
        "of": sum(of for _, of in pairs),
        "sets_right": sum(right == of for right, of in pairs),
        "sets": len(pairs),
    }
