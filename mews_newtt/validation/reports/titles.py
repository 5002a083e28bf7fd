"""Columns, readings and reasons of a row in words: the titles of the chart instead of ids."""

from __future__ import annotations

from collections.abc import Mapping

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.reading.values import SKIP_PREFIX


def column_title(chart: Chart, column: str) -> str:
    """A column of the other system's results in words."""
    if column.startswith(EXPECTED_POINTS_PREFIX):
        return f"Points of {title_of(chart, column.removeprefix(EXPECTED_POINTS_PREFIX))}"
    return column.removeprefix("expected_").replace("_", " ").capitalize()


def readings_of(chart: Chart, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The readings of a row by title, in the order of the chart. What is no row of the chart is left out."""
    order = {parameter.id: place for place, parameter in enumerate(chart.parameters)}
    named = [name for name in given if name.removeprefix(SKIP_PREFIX) in order]
    return [
        (title_of(chart, name), reading_words(chart, name, given[name]))
        for name in sorted(named, key=lambda name: order[name.removeprefix(SKIP_PREFIX)])
    ]


def title_of(chart: Chart, name: str) -> str:
    parameter = chart.by_id.get(name.removeprefix(SKIP_PREFIX))
    if parameter is None:
        return name.replace("_", " ")
    return f"Reason for no {parameter.title}" if name.startswith(SKIP_PREFIX) else parameter.title


def reading_words(chart: Chart, name: str, text: str) -> str:
    parameter = chart.by_id.get(name)
    if parameter is None:
        return text
    return next((category.title for category in parameter.observation.categories if category.id == text), text)


def stated_cell(chart: Chart, cell: Mapping[str, str]) -> tuple[str, str, str]:
    names = {level.id: level.title for level in chart.levels} if cell["column"] == "expected_level" else {}
    stated, right = (" to ".join(names.get(part, part) for part in cell[side].split(" to ")) or "nothing" for side in ("expected", "computed"))
    return column_title(chart, cell["column"]), stated, right


def reason_words(chart: Chart, line: str) -> str:
    """A line whose parts begin with the id of a parameter or a level, with titles instead."""
    titles = {level.id: f"Level {level.title}" for level in chart.levels} | {parameter.id: parameter.title for parameter in chart.parameters}

    def titled(part: str) -> str:
        name, colon, rest = part.partition(": ")
        return f"{titles[name]}: {rest}" if colon and name in titles else part

    return "; ".join(titled(part) for part in line.split("; "))
