"""What is said of a partial set holds for every way it could be completed: by brute force, on made-up charts and the shipped ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mews_newtt import Chart, Score, charts, score
from mews_newtt.chart.contexts import distinguishable_values
from mews_newtt.chart.model import Parameter
from tests.batch.made_charts import made_chart

MOST_COMPLETIONS = 3000
SEEDS = st.integers(0, 2**32)


def candidates(chart: Chart, parameter: Parameter) -> list[Any]:
    """A value in every band of every table and for every distinguishable context; all that the chart can tell apart."""
    found: list[Any] = list(distinguishable_values(chart, parameter.id)) if parameter.id in chart.context_ids else []
    for table in parameter.tables:
        for band in table.bands:
            found += band.categories[:1]
            if band.interval is not None:
                low, high = band.interval.low, band.interval.high
                if low is not None and high is not None:
                    found.append((low + high) / 2)
                elif high is not None:
                    found.append(high if band.interval.high_included else high - parameter.observation.step)
                elif low is not None:
                    found.append(low if band.interval.low_included else low + parameter.observation.step)
    if not found:
        found = list(parameter.category_ids[:2]) or [Decimal(1)]
    inside = parameter.observation.impossible
    return [value for value in dict.fromkeys(found) if isinstance(value, str) or inside.contains(value)]


def completions(chart: Chart, partial: dict[str, Any], result: Score) -> Iterator[dict[str, Any]]:
    """Every completion: each missing row, each skipped one and each unknown context in every way, one member of a one_of group."""
    left_open = [
        p for p in chart.parameters
        if p.id not in partial and p.assumed is None and (p.required or p.id in chart.context_ids) and not _answered(chart, partial, p)
    ]
    choices: list[list[Any]] = []
    for parameter in left_open:
        group = chart.group_of.get(parameter.id)
        nothing = [None] if group is not None and group.kind == "one_of" else []
        choices.append([*candidates(chart, parameter), *nothing])
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MOST_COMPLETIONS:
        return
    open_skips = {f"skip_{parameter.id}" for parameter in left_open}
    kept = {name: value for name, value in partial.items() if name not in open_skips}
    for chosen in product(*choices):
        full = {p.id: value for p, value in zip(left_open, chosen, strict=True) if value is not None}
        if all(sum(name in full or name in kept for name in group.parameters) <= 1 for group in chart.groups if group.kind == "one_of"):
            yield kept | full


def _answered(chart: Chart, partial: dict[str, Any], parameter: Parameter) -> bool:
    """A skip with points answers its row, and the one_of group it stands in."""
    group = chart.group_of.get(parameter.id)
    members = group.parameters if group is not None and group.kind == "one_of" else (parameter.id,)
    return any(_scored_skip(chart, partial, chart.by_id[name]) for name in members)


def _scored_skip(chart: Chart, partial: dict[str, Any], parameter: Parameter) -> bool:
    reason = partial.get(f"skip_{parameter.id}")
    return any(skip.code == reason and skip.points is not None for skip in parameter.skips)


def partial_set(chart: Chart, rng: random.Random, share: float) -> dict[str, Any]:
    """Readings for a share of the rows, skip reasons for a few, never both of a one_of group."""
    found: dict[str, Any] = {}
    for parameter in chart.parameters:
        group = chart.group_of.get(parameter.id)
        if group is not None and group.kind == "one_of" and any(name in found for name in group.parameters):
            continue
        if rng.random() < share:
            found[parameter.id] = rng.choice(candidates(chart, parameter))
        elif parameter.skips and rng.random() < 0.5:
            found[f"skip_{parameter.id}"] = rng.choice(parameter.skips).code
    return found


def applies_alike(chart: Chart) -> bool:
    """A one_of group whose members apply in different contexts can hold a reading that no context lets stand alone."""
    return all(
        len({tuple((table.when, table.applies) for table in chart.by_id[name].tables) for name in group.parameters}) == 1
        for group in chart.groups if group.kind == "one_of"
    )


def check_bounds(chart: Chart, partial: dict[str, Any]) -> bool:
    if not applies_alike(chart):
        return False
    result = score(chart, partial)
    done = [score(chart, full) for full in completions(chart, partial, result)]
    done = [one for one in done if one.status == "complete" and not one.missing]
    if not done:
        return False
    rank = chart.level_rank
    assert rank[result.level or ""] == min(rank[one.level or ""] for one in done)
    assert rank[result.level_max or ""] == max(rank[one.level or ""] for one in done)
    if chart.has_points:
        assert result.total_min == min(one.total for one in done if one.total is not None)
        assert result.total_max == max(one.total for one in done if one.total is not None)
    assert (result.total is None) == (result.status == "partial" or not chart.has_points)
    return True


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_bounds_are_the_least_and_most_of_every_completion(seed: int) -> None:
    rng = random.Random(seed)
    chart = made_chart(rng)._replace(scope=())
    check_bounds(chart, partial_set(chart, rng, 0.75))


@pytest.mark.deep
@settings(max_examples=600, deadline=None)
@given(SEEDS)
def test_bounds_are_the_least_and_most_of_every_completion_deep(seed: int) -> None:
    rng = random.Random(seed)
    chart = made_chart(rng)._replace(scope=())
    check_bounds(chart, partial_set(chart, rng, rng.choice([0.5, 0.7, 0.9])))


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: chart.id)
def test_bounds_on_the_shipped_charts(chart: Chart) -> None:
    rng = random.Random(20261123)
    chart = chart._replace(scope=())
    checked = 0
    for _ in range(60):
        checked += check_bounds(chart, partial_set(chart, rng, 0.85))
    assert checked > 10


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_a_reading_added_never_widens_what_is_possible(seed: int) -> None:
    rng = random.Random(seed)
    chart = rng.choice([made_chart(rng), *charts()])._replace(scope=())
    full = {name: value for name, value in partial_set(chart, rng, 1.0).items() if not name.startswith("skip_")}
    names = [name for name in full if rng.random() < 0.6]
    more = next((name for name in full if name not in names and chart.by_id[name].required and not chart.by_id[name].assumed), None)
    assume(more is not None)
    before = score(chart, {name: full[name] for name in names})
    after = score(chart, {name: full[name] for name in [*names, str(more)]})
    rank = chart.level_rank
    assert rank[after.level or ""] >= rank[before.level or ""]
    assert rank[after.level_max or ""] <= rank[before.level_max or ""]
    if chart.has_points:
        assert (before.total_min or 0) <= (after.total_min or 0) <= (after.total_max or 0) <= (before.total_max or 0)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_order_does_not_matter_and_the_same_set_gives_the_same_bytes(seed: int) -> None:
    rng = random.Random(seed)
    chart = rng.choice([made_chart(rng), *charts()])._replace(scope=())
    one = partial_set(chart, rng, 0.7)
    items = list(one.items())
    rng.shuffle(items)
    assert score(chart, dict(items)).to_json() == score(chart, one).to_json()


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.data())
def test_bands_partition_the_range(seed: int, data: st.DataObject) -> None:
    """Every possible value has exactly one answer: in one band, or between two and then the worse of them."""
    rng = random.Random(seed)
    chart = rng.choice([made_chart(rng), *charts()])
    rows = [(p, table) for p in chart.parameters if p.observation.numeric for table in p.tables if table.bands]
    assume(rows)
    parameter, table = data.draw(st.sampled_from(rows))
    step = parameter.observation.step
    value = data.draw(st.decimals(-5, 600, places=3).map(lambda number: number * step))
    holding = [band for band in table.bands if band.interval is not None and band.interval.contains(value)]
    assert len(holding) <= 1
    if not holding:
        below = [band for band in table.bands if band.interval is not None and band.interval.is_below(value)]
        above = [band for band in table.bands if band.interval is not None and band.interval.is_above(value)]
        assert below and above
        low, high = below[-1].interval, above[0].interval
        assert low is not None and high is not None
        assert Fraction(high.low or 0) - Fraction(low.high or 0) <= Fraction(step)
