"""A series: pasted or uploaded, drawn, and refused with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

MEWS = "/workbench/series/mews/0.1"
HEADER = "observed_at,respiratory_rate,oxygen_saturation,temperature,heart_rate,systolic_bp,diastolic_bp,consciousness,concern"
ROWS = [
    "2026-11-20T12:00,16,98,36.8,80,120,70,A,none",
    "2026-11-20T08:00,24,98,36.8,80,120,70,A,none",
    "2026-11-20T16:00,16,98,36.8,,120,70,A,none",
    "2026-11-20T20:00,16,98,36.8,84,150,70,V,none",
]


def test_pasted_sets_are_drawn_in_the_order_of_time(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "\n".join([HEADER, *ROWS]))
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator(".mn-series svg")).to_have_count(1)
    taken = plain.locator(".mn-twin tbody th")
    expect(taken).to_have_text(["2026-11-20 08:00", "2026-11-20 12:00", "2026-11-20 16:00", "2026-11-20 20:00"])
    rows = plain.locator(".mn-twin tbody tr")
    expect(rows.nth(2)).to_contain_text("0 to 2")
    expect(rows.nth(2)).to_contain_text("missing: Heart rate")
    expect(rows.nth(3)).to_contain_text("▲ may rise")
    expect(rows.nth(1)).to_contain_text("▼ falls")
    expect(plain.locator("#sets")).to_have_value("\n".join([HEADER, *ROWS]))


def test_a_file_with_tabs_and_no_times_keeps_its_order(plain: Any, tmp_path: Path) -> None:
    path = tmp_path / "sets.tsv"
    path.write_text("heart_rate\ttemperature\n80\t36.8\n120\t38\n", encoding="utf-8")
    plain.goto(MEWS)
    plain.set_input_files("#file", path)
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["row 2", "row 3"])
    expect(plain.locator("#no-order")).to_contain_text("The sets are not in order of time, because no column is named observed_at")
    expect(plain.locator(".mn-line")).to_have_count(0)
    expect(plain.locator("main")).not_to_contain_text("rises")


def test_one_refused_set_does_not_hide_the_others(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "heart_rate,temperature\n80,36.8\n80,98.6\n")
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator(".mn-twin tbody tr").nth(1)).to_contain_text("refused: Temperature 98.6 is impossible")


def test_dates_that_begin_with_the_day_or_the_month_are_asked_for(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,heart_rate\n05/03/2026 12:00,80\n04/03/2026 08:00,120\n")
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.get_by_role("alert")).to_contain_text("'05/03/2026 12:00' may begin with the day or with the month")
    expect(plain.locator(".mn-series")).to_have_count(0)
    plain.get_by_label("Day first").check()
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["2026-03-04 08:00", "2026-03-05 12:00"])
    expect(plain.locator("main")).to_contain_text("05/03/2026 12:00 is 5 March 2026")


def test_sets_without_a_time_are_drawn_without_lines_where_that_is_asked_for(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,heart_rate\n2026-11-20 12:00,80\n,120\n")
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.get_by_role("alert")).to_contain_text("observed_at, row 3: no time is given")
    plain.get_by_label("without lines, rises and falls").check()
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator("#no-order")).to_contain_text("No lines are drawn, and no rise or fall is named")
    expect(plain.locator(".mn-line")).to_have_count(0)
    expect(plain.locator(".mn-twin")).not_to_contain_text("▲")


def test_columns_that_are_not_read_and_warnings_stand_above_the_track(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,ward,respiratory_rate\n2026-11-20 12:00,118/72,220\n")
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator("#unread")).to_contain_text("Column ward, which holds 118/72")
    expect(plain.locator("main")).to_contain_text("1 set has warnings.")
    expect(plain.locator(".mn-twin")).to_contain_text("220 /min is implausible")
    assert plain.locator("#unread").bounding_box()["y"] < plain.locator(".mn-series").bounding_box()["y"]


def test_a_file_whose_times_cannot_be_read_can_be_mended_on_the_page(plain: Any, tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    path.write_bytes(b"\xef\xbb\xbfobserved_at,heart_rate\r\n05/03/2026 12:00,80\r\n")
    plain.goto(MEWS)
    plain.set_input_files("#file", path)
    plain.get_by_role("button", name="Draw the track").click()
    expect(plain.locator("#sets")).to_have_value("observed_at,heart_rate\n05/03/2026 12:00,80\n")


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("hart_rate,temperature\n80,36.8", "looks like heart_rate"),
        ("patient_id,heart_rate\na,80\nb,90", "names 2 people"),
        ("heart_rate,temperature\n80", "has 1 cells where the header has 2"),
        ("heart_rate\n", "has no rows"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept_for_mending(client: Any, pasted: str, says: str) -> None:
    answer = client.post(MEWS, data={"sets": pasted})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text and says in answer.text
    assert f">{pasted}</textarea>" in answer.text
