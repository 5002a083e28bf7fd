"""Whether a file is one of a test pack's own: the sheet for a platform's answers, filled or not, or the pack's file of right answers."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from mews_newtt.engines.base import COMPLETE, NO_POINTS, REFUSED
from mews_newtt.validation.comparer import Compared, Comparer
from mews_newtt.validation.expected import ExpectedColumn
from mews_newtt.validation.mutants import Flags
from mews_newtt.validation.stated import NONE

WHY = "why"  # a column of the file of right answers, which no answer sheet has


class Returned:
    """Looks at the rows of a file, chunk by chunk. It judges by content: a spreadsheet may have saved the file anew, in another order.

    of_pack : every row has the id of a case of a pack of this chart
    own : of a pack, and every expected cell holds what the chart gives and is blank where the chart gives nothing (if no row disagrees)
    """

    def __init__(self, comparer: Comparer):
        self.comparer, self.rows = comparer, 0
        self.of_pack = comparer.case_id is not None
        self.own = any(column.holds == "status" for column in comparer.expected)
        self._form = rf"^{re.escape(comparer.chart.id)}-[0-9]{{3,}}$"
        self._blank: list[Flags] = []  # rows that state nothing
        self._left: dict[str, list[Flags]] = {"total": [], "level": []}  # complete sets for which the column states nothing
        self._used: set[str] = set()  # columns that state something

    def add(self, chunk: Compared) -> None:
        """Look at the next rows."""
        self.rows += chunk.frame.height
        if not self.of_pack or self.comparer.case_id is None:
            return
        ids = chunk.frame.get_column(self.comparer.case_id)
        if ids.dtype != pl.String or not ids.str.contains(self._form).fill_null(value=False).all():
            self.of_pack = self.own = False
            return
        complete, stated = chunk.results.status == COMPLETE, np.zeros(chunk.frame.height, np.bool_)
        says_not = np.zeros(chunk.frame.height, np.bool_)
        for column in self.comparer.expected:
            here = chunk.values[column.name] != NONE
            stated |= here
            self.own = self.own and bool(np.array_equal(here, self._gives(column, chunk)))
            if column.holds == "status":
                says_not = here
            if here.any():
                self._used.add(column.holds)
        self.own = self.own and WHY in chunk.frame.columns
        self._blank.append(~stated)
        for column in self.comparer.expected:
            if column.holds in self._left:
                missing = complete & stated & ~says_not & (chunk.values[column.name] == NONE) & self._gives(column, chunk)
                self._left[column.holds].append(missing)

    def _gives(self, column: ExpectedColumn, chunk: Compared) -> Flags:
        """The rows for which the chart gives something in a column."""
        results, chart = chunk.results, self.comparer.chart
        if column.holds == "status":
            return np.ones(len(results.status), np.bool_)
        if column.holds == "total":
            return np.asarray((results.status == COMPLETE) & chart.has_points)
        if column.holds == "level":
            return np.asarray(results.status != REFUSED)
        points = results.points[self.comparer.reader.scored.index(column.parameter)]
        return np.asarray((points != NO_POINTS) & (results.status != REFUSED))

    @property
    def unanswered(self) -> int:
        """Cases of a pack without an answer: none at all, or no total or level where others have one and the chart gives one."""
        if not self.of_pack or not self._blank:
            return 0
        found = np.concatenate(self._blank)
        for holds, parts in self._left.items():
            if holds in self._used and parts:
                found = found | np.concatenate(parts)
        return int(found.sum())
