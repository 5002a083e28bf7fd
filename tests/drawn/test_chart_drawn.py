"""A drawn chart says everything in words, in colours that can be read, and lets nothing in."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.chart.model import Zone
from mews_newtt.drawn import Mark, Marks, chart_html, colours_css, css, marks_of, paint
from mews_newtt.drawn.colours import OWN, contrast, paint_level
from mews_newtt.drawn.words import band_label, chart_text, safe

TAGS = {"div", "h1", "h2", "h3", "h4", "h5", "p", "strong", "span", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"}
NEWS2_SET = {
    "respiratory_rate": 21,
    "oxygen_saturation": 93,
    "air_or_oxygen": "air",
    "systolic_bp": 120,
    "heart_rate": 95,
    "consciousness": "alert",
    "temperature": 37.5,
}


class Page(HTMLParser):
    """What a browser would make of it: tags, attributes, and the words of each list entry."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bands: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "li":
            self._inside = "mn-band" in (dict(attrs).get("class") or "")
            if self._inside:
                self.bands.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.bands[-1] += data + "|"


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_every_band_of_every_chart_stands_there_in_words(chart: Chart) -> None:
    page = Page(chart_html(chart))
    bands = [(p, band) for role in ("scored", "trigger", "recorded") for p in chart.parameters if p.role == role for t in p.tables for band in t.bands]
    assert len(page.bands) == len(bands)
    zones = {zone.id: zone.title for zone in chart.zones}
    for (parameter, band), says in zip(bands, page.bands, strict=True):
        assert says.startswith(band_label(parameter, band) + "|")
        if band.points is not None:
            assert f"{band.points} point" in says
        if band.zone:
            assert zones[band.zone] in says
        if band.level:
            assert "raises the level" in says
        assert says.count("|") >= 2, "colour alone says nothing"


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_a_drawn_chart_is_whole_and_safe(chart: Chart) -> None:
    text = chart_html(chart)
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not any("style" in attributes or any(name.startswith("on") for name in attributes) for _, attributes in page.tags)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"] for tag, attributes in page.tags if tag == "a"} <= {f"#{name}" for name in ids}
    assert chart.status_says.split("'")[0] in text and chart.sha256 in text
    for missing in chart.known_missing:
        assert chart_text(missing) in text
    for source in chart.sources:
        assert chart_text(source.cite) in text


def test_a_source_is_a_link_only_where_it_leads_somewhere() -> None:
    chart = load_chart("newtt2")
    assert 'href="#chart-source-CODE"' in chart_html(chart)
    part = chart_html(chart, parts=("rows", "levels"))
    assert "Source: CODE" in part and "href" not in part


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_words_can_be_read_on_every_colour(chart: Chart) -> None:
    style = colours_css([chart])
    for parameter in chart.parameters:
        for table in parameter.tables:
            for band in table.bands:
                colours = paint(chart, band)
                assert contrast(colours.fill, colours.ink) >= 4.5
                assert f".{colours.css_class}{{background-color:{colours.fill}" in style


def test_a_printed_colour_is_the_one_that_is_drawn() -> None:
    newtt2 = load_chart("newtt2")
    purple = newtt2.by_id["heart_rate"].tables[0].bands[0]
    assert purple.zone == "purple"
    assert paint(newtt2, purple) == ("#7b1fa2", "#ffffff")


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_what_raises_the_level_is_never_drawn_like_what_gives_nothing(chart: Chart) -> None:
    for parameter in chart.parameters:
        for table in parameter.tables:
            for band in table.bands:
                if band.level and chart.level_rank[band.level]:
                    assert paint(chart, band).fill != "#ffffff", f"{parameter.title}: {band.printed}"


def test_a_higher_level_has_a_stronger_colour_and_the_highest_the_strongest() -> None:
    npews = load_chart("npews")
    concern = npews.by_id["carer_concern"].tables[0]
    fills = [paint(npews, band).fill for band in concern.bands]
    assert fills[-1] == OWN[-1] and [OWN.index(fill) for fill in fills] == sorted({OWN.index(fill) for fill in fills})
    assert "Colours of triggers are our own" in chart_html(npews)
    assert "Colours of triggers are our own" not in chart_html(load_chart("meows"))


