"""What the page of a run shows as evidence: who could be missed, the suspected faults, and the rows that disagree, the most dangerous first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, number
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.changes import ListedRow, listed_rows
from mews_newtt.validation.low_rows import Below, could_be_missed, lowest_first


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
        "missed": could_be_missed(found["by_column"]),
        "cards": found.get("cards", []),  # runs of before have none
        "telling": _telling(chart, found["diagnosis"]),
        "listed": [_shown(chart, row, low) for row, low in lowest_first(chart, listed_rows(found))[:most]],
        "all_listed": found["disagreements_listed"] == found["disagreed"],
    }


def column_title(chart: Chart, column: str) -> str:
    """A column of the other system's results in words."""
    if column.startswith(EXPECTED_POINTS_PREFIX):
        return f"Points of {_title(chart, column.removeprefix(EXPECTED_POINTS_PREFIX))}"
    return column.removeprefix("expected_").replace("_", " ").capitalize()


def readings_of(chart: Chart, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The readings of a row by title, in the order of the chart. What is no row of the chart is left out."""
    order = {parameter.id: place for place, parameter in enumerate(chart.parameters)}
    named = [name for name in given if name.removeprefix(SKIP_PREFIX) in order]
    return [(_title(chart, name), _words(chart, name, given[name])) for name in sorted(named, key=lambda name: order[name.removeprefix(SKIP_PREFIX)])]


def _title(chart: Chart, name: str) -> str:
    parameter = chart.by_id.get(name.removeprefix(SKIP_PREFIX))
    if parameter is None:
        return name.replace("_", " ")
    return f"Reason for no {parameter.title}" if name.startswith(SKIP_PREFIX) else parameter.title


def _words(chart: Chart, name: str, text: str) -> str:
    parameter = chart.by_id.get(name)
    if parameter is None:
        return text
    return next((category.title for category in parameter.observation.categories if category.id == text), text)


def _shown(chart: Chart, row: ListedRow, low: Below) -> Shown:
    cells = [_cell(chart, cell) for cell in row.cells]
    why = [*dict.fromkeys(cell["says"].capitalize() for cell in row.cells), *(_why(chart, line) for line in row.why)]
    to_try = {name: text for name, text in row.read.items() if name.removeprefix(SKIP_PREFIX) in chart.by_id}
    return Shown(row.row, row.case, low.says, cells, readings_of(chart, row.given), row.says, why, to_try)


def _cell(chart: Chart, cell: Mapping[str, str]) -> tuple[str, str, str]:
    names = {level.id: level.title for level in chart.levels} if cell["column"] == "expected_level" else {}
    stated, right = (" to ".join(names.get(part, part) for part in cell[side].split(" to ")) or "nothing" for side in ("expected", "computed"))
    return column_title(chart, cell["column"]), stated, right


def _why(chart: Chart, line: str) -> str:
    """A line that begins with the id of a parameter or a level, with its title instead."""
    name, colon, rest = line.partition(": ")
    titles = {level.id: f"Level {level.title}" for level in chart.levels} | {parameter.id: parameter.title for parameter in chart.parameters}
    return f"{titles[name]}: {rest}" if colon and name in titles else line


def _telling(chart: Chart, diagnosis: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The set that decides between two explanations: by title, and what each of them answers."""
    case = diagnosis["telling_case"] if diagnosis else None
    if not case:
        return None
    units = {parameter.id: parameter.observation.unit for parameter in chart.parameters if parameter.observation.numeric}
    readings = [
        (_title(chart, name), number(text, units[name]) if name in units else _words(chart, name, text)) for name, text in case["given"].items()
    ]
    return {"readings": readings, "to_try": case["given"], "answers": case["answers"]}
