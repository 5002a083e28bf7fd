"""The track: exact heights, no line across a gap, every value on its own colour, and a table that says the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import Chart, Score, charts, load_chart, score
from mews_newtt.chart.bands import find_band
from mews_newtt.drawn import paint, series_html, series_svg
from mews_newtt.drawn.places import WIDE, Taken, places_of
from mews_newtt.drawn.scale import THINNEST, Scale, pieces
from mews_newtt.drawn.twin import change_of, twin_html

SVG = "{http://www.w3.org/2000/svg}"
MEWS = load_chart("mews", "0.1")
QUIET: dict[str, Any] = {
    "respiratory_rate": 16,
    "oxygen_saturation": 98,
    "temperature": 36.8,
    "heart_rate": 80,
    "systolic_bp": 120,
    "diastolic_bp": 70,
    "consciousness": "alert",
    "concern": "none",
}
TABLES = [(chart, p, t) for chart in charts() for p in chart.parameters if p.observation.numeric for t in p.tables if t.applies]


def taken(*changes: dict[str, Any]) -> list[tuple[str, Score]]:
    return [(f"2026-11-20 {hour:02d}:00", score(MEWS, {**QUIET, **change}, raise_refused=False)) for hour, change in enumerate(changes)]


def drawn(sets: list[tuple[str, Score]]) -> ElementTree.Element:
    return ElementTree.fromstring(series_svg(MEWS, sets, name="a series"))


def lines(svg: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Every piece of a line between two readings."""
    found = []
    for path in svg.iter(f"{SVG}path"):
        if path.get("class") == "mn-line":
            steps = [(kind, float(x), float(y)) for kind, x, y in re.findall(r"([ML])([\d.]+) ([\d.]+)", path.get("d", ""))]
            found += [(*one[1:], *two[1:]) for one, two in pairwise(steps) if two[0] == "L"]
    return found


def dots(svg: ElementTree.Element, kind: str = "mn-point") -> list[tuple[float, float]]:
    """The middle of every dot, from top to bottom of the sheet."""
    paths = [path.get("d", "") for path in svg.iter(f"{SVG}path") if path.get("class") == kind]
    return [(float(x), float(y)) for path in paths for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path)]


@given(st.sampled_from(TABLES), st.decimals(0, 300, places=2), st.lists(st.decimals(0, 300, places=1), max_size=3))
def test_a_value_is_drawn_inside_the_band_that_it_scores_in(place: Any, value: Decimal, others: list[Decimal]) -> None:
    chart, parameter, table = place
    cut = pieces(chart, table)
    edges = [edge for piece in cut for edge in (piece.low, piece.high) if edge is not None]
    scale = Scale(edges, [Fraction(other) for other in (value, *others)], 130)
    y = scale.y(Fraction(value))
    band, _ = find_band(chart, table, value)
    piece = next(piece for piece in cut if piece.band is band)
    if value % parameter.observation.step == 0:  # a recordable value lies in its band as drawn, or on its line where two bands share the edge
        assert scale.y(piece.high) - 1e-6 <= y <= scale.y(piece.low, low=True) + 1e-6


@given(st.sampled_from(TABLES), st.lists(st.decimals(0, 300, places=1), min_size=2, max_size=6, unique=True))
def test_higher_values_are_higher_and_no_band_is_too_thin_to_read(place: Any, values: list[Decimal]) -> None:
    chart, _, table = place
    cut = pieces(chart, table)
    scale = Scale([edge for piece in cut for edge in (piece.low, piece.high) if edge is not None], [Fraction(v) for v in values], 130)
    heights = [scale.y(Fraction(value)) for value in sorted(values)]
    assert heights == sorted(heights, reverse=True) and len(set(heights)) == len(heights)
    assert all(scale.y(piece.low, low=True) - scale.y(piece.high) >= THINNEST - 1e-6 for piece in cut)
    assert heights[-1] >= 0 and heights[0] <= scale.height


def test_a_line_joins_neighbours_and_crosses_no_gap() -> None:
    one = {"respiratory_rate": None, "oxygen_saturation": None, "temperature": None, "systolic_bp": None, "diastolic_bp": None}
    whole = lines(drawn(taken(one, one, one, one)))
    assert len(whole) == 3, "three neighbours of four heart rates"
    gap = lines(drawn(taken(one, {**one, "heart_rate": None}, one, one)))
    assert len(gap) == 1, "the reading before the gap stands alone"
    skipped = lines(drawn(taken(one, one, {**one, "heart_rate": None, "skip_heart_rate": "asleep"}, one)))
    assert len(skipped) == 1
    refused = lines(drawn(taken(one, {**one, "heart_rate": 4000}, one)))
    assert refused == []


