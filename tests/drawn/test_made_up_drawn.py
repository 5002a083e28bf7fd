"""Charts nobody thought of: whatever the loader accepts can be drawn, as can every score on it."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import score
from mews_newtt.drawn import chart_html, colours_css, marks_of, series_html, series_svg
from tests.drawn.test_chart_drawn import TAGS, Page
from tests.strategies import Made, made_charts, sets_on


@given(made_charts(), st.data())
def test_any_chart_and_any_set_on_it_can_be_drawn(made: Made, data: st.DataObject) -> None:
    results = [(f"set {number}", score(made.chart, data.draw(sets_on(made)).given, raise_refused=False)) for number in range(data.draw(st.integers(1, 3)))]
    for _, result in results:
        page = Page(chart_html(made.chart, marks=marks_of(result)))
        assert {tag for tag, _ in page.tags} <= TAGS
        marked = sum("Here: " in says for says in page.bands)
        possible = [sum(band is not None for _, band in row.possible) for row in result.parameters]
        assert marked == sum(many or row.band is not None for many, row in zip(possible, result.parameters, strict=True))
    assert colours_css([made.chart]).count("{") == colours_css([made.chart]).count("}")
    ElementTree.fromstring(series_svg(made.chart, results, name="made up"))
    text = series_html(made.chart, results)
    assert text.count("<tr>") == 1 + len(results)
