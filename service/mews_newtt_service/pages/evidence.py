"""What the page of a run shows as evidence: who could be missed, the suspected faults, and the rows that disagree, the most dangerous first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, number
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.changes import ListedRow, listed_rows
from mews_newtt.validation.low_rows import Below, could_be_missed, lowest_first
from mews_newtt.validation.reports.titles import reading_words, readings_of, reason_words, stated_cell, title_of
from mews_newtt_service.pages.page_words import on_page


class Shown(NamedTuple):
    """One row that disagrees, in words, and as the form of "Try a set" takes it."""

    row: int
    case: str
    below: str
    cells: list[tuple[str, str, str]]  # the column, what is stated there, and what the chart gives
    readings: list[tuple[str, str]]  # titles, and what the file holds
    says: str
    why: list[str]
    to_try: Mapping[str, str]


def evidence_of(chart: Chart, found: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The first `most` rows of those that are listed, the lowest level first, and what comes before them on the page."""
    return {
        "missed": could_be_missed(found["by_column"], {kind["kind"]: kind["cells"] for kind in found["kinds"]}),
        "cards": found.get("cards", []),  # runs of before have none
        "telling": _telling(chart, found["diagnosis"]),
        "listed": [_shown(chart, row, low) for row, low in lowest_first(chart, listed_rows(found))[:most]],
        "all_listed": found["disagreements_listed"] == found["disagreed"],
    }


def _shown(chart: Chart, row: ListedRow, low: Below) -> Shown:
    cells = [stated_cell(chart, cell) for cell in row.cells]
    why = [*dict.fromkeys(cell["says"].capitalize() for cell in row.cells), *(on_page(reason_words(chart, line)) for line in row.why)]
    to_try = {name: text for name, text in row.read.items() if name.removeprefix(SKIP_PREFIX) in chart.by_id}
    return Shown(row.row, row.case, low.says, cells, readings_of(chart, row.given), on_page(reason_words(chart, row.says)), why, to_try)


def _telling(chart: Chart, diagnosis: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The set that decides between two explanations: by title, and what each of them answers."""
    case = diagnosis["telling_case"] if diagnosis else None
    if not case:
        return None
    units = {parameter.id: parameter.observation.unit for parameter in chart.parameters if parameter.observation.numeric}
    readings = [
        (title_of(chart, name), number(text, units[name]) if name in units else reading_words(chart, name, text))
        for name, text in case["given"].items()
    ]
    return {"readings": readings, "to_try": case["given"], "answers": case["answers"]}
