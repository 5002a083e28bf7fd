"""What can be observed, the same on every chart: units, categories, limits and codes. `rules/parameters.toml` defines it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from mews_newtt.chart.interval import NO_LIMITS, Interval
from mews_newtt.chart.records import Remembers


@dataclass(frozen=True, slots=True)
class Category:
    """One allowed answer of a categorical observation."""

    id: str
    title: str
    synonyms: tuple[str, ...] = ()
    snomed: str | None = None
    loinc: str | None = None  # a code of LOINC's answers


def plain_unit(text: str) -> str:
    """A unit without the case and the blanks of its spelling, which say nothing about it."""
    return "".join(text.split()).casefold()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that may stand for the observation's own: own = given * scale + offset, exactly."""

    ucum: str
    names: tuple[str, ...]
    scale: Fraction
    offset: Fraction


@dataclass(frozen=True, slots=True, repr=False)
class Observation(Remembers):
    """What can be observed, the same on every chart (`rules/parameters.toml`)."""

    id: str
    title: str
    unit: str = ""
    step: Decimal = Decimal(1)
    categories: tuple[Category, ...] = ()
    unit_names: tuple[str, ...] = ()
    other_units: tuple[Unit, ...] = ()
    impossible: Interval = NO_LIMITS
    implausible: Interval = NO_LIMITS
    limits_source: str = ""
    also_called: tuple[str, ...] = ()
    recorded_with: str | None = None
    above: tuple[str, ...] = ()  # what it is always above, in the same unit
    snomed: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    mdc: tuple[str, ...] = ()
    note: str = ""
    looks_like: tuple[str, ...] = ()
    short_title: str = ""  # what a chart has room for, such as RR; empty where the title is short enough

    def __repr__(self) -> str:
        kind = self.unit or ("number" if self.numeric else f"{len(self.categories)} categories")
        return f"Observation({self.id}, {kind})"

    def content(self) -> dict[str, Any]:
        """What of it is part of a chart's content: what gives the chart's numbers their meaning."""
        return {"id": self.id, "unit": self.unit, "step": self.step, "categories": self.category_ids}

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
