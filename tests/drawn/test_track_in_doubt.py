"""What a track says where something is in doubt: the order of the sets, a reading, or the whole set."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from mews_newtt import Score, load_chart, score
from mews_newtt.chart.units import as_written
from mews_newtt.drawn import series_html, series_svg
from mews_newtt.drawn.twin import set_words, twin_html
from tests.drawn.test_series_drawn import MEWS, QUIET, lines, taken

NPEWS = load_chart("npews")


def cells(html: str) -> list[dict[str, str]]:
    """The table's rows by its headings."""
    heads = re.findall(r'<th scope="col">(.*?)</th>', html)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", html)
    return [dict(zip(heads, [when, *re.findall(r"<td>(.*?)(?=<td>|$)", rest)], strict=True)) for when, rest in rows]


def test_sets_without_an_order_are_joined_by_no_line_and_neither_rise_nor_fall() -> None:
    sets = taken({"heart_rate": 150}, {}, {"heart_rate": 150})
    ordered, unordered = (series_html(MEWS, sets, ordered=order) for order in (True, False))
    assert "▲ rises" in ordered and "▼ falls" in ordered and "mn-line" in ordered
    assert not any(mark in unordered for mark in ("▲", "▼", "mn-line", "in the order of time."))
    assert "not in the order of time" in unordered


def test_a_sheet_of_its_own_draws_no_line_either() -> None:
    svg = ElementTree.fromstring(series_svg(MEWS, taken({}, {}), name="x", ordered=False))
    assert lines(svg) == []


def test_a_doubted_reading_is_marked_and_its_warning_is_in_the_table() -> None:
    sets = taken({}, {"respiratory_rate": 220})
    calm, doubted = cells(twin_html(MEWS, sets))
    assert calm["Look at"] == "no warning"
    assert "220 /min is implausible" in doubted["Look at"]
    text = series_svg(MEWS, sets, name="x")
    assert ">220 !<" in text and ">1 warning<" in text and ">16<" in text


def test_every_warning_of_the_library_is_in_the_table() -> None:
    odd: dict[str, Any] = {**QUIET, "temperature": {"value": 98.6, "unit": "[degF]"}, "heart_rate": "80.5", "diastolic_bp": None, "respiratory_rate": 220}
    result = score(MEWS, odd)
    assert len(result.warnings) >= 4
    (row,) = cells(twin_html(MEWS, [("1", result)]))
    assert row["Look at"] == as_written("; ".join(result.warnings)), "with units as people write them"
    assert "98.6 °F" in row["Look at"]


def test_a_set_that_lacks_a_trigger_is_never_called_complete_alone() -> None:
    result = score(MEWS, {**QUIET, "consciousness": None, "concern": None})
    assert result.status == "complete"
    assert set_words(result).startswith("total complete; not given: level of consciousness")
    assert "total complete; not given: level of consciousness" in result.says


def test_a_partial_set_names_what_is_missing() -> None:
    result: Score = score(MEWS, {**QUIET, "heart_rate": None})
    assert set_words(result) == "partial; missing: Heart rate"


def test_every_sheet_says_that_it_is_not_for_care_and_which_chart_it_rests_on() -> None:
    text = re.sub(r"</text><text[^>]*>", " ", series_svg(NPEWS, [("1", score(NPEWS, {"age_years": 3}))], name="x"))
    for words in ("Not a medical device, and not for care.", f"chart npews {NPEWS.version}", f"status {NPEWS.status}"):
        assert words in text
    assert NPEWS.sha256 in text.replace(" ", "")


def test_the_level_has_a_colour_only_where_it_is_certain() -> None:
    certain = series_svg(MEWS, taken({"consciousness": "voice"}), name="x")
    unsure = series_svg(MEWS, taken({"heart_rate": None}), name="x")
    assert certain.count('stroke="#ec6a9c"') == 2, "the trigger and the level"
    assert "at least" in unsure and 'stroke="#ec6a9c"' not in unsure
