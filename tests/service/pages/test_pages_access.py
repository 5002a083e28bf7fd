"""Pages for everyone: no serious finding of axe, zoom to 400%, forced order of headings, print, and no motion."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = {
    "charts": "/",
    "chart": "/workbench/charts/newtt2/0.1",
    "chart in contexts": "/workbench/charts/npews/2023.1?age_years=2",
    "compare": "/workbench/compare?before=mews@0.1&after=mews@9.9",
    "choose": "/workbench/try",
    "try": "/workbench/try/npews/2023.1",
    "series": "/workbench/series/mews/0.1",
    "track": "/workbench/series/newtt2/0.2?example=course",
    "learn": "/workbench/learn/mews/0.2",
    "a set to score by hand": "/workbench/learn/npews/2023.1/7/1",
    "samples": "/workbench/samples/mews/0.2",
    "chart on one sheet": "/workbench/charts/newtt2/0.2/sheet",
    "validate": "/workbench/validate",
    "plan": "/workbench/plan",
    "pack": "/workbench/pack",
    "about": "/workbench/about",
    "fault": "/workbench/charts/nix",
}
SETS = "observed_at,heart_rate,temperature,systolic_bp,diastolic_bp,consciousness\n2026-11-20 08:00,80,36.8,120,70,A\n2026-11-20 12:00,120,38.4,90,50,V\n2026-11-20 16:00,,38.4,90,,A\n"


def findings(page: Any) -> list[str]:
    page.wait_for_load_state("load")  # its style is there
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).response["violations"]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in ("serious", "critical", "moderate")]


@pytest.mark.deep
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_axe_finds_nothing(page: Any, path: str) -> None:
    page.goto(path)
    assert findings(page) == []


def test_axe_finds_nothing_in_a_result_and_a_track(page: Any) -> None:
    page.goto("/workbench/try/newtt2/0.1")
    page.fill("#heart_rate", "170")
    page.fill("#temperature", "99")
    expect(page.locator(".wb-outcome")).to_contain_text("Nothing was scored")
    page.fill("#temperature", "36.2")
    expect(page.locator("#fold-what-if")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert findings(page) == []
    page.goto("/workbench/series/mews/0.1")
    page.fill("#sets", SETS)
    page.get_by_role("button", name="Draw the track", exact=True).click()
    expect(page.locator(".mn-series svg[role=img]")).to_be_visible()
    assert findings(page) == []


@pytest.mark.deep
def test_axe_finds_nothing_in_questions_guesses_problems_and_a_marked_lesson(page: Any) -> None:
    for sets in ("Time,RR,HR,Ward\n05/03/2026 22:15,16,80,3\n06/03/2026 06:00,24,96,3\n", "observed_at,hart_rate\n2026-11-20 08:00,80\n", "heart_rate,temperature\n80", SETS + SETS.partition("\n")[2]):
        page.goto("/workbench/series/mews/0.1")
        page.fill("#sets", sets)
        page.get_by_role("button", name="Draw the track", exact=True).click()
        expect(page.locator("#is-open, #guessed, [role=alert]").first).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert findings(page) == [], sets
    page.goto("/workbench/learn/newtt2/0.2/7/1")
    page.get_by_role("button", name="Mark my answers").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert findings(page) == []
    for fieldset in page.locator(".wb-questions fieldset").all():
        fieldset.locator("input[type=radio]").first.check()
    page.get_by_role("button", name="Mark my answers").click()
    expect(page.get_by_role("heading", name="The marked chart")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("wide", [320, 390])
def test_nothing_needs_two_ways_of_scrolling_on_a_small_screen_or_at_400_percent(page: Any, wide: int) -> None:
    page.set_viewport_size({"width": wide, "height": 256 if wide == 320 else 844})  # 1280 by 1024 at 400%
    wider = {}
    for name, path in PAGES.items():
        page.goto(path)
        wider[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: each for name, each in wider.items() if each > wide} == {}


def test_targets_are_large_enough_to_hit(page: Any) -> None:
    page.goto("/workbench/try/news2/2017.1")
    small = page.evaluate(
        """[...document.querySelectorAll('input:not([type=hidden]),select,button,summary,nav a')].filter(e => e.offsetParent).map(e => [e.id || e.textContent, e.getBoundingClientRect()])
        .filter(([, r]) => r.height < 20 || r.width < 20).map(([n]) => n)"""
    )
    assert small == []


def test_nothing_moves_for_those_who_want_it_so(page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/workbench/try/news2/2017.1")
    moving = "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e); return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none' }).length"
    assert page.evaluate(moving) == 0


def test_print_shows_the_chart_in_colour_and_leaves_the_controls_out(page: Any) -> None:
    page.goto("/workbench/charts/newtt2/0.1")
    page.emulate_media(media="print")
    expect(page.locator(".wb-header")).to_be_hidden()
    expect(page.get_by_role("button", name="Compare")).to_be_hidden()
    band = page.locator("#chart-row-heart_rate .mn-band").first
    assert band.evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).printColorAdjust]") == ["rgb(123, 31, 162)", "exact"]
    assert len(page.pdf(format="A4")) > 10_000


def test_colours_that_a_person_forces_leave_the_words_and_borders(page: Any) -> None:
    page.emulate_media(forced_colors="active")
    page.goto("/workbench/charts/newtt2/0.1")
    band = page.locator("#chart-row-heart_rate .mn-band").first
    expect(band).to_contain_text("Purple")
    assert band.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
