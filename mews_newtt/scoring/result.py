"""`Score`, the result of scoring one set: what it holds, and how it is written as words, a dict or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from mews_newtt.chart.model import Drawable, Number
from mews_newtt.scoring import wording
from mews_newtt.scoring.levels import Reason, reasons
from mews_newtt.scoring.parts import RowParts, ScoreParts


class ParameterScore(RowParts):
    """One row of the chart and what its reading gave. Points are None where they are not known or not given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"ParameterScore({self.says})"

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


class Score(ScoreParts[ParameterScore], Drawable):
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

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Score({self.says})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """For pydantic and FastAPI: a Score is taken as it is, and written as `to_dict` writes it."""
        from pydantic_core import core_schema  # only pydantic calls this

        written = core_schema.plain_serializer_function_ser_schema(cls.to_dict, return_schema=core_schema.dict_schema())
        return core_schema.is_instance_schema(cls, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"title": "Score", "type": "object"}

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
            "chart": self.chart.identity(),
            "status": self.status,
            "total": self.total,
            "total_min": self.total_min,
            "total_max": self.total_max,
            "level": self.level,
            "level_max": self.level_max,
            "level_detail": level
            and {
                "title": level.title,
                "reobserve": level.reobserve and asdict(level.reobserve),
                "review": level.review and asdict(level.review),
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
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)


def plain_number(value: Number | str | None) -> Any:
    """A reading's value as JSON knows numbers; exact for every decimal of up to 15 digits."""
    if value is None or isinstance(value, str):
        return value
    return int(value) if Fraction(value).denominator == 1 else float(value)
