"""Rows of the chart without a column are named before a run, beside the columns that are not read; without a tick nobody is blamed for them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from mews_newtt import load_chart
from mews_newtt_service.pages.rows_without_column import without_column
from tests.service.pages.test_pages_validate import send, validated, written

# A file of another house: oxygen and consciousness are there, under names that nobody knows.
HEADER = ["resp", "sat", "syst", "pulse", "temp", "sup", "k1", "NEWS"]
ROWS = [["16", "97", "120", "70", "36.8", "1", "0", "2"], ["16", "97", "120", "70", "36.8", "0", "0", "0"], ["25", "97", "120", "70", "36.8", "0", "1", "6"]]
TITLES = "Scored rows with no column: Air or oxygen, Level of consciousness (ACVPU)."


@pytest.fixture
def sent(plain: Any, tmp_path: Path) -> Any:
    send(plain, written(tmp_path / "sets.csv", ROWS, HEADER))
    return plain


def answer(page: Any) -> Any:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        return json.loads(archive.read("validation.json"))


def test_scored_rows_without_a_column_stand_beside_validate_with_the_columns_that_are_not_read(sent: Any) -> None:
    found = sent.locator("#rows-without-column")
    expect(found).to_contain_text(TITLES)
    expect(found).to_contain_text("All 3 sets will be partial")
    expect(found).to_contain_text("Columns that are not read: sup, k1")
    expect(found.get_by_role("checkbox")).not_to_be_checked()


def test_without_the_tick_rows_are_compared_and_nobody_is_blamed(sent: Any) -> None:
    validated(sent)
    expect(sent.locator("#undiagnosed")).to_contain_text(TITLES)
    expect(sent.locator("main")).to_contain_text("Columns that were not read: sup, k1")
    expect(sent.locator("main")).not_to_contain_text("seem")
    found = answer(sent)
    assert found["compared"] == 3 and not (found["diagnosis"] or {}).get("findings")


def test_with_the_tick_the_platform_is_diagnosed(sent: Any) -> None:
    sent.get_by_label("The other system did not have these readings either").check()
    validated(sent)
    expect(sent.locator("#undiagnosed")).to_have_count(0)
    expect(sent.get_by_role("heading", name="What may be wrong")).to_be_visible()
    assert answer(sent)["diagnosis"]["findings"]


def test_a_row_that_loses_its_column_is_named_before_anything_runs(sent: Any) -> None:
    sent.get_by_label("pulse", exact=True).select_option("-")
    sent.get_by_role("button", name="Validate").click()
    expect(sent.get_by_role("heading", level=1)).to_have_text("What the columns are")
    expect(sent.locator("#rows-without-column")).to_contain_text("Heart rate")
    expect(sent.locator("main")).to_contain_text("press it again")
    validated(sent)


def test_with_all_columns_nothing_is_asked(sent: Any) -> None:
    sent.get_by_label("sup", exact=True).select_option("air_or_oxygen")
    sent.get_by_label("k1", exact=True).select_option("consciousness")
    sent.get_by_role("button", name="Validate").click()
    for name, answers in (("sup", ("air", "oxygen")), ("k1", ("alert", "voice"))):
        row = sent.locator("tr", has=sent.get_by_label(name, exact=True))
        for value, meaning in zip(("0", "1"), answers, strict=True):
            row.get_by_label(f"{value} is", exact=True).select_option(meaning)
    expect(sent.locator("#rows-without-column")).to_have_count(0)
    validated(sent)
    expect(sent.locator(".wb-verdict")).to_contain_text("All 3 compared rows agree")


def test_which_rows_have_no_column() -> None:
    news2, npews, mews = load_chart("news2"), load_chart("npews"), load_chart("mews", "0.1")
    every = [p.id for p in news2.parameters]
    assert not without_column(news2, every) and without_column(news2, every) == ((), ())
    found = without_column(news2, [name for name in every if name != "heart_rate"])
    assert found and found.partial and found.seen == "heart_rate"
    assert not without_column(news2, ["skip_heart_rate" if name == "heart_rate" else name for name in every]), "a column of reasons is one"
    assert [p.id for p in without_column(mews, [p.id for p in mews.parameters if p.role == "scored"]).triggers] == ["consciousness", "concern"]
    one_of = next(group for group in npews.groups if group.kind == "one_of")
    assert set(one_of.parameters) & set(without_column(npews, []).seen.split())
    assert not set(one_of.parameters) & set(without_column(npews, one_of.parameters[:1]).seen.split())


def test_triggers_without_a_column_are_named(plain: Any, tmp_path: Path) -> None:
    send(plain, written(tmp_path / "sets.csv", [["80", "0"]], ["heart_rate", "total"]), "mews@0.1")
    expect(plain.locator("main")).to_contain_text("Triggers with no column: Level of consciousness")
