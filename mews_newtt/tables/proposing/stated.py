"""Columns that hold what another system worked out: its total, its level, its points. They are no readings; `mews-newtt validate` compares them."""

from __future__ import annotations

from collections.abc import Mapping

from mews_newtt.chart.model import Chart
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.reading.values import states_nothing
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import is_level, is_total, joined, small, stated_points

TOTAL, LEVEL = "expected_total", "expected_level"


def look_at_stated(chart: Chart, columns: Mapping[str, Column], draft: Draft) -> None:
    """Ask once whether the scores in a file are to be compared."""
    found: dict[str, tuple[str, tuple[Change, ...]]] = {}
    plain = {name for name, column in columns.items() if (meant := meaning_of(column.title, chart.observations)) and meant.whole}
    for column in columns.values():
        cells = [cell for cell in column.cells if not states_nothing(cell)]
        if not cells or column.name in chart.observations:
            continue
        ours = stated_points(chart, column.title, cells)
        if ours is not None and (column.name not in plain or _beside(chart, ours, column.name, plain)) and small(cells):
            _add(found, EXPECTED_POINTS_PREFIX + ours, column, columns)
        elif column.name in plain:
            continue
        elif is_total(chart, column.title, cells):
            _add(found, TOTAL, column, columns)
        elif is_level(chart, column.title):
            _add_level(chart, found, column, columns, draft)
    if not found:
        return
    named = joined([f"{name} ({_says(chart, ours)})" for ours, (name, _) in found.items()])
    every = tuple(change for _, changes in found.values() for change in changes)
    yes = Choice("yes: `mews-newtt validate` compares them with ours; they are never taken for readings", every)
    no = Choice("no: leave them alone", (Change("ignore", "", [name for name, _ in found.values()]),))
    chosen = draft.ask("scores", f"Scores that another system gave seem to be in {named}. Are they?", yes, no)
    for name, _ in found.values():
        draft.settled.add(name)
        if chosen is no:
            draft.not_read[name] = "left alone"


def _beside(chart: Chart, ours: str, name: str, plain: set[str]) -> bool:
    """Whether another column is the reading itself."""
    return any(
        ours in meant.parameters for other in plain if other != name if (meant := meaning_of(other, chart.observations)) is not None and meant.whole
    )


def _add(found: dict[str, tuple[str, tuple[Change, ...]]], ours: str, column: Column, columns: Mapping[str, Column], *more: Change) -> None:
    if ours not in columns and ours not in found:
        found[ours] = column.name, (Change("columns", column.name, ours), *more)


def _add_level(chart: Chart, found: dict[str, tuple[str, tuple[Change, ...]]], column: Column, columns: Mapping[str, Column], draft: Draft) -> None:
    """A level is compared only where each of its words is a level of the chart."""
    ids = {level.id.casefold(): level.id for level in chart.levels}
    words = ids | {spelt.casefold(): level.id for level in chart.levels for spelt in (level.title, level.id.replace("-", " "))}
    strange = [cell for cell in column.cells if cell.casefold() not in words]
    if strange:
        levels = joined([level.id for level in chart.levels], "or")
        example = ", ".join(repr(cell[:20]) for cell in strange[:3])
        draft.not_read[column.name] = f"may be a level, but {example} is no level of the chart ({levels}): to compare it, say under [values.{LEVEL}]"
        draft.not_read[column.name] += " what each word means"
        draft.settled.add(column.name)
        return
    spelt = [Change(f"values.{LEVEL}", cell, words[cell.casefold()]) for cell in column.cells if cell not in ids.values()]
    _add(found, LEVEL, column, columns, *spelt)


def _says(chart: Chart, ours: str) -> str:
    if ours.startswith(EXPECTED_POINTS_PREFIX):
        return f"points of {chart.observations[ours.removeprefix(EXPECTED_POINTS_PREFIX)].title}"
    return "total" if ours == TOTAL else "level"
