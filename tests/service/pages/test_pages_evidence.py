"""The page of a run as evidence, paper beside digital, pasted rows and answers, and the chart that is suggested."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.patience import PATIENCE
from tests.service.pages.test_pages_access import findings
from tests.service.pages.test_pages_print import sheets
from tests.service.pages.test_pages_rows_without_column import HEADER as UNKNOWN_NAMES
from tests.service.pages.test_pages_rows_without_column import ROWS as OF_ANOTHER_HOUSE
from tests.service.pages.test_pages_validate import HEADER, ROWS, say_the_words, send, validated, written

PAPER = "/workbench/paper/news2/2017.1"
READINGS = {"respiratory_rate": "22", "oxygen_saturation": "94", "air_or_oxygen": "air", "systolic_bp": "105", "heart_rate": "95", "consciousness": "alert", "temperature": "38.4"}
POINTS = {"paper_respiratory_rate": "1", "paper_oxygen_saturation": "1", "paper_systolic_bp": "1", "paper_heart_rate": "1", "paper_temperature": "1"}
CARE = "Not a medical device, and not for care"


def test_who_could_be_missed_comes_first_and_a_row_opens_in_try(plain: Any, tmp_path: Path) -> None:
    send(plain, written(tmp_path / "sets.csv", ROWS))
    say_the_words(plain)
    validated(plain)
    first = plain.locator("main :is(h2, section)").first
    expect(first).to_contain_text("Who could be missed")
    expect(plain.locator("#who-could-be-missed")).to_contain_text("2 rows state a lower total than the chart: a person could be missed.")
    row = plain.get_by_role("region", name="Disagreements").locator("tbody tr").first
    expect(row).to_contain_text("Respiratory rate 16")
    expect(row).not_to_contain_text("respiratory_rate")
    expect(plain.locator(".wb-suspect").first).to_contain_text("rows that disagree")
    row.get_by_role("button", name="Try row").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Try a set")
    assert "?" not in plain.url, "no reading is in the address"
    expect(plain.locator("#temperature")).to_have_value(re.compile("39"))
    expect(plain.locator("#consciousness[value=alert], [name=consciousness]:checked").first).to_have_value("alert")
    expect(plain.locator("#result")).to_contain_text("complete")


def test_the_report_leads_back_to_its_run_has_lines_to_sign_and_says_that_it_is_not_for_care(page: Any, tmp_path: Path) -> None:
    send(page, written(tmp_path / "sets.csv", ROWS))
    say_the_words(page)
    validated(page)
    run = page.url
    page.get_by_role("link", name="Open the full report").click()
    expect(page.locator("body")).to_contain_text("a person could be missed")
    printed = sheets(page, tmp_path)
    for sheet in printed:
        assert CARE in sheet and "Fingerprint" in sheet
    assert "Signature" in printed[-1] + printed[-2] and "Clinical safety officer" in " ".join(printed)
    page.get_by_role("link", name="Back to the run").click()
    expect(page).to_have_url(run)
    assert findings(page) == []


def test_paper_beside_digital_names_the_row_and_the_sum(client: Any) -> None:
    found = client.post(PAPER, data={**READINGS, **POINTS, "paper-total": "7", "paper-level": "high"})
    assert found.status_code == 200 and str(found.url).endswith(PAPER)
    text = " ".join(re.sub("<[^>]+>", " ", found.text).split())
    assert "The paper differs from the chart" in text
    assert "Respiratory rate 1 2 Differs." in text and text.count("Differs.") == 1
    assert "The points on paper add up to 5" not in text, "rows that were not typed may hold the rest"
    whole = client.post(PAPER, data={**READINGS, **POINTS, "paper_air_or_oxygen": "0", "paper_consciousness": "0", "paper-total": "7"})
    assert "The points on paper add up to 5, and its total says 7" in whole.text


def test_paper_that_agrees_is_said_to_agree_only_in_what_was_typed(client: Any) -> None:
    assert "agrees with the chart in everything that you typed" in client.post(PAPER, data={**READINGS, "paper-total": "6", "paper-level": "medium"}).text
    assert "nothing was compared" in client.post(PAPER, data=READINGS).text
    partial = client.post(PAPER, data={"heart_rate": "95", "paper-total": "1"})
    assert "differs" in partial.text and "partial" in partial.text, "a partial set has no total"


def test_a_reading_on_paper_that_is_impossible_is_refused_beside_its_row(plain: Any) -> None:
    plain.goto(PAPER)
    plain.fill("#heart_rate", "9000")
    plain.get_by_role("button", name="Compare").click()
    expect(plain.get_by_role("alert")).to_contain_text("Heart rate")
    expect(plain.locator("#heart_rate")).to_have_attribute("aria-invalid", "true")
    assert plain.title().startswith("Error: ")
    assert plain.locator("#compared").count() == 0


def test_rows_pasted_from_a_spreadsheet_are_asked_about_like_a_file(plain: Any) -> None:
    plain.goto("/workbench/validate?chart=news2@2017.1")
    plain.fill("#rows", "\n".join("\t".join(row) for row in [HEADER, *ROWS]))
    plain.get_by_role("button", name="Take these rows").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("What the columns are")
    say_the_words(plain)
    validated(plain)
    expect(plain.locator(".wb-verdict")).to_contain_text("2 of 4 compared rows disagree")


def test_a_chart_is_suggested_from_the_columns_and_never_taken_unasked(plain: Any, tmp_path: Path) -> None:
    plain.goto("/workbench/validate")
    expect(plain.get_by_label("The chart it should follow")).to_have_value("")
    plain.get_by_label("The chart it should follow").select_option("suggest")
    plain.set_input_files("#file", written(tmp_path / "sets.csv", OF_ANOTHER_HOUSE, UNKNOWN_NAMES))
    plain.get_by_role("button", name="Send it").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Which chart should it follow?")
    expect(plain.locator("main")).to_contain_text("NEWS2 2017.1 fits best")
    assert plain.locator("input:checked").count() == 0
    here = plain.url
    plain.goto(here.removesuffix("/chart"))
    expect(plain).to_have_url(here)
    plain.get_by_label("NEWS2 2017.1").check()
    plain.get_by_role("button", name="Go on with this chart").click()
    expect(plain.locator("main")).to_contain_text("National Early Warning Score 2")
    expect(plain.locator("#rows-without-column")).to_contain_text("Air or oxygen")


@pytest.mark.deep
def test_what_a_platform_showed_for_a_pack_goes_straight_into_validation(page: Any) -> None:
    page.goto("/workbench/pack?chart=mewc@2014.1")
    page.get_by_label("A shorter pack").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A pack for", timeout=PATIENCE * 1000)
    expect(page.locator("main")).to_contain_text("kill rate")
    page.fill("#rows", "Case\tLevel\nnobody-1\t\n")
    page.get_by_role("button", name="Validate what was shown").click()
    expect(page.get_by_role("alert")).to_contain_text("'nobody-1', which this pack does not have")
    case = page.get_by_role("region", name="Cases").locator("tbody th").first.inner_text()
    page.fill("#rows", f"{case}\tnot a level\n")
    page.get_by_role("button", name="Validate what was shown").click()
    expect(page.locator(".wb-verdict")).to_contain_text("1 of 1 compared rows disagrees", timeout=PATIENCE * 1000)
    assert findings(page) == []


@pytest.mark.deep
def test_axe_finds_nothing_and_nothing_is_too_wide_for_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/workbench/validate", "/workbench/paper", PAPER):
        page.goto(path)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
