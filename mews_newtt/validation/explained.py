"""A row that disagrees, with the reasons of the reference scorer."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.reference import score
from mews_newtt.validation.comparer import Compared, Comparer
from mews_newtt.validation.expected import BY_CODE
from mews_newtt.validation.result import Cell, Disagreement
from mews_newtt.validation.stated import computed_words, sum_words

MOST_SHOWN = 200  # characters of a cell that go into a report


def explained(comparer: Comparer, found: Compared, place: int, before: int) -> Disagreement:
    """A row that disagrees, as the reference scorer explains it; `before` rows stand before its stretch."""
    chart, frame = comparer.chart, found.frame
    cells = {our: _cell(frame.get_column(theirs), place) for theirs, our in comparer.read}
    result = score(chart, given_of_row(cells, comparer.column_map, frozenset(chart.by_id)), raise_refused=False)
    wrong = []
    for one in comparer.stated:
        kind = BY_CODE.get(int(found.kinds[one.name][place]))
        if kind is None:
            continue
        if kind == "parts_do_not_add_up":
            right = sum_words(chart, comparer.reader.points_of(found.values, place))
        else:
            right = computed_words(result, one.holds, (one.parameter,))
        wrong.append(Cell(one.name, kind, as_text(frame.get_column(one.theirs)[place]), right))
    why = [
        row.says
        for row in result.parameters
        if row.role != "recorded" and (row.points or row.missing or row.skipped or (row.band and row.band.level))
    ]
    why += [f"{reason.level}: {reason.says}" for reason in result.reasons]
    why += [f"{problem.where}: {problem.what}" for problem in result.problems]
    why += result.warnings
    case = None if comparer.case_id is None else as_text(frame.get_column(comparer.case_id)[place])
    given = {our: as_text(cell) for our, cell in cells.items() if as_text(cell)}
    return Disagreement(before + place + 1, case, tuple(wrong), given, result.says, tuple(why))


def _cell(column: pl.Series, row: int) -> Any:
    """A value as the rules of reading take it: a narrow float says how narrow it is."""
    value = column[row]
    return np.float32(value) if column.dtype == pl.Float32 and value is not None else value


def as_text(raw: Any) -> str:
    """A cell as reports show it."""
    return "" if raw is None else str(raw).strip()[:MOST_SHOWN]
