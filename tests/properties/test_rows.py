"""What is said of each row: table, band, points, bounds, missing. Held to the naive twin over every completion, unknown contexts included."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from mews_newtt import Chart, charts, score
from mews_newtt.scoring.result import ParameterScore
from tests import strategies
from tests.naive import Content, Given, table_of, tables
from tests.properties.test_completions import charts_and_sets
from tests.strategies import Made, MadeSet

MOST = 600
SEEN: Counter[str] = Counter()


def said(row: ParameterScore, made: Made) -> dict[str, Any]:
    """A row in the naive twin's terms: its table and band by place."""
    chart_tables = made.chart.by_id[row.id].tables
    return {
        "points": row.points, "points_min": row.points_min, "points_max": row.points_max, "missing": row.missing,
        "table": None if row.table is None else chart_tables.index(row.table), "band": None if row.band is None else worth_and_edges(made, row),
    }  # fmt: skip


def worth_and_edges(made: Made, row: ParameterScore) -> Any:
    band = row.band
    assert band is not None
    edges = None if band.interval is None else (band.interval.low, band.interval.high)
    return (made.chart.severity(band), edges, frozenset(band.categories), band.prompt)


def naive_band(made: Made, band: Content) -> Any:
    wanted = band.get("is", [])
    numeric = "is" not in band
    edges = (band.get("from", band.get("above")), band.get("to", band.get("below"))) if numeric else None
    return (made.naive.worth(band), edges, frozenset([wanted] if isinstance(wanted, str) else wanted), band.get("prompt"))


def agreed(found: list[Any]) -> Any:
    return found[0] if all(one == found[0] for one in found) else None


def of_a_reading(made: Made, parameter: Content, value: Any, ways: list[Given]) -> dict[str, Any]:
    """A row that is read, in every way the contexts can be."""
    chosen = [table_of(parameter, way) for way in ways]
    bands = [made.naive.band(table, value) if table and table.get("applies", True) else None for table in chosen]
    points = [None if band is None else band.get("points") for band in bands]
    known = [one for one in points if one is not None]
    return {
        "points": agreed(points), "points_min": min(one or 0 for one in points) if known else None, "points_max": max(one or 0 for one in points) if known else None,
        "missing": False, "table": agreed([None if table is None else tables(parameter).index(table) for table in chosen]),
        "band": agreed([None if band is None else naive_band(made, band) for band in bands]),
    }  # fmt: skip


def of_an_open_row(made: Made, parameter: Content, some: MadeSet, ways: list[Given], skipped: bool) -> dict[str, Any]:
    """A row without a reading: as wide as its tables in all ways. Of `one_of` it is answered by another's reading or scored skip."""
    name = parameter["id"]
    read = [table for way in ways if (table := table_of(parameter, way)) and table.get("applies", True)] if parameter.get("required", True) else []
    bounds = [made.naive.means(parameter, some.readings, way, some.skips) for way in ways] if read else []
    points = [0 if bound is None else edge for bound in bounds for edge in (bound[0] if isinstance(bound, list) else (0, 0))]
    scored = bool(points) and parameter["role"] == "scored" and made.chart.has_points
    return {
        "points": None, "points_min": min(points) if scored else None, "points_max": max(points) if scored else None,
        "missing": bool(read) and not skipped, "band": None, "name": name, "open": bool(read),
    }  # fmt: skip


