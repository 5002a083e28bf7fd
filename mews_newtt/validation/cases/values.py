"""Readings worth trying on a chart: both sides of every edge, between bands, each category; and the baseline set to try them in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.contexts import can_occur, distinguishable_values, matches, table_for
from mews_newtt.chart.model import Band, Chart, Number, Parameter, Table

Given = dict[str, str]
MOST_CONTEXTS = 400


class Setting(NamedTuple):
    """One combination of contexts: their values, those that a set must state as text, and the table of every parameter."""

    values: dict[str, Number | str]
    given: Given
    tables: dict[str, Table | None]

    @property
    def says(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {text.replace('_', ' ')}" for name, text in self.given.items())


def as_text(value: Number | str) -> str:
    """A reading as a file holds it; a number without an exponent."""
    if isinstance(value, str):
        return value
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)
    text = format(exact.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def settings(chart: Chart, *, hypothetical: bool = False) -> list[Setting]:
    """One setting for each way in which the contexts choose tables and count, in chart order.

    Parameters
    ----------
    hypothetical : also the ways that no set can state (finer than recorded, or refused), but that are tried where a context is missing
    """
    names = chart.context_ids
    choices = [_recordable(chart, name) for name in names]
    if hypothetical:
        choices = [[*known, *(v for v in distinguishable_values(chart, name) if v not in known)] for name, known in zip(names, choices, strict=True)]
    found: dict[tuple[object, ...], Setting] = {}
    for chosen in product(*choices):
        values = dict(zip(names, chosen, strict=True))
        if not can_occur(chart, values):
            continue
        tables = {p.id: table_for(p, values) for p in chart.parameters}
        key = (tuple(id(table) for table in tables.values()), tuple(contribution(chart, tables[name], values[name]) for name in names))
        if key not in found:
            stated = _stated(chart, values, tables)
            found[key] = Setting(values, {name: as_text(value) for name, value in values.items() if name in stated}, tables)
    return list(found.values())[:MOST_CONTEXTS]


def _stated(chart: Chart, values: dict[str, Number | str], tables: dict[str, Table | None]) -> list[str]:
    """The contexts that a set must state: the required ones, and optional ones without which other bands would be possible."""
    stated = list(values)
    for name in reversed(values):
        if chart.by_id[name].required:
            continue
        left_out = [other for other in values if other not in stated or other == name]
        ways = (values | dict(zip(left_out, chosen, strict=True)) for chosen in product(*(distinguishable_values(chart, n) for n in left_out)))
        possible = [{p.id: table_for(p, way) for p in chart.parameters} for way in ways if can_occur(chart, way)]
        if all(_bands(one) == _bands(tables[p]) for way in possible for p, one in way.items()):
            stated.remove(name)
    return stated


def _bands(table: Table | None) -> tuple[Band, ...] | None:
    return None if table is None else table.bands


def _recordable(chart: Chart, name: str) -> list[Number | str]:
    """One recordable value for every way a context can be told apart."""
    parameter = chart.by_id[name]
    values = list(distinguishable_values(chart, name))
    if parameter.assumed in values:
        values.sort(key=lambda value: value != parameter.assumed)
    if not parameter.observation.numeric:
        return values
    step = Fraction(parameter.observation.step)
    found: list[Number | str] = []
    for value in values:
        if isinstance(value, str):
            continue
        near = decimal(math.floor(Fraction(value) / step) * step)
        if near not in found and parameter.observation.impossible.contains(near) and not refused_alone(chart, name, near):
            found.append(near)
    return found


def refused_alone(chart: Chart, name: str, value: Number | str) -> bool:
    """Whether a reading refuses every set that has it."""
    return any(rule.refuse and all(other == name and matches(wanted, value) for other, wanted in rule.when) for rule in chart.scope)


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def contribution(chart: Chart, table: Table | None, value: Number | str) -> tuple[int, int, int]:
    """What a value contributes in a table: points, rank of the zone, rank of the level."""
    return chart.severity(find_band(chart, table, value)[0]) if table is not None and table.applies and table.bands else (0, 0, 0)


def recordable(parameter: Parameter, text: str) -> bool:
    """Whether a reading is on a recording step of its observation, so that a person can type it. A word is."""
    return not parameter.observation.numeric or Decimal(text) % parameter.observation.step == 0


def baseline_band(chart: Chart, table: Table) -> Band:
    """The band that contributes least; of several, one without a prompt and with an edge on both sides."""

    def order(band: Band) -> tuple[tuple[int, int, int], bool, bool]:
        open_ended = band.interval is not None and (band.interval.low is None or band.interval.high is None)
        return chart.severity(band), band.prompt is not None, open_ended

    return min(table.bands, key=order)


def middle(parameter: Parameter, band: Band) -> str:
    """A recordable reading well inside a band."""
    if band.interval is None:
        return band.categories[0]
    step = Fraction(parameter.observation.step)
    possible = parameter.observation.impossible
    low, high = band.interval.low, band.interval.high
    if low is None:
        if high is None:
            low = high = Decimal(0) if possible.low is None else possible.low
        else:
            low = high - 3 * parameter.observation.step
    elif high is None:
        high = low + 3 * parameter.observation.step
    exact = (Fraction(low) + Fraction(high)) / 2
    first = math.floor(exact / step)
    tries = sorted(range(first - 4, first + 6), key=lambda n: abs(n * step - exact))
    for n in tries:
        value = decimal(n * step)
        if band.interval.contains(value) and possible.contains(value):
            return as_text(value)
    return as_text(decimal(exact))


def baseline_set(chart: Chart, setting: Setting) -> Given:
    """A complete set in which every parameter contributes least."""
    found: Given = {}
    answered: set[str] = set()
    for parameter in chart.parameters:
        table = setting.tables[parameter.id]
        if parameter.id in setting.given:
            found[parameter.id] = setting.given[parameter.id]
        elif parameter.role != "recorded" and table is not None and table.applies and table.bands:
            group = chart.group_of.get(parameter.id)
            if group is not None and group.kind == "one_of":
                if group.id in answered:
                    continue
                answered.add(group.id)
            found[parameter.id] = middle(parameter, baseline_band(chart, table))
    return found


def edge_values(parameter: Parameter, tables: Iterable[Table]) -> tuple[list[str], list[str]]:
    """Recordable readings on both sides of every edge, and finer ones between two recordable values; without impossible ones."""
    step = Fraction(parameter.observation.step)
    possible = parameter.observation.impossible
    edges = set()
    for table in tables:
        for band in table.bands:
            if band.interval is not None:
                edges |= {Fraction(edge) for edge in (band.interval.low, band.interval.high) if edge is not None}
    at: set[Fraction] = set()
    fine: set[Fraction] = set()
    for edge in edges:
        below = math.floor(edge / step) * step
        at |= {below - step, below, below + step, edge}
        fine |= {below + part * step / 10 for part in (-5, 4, 5, 6)} | {edge + step / 2, edge - step / 2}
        if step < 1:
            at |= {Fraction(math.floor(edge)), Fraction(math.ceil(edge)), math.floor(edge) + Fraction(1, 2), math.ceil(edge) - step}
    whole = sorted(value for value in at if value % step == 0)
    finer = sorted((fine | at) - set(whole))
    return [as_text(decimal(v)) for v in whole if possible.contains(v)], [as_text(decimal(v)) for v in finer if possible.contains(v)]


def unknown_words(parameter: Parameter) -> list[str]:
    """Categories of the observation that this chart does not accept: a set that gives one is refused."""
    return [name for name in parameter.observation.category_ids if name not in parameter.category_ids]


def last_in(parameter: Parameter, band: Band) -> Decimal | None:
    """The greatest recordable reading of a band; None where it has no upper edge or holds no recordable reading."""
    return _end(parameter, band, up=True)


def first_in(parameter: Parameter, band: Band) -> Decimal | None:
    """The least recordable reading of a band."""
    return _end(parameter, band, up=False)


def _end(parameter: Parameter, band: Band, up: bool) -> Decimal | None:
    if band.interval is None:
        return None
    edge = band.interval.high if up else band.interval.low
    if edge is None:
        return None
    step = Fraction(parameter.observation.step)
    at = Fraction(edge) / step
    nearest = math.floor(at) if up else math.ceil(at)
    for n in (nearest, nearest - 1 if up else nearest + 1):
        value = decimal(n * step)
        if band.interval.contains(value) and parameter.observation.impossible.contains(value):
            return value
    return None
