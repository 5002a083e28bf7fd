"""Charts: the list, one chart, two versions side by side."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from mews_newtt import charts, load_chart
from mews_newtt.validation.proving.recorded import headline, recorded


def test_every_chart_is_listed_with_its_status_and_leads_to_its_page(plain: Any) -> None:
    plain.goto("/")
    for chart in charts():
        card = plain.locator(".wb-card", has=plain.locator(f"a[href='/workbench/charts/{chart.id}/{chart.version}']"))
        expect(card).to_contain_text(chart.status)
        expect(card).to_contain_text(chart.scope_says)
    plain.get_by_role("link", name="National PEWS", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("National Paediatric Early Warning System (England)")


def test_a_working_chart_says_first_what_it_is_not(plain: Any) -> None:
    plain.goto("/workbench/charts/newtt2")
    standing = plain.locator(".mn-standing")
    expect(standing).to_contain_text("Status: secondary.")
    expect(standing).to_contain_text("the primary document was not seen")
    expect(standing).to_contain_text("the printed NEWTT2 chart and its escalation tool (BAPM)")
    assert plain.locator(".mn-standing").bounding_box()["y"] < 300


def test_a_context_is_chosen_by_a_link(plain: Any) -> None:
    plain.goto("/workbench/charts/npews/2023.1")
    expect(plain.locator("#chart-row-heart_rate .mn-context")).to_have_count(4)
    expect(plain.get_by_role("navigation", name="Age").get_by_role("link", name="under 1 year", exact=True)).to_be_visible()
    plain.get_by_role("navigation", name="Age").get_by_role("link", name="1 to under 5 years").click()
    expect(plain.locator("#chart-row-heart_rate .mn-context")).to_have_text(["1 to 4 years"])
    expect(plain.get_by_role("navigation", name="Age").locator("[aria-current]")).to_have_text("1 to under 5 years")
    plain.get_by_role("navigation", name="Age").get_by_role("link", name="All").click()
    expect(plain.locator("#chart-row-heart_rate .mn-context")).to_have_count(4)


@pytest.mark.parametrize("query", ["age_years=99", "age_years=-1", "age_years=x", "age_years=²", "nobody=1"])
def test_a_context_nobody_knows_shows_all(plain: Any, query: str) -> None:
    assert plain.goto(f"/workbench/charts/npews?{query}").status == 200
    expect(plain.locator("#chart-row-heart_rate .mn-context")).to_have_count(4)


def test_versions_stand_side_by_side_with_what_changed(plain: Any) -> None:
    plain.goto("/workbench/charts/mews/0.1")
    expect(plain.get_by_role("link", name="0.2", exact=True)).to_be_visible()
    plain.get_by_label("Compare with another version").select_option("mews@9.9")
    plain.get_by_role("button", name="Compare").click()
    expect(plain.locator("main")).to_contain_text("Respiratory rate 24 /min and over: 2 points -> 1 point")
    expect(plain.locator(".wb-sides section")).to_have_count(2)
    expect(plain.locator(".mn-row", has_text="Counts for something else").locator("h4")).to_have_text(["Respiratory rate (/min)"] * 2)


def test_a_chart_that_is_not_there_is_told_with_its_mend(plain: Any) -> None:
    assert plain.goto("/workbench/charts/newz").status == 404
    expect(plain.get_by_role("alert")).to_contain_text("there is no such chart")


def test_a_chart_says_how_its_scoring_was_checked(plain: Any) -> None:
    """The counts on record; a chart without them says which command counts."""
    proof = recorded(load_chart("news2"))
    assert proof is not None
    plain.goto("/workbench/charts/news2")
    main = plain.locator("main")
    expect(main.get_by_role("heading", name="How the scoring of this chart was checked")).to_be_visible()
    expect(main).to_contain_text(headline(proof))
    rows = plain.get_by_role("region", name="Sets that were compared").locator("tbody tr")
    expect(rows).to_have_count(len(proof["parts"]))
    for row, part in zip(rows.all(), proof["parts"], strict=True):
        expect(row.locator("td").first).to_have_text(f"{part['sets']:,}")
    expect(main).to_contain_text("They do not say that the chart is right")
    plain.goto("/workbench/charts/mews/9.9")
    expect(main).to_contain_text("No proof of this chart is on record. mews-newtt prove mews@9.9 scores")
