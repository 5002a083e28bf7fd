"""What a chart is: parameters, bands, levels, sources. Not how it is read.

Everything here is frozen: a chart that passed its checks cannot change under a scorer. (Named tuples, not dataclasses:
those cost 16 ms more to import, a sixth of the time from cold to a score.)
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from mews_newtt.chart.exact import plain
from mews_newtt.errors import ChartError, Problem

Number = Decimal | Fraction
Status = Literal["local", "derived", "secondary", "transcribed", "verified"]
STATUSES: tuple[Status, ...] = ("local", "derived", "secondary", "transcribed", "verified")  # least trusted first
ROLES = ("scored", "trigger", "recorded")


def number(value: Number | str | None, unit: str = "") -> str:
    """A reading as people write it, with its unit."""
    if isinstance(value, Fraction):
        text = f"{float(value):.6g}"
    elif isinstance(value, Decimal):
        text = format(value, "f")
    else:
        text = str(value)
    unit = {"1": "", "Cel": "°C", "mm[Hg]": "mmHg", "a": "year" if text == "1" else "years"}.get(unit, unit)
    return f"{text} {unit}" if unit and unit != "%" else f"{text}{unit}"


def is_above(value: Number | str | None, other: Number | str | None) -> bool:
    """Whether one number is above another; so it is where one of them is not there.

    They are compared as binary floats, which every engine can do alike. Numbers that only exact decimals tell apart are equal on every instrument.
    """
    return value is None or other is None or float(value) > float(other)


class Interval(NamedTuple):
    """A range of numbers; an edge is included or not, None is no edge."""

    low: Decimal | None = None
    low_included: bool = True
    high: Decimal | None = None
    high_included: bool = True

    def contains(self, value: Number) -> bool:
        return not self.is_below(value) and not self.is_above(value)

    def is_above(self, value: Number) -> bool:
        """Whether the whole range lies above the value."""
        if self.low is None:
            return False
        low: Number = Fraction(self.low) if isinstance(value, Fraction) else self.low
        return value < low or (value == low and not self.low_included)

    def is_below(self, value: Number) -> bool:
        """Whether the whole range lies below the value."""
        if self.high is None:
            return False
        high: Number = Fraction(self.high) if isinstance(value, Fraction) else self.high
        return value > high or (value == high and not self.high_included)

    def __str__(self) -> str:
        low = None if self.low is None else plain(self.low)
        high = None if self.high is None else plain(self.high)
        if low is None or high is None:
            if low is None and high is None:
                return "any"
            if low is None:
                return f"{high} or less" if self.high_included else f"under {high}"
            return f"{low} or more" if self.low_included else f"over {low}"
        if self.low_included and self.high_included and low == high:
            return low
        return f"{'' if self.low_included else 'over '}{low} to {'' if self.high_included else 'under '}{high}"


class Category(NamedTuple):
    """One allowed answer of a categorical observation."""

    id: str
    title: str
    synonyms: tuple[str, ...] = ()
    snomed: str | None = None


def plain_unit(text: str) -> str:
    """A unit without the case and the blanks of its spelling, which say nothing about it."""
    return "".join(text.split()).casefold()


class Unit(NamedTuple):
    """A unit that may stand for the observation's own: own = given * scale + offset, exactly."""

    ucum: str
    names: tuple[str, ...]
    scale: Fraction
    offset: Fraction


class _Remembers:
    """Remembers what follows from its content (`cached_property`). Copies and pickles hold the content alone, never what is remembered."""

    __slots__ = ()

    def __getstate__(self) -> None:
        return None


class _Observation(NamedTuple):
    id: str
    title: str
    unit: str = ""
    step: Decimal = Decimal(1)
    categories: tuple[Category, ...] = ()
    unit_names: tuple[str, ...] = ()
    other_units: tuple[Unit, ...] = ()
    impossible: Interval = Interval()
    implausible: Interval = Interval()
    limits_source: str = ""
    also_called: tuple[str, ...] = ()
    recorded_with: str | None = None
    above: tuple[str, ...] = ()  # what it is always above, in the same unit
    snomed: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    mdc: tuple[str, ...] = ()
    note: str = ""
    looks_like: tuple[str, ...] = ()


