"""What people did about the sets of many people: which sets hold somebody's concern, and which say that it was escalated. A column at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.concerns import CONCERNS, INTUITION, raised_concerns
from mews_newtt.scoring.reference import score


def concern_rows(chart: Chart) -> list[str]:
    """The rows of a chart that hold somebody's concern."""
    return [parameter.id for parameter in chart.parameters if parameter.id in CONCERNS or parameter.id == INTUITION]


def concerns_of(chart: Chart, frame: pl.DataFrame, column_map: ColumnMap) -> npt.NDArray[np.int64] | None:
    """For each row of a table: which of `concern_rows` hold a concern that counts, as the bits of their places. None where no column says so.

    The reference reads each distinct cell once, so that a concern counts here exactly where it counts in `follow`.
    """
    ours = dict(zip(frame.columns, check_columns(frame.columns, chart, column_map), strict=True))
    bits = None
    for place, name in enumerate(concern_rows(chart)):
        wanted = (name, *contexts_of(chart.by_id[name]))
        columns = [their for their, our in ours.items() if our.removeprefix(SKIP_PREFIX) in wanted and their not in column_map.ignore]
        if name not in (ours[their] for their in columns):
            continue
        distinct = frame.select(columns).unique(maintain_order=True)
        counts = []
        for cells in distinct.iter_rows():
            given = given_of_row(dict(zip((ours[their] for their in columns), cells, strict=True)), column_map, frozenset(wanted))
            counts.append(any(row.id == name for row in raised_concerns(score(chart, given, raise_refused=False))))
        coded = distinct.with_columns(pl.Series("@counts", counts, dtype=pl.Boolean))
        found = frame.select(columns).join(coded, on=columns, how="left", nulls_equal=True, maintain_order="left").get_column("@counts").to_numpy()
        bits = (np.zeros(frame.height, np.int64) if bits is None else bits) | (found.astype(np.int64) << place)
    return bits
