"""What a score says: one result with its evidence, the same in every output form."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any, NamedTuple

from mews_newtt.chart.model import Band, Chart, Number, Table
from mews_newtt.errors import Problem
from mews_newtt.scoring import wording
from mews_newtt.scoring.levels import Evidence, Reason, reasons


class ParameterScore(NamedTuple):
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

    @property
    def says(self) -> str:
        """The row in words."""
        return wording.parameter_says(self)

    def to_dict(self) -> dict[str, Any]:
        band = self.band
        return {
            "id": self.id,
            "title": self.title,
            "role": self.role,
            "given": self.given,
            "value": plain_number(self.value),
            "unit": self.unit or None,
            "points": self.points,
            "points_min": self.points_min,
            "points_max": self.points_max,
            "zone": band.zone if band else None,
            "band": band.printed if band else None,
            "table": self.table.title or None if self.table else None,
            "raises_level": band.level if band else None,
            "prompt": band.prompt if band else None,
            "skipped": self.skipped,
            "flags": list(self.flags),
            "says": self.says,
        }


class Score(NamedTuple):
    """The result of scoring one observation set on one chart.

    status : `complete`, `partial` or `refused`
    total : the sum of points, only when complete (None otherwise, and on charts without points)
    total_min, total_max : the least and the greatest total that the missing scored parameters allow
    level, level_max : the level certainly reached, and the highest still possible (ids of the chart)
    parameters : every row of the chart, in its order
    missing : rows that belong to a full set and have neither reading nor skip reason
    flags : `code:parameter` for every doubt; `warnings` says the same in words
    problems : why the set was refused
    """

    chart: Chart
    status: str
    total: int | None = None
    total_min: int | None = None
    total_max: int | None = None
    level: str | None = None
    level_max: str | None = None
    parameters: tuple[ParameterScore, ...] = ()
    missing: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    not_on_chart: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    evidence: Evidence | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every cause of a level above the first, worst first."""
        return () if self.evidence is None else reasons(self.chart, self.evidence)

    @property
    def float_noise(self) -> int:
        """How many readings carried binary noise and were read as the recordable value beside them."""
        return sum(flag.startswith("float_noise:") for flag in self.flags)

    @property
    def warnings(self) -> list[str]:
        return wording.warnings(self)

    @property
    def says(self) -> str:
        """The result in one sentence."""
        return wording.score_says(self)

    def points(self) -> dict[str, int | None]:
        """Points of each scored parameter."""
        return {row.id: row.points for row in self.parameters if row.role == "scored"}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: the same input and chart give the same bytes."""
        level = next((level for level in self.chart.levels if level.id == self.level), None)
        return {
            "chart": chart_identity(self.chart),
            "status": self.status,
            "total": self.total,
            "total_min": self.total_min,
            "total_max": self.total_max,
            "level": self.level,
            "level_max": self.level_max,
            "level_detail": level
            and {
                "title": level.title,
                "reobserve": level.reobserve and level.reobserve._asdict(),
                "review": level.review and level.review._asdict(),
                "response": level.response,
            },
            "reasons": [reason.to_dict() for reason in self.reasons],
            "parameters": [row.to_dict() for row in self.parameters],
            "missing": list(self.missing),
            "skipped": list(self.skipped),
            "flags": list(self.flags),
            "float_noise": self.float_noise,
            "warnings": self.warnings,
            "problems": [problem.to_dict() for problem in self.problems],
            "says": self.says,
        }

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)


def chart_identity(chart: Chart) -> dict[str, str]:
    """Which chart scored: id, title, version, status and content hash. Every answer carries it."""
    return {"id": chart.id, "title": chart.title, "version": chart.version, "status": chart.status, "sha256": chart.sha256}


def plain_number(value: Number | str | None) -> Any:
    """A reading's value as JSON knows numbers; exact for every decimal of up to 15 digits."""
    if value is None or isinstance(value, str):
        return value
    return int(value) if Fraction(value).denominator == 1 else float(value)
