"""The parts behind the pages: what would change a score, and what columns are taken for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts, load_chart, score
from mews_newtt.chart.bands import find_band
from mews_newtt.errors import FileError
from mews_newtt.reading.columns import mapped_columns, read_map
from mews_newtt_service.pages.columns import LEAVE, Chosen, Column, known_to, look_at, map_text, meanings, suggested
from mews_newtt_service.pages.what_if import what_would_change
from tests.strategies import Made, made_charts, sets_on

NUMERIC = [(c, p, t) for c in charts() for p in c.parameters if p.observation.numeric and p.role == "scored" and p.id not in c.context_ids for t in p.tables if t.applies and not t.when]


@given(st.sampled_from(NUMERIC), st.integers(0, 4000))
def test_the_next_edge_is_the_nearest_recordable_value_that_counts_for_something_else(place: Any, steps: int) -> None:
    chart, parameter, table = place
    step, possible = parameter.observation.step, parameter.observation.impossible
    value = steps * step if possible.contains(steps * step) else Decimal(steps % 45)
    result = score(chart, {parameter.id: str(value)})
    changes = dict(what_would_change(chart, {parameter.id: str(value)}, result)).get(parameter.title, [])
    here = chart.severity(find_band(chart, table, value)[0])
    nearest = []
    for way in (-1, 1):
        other = value + way * step
        while possible.contains(other) and abs(other - value) <= 5000 * step and chart.severity(find_band(chart, table, other)[0]) == here:
            other += way * step
        if possible.contains(other) and abs(other - value) <= 5000 * step:
            nearest.append(other)
    assert [Decimal(change.then.split()[0].rstrip("%")) for change in changes] == nearest


def test_what_would_change_a_refused_or_empty_set_is_nothing() -> None:
    chart = load_chart("news2")
    for given_set in ({}, {"heart_rate": "x"}):
        assert what_would_change(chart, given_set, score(chart, given_set, raise_refused=False)) == []


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True), st.dictionaries(st.text(min_size=1, max_size=6), st.just("alert"), max_size=3))
def test_a_kept_map_says_what_was_chosen(tmp_path_factory: Any, names: list[str], words: dict[str, str]) -> None:
    chart = load_chart("news2")
    ours = [p.id for p in chart.parameters]
    chosen = Chosen({name: ours[at] if at % 2 else LEAVE for at, name in enumerate(names)}, {"temperature": "[degF]"}, {"consciousness": words}, frozenset({"NA"}))
    try:
        map_text(chosen.map).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is in no file that is UTF-8
    path = tmp_path_factory.getbasetemp() / "map.toml"
    path.write_text(map_text(chosen.map), encoding="utf-8", newline="")
    read = read_map([str(path)])
    assert (dict(read.columns), {k: dict(v) for k, v in read.values.items()}, dict(read.units), read.ignore, read.missing) == (
        dict(chosen.map.columns),
        {k: dict(v) for k, v in chosen.map.values.items()},
        dict(chosen.map.units),
        chosen.map.ignore,
        chosen.map.missing,
    )


@given(st.lists(st.sampled_from(["HR", "pulse", "temp", "Temperature (C)", "score", "total", "NEWS2", "SpO2 (%)", "x", "level", "skip_heart_rate", "heart_rate", "id", "sats"]), unique=True, min_size=1))
def test_suggestions_never_take_one_meaning_twice_and_pass_the_librarys_check(names: list[str]) -> None:
    chart = load_chart("news2")
    chosen = suggested(chart, [Column(name, ()) for name in names])
    taken = [ours for ours in chosen.values() if ours != LEAVE]
    assert len(taken) == len(set(taken))
    if any(ours in chart.by_id for ours in taken):
        mapped_columns(names, chart, Chosen(chosen).map, known_to(chart), results=())


def test_another_charts_name_is_no_total_of_this_one() -> None:
    for chart in charts():
        found = suggested(chart, [Column("NEWS", ()), Column("MEWS", ()), Column("MEOWS", ())])
        assert [name for name, ours in found.items() if ours == "expected_total" and name.casefold() not in (chart.id, chart.id.rstrip("2"))] == []


def test_words_that_are_asked_for(tmp_path: Path) -> None:
    chart = load_chart("news2")
    columns = [Column("acvpu", ("A", "V", "awake", "NA", ""))]
    (found,) = meanings(chart, columns, Chosen({"acvpu": "consciousness"}, missing=frozenset({"NA"})))
    assert found.unknown == (("awake", ""),)


def test_a_first_look_reads_only_the_start_and_tells_about_how_many_rows(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("heart_rate,note\n" + '80,"a\nb"\n' * 400_000, encoding="utf-8")
    looked = look_at(path, "big.csv", "csv")
    assert [column.name for column in looked.columns] == ["heart_rate", "note"]
    assert looked.rows is not None and abs(looked.rows - 400_000) < 4_000


def test_a_first_look_at_a_broken_file_is_an_error_with_its_mend(tmp_path: Path) -> None:
    for name, content in (("a.csv", b""), ("a.csv", b"a,b\n1\n"), ("a.ndjson", b"{\n"), ("a.ndjson", b'{"a": NaN]\n'), ("a.csv.gz", b"\x1f\x8b\x08\x00")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileError):
            look_at(path, name, "ndjson" if "ndjson" in name else "csv")


@given(made_charts(), st.data())
def test_what_would_change_it_tells_what_the_scorer_would_say(made: Made, data: st.DataObject) -> None:
    some = data.draw(sets_on(made)).given
    result = score(made.chart, some, raise_refused=False)
    titles = [row.title for row in result.parameters if row.band is not None]
    for title, changes in what_would_change(made.chart, some, result):
        assert title in titles
        for change in changes:
            assert change.then != change.now and (change.gives or change.level)
