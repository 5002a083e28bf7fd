"""Why a level is reached: the reasons of the reference against those of the naive twin, with their evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import load_chart, score
from tests import strategies
from tests.properties.test_completions import charts_and_sets
from tests.strategies import Made, MadeSet

FOUND: Counter[str] = Counter()


def check_reasons(made: Made, some: MadeSet) -> None:
    strategies.tell(made, some)
    if made.naive.contexts & set(made.naive.open_rows(some.readings, some.skips)):
        return  # the reasons are those of the lowest of several possible contexts: see the levels of test_completions
    result = score(made.chart, some.given)
    wanted = made.naive.reasons(some.readings, some.skips)
    assert [(reason.level, reason.kind) for reason in result.reasons] == [(level, kind) for level, kind, _, _ in wanted]
    worths, single = made.naive.worths(some.readings, some.skips), made.naive.single_worths(some.readings, some.skips)
    for reason, (_, kind, place, units) in zip(result.reasons, wanted, strict=True):
        assert len(reason.parameters) == len(units)
        for names in units:
            (name,) = set(names) & set(reason.parameters)
            assert single[name][place] == max(single[one][place] for one in names if one in single), f"{name} is not the worst of {names} in what is counted"
        if kind == "total":
            total = sum(points for points, _, _ in worths.values())
            assert (reason.total, reason.certain) == (total, result.status == "complete")
            assert f"the total {'is' if reason.certain else 'is at least'} {total};" in reason.says
        else:
            assert reason.total is None
        assert set(reason.to_dict()) == {"level", "kind", "parameters", "says"}
        FOUND[kind] += 1
        FOUND["of a group"] += any(len(names) > 1 for names in units)
        FOUND["of a set that lacks something"] += result.status == "partial"


@settings(max_examples=250)
@given(charts_and_sets())
def _check(pair: tuple[Made, MadeSet]) -> None:
    check_reasons(*pair)


def test_reasons_are_those_of_the_naive_twin() -> None:
    FOUND.clear()
    _check()
    assert min(FOUND[what] for what in ("total", "count", "trigger", "of a group", "of a set that lacks something")) > 10, FOUND


@settings(max_examples=60)
@given(charts_and_sets(), st.data())
def test_reasons_of_every_completion_of_an_unknown_context(pair: tuple[Made, MadeSet], data: st.DataObject) -> None:
    """Where a context is not given, every reason holds in one possible context at least."""
    made, some = pair
    every = list(made.naive.completed(some.readings, some.skips, 400))
    reached = {(level, kind) for full, left in every for level, kind, _, _ in made.naive.reasons(full, left)}
    if every:
        assert {(reason.level, reason.kind) for reason in score(made.chart, some.given).reasons} <= reached


def content(levels: list[dict[str, Any]], **band: Any) -> Any:
    """Three rows of which each gives 2 points from 11 on."""
    rows = [
        {"id": name, "role": "scored", "numeric": True, "categories": None, "step": "1", "bands": [{"to": 10, "points": 0, "zone": "white"}, {"from": 11, "points": 2, "zone": "dark", **band}]}
        for name in ("upper", "lower", "beat")
    ]
    return strategies.read_content({
        "chart": {"id": "x", "version": "1", "title": "x", "short_title": "x", "status": "local", "licence": "x", "scope": "x", "between_bands": "higher"},
        "sources": [{"id": "S", "cite": "x"}], "zones": [{"id": "white", "title": "w"}, {"id": "dark", "title": "d"}], "scope": [], "parameters": rows,
        "groups": [{"id": "g", "title": "g", "kind": "either", "parameters": ["upper", "lower"], "source": "S"}],
        "levels": [{"id": "low", "title": "x", "source": "S"}, *({"title": "x", "source": "S", **level} for level in levels)],
    }).chart  # fmt: skip


def test_a_total_exactly_at_the_threshold_is_a_reason_and_one_below_is_none() -> None:
    chart = content([{"id": "mid", "total": {"from": 2, "to": 3}}, {"id": "high", "total": {"from": 4}}])
    quiet, loud = {"upper": 5, "lower": 5, "beat": 5}, {"upper": 5, "lower": 20, "beat": 20}
    assert score(chart, quiet).reasons == ()
    (only,) = score(chart, {**quiet, "beat": 20}).reasons
    assert (only.level, only.kind, only.parameters, only.total) == ("mid", "total", ("beat",), 2)
    (only,) = score(chart, loud).reasons
    assert (only.level, only.parameters, only.total) == ("high", ("beat", "lower"), 4)


def test_a_count_is_a_reason_only_where_enough_rows_count() -> None:
    chart = content([{"id": "mid", "counts": [{"zone": "dark", "at_least": 2}]}])
    assert score(chart, {"upper": 20, "lower": 20, "beat": 5}).reasons == (), "a group counts once"
    (only,) = score(chart, {"upper": 5, "lower": 20, "beat": 20}).reasons
    assert (only.level, only.kind, only.parameters) == ("mid", "count", ("beat", "lower"))
    assert only.says == "2 rows in the dark zone or worse (Beat, Lower); 2 is enough"


def test_the_worst_of_a_group_is_the_worst_in_what_is_counted() -> None:
    """The member with the most points is not always the one in the worst zone."""
    chart = content([{"id": "mid", "counts": [{"zone": "dark", "at_least": 1}]}])
    bands = {"upper": ({"points": 3, "zone": "white"}), "lower": ({"points": 1, "zone": "dark"})}
    rows = tuple(
        replace(p, tables=(replace(p.tables[0], bands=(p.tables[0].bands[0], replace(p.tables[0].bands[1], **bands[p.id]))),)) if p.id in bands else p
        for p in chart.parameters
    )
    (only,) = score(replace(chart, parameters=rows), {"upper": 20, "lower": 20, "beat": 5}).reasons
    assert only.parameters == ("lower",)


def test_a_reason_says_its_reading() -> None:
    result = score(load_chart("npews"), {"age_years": 3, "consciousness": "P"})
    (only,) = [reason for reason in result.reasons if reason.kind == "trigger"]
    assert (only.level, only.parameters, only.says) == ("emergency", ("consciousness",), "Level of consciousness (ACVPU): pain")
