"""Reading plans on the pages: proposed, answered, corrected by hand, and used for a run or a series; and nothing of the file left behind."""

from __future__ import annotations

import csv
import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.patience import PATIENCE
from tests.service.pages.test_pages_access import findings
from tests.service.test_plans_http import BUNDLE, HL7, workbook

EXPORT = Path(__file__).parents[3] / "examples" / "plans"
EVIL = "\"><img src=x onerror=alert(1)>"
WIDE = "Puls;Temp;NEWS;note\n80;36,8;0;x\n80;39,5;0;y\n"
PLAN = '[columns]\nPuls = "heart_rate"\nTemp = "temperature"\nNEWS = "expected_total"\n[source]\ndelimiter = ";"\n[numbers]\ndecimal = ","\n'


WHOLE = "body:not(:has([data-run])) footer"  # the last thing of a page that waits for nothing


def press(page: Any, name: str) -> None:
    """Press a button that opens another page, and wait until a worker has made that; it loads itself again until then."""
    with page.expect_navigation():  # else the page of the button could be taken for the next one
        page.get_by_role("button", name=name).click()
    expect(page.locator(WHOLE)).to_be_visible(timeout=PATIENCE * 1000)


def send(page: Any, path: Path, chart: str = "mews@0.1") -> None:
    page.goto(f"/workbench/plan?chart={chart}")
    page.set_input_files("#file", path)
    press(page, "Send it")


def posted(client: Any, path: str, **sent: Any) -> Any:
    """The page after the worker has looked."""
    answer = client.post(path, **sent)
    deadline = time.monotonic() + PATIENCE
    while "data-run" in answer.text and time.monotonic() < deadline:
        time.sleep(0.1)
        answer = client.get(str(answer.url))
    return answer


def test_a_plan_is_proposed_answered_and_used(plain: Any) -> None:
    send(plain, EXPORT / "export.csv")
    expect(plain.locator("#questions fieldset")).to_have_count(5)
    expect(plain.locator("#first-sets")).to_have_count(0)
    assert plain.locator("input[type=radio]:checked").count() == 0, "nothing is answered for anybody"
    expect(plain.locator("#not-read")).to_contain_text("Pain site")
    expect(plain.locator("#entries")).to_contain_text("by its name")
    answers = ("line 2: MRN", "day first", "yes, within 5 min", "no reading was taken", "it means alert")
    for question, answer in enumerate(answers):
        plain.locator("#questions fieldset").nth(question).get_by_label(answer).check()
    press(plain, "Write these answers")
    expect(plain.get_by_role("heading", level=1)).to_have_text("How the plan reads the file")
    first = plain.locator("#first-sets table").first
    expect(first).to_contain_text("BP in row 3: '162/104 mmHg'")
    expect(first.locator("tr", has_text="Temperature")).to_contain_text("98.6 °F")
    expect(plain.locator("#reading")).to_contain_text("State is 'entered in error': 1 row")
    with plain.expect_download() as download:
        plain.get_by_role("link", name="Download the plan").click()
    assert 'window = "5 min"' in Path(download.value.path()).read_text(encoding="utf-8")
    press(plain, "Score the file")
    expect(plain.get_by_role("heading", level=1)).to_have_text("Scores of export.csv")
    expect(plain.locator("#reading")).to_contain_text("code BP: no pattern of the plan matches it: 1 cell. The first: row 11 (Dec-80)")
    with plain.expect_download() as download:
        plain.get_by_role("link", name="scores.csv").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert [row["score_status"] for row in rows] == ["complete", "refused"]
    plain.get_by_role("button", name="Delete this run").click()


def test_an_answer_can_be_changed_and_other_questions_stay_open(plain: Any) -> None:
    send(plain, EXPORT / "export.csv")
    press(plain, "Write these answers")
    expect(plain.locator(".nhsuk-error-summary")).to_contain_text("no answer was chosen")
    plain.get_by_label("line 2: MRN").check()
    press(plain, "Write these answers")
    expect(plain.locator(".nhsuk-error-summary")).to_have_count(0)
    expect(plain.locator(".nhsuk-inset-text").first).to_contain_text("4 questions are open")
    expect(plain.get_by_label("line 2: MRN")).to_be_checked()
    plain.get_by_label("something else").check()
    press(plain, "Write these answers")
    expect(plain.locator("#by-hand-only")).to_contain_text("line 2 seems to name the columns")
    plain.get_by_label("Line of the column names").fill("2")
    press(plain, "Propose the plan again")
    expect(plain.locator("#by-hand-only")).to_have_count(0)
    press(plain, "Remove this file now")
    expect(plain.get_by_role("heading", level=1)).to_have_text("Propose a reading plan")


