"""The parts behind the pages: what would change a score, and what columns are taken for."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.chart.bands import find_band
from mews_newtt.reading.suggest import ColumnSample
from mews_newtt_service.pages.audience import by_audience
from mews_newtt_service.pages.column_form import Chosen, meanings
from mews_newtt_service.pages.forms import fields
from mews_newtt_service.pages.summary import summary_of
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


def test_words_that_are_asked_for() -> None:
    chart = load_chart("news2")
    columns = [ColumnSample("acvpu", ("A", "V", "awake", "NA", ""))]
    (found,) = meanings(chart, columns, Chosen({"acvpu": "consciousness"}, missing=frozenset({"NA"})))
    assert found.unknown == (("awake", ""),)


@given(made_charts(), st.data())
def test_what_would_change_it_tells_what_the_scorer_would_say(made: Made, data: st.DataObject) -> None:
    some = data.draw(sets_on(made)).given
    result = score(made.chart, some, raise_refused=False)
    titles = [row.title for row in result.parameters if row.band is not None]
    for title, changes in what_would_change(made.chart, some, result):
        assert title in titles
        for change in changes:
            assert change.then != change.now and (change.gives or change.level)


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_every_form_asks_in_units_that_people_write(chart: Chart) -> None:
    """No UCUM code, no limit that is only one of format."""
    asked = [field for _, some in fields(chart, {}, {}) for field in some]
    words = " ".join([*(field.hint + " " + field.unit for field in asked), *(said for field in asked for _, said in field.units)])
    assert not re.search(r"\bCel\b|\[|999|0\.001", words)


def test_the_summary_names_each_row_once_and_what_is_missing() -> None:
    chart = load_chart("mews", "0.2")
    found = summary_of(score(chart, {"respiratory_rate": "16", "temperature": "36.7"}))
    assert [(row.title, row.gives) for row in found.rows] == [("RR", "0"), ("Temp", "0")]
    assert "SpO2" in found.missing and found.what == "Possible total"
    refused = summary_of(score(chart, {"respiratory_rate": "x"}, raise_refused=False))
    assert (refused.total, refused.rows) == ("", ()) and "no score" in refused.level


def test_charts_are_listed_with_maternity_first() -> None:
    headings = dict(by_audience(charts()))
    assert list(headings)[:2] == ["Maternity", "Newborn babies"]
    assert {chart.id for chart in headings["Newborn babies"]} == {"newtt2"} and "npews" in {chart.id for chart in headings["Children"]}
    assert sum(map(len, headings.values())) == len(charts())
