"""Leaves out faults that cannot explain anything in a table: no row that disagrees has a reading where the fault changes something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Band
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.faults import Fault, each_table
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, READ, Flags, MutantScorer, is_number
from mews_newtt.validation.stated import NONE

OF_EDGES = ("edge_moved", "edge_typed", "edge_side")
OF_BANDS = ("band_worth", "open_end", "trigger_ignored")


class _Readings(NamedTuple):
    """Some readings: numbers in order, and categories."""

    numbers: npt.NDArray[np.float64]
    categories: frozenset[str]

    def between(self, low: float, high: float) -> bool:
        return bool(np.searchsorted(self.numbers, high, "right") > np.searchsorted(self.numbers, low, "left"))


class _Seen(NamedTuple):
    """The readings of rows that disagree, in one table, by what the platform gives more; None: where that is not known."""

    by_difference: dict[int | None, _Readings]
    step: float

    def some(self, difference: int | None) -> Iterator[_Readings]:
        """The readings of rows with a difference, or with any where `difference` is None."""
        for each, readings in self.by_difference.items():
            if difference is None or each in (None, difference):
                yield readings

    def between(self, low: float, high: float, difference: int | None) -> bool:
        """Whether a reading lies between two numbers, or a step beyond them."""
        return any(readings.between(low - self.step, high + self.step) for readings in self.some(difference))

    def holds(self, categories: Iterable[str], difference: int | None) -> bool:
        return any(not readings.categories.isdisjoint(categories) for readings in self.some(difference))


class Screen:
    """The readings of the rows that disagree, by parameter and table."""

    def __init__(self, scorer: MutantScorer, claims: Claims, wrong: Flags):
        chart = scorer.chart
        self.bands: dict[tuple[str, int], tuple[Band, ...]] = {}
        self.seen: dict[tuple[str, int], _Seen] = {}
        by_parameter: dict[str, list[tuple[int, Flags]]] = {}
        for at in each_table(chart):
            self.bands[at.parameter.id, at.number] = at.table.bands
            by_parameter.setdefault(at.parameter.id, []).append((at.number, scorer.rows_read_in(at.parameter.id, at.table)[0]))
        for name, tables in by_parameter.items():
            unknown = wrong & ~np.logical_or.reduce([rows for _, rows in tables])  # a context is missing: it may be any table
            more = _differences(scorer, claims, name)
            for number, rows in tables:
                self.seen[name, number] = _seen(scorer, name, (rows & wrong) | unknown, np.where(unknown, NONE, more))

    def passes(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """The faults that may explain something."""
        return (fault for fault in faults if self.may_explain(fault))

    def may_explain(self, fault: Fault) -> bool:
        """Whether some row that disagrees has a reading where the fault changes something, and differs by as much.

        True where that is not easily said.
        """
        site = fault.site
        if site is None or site.table is None or site.band is None or fault.change is not None or fault.answers is not None:
            return True
        seen, bands = self.seen.get((site.parameter, site.table)), self.bands.get((site.parameter, site.table), ())
        if seen is None or fault.kind not in (*OF_EDGES, *OF_BANDS):
            return True
        band = bands[site.band]
        if fault.kind in OF_EDGES:
            above = bands[site.band + 1]
            rises = fault.by < 0 if fault.kind != "edge_side" else fault.after == "up"
            difference = None if fault.kind == "edge_typed" else _more(above, band) if rises else _more(band, above)
            ends = (fault.value, fault.value) if fault.kind == "edge_side" else (fault.before, fault.after)
            low, high = sorted(float(end) for end in ends if isinstance(end, Decimal))
            return seen.between(low, high, difference)
        changed = fault.chart.by_id[site.parameter].tables[site.table].bands
        difference = _more(changed[site.band], band) if fault.kind == "band_worth" else None
        if band.interval is None:
            return seen.holds(band.categories, difference)
        lowest, highest = band.interval.low, band.interval.high
        return seen.between(float("-inf") if lowest is None else float(lowest), float("inf") if highest is None else float(highest), difference)


def _more(band: Band, other: Band) -> int:
    return (band.points or 0) - (other.points or 0)


def _differences(scorer: MutantScorer, claims: Claims, name: str) -> npt.NDArray[np.int32]:
    """What a row gives more for one parameter, by its stated points or else by the stated total; NONE where that is not known."""
    base, chart = scorer.base, scorer.chart
    unknown = np.full(len(base.rows), NONE, np.int32)
    if not chart.has_points or name in chart.group_of or name in chart.context_ids:
        return unknown
    known = is_number(claims.total) & (base.status == COMPLETE)
    found = np.where(known, claims.total - base.total, unknown)
    claimed, shown = claims.points.get(name), base.points.get(name)
    if claimed is not None and shown is not None:
        found = np.where(is_number(claimed) & (shown != NO_POINTS), claimed - shown, NONE)
    return found.astype(np.int32)


def _seen(scorer: MutantScorer, name: str, rows: Flags, more: npt.NDArray[np.int32]) -> _Seen:
    column = scorer.sheet.column(name)
    places = np.flatnonzero(rows)
    joint, size = more[places].astype(np.int64), len(column.cells)
    found: dict[int | None, _Readings] = {}
    for difference in np.unique(joint).tolist():
        cells = [column.cells[code] for code in np.flatnonzero(np.bincount(column.codes[places[joint == difference]], minlength=size)).tolist()]
        values = [cell.value for cell in cells if cell.kind == READ]
        numbers = np.array(sorted(float(value) for value in values if isinstance(value, Fraction)), np.float64)
        found[None if difference == NONE else difference] = _Readings(numbers, frozenset(value for value in values if isinstance(value, str)))
    return _Seen(found, float(scorer.chart.by_id[name].observation.step))
