"""The things a test file may exercise, and how many of its rows do."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Parameter, Table, number
from mews_newtt.validation.cases_readable import first_in, last_in
from mews_newtt.validation.cases_values import settings
from mews_newtt.validation.faults import row_name, worth_words
from mews_newtt.validation.faults_bands import band_words
from mews_newtt.validation.mutants import COMPLETE, PARTIAL, REFUSED, Scorer
from mews_newtt.validation.mutants_rows import chosen_tables
from mews_newtt.validation.mutants_sheet import MISSING, READ, SKIPPED, Flags

Found = tuple[str, str, int]


def items_of(scorer: Scorer) -> list[Found]:
    """Kind, words and rows of everything."""
    return [*_bands(scorer), *_contexts(scorer), *_levels(scorer), *_missing(scorer), *_refused(scorer)]


def _scored(scorer: Scorer) -> Flags:
    return np.asarray(scorer.base.status != REFUSED)


def _read_in(scorer: Scorer, parameter: Parameter) -> dict[int, Flags]:
    """For each table of a parameter the rows that read it there."""
    sheet, chart = scorer.sheet, scorer.chart
    columns = {name: sheet.column(name) for name in {parameter.id, *contexts_of(parameter)}}
    chosen = chosen_tables(chart, parameter, columns, {name: column.codes for name, column in columns.items()})
    own = columns[parameter.id]
    given = (own.kinds == READ)[own.codes] & _scored(scorer)
    return {place: given & (chosen == place) for place in range(len(parameter.tables))}


def _bands(scorer: Scorer) -> Iterator[Found]:
    chart = scorer.chart
    for parameter in chart.parameters:
        column = scorer.sheet.column(parameter.id)
        for place, rows in _read_in(scorer, parameter).items():
            table = parameter.tables[place]
            if not table.applies:
                continue
            name = row_name(parameter, table)
            for band in table.bands:
                inside = column.given(band.interval if band.interval is not None else frozenset(band.categories))[column.codes]
                yield (
                    "trigger" if band.level is not None else "band",
                    f"{name}, {band_words(band)}: {worth_words(chart, band)}",
                    int((rows & inside).sum()),
                )
            if parameter.observation.numeric:
                yield from _edges(scorer, parameter, table, name, rows)


def _edges(scorer: Scorer, parameter: Parameter, table: Table, name: str, rows: Flags) -> Iterator[Found]:
    column, unit = scorer.sheet.column(parameter.id), parameter.observation.unit
    for low, high in pairwise(table.bands):
        for value, side in ((last_in(parameter, low), "last below"), (first_in(parameter, high), "first above")):
            if value is not None:
                exact = Fraction(value)
                at = np.array([cell.value == exact for cell in column.cells], np.bool_)[column.codes]
                yield "edge", f"{name} {number(value, unit)}, {side} the edge to {worth_words(scorer.chart, high)}", int((rows & at).sum())


def _contexts(scorer: Scorer) -> Iterator[Found]:
    chart, sheet = scorer.chart, scorer.sheet
    if not chart.context_ids:
        return
    for setting in settings(chart):
        rows = _scored(scorer)
        for parameter in chart.parameters:
            wanted = setting.tables[parameter.id]
            if wanted is None or not wanted.when:
                continue
            columns = {name: sheet.column(name) for name in {parameter.id, *contexts_of(parameter)}}
            chosen = chosen_tables(chart, parameter, columns, {name: column.codes for name, column in columns.items()})
            rows = rows & (chosen == next(n for n, table in enumerate(parameter.tables) if table is wanted))
        yield "context", f"a set like {setting.says}", int(rows.sum())


def _levels(scorer: Scorer) -> Iterator[Found]:
    chart, base = scorer.chart, scorer.base
    complete = base.status == COMPLETE
    for rank, level in enumerate(chart.levels):
        yield "level", f"level {level.title}", int((complete & (base.level == rank)).sum())
        if rank and level.total is not None and level.total.low and chart.has_points:
            start = int(level.total.low)
            for total, side in ((start - 1, "last total below"), (start, "first total of")):
                yield "edge", f"a total of {total}, {side} level {level.title}", int((complete & (base.total == total)).sum())


def _missing(scorer: Scorer) -> Iterator[Found]:
    chart, sheet = scorer.chart, scorer.sheet
    partial = scorer.base.status == PARTIAL
    for parameter in chart.parameters:
        column = sheet.column(parameter.id)
        if parameter.role == "scored" and parameter.required:
            lacks = (column.kinds == MISSING)[column.codes]
            yield "partial", f"{row_name(parameter)} missing", int((partial & lacks).sum())
        for skip in parameter.skips:
            given = np.array([cell.kind == SKIPPED and cell.skip == skip.code.casefold() for cell in column.cells], np.bool_)[column.codes]
            yield "skip", f"{row_name(parameter)} skipped because {skip.code} ({skip.says})", int(given.sum())


def _refused(scorer: Scorer) -> Iterator[Found]:
    chart: Chart = scorer.chart
    refused = scorer.base.status == REFUSED
    yield "refused", "an impossible or unreadable reading", int((refused & (scorer.refusals[scorer.views_of[:-1]] > 0)).sum())
    for rule in chart.scope:
        if rule.refuse:
            holds = refused.copy()
            for name, wanted in rule.when:
                column = scorer.sheet.column(name)
                holds &= column.given(wanted)[column.codes]
            yield "refused", f"a set the chart is not for: {rule.says}", int(holds.sum())
