"""The text to send to a vendor, and the pictures of the contrast table: plain, hedged, without persons, and never at the cost of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from mews_newtt import load_chart, score
from mews_newtt.reading.column_map import read_map
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.reports import contrast, letter, letter_of, letters_of, write_reports
from mews_newtt.validation.reports.contrast import pictures, pictures_of
from mews_newtt.validation.result import Validation

CHART = load_chart("mews", "0.1")
QUIET = {
    "respiratory_rate": "16", "oxygen_saturation": "98", "temperature": "36.6", "heart_rate": "84", "systolic_bp": "118", "diastolic_bp": "75",
    "consciousness": "alert", "concern": "none",
}  # fmt: skip


def platform(edge: int) -> pl.DataFrame:
    """One point from a heart rate of `edge` on, where the chart gives it from 107 on."""
    rows = []
    for number in range(60):
        rate = 95 + number % 20
        person = {"patient": f"SYNTHETIC-{number}", "case_id": f"SYNTHETIC-CASE-{number}", "name": "Made Up"}
        rows.append({**person, **QUIET, "heart_rate": str(rate), "expected_total": str(int(rate >= edge))})
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def found() -> Validation:
    return diagnosed(validate(CHART, platform(110)))


def test_a_letter_says_what_a_vendor_needs(found: Validation) -> None:
    text = letter_of(found)
    source = next(source for source in CHART.sources if source.id == CHART.by_id["heart_rate"].source)
    for part in (
        f"{CHART.title} ({CHART.short_title}), version 0.1", f"status {CHART.status}", source.cite, "Heart rate, /min: ",
        "1 point seems to start at 110 /min instead of 107 /min", "Row 13: Heart rate 107. Total: stated 0, the chart gives 1.",
        "What would settle it", CHART.sha256, "It contradicts no row",
    ):  # fmt: skip
        assert part in text, part
    assert text.count("- Row ") == 3 and "Row 14: Heart rate 108" in text and "Row 15: Heart rate 109" in text, "three different readings"


def test_no_letter_names_a_person(found: Validation) -> None:
    assert "SYNTHETIC" not in letter_of(found) and "Made Up" not in letter_of(found)


def test_a_letter_is_as_sure_as_the_diagnosis(found: Validation) -> None:
    assert found.diagnosis is not None
    for certain, says in ((True, "No other fault that we know explains them as well."), (False, "We are not certain")):
        found.diagnosis.certain = certain
        assert says in letter_of(found)


def test_the_case_that_settles_it_is_answered_by_the_chart() -> None:
    """Only rates of 107 and 120: any edge between them would fit, and the text names a set that tells two of them apart."""
    rows = [{**QUIET, "heart_rate": rate, "expected_total": "0" if rate == "107" else "1"} for rate in ("107", "120") for _ in range(5)]
    made = diagnosed(validate(CHART, pl.DataFrame(rows)))
    assert made.diagnosis is not None and made.diagnosis.telling_case is not None
    right = score(CHART, made.diagnosis.telling_case["given"])
    text = letter_of(made)
    assert f"The chart says: {right.says.rstrip('.')}" in text and "We are not certain" in text
    assert all(answer in text for answer in made.diagnosis.telling_case["answers"])


def test_without_an_explanation_the_letter_asks() -> None:
    rows = [{**QUIET, "heart_rate": str(60 + number), "expected_total": str(number % 7 + 3)} for number in range(30)]
    (made,) = letters_of(diagnosed(validate(CHART, pl.DataFrame(rows))))
    assert "could not find one rule" in made.text and made.text.count("- Row ") == 3


def test_no_letter_where_nothing_disagrees_or_columns_are_missing() -> None:
    assert letter_of(diagnosed(validate(CHART, platform(107)))) == ""
    assert letter_of(diagnosed(validate(CHART, platform(110).drop("temperature")))) == ""


def test_an_unexpected_fault_costs_no_report(found: Validation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("SYNTHETIC-1")

    monkeypatch.setattr(letter, "letters_of", broken)
    monkeypatch.setattr(contrast, "pictures", broken)
    write_reports(found, tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    said = (tmp_path / "out" / "letter.md").read_text(encoding="utf-8")
    assert said.startswith("The text to send could not be made (KeyError in test_letter.py") and "SYNTHETIC" not in said
    assert said in text and "Rows that disagree" in text and "reading by reading" not in text


def test_a_letter_of_before_does_not_stay(found: Validation, tmp_path: Path) -> None:
    write_reports(found, tmp_path)
    assert (tmp_path / "letter.md").read_text(encoding="utf-8") == letter_of(found)
    write_reports(validate(CHART, platform(107)), tmp_path)
    assert not (tmp_path / "letter.md").exists()


def stretch(low: str, high: str, points: int | None, mean: float, rows: int, wrong: int) -> dict[str, Any]:
    return {"low": low, "high": high, "points": points, "difference": round(mean), "mean": mean, "rows": rows, "wrong": wrong}


def of(title: str, unit: str, *stretches: dict[str, Any]) -> dict[str, Any]:
    return {"parameter": "x", "table": 0, "title": title, "unit": unit, "stated": True, "stretches": list(stretches)}


def test_pictures_show_what_differs_with_its_numbers() -> None:
    rate = of("Pulse <b>", "/min", stretch("90", "110", 1, 0.02, 500, 6), stretch("111", "115", 2, -1.0, 121, 121), stretch("116", "116", 2, 0, 9, 0))
    words = of("Consciousness", "", stretch("alert", "alert", 0, 0.0, 90, 0), stretch("new_confusion", "new_confusion", None, 2.5, 20, 20))
    same = of("Temperature", "Cel", stretch("36.6", "38.0", 0, 0.01, 300, 3))
    made = pictures([same, words, rate])
    assert [picture.title for picture in made] == ["Pulse <b>", "Consciousness"], "the most disagreements first; none where nothing differs"
    root = ElementTree.fromstring(made[0].svg)
    told = " ".join(text for element in root.iter() if (text := element.text))
    assert "\N{MINUS SIGN}1 (121 of 121)" in told and "reading (/min)" in told and root.get("role") == "img"
    assert {str(root.get("aria-labelledby"))} == {"contrast-0-title contrast-0-desc"} and not any("style" in e.attrib for e in root.iter())
    assert made[0].rows[1] == ("111 to 115 /min", "2", "\N{MINUS SIGN}1", 121, 121)
    assert made[1].rows[1][:3] == ("new confusion", "none", "+2.5")


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert pictures_of([{"stretches": [{"rows": "x"}]}]) == [] == pictures_of(None)
    assert pictures([of("One", "%", stretch("90", "90", 1, -1.0, 5, 5))])[0].svg.startswith("<svg")


def test_a_column_in_another_unit_is_settled_before_anything_is_sent() -> None:
    rows = platform(107).with_columns((pl.col("temperature").cast(pl.Float64) * 1.8 + 32).round(1))
    found = diagnosed(validate(CHART, rows))
    assert found.diagnosis is not None
    assert found.diagnosis.words.startswith("Settle this first: Temperature:")
    assert "likely in °F: if the column is in °F, say --unit temperature=[degF]" in found.diagnosis.words
    assert letter.letters_text(found).startswith("Do not send this text yet. Settle this first: Temperature:")
    read_rightly = diagnosed(validate(CHART, rows, column_map=read_map([], units=["temperature=[degF]"])))
    assert not read_rightly.diagnosis.settle_first if read_rightly.diagnosis else not read_rightly.disagreed
