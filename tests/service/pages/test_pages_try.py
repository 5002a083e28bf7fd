"""Try a set: with and without JavaScript, by keyboard alone, and as a link that tells no server anything."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from playwright.sync_api import expect

from tests.patience import PATIENCE

NEWS2 = "/workbench/try/news2/2017.1"
READINGS = {"respiratory_rate": "21", "oxygen_saturation": "93", "systolic_bp": "120", "heart_rate": "95", "temperature": "37.5"}


def fill(page: Any) -> None:
    for name, value in READINGS.items():
        page.fill(f"#{name}", value)
    page.check("[name=air_or_oxygen][value=air]")
    page.check("[name=consciousness][value=alert]")


def outcome(page: Any) -> Any:
    return page.locator(".wb-outcome")


def total(page: Any) -> Any:
    return page.locator("#now .wb-now__main strong").first


def copy_link(page: Any) -> None:
    page.locator("#linking summary").click()
    page.get_by_role("button", name="Copy a link to this set").click()


def test_a_set_is_scored_without_javascript(plain: Any) -> None:
    plain.goto(NEWS2)
    fill(plain)
    plain.get_by_role("button", name="Score").click()
    expect(outcome(plain)).to_contain_text("Medium: the total is 5; this level is for 5 to 6")
    expect(total(plain)).to_have_text("5")
    expect(plain.locator("#heart_rate")).to_have_value("95")
    assert plain.url.endswith(NEWS2), "no reading is in the address"
    expect(plain.locator(".mn-mark-hit")).to_have_count(7)
    expect(plain.locator("#fold-what-if")).to_contain_text("90 /min")


def test_the_score_appears_as_one_types(page: Any) -> None:
    page.goto(NEWS2)
    page.fill("#respiratory_rate", "25")
    expect(outcome(page)).to_contain_text("partial")
    expect(total(page)).to_have_text("3 to 20")
    fill(page)
    expect(total(page)).to_have_text("5")
    expect(page.locator("#says")).to_have_text("Total 5; level Medium.")
    page.fill("#temperature", "39.1")
    expect(total(page)).to_have_text("7")
    assert "39.1" not in page.url


def test_an_old_score_is_never_shown_for_new_readings(page: Any) -> None:
    """Not while one types, not where a slow answer overtakes, and not where the service no longer answers."""
    page.goto(NEWS2)
    fill(page)
    expect(total(page)).to_have_text("5")
    result, held = page.locator("#result"), []
    page.route("**/workbench/try/**", lambda route: held.append(route))
    page.fill("#temperature", "39.1")
    expect(result).to_have_attribute("aria-busy", "true")
    page.locator("#temperature").blur()  # the question is on its way
    page.fill("#temperature", "35.0")
    page.locator("#temperature").blur()
    page.wait_for_timeout(400)
    assert len(held) == 2
    held[1].continue_()
    expect(total(page)).to_have_text("8")
    held[0].continue_()
    page.wait_for_timeout(400)
    expect(total(page)).to_have_text("8")
    page.unroute("**/workbench/try/**")
    page.route("**/workbench/try/**", lambda route: route.fulfill(status=503, body="away"))
    page.fill("#temperature", "37.0")
    expect(result.locator(".wb-fault")).to_contain_text("No score: the service gave no answer to these readings")
    expect(outcome(page)).to_have_count(0)
    page.unroute("**/workbench/try/**")
    page.get_by_role("button", name="Score").click()
    expect(total(page)).to_have_text("5")


def test_a_half_typed_number_is_shown_after_a_rest_and_announced_only_when_the_field_is_left(page: Any) -> None:
    page.goto("/workbench/try/mews/0.2")
    page.locator("#heart_rate").press_sequentially("8")
    expect(page.locator("#now")).to_contain_text("HR")  # after the rest
    expect(page.locator("#says")).to_have_text("")
    page.locator("#heart_rate").press_sequentially("4")
    page.keyboard.press("Tab")
    expect(page.locator("#says")).to_contain_text("Possible total 0 to")


def test_the_result_stays_in_view_and_covers_no_field(page: Any) -> None:
    """On a desktop, on a phone and at 400%: the summary is on the screen, and the field in use is not under it."""
    for width, height, summary in ((1280, 800, "#now"), (390, 844, "#bar"), (320, 256, "#bar")):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/workbench/try/mews/0.2")
        page.fill("#respiratory_rate", "21")
        page.locator("#diastolic_bp").focus()
        page.fill("#diastolic_bp", "70")
        expect(page.locator(summary)).to_contain_text("Diastolic 0" if height > 256 else "Level")
        seen, field = page.locator(summary).bounding_box(), page.locator("#diastolic_bp").bounding_box()
        assert seen["y"] >= 0 and seen["y"] + seen["height"] <= height, (width, seen)
        assert field["y"] + field["height"] <= seen["y"] or summary == "#now", (width, seen, field)
        assert seen["height"] < height / 3


def test_a_missing_reading_is_never_taken_for_normal(page: Any) -> None:
    page.goto(NEWS2)
    fill(page)
    page.fill("#heart_rate", "")
    expect(page.locator("#now")).to_contain_text("Possible total")
    expect(outcome(page)).to_contain_text("Missing: Heart rate")
    page.goto("/workbench/try/newtt2/0.1")
    page.fill("#heart_rate", "120")
    expect(outcome(page)).to_contain_text("Nothing that was given raises the level. What is missing still may.")


def test_a_fault_stands_beside_its_field_and_nothing_is_scored(page: Any, plain: Any) -> None:
    page.goto(NEWS2)
    page.fill("#temperature", "98.6")
    expect(outcome(page)).to_contain_text("Nothing was scored")
    expect(page.locator("#fault-temperature")).to_contain_text("98.6 is impossible")
    page.select_option("#unit-temperature", "[degF]")
    expect(page.locator("#fault-temperature")).to_be_hidden()
    expect(outcome(page)).to_contain_text("was converted exactly to 37.0 °C")
    plain.goto(NEWS2)
    plain.fill("#temperature", "37,5")
    plain.get_by_role("button", name="Score").click()
    expect(plain.locator("#fault-temperature")).to_contain_text("write the decimal point: 37.5")


def test_a_reason_for_no_reading_that_has_points(page: Any) -> None:
    page.goto("/workbench/try/npews/2023.1")
    group = page.locator(".nhsuk-form-group", has=page.locator("#systolic_bp"))
    group.locator("summary").click()
    group.locator("[name=skip_systolic_bp]").fill("U4")
    expect(page.locator("#marked-row-systolic_bp")).to_contain_text("Not taken: U4: unsuccessful with concern")


def test_triggers_raise_the_level_with_their_reason(page: Any) -> None:
    page.goto("/workbench/try/mews/0.1")
    page.check("[name=consciousness][value=voice]")
    expect(outcome(page)).to_contain_text("Escalate: Level of consciousness (ACVPU): voice")


def test_what_would_change_it_tells_the_distance_and_the_outcome(page: Any) -> None:
    page.goto(NEWS2)
    fill(page)
    rows = page.locator("#fold-what-if tbody tr")
    heart = rows.filter(has_text="Heart rate")
    expect(heart).to_contain_text("90 /min")
    expect(heart).to_contain_text("5 /min lower")
    expect(heart).to_contain_text("Low")
    expect(rows.filter(has_text="111 /min")).to_contain_text("16 /min higher")
    expect(rows.filter(has_text="New confusion / Responds to voice / Responds to pain / Unresponsive")).to_contain_text("High")


def test_a_link_holds_the_readings_where_no_server_sees_them(page: Any, browser: Any, service: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(NEWS2)
    fill(page)
    expect(total(page)).to_have_text("5")
    copy_link(page)
    link = page.evaluate("navigator.clipboard.readText()")
    address, sign, held = link.partition("#")
    assert address == service + NEWS2 and sign and "heart_rate=95" in held
    asked: list[str] = []
    other = browser.new_page()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    expect(total(other)).to_have_text("5")
    expect(other.locator("#heart_rate")).to_have_value("95")
    assert not any("95" in url.removeprefix(service) for url in asked)  # the free port may hold any digits
    other.close()


def test_back_finds_what_was_typed_and_a_new_visit_does_not(page: Any) -> None:
    page.goto(NEWS2)
    fill(page)
    expect(total(page)).to_have_text("5")
    page.get_by_role("link", name="See the chart").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("National Early Warning Score 2")
    page.go_back()
    expect(page.locator("#heart_rate")).to_have_value("95")
    expect(total(page)).to_have_text("5")
    page.goto("/workbench/try")
    page.locator(f"a[href='{NEWS2}']").click()
    expect(page.locator("#heart_rate")).to_have_value("")


def test_the_readings_of_a_link_leave_the_address_bar(page: Any, service: str) -> None:
    page.goto("/workbench/try/news2/2017.1#heart_rate=95")
    expect(page.locator("#heart_rate")).to_have_value("95")
    expect(total(page)).to_contain_text("to")
    assert page.url == f"{service}/workbench/try/news2/2017.1"


def test_a_reload_keeps_what_was_typed(page: Any) -> None:
    page.goto(NEWS2)
    page.fill("#heart_rate", "95")
    page.reload()
    expect(page.locator("#heart_rate")).to_have_value("95")


def test_copying_a_link_leaves_the_readings_out_of_the_address_bar(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(NEWS2)
    fill(page)
    copy_link(page)
    expect(page.locator("#share")).to_have_text("Copied")
    assert "heart_rate=95" in page.evaluate("navigator.clipboard.readText()")
    assert page.url.endswith(NEWS2) and not page.evaluate("location.hash")


def test_faults_lead_to_their_fields_and_the_title_says_error(plain: Any) -> None:
    plain.goto(NEWS2)
    plain.fill("#heart_rate", "fast")
    plain.get_by_role("button", name="Score").click()
    expect(plain).to_have_title(re.compile("^Error: "))
    summary = plain.get_by_role("alert")
    expect(summary.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(summary.get_by_role("link", name="Heart rate")).to_have_attribute("href", "#heart_rate")
    expect(outcome(plain).get_by_role("link", name="Heart rate", exact=True)).to_have_attribute("href", "#heart_rate")
    expect(plain.locator("fieldset[aria-describedby~='fault-consciousness']")).to_have_count(1)


def test_a_set_that_lacks_a_trigger_is_not_called_complete_alone(page: Any) -> None:
    page.goto("/workbench/try/mews/0.1")
    for name, value in {**READINGS, "diastolic_bp": "70"}.items():
        page.fill(f"#{name}", value)
    expect(outcome(page)).to_contain_text("total complete; not given: level of consciousness")
    expect(outcome(page)).to_contain_text("Not given: Level of consciousness")


def test_by_keyboard_alone(page: Any) -> None:
    page.goto(NEWS2)
    page.keyboard.press("Tab")
    expect(page.locator(".nhsuk-skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || ''")
        if name in READINGS:
            page.keyboard.type(READINGS[name])
        elif name in ("air_or_oxygen", "consciousness"):
            page.keyboard.press("ArrowDown")
        outline = page.evaluate("(e => { const s = getComputedStyle(e); return s.outlineStyle + s.boxShadow + s.backgroundColor })(document.activeElement)")
        assert "none" not in outline or "rgb" in outline, "focus can be seen"
        if page.evaluate("document.activeElement.textContent") == "Score":
            break
    page.keyboard.press("Enter")
    expect(total(page)).to_have_text("5")


def test_the_same_as_json_fhir_and_curl(page: Any, service: str) -> None:
    page.goto(NEWS2)
    fill(page)
    expect(total(page)).to_have_text("5")
    shown = json.loads(page.locator("#as-json").text_content())
    assert (shown["total"], shown["level"], shown["chart"]["id"]) == (5, "medium", "news2")
    fhir = json.loads(page.locator("#as-fhir").text_content())
    assert fhir["entry"][0]["resource"]["valueQuantity"]["value"] == 5
    assert json.loads(page.locator("#as-fhir-sent").text_content())["resourceType"] == "Bundle"
    command = page.locator("#as-curl").text_content()
    assert service in command
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert json.loads(done.stdout)["total"] == 5


def test_hours_since_birth_are_asked_only_where_they_matter(page: Any) -> None:
    page.goto("/workbench/try/mews/0.2")
    hours = page.locator("#hours_since_birth")
    expect(hours).to_be_visible()  # the group is not given, so either pulse table may hold
    page.select_option("#patient_group", "pregnant")
    expect(hours).to_be_hidden()
    page.select_option("#patient_group", "postnatal")
    expect(hours).to_be_visible()
    hours.fill("60")
    page.select_option("#patient_group", "pregnant")
    expect(hours).to_be_visible()  # what was typed is never hidden: it contradicts the group, and the answer says so
    page.fill("#heart_rate", "115")
    expect(page.locator("#result")).to_contain_text("contradict each other")


def test_a_pulse_that_may_be_in_either_table_says_both(page: Any) -> None:
    page.goto("/workbench/try/mews/0.2")
    page.fill("#heart_rate", "115")
    expect(page.locator("#result")).to_contain_text("1 point (pregnancy and labour; less than 48 hours after birth) or 2 points")
