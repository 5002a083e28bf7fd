"""A series: several sets of one person, pasted or uploaded, drawn as a track."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Chart
from mews_newtt.drawn import series_html
from mews_newtt.errors import ColumnError, FileError, MewsNewttError, Problem
from mews_newtt.files import read_header, text_lines, text_rows
from mews_newtt.scoring.columns import ColumnMap, check_columns
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.rows import given_of_row
from mews_newtt_service.pages.render import chart_of, drawn, page, shows_faults

NAME = "the series"
MOST_SETS = 500
MOST_BYTES = 1 << 20


def add_to(pages: APIRouter) -> None:
    pages.add_api_route("/workbench/series", shows_faults(choose_page), methods=["GET"])
    pages.add_api_route("/workbench/series/{chart}/{version}", shows_faults(series_page), methods=["GET", "POST"])


async def choose_page(request: Request) -> Response:
    charts = request.app.state.shelf.charts()
    what = "Paste or upload several sets of one person and see the track."
    return page(request, "choose.html", title="A series", here="series", charts=charts, into="series", what=what)


async def series_page(request: Request) -> Response:
    chart = chart_of(request)
    pasted, track, count = "", None, 0
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            pasted, content = await _sent(request)
            sets = read_sets(chart, content)
            count = len(sets)
            for _, result in sets:
                request.app.state.metrics.scored(chart, result.status)
            track = drawn(series_html(chart, sets))
        except ColumnError as fault:  # its mends name options of the command
            problems = tuple(problem._replace(mend="name the column in the first line as listed below, or take it out") for problem in fault.problems)
        except MewsNewttError as fault:
            problems = fault.problems
    columns = ["observed_at", *(p.id for p in chart.parameters if p.role != "recorded" or p.id in chart.context_ids)]
    return page(
        request,
        "series.html",
        title=f"A series on {chart.short_title} {chart.version}",
        here="series",
        chart=chart,
        pasted=pasted,
        problems=problems,
        track=track,
        count=count,
        columns=columns,
        most=MOST_SETS,
        status=422 if problems else 200,
    )


async def _sent(request: Request) -> tuple[str, bytes]:
    """What was pasted, and the bytes to read: the file where one was chosen, else what was pasted."""
    async with request.form(max_files=1, max_fields=10, max_part_size=MOST_BYTES) as form:
        text, file = form.get("sets"), form.get("file")
        pasted = text.replace("\r\n", "\n") if isinstance(text, str) else ""
        if isinstance(file, UploadFile) and file.filename:
            content = await file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise FileError(Problem("body_too_large", "the file", f"is larger than {MOST_BYTES:,} bytes", "validate large files instead"))
            return "", content
    if not pasted.strip():
        raise FileError(Problem("nothing_sent", NAME, "is empty", "paste rows with a first line of column names, or choose a file"))
    return pasted, pasted.encode("utf-8", "replace")


def read_sets(chart: Chart, content: bytes) -> list[tuple[str, Any]]:
    """Every row scored, in the order of time where every row says its time; one person only."""
    lines = text_lines(io.BytesIO(content), NAME)
    header = read_header(lines, NAME)
    ours = check_columns(header.names, chart)
    read = frozenset(chart.by_id)
    rows: list[tuple[Mapping[str, str], Any]] = []
    for _, cells in text_rows(lines, header, NAME):
        row = dict(zip(ours, cells, strict=True))
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MOST_SETS:
            raise FileError(Problem("too_many_rows", NAME, f"has more than {MOST_SETS} sets", "send fewer, or validate the file instead"))
        rows.append((row, score(chart, given_of_row(row, ColumnMap(), read), raise_refused=False)))
    if not rows:
        raise FileError(Problem("file_empty", NAME, "has no rows", "write one set a line under the column names"))
    people = {row.get("patient_id", "").strip() for row, _ in rows} - {""}
    if len(people) > 1:
        raise FileError(Problem("several_people", "column patient_id", f"names {len(people)} people", "send the rows of one person only"))
    when = [row.get("observed_at", "").strip() for row, _ in rows]
    times = _times(when)
    order = sorted(range(len(rows)), key=times.__getitem__) if times else range(len(rows))
    return [(_written(when[place], times[place] if times else None, place), rows[place][1]) for place in order]


def _times(texts: Sequence[str]) -> list[datetime]:
    """The times, where every text is one and all or none say their offset; else nothing."""
    try:
        found = [datetime.fromisoformat(text) for text in texts]
        return found if sorted(found) else []
    except (TypeError, ValueError):  # a text that is no time, or times with and without an offset
        return []


def _written(text: str, time: datetime | None, place: int) -> str:
    if time is not None:
        return time.strftime("%Y-%m-%d %H:%M")
    return text[:40] or f"row {place + 1}"