@pytest.mark.parametrize("chart", [MEWS, load_chart("npews"), load_chart("meows"), load_chart("news2")], ids=lambda chart: chart.id)
def test_every_value_is_drawn_on_the_colour_of_the_band_that_it_scores_in(chart: Chart) -> None:
    """Among them a systolic pressure of 118 beside a diastolic one of 97: the one gives nothing on that chart, the other does."""
    given = {**QUIET, "air_or_oxygen": "air", "spo2_scale": "1", "age_years": 3 if chart.id == "npews" else 30, "systolic_bp": 118, "diastolic_bp": 97}
    result = score(chart, {name: value for name, value in given.items() if name in chart.by_id})
    svg = ElementTree.fromstring(series_svg(chart, [("1", result)], name="x"))
    columns = next(each for each in svg.findall(f"{SVG}g") if each.get("text-anchor"))
    boxes = [(float(e.get("x", 0)), float(e.get("y", 0)), float(e.get("width", 0)), float(e.get("height", 0)), e.get("fill")) for e in columns.iter(f"{SVG}rect")]
    points = dots(columns)
    rows = [row for row in result.parameters if chart.by_id[row.id].observation.numeric and row.band is not None]
    assert len(points) == len(rows) >= 4
    for (x, y), row in zip(points, rows, strict=True):
        under = [fill for left, top, wide, high, fill in boxes if left <= x < left + wide and top - 0.1 <= y <= top + high + 0.1]
        assert row.band is not None
        assert paint(chart, row.band).fill in under[:2], f"{row.title} {row.value}"  # two where it lies on the line between two bands


def test_a_value_far_out_is_an_arrow_with_its_number_and_squeezes_nothing() -> None:
    text = series_svg(MEWS, taken({}, {"heart_rate": 400}), name="x")
    assert ">400 !<" in text
    assert 'class="mn-beyond"' in text


def test_partial_and_refused_sets_have_no_total() -> None:
    text = series_svg(MEWS, taken({"heart_rate": None}, {"heart_rate": 4000}), name="x")
    assert "0 to 2" in text and "no total" in text and "refused" in text


def test_the_table_says_every_value_and_no_cell_is_empty() -> None:
    sets = taken({}, {"heart_rate": None, "skip_heart_rate": "asleep"}, {"temperature": None}, {"heart_rate": 4000}, {"consciousness": "voice"})
    text = twin_html(MEWS, sets)
    assert text.count("<tr>") == 1 + len(sets)
    assert not re.search(r"<t[dh]( [^>]*)?>\s*<", text)
    for words in ("80 (0 points)", "not taken: asleep", "missing: Temperature", "refused: Heart rate 4000 is impossible", "Responds to voice (raises the level to Escalate)"):
        assert words in text, words


def test_a_rise_of_the_level_is_said_and_only_where_it_is_certain() -> None:
    (_, quiet), (_, loud), (_, unsure) = taken({}, {"consciousness": "voice"}, {"heart_rate": None})
    assert change_of(quiet, loud) == "▲ rises"
    assert change_of(loud, quiet) == "▼ falls"
    assert change_of(unsure, loud) == "▲ may rise"
    assert change_of(quiet, unsure) == "" and change_of(None, loud) == ""


def timed(*hours: float, replaced: int | None = None) -> list[tuple[str, Score, datetime | None, bool]]:
    """Sets at these hours after the first, with rising heart rates."""
    start = datetime(2026, 3, 5, 22, 15)
    times = [start + timedelta(hours=hour) for hour in hours]
    scores = [score(MEWS, {"heart_rate": 80 + at}) for at in range(len(hours))]
    return [(f"{time:%Y-%m-%d %H:%M}", result, time, at == replaced) for at, (time, result) in enumerate(zip(times, scores, strict=True))]


