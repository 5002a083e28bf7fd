"""The journey of a newcomer: check whether a system scores rightly, from the home page, with a sample file or with one of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from mews_newtt import charts, load_chart
from mews_newtt_service.pages.page_words import none_missed, on_page, own_alone, uncounted
from tests.patience import PATIENCE
from tests.service.pages.test_pages_access import findings
from tests.service.pages.test_pages_print import sheets, stamped
from tests.service.pages.test_pages_validate import send, validated, written
from tests.service.pages.test_pages_words import strange

NEWS2 = ["Resp rate", "SpO2", "Air or oxygen", "Systolic BP", "Pulse", "ACVPU", "Temp", "NEWS2 score"]
LOW: list[list[Any]] = [[16, 97, "air", 120, 70, "alert", 36.8, 0], [22, 97, "air", 120, 70, "alert", 36.8, 0], [23, 97, "air", 120, 70, "alert", 39.2, 2]]
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def tab_to(page: Any, wanted: Any) -> None:
    """Move the focus with the Tab key alone."""
    wanted.wait_for()
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the Tab key does not reach it")


def press(page: Any, role: str, name: str) -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True))
    page.keyboard.press("Enter")


@pytest.mark.deep
def test_a_sample_is_checked_from_the_home_page_with_the_keyboard_alone_on_a_phone(page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    press(page, "link", "Check a system")
    press(page, "link", "No file at hand? Use a sample.")
    press(page, "button", "NEWS2 2017.1")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the columns are")
    press(page, "button", "Validate")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Validation of", timeout=PATIENCE * 1000)
    expect(page.locator("#who-could-be-missed")).to_contain_text("a person could be missed")
    expect(page.locator(".wb-suspect")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page) == []
    for sheet in sheets(page, tmp_path):
        stamped(sheet, load_chart("news2"))
    row = page.get_by_role("button", name="Try row").first
    tab_to(page, row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Try a set")
    expect(page.locator("#result")).to_contain_text("complete")


def test_a_right_sample_agrees_without_scripts(plain: Any) -> None:
    plain.goto("/workbench/samples/mews/0.2")
    plain.get_by_role("button", name="Validate the right file").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("What the columns are")
    validated(plain)
    expect(plain.locator(".wb-verdict")).to_contain_text("compared rows agree")
    expect(plain.locator("#who-could-be-missed")).to_contain_text("No complete set is stated lower than the chart.")


def test_every_chart_has_a_sample_one_click_from_validate(client: Any) -> None:
    page = client.get("/workbench/validate").text
    assert [chart.id for chart in charts() if f'name="chart" value="{chart.id}@{chart.version}">' not in page] == []
    assert client.post("/workbench/sampled", data={"chart": "news2@2017.1", "file": "course.csv"}).status_code == 404
    assert client.post("/workbench/sampled", data={"chart": "", "file": "right.csv"}).status_code == 404


@pytest.mark.deep
def test_every_sample_needs_no_answer_before_it_runs(client: Any) -> None:
    for chart in charts():
        found = client.post("/workbench/sampled", data={"chart": f"{chart.id}@{chart.version}"})
        assert found.status_code == 200 and "What the columns are" in found.text and "rows-without-column" not in found.text, chart.id


def test_words_without_a_meaning_are_named_before_a_run_and_not_held_against_the_system(plain: Any, tmp_path: Path) -> None:
    rows = [["16", "97", "0", "120", "70", "0", "36.8", "0"], ["16", "97", "0", "120", "70", "0", "36.8", "0"]]
    send(plain, written(tmp_path / "words.csv", rows, NEWS2))
    plain.get_by_role("button", name="Validate", exact=True).click()
    left = plain.locator("#words-left")
    expect(left).to_contain_text("Air or oxygen: 0. Level of consciousness (ACVPU): 0.")
    plain.get_by_label("0 is").first.select_option("air")
    plain.get_by_role("button", name="Validate", exact=True).click()
    expect(left).to_contain_text("Words without a meaning. Level of consciousness (ACVPU): 0.")
    validated(plain)
    expect(plain.locator("#who-could-be-missed")).to_contain_text("No set could be scored completely, so this is not known.")
    expect(plain.locator(".wb-verdict")).to_contain_text("Every one of them holds a cell that could not be read here.")
    expect(plain.locator("#own-file")).to_contain_text("column ACVPU (Level of consciousness (ACVPU))")
    plain.locator("#own-file").get_by_role("link", name="Send the file again").click()
    expect(plain.get_by_label("The chart it should follow")).to_have_value("news2@2017.1")


def test_a_run_names_no_ids_codes_or_options_of_the_command(client: Any, plain: Any, tmp_path: Path) -> None:
    hot = [[*row[:6], str(round(row[6] * 9 / 5 + 32, 1)), row[7]] for row in LOW]
    send(plain, written(tmp_path / "fahrenheit.csv", [[str(cell) for cell in row] for row in hot], NEWS2))
    validated(plain)
    text = client.get(plain.url).text
    assert "choose °F as its unit" in text
    assert strange(text) == [] and not OPTION.search(text.partition("<main")[2])
    report = client.get(plain.url + "/view/report.html").text
    assert strange(report) == [] and not OPTION.search(report.partition("<main")[2])


@pytest.mark.deep
@pytest.mark.parametrize("wide", [1280, 390])
def test_a_workbook_is_checked_with_a_chart_that_is_suggested(page: Any, tmp_path: Path, wide: int) -> None:
    book = Workbook()
    for row in [NEWS2, *LOW]:
        book.active.append(row)
    book.save(tmp_path / "platform.xlsx")
    page.set_viewport_size({"width": wide, "height": 900})
    page.goto("/")
    page.get_by_role("link", name="Check a system").click()
    page.set_input_files("#file", tmp_path / "platform.xlsx")
    page.get_by_label("The chart it should follow").select_option("suggest")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("main")).to_contain_text("NEWS2 2017.1 fits best")
    assert findings(page) == []
    page.get_by_label("NEWS2 2017.1").check()
    page.get_by_role("button", name="Go on with this chart").click()
    page.get_by_label("yes: ").check(timeout=PATIENCE * 1000)
    page.get_by_role("button", name="Write these answers").click()
    page.get_by_role("button", name="Validate the file").click(timeout=PATIENCE * 1000)
    expect(page.locator(".wb-verdict")).to_contain_text("2 of 3 compared rows disagree", timeout=PATIENCE * 1000)
    expect(page.locator("#who-could-be-missed")).to_contain_text("2 rows state a lower total")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide


@pytest.mark.deep
def test_pages_of_a_check_hold_at_400_percent_and_axe_finds_nothing(page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    runs = []

    def looked(path: str = "") -> None:
        if path:
            page.goto(path)
        assert findings(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url

    looked("/")
    looked("/workbench/samples/news2/2017.1")
    for name in ("before.csv", "after.csv"):
        send(page, written(tmp_path / name, [["16", "97", "air", "120", "70", "x", "36.8", "0"], ["22", "97", "air", "120", "70", "A", "36.8", "0"]], NEWS2))
        page.get_by_role("button", name="Validate", exact=True).click()
        expect(page.locator("#words-left")).to_be_visible()
        looked()
        validated(page)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        looked()
        runs.append(page.url)
    looked(f"{runs[1]}/beside/{runs[0].rpartition('/')[2]}")
    page.goto("/workbench/pack?chart=mewc@2014.1")
    page.get_by_label("A shorter pack").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A pack for", timeout=PATIENCE * 1000)
    looked()


def test_pages_say_their_own_controls_where_the_command_has_options() -> None:
    said = "these numbers are likely in °F: if the column is in °F, say --unit temperature=[degF]. If so, say so with --diagnose-anyway."
    assert on_page(said) == "these numbers are likely in °F: if the column is in °F, choose °F as its unit when you send the file again. If so, tick so when you send the file again."
    assert on_page("It holds 10 rows. --most-rows N raises that number.") == "It holds 10 rows."


def test_who_could_be_missed_says_what_is_not_known() -> None:
    counts = {"rows": 3, "compared": 3, "complete": 0, "partial": 1, "refused": 2, "disagreed": 2}
    assert none_missed(counts) == "No set could be scored completely, so this is not known."
    assert none_missed(counts | {"compared": 0}) == "Nothing was compared, so this is not known."
    assert none_missed(counts | {"complete": 3}) == "No complete set is stated lower than the chart."
    assert uncounted(counts) == "Lower totals and levels are counted for complete sets only: of 3 rows, 1 is partial and 2 are refused."
    assert uncounted(counts | {"partial": 0, "refused": 0}) == ""
    assert own_alone(counts | {"your_file": {"of_these_counted_as_disagreements": 2}}) != "" == own_alone(counts)
