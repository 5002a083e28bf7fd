"""Every printed sheet says that it is not for care, and which chart it rests on: title, version, status and fingerprint."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from mews_newtt import Chart, load_chart
from tests.patience import PATIENCE
from tests.service.pages.test_pages_series import HEADER, ROWS
from tests.service.pages.test_pages_validate import ROWS as RESULTS
from tests.service.pages.test_pages_validate import say_the_words, send, validated, written
from tests.tools import need

WARNING = "Not a medical device, and not for care."


def sheets(page: Any, folder: Path) -> list[str]:
    """The words of each printed sheet of A4."""
    path = folder / "printed.pdf"
    page.pdf(path=path, format="A4", prefer_css_page_size=True)
    need("pdftotext", shutil.which("pdftotext"))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    return [" ".join(sheet.split()) for sheet in text.split("\f")[:-1]]


def stamped(sheet: str, *charts: Chart) -> None:
    assert WARNING in sheet
    for chart in charts:
        assert f"chart {chart.id} {chart.version}, status {chart.status}" in sheet
        assert chart.sha256 in sheet.replace(" ", "")


@pytest.mark.parametrize("name", ["newtt2", "npews", "news2"])
def test_every_sheet_of_a_chart_is_stamped(plain: Any, tmp_path: Path, name: str) -> None:
    chart = load_chart(name)
    plain.goto(f"/workbench/charts/{name}/{chart.version}")
    printed = sheets(plain, tmp_path)
    assert len(printed) > 1
    for sheet in printed:
        stamped(sheet, chart)


@pytest.mark.parametrize("address", ["mews/0.1", "npews/2023.1?age_years=2", "newtt2/0.2"])
def test_a_chart_is_printed_on_one_sheet_and_says_what_it_is_not(plain: Any, tmp_path: Path, address: str) -> None:
    name, _, query = address.partition("?")
    plain.goto(f"/workbench/charts/{name}/sheet?{query}")
    (sheet,) = sheets(plain, tmp_path)
    assert sheet.count(WARNING) >= 2, "the stamp of the page, and the drawing's own"
    stamped(sheet, load_chart(*name.split("/")))


def test_every_sheet_of_a_comparison_names_both_charts(plain: Any, tmp_path: Path) -> None:
    plain.goto("/workbench/compare?before=news2@2017.1&after=meows@2012.1")
    for sheet in sheets(plain, tmp_path):
        stamped(sheet, load_chart("news2"), load_chart("meows"))


def test_a_series_is_stamped_and_its_table_keeps_its_last_column(plain: Any, tmp_path: Path) -> None:
    chart = load_chart("mews", "0.1")
    plain.goto("/workbench/series/mews/0.1")
    plain.fill("#sets", "\n".join([HEADER, *ROWS]))
    plain.get_by_role("button", name="Draw the track", exact=True).click()
    expect(plain.locator(".mn-series svg[role=img]")).to_be_visible()
    printed = sheets(plain, tmp_path)
    for sheet in printed:
        stamped(sheet, chart)
    plain.emulate_media(media="print")
    plain.set_viewport_size({"width": 1046, "height": 700})  # A4 across, within its margins
    assert plain.evaluate("Math.max(...[...document.querySelectorAll('.mn-twin th')].map(e => e.getBoundingClientRect().right)) <= 1046")
    assert any("Gap to the set before" in sheet and "20:00" in sheet for sheet in printed), "the drawing is printed"


def test_a_result_is_stamped(page: Any, tmp_path: Path) -> None:
    page.goto("/workbench/try/news2/2017.1")
    page.fill("#heart_rate", "95")
    expect(page.locator(".wb-outcome")).to_contain_text("partial")
    for sheet in sheets(page, tmp_path):
        stamped(sheet, load_chart("news2"))


def test_pages_without_a_chart_carry_the_warning(plain: Any, tmp_path: Path) -> None:
    for path in ("/", "/workbench/about", "/workbench/validate"):
        plain.goto(path)
        assert all(WARNING in sheet for sheet in sheets(plain, tmp_path))


def test_a_report_and_a_sheet_of_cases_are_stamped(page: Any, tmp_path: Path) -> None:
    send(page, written(tmp_path / "sets.csv", RESULTS))
    say_the_words(page)
    validated(page)
    run = page.url
    for sheet in sheets(page, tmp_path):
        stamped(sheet, load_chart("news2"))
    page.goto(run)
    page.get_by_role("link", name="Open the full report").click()
    expect(page.get_by_role("heading", name="The chart", exact=True)).to_be_visible()
    printed = sheets(page, tmp_path)
    assert len(printed) > 1
    for sheet in printed:
        stamped(sheet, load_chart("news2"))
    page.goto("/workbench/pack?chart=newtt2@0.1")
    page.get_by_label("A shorter pack").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A pack for", timeout=PATIENCE * 1000)
    page.get_by_role("link", name="Open the printable sheet").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Test cases")
    printed = sheets(page, tmp_path)
    assert len(printed) > 1
    for sheet in printed:
        stamped(sheet, load_chart("newtt2", "0.1"))


def test_a_track_with_its_title_is_one_sheet_with_every_reading(plain: Any, tmp_path: Path) -> None:
    """Few sets: two halves beside each other, both with the times; no sheet of white paper before them."""
    plain.goto("/workbench/series/mews/0.2?example=course")
    first, *more = sheets(plain, tmp_path)
    assert "A series on MEWS" in first and first.count("Gap to the set before") == 2
    assert all(words in first for words in ("Respiratory rate", "Diastolic blood pressure", "On oxygen", "0 to 2"))
    assert more and all(sheet.count("Gap to the set before") == 0 for sheet in more)


@pytest.mark.deep
@pytest.mark.parametrize("address", ["learn/mews/0.2", "learn/mews/0.2/7/1", "samples/mews/0.2", "series/mews/0.2"])
def test_lessons_and_samples_are_stamped(plain: Any, tmp_path: Path, address: str) -> None:
    plain.goto(f"/workbench/{address}")
    for sheet in sheets(plain, tmp_path):
        stamped(sheet, load_chart("mews", "0.2"))
