"""Learn a chart: ten sets, marked; and the example sets and sample files of every chart. All of it without JavaScript too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from mews_newtt import charts, load_chart, score
from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases.lessons import lesson

NEWS2 = "/workbench/learn/news2/2017.1"
each_chart = pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")


def answer(page: Any, case: int) -> None:
    """Answer every row with its least answer, and the level rightly."""
    result = score(load_chart("news2"), lesson(load_chart("news2"), 7)[case - 1])
    for fieldset in page.locator(".wb-questions fieldset").all():
        fieldset.locator("input[type=radio]").first.check()
    page.check(f"[name=level][value='{result.level}']")


def test_ten_sets_are_scored_by_hand_and_marked(plain: Any) -> None:
    """Without JavaScript: the score travels in the form, and nothing of the learner is in an address."""
    plain.goto(NEWS2)
    plain.fill("#set", "7")
    plain.get_by_role("button", name="Start with these ten").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Set 1 of 10 on NEWS2")
    plain.get_by_role("button", name="Mark my answers").click()
    expect(plain).to_have_title(re.compile("^Error: "))
    expect(plain.get_by_role("alert").get_by_role("link", name="The level")).to_have_attribute("href", "#level")
    for case in range(1, 11):
        answer(plain, case)
        plain.get_by_role("button", name="Mark my answers").click()
        expect(plain.locator(".wb-marked").last).to_contain_text("Right:")
        expect(plain.get_by_role("heading", name="The marked chart")).to_be_visible()
        if case < 10:
            plain.get_by_role("button", name="Next set").click()
    expect(plain.locator("main")).to_contain_text(re.compile(r"\d+ of 10 sets all right; \d+ of \d+ answers right"))
    assert plain.url.endswith(f"{NEWS2}/7/10")


@pytest.mark.parametrize("address", ["/0x7/1", "/7/11", "/7/0", "/99999999/1", "/-1/1"])
def test_a_lesson_that_is_not_there_is_a_plain_fault(client: Any, address: str) -> None:
    found = client.get(NEWS2 + address)
    assert found.status_code == 404 and "There is a problem" in found.text


def test_a_bad_number_keeps_the_form(client: Any) -> None:
    found = client.get(NEWS2, params={"set": "<b>x"})
    assert found.status_code == 422 and 'value="&lt;b&gt;x"' in found.text and "<title>Error: " in found.text and 'href="#set"' in found.text


def test_a_made_up_score_so_far_is_not_believed(client: Any) -> None:
    found = client.post(f"{NEWS2}/7/1", data={"so_far": "9/9,9/9,<b>", "do": "next"})
    assert found.status_code == 200 and "&lt;b&gt;" not in found.text and "So far" not in found.text


@each_chart
def test_every_chart_has_example_sets_a_lesson_and_sample_files(client: Any, chart: Chart) -> None:
    path = f"{chart.id}/{chart.version}"
    page = client.get(f"/workbench/try/{path}").text
    names = re.findall(rf"/workbench/try/{re.escape(path)}\?example=([\w-]+)", page)
    assert len(names) >= 3
    for name in names:
        shown = client.get(f"/workbench/try/{path}", params={"example": name})
        assert shown.status_code == 200 and 'id="now"' in shown.text and "Example:" in shown.text
    assert client.get(f"/workbench/learn/{path}/7/1").status_code == 200
    course = client.get(f"/workbench/samples/{path}/course.csv")
    assert course.headers["content-type"].startswith("text/csv") and course.text.startswith("observed_at,")


def test_sample_files_are_offered_and_their_faults_are_folded(client: Any) -> None:
    page = client.get("/workbench/samples/mews/0.2").text
    assert "A file with two faults" in page and "instead of" in page.partition("What is wrong in the faulty file")[2]
    assert client.get("/workbench/samples/mews/0.2/two-faults.csv").text != client.get("/workbench/samples/mews/0.2/right.csv").text
    assert client.get("/workbench/samples/mews/0.2/other.csv").status_code == 404


def test_a_lesson_by_keyboard_alone_and_back_to_what_was_chosen(page: Any) -> None:
    page.goto(f"{NEWS2}/7/1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the content
    rows = page.locator(".wb-questions fieldset").count()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            page.keyboard.press("Space")
        if page.evaluate("document.activeElement.textContent") == "Mark my answers":
            break
    assert page.locator(".wb-questions input:checked").count() == rows
    chosen = page.locator(".wb-questions input:checked").evaluate_all("all => all.map(each => each.value)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The marked chart")).to_be_visible()
    page.get_by_role("button", name="Next set").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Set 2 of 10")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Set 1 of 10")
    expect(page.locator(".wb-questions input:checked")).to_have_count(rows)
    assert page.locator(".wb-questions input:checked").evaluate_all("all => all.map(each => each.value)") == chosen
    assert page.url.endswith(f"{NEWS2}/7/1"), "no answer is in an address"
