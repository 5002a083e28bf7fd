"""A series: pasted or uploaded, drawn, and refused with reasons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from mews_newtt import load_chart

MEWS = "/workbench/series/mews/0.1"
HEADER = "observed_at,respiratory_rate,oxygen_saturation,temperature,heart_rate,systolic_bp,diastolic_bp,consciousness,concern"
ROWS = [
    "2026-11-20T12:00,16,98,36.8,80,120,70,A,none",
    "2026-11-20T08:00,24,98,36.8,80,120,70,A,none",
    "2026-11-20T16:00,16,98,36.8,,120,70,A,none",
    "2026-11-20T20:00,16,98,36.8,84,150,70,V,none",
]


UK = """Time,RR,HR,BP,Ward
05/03/2026 22:15,16,80,118/72,3
06/03/2026 06:00,24,96,72/118,3
06/03/2026 06:00,26,126,92/58,3
"""


def draw(page: Any) -> None:
    page.get_by_role("button", name="Draw the track", exact=True).click()


def answer(page: Any, label: str) -> None:
    page.get_by_label(label).check()
    page.get_by_role("button", name="Draw the track with these answers").click()


def test_columns_of_other_names_are_read_and_the_page_says_how(plain: Any) -> None:
    """Dates are asked for, the pressure is split, one time given twice is asked for, and what is not read is named."""
    plain.goto(MEWS)
    plain.fill("#sets", UK)
    draw(plain)
    expect(plain.locator("#is-open")).to_contain_text("Nothing is drawn before you have answered")
    expect(plain.locator(".mn-series")).to_have_count(0)
    answer(plain, "Day first")
    expect(plain.get_by_role("alert")).to_contain_text("a time is given to more than one set")
    answer(plain, "The one that comes later in the file")
    expect(plain.locator("#read-as")).to_contain_text("cells of BP: Systolic blood pressure and Diastolic blood pressure")
    expect(plain.locator("#read-as")).to_contain_text(re.compile(r"as answered: day first: .* is [56] March 2026"))
    expect(plain.locator("#unread")).to_contain_text("Ward")
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["2026-03-05 22:15", "2026-03-06 06:00 (replaced)", "2026-03-06 06:00"])
    expect(plain.locator(".mn-twin tbody tr").nth(1)).to_contain_text("Systolic blood pressure")  # 72 is not above 118
    expect(plain.locator(".mn-replaced").first).to_be_attached()


def test_the_track_is_a_file_and_a_picture_and_both_say_not_for_care(page: Any, tmp_path: Path) -> None:
    chart = load_chart("mews", "0.1")
    page.goto(MEWS)
    page.fill("#sets", "\n".join([HEADER, *ROWS]))
    draw(page)
    page.get_by_label("In true time").check()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download the track (SVG)").click()
    waited.value.save_as(tmp_path / "track.svg")
    svg = ElementTree.fromstring((tmp_path / "track.svg").read_text(encoding="utf-8"))
    words = " ".join("".join(each.itertext()) for each in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert words.count("Not a medical device, and not for care.") == 2, "in the head and in the foot"
    assert f"chart {chart.id} {chart.version}, status {chart.status}" in words and chart.sha256 in words.replace(" ", "")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download the track (PNG)").click()
    waited.value.save_as(tmp_path / "track.png")
    assert (tmp_path / "track.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and (tmp_path / "track.png").stat().st_size > 20_000


def test_a_phone_shows_the_newest_set_first_and_keeps_the_labels(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(MEWS)
    page.fill("#sets", "\n".join([HEADER, *ROWS]))
    draw(page)
    sheet = page.locator(".mn-sheet")
    right = sheet.evaluate("e => e.getBoundingClientRect().right")
    assert sheet.evaluate("e => e.querySelector('svg[role=img]').getBoundingClientRect().right") <= right + 2
    labels = sheet.evaluate("e => e.querySelector('.mn-labels').getBoundingClientRect().left - e.getBoundingClientRect().left")
    assert abs(labels) < 2
    sheet.evaluate("e => e.scrollBy(-150, 0)")
    assert abs(sheet.evaluate("e => e.querySelector('.mn-labels').getBoundingClientRect().left - e.getBoundingClientRect().left")) < 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_five_hundred_sets_are_one_track_of_less_than_600_kb(client: Any) -> None:
    times = [f"2026-{1 + day // 28:02d}-{1 + day % 28:02d} {hour:02d}:00" for day in range(84) for hour in range(0, 24, 4)][:500]
    rows = [f"{time},{14 + at % 12},98,{36 + at % 20 / 10},{70 + at % 50},{100 + at % 40},{60 + at % 25},A,none" for at, time in enumerate(times)]
    answered = client.post(MEWS, data={"sets": "\n".join([HEADER, *rows])})
    assert answered.status_code == 200 and answered.text.count('role="img"') == 1
    assert len(answered.content) < 600_000


def test_pasted_sets_are_drawn_in_the_order_of_time(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "\n".join([HEADER, *ROWS]))
    draw(plain)
    expect(plain.locator(".mn-series svg[role=img]")).to_have_count(1)
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
    draw(plain)
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["row 2", "row 3"])
    expect(plain.locator("#no-order")).to_contain_text("The sets are not in order of time, because no column is named observed_at")
    expect(plain.locator(".mn-line")).to_have_count(0)
    expect(plain.locator("main")).not_to_contain_text("rises")


def test_one_refused_set_does_not_hide_the_others(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "heart_rate,temperature\n80,36.8\n80,98.6\n")
    draw(plain)
    expect(plain.locator(".mn-twin tbody tr").nth(1)).to_contain_text("refused: Temperature 98.6 is impossible")


def test_dates_that_begin_with_the_day_or_the_month_are_asked_for(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,heart_rate\n05/03/2026 12:00,80\n04/03/2026 08:00,120\n")
    draw(plain)
    expect(plain.get_by_role("alert")).to_contain_text("'05/03/2026 12:00' may begin with the day or with the month")
    expect(plain.locator(".mn-series")).to_have_count(0)
    answer(plain, "Day first")
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["2026-03-04 08:00", "2026-03-05 12:00"])
    expect(plain.locator("main")).to_contain_text("05/03/2026 12:00 is 5 March 2026")


def test_sets_without_a_time_are_drawn_without_lines_where_that_is_asked_for(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,heart_rate\n2026-11-20 12:00,80\n,120\n")
    draw(plain)
    expect(plain.get_by_role("alert")).to_contain_text("Times, row 3: no time is given")
    answer(plain, "without lines, rises and falls")
    expect(plain.locator("#no-order")).to_contain_text("No lines are drawn, and no rise or fall is named")
    expect(plain.locator(".mn-line")).to_have_count(0)
    expect(plain.locator(".mn-twin")).not_to_contain_text("▲")


def test_columns_that_are_not_read_and_warnings_stand_above_the_track(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,ward,respiratory_rate\n2026-11-20 12:00,118/72,220\n")
    draw(plain)
    expect(plain.locator("#unread")).to_contain_text("Column ward, which holds 118/72")
    expect(plain.locator("main")).to_contain_text("1 set has warnings.")
    expect(plain.locator(".mn-twin")).to_contain_text("220 /min is implausible")
    assert plain.locator("#unread").bounding_box()["y"] < plain.locator(".mn-series").bounding_box()["y"]


def test_a_file_whose_times_cannot_be_read_can_be_mended_on_the_page(plain: Any, tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    path.write_bytes(b"\xef\xbb\xbfobserved_at,heart_rate\r\n05/03/2026 12:00,80\r\n")
    plain.goto(MEWS)
    plain.set_input_files("#file", path)
    draw(plain)
    expect(plain.locator("#sets")).to_have_value("observed_at,heart_rate\n05/03/2026 12:00,80\n")


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("patient_id,heart_rate\na,80\nb,90", "names 2 people"),
        ("heart_rate,temperature\n80", "has 1 cell where the header has 2"),
        ("heart_rate\n", "has no rows"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept_for_mending(client: Any, pasted: str, says: str) -> None:
    answer = client.post(MEWS, data={"sets": pasted})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text and says in answer.text
    assert f">{pasted}</textarea>" in answer.text


def test_an_example_is_one_link_away_and_counts_as_no_score(plain: Any) -> None:
    plain.goto("/workbench/series/newtt2/0.2")
    plain.get_by_role("link", name="Draw an example").click()
    expect(plain.locator(".mn-series svg[role=img]")).to_be_visible()
    expect(plain.locator("#sets")).to_have_value(re.compile("^observed_at,"))
    plain.get_by_role("link", name="Sample files of this chart").click()
    plain.get_by_role("link", name="See them drawn as a series").click()
    expect(plain.locator(".mn-series svg[role=img]")).to_be_visible()


def test_a_column_that_is_read_by_a_guess_is_named(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "observed_at,RR,hart_rate\n2026-11-20 08:00,16,80\n2026-11-20 12:00,17,84\n")
    draw(plain)
    expect(plain.locator("#guessed li")).to_have_text([re.compile("column hart_rate, read as Heart rate")])
    expect(plain.locator("#read-as")).to_contain_text("column RR: Respiratory rate, by its name")


def test_how_times_were_written_is_said_in_words(plain: Any) -> None:
    plain.goto(MEWS)
    plain.fill("#sets", "Time,HR\n25/03/2026 22:15,80\n26/03/2026 06:00,84\n")
    draw(plain)
    expect(plain.locator("#read-as")).to_contain_text("how times are written: day/month/year hour:minute")
    expect(plain.locator("#read-as")).not_to_contain_text("%d")


def test_problems_lead_to_the_question_or_the_field_that_settles_them(plain: Any) -> None:
    twice = f"{HEADER}\n{ROWS[0]}\n{ROWS[0]}\n"
    for pasted, target in ((twice, "#twice"), ("observed_at,heart_rate\n05/03/2026 12:00,80\n", "#dates"), ("observed_at,heart_rate\n,80\n", "#sets")):
        plain.goto(MEWS)
        plain.fill("#sets", pasted)
        draw(plain)
        expect(plain).to_have_title(re.compile("^Error: "))
        expect(plain.get_by_role("alert").get_by_role("link").first).to_have_attribute("href", target)
        expect(plain.locator(target)).to_be_visible()


def test_by_keyboard_alone_and_nothing_typed_is_in_an_address_or_lost_on_back(page: Any) -> None:
    """The track scrolls by the arrow keys, and Back finds what was pasted."""
    page.goto(MEWS)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the content
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "sets":
            break
    page.keyboard.insert_text("\n".join([HEADER, *(f"2026-11-{day:02d} 08:00,16,98,36.8,80,120,70,A,none" for day in range(1, 20))]))
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Draw the track":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".mn-series svg[role=img]")).to_be_visible()
    assert page.url.endswith(MEWS)
    sheet = page.locator(".mn-sheet")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('mn-sheet')"):
            break
    expect(sheet).to_be_focused()
    before = sheet.evaluate("e => e.scrollLeft")
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => document.querySelector('.mn-sheet').scrollLeft < before", arg=before)
    page.get_by_role("link", name="See the chart").click()
    page.go_back()
    expect(page.locator("#sets")).to_have_value(re.compile("^observed_at,"))


def test_a_table_of_too_many_columns_is_refused_at_once(client: Any) -> None:
    names = ",".join(f"c{number}" for number in range(2_000))
    answered = client.post(MEWS, data={"sets": f"observed_at,{names}\n{',' * 2_000}\n"})
    assert answered.status_code in (413, 422) and "2,001 columns" in answered.text
