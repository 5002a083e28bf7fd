"""`compare` and `mews-newtt diff`: every reading that scores differently, and none that does not."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts, load_chart
from mews_newtt.chart.bands import find_band
from mews_newtt.chart.compare import Comparison, ReadingChange, compare
from mews_newtt.chart.contexts import Value
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Band, Chart, Table
from tests.cli.command import ROOT, run

MADE_UP = ROOT / "tests" / "made_up"
FILE = MADE_UP / "demo" / "1.0.toml"
GOOD = FILE.read_text(encoding="utf-8")
OBSERVATIONS = load_observations(MADE_UP / "parameters.toml")
DEMO = load_chart_file(FILE, OBSERVATIONS)
CHARTS = (*charts(), DEMO)


@pytest.fixture
def changed(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The made-up chart against itself with some words exchanged."""

    def compared(*changes: tuple[str, str]) -> Comparison:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "changed.toml"
        path.write_text(text, encoding="utf-8")
        return compare(DEMO, load_chart_file(path, OBSERVATIONS))

    return compared


def says(found: Comparison) -> tuple[list[str], list[str], list[str]]:
    return [r.says for r in found.readings], [t.says for t in found.totals], [c.says for c in found.changes]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.id)
def test_a_chart_is_the_same_as_itself(chart: Chart) -> None:
    found = compare(chart, chart)
    assert found.same
    assert says(found) == ([], [], [])


def test_one_moved_edge_is_told_as_that_and_no_more(changed) -> None:  # type: ignore[no-untyped-def]
    found = changed(("{ from = 20, to = 60,", "{ from = 20, to = 57,"), ("{ from = 61,  ", "{ from = 58,  "))
    assert says(found) == (
        ["Tick rate (age_winters under 10, spring old) 58 to 60 /min: 0 points, white zone -> 3 points, red zone"],
        [],
        [
            "parameter tick_rate, table 'young, old spring', band: 20 to 60 (0 points, white zone) -> 20 to 57 (0 points, white zone)",
            "parameter tick_rate, table 'young, old spring', band: 61 or more (3 points, red zone) -> 58 or more (3 points, red zone)",
        ],
    )


def test_changed_points_reach_to_the_end_of_the_scale(changed) -> None:  # type: ignore[no-untyped-def]
    readings, _, changes = says(changed(('points = 3, zone = "red",    printed', 'points = 2, zone = "red",    printed')))
    assert readings == ["Tick rate (age_winters under 10, spring old) 61 /min and over: 3 points, red zone -> 2 points, red zone"]
    assert changes == ["parameter tick_rate, table 'young, old spring', band 61 or more: 3 points, red zone -> 2 points, red zone"]


def test_printed_words_change_no_reading(changed) -> None:  # type: ignore[no-untyped-def]
    assert says(changed(('printed = "20-60"', 'printed = "20 to 60"'))) == (
        [], [], ["parameter tick_rate, table 'young, old spring', band 20 to 60, printed: 20-60 -> 20 to 60"],
    )  # fmt: skip


def test_an_edge_between_two_recordable_values_changes_no_reading(changed) -> None:  # type: ignore[no-untyped-def]
    readings, _, changes = says(changed(("{ to = 24.0,", "{ below = 24.1,")))
    assert readings == []
    assert changes == ["parameter shell_warmth, band: 24 or less (0 points, white zone) -> under 24.1 (0 points, white zone)"]


def test_a_moved_context_is_told_for_those_between(changed) -> None:  # type: ignore[no-untyped-def]
    below = ("age_winters = { below = 10 }", "age_winters = { below = 12 }")
    found = changed(below, below, ("age_winters = { from = 10 }", "age_winters = { from = 12 }"))
    contexts = {reading.context for reading in found.readings}
    assert contexts == {"age_winters 10 to under 12, spring old", "age_winters 10 to under 12, spring new"}
    assert "parameter tick_rate, table 'ten winters and over', when: age_winters 10 or more -> age_winters 12 or more" in says(found)[2]


def test_a_category_that_gives_otherwise(changed) -> None:  # type: ignore[no-untyped-def]
    readings, _, changes = says(changed(('{ is = ["worried", "upset"], level = "rewind" }', '{ is = ["worried", "upset"], level = "oil" }')))
    assert readings == [f"Keeper's concern {word}: raises the level to rewind -> raises the level to oil" for word in ("worried", "upset")]
    assert changes == ["parameter keeper_concern, band worried or upset: raises the level to rewind -> raises the level to oil"]


def test_totals_that_reach_another_level(changed) -> None:  # type: ignore[no-untyped-def]
    found = changed(
        ("{ from = 0, to = 2 }", "{ from = 0, to = 3 }"), ("{ from = 3, to = 5 }", "{ from = 4, to = 7 }"), ("{ from = 6 }", "{ from = 8 }")
    )
    assert says(found)[1] == ["a total of 3: oil -> watch", "a total of 6 to 7: rewind -> oil"]
    assert "level oil, total: 3 to 5 -> 4 to 7" in says(found)[2]


