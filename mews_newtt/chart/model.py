"""What a chart is: parameters, bands, levels, sources. `load.py` reads one from its file.

Everything here is frozen: a chart that passed its checks cannot change while it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any, Literal

from mews_newtt.chart.content import content_sha256
from mews_newtt.chart.interval import Interval as Interval
from mews_newtt.chart.interval import Number as Number
from mews_newtt.chart.interval import is_above as is_above
from mews_newtt.chart.interval import number as number
from mews_newtt.chart.observation import Category as Category
from mews_newtt.chart.observation import Observation as Observation
from mews_newtt.chart.observation import Unit as Unit
from mews_newtt.chart.records import Drawable as Drawable
from mews_newtt.chart.records import Remembers
from mews_newtt.errors import ChartError, Problem

Status = Literal["local", "derived", "secondary", "transcribed", "verified"]
STATUSES: tuple[Status, ...] = ("local", "derived", "secondary", "transcribed", "verified")  # least trusted first
ROLES = ("scored", "trigger", "recorded")


@dataclass(frozen=True, slots=True)
class Band:
    """A printed range or category and what it gives."""

    interval: Interval | None = None
    categories: tuple[str, ...] = ()
    points: int | None = None
    zone: str | None = None
    level: str | None = None
    prompt: str | None = None
    printed: str = ""

    @property
    def reads(self) -> str:
        """The range or the categories of the band, in the words of a chart file."""
        return str(self.interval) if self.interval else " or ".join(self.categories)


Condition = Interval | frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The bands of a parameter in one context; `applies` false: not read in that context."""

    bands: tuple[Band, ...]
    when: tuple[tuple[str, Condition], ...] = ()
    title: str = ""
    applies: bool = True
    snomed: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """A coded reason for not taking a reading; points only where the chart prints them."""

    code: str
    says: str
    points: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Parameter(Remembers):
    """One row of the chart."""

    observation: Observation
    role: str
    required: bool
    source: str
    tables: tuple[Table, ...] = ()
    skips: tuple[Skip, ...] = ()
    assumed: str | None = None
    assumed_because: str = ""
    note: str = ""
    snomed: str | None = None

    def __repr__(self) -> str:
        return f"Parameter({self.id}, {self.role}, {'required' if self.required else 'not required'}, {len(self.tables)} tables)"

    @cached_property
    def id(self) -> str:
        return self.observation.id

    @cached_property
    def title(self) -> str:
        return self.observation.title

    @cached_property
    def short_title(self) -> str:
        """The title where there is little room: an abbreviation that clinicians write, or the title without what is in brackets."""
        return self.observation.short_title or self.observation.title.partition(" (")[0]

    @cached_property
    def category_ids(self) -> tuple[str, ...]:
        """The categories this chart reads, in its own order; all of them where it has no bands."""
        banded = [c for table in self.tables for band in table.bands for c in band.categories]
        return tuple(dict.fromkeys(banded)) or self.observation.category_ids


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that count once. `either`: the worst of them; `one_of`: at most one is given."""

    id: str
    title: str
    kind: str
    parameters: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A colour or class in which bands are printed; zones are declared best first."""

    id: str
    title: str
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class CountRule:
    """At least so many parameters in a zone (or a worse one), or at so many points (or more)."""

    at_least: int
    zone: str | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """An interval in the source's words and, where it gives one, its longest length."""

    says: str
    within_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """An escalation level and what reaches it, apart from bands that name it."""

    id: str
    title: str
    source: str
    total: Interval | None = None
    counts: tuple[CountRule, ...] = ()
    reobserve: Timing | None = None
    review: Timing | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Sets the chart is not for."""

    when: tuple[tuple[str, Condition], ...]
    refuse: bool
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    cite: str
    took: str = ""
    doi: str | None = None
    transcribed: tuple[tuple[str, str], ...] = ()  # (who, date)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Chart(Remembers, Drawable):
    """One version of one observation chart, checked and frozen.

    id, version : what `load_chart("id@version")` takes
    title, short_title : as the document names it, and as tables show it
    status, status_says : how far it may be trusted (docs/status.md), and the reason in words
    licence, sources : whose content it is, and where each number comes from
    scope_says : for whom it is, in words
    parameters : its rows in the order of the print; `by_id` finds one by its id
    levels : escalation levels, lowest first
    known_missing : what no source gives
    """

    id: str
    version: str
    title: str
    short_title: str
    status: str
    licence: str
    scope_says: str
    parameters: tuple[Parameter, ...]
    levels: tuple[Level, ...]
    sources: tuple[Source, ...]
    zones: tuple[Zone, ...] = ()
    groups: tuple[Group, ...] = ()
    scope: tuple[ScopeRule, ...] = ()
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    known_missing: tuple[str, ...] = ()
    status_says: str = ""
    effective_from: str | None = None
    supersedes: str | None = None
    snomed_total: str | None = None
    origin: str = field(default="", compare=False)  # the file it came from; not part of its content
    signed: str = field(default="", compare=False)  # who signed an adopted chart off, that it waits, or that its status has no proof
    known: tuple[Observation, ...] = field(default=(), compare=False)  # every observation defined when it was loaded; not part of its content

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """For pydantic and FastAPI: a Chart is taken as it is, and written as its identity."""
        from pydantic_core import core_schema  # only pydantic calls this

        written = core_schema.plain_serializer_function_ser_schema(cls.identity, return_schema=core_schema.dict_schema())
        return core_schema.is_instance_schema(cls, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"title": "Chart", "type": "object"}

    def __dask_tokenize__(self) -> tuple[str, str]:
        return ("mews_newtt.Chart", self.sha256)

    def identity(self) -> dict[str, str]:
        """Which chart this is: id, title, version, status and content hash; of a site's own chart also `signed`. Every answer carries it."""
        which = {"id": self.id, "title": self.title, "version": self.version, "status": self.status, "sha256": self.sha256}
        return {**which, "signed": self.signed} if self.signed else which

    @property
    def named(self) -> str:
        """What answers in words call it: short title, version, status; of a site's own chart also who signed it off."""
        return f"{self.short_title} {self.version} ({'; '.join(filter(None, (self.status, self.signed)))})"

    @property
    def trust_says(self) -> str:
        """Why it has its status; of an adopted chart also who signed it off, or that it waits or has no proof."""
        return f"{self.status_says} {self.signed[0].upper()}{self.signed[1:]}." if self.signed else self.status_says

    @cached_property
    def sha256(self) -> str:
        """The hash of its content: the same for the same meaning, however its file is laid out."""
        return content_sha256(self)

    @cached_property
    def by_id(self) -> dict[str, Parameter]:
        return {parameter.id: parameter for parameter in self.parameters}

    @cached_property
    def observations(self) -> dict[str, Observation]:
        """What a set may hold when it is scored on this chart: the chart's own rows, and everything else that was defined when it was loaded."""
        return {**{observation.id: observation for observation in self.known}, **{p.id: p.observation for p in self.parameters}}

    @cached_property
    def has_points(self) -> bool:
        return any(band.points is not None for parameter in self.parameters for table in parameter.tables for band in table.bands)

    @cached_property
    def level_rank(self) -> dict[str, int]:
        return {level.id: rank for rank, level in enumerate(self.levels)}

    @cached_property
    def zone_rank(self) -> dict[str, int]:
        """Rank 0 is not a zone at all."""
        return {zone.id: rank for rank, zone in enumerate(self.zones, start=1)}

    @cached_property
    def context_ids(self) -> tuple[str, ...]:
        """The parameters that choose other parameters' tables, in chart order."""
        used = {name for parameter in self.parameters for table in parameter.tables for name, _ in table.when}
        return tuple(p.id for p in self.parameters if p.id in used)

    @cached_property
    def context_refusals(self) -> tuple[ScopeRule, ...]:
        """The refusing scope rules that look at contexts alone: they say which contexts cannot occur together."""
        contexts = set(self.context_ids)
        return tuple(rule for rule in self.scope if rule.refuse and contexts.issuperset(name for name, _ in rule.when))

    @cached_property
    def group_of(self) -> dict[str, Group]:
        return {member: group for group in self.groups for member in group.parameters}

    @cached_property
    def above_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of rows of which the first is always above the second."""
        return tuple((p.id, other) for p in self.parameters for other in p.observation.above if other in self.by_id)

    @cached_property
    def memo(self) -> dict[str, Any]:
        """For scorers: what follows from the chart, by name. Not part of its content, not copied by `replace`."""
        return {}

    def severity(self, band: Band) -> tuple[int, int, int]:
        """What a band counts for, in an order in which more is worse: points, zone, level."""
        zone, level = self.zone_rank[band.zone] if band.zone else 0, self.level_rank[band.level] if band.level else 0
        return band.points or 0, zone, level

    def __eq__(self, other: object) -> bool:
        """Charts are equal if they say the same (`sha256`), whatever file they came from."""
        return self is other or (isinstance(other, Chart) and self.sha256 == other.sha256)

    def __hash__(self) -> int:
        return hash((self.id, self.version))

    def __repr__(self) -> str:
        rows, levels = len(self.parameters), len(self.levels)
        return f"Chart({self.id} {self.version}, {self.status}: {rows} rows, {levels} levels, sha256 {self.sha256[:12]})"


def require_chart(chart: Any) -> Chart:
    """The chart itself. Raises ChartError for anything else, such as a chart's name."""
    if isinstance(chart, Chart):
        return chart
    named = isinstance(chart, str | PurePath)
    what = f"{str(chart)[:60]!r} is a name, not a chart" if named else f"is a {type(chart).__name__}, not a chart"
    raise ChartError(Problem("not_a_chart", "chart", what, f"give load_chart({str(chart)[:60]!r})" if named else "give what `load_chart` returns"))
