"""Tables of a parameter that both hold at some values, where the document says to take the higher score: those values get a table of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from mews_newtt.chart.compare import overlap
from mews_newtt.chart.model import Band, Chart, Interval, Parameter, Table


def higher_where_they_overlap(chart: Chart, parameter: Parameter) -> Parameter:
    """The parameter with its tables apart: where two overlap in one number, such as hours since birth, a table with the worse band of both."""
    tables = list(parameter.tables)
    for one, other in combinations(parameter.tables, 2):
        name = _differ_in(one, other)
        if name is None or one not in tables or other not in tables:
            continue
        low, high = sorted((one, other), key=lambda table: _start(_interval(table, name)))
        both = overlap(_interval(low, name), _interval(high, name))
        if both is None or both in (_interval(low, name), _interval(high, name)):
            continue
        place = min(tables.index(low), tables.index(high))
        first = replace(_interval(low, name), high=both.low, high_included=not both.low_included)
        last = replace(_interval(high, name), low=both.high, low_included=not both.high_included)
        made = [_with(low, name, first), replace(_with(low, name, both), title="", bands=tuple(_worse(chart, low, high))), _with(high, name, last)]
        tables = [table for table in tables if table not in (low, high)]
        tables[place:place] = made
    return replace(parameter, tables=tuple(tables))


def _differ_in(one: Table, other: Table) -> str | None:
    """The one number in which two contexts differ; None where they differ in more, or in nothing."""
    mine, theirs = dict(one.when), dict(other.when)
    if mine.keys() != theirs.keys() or not (one.applies and other.applies):
        return None
    names = [name for name in mine if mine[name] != theirs[name]]
    same_kind = len(names) == 1 and isinstance(mine[names[0]], Interval) and isinstance(theirs[names[0]], Interval)
    return names[0] if same_kind else None


def _interval(table: Table, name: str) -> Interval:
    found = dict(table.when)[name]
    assert isinstance(found, Interval)  # _differ_in has looked
    return found


def _start(interval: Interval) -> Decimal:
    return Decimal("-Infinity") if interval.low is None else interval.low


def _with(table: Table, name: str, wanted: Interval) -> Table:
    return replace(table, when=tuple((each, wanted if each == name else condition) for each, condition in table.when))


def _worse(chart: Chart, one: Table, other: Table) -> Iterator[Band]:
    """For every reading the band of the two that counts for more, lowest readings first."""
    for mine in one.bands:
        for theirs in other.bands:
            worse = max((mine, theirs), key=chart.severity)
            if mine.interval is not None and theirs.interval is not None:
                both = overlap(mine.interval, theirs.interval)
                if both is not None:
                    yield _band(worse, replace(worse, interval=both))
            else:
                shared = tuple(name for name in mine.categories if name in theirs.categories)
                if shared:
                    yield _band(worse, replace(worse, categories=shared))


def _band(old: Band, new: Band) -> Band:
    return new if new.reads == old.reads else replace(new, printed=new.reads)