def test_a_file_with_a_plan_is_validated_and_its_run_shows_what_became_of_each_column(plain: Any, tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_text(WIDE, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    plain.goto("/workbench/validate?chart=mews@0.1")
    plain.set_input_files("#file", tmp_path / "ward.csv")
    plain.set_input_files("#plan", tmp_path / "plan.toml")
    press(plain, "Send it")
    expect(plain.locator("#rows-without-column")).to_contain_text("Respiratory rate")
    press(plain, "Validate the file")
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Validation of ward.csv", timeout=PATIENCE * 1000)
    expect(plain.locator("#undiagnosed")).to_contain_text("Respiratory rate")
    reading = plain.locator("#reading")
    expect(reading).to_contain_text("2 rows of the file give 2 observation sets")
    expect(reading).to_contain_text("Columns: note.")
    expect(reading.locator("tr", has_text="Temp")).to_contain_text("Temperature")
    expect(plain.get_by_role("link", name="plan.toml")).to_be_visible()
    plain.get_by_role("link", name="Run it again with a new file").click()
    plain.set_input_files("#file", tmp_path / "ward.csv")
    press(plain, "Send it")
    expect(plain.get_by_role("heading", level=1)).to_have_text("How the plan reads the file")  # by the plan of the earlier run
    press(plain, "Remove this file now")


def test_every_fault_of_a_plan_is_shown_and_it_can_be_corrected_there(plain: Any, tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_text(WIDE, encoding="utf-8")
    (tmp_path / "plan.toml").write_text('[columns]\nPuls = "hart_rate"\n[numbers]\ndecimal = "x"\n', encoding="utf-8")
    plain.goto("/workbench/validate?chart=mews@0.1")
    plain.set_input_files("#file", tmp_path / "ward.csv")
    plain.set_input_files("#plan", tmp_path / "plan.toml")
    press(plain, "Send it")
    alert = plain.get_by_role("alert")
    expect(alert).to_contain_text("hart_rate")
    expect(alert).to_contain_text("decimal")
    expect(alert).not_to_contain_text("/jobs/")
    plain.fill("#plan", PLAN)
    press(plain, "Read the file by this plan")
    expect(plain.get_by_role("heading", level=1)).to_have_text("How the plan reads the file")
    expect(plain.locator("#first-sets")).to_contain_text("Temp: '36,8'")
    press(plain, "Remove this file now")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("ward.xlsx", workbook(["Pulse", "Resp"], [80, 18]), "column Pulse"),
        ("bundle.json", str(BUNDLE).replace("'", '"').encode(), "How the plan reads the file"),
        ("results.hl7", HL7.encode(), "How the plan reads the file"),
        ("ward.json", b'{"rows": [{"Pulse": 80, "Resp": 18}, {"Pulse": 82, "Resp": 18}]}', "column Pulse"),
    ],
)
def test_a_file_that_no_page_of_columns_reads_is_given_a_plan(client: Any, name: str, content: bytes, says: str) -> None:
    answer = posted(client, "/workbench/validate", data={"chart": "news2@2017.1"}, files={"file": (name, content), "plan": ("", b"")})
    assert answer.status_code == 200 and "/workbench/plan/" in str(answer.url)
    assert says in answer.text and name in answer.text and "input." not in answer.text
    client.post(str(answer.url), data={"do": "remove"})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("ward.xlsx", b"PK\x03\x04", "ward.xlsx"),
        ("ward.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save it as .xlsx"),
        ("ward.pdf", b"%PDF-1.7 x", "PDF"),
        ("ward.csv", b"", "is empty"),
    ],
)
def test_a_file_that_nobody_can_read_is_told_with_its_mend(client: Any, name: str, content: bytes, says: str) -> None:
    answer = posted(client, "/workbench/plan", data={"chart": "news2@2017.1"}, files={"file": (name, content)})
    assert 'role="alert"' in answer.text and says in answer.text and "/jobs/" not in answer.text


