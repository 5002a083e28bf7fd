"""The expected columns of a table: which they are, how their cells are read, and the verdict of `stated.py` on each row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import COMPLETE, NO_POINTS, Results
from mews_newtt.errors import ColumnError, Problem, did_you_mean
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX, ColumnMap, mapped_columns
from mews_newtt.reading.rows import spellings
from mews_newtt.scoring.result_cells import points_columns
from mews_newtt.validation.mutants import Flags, distinct_values
from mews_newtt.validation.stated import (
    AGREES,
    BLANK,
    KINDS,
    NONE,
    STATUSES,
    UNKNOWN,
    UNREADABLE,
    Computed,
    kind_of,
    kind_without_readings,
    level_names,
    plain,
    read_stated,
)

STATUS = "expected_status"
CODES = {kind: code for code, kind in enumerate((BLANK, AGREES, *KINDS))}  # a verdict as a number; numbers above AGREED disagree
BY_CODE = {code: kind for kind, code in CODES.items() if kind in KINDS}
EMPTY, AGREED = CODES[BLANK], CODES[AGREES]
DENSE = 1 << 21  # most different cases for a lookup table

Numbers = npt.NDArray[np.int32]
Kinds = npt.NDArray[np.uint8]


class ExpectedColumn(NamedTuple):
    """One expected column: our name and theirs, what it holds, and the parameter whose points it holds."""

    name: str
    theirs: str
    holds: str  # total, level, points or status
    parameter: str = ""


def expected_columns(names: Sequence[str], ours: Sequence[str], chart: Chart, column_map: ColumnMap) -> list[ExpectedColumn]:
    """The expected columns of a table. Raises ColumnError where there is none."""
    found, pointless = [], []
    scored = points_columns(chart)
    for theirs, our in zip(names, ours, strict=True):
        parameter = our.removeprefix(EXPECTED_POINTS_PREFIX)
        if theirs in column_map.ignore:
            continue
        if our in EXPECTED or our == STATUS:
            found.append(ExpectedColumn(our, theirs, our.removeprefix("expected_")))
        elif our.startswith(EXPECTED_POINTS_PREFIX) and parameter in scored:
            found.append(ExpectedColumn(our, theirs, "points", parameter))
        elif our.startswith(EXPECTED_POINTS_PREFIX):
            says = f"{chart.short_title} gives no points for {parameter or 'nothing'}"
            pointless.append(Problem("no_points", f"column {theirs}", says, f"leave it out, or --ignore {theirs!r}"))
    if pointless:
        raise ColumnError(pointless)
    if not found:
        near = next((f"did you mean --map '{name}={meant}'?" for name in names for meant in EXPECTED if _is_near(name, meant)), None)
        mend = near or "name it expected_total, expected_level or expected_points_<parameter>, or use --map theirs=ours"
        raise ColumnError(Problem("nothing_expected", "columns " + ", ".join(names[:20]), "none of them holds the platform's scores", mend))
    return found


def _is_near(name: str, meant: str) -> bool:
    bare = meant.removeprefix("expected_")
    words = re.split(r"[\W_]+", name.casefold())
    return did_you_mean(name, [meant, bare]) is not None or bare in words or (bare == "total" and "score" in words)


def columns_of(names: Sequence[str], chart: Chart, column_map: ColumnMap) -> list[str]:
    """Our name for each column. Names of result columns are allowed, since no results are added here."""
    known = chart.observations
    return mapped_columns(names, chart, column_map, known, results=())


class Reader:
    """The one reader of expected cells: each distinct cell is read once, and `stated.kind_of` judges each distinct case once."""

    def __init__(self, chart: Chart, column_map: ColumnMap, blanks_disagree: bool):
        self.chart, self.column_map, self.blanks_disagree = chart, column_map, blanks_disagree
        self.levels = level_names(chart)
        self.scored = points_columns(chart)
        unknown = [name for name in column_map.values.get("expected_level", {}).values() if plain(name) not in self.levels]
        if unknown:
            allowed = ", ".join(level.id for level in chart.levels)
            raise ColumnError(Problem("unknown_level", "map of expected_level", f"{unknown[0]!r} is not a level of {chart.id}", f"one of: {allowed}"))

    def read(self, column: ExpectedColumn, cells: Any) -> Numbers:
        """What each row states."""
        raws, codes = distinct_values(cells)
        return np.array([self.value(column, raw) for raw in raws], np.int32)[codes]

    def value(self, column: ExpectedColumn, raw: Any) -> int:
        """What one cell states. A value that the map translates counts, even if it is also a mark for missing."""
        ours = self.column_map.values.get(column.name, {})
        mapped = next((ours[text] for text in spellings(raw) if text in ours), None)
        if mapped is not None:
            return read_stated(self.chart, column.holds, mapped, levels=self.levels)
        if not self.column_map.marks(column.name).isdisjoint(spellings(raw)):
            return NONE
        return read_stated(self.chart, column.holds, raw, levels=self.levels)

    def foreign(self, column: ExpectedColumn, raw: Any) -> str:
        """The name of a stated level that the chart does not have."""
        ours = self.column_map.values.get(column.name, {})
        return plain(next((ours[text] for text in spellings(raw) if text in ours), str(raw)))

    def kinds(self, column: ExpectedColumn, values: Mapping[str, Numbers], results: Results, bare: Flags) -> Kinds:
        """The verdict on each row's cell, as a code.

        Parameters
        ----------
        values : what each column states
        bare : rows without any reading
        """
        own = values[column.name]
        kinds = self._compared(column, own, results)
        if self.blanks_disagree:  # every cell answers the readings of its row, also a blank one
            return self._left_out(column, kinds, values.get(STATUS), results)
        for row in np.flatnonzero(bare & (own != NONE)).tolist():
            kinds[row] = CODES[kind_without_readings(self.chart, column.holds, int(own[row]), self.points_of(values, row))]
        return kinds

    def points_of(self, values: Mapping[str, Numbers], row: int) -> dict[tuple[str, ...], int]:
        """The whole numbers stated of parameters in one row."""
        found = {(p,): int(values[EXPECTED_POINTS_PREFIX + p][row]) for p in self.scored if EXPECTED_POINTS_PREFIX + p in values}
        return {names: each for names, each in found.items() if each not in (NONE, UNREADABLE)}

    def _compared(self, column: ExpectedColumn, values: Numbers, results: Results) -> Kinds:
        """`kind_of` for every row, worked out once for each distinct case."""
        parts: list[npt.NDArray[Any]] = [_close(values), results.status]
        if column.holds == "total":
            parts += [results.least, results.most]
        elif column.holds == "level":
            parts.append(results.level)
        elif column.holds == "points":
            parts.append(results.points[self.scored.index(column.parameter)])
        rows, cases = _cases(parts)
        verdicts = np.array([CODES[self._kind(column, values, results, row)] for row in rows.tolist()], np.uint8)
        return verdicts[cases]

    def _kind(self, column: ExpectedColumn, values: Numbers, results: Results, row: int) -> str:
        points = int(results.points[self.scored.index(column.parameter)][row]) if column.holds == "points" else NO_POINTS
        given = Computed(
            STATUSES[results.status[row]],
            int(results.least[row]) if self.chart.has_points else None,
            int(results.most[row]) if self.chart.has_points else None,
            int(results.level[row]),
            None if points == NO_POINTS else points,
        )
        return kind_of(self.chart, column.holds, int(values[row]), given)

    def _left_out(self, column: ExpectedColumn, kinds: Kinds, status: Numbers | None, results: Results) -> Kinds:
        """Blank cells where the chart gives an answer for a complete set, and the platform does not state that the set is not complete."""
        if column.holds == "status":
            return kinds
        gives = results.status == COMPLETE
        if column.holds == "points":
            gives &= results.points[self.scored.index(column.parameter)] != NO_POINTS
        elif column.holds == "total" and not self.chart.has_points:
            return kinds
        if status is not None:
            gives &= (status == NONE) | (status == COMPLETE)
        return np.where((kinds == EMPTY) & gives, CODES["left_out"], kinds).astype(np.uint8)


def _close(values: Numbers) -> Numbers:
    """Stated numbers moved next to NONE, UNREADABLE and UNKNOWN, so that a table of all cases stays small."""
    real = values > UNKNOWN
    low = int(values[real].min()) if real.any() else 0
    return np.where(real, values - low + 3, values - NONE)


def _cases(parts: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A row of each distinct combination, and which combination each row has."""
    key, size = np.zeros(len(parts[0]), np.int64), 1
    if not len(key):
        return key, key
    for part in parts:
        low, span = int(part.min()), int(part.max()) - int(part.min()) + 1
        key = key * span + (part.astype(np.int64) - low)
        size *= span
    if size > DENSE:
        _, rows, cases = np.unique(key, return_index=True, return_inverse=True)
        return rows.astype(np.int64), cases.astype(np.int64)
    where = np.full(size, -1, np.int64)
    where[key] = np.arange(len(key))  # some row of each
    present = np.flatnonzero(where >= 0)
    rows = where[present]
    where[present] = np.arange(len(present))
    return rows, where[key]
