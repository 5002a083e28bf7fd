"""The cases a clinician expects: each edge from both sides, each answer, each level, sets that lack something, and sets to refuse."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from mews_newtt.chart.model import Band, Chart, Interval, Parameter, Table, number
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases import Pool, impossible_values, inside
from mews_newtt.validation.cases_values import Given, as_text, decimal, middle, unknown_words
from mews_newtt.validation.faults import row_name, worth_words

Reason = tuple[Given, str]


def readable(pool: Pool) -> list[Reason]:
    """Sets and why each is there, no set twice."""
    found: dict[tuple[tuple[str, str], ...], Reason] = {}
    for given, why in [*_whole(pool), *_rows(pool), *_partial(pool), *_refused(pool)]:
        found.setdefault(tuple(sorted(given.items())), (given, why))
    return list(found.values())


def _whole(pool: Pool) -> Iterator[Reason]:
    for setting, quiet in zip(pool.settings, pool.quiet, strict=True):
        where = f" ({setting.says})" if setting.given else ""
        yield dict(quiet), f"every row where it counts least{where}"


def _rows(pool: Pool) -> Iterator[Reason]:
    """Every table once, in the first setting that uses it."""
    seen: set[int] = set()
    for setting, quiet in zip(pool.settings, pool.quiet, strict=True):
        for parameter in pool.chart.parameters:
            table = setting.tables[parameter.id]
            if table is None or id(table) in seen or not table.bands or parameter.role == "recorded":
                continue
            if parameter.id in setting.given:
                continue
            seen.add(id(table))
            name = row_name(parameter, table)
            if parameter.observation.numeric:
                for value, why in sides(pool.chart, parameter, table):
                    yield pool.put(quiet, parameter, value), f"{name} {why}"
            else:
                for band in table.bands:
                    for category in band.categories:
                        yield pool.put(quiet, parameter, category), f"{name} {category.replace('_', ' ')}: gives {worth_words(pool.chart, band)}"


def sides(chart: Chart, parameter: Parameter, table: Table) -> Iterator[tuple[str, str]]:
    """The last recordable reading below every edge and the first above it."""
    unit = parameter.observation.unit
    for low, high in pairwise(table.bands):
        last, first = last_in(parameter, low), first_in(parameter, high)
        if last is not None:
            yield as_text(last), f"{number(last, unit)}: last that gives {worth_words(chart, low)}"
        if first is not None:
            yield as_text(first), f"{number(first, unit)}: first that gives {worth_words(chart, high)}"


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


def _partial(pool: Pool) -> Iterator[Reason]:
    if not pool.settings:
        return
    setting, quiet = pool.settings[0], pool.quiet[0]
    chart = pool.chart
    for name in quiet:
        parameter = chart.by_id[name]
        without = {other: text for other, text in quiet.items() if other != name}
        if parameter.role == "scored" or name in setting.given:
            yield without, f"{row_name(parameter)} is missing: {'no plain total' if chart.has_points else 'the set is partial'}"
        for skip in parameter.skips:
            yield {**without, SKIP_PREFIX + name: skip.code}, f"{row_name(parameter)} skipped because {skip.code} ({skip.says})"
    rows = [p for p in chart.parameters if p.id in quiet and p.role == "scored" and p.id not in setting.given]
    for one, other in pairwise(rows):
        table = setting.tables[one.id]
        if table is not None:
            worst = max(table.bands, key=chart.severity)
            given = {name: text for name, text in pool.put(quiet, one, middle(one, worst)).items() if name != other.id}
            yield given, f"{row_name(other)} is missing and {row_name(one)} is as bad as it can be: the level holds without a plain total"
            break
    if rows:
        reason = {name: text for name, text in quiet.items() if name != rows[0].id}
        yield {**reason, SKIP_PREFIX + rows[0].id: "not done"}, f"{row_name(rows[0])} skipped for a reason that the chart does not score"
    yield {}, "nothing at all is given"


def _refused(pool: Pool) -> Iterator[Reason]:
    if not pool.settings:
        return
    chart, quiet = pool.chart, pool.quiet[0]
    for parameter in chart.parameters:
        if parameter.role == "recorded" or parameter.id not in quiet:
            continue
        for value in impossible_values(parameter):
            yield pool.put(quiet, parameter, value), f"{row_name(parameter)} {value} is impossible: nothing is scored"
        for word in unknown_words(parameter):
            says = f"{row_name(parameter)} {word.replace('_', ' ')} is no answer on this chart: nothing is scored"
            yield pool.put(quiet, parameter, word), says
    for rule in chart.scope:
        given, named = dict(quiet), []
        for name, wanted in rule.when:
            values = [as_text(v) for v in inside(wanted, chart.by_id[name])] if isinstance(wanted, Interval) else sorted(wanted)
            if values:
                given[name] = values[0]
                named.append(f"{row_name(chart.by_id[name])} {values[0].replace('_', ' ')}")
        yield given, f"{' and '.join(named)}: {rule.says}; {'nothing is scored' if rule.refuse else 'scored, and flagged'}"
