"""`parameters.toml` to Observations."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from mews_newtt.chart.checks import check_observation
from mews_newtt.chart.exact import exactly
from mews_newtt.chart.model import Category, Interval, Observation, Unit
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, Problem


@exactly()
def load_observations(path: Path) -> dict[str, Observation]:
    """Read a `parameters.toml`. Raises ChartError with every fault."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    found: dict[str, Observation] = {}
    for name, table in (content or {}).items():
        reader = TableReader(table, f"{path}, [{name}]", problems)
        found[name] = _observation(name, reader)
        reader.finish()
        problems += check_observation(found[name], reader.place)
    for name, observation in found.items():
        for other in observation.above:
            if other == name or other not in found or not found[other].numeric or found[other].unit != observation.unit:
                what, mend = f"is to be above {other!r}, which is no other observation of this file in {observation.unit!r}", "name one that is"
                problems.append(Problem("bad_above", f"{path}, [{name}]", what, mend))
    if problems:
        raise ChartError(problems)
    return found


def _fraction(reader: TableReader, key: str, default: Fraction) -> Fraction:
    reader.known.append(key)
    value = reader.content.get(key, default)
    try:
        return Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError):
        reader.fault("wrong_type", f"is {value!r}", 'write a number, or a fraction as text such as "5/9"', key)
        return default


def _observation(name: str, reader: TableReader) -> Observation:
    units = []
    for unit in reader.tables("other_units"):
        units.append(
            Unit(
                ucum=unit.take("ucum", str, "", required=True),
                names=unit.texts("names"),
                scale=_fraction(unit, "scale", Fraction(1)),
                offset=_fraction(unit, "offset", Fraction(0)),
            )
        )
        unit.finish()
    categories = []
    for category in reader.tables("categories"):
        categories.append(
            Category(
                id=category.take("id", str, "", required=True),
                title=category.take("title", str, "", required=True),
                synonyms=category.texts("synonyms"),
                snomed=category.take("snomed", str),
                loinc=category.take("loinc", str),
            )
        )
        category.finish()
    return Observation(
        id=name,
        title=reader.take("title", str, name, required=True),
        short_title=reader.take("short_title", str, ""),
        unit=reader.take("unit", str, ""),
        step=reader.take("step", Decimal, Decimal(1)),
        categories=tuple(categories),
        unit_names=reader.texts("unit_names"),
        other_units=tuple(units),
        impossible=_limits(reader, "impossible"),
        implausible=_limits(reader, "implausible"),
        limits_source=reader.take("limits_source", str, ""),
        also_called=reader.texts("also_called"),
        recorded_with=reader.take("recorded_with", str),
        above=reader.texts("above"),
        snomed=reader.texts("snomed"),
        loinc=reader.texts("loinc"),
        mdc=reader.texts("mdc"),
        note=reader.take("note", str, ""),
        looks_like=reader.texts("looks_like"),
    )


def _limits(reader: TableReader, key: str) -> Interval:
    """What is not outside the limits, as an interval: `below` and `above` are the first and last value inside."""
    limits = reader.table(key)
    if limits is None:
        return Interval()
    inside = Interval(limits.take("below", Decimal), True, limits.take("above", Decimal), True)
    limits.finish()
    return inside