def test_a_level_raised_on_a_zone_that_is_printed_white_is_not_white() -> None:
    npews = load_chart("npews")
    calm = next(band for band in npews.by_id["heart_rate"].tables[0].bands if band.zone == "white")
    assert paint(npews, calm).fill == "#ffffff" and calm.zone == "white"
    assert paint(npews, replace(calm, level="emergency")).fill == OWN[-1]


def test_a_level_named_as_a_zone_has_the_zones_printed_colour() -> None:
    newtt2 = load_chart("newtt2", "0.1")
    assert paint_level(newtt2, "purple").fill == "#7b1fa2" and paint_level(newtt2, "white").fill == "#ffffff"


def test_a_score_marks_the_band_of_each_reading_and_no_other() -> None:
    chart = load_chart("news2")
    page = Page(chart_html(chart, marks=marks_of(score(chart, NEWS2_SET)), parts=("rows",)))
    assert [says.partition("|Here: ")[2].strip("|") for says in page.bands if "Here: " in says] == [
        "21 /min",
        "93%",
        "air",
        "120 mmHg",
        "95 /min",
        "alert",
        "37.5 °C",
    ]
    assert [says.partition("|")[0] for says in page.bands if "Here: " in says][:2] == ["21-24", "92-93"]


def test_what_is_missing_or_not_taken_is_said_beside_its_row() -> None:
    chart = load_chart("news2")
    result = score(chart, {**NEWS2_SET, "heart_rate": None, "temperature": None, "skip_temperature": "asleep"})
    text = chart_html(chart, marks=marks_of(result), parts=("rows",))
    assert "Missing" in text and "Not taken: asleep" in text


def test_counts_at_a_band_and_at_an_edge() -> None:
    chart = load_chart("news2")
    marks = Marks({("heart_rate", 0, 3): [Mark("3 of 40", "fault")]}, {("heart_rate", 0, 3): [Mark("17 at this edge", "fault")]})
    text = chart_html(chart, marks=marks, parts=("rows",))
    edge, band = text.index("17 at this edge"), text.index("3 of 40")
    assert text.index(">51-90<") < edge < text.index(">91-110<") < band, "the edge stands between its two bands"


def test_one_context_leaves_the_tables_of_the_others_out() -> None:
    chart = load_chart("npews")
    of_age = chart_html(chart, only={"age_years": 3}, parts=("rows",))
    assert "1 to 4 years" in of_age and "5 to 12 years" not in of_age
    assert "5 to 12 years" in chart_html(chart, parts=("rows",))


def test_nothing_in_a_chart_file_gets_into_the_page() -> None:
    chart = load_chart("newtt2")
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    zones = tuple(Zone(zone.id, evil, "red;}body{display:none}") for zone in chart.zones)
    first = chart.parameters[0]
    table = first.tables[0]
    band = replace(table.bands[0], printed=evil, prompt=evil)
    parameter = replace(first, note=evil, tables=(replace(table, bands=(band, *table.bands[1:]), title=evil),))
    chart = replace(chart, title=evil, status_says=evil, notes=(evil,), zones=zones, parameters=(parameter, *chart.parameters[1:]))
    marks = Marks({(first.id, 0, 0): [Mark(evil, evil)]}, {(first.id, 0, 1): [Mark(evil)]}, {first.id: [Mark(evil)]})
    page = Page(chart_html(chart, marks=marks, ident=evil))
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "display:none" not in colours_css([chart])


def test_the_style_fetches_nothing_and_moves_nothing() -> None:
    assert not any(word in css() for word in ("url(", "@import", "animation", "transition", "http"))


def test_a_control_character_is_shown_not_sent() -> None:
    assert safe("a\x00b\x1b") == "a�b�"


def test_the_example_of_the_docs_draws_a_page() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "workbench.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.S)
    assert code is not None
    made: dict[str, str] = {}
    exec(compile(code[1], "docs/workbench.md", "exec"), made)  # our own words
    assert "Here: </span>22 /min" in made["page"] and "Missing" in made["page"]
