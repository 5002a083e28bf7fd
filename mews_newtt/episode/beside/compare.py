"""`beside`: two records of the same episodes, set by set: totals, levels and the points of each row, and the sets that one record lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.beside.kappa import LINEAR, QUADRATIC, Kappa, weighted_kappa
from mews_newtt.episode.beside.match import matched
from mews_newtt.episode.report.rows import own_columns, with_times
from mews_newtt.episode.track import CURRENT, UNPLACED, Columns, track_frame
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.columns import check_columns


class Record(NamedTuple):
    """One record, scored: its sets that count, and how many rows and people it has. corrected: rows that do not count; lost: rows without a place."""

    name: str
    sets: pl.DataFrame
    zoned: bool
    people: int
    corrected: int
    lost: int


class Compared(NamedTuple):
    """How ordered values agree. lower, higher: the second record has less, or more; not_both: a side has no value."""

    pairs: int
    agree: int
    lower: int
    higher: int
    not_both: int
    linear: Kappa
    quadratic: Kappa


class RowCompared(NamedTuple):
    """One row of the chart over all pairs of sets. Points that a record does not have are in one of the last three, and never count as 0."""

    parameter: str
    agree: int
    lower: int
    higher: int
    without_first: int
    without_second: int
    without_both: int


class Beside(NamedTuple):
    """Two records beside each other. levels: how often each level of the first stands beside each of the second, in the order of the chart."""

    chart: Chart
    first: Record
    second: Record
    within: timedelta
    pairs: int
    apart_median: float | None
    totals: Compared | None
    level: Compared
    levels: tuple[tuple[int, ...], ...]
    rows: tuple[RowCompared, ...]
    people_both: int

    @property
    def only_first(self) -> int:
        """Sets of the first record without one in the second."""
        return self.first.sets.height - self.pairs

    @property
    def only_second(self) -> int:
        return self.second.sets.height - self.pairs

    @property
    def agrees(self) -> bool:
        """Whether every set could be followed and has its partner, and every comparison agrees."""
        compared = [self.level, *([self.totals] if self.totals else [])]
        same = all(one.agree == one.pairs and not one.not_both for one in compared) and all(row.agree == self.pairs for row in self.rows)
        return same and not self.only_first and not self.only_second and not self.first.lost and not self.second.lost

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON. No person is named."""
        both = (("first", self.first), ("second", self.second))
        names = ("name", "people", "corrected", "lost")
        return {
            "chart": self.chart.identity(),
            "not_for_care": True,
            **{side: {**{name: getattr(record, name) for name in names}, "sets": record.sets.height} for side, record in both},
            "within_minutes": self.within / timedelta(minutes=1),
            "pairs": self.pairs,
            "people_in_both": self.people_both,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "minutes_apart_median": self.apart_median,
            "totals": self.totals and _plain(self.totals),
            "level": _plain(self.level),
            "levels": {"names": [level.id for level in self.chart.levels], "first_by_second": [list(row) for row in self.levels]},
            "rows": [row._asdict() for row in self.rows],
        }


def _plain(compared: Compared) -> dict[str, Any]:
    return {**compared._asdict(), "linear": compared.linear._asdict(), "quadratic": compared.quadratic._asdict()}


def record_of(chart: Chart, name: str, data: Any, *, column_map: ColumnMap | None = None, zone: str | None = None) -> Record:
    """Score one record. data, column_map, zone : as `track_frame` takes them. Corrected and doubled rows count once, as there."""
    column_map = column_map or ColumnMap()
    found = track_frame(chart, data, zone=zone, column_map=column_map, points=True)
    own = own_columns(found)
    theirs = dict(zip(check_columns(own, chart, column_map), own, strict=True))
    timed, zoned = with_times(found, Columns(*(theirs.get(each, each) for each in Columns())), zone)
    sets = timed.filter(pl.col("set_status") == CURRENT)
    points = [f"points_{parameter.id}" for parameter in chart.parameters if parameter.role == "scored"]
    kept = sets.select("@person", "@taken", pl.col("score_status").cast(pl.String), "total", "level_rank", "level_max_rank", *points)
    lost = int((found.get_column("set_status") == UNPLACED).sum())
    return Record(name, kept, zoned, kept.get_column("@person").n_unique(), found.height - sets.height - lost, lost)


