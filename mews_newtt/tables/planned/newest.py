"""Readings that a later version of their row supersedes: `[sets] newest` names the column whose highest value counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.reading.plan.model import Times
from mews_newtt.reading.plan.report import row_says
from mews_newtt.reading.values import NOT_READ
from mews_newtt.tables.planned.times import BLANK, OFFSET, read_times

ORDER = "@order"  # a column of a frame while it is read: how new its row is
NO_ORDER = -(2**62)  # of a row whose cell is blank
NO_VALUE = "\0no value"  # a blank cell, which may be newer than a reading
WHOLE = r"^[+-]?\d{1,15}(\.0+)?$"
NOT_ORDERED = "is neither a whole number nor a time in a format of the plan"


class Orders(NamedTuple):
    """How new each of some cells is.

    orders : to compare; NO_ORDER for a blank cell; unread : whether a cell is neither a number nor a time
    kinds : what the cells are: number, or how a time was read (LOCAL, OFFSET)
    """

    orders: npt.NDArray[np.int64]
    unread: npt.NDArray[np.bool_]
    kinds: frozenset[str | int]


def orders_of(cells: pl.Series, times: Times | None) -> Orders:
    """Cells of the column that orders versions: times as the plan reads times, else whole numbers."""
    read, how = read_times(cells, times.formats if times else (), times.zone if times else None)
    text = cells.str.strip_chars()
    numbers = text.set(~text.str.contains(WHOLE), None).str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    is_time, blank = how.to_numpy() <= OFFSET, how.to_numpy() == BLANK
    is_number = numbers.is_not_null().to_numpy() & ~is_time
    orders = np.where(is_time, read.dt.epoch("us").fill_null(NO_ORDER).to_numpy(), numbers.fill_null(NO_ORDER).to_numpy())
    kinds = {*how.filter(pl.Series(is_time)).to_list(), *(["number"] if is_number.any() else [])}
    return Orders(orders.astype(np.int64), ~(is_time | is_number | blank), frozenset(kinds))


class Given(NamedTuple):
    """A reading of a set: its text (NO_VALUE for a blank cell), the row, how new it is, and its time."""

    text: str
    row: int
    order: int
    time: int


def that_count(given: Sequence[Given], files: Sequence[str] = ()) -> tuple[list[tuple[str, int]], int]:
    """What counts of one reading in one set: of each time the newest, with its row; and how many were superseded.

    A text that refuses the reading stands for what cannot be decided: a row without a version, or a newer row without a value.
    """
    found: list[tuple[str, int]] = []
    superseded = 0
    for time in dict.fromkeys(one.time for one in given):
        own = [one for one in given if one.time == time]
        texts = [one for one in own if one.text != NO_VALUE]
        if len({one.text for one in own}) > 1:
            lone = next((one for one in own if one.order == NO_ORDER), None)
            top = max(one.order for one in own)
            if lone is not None:
                rows = ", ".join(row_says(one.row, files) for one in own)
                texts = [lone._replace(text=f"{NOT_READ}the rows {rows} differ, and row {row_says(lone.row, files)} does not say its version")]
            elif all(one.text == NO_VALUE for one in own if one.order == top):
                newer = next(one for one in own if one.order == top)
                rows = f"row {row_says(newer.row, files)} is newer than row {row_says(texts[0].row, files)}"
                texts = [newer._replace(text=f"{NOT_READ}{rows}, and has no value")]
            else:
                superseded += sum(one.order < top for one in texts)
                texts = [one for one in texts if one.order == top]
        found += [(one.text, one.row) for one in texts]
    return found, superseded
