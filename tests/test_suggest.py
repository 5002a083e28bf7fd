"""Suggested meanings of columns, and the map file that holds what was chosen."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts, load_chart
from mews_newtt.reading.columns import ColumnMap, mapped_columns, read_map
from mews_newtt.reading.suggest import map_file_text, suggest_columns

NAMES = ["HR", "pulse", "temp", "Temperature (C)", "score", "total", "NEWS2", "SpO2 (%)", "x", "level", "skip_heart_rate", "heart_rate", "id", "sats"]


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True), st.dictionaries(st.text(min_size=1, max_size=6), st.just("alert"), min_size=1, max_size=3))
def test_a_map_file_is_read_as_the_map_it_was_written_from(tmp_path_factory: Any, names: list[str], words: dict[str, str]) -> None:
    ours = [p.id for p in load_chart("news2").parameters]
    columns = {name: ours[at] for at, name in enumerate(names) if at % 2}
    given_map = ColumnMap(columns, {"consciousness": words}, {"temperature": "[degF]"}, frozenset(names[::2]), frozenset({"NA"}))
    try:
        map_file_text(given_map).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is in no file that is UTF-8
    path = tmp_path_factory.getbasetemp() / "map.toml"
    path.write_text(map_file_text(given_map), encoding="utf-8", newline="")
    read = read_map([str(path)])
    assert (dict(read.columns), {k: dict(v) for k, v in read.values.items()}, dict(read.units), read.ignore, read.missing) == given_map[:5]


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
def test_suggestions_never_take_one_meaning_twice_and_pass_the_librarys_check(names: list[str]) -> None:
    chart = load_chart("news2")
    found = suggest_columns(chart, names)
    assert len(found.values()) == len(set(found.values()))
    if any(ours in chart.by_id for ours in found.values()):
        chosen = ColumnMap({theirs: ours for theirs, ours in found.items() if theirs != ours}, ignore=frozenset(names) - found.keys())
        mapped_columns(names, chart, chosen, chart.observations, results=())


def test_another_charts_name_is_no_total_of_this_one() -> None:
    for chart in charts():
        found = suggest_columns(chart, ["NEWS", "MEWS", "MEOWS"])
        assert [name for name, ours in found.items() if ours == "expected_total" and name.casefold() not in (chart.id, chart.id.rstrip("2"))] == []


def test_a_column_with_our_name_keeps_it_and_an_unknown_one_is_left_out() -> None:
    assert suggest_columns(load_chart("news2"), ["pulse", "heart_rate", "ward"]) == {"heart_rate": "heart_rate"}
