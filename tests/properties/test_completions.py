"""The reference against a naive twin that knows only complete sets: one answer for a full set, and for a partial one every completion."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from mews_newtt import Chart, ObservationError, Score, charts, score
from tests import chart_content, strategies
from tests.strategies import Made, MadeSet, made_charts, sets_on

MOST = 1500
TRIED: list[int] = []


def ranks(made: Made, result: Score) -> tuple[int, int]:
    names = [level.id for level in made.chart.levels]
    return names.index(result.level or ""), names.index(result.level_max or "")


def check_against_completions(made: Made, some: MadeSet, most: int = MOST) -> int:
    """Returns how many completions there were; 0 where there are too many to try."""
    strategies.tell(made, some)
    result = score(made.chart, some.given)
    every = list(made.naive.completions(some.readings, some.skips, most))
    if not every:
        return 0
    totals, levels = [total for total, _ in every], [level for _, level in every]
    assert ranks(made, result) == (min(levels), max(levels))
    if made.chart.has_points:
        assert (result.total_min, result.total_max) == (min(totals), max(totals))
        assert result.total == (result.total_min if result.status == "complete" else None)
        assert result.status == "partial" or result.total_min == result.total_max
    else:
        assert (result.total, result.total_min, result.total_max) == (None, None, None)
    assert set(result.missing) <= set(made.naive.open_rows(some.readings, some.skips)), "what is missing of each row: test_rows.py"
    if not made.naive.open_rows(some.readings, some.skips):
        assert result.status == "complete" and not result.missing
    return len(every)


@st.composite
def charts_and_sets(draw: st.DrawFn, most_open: int = 3) -> tuple[Made, MadeSet]:
    made = draw(made_charts())
    return made, draw(sets_on(made, most_open))


@settings(max_examples=120)
@given(charts_and_sets())
def test_bounds_and_levels_are_those_of_every_completion(pair: tuple[Made, MadeSet]) -> None:
    check_against_completions(*pair)


@pytest.mark.deep
@settings(max_examples=600)
@given(charts_and_sets(4))
def test_bounds_and_levels_are_those_of_every_completion_deep(pair: tuple[Made, MadeSet]) -> None:
    check_against_completions(*pair)


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id} {chart.version}")
def test_the_shipped_charts_against_their_own_files(chart: Chart) -> None:
    """Bounds, levels and rows on every shipped chart, by a twin that reads the TOML file itself."""
    made, rng, tried = strategies.shipped(chart), Random(chart.id + chart.version), 0
    for turn in range(24):
        some = strategies.random_set(made, rng, most_open=turn % 3)
        tried += check_against_completions(made, some, 300) > 1
    assert tried > 6


@settings(max_examples=70)
@given(charts_and_sets(4), st.data())
def test_a_reading_added_never_widens_what_is_possible(pair: tuple[Made, MadeSet], data: st.DataObject) -> None:
    made, some = pair
    rows = [name for name in made.naive.open_rows(some.readings, some.skips) if name not in some.skips]
    members = [group["parameters"] for group in made.naive.groups if group["kind"] == "one_of"]
    rows = [name for name in rows if not any(name in group and any(m in some.readings or m in some.skips for m in group) for group in members)]
    if not rows:
        return
    name = data.draw(st.sampled_from(rows))
    value = data.draw(st.sampled_from(made.naive.candidates(name)))
    note(made.text)
    before, after = score(made.chart, some.given), score(made.chart, {**some.given, name: value})
    (low, high), (low_after, high_after) = ranks(made, before), ranks(made, after)
    assert low <= low_after <= high_after <= high
    if made.chart.has_points:
        assert before.total_min <= after.total_min <= after.total_max <= before.total_max  # type: ignore[operator]


@settings(max_examples=50)
@given(charts_and_sets(), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_readings_nor_what_was_scored_before_matters(pair: tuple[Made, MadeSet], rng: Any) -> None:
    made, some = pair
    items = list(some.given.items())
    first = score(made.chart, dict(items)).to_json()
    rng.shuffle(items)
    assert score(made.chart, dict(items)).to_json() == first
    as_text = {name: str(value) for name, value in items}
    assert score(made.chart, as_text).to_json() == first
    assert score(strategies.read_content(made.naive.content).chart, dict(items)).to_json() == first


@settings(max_examples=50)
@given(made_charts(), st.data())
def test_every_value_has_exactly_one_answer(made: Made, data: st.DataObject) -> None:
    """Bands partition the range: each recordable value, and each between, is in one band or between two neighbours."""
    for parameter in made.chart.parameters:
        for table in parameter.tables:
            if not parameter.observation.numeric:
                names = [name for band in table.bands for name in band.categories]
                assert not table.applies or sorted(names) == sorted(set(names)) == sorted(parameter.category_ids)
                continue
            step = parameter.observation.step
            thousandths = data.draw(st.lists(st.integers(0, 60_000), min_size=3, max_size=3))
            for value in [*(count * step for count in range(61)), *(count * step / 1000 for count in thousandths)]:
                holding = [place for place, band in enumerate(table.bands) if band.interval is not None and band.interval.contains(value)]
                assert len(holding) <= 1
                assert holding or not table.bands or value % step, f"{value} is recordable and stands in no band"


@settings(max_examples=60)
@given(made_charts(), st.data())
def test_between_bands_the_worse_neighbour_counts(made: Made, data: st.DataObject) -> None:
    for row, parameter in zip(made.naive.parameters, made.chart.parameters, strict=True):
        if not row["numeric"] or row["role"] == "recorded" or "bands" not in row:
            continue
        step = Decimal(row["step"])
        value = data.draw(st.integers(8 * 4, 22 * 4)) * step / 4
        result = score(made.chart, {row["id"]: value})
        found = next(one for one in result.parameters if one.id == row["id"])
        assert found.band is not None
        assert made.chart.severity(found.band) == made.naive.band_worth(row, value)
        between = not any(band.interval is not None and band.interval.contains(value) for band in parameter.tables[0].bands)
        assert ("between_bands" in found.flags) == between


def test_a_number_that_scores_and_chooses_other_tables_keeps_its_own_bounds() -> None:
    """Its own bands have edges that no condition names: each of them is still possible while the number is missing."""
    level = {"title": "x", "source": "S"}
    rows = [
        {"id": "months", "role": "scored", "bands": [{"to": 60, "points": 0}, {"from": 61, "to": 100, "points": 3}, {"from": 101, "points": 2}]},
        {"id": "beat", "role": "scored", "tables": [
            {"when": {"months": {"below": 5}}, "bands": [{"to": 10, "points": 0}, {"from": 11, "points": 1}]},
            {"when": {"months": {"from": 5}}, "bands": [{"to": 20, "points": 0}, {"from": 21, "points": 1}]},
        ]},
    ]  # fmt: skip
    content: dict[str, Any] = {
        "chart": {"id": "x", "version": "1", "title": "x", "short_title": "x", "status": "local", "licence": "x", "scope": "x", "between_bands": "higher",
                  "points_may_fall": ["months"]},
        "sources": [{"id": "S", "cite": "x"}], "zones": [], "groups": [], "scope": [],
        "parameters": [{**row, "numeric": True, "categories": None, "step": "1"} for row in rows],
        "levels": [{"id": "low", "total": {"from": 0, "to": 1}, **level}, {"id": "high", "total": {"from": 2}, **level}],
    }  # fmt: skip
    made = strategies.read_content(content)
    # Impossible above 60 steps, as in every made-up observation: widen it, so that all three bands can be met.
    wide = [replace(p, observation=replace(p.observation, impossible=replace(p.observation.impossible, high=Decimal(300)))) for p in made.chart.parameters]
    result = score(replace(made.chart, parameters=tuple(wide)), {"beat": 30})
    assert (result.status, result.total_min, result.total_max, result.level, result.level_max) == ("partial", 1, 4, "low", "high")


def test_a_reading_and_a_scored_skip_in_one_group_give_one_total() -> None:
    """Of `one_of` a reading stands before a skip reason: a complete set has equal bounds and the reading's points."""
    content: dict[str, Any] = {
        "chart": {"id": "x", "version": "1", "title": "x", "short_title": "x", "status": "local", "licence": "x", "scope": "x", "between_bands": "higher"},
        "sources": [{"id": "S", "cite": "x"}], "zones": [], "scope": [],
        "parameters": [
            {"id": name, "role": "scored", "numeric": True, "categories": None, "step": "1", "bands": [{"to": 10, "points": 0}, {"from": 11, "points": 3}],
             "skips": [{"code": "U4", "says": "tried", "points": 1}, {"code": "U5", "says": "refused", "points": 5}]}
            for name in ("share", "flow")
        ],
        "groups": [{"id": "g", "title": "g", "kind": "one_of", "parameters": ["share", "flow"], "source": "S"}],
        "levels": [{"id": "low", "title": "x", "source": "S", "total": {"from": 0, "to": 1}}, {"id": "high", "title": "x", "source": "S", "total": {"from": 2}}],
    }  # fmt: skip
    chart = strategies.read_content(content).chart
    for both in ({"share": 20, "skip_flow": "U4"}, {"flow": 20, "skip_share": "U4"}):
        result = score(chart, both)
        assert (result.status, result.total, result.total_min, result.total_max, result.level) == ("complete", 3, 3, 3, "high")
    for both in ({"share": 5, "skip_flow": "U4"}, {"flow": 5, "skip_share": "U4"}, {"flow": 5, "skip_share": "U5"}):
        result = score(chart, both)
        assert (result.status, result.total, result.total_min, result.total_max, result.level) == ("complete", 0, 0, 0, "low"), "the skip only says why the other is none"
    assert score(chart, {"skip_share": "U4"}).total == 1
    assert score(chart, {"skip_share": "U4", "skip_flow": "U5"}).total == 5
    with pytest.raises(ObservationError) as caught:
        score(chart, {"share": 5, "flow": 5})
    assert [(problem.code, problem.where) for problem in caught.value.problems] == [("only_one_of", "share and flow")]


def test_every_feature_is_drawn_and_completions_are_tried() -> None:
    """A feature that the strategy never draws is a feature never tested; a set with one completion tests nothing."""
    _draw()
    never = [feature for feature in chart_content.FEATURES if not chart_content.DRAWN[feature]]
    assert not never, f"never drawn: {never}"
    assert set(chart_content.DRAWN) <= set(chart_content.FEATURES + chart_content.WIDE_FEATURES)
    assert sum(amount > 1 for amount in TRIED) > 20, "most sets had one completion, or too many to try"


@settings(max_examples=150)
@given(charts_and_sets())
def _draw(pair: tuple[Made, MadeSet]) -> None:
    made, some = pair
    TRIED.append(sum(1 for _ in made.naive.completions(some.readings, some.skips, 200)))
