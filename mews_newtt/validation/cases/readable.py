"""The cases that a clinician expects: each edge from both sides, each row's extremes, each answer, partial sets, and sets to refuse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mews_newtt.chart.model import Chart, Interval, Parameter, Table, number
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases.extremes import Reason, beside_contexts, extremes
from mews_newtt.validation.cases.pool import Pool, impossible_values, inside
from mews_newtt.validation.cases.values import as_text, first_in, last_in, middle, unknown_words
from mews_newtt.validation.wording import gives, row_name


def readable(pool: Pool) -> list[Reason]:
    """Sets and the reason for each, no set twice."""
    found: dict[tuple[tuple[str, str], ...], Reason] = {}
    for given, why in [*_baselines(pool), *_rows(pool), *extremes(pool), *beside_contexts(pool), *_partial(pool), *_refused(pool)]:
        found.setdefault(tuple(sorted(given.items())), (given, why))
    return list(found.values())


def _baselines(pool: Pool) -> Iterator[Reason]:
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
        where = f" ({setting.says})" if setting.given else ""
        yield dict(baseline), f"every reading scores as little as it can{where}"


def _rows(pool: Pool) -> Iterator[Reason]:
    """Every table once, in the first setting that uses it."""
    seen: set[int] = set()
    for setting, baseline in zip(pool.settings, pool.baselines, strict=True):
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
                    yield pool.put(baseline, parameter, value), f"{name} {why}"
            else:
                for band in table.bands:
                    for category in band.categories:
                        yield pool.put(baseline, parameter, category), f"{name} {category.replace('_', ' ')}: gives {gives(pool.chart, band)}"


def sides(chart: Chart, parameter: Parameter, table: Table) -> Iterator[tuple[str, str]]:
    """The last recordable reading below every edge and the first above it."""
    unit = parameter.observation.unit
    for low, high in pairwise(table.bands):
        last, first = last_in(parameter, low), first_in(parameter, high)
        if last is not None:
            yield as_text(last), f"{number(last, unit)}: last that gives {gives(chart, low)}"
        if first is not None:
            yield as_text(first), f"{number(first, unit)}: first that gives {gives(chart, high)}"


def _partial(pool: Pool) -> Iterator[Reason]:
    if not pool.settings:
        return
    setting, baseline = pool.settings[0], pool.baselines[0]
    chart = pool.chart
    for name in baseline:
        parameter = chart.by_id[name]
        without = {other: text for other, text in baseline.items() if other != name}
        if parameter.role == "scored" or name in setting.given:
            yield without, f"{row_name(parameter)} is missing: {'no plain total' if chart.has_points else 'the set is partial'}"
        for skip in parameter.skips:
            yield {**without, SKIP_PREFIX + name: skip.code}, f"{row_name(parameter)} skipped because {skip.code} ({skip.says})"
    rows = [p for p in chart.parameters if p.id in baseline and p.role == "scored" and p.id not in setting.given]
    for one, other in pairwise(rows):
        table = setting.tables[one.id]
        if table is not None:
            worst = max(table.bands, key=chart.severity)
            given = {name: text for name, text in pool.put(baseline, one, middle(one, worst)).items() if name != other.id}
            yield (
                given,
                f"{row_name(other)} is missing and {row_name(one)} is as bad as it can be: a level is certain although there is no plain total",
            )
            break
    if rows:
        reason = {name: text for name, text in baseline.items() if name != rows[0].id}
        yield {**reason, SKIP_PREFIX + rows[0].id: "not done"}, f"{row_name(rows[0])} skipped for a reason that the chart does not score"
    yield {}, "no reading at all"


def _refused(pool: Pool) -> Iterator[Reason]:
    if not pool.settings:
        return
    chart, baseline = pool.chart, pool.baselines[0]
    for parameter in chart.parameters:
        if parameter.role == "recorded" or parameter.id not in baseline:
            continue
        for value in impossible_values(parameter):
            yield pool.put(baseline, parameter, value), f"{row_name(parameter)} {value} is impossible: nothing is scored"
        for word in unknown_words(parameter):
            says = f"{row_name(parameter)} {word.replace('_', ' ')} is not an answer on this chart: nothing is scored"
            yield pool.put(baseline, parameter, word), says
    for rule in chart.scope:
        given, named = dict(baseline), []
        for name, wanted in rule.when:
            values = [as_text(v) for v in inside(wanted, chart.by_id[name])] if isinstance(wanted, Interval) else sorted(wanted)
            if values:
                given[name] = values[0]
                named.append(f"{row_name(chart.by_id[name])} {values[0].replace('_', ' ')}")
        yield given, f"{' and '.join(named)}: {rule.says}; {'nothing is scored' if rule.refuse else 'scored, and flagged'}"
