"""Charts: the list, the versions of one chart, and one version with all its content."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mews_newtt_service.contract.parts import Answer, ChartIdentity, ChartStatus, Count, Engine, ParameterId, Sha256, Timing

Exact = Annotated[str, Field(description="an exact decimal, as text", pattern=r"^-?\d+(\.\d+)?$")]


class ChartSummary(ChartIdentity):
    """A chart as lists show it."""

    short_title: str
    status_says: Annotated[str, Field(description="the status in words")]
    scope: Annotated[str, Field(description="whom the chart is for")]
    aliases: list[str]
    effective_from: str | None
    has_points: Annotated[bool, Field(description="false for a chart that gives no points and has no total")]
    href: Annotated[str, Field(description="path of the whole chart")]


class ChartList(Answer):
    """Every version of every chart."""

    charts: list[ChartSummary]
    engine_version: Engine


class ChartVersions(Answer):
    """All versions of one chart."""

    id: str
    default_version: Annotated[str, Field(description="the version that is used where none is asked for")]
    versions: list[ChartSummary]
    engine_version: Engine


class Interval(Answer):
    """A range of numbers; null is no edge."""

    low: Exact | None
    low_included: bool
    high: Exact | None
    high_included: bool


Condition = Annotated[
    tuple[ParameterId, Interval | list[str]], Field(description="an observation, and the range or the categories that it must be in", strict=False)
]


class ChartObservation(Answer):
    """What is observed: its unit (UCUM), the step it is recorded in, and its categories."""

    id: ParameterId
    unit: str
    step: Exact
    categories: list[str]


class Band(Answer):
    """A printed range or category, and what it gives."""

    interval: Interval | None
    categories: list[str]
    points: int | None
    zone: str | None
    level: Annotated[str | None, Field(description="id of the level that it raises alone")]
    prompt: str | None
    printed: str


class ChartTable(Answer):
    """The bands of a row in one context; `applies` false: the row is not read in that context."""

    bands: list[Band]
    when: list[Condition]
    title: str
    applies: bool
    snomed: str | None


class SkipReason(Answer):
    """A coded reason for taking no reading; some charts print points for it."""

    code: str
    says: str
    points: int | None


class ChartRow(Answer):
    """One row of the chart."""

    observation: ChartObservation
    role: Literal["scored", "trigger", "recorded"]
    required: bool
    source: str
    tables: list[ChartTable]
    skips: list[SkipReason]
    assumed: Annotated[str | None, Field(description="what is supposed where it is not given")]
    assumed_because: str
    note: str
    snomed: str | None


class CountRule(Answer):
    """So many rows in a zone or a worse one, or with so many points or more."""

    at_least: Count
    zone: str | None
    points: int | None


class ChartLevel(Answer):
    """An escalation level, and what reaches it."""

    id: str
    title: str
    source: str
    total: Interval | None
    counts: list[CountRule]
    reobserve: Timing | None
    review: Timing | None
    response: str | None


class ChartSource(Answer):
    """A source of the chart's numbers."""

    id: str
    cite: str
    took: str
    doi: str | None
    transcribed: list[Annotated[tuple[str, str], Field(description="who, and when", strict=False)]]


class Zone(Answer):
    """A colour or class in which bands are printed, the best first."""

    id: str
    title: str
    colour: str | None


class Group(Answer):
    """Rows that count once."""

    id: str
    title: str
    kind: Annotated[Literal["either", "one_of"], Field(description="either: the worst of them counts; one_of: at most one is given")]
    parameters: list[ParameterId]
    source: str


class ScopeRule(Answer):
    """Sets that the chart is not for."""

    when: list[Condition]
    refuse: bool
    says: str
    source: str


class WholeChart(Answer):
    """One version of a chart with all its content. Numbers are exact decimals, as text."""

    id: str
    version: str
    title: str
    short_title: str
    status: ChartStatus
    licence: str
    scope_says: str
    parameters: list[ChartRow]
    levels: list[ChartLevel]
    sources: list[ChartSource]
    zones: list[Zone]
    groups: list[Group]
    scope: list[ScopeRule]
    aliases: list[str]
    notes: list[str]
    known_missing: Annotated[list[str], Field(description="what no source gives")]
    status_says: str
    effective_from: str | None
    supersedes: str | None
    snomed_total: str | None
    sha256: Sha256