def test_what_else_the_files_say(changed) -> None:  # type: ignore[no-untyped-def]
    readings, totals, changes = says(changed(
        ('version = "1.0"', 'version = "1.1"'), ('aliases = ["tortoise"]', 'aliases = ["tortoise", "snail"]'),
        ('{ code = "T2", says = "asleep" }', '{ code = "T2", says = "asleep", points = 1 }'), ('kind = "either"', 'kind = "one_of"'),
        ("{ points = 3, at_least = 1 }", "{ points = 3, at_least = 2 }"), ('role = "trigger"', 'role = "trigger"\nrequired = false'),
        ('when = { kind = "garden" }', 'when = { kind = ["garden", "toy"] }'), ('response = "rewind at once"\n', ""),
        ("within_minutes = 60 }", "within_minutes = 30 }"),
    ))  # fmt: skip
    assert (readings, totals) == ([], [])
    assert sorted(changes) == sorted([
        "version: 1.0 -> 1.1", "aliases: new: snail", "parameter tick_rate, skip T2, points: new: 1", "group wheels, kind: either -> one_of",
        "level rewind, counts[1], at_least: 1 -> 2", "parameter keeper_concern, required: True -> False",
        "scope[1], when: kind garden -> kind garden or toy", "level rewind, response: gone: rewind at once",
        "level oil, review, within_minutes: 60 -> 30",
    ])  # fmt: skip


def test_a_row_that_came_is_read_where_it_was_not(changed) -> None:  # type: ignore[no-untyped-def]
    row = GOOD[GOOD.index('[[parameters]]\nid = "left_wheel"') : GOOD.index('[[parameters]]\nid = "right_wheel"')]
    group = GOOD[GOOD.index('[[groups]]\nid = "wheels"') : GOOD.index('[[groups]]\nid = "oil"')]
    found = changed((row, ""), (group, ""))
    assert says(found)[0] == [
        "Left wheel pressure 4 mmHg and under: 2 points, red zone -> not read",
        "Left wheel pressure 5 mmHg and over: 0 points, white zone -> not read",
    ]
    assert any(change.startswith("parameter left_wheel: gone: role scored") for change in says(found)[2])
    back = compare(found.after, found.before)
    assert [(r.before, r.after) for r in back.readings] == [(r.after, r.before) for r in found.readings]


def test_a_category_of_a_context_that_only_one_chart_knows(changed) -> None:  # type: ignore[no-untyped-def]
    found = changed(
        ('when = { gait = ["wobbly", "stuck"] }', 'when = { gait = "wobbly" }'),
        ('when = { gait = "steady" }', 'when = { gait = ["steady", "stuck"] }'),
    )
    drops = [reading.says for reading in found.readings if reading.parameter == "oil_drops"]
    assert drops == ["Oil, drops (gait stuck) 2 and under: 1 point -> not read", "Oil, drops (gait stuck) 3 and over: 2 points -> not read"]
    row = DEMO.by_id["oil_drops"]
    tables = tuple(replace(table, when=(("gait", frozenset({"wobbly"})),)) if table.applies else table for table in row.tables)
    without = replace(DEMO, parameters=tuple(replace(p, tables=tables) if p is row else p for p in DEMO.parameters))
    for found in (compare(DEMO, without), compare(without, DEMO)):
        assert {reading.context for reading in found.readings} == {"gait stuck"}


@pytest.mark.parametrize("one", CHARTS, ids=lambda chart: chart.id)
def test_any_two_charts_can_be_compared_and_backwards_says_the_reverse(one: Chart) -> None:
    for other in CHARTS:
        there, back = compare(one, other), compare(other, one)
        assert {(r.parameter, r.context, r.first, r.last, r.before, r.after) for r in there.readings} == {
            (r.parameter, r.context, r.first, r.last, r.after, r.before) for r in back.readings
        }
        assert [(t.first, t.last, t.before, t.after) for t in there.totals] == [(t.first, t.last, t.after, t.before) for t in back.totals]
        assert there.same == (one is other)


def reads(reading: ReadingChange, value: Value) -> bool:
    if isinstance(value, str):
        return reading.first == value
    return (reading.first is None or Decimal(reading.first) <= value) and (reading.last is None or value <= Decimal(reading.last))


PLACES = [
    (chart, parameter.id, t, b)
    for chart in CHARTS
    for parameter in chart.parameters
    for t, table in enumerate(parameter.tables)
    for b in range(len(table.bands))
    if parameter.role != "recorded"
]


