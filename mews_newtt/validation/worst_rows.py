"""The rows that disagree worst, with every column of the user's file, for disagreements.csv. Memory is bounded however many rows disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.engines.base import NO_POINTS, REFUSED
from mews_newtt.validation.comparer import Compared, Comparer, line_columns, lines_of
from mews_newtt.validation.expected import AGREED
from mews_newtt.validation.mutants import Flags
from mews_newtt.validation.stated import UNKNOWN

MOST_WRITTEN = 100_000  # rows of disagreements.csv, where nobody asks for more
MOST_AT_ALL = 10_000_000
SCORE = "@worse"  # a column of ours while the lines are held
LEVEL, TOTAL, POINTS, OTHER, HIGHER = 10**9, 10**5, 10**2, 10, 1
MOST_BELOW = 999
SPARE = 1.25  # so many times the rows allowed are held before the least bad are dropped


class WorstRows:
    """Keeps the lines of the worst rows: a stated level that is too low first, then a total that is too low by most, then the rest.

    Of rows that are equally bad, the first of the file are kept. `rows` counts every row that was offered.
    """

    def __init__(self, comparer: Comparer, most: int = MOST_WRITTEN):
        self.comparer, self.most = comparer, most
        self.rows = 0
        self._held: list[pl.DataFrame] = []
        self._scores: list[npt.NDArray[np.int64]] = []  # of the rows held, in the order in which they came

    @property
    def capped(self) -> bool:
        return self.rows > self.most

    def add(self, chunk: Compared, rows: npt.NDArray[np.int64], before: int) -> None:
        """Offer rows of a chunk that disagree; `before` rows come before the chunk."""
        self.rows += len(rows)
        scores = how_bad(self.comparer, chunk, rows)
        kept = self._among_the_worst(scores)
        rows, scores = rows[kept], scores[kept]
        if not len(rows):
            return
        lines, place = lines_of(self.comparer, chunk, rows, before)
        self._held.append(lines.with_columns(pl.Series(SCORE, scores[np.searchsorted(rows, place)])))
        self._scores.append(scores)
        if sum(map(len, self._scores)) > self.most * SPARE:
            self._drop()

    def _among_the_worst(self, scores: npt.NDArray[np.int64]) -> Flags:
        """Which new rows are among the worst of all rows so far. No lines are made of the others."""
        held = np.concatenate(self._scores) if self._scores else np.empty(0, np.int64)
        if len(held) + len(scores) <= self.most:
            return np.ones(len(scores), np.bool_)
        least, room = self._cut(np.concatenate([held, scores]))
        equal = scores == least
        found: Flags = (scores > least) | (equal & (np.cumsum(equal) <= room - int((held == least).sum())))
        return found

    def _cut(self, scores: npt.NDArray[np.int64]) -> tuple[int, int]:
        """The score of the least bad row that has a place, and how many rows with that score have one: the first of the file."""
        least = int(np.partition(scores, len(scores) - self.most)[len(scores) - self.most])
        return least, self.most - int((scores > least).sum())

    def _drop(self) -> None:
        """Keep no more rows than allowed."""
        if not self._scores:
            return
        scores = np.concatenate(self._scores)
        if len(scores) <= self.most:
            return
        least, room = self._cut(scores)
        lines = pl.concat(self._held)
        above, equal = lines.filter(pl.col(SCORE) > least), lines.filter(pl.col(SCORE) == least)
        equal = equal.filter(pl.col(equal.columns[0]).rle_id() < room)
        self._held = [pl.concat([above, equal]).sort(SCORE, descending=True, maintain_order=True)]
        self._scores = [np.sort(np.concatenate([scores[scores > least], np.full(room, least)]))[::-1]]

    def lines(self) -> pl.DataFrame:
        """All lines that are kept, the worst row first."""
        self._drop()
        if not self._held:
            return pl.DataFrame(schema=dict.fromkeys(line_columns(self.comparer), pl.String))
        return pl.concat(self._held).sort(SCORE, descending=True, maintain_order=True).drop(SCORE)

    def write(self, path: Path) -> None:
        """Write the lines into a CSV file."""
        lines = self.lines()
        lines = lines.select(_harmless(lines.get_column(name)) for name in lines.columns)
        lines.columns = [_harmless_name(name) for name in lines.columns]
        lines.write_csv(path)

    def to_dict(self) -> dict[str, Any]:
        return {"rows": min(self.rows, self.most), "of": self.rows, "capped": self.capped}

    @property
    def says(self) -> str:
        """What the file leaves out; empty where it holds every row."""
        if not self.capped:
            return ""
        return (
            f"disagreements.csv holds {self.most:,} of the {self.rows:,} rows that disagree, the worst first: levels that are too low, "
            "then totals that are too low. --most-rows N raises that number."
        )


def how_bad(comparer: Comparer, chunk: Compared, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How dangerous the wrong cells of each row are; more is worse: how far a level, a total or points are below the chart's."""
    results, chart = chunk.results, comparer.chart
    scored = results.status[rows] != REFUSED
    score = np.zeros(len(rows), np.int64)
    for column in comparer.expected:
        kinds, values = chunk.kinds[column.name][rows], chunk.values[column.name][rows].astype(np.int64)
        wrong = kinds > AGREED
        right: npt.NDArray[Any]
        if column.holds == "level":
            worth, right, known = LEVEL, results.level[rows], scored
        elif column.holds == "total" and chart.has_points:
            worth, right, known = TOTAL, results.least[rows], scored
        elif column.holds == "points":
            worth, right = POINTS, results.points[comparer.reader.scored.index(column.parameter)][rows]
            known = right != NO_POINTS
        else:
            score += wrong * OTHER
            continue
        below = np.where(wrong & known & (values > UNKNOWN), right.astype(np.int64) - values, 0)
        high = wrong & known & (values > UNKNOWN) & (below < 0)
        score += np.clip(below, 0, MOST_BELOW if worth != POINTS else 9) * worth
        score += np.where(high, HIGHER, np.where(wrong & (below <= 0), OTHER, 0))
    return score


def _harmless(column: pl.Series) -> Any:
    """Marks text that a spreadsheet would run as a formula; numbers stay."""
    if column.dtype != pl.String:
        return pl.col(column.name)
    text = pl.col(column.name)
    risky = text.str.contains(r"^\s*[=+\-@\t\r]") & ~text.str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
    return pl.when(risky).then(pl.lit("'") + text).otherwise(text).alias(column.name)


def _harmless_name(name: str) -> str:
    return "'" + name if name.lstrip()[:1] in ("=", "+", "-", "@") or name[:1] in "\t\r" else name
