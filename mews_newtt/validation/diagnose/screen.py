"""Leaves out faults that cannot explain anything in a table: no row that disagrees has a reading where the fault changes something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Band, Chart
from mews_newtt.validation.faults import Fault, each_table
from mews_newtt.validation.mutants import READ, Flags, MutantScorer

OF_EDGES = ("edge_moved", "edge_typed")
OF_BANDS = ("band_worth", "open_end", "trigger_ignored")


class _Seen(NamedTuple):
    """The readings of rows that disagree, in one table: numbers in order, and categories."""

    numbers: npt.NDArray[np.float64]
    categories: frozenset[str]
    step: float

    def between(self, low: float, high: float) -> bool:
        """Whether a reading lies between two numbers, or a step beyond them."""
        return bool(np.searchsorted(self.numbers, high + self.step, "right") > np.searchsorted(self.numbers, low - self.step, "left"))


class Screen:
    """The readings of the rows that disagree, by parameter and table."""

    def __init__(self, chart: Chart, scorer: MutantScorer, wrong: Flags):
        self.chart = chart
        self.bands: dict[tuple[str, int], tuple[Band, ...]] = {}
        self.seen: dict[tuple[str, int], _Seen] = {}
        by_parameter: dict[str, list[tuple[int, Flags]]] = {}
        for at in each_table(chart):
            self.bands[at.parameter.id, at.number] = at.table.bands
            by_parameter.setdefault(at.parameter.id, []).append((at.number, scorer.rows_read_in(at.parameter.id, at.table)[0]))
        for name, tables in by_parameter.items():
            unknown = wrong & ~np.logical_or.reduce([rows for _, rows in tables])  # a context is missing: it may be any table
            for number, rows in tables:
                self.seen[name, number] = _seen(scorer, name, (rows & wrong) | unknown, float(chart.by_id[name].observation.step))

    def passes(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """The faults that may explain something."""
        return (fault for fault in faults if self.may_explain(fault))

    def may_explain(self, fault: Fault) -> bool:
        """Whether some row that disagrees has a reading where the fault changes something; true where that is not easily said."""
        site = fault.site
        if site is None or site.table is None or site.band is None or fault.change is not None or fault.answers is not None:
            return True
        seen = self.seen.get((site.parameter, site.table))
        if seen is None:
            return True
        if fault.kind in OF_EDGES and isinstance(fault.before, Decimal) and isinstance(fault.after, Decimal):
            return seen.between(*sorted((float(fault.before), float(fault.after))))
        if fault.kind == "edge_side" and isinstance(fault.value, Decimal):
            return seen.between(float(fault.value), float(fault.value))
        if fault.kind not in OF_BANDS:
            return True
        band = self.bands[site.parameter, site.table][site.band]
        if band.interval is None:
            return not seen.categories.isdisjoint(band.categories)
        low, high = band.interval.low, band.interval.high
        return seen.between(float("-inf") if low is None else float(low), float("inf") if high is None else float(high))


def _seen(scorer: MutantScorer, name: str, rows: Flags, step: float) -> _Seen:
    column = scorer.sheet.column(name)
    cells = [column.cells[code] for code in np.unique(column.codes[rows]).tolist()]
    values = [cell.value for cell in cells if cell.kind == READ]
    numbers = np.array(sorted(float(value) for value in values if isinstance(value, Fraction)), np.float64)
    return _Seen(numbers, frozenset(value for value in values if isinstance(value, str)), step)
