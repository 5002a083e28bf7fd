"""Scores: of one set, told apart by their status, of many sets, and the counts of a scored file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from mews_newtt.chart.model import ROLES
from mews_newtt_service.contract.parts import Answer, ChartIdentity, Count, Engine, Fault, ParameterId, ScoreStatus, Timing


class Reason(Answer):
    """Why a level above the first is reached."""

    level: Annotated[str, Field(description="id of the level")]
    kind: Annotated[Literal["total", "count", "trigger"], Field(description="the total, a number of rows, or one row alone")]
    parameters: Annotated[list[ParameterId], Field(description="the rows that are its evidence")]
    says: str


class Row(Answer):
    """One row of the chart, and what its reading gave."""

    id: ParameterId
    title: str
    role: Annotated[
        str, Field(json_schema_extra={"enum": list(ROLES)}, description="whether it gives points, only raises a level, or is only recorded")
    ]
    given: Annotated[str | None, Field(description="the reading as it was sent; null without one")]
    value: Annotated[float | str | None, Field(description="the reading in `unit`, or the id of a category; null without a reading")]
    unit: Annotated[str | None, Field(description="UCUM code of the observation's own unit; null where it has none")]
    points: Annotated[int | None, Field(description="null where they are not known, or the row gives none; never 0 for a missing reading")]
    points_min: Annotated[int | None, Field(description="the least points that the row can have")]
    points_max: Annotated[int | None, Field(description="the most points that the row can have")]
    zone: Annotated[str | None, Field(description="id of the colour or class in which the band is printed")]
    band: Annotated[str | None, Field(description="the band as the chart prints it")]
    table: Annotated[str | None, Field(description="which of several tables of the row counts")]
    raises_level: Annotated[str | None, Field(description="id of the level that the band raises alone")]
    prompt: Annotated[str | None, Field(description="what the chart prints beside the band")]
    skipped: Annotated[str | None, Field(description="why no reading was taken")]
    flags: Annotated[list[str], Field(description="codes of doubts about the reading")]
    says: str


class LevelDetail(Answer):
    """What the chart says of the level that is reached."""

    title: str
    reobserve: Timing | None
    review: Timing | None
    response: str | None


class _Told(Answer):
    chart: ChartIdentity
    missing: Annotated[list[ParameterId], Field(description="rows of a full set with neither reading nor skip reason")]
    skipped: list[ParameterId]
    flags: Annotated[list[str], Field(description="`code:parameter` for every doubt; `warnings` says the same in words")]
    float_noise: Annotated[Count, Field(description="readings with binary noise, read as the recordable value beside them")]
    warnings: list[str]
    says: Annotated[str, Field(description="the result in one sentence")]
    engine_version: Engine


class _Scored(_Told):
    level: Annotated[str, Field(description="id of the level certainly reached")]
    level_max: Annotated[str, Field(description="id of the highest level that missing readings leave possible")]
    level_detail: LevelDetail
    total_min: Annotated[int | None, Field(description="the least total possible; null on a chart that gives no points")]
    total_max: Annotated[int | None, Field(description="the greatest total possible; null on a chart that gives no points")]
    reasons: list[Reason]
    parameters: Annotated[list[Row], Field(description="every row of the chart, in its order")]
    problems: Annotated[list[Fault], Field(max_length=0)]


class CompleteScore(_Scored):
    """Every reading that the total needs is there. `missing` may still name rows that only trigger: the level may be as high as `level_max`."""

    status: Literal["complete"]
    total: Annotated[int | None, Field(description="the sum of points; null on a chart that gives no points")]


class PartialScore(_Scored):
    """Readings are missing: there is no total, only its bounds."""

    status: Literal["partial"]
    total: Annotated[None, Field(description="a partial set has no total")]


class RefusedScore(_Told):
    """The set cannot be scored; `problems` says why. It comes in answers for many sets; a single set is refused with 422."""

    status: Literal["refused"]
    total: None
    total_min: None
    total_max: None
    level: None
    level_max: None
    level_detail: None
    reasons: Annotated[list[Reason], Field(max_length=0)]
    parameters: Annotated[list[Row], Field(max_length=0)]
    problems: Annotated[list[Fault], Field(min_length=1)]


class Score(RootModel[Annotated[CompleteScore | PartialScore | RefusedScore, Field(discriminator="status")]]):
    """The score of one set, told apart by `status`."""


class OneScore(RootModel[Annotated[CompleteScore | PartialScore, Field(discriminator="status")]]):
    """The score of one set that is not refused, told apart by `status`."""


class MinimalScore(Answer):
    """A score without rows, reasons and words (`Prefer: return=minimal`). A partial set has no total; `problems` says why a set is refused."""

    chart: Annotated[str, Field(description="id@version; the headers say more of it")]
    status: ScoreStatus
    total: int | None
    total_min: int | None
    total_max: int | None
    level: str | None
    level_max: str | None
    missing: list[ParameterId]
    flags: list[str]
    problems: list[Fault]


class Summary(Answer):
    """How many sets had which answer. It holds no readings."""

    chart: ChartIdentity
    rows: Count
    complete: Count
    partial: Count
    refused: Count
    totals: Annotated[dict[str, Count], Field(description="sets by their total")]
    levels: Annotated[dict[str, Count], Field(description="sets by the id of the level certainly reached")]
    missing: Annotated[dict[str, Count], Field(description="sets by missing parameter")]
    flags: Annotated[dict[str, Count], Field(description="sets by flag")]
    columns_not_read: list[str]
    columns_in_doubt: Annotated[dict[str, str], Field(description="columns that were not read and may hold readings, and why we think so")]
    repeated_rows: Annotated[Count, Field(description="rows beyond the first of one person and one time")]
    same_person_and_time: Annotated[list[list[int]], Field(description="numbers of such rows, together")]


class ManyScores(Answer):
    """The scores of an array, in its order; every set is answered, also one that cannot be scored."""

    chart: ChartIdentity
    engine_version: Engine
    summary: Summary
    results: list[Score]


class ManyMinimalScores(Answer):
    """The same with `Prefer: return=minimal`."""

    chart: ChartIdentity
    engine_version: Engine
    summary: Summary
    results: list[MinimalScore]