def beside(chart: Chart, first: Record, second: Record, within: timedelta) -> Beside:
    """Compare two records of `record_of`.

    within : how far apart the times of one set may be in the two records

    Raises
    ------
    FileError  one record has offsets from UTC and the other has none; no person is in both; a window that is not a time
    """
    if within < timedelta(0):
        raise FileError(Problem("not_a_window", "--window", "is less than 0 minutes", "name how far apart two records of one set may be"))
    if first.zoned != second.zoned:
        what = "has times with an offset from UTC, and the other has none"
        mend = "name the zone of times without an offset (--zone)"
        raise FileError(Problem("time_without_offset", (first if first.zoned else second).name, what, mend))
    people = set(first.sets.get_column("@person").unique()) & set(second.sets.get_column("@person").unique())
    if not people:
        what = "have no person in common"
        raise FileError(Problem("nobody_in_both", f"{first.name} and {second.name}", what, "use the same ids for people in both files"))
    rows_first, rows_second = matched(first.sets, second.sets, within)
    one, two = first.sets[rows_first], second.sets[rows_second]
    apart = (one.get_column("@taken") - two.get_column("@taken")).abs().dt.total_microseconds() / 60_000_000
    known = [_level(frame) for frame in (one, two)]
    ranks = len(chart.levels)
    levels = _table(known[0], known[1], ranks)
    totals = None
    if chart.has_points:
        values = [frame.get_column("total").cast(pl.Int64).fill_null(-1).to_numpy() for frame in (one, two)]
        totals = _compared(values[0], values[1], int(max(values[0].max(initial=0), values[1].max(initial=0))) + 1)
    names = [parameter for parameter in chart.parameters if parameter.role == "scored"] if chart.has_points else []
    return Beside(
        chart, first, second, within, len(rows_first), None if apart.is_empty() else float(apart.median()),  # type: ignore[arg-type]  # a number: there are pairs
        totals, _compared(known[0], known[1], ranks), tuple(tuple(row) for row in levels.tolist()),
        tuple(_row(parameter.id, one, two) for parameter in names), len(people),
    )  # fmt: skip


def _level(sets: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The rank of the level where it is known for sure; -1 where a missing reading could raise it, or where there is none."""
    sure = (pl.col("score_status") != "refused") & (pl.col("level_rank") == pl.col("level_max_rank"))
    found: npt.NDArray[np.int64] = sets.select(pl.when(sure).then(pl.col("level_rank").cast(pl.Int64)).fill_null(-1)).to_series().to_numpy()
    return found


def _table(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], many: int) -> npt.NDArray[np.int64]:
    both = (first >= 0) & (second >= 0)
    counted: npt.NDArray[np.int64] = np.bincount(first[both] * many + second[both], minlength=many * many).reshape(many, many)
    return counted


def _compared(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], many: int) -> Compared:
    """Values from 0; below 0 there is none."""
    counts = _table(first, second, many)
    below, above = int(np.tril(counts, -1).sum()), int(np.triu(counts, 1).sum())
    pairs = int(counts.sum())
    kappas = (weighted_kappa(counts, power) for power in (LINEAR, QUADRATIC))
    return Compared(pairs, int(np.trace(counts)), below, above, len(first) - pairs, *kappas)


def _row(name: str, one: pl.DataFrame, two: pl.DataFrame) -> RowCompared:
    first, second = (frame.get_column(f"points_{name}").cast(pl.Int64) for frame in (one, two))
    gap = second - first
    return RowCompared(
        parameter=name,
        agree=int((gap == 0).sum()),
        lower=int((gap < 0).sum()),
        higher=int((gap > 0).sum()),
        without_first=int((first.is_null() & second.is_not_null()).sum()),
        without_second=int((first.is_not_null() & second.is_null()).sum()),
        without_both=int((first.is_null() & second.is_null()).sum()),
    )
