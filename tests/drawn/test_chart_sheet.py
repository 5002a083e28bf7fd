"""A whole chart as one drawing: every band with its colour and words, and what the chart is and is not."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from mews_newtt import Chart, charts, load_chart
from mews_newtt.drawn import chart_svg, paint

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}@{chart.version}")
def test_every_band_is_drawn_in_its_colour_and_the_sheet_says_what_it_is_not(chart: Chart) -> None:
    svg = ElementTree.fromstring(chart_svg(chart, made_by="mews_newtt 1."))
    words = " ".join(each.text or "" for each in svg.iter(f"{SVG}text"))
    assert words.count("Not a medical device, and not for care.") == 2
    assert f"status {chart.status}" in words and chart.sha256 in words.replace(" ", "") and "mews_newtt 1." in words
    fills = [each.get("fill") for each in svg.iter(f"{SVG}rect")]
    bands = [band for parameter in chart.parameters for table in parameter.tables if table.applies for band in table.bands]
    assert all(paint(chart, band).fill in fills for band in bands)
    assert len(fills) == 1 + len(bands) + len(chart.levels)
    assert all(level.title.split()[0] in words for level in chart.levels)


def test_one_context_draws_its_tables_only() -> None:
    chart = load_chart("npews")
    assert chart_svg(chart, {"age_years": 3}).count("<rect") < chart_svg(chart).count("<rect")


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}@{chart.version}")
def test_no_text_leaves_the_sheet(chart: Chart) -> None:
    svg = ElementTree.fromstring(chart_svg(chart))
    wide, high = float(svg.get("width", 0)), float(svg.get("height", 0))
    for each in svg.iter(f"{SVG}text"):
        assert float(each.get("font-size", 0)) >= 12
        assert float(each.get("x", 0)) + 7.4 * len(each.text or "") * 0.8 <= wide and float(each.get("y", 0)) <= high