@given(place=st.sampled_from(PLACES), shift=st.integers(-4, 4), points=st.integers(0, 3), swap=st.booleans())
def test_a_reading_is_told_if_and_only_if_its_band_gives_something_else(
    place: tuple[Chart, str, int, int], shift: int, points: int, swap: bool
) -> None:
    chart, name, t, b = place
    parameter = chart.by_id[name]
    table = parameter.tables[t]
    bands = list(table.bands)
    if swap and bands[b].points is not None:
        bands[b] = replace(bands[b], points=points)
    if b and bands[b].interval is not None:
        _move(bands, b, shift * parameter.observation.step)
    after_table = replace(table, bands=tuple(bands))
    after = replace(chart, parameters=tuple(
        replace(p, tables=tuple(after_table if x is table else x for x in p.tables)) if p is parameter else p for p in chart.parameters
    ))  # fmt: skip
    found = compare(chart, after)
    assert {reading.parameter for reading in found.readings} <= {name}
    assert len({reading.context for reading in found.readings}) <= 1
    for value in _values(chart, name, table, after_table):
        was, is_ = find_band(chart, table, value)[0], find_band(after, after_table, value)[0]
        told = [reading for reading in found.readings if reads(reading, value)]
        assert len(told) == (chart.severity(was) != after.severity(is_) or was.prompt != is_.prompt), value
        for reading in told:
            assert reading.before is not None
            assert reading.after is not None
            assert (reading.before.points, reading.before.zone, reading.before.level) == (was.points, was.zone, was.level)
            assert (reading.after.points, reading.after.zone, reading.after.level) == (is_.points, is_.zone, is_.level)


def _move(bands: list[Band], b: int, by: Decimal) -> None:
    """Move the edge below a band, if both bands stay wider than it moves."""
    low, high = bands[b - 1].interval, bands[b].interval
    assert low is not None
    assert high is not None
    assert low.high is not None
    assert high.low is not None
    lower, upper = replace(low, high=low.high + by), replace(high, low=high.low + by)
    if all(each.low is None or each.high is None or each.low < each.high for each in (lower, upper)):
        bands[b - 1], bands[b] = replace(bands[b - 1], interval=lower), replace(bands[b], interval=upper)


def _values(chart: Chart, name: str, *tables: Table) -> list[Value]:
    """Every recordable value from well below the lowest edge to well above the highest, counted up from nothing."""
    observation = chart.by_id[name].observation
    if not observation.numeric:
        return [category for band in tables[0].bands for category in band.categories]
    edges = [
        edge for table in tables for band in table.bands if band.interval for edge in (band.interval.low, band.interval.high) if edge is not None
    ]
    count = int((min(edges) - 12 * observation.step) / observation.step)
    values: list[Value] = []
    while count * observation.step <= max(edges) + 12 * observation.step:
        values.append(count * observation.step)
        count += 1
    return [value for value in values if not isinstance(value, str) and observation.impossible.contains(value)]


def test_the_command_tells_people(tmp_path: Path) -> None:
    path = tmp_path / "changed.toml"
    path.write_text(GOOD.replace("{ from = 20, to = 60,", "{ from = 20, to = 57,").replace("{ from = 61,  ", "{ from = 58,  "), encoding="utf-8")
    ran = run("diff", "demo", path, "--rules", MADE_UP)
    assert ran.code == 1
    assert ran.err == ""
    assert "from demo 1.0 (local) sha256 " in ran.out
    assert "More sensitive: readings that score more, or raise a higher level: 1\n" in ran.out
    assert "  Tick rate (age_winters under 10, spring old) 58 to 60 /min: 0 points, white zone -> 3 points, red zone\n" in ran.out
    assert "Every total reaches the same level." in ran.out
    assert "What the files say differently: 2\n" in ran.out


def test_the_command_tells_machines() -> None:
    one, other = CHARTS[0], CHARTS[1]
    ran = run("diff", f"{one.id}@{one.version}", other.id, "--json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert (found["before"]["sha256"], found["after"]["sha256"]) == (one.sha256, other.sha256)
    assert {"changes", "readings", "totals"} <= found.keys()
    assert found["readings"][0].keys() == set(ReadingChange._fields)
    assert all(each is None or each.keys() == {"points", "zone", "level", "prompt"} for r in found["readings"] for each in (r["before"], r["after"]))


def test_the_same_meaning_exits_0(tmp_path: Path) -> None:
    chart = CHARTS[0]
    path = tmp_path / "again.toml"
    path.write_text("# laid out otherwise\n\n" + Path(chart.origin).read_text(encoding="utf-8"), encoding="utf-8")
    ran = run("diff", chart.id, path)
    assert ran.code == 0
    assert "Both say the same." in ran.out
    same = json.loads(run("diff", chart.id, path, "--json").out)
    assert (same["changes"], same["readings"], same["totals"]) == ([], [], [])
    assert load_chart(path).sha256 == chart.sha256


def test_what_cannot_be_compared_exits_2() -> None:
    ran = run("diff", "nosuch", CHARTS[0].id)
    assert ran.code == 2
    assert "there is no such chart" in ran.err


def test_charts_without_points_have_no_totals_to_speak_of() -> None:
    ran = run("diff", "mewt", "mewc")
    assert "reaches the same level" not in ran.out
    assert "Neither chart has totals" in ran.out