def test_what_was_not_understood_leads_to_a_plan(plain: Any, tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_bytes("Puls;Größe\n80;1\n".encode("cp1252"))
    plain.goto("/workbench/validate?chart=mews@0.1")
    plain.set_input_files("#file", tmp_path / "ward.csv")
    press(plain, "Send it")
    expect(plain.get_by_role("alert")).to_contain_text("is not UTF-8")
    press(plain, "Propose a reading plan for this file")
    expect(plain.locator("#questions")).to_contain_text("cp1252")
    press(plain, "Remove this file now")
    (tmp_path / "ward.csv").write_text("Puls,x\n80,1\n", encoding="utf-8")
    plain.goto("/workbench/validate?chart=mews@0.1")
    plain.set_input_files("#file", tmp_path / "ward.csv")
    press(plain, "Send it")
    expect(plain.get_by_role("heading", level=1)).to_have_text("What the columns are")
    press(plain, "Propose a reading plan for this file")
    expect(plain.get_by_role("heading", level=1)).to_have_text(re.compile("plan"))
    press(plain, "Remove this file now")


def test_nothing_of_a_file_stays_once_it_is_removed(client: Any) -> None:
    answer = posted(client, "/workbench/plan", data={"chart": "mews@0.1"}, files={"file": ("ward.csv", WIDE)})
    jobs = [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "plan"]
    own = str(answer.url).rpartition("/")[2]
    assert [job["expires"] for job in jobs if job["id"] == own] != [None]
    client.post(str(answer.url), data={"do": "remove"})
    assert client.get(str(answer.url)).status_code == 404
    assert own not in client.get("/v1/jobs").text
    assert client.post(str(answer.url), data={"do": "score"}).status_code == 404


def test_a_plan_that_is_not_ready_starts_no_run(client: Any) -> None:
    answer = posted(client, "/workbench/plan", data={"chart": "mews@0.1"}, files={"file": ("export.csv", (EXPORT / "export.csv").read_bytes())})
    assert client.post(str(answer.url), data={"do": "score"}).status_code == 409
    client.post(str(answer.url), data={"do": "remove"})


def test_cells_columns_and_plans_cannot_write_into_a_page(plain: Any, tmp_path: Path) -> None:
    quoted = EVIL.replace('"', '""')
    (tmp_path / "ward.csv").write_text(f'"{quoted}",heart_rate,consciousness\n"{quoted}",80,"{quoted}"\n', encoding="utf-8")
    send(plain, tmp_path / "ward.csv")
    expect(plain.locator("#questions")).to_contain_text("<img src=x")
    assert plain.locator("main img, main script").count() == 0
    plain.locator("#by-hand summary").click()
    plain.fill("#plan", f"</textarea>{EVIL}")
    press(plain, "Read the file by this plan")
    expect(plain.get_by_role("alert")).to_be_visible()
    assert plain.locator("main img, main script").count() == 0
    press(plain, "Remove this file now")


def test_axe_finds_nothing_and_a_phone_needs_one_way_of_scrolling(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    send(page, EXPORT / "export.csv")
    assert findings(page) == []
    for question in page.locator("#questions fieldset").all():
        question.locator("input").first.check()
    press(page, "Write these answers")
    expect(page.locator("#first-sets")).to_be_visible(timeout=PATIENCE * 1000)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Remove this file now").click()


SERIES = "/workbench/series/mews/0.1"
LONG = "id;at;item;result\nmade-up-1;02/03/2026 12:00;P;120\nmade-up-1;01/03/2026 08:00;P;80\nmade-up-1;01/03/2026 08:00;pain;3\n"
LONG_PLAN = """[source]
delimiter = ";"
[columns]
id = "patient_id"
at = "observed_at"
[long]
code = "item"
value = "result"
[codes]
P = "heart_rate"
[times]
format = "%d/%m/%Y %H:%M"
"""


def test_pasted_long_format_is_drawn_in_the_order_of_the_plans_times(plain: Any) -> None:
    plain.goto(SERIES)
    plain.fill("#sets", LONG)
    plain.locator("#with-plan summary").click()
    plain.fill("#plan", LONG_PLAN)
    plain.get_by_role("button", name="Draw the track", exact=True).click()
    expect(plain.locator(".mn-twin tbody th")).to_have_text(["2026-03-01 08:00", "2026-03-02 12:00"])
    expect(plain.locator("#unread")).to_contain_text("pain")
    expect(plain.locator("#reading")).to_contain_text("3 rows of the file give 2 observation sets")
    assert plain.locator("#sets").input_value().strip() == LONG.strip() and plain.locator("#plan").input_value().strip() == LONG_PLAN.strip()
    expect(plain.locator("#unread")).to_contain_text("Not read, and not scored")


@pytest.mark.parametrize(
    ("sets", "plan", "says"),
    [
        (LONG, LONG_PLAN.replace("heart_rate", "hart_rate"), "hart_rate"),
        (LONG.replace("made-up-1;01", "made-up-2;01"), LONG_PLAN, "names 2 people"),
        (LONG.replace("01/03/2026", "soon"), LONG_PLAN, "soon"),
        (LONG, "open_questions = ['1']\n" + LONG_PLAN, "open question"),
    ],
)
def test_a_series_by_a_plan_is_refused_with_reasons(client: Any, sets: str, plan: str, says: str) -> None:
    answer = client.post(SERIES, data={"sets": sets, "plan": plan})
    assert answer.status_code == 422 and says in answer.text and "/jobs/" not in answer.text
    assert 'role="alert"' in answer.text and "</textarea>" in answer.text
    assert not [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "series"], "nothing is kept"


def test_a_series_from_a_workbook_with_the_file_of_a_plan(client: Any) -> None:
    content = workbook(["When", "Pulse"], ["02.03.2026 12:00", 120], ["01.03.2026 08:00", 80])
    plan = '[columns]\nWhen = "observed_at"\nPulse = "heart_rate"\n[times]\nformat = "%d.%m.%Y %H:%M"\n'
    answer = client.post(SERIES, data={"sets": ""}, files={"file": ("ward.xlsx", content), "plan_file": ("plan.toml", plan)})
    assert answer.status_code == 200
    assert answer.text.index("2026-03-01 08:00") < answer.text.index("2026-03-02 12:00")