class Observation(_Observation, _Remembers):
    """What can be observed, the same on every chart (`rules/parameters.toml`)."""

    @property
    def numeric(self) -> bool:
        return not self.categories

    @cached_property
    def category_ids(self) -> tuple[str, ...]:
        return tuple(category.id for category in self.categories)

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """For readers: what raw values were read as, by value. Wards write the same few hundred values over and over."""
        return {}

    @cached_property
    def _unit_by_name(self) -> dict[str, str]:
        """Every accepted spelling of a unit, without its case and blanks, to its UCUM code."""
        return {
            plain_unit(name): ucum
            for ucum, names in ((self.unit, self.unit_names), *((unit.ucum, unit.names) for unit in self.other_units))
            for name in (ucum, *names)
            if name
        }

    def unit_named(self, text: str) -> str | None:
        """The UCUM code of a unit that this can be given in, however its words are written: `DEG C` and `degc` are `deg C`."""
        return self._unit_by_name.get(plain_unit(text))

    @cached_property
    def category_by_name(self) -> dict[str, str]:
        """Every accepted spelling, case folded, to the category's id."""
        return {name.casefold(): category.id for category in self.categories for name in (category.id, *category.synonyms)}


class Band(NamedTuple):
    """A printed range or category and what it gives."""

    interval: Interval | None = None
    categories: tuple[str, ...] = ()
    points: int | None = None
    zone: str | None = None
    level: str | None = None
    prompt: str | None = None
    printed: str = ""


Condition = Interval | frozenset[str]


class Table(NamedTuple):
    """The bands of a parameter in one context; `applies` false: not read in that context."""

    bands: tuple[Band, ...]
    when: tuple[tuple[str, Condition], ...] = ()
    title: str = ""
    applies: bool = True
    snomed: str | None = None


class Skip(NamedTuple):
    """A coded reason for not taking a reading; points only where the chart prints them."""

    code: str
    says: str
    points: int | None = None


class _Parameter(NamedTuple):
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


class Parameter(_Parameter, _Remembers):
    """One row of the chart."""

    @cached_property
    def id(self) -> str:
        return self.observation.id

    @cached_property
    def title(self) -> str:
        return self.observation.title

    @cached_property
    def category_ids(self) -> tuple[str, ...]:
        """The categories this chart reads, in its own order; all of them where it has no bands."""
        banded = [c for table in self.tables for band in table.bands for c in band.categories]
        return tuple(dict.fromkeys(banded)) or self.observation.category_ids


class Group(NamedTuple):
    """Parameters that count once. `either`: the worst of them; `one_of`: at most one is given."""

    id: str
    title: str
    kind: str
    parameters: tuple[str, ...]
    source: str


class Zone(NamedTuple):
    """A colour or class in which bands are printed; zones are declared best first."""

    id: str
    title: str
    colour: str | None = None


class CountRule(NamedTuple):
    """At least so many parameters in a zone (or a worse one), or at so many points (or more)."""

    at_least: int
    zone: str | None = None
    points: int | None = None


class Timing(NamedTuple):
    """An interval in the source's words and, where it gives one, its longest length."""

    says: str
    within_minutes: int | None = None


class Level(NamedTuple):
    """An escalation level and what reaches it, apart from bands that name it."""

    id: str
    title: str
    source: str
    total: Interval | None = None
    counts: tuple[CountRule, ...] = ()
    reobserve: Timing | None = None
    review: Timing | None = None
    response: str | None = None


class ScopeRule(NamedTuple):
    """Sets the chart is not for."""

    when: tuple[tuple[str, Condition], ...]
    refuse: bool
    says: str
    source: str


class Source(NamedTuple):
    id: str
    cite: str
    took: str = ""
    doi: str | None = None
    transcribed: tuple[tuple[str, str], ...] = ()  # (who, date)


class _Chart(NamedTuple):
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
    sha256: str = ""
    origin: str = ""  # the file it came from; not part of its content
    known: tuple[Observation, ...] = ()  # every observation defined when the chart was loaded; not part of its content


class Chart(_Chart, _Remembers):
    """One version of one observation chart, checked and frozen."""

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
        """Rank 0 is no zone at all."""
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
        return (
            band.points or 0,
            self.zone_rank[band.zone] if band.zone else 0,
            self.level_rank[band.level] if band.level else 0,
        )

    def __hash__(self) -> int:
        return hash((self.id, self.version, self.sha256))


def require_chart(chart: Any) -> Chart:
    """The chart itself. Raises ChartError for anything else, such as a chart's name."""
    if isinstance(chart, Chart):
        return chart
    named = isinstance(chart, str | PurePath)
    what = f"{str(chart)[:60]!r} is a name, not a chart" if named else f"is a {type(chart).__name__}, not a chart"
    raise ChartError(Problem("not_a_chart", "chart", what, f"give load_chart({str(chart)[:60]!r})" if named else "give what `load_chart` returns"))