def check_rows(made: Made, some: MadeSet) -> None:
    strategies.tell(made, some)
    naive = made.naive
    ways, needed = naive.ways(some.readings), naive.needed(some.readings, some.skips)
    result = score(made.chart, some.given)
    assert [row.id for row in result.parameters] == [row["id"] for row in naive.parameters]
    one_of = [group["parameters"] for group in naive.groups if group["kind"] == "one_of"]
    open_scored = any(needed.values())
    for row, parameter in zip(result.parameters, naive.parameters, strict=True):
        name, found = row.id, said(row, made)
        if name in some.readings:
            SEEN["read"] += 1
            SEEN["read, context unknown"] += len(ways) > 1 and len({repr(table_of(parameter, way)) for way in ways}) > 1
            assert found == of_a_reading(made, parameter, some.readings[name], ways), name
            continue
        coded = next((skip for skip in parameter.get("skips", []) if skip["code"] == some.skips.get(name)), {})
        members = next((group for group in one_of if name in group), [])
        answered = any(other in some.readings or naive.row_worth(next(p for p in naive.parameters if p["id"] == other), some.readings, some.skips) for other in members)
        if "points" in coded:
            assert (row.points, row.points_min, row.points_max, row.missing) == (coded["points"], coded["points"], coded["points"], False)
            continue
        wanted = of_an_open_row(made, parameter, some, ways, name in some.skips)
        is_open = wanted["open"]
        if members and answered:
            SEEN["answered by another"] += 1
            is_open = False
            if name not in some.skips:
                assert not row.missing and row.points_max is None
        else:
            SEEN["open"] += is_open
            SEEN["open, context unknown"] += is_open and len(ways) > 1
            assert (row.points, row.points_min, row.points_max, row.band) == (None, wanted["points_min"], wanted["points_max"], None), name
            assert row.missing == (wanted["missing"] or (name in needed and name not in some.skips)), name
        open_scored = open_scored or (is_open and parameter["role"] == "scored")
    assert result.missing == tuple(row.id for row in result.parameters if row.missing)
    assert result.status == ("partial" if open_scored else "complete")
    SEEN["needed context"] += bool(needed)


@settings(max_examples=250)
@given(charts_and_sets())
def _check(pair: tuple[Made, MadeSet]) -> None:
    check_rows(*pair)


def test_every_row_is_that_of_the_naive_twin() -> None:
    SEEN.clear()
    _check()
    kinds = ("read", "read, context unknown", "open", "open, context unknown", "answered by another", "needed context")
    assert min(SEEN[kind] for kind in kinds) > 10, SEEN


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id} {chart.version}")
def test_every_row_of_the_shipped_charts(chart: Chart) -> None:
    made, rng = strategies.shipped(chart), Random(chart.id + chart.version)
    for turn in range(24):
        check_rows(made, strategies.random_set(made, rng, most_open=turn % 4))


def test_a_context_that_is_optional_is_missing_where_it_matters_and_nothing_else_is_remarkable() -> None:
    """Every row is read, without a flag: the set is partial all the same, and says what it lacks."""
    level = {"title": "x", "source": "S"}
    rows: list[Content] = [
        {"id": "months", "role": "recorded", "required": False},
        {"id": "beat", "role": "scored", "tables": [
            {"when": {"months": {"below": 5}}, "bands": [{"to": 10, "points": 0}, {"from": 11, "points": 1}]},
            {"when": {"months": {"from": 5}}, "bands": [{"to": 20, "points": 0}, {"from": 21, "points": 1}]},
        ]},
    ]  # fmt: skip
    chart = strategies.read_content({
        "chart": {"id": "x", "version": "1", "title": "x", "short_title": "x", "status": "local", "licence": "x", "scope": "x", "between_bands": "higher"},
        "sources": [{"id": "S", "cite": "x"}], "zones": [], "groups": [], "scope": [],
        "parameters": [{**row, "numeric": True, "categories": None, "step": "1"} for row in rows],
        "levels": [{"id": "low", "total": {"from": 0, "to": 0}, **level}, {"id": "high", "total": {"from": 1}, **level}],
    }).chart  # fmt: skip
    result = score(chart, {"beat": 15})
    assert (result.status, result.missing, result.total_min, result.total_max) == ("partial", ("months",), 0, 1)
    assert (score(chart, {"beat": 5}).status, score(chart, {"beat": 5}).missing) == ("complete", ())
