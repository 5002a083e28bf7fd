"""Every engine gives what the definition gives: shipped charts of every version, and made-up charts with every feature that a chart can have.

The reference is held to the naive twin, which knows only complete sets; the other engines are held to the reference, column by column.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings

from mews_newtt import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.engines import ENGINES, engine_of
from tests import chart_content, strategies
from tests.batch.batch_support import random_columns
from tests.every_engine import NAMES, EngineUnderTest
from tests.properties.test_completions import charts_and_sets
from tests.strategies import Made, MadeSet, made_chart, random_set, shipped

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]
REFERENCE = EngineUnderTest("reference")


def check_table(engine: EngineUnderTest, chart: Chart, rng: Random, rows: int) -> None:
    """Columns of many types, with rows of every kind: the same answers as the reference, cell by cell."""
    table, cells = random_columns(chart, rows, rng, missing=rng.choice([0.02, 0.15, 0.4]))
    for found, wanted, row in zip(engine.rows(chart, table, cells), REFERENCE.rows(chart, table, cells), cells, strict=True):
        assert found == wanted, row


def check_set(engine: EngineUnderTest, made: Made, some: MadeSet) -> None:
    """Total and level are those of the naive twin where every row has an answer."""
    strategies.tell(made, some)
    found = engine.one(made.chart, some.given)
    total, level = made.naive.score(some.readings, some.skips)
    assert found["level_rank"] <= level
    if not made.naive.open_rows(some.readings, some.skips):
        assert (found["score_status"], found["missing"], found["level_rank"], found["level_max_rank"]) == ("complete", "", level, level)
        assert found["total"] == found["total_min"] == found["total_max"] == (total if made.chart.has_points else None)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts(engine: EngineUnderTest, name: str) -> None:
    made, rng = shipped(load_chart(*name.split("@"))), Random(name)
    check_table(engine, made.chart, rng, 40)
    for turn in range(12):
        check_set(engine, made, random_set(made, rng, most_open=turn % 3))


@pytest.mark.parametrize("seed", range(12))
def test_made_charts(engine: EngineUnderTest, seed: int) -> None:
    rng = Random(seed)
    check_table(engine, made_chart(rng), rng, 30)


@pytest.mark.parametrize("seed", [1000668, 1001061, 1001126, 1001488, 2000416, 2000768])
def test_made_charts_on_which_an_engine_was_wrong(engine: EngineUnderTest, seed: int) -> None:
    """A context was asked for by a row whose group another row had answered; bounds were too wide where one context limits another."""
    rng = Random(seed)
    check_table(engine, made_chart(rng), rng, 80)


@settings(max_examples=40)
@given(pair=charts_and_sets())
def test_small_made_charts(engine: EngineUnderTest, pair: tuple[Made, MadeSet]) -> None:
    check_set(engine, *pair)
    assert engine.one(pair[0].chart, pair[1].given) == REFERENCE.one(pair[0].chart, pair[1].given)


def test_every_engine_is_under_test() -> None:
    assert ("reference", *ENGINES) == NAMES
    with pytest.raises(ValueError, match="choose one of numba, arrays, expressions"):
        engine_of(load_chart("news2"), "abacus")


def test_every_feature_of_a_chart_was_drawn() -> None:
    """What is never drawn is never tested. Made from seeds: tests/properties/test_completions.py does the same for Hypothesis."""
    chart_content.DRAWN.clear()
    for seed in range(150):
        made_chart(Random(seed))
    assert not [feature for feature in chart_content.FEATURES + chart_content.WIDE_FEATURES if not chart_content.DRAWN[feature]]
    assert set(chart_content.DRAWN) <= set(chart_content.FEATURES + chart_content.WIDE_FEATURES)
