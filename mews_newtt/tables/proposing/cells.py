"""Reads the cells of a file by the proposed plan, and asks about those that it refuses or that are hardly possible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import polars as pl

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.compiled.ranges import one_band
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.plan.cells import CellReader, Piece
from mews_newtt.reading.plan.model import LONG_KINDS, OXYGEN_READING, Where
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.values import NOT_READ, Reading, read
from mews_newtt.tables.planned.coded import Coded
from mews_newtt.tables.planned.layout import Layout
from mews_newtt.tables.planned.sources import with_usual
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.doubts import OF_DEVICES, Doubt, Doubts
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.marks import about_marks, about_numbers, about_units, about_values
from mews_newtt.tables.proposing.parts import about_parts
from mews_newtt.tables.proposing.words import about_words


def ask_about_cells(chart: Chart, frame: pl.DataFrame, plan: Plan, kind: str, draft: Draft) -> bool:
    """Ask about cells that were not asked about yet. Whether anything was asked or written."""
    doubts = Doubts()
    for doubt, count in _doubts(chart, frame, plan, kind):
        if (doubt.ours, doubt.cell, doubt.unit) not in draft.cells_asked:
            doubts[doubt] += count
    left = about_numbers(chart, plan, doubts, draft)
    left = about_units(chart, left, draft)
    left = about_parts(chart, plan, left, draft)
    left = about_marks(chart, left, draft)
    left = about_values(chart, frame, plan, left, draft)
    about_words(chart, left, draft)
    _drop_unmatched(frame, plan, draft)
    draft.cells_asked |= {(doubt.ours, doubt.cell, doubt.unit) for doubt in doubts}
    _about_blanks(chart, frame, plan, draft)
    return bool(doubts)


def _about_blanks(chart: Chart, frame: pl.DataFrame, plan: Plan, draft: Draft) -> None:
    """Blank cells mean no reading. Some forms leave air or oxygen blank for air: only a person can say so."""
    column = next((theirs for theirs, ours in plan.column_map.columns.items() if ours == OXYGEN_READING), OXYGEN_READING)
    if plan.long or column not in frame.columns or (OXYGEN_READING, "", "") in draft.cells_asked:
        return
    blank = int(frame.get_column(column).str.strip_chars().fill_null("").eq("").sum())
    if not blank or blank == frame.height:
        return
    draft.cells_asked.add((OXYGEN_READING, "", ""))
    observation = chart.observations[OXYGEN_READING]
    meanings = [Choice(f"it means {name}", (Change(f"values.{OXYGEN_READING}", "", name),)) for name in observation.category_ids]
    text = f"Column {column} ({observation.title}): what does a blank cell mean, in {blank} of {frame.height} rows?"
    draft.ask(OXYGEN_READING, text, Choice("no reading"), *meanings)


def _doubts(chart: Chart, frame: pl.DataFrame, plan: Plan, kind: str) -> Iterator[tuple[Doubt, int]]:
    """Cells that are not read as they are, each with how many rows have it."""
    plan = with_usual(plan, kind)
    coded = Coded(chart, plan) if plan.long and kind in LONG_KINDS else None
    frame = coded.read(frame) if coded else frame
    layout = Layout(chart, plan, frame.columns, ReadingReport(plan), coded)
    reader = CellReader(plan, chart.observations, layout.targets, layout.outs, partial(one_band, chart))
    for where, cell, unit, count in _cells(frame, plan, layout):
        if cell is None or not cell.strip():
            continue
        for piece in reader.read(where, cell, unit):
            ours = piece.out.partition("@")[0]
            observation = chart.observations.get(ours)
            if observation is None:
                continue
            text = cell.strip().removeprefix(NOT_READ)
            if piece.how == "refused":
                yield Doubt(where, ours, text, piece.detail, refused=True, unit=unit or ""), count
            elif _implausible(observation, piece):
                yield Doubt(where, ours, text, "is hardly possible", refused=False, unit=unit or ""), count


def _implausible(observation: Observation, piece: Piece) -> bool:
    found = read(observation, piece.text) if piece.text else None
    return isinstance(found, Reading) and (any(flag.startswith("implausible") for flag in found.flags) or piece.text in OF_DEVICES)


def _cells(frame: pl.DataFrame, plan: Plan, layout: Layout) -> Iterator[tuple[Where, str | None, str | None, int]]:
    if plan.long is None:
        for where in dict.fromkeys([*layout.targets, *layout.outs]):
            if where.name in frame.columns:
                for cell, count in frame.group_by(where.name, maintain_order=True).len().iter_rows():
                    yield where, cell, None, count
        return
    names = [plan.long.code, plan.long.value, *([plan.long.unit] if plan.long.unit else [])]
    if any(name not in frame.columns for name in names):
        return
    for code, value, *unit, count in frame.group_by(names, maintain_order=True).len().iter_rows():
        at = layout.code(code)
        if at is not None:
            yield at, value, plan.long.units.get(unit[0], unit[0]) if unit else None, count


def _drop_unmatched(frame: pl.DataFrame, plan: Plan, draft: Draft) -> None:
    """Take a pattern out that matches no cell, where an answer has given the same place another one."""
    for entry in list(draft.cells):
        where = Where(str(entry.get("column") or entry.get("code")), "code" in entry)
        alike = [other for other in draft.cells if other is not entry and other.get("code" if where.is_code else "column") == where.name]
        if alike and "pattern" in entry and not any(re.fullmatch(entry["pattern"], cell) for cell in _cells_of(frame, plan, where).cells):
            draft.cells.remove(entry)


def _cells_of(frame: pl.DataFrame, plan: Plan, where: Where) -> Column:
    """The cells of a column, or those of the rows of a code."""
    if where.is_code and plan.long is not None:
        frame = frame.filter(pl.col(plan.long.code) == where.name)
        return Column.of(where.name, frame.get_column(plan.long.value), 2000)
    return Column.of(where.name, frame.get_column(where.name), 2000)
