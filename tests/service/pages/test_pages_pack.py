"""Make a pack: made by a worker, downloaded, printed, deleted."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from mews_newtt import load_chart, score
from tests.patience import PATIENCE
from tests.service.pages.test_pages_access import findings


def test_a_pack_is_made_downloaded_printed_and_deleted(page: Any) -> None:
    page.goto("/workbench/pack?chart=newtt2@0.1")
    expect(page.get_by_label("Chart")).to_have_value("newtt2@0.1")
    page.get_by_label("A shorter pack").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A pack for", timeout=PATIENCE * 1000)
    expect(page.locator(".wb-verdict")).to_contain_text("kill rate")
    assert findings(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = set(archive.namelist())
        cases = list(csv.DictReader(io.StringIO(archive.read("cases.csv").decode("utf-8-sig"))))
    assert {"cases.csv", "cases.ndjson", "sheet.html", "pack.json"} <= names
    chart = load_chart("newtt2")
    given = {name: cases[0][name] for name in cases[0] if name in chart.by_id and cases[0][name]}
    assert str(score(chart, given).total) == cases[0]["expected_total"]
    run = page.url
    page.get_by_role("link", name="Open the printable sheet").click()
    expect(page.locator("body")).to_contain_text("NEWTT2")
    expect(page.locator("table").first).to_be_visible()
    page.goto(run)
    page.get_by_role("button", name="Delete this pack").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Make a pack")
    assert page.goto(run).status == 404


@pytest.mark.deep
def test_without_javascript_the_page_looks_again_by_itself(plain: Any) -> None:
    plain.goto("/workbench/pack?chart=mewc@2014.1")
    plain.get_by_label("A shorter pack").check()
    plain.get_by_role("button", name="Make it").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("A pack for", timeout=PATIENCE * 1000)


def test_a_seed_that_is_none_is_refused(plain: Any) -> None:
    plain.goto("/workbench/pack")
    plain.get_by_label("Chart").select_option("newtt2@0.1")
    plain.get_by_label("A shorter pack").check()
    plain.fill("#seed", "x")
    plain.get_by_role("button", name="Make it").click()
    expect(plain.get_by_role("alert")).to_contain_text("'x' is not a whole number")
    assert plain.title().startswith("Error: ")
    expect(plain.get_by_label("Chart")).to_have_value("newtt2@0.1")
    expect(plain.get_by_label("A shorter pack")).to_be_checked()
    expect(plain.get_by_label("Seed")).to_have_value("x")
