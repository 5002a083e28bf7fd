"""What a score consists of, as plain data: rows, reasons, result. `wording.py` writes the words for it, `result.py` and `levels.py` add them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from mews_newtt.chart.model import Band, Chart, CountRule, Level, Number, Table
from mews_newtt.errors import Problem

Contribution = tuple[int, int, int]  # what a row counts for: points, zone rank, level rank
NO_CONTRIBUTION: Contribution = (0, 0, 0)


@dataclass(frozen=True, slots=True, repr=False)
class RowParts:
    """One row of the chart and what its reading gave. Points are None where they are not known or not given."""

    id: str
    title: str
    role: str
    unit: str
    given: str | None = None
    value: Number | str | None = None
    points: int | None = None
    points_min: int | None = None
    points_max: int | None = None
    band: Band | None = None
    table: Table | None = None
    flags: tuple[str, ...] = ()
    unit_given: str | None = None
    skipped: str | None = None
    missing: bool = False
    possible: tuple[tuple[Table, Band | None], ...] = ()  # where contexts leave several tables possible: each, and the reading's band in it


class Bounds(NamedTuple):
    """The least and the most that a row, or a group that counts once, can count for; resolved: nothing of it is missing."""

    names: tuple[str, ...]
    least: Contribution
    most: Contribution
    resolved: bool = True


class Evidence(NamedTuple):
    """What the level of a score rests on: the rows, what they count for, and the least total."""

    rows: Sequence[RowParts]
    bounds: Sequence[Bounds]
    total: int
    certain: bool


@dataclass(frozen=True, slots=True)
class ReasonParts:
    """Why a level is reached: kind is `total`, `count` or `trigger`; parameters are its evidence."""

    chart: Chart
    reached: Level
    kind: str
    parameters: tuple[str, ...]
    total: int | None = None
    certain: bool = True
    rule: CountRule | None = None
    reading: str = ""


Row = TypeVar("Row", bound=RowParts, covariant=True)


@dataclass(frozen=True, slots=True, repr=False)
class ScoreParts(Generic[Row]):
    """The result of scoring one set; `Score` describes the fields."""

    chart: Chart
    status: str
    total: int | None = None
    total_min: int | None = None
    total_max: int | None = None
    level: str | None = None
    level_max: str | None = None
    parameters: tuple[Row, ...] = ()
    missing: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    not_on_chart: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)  # it follows from the rest