def test_a_long_series_is_one_drawing_and_small() -> None:
    sets = [(when, score(MEWS, QUIET), time, False) for when, _, time, _ in timed(*range(500))]
    text = series_html(MEWS, sets)
    assert text.count('role="img"') == 1
    assert len(text) < 560_000, "with the page around it, under 600 kB"
    assert len(lines(ElementTree.fromstring(series_svg(MEWS, sets, name="x")))) == 6 * 499
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_the_gap_is_written_and_a_long_one_breaks_the_line() -> None:
    svg = ElementTree.fromstring(text := series_svg(MEWS, timed(0, 6.25, 7, 20), name="x"))
    for words in (">6 h 15 min<", ">45 min<", ">13 h<", ">5 Mar 2026<", ">22:15<", "more than 12 hours between two sets"):
        assert words in text, words
    assert len(lines(svg)) == 2 and "mn-break" in text
    assert len(lines(ElementTree.fromstring(series_svg(MEWS, timed(0, 6.25, 7, 20), name="x", break_hours=None)))) == 3


def test_a_replaced_set_is_hollow_and_struck_and_no_line_goes_through_it() -> None:
    svg = ElementTree.fromstring(text := series_svg(MEWS, timed(0, 1, 1, 2, replaced=1), name="x"))
    columns = next(each for each in svg.findall(f"{SVG}g") if each.get("text-anchor"))
    ((ring, _),) = dots(columns, "mn-point mn-replaced")
    assert all(ring not in (one, two) for one, _, two, _ in lines(svg)) and len(lines(svg)) == 2
    assert 'text-decoration="line-through">81<' in text and ">same time<" in text
    assert "23:15 (replaced)" in twin_html(MEWS, timed(0, 1, 1, 2, replaced=1))


def test_a_replaced_set_makes_the_level_neither_rise_nor_fall() -> None:
    (one, *_, two), start = taken({}, {}), datetime(2026, 3, 5)
    wild = score(MEWS, {**QUIET, "consciousness": "voice"})
    text = series_html(MEWS, [(*one, start, False), ("x", wild, start, True), (*two, start, False)])
    assert "▲" not in text and "▼" not in text


def test_true_time_spaces_columns_by_time_and_says_what_it_shortens() -> None:
    def middles(**how: Any) -> list[float]:
        svg = ElementTree.fromstring(series_svg(MEWS, timed(0, 1, 3, 27), name="x", **how))
        return [x for x, _ in dots(next(each for each in svg.findall(f"{SVG}g") if each.get("text-anchor")))]

    equal, true = middles(), middles(true_time=True)
    assert len({two - one for one, two in pairwise(equal)}) == 1
    first, second, cut = (two - one for one, two in pairwise(true))
    assert first < second < cut and cut / first <= 8
    assert "gaps of more than 12 h" in series_svg(MEWS, timed(0, 1, 3, 27), name="x", true_time=True)


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=30), st.booleans())
def test_no_two_columns_overlap(minutes: list[int], true_time: bool) -> None:
    sets = [Taken(*each) for each in timed(*(minute / 60 for minute in sorted(minutes)))]
    places = places_of(sets, ordered=True, true_time=true_time)
    assert all(two - one >= WIDE - 1 for one, two in pairwise(places.middles))
    assert places.wide < 9 * WIDE * len(sets)


def test_no_text_is_smaller_than_twelve_pixels() -> None:
    for name in ("mews", "newtt2", "news2", "npews"):
        chart = load_chart(name)
        text = series_html(chart, [("1", score(chart, {}, raise_refused=False))]) + series_svg(chart, [("1", score(chart, {}, raise_refused=False))], name="x")
        assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', text)) >= 12


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "</svg><script>", "]]>&<", "\x00\x1b"])
def test_a_hostile_time_or_reason_stays_text(evil: str) -> None:
    sets = [(evil, score(MEWS, {**QUIET, "heart_rate": None, "skip_heart_rate": evil + "x"}))]
    text = series_html(MEWS, sets, title=evil, ident=evil)
    assert "<script" not in text
    ElementTree.fromstring(series_svg(MEWS, sets, name=evil, ident=evil))


def test_another_scale_in_the_middle_of_a_series_is_drawn_with_its_own_bands() -> None:
    news2 = load_chart("news2")
    one = {"oxygen_saturation": 93, "air_or_oxygen": "air"}
    text = series_svg(news2, [("1", score(news2, one)), ("2", score(news2, {**one, "spo2_scale": "2"}))], name="x")
    assert "≥96: 0 points" in text and "≥88: 0 points" in text
